/* SPDX-License-Identifier: GPL-3.0-or-later
 * The first process of the PC that emulated-pc.py runs: runs the test with its own arguments, says
 * with what status it ended, and sees to it that all of this gets out before the PC stops. */
#include <stdio.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

int
main (int argc, char **argv)
{
  int status = -1;
  pid_t child = fork ();

  if (child == 0) {
    execv ("/program", argv);
    _exit (127);
  }
  waitpid (child, &status, 0);
  printf ("=== status %d\n", status);
  fflush (stdout);
  tcdrain (STDOUT_FILENO);
  reboot (RB_AUTOBOOT);
  return 1;
}
