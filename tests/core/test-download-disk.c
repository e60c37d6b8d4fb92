/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetDownload and a disk that fills up, that may only be read, or that loses what was written:
 * a small file system of our own, in a namespace of our own. */
#ifdef __linux__
#define _GNU_SOURCE
#endif

#include "download-fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#ifdef __linux__
#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>

/* The file, what a download leaves free, and a little. */
#define DISK_OPTIONS "size=40m,mode=0700"
#define FILLER       "filler"
/* Of each connection: two seconds and a half for the file. */
#define CRAWLING "{'rate': 300000}"

/* Why no file system can be mounted; NULL: one can. */
static const char *obstacle;
/* Calls of fdatasync() that are to fail from now on, as where a line to the disk broke.
 * Any thread. */
static int n_lost;

/* Instead of that of the C library. */
int
fdatasync (int fd)
{
  int left = g_atomic_int_get (&n_lost);

  while (left > 0)
    if (g_atomic_int_compare_and_exchange_full (&n_lost, left, left - 1, &left)) {
      errno = EIO;
      return -1;
    }
  return (int) syscall (SYS_fdatasync, fd);
}

static gboolean
write_line (const char *path, const char *line)
{
  int fd = g_open (path, O_WRONLY | O_CLOEXEC, 0);
  gboolean is_done = fd >= 0 && write (fd, line, strlen (line)) == (gssize) strlen (line);

  if (fd >= 0)
    close (fd);
  return is_done;
}

/* What is mounted from now on, nobody else sees. Before there is a second thread. */
static void
enter_namespace (void)
{
  g_autofree char *users = g_strdup_printf ("%u %u 1", geteuid (), geteuid ());
  g_autofree char *groups = g_strdup_printf ("%u %u 1", getegid (), getegid ());

  if (unshare (CLONE_NEWUSER | CLONE_NEWNS) == 0) {
    if (!write_line ("/proc/self/setgroups", "deny") || !write_line ("/proc/self/uid_map", users) ||
        !write_line ("/proc/self/gid_map", groups))
      obstacle = "this system gives a namespace of users, but no users in it";
  } else if (unshare (CLONE_NEWNS) != 0) {
    obstacle = "this system gives nobody namespaces of their own";
  }
  if (obstacle == NULL && mount ("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
    obstacle = "nothing may be mounted in a namespace of one’s own here";
}

/* FALSE: the test is skipped. */
static gboolean
mount_disk (Fixture *self)
{
  if (self->registry == NULL)
    return FALSE;
  if (obstacle == NULL && mount ("tmpfs", self->folder, "tmpfs", 0, DISK_OPTIONS) != 0)
    obstacle = "no file system in memory may be mounted here";
  if (obstacle == NULL)
    return TRUE;
  g_test_skip (obstacle);
  return FALSE;
}

static void
unmount_disk (Fixture *self)
{
  /* A writer thread may still have its file. */
  fixture_run_for (20);
  g_assert_cmpint (umount2 (self->folder, MNT_DETACH), ==, 0);
}

/* Down to the last byte, while the download takes some too. */
static void
fill_disk (Fixture *self)
{
  g_autofree char *path = g_build_filename (self->folder, FILLER, NULL);
  g_autofree char *block = g_malloc0 (1024 * 1024);
  int fd = g_open (path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

  g_assert_cmpint (fd, >=, 0);
  for (gsize n_bytes = 1024 * 1024; n_bytes > 0; n_bytes /= 64)
    while (write (fd, block, n_bytes) > 0)
      continue;
  g_assert_cmpint (errno, ==, ENOSPC);
  close (fd);
}

static void
empty_disk (Fixture *self)
{
  g_autofree char *path = g_build_filename (self->folder, FILLER, NULL);

  g_assert_cmpint (g_unlink (path), ==, 0);
}

static void
assert_failed (LinnetDownload *download, LinnetDownloadError code, const char *words)
{
  const GError *error = linnet_download_get_error (download);

  g_assert_cmpint (linnet_download_get_state (download), ==, LINNET_DOWNLOAD_FAILED);
  g_assert_error (error, LINNET_DOWNLOAD_ERROR, (int) code);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, words));
}

/* Nothing but these; names end with NULL. */
static void
assert_only (Fixture *self, const char *const *names)
{
  g_autoptr (GDir) dir = g_dir_open (self->folder, 0, NULL);
  const char *name;

  g_assert_nonnull (dir);
  while ((name = g_dir_read_name (dir)) != NULL) {
    g_test_message ("there is %s", name);
    g_assert_true (g_strv_contains (names, name));
  }
}

/* It fills up while a file comes that had room at first. What was fetched is gone on with, by the
 * same download, or by that of a later run of the program (data: TRUE). */
static void
test_full (Fixture *self, gconstpointer data)
{
  const char *const parts[] = { FILE_NAME ".part", FILE_NAME ".part.json", FILLER, NULL };
  const char *const whole[] = { FILE_NAME, NULL };
  g_autoptr (LinnetDownload) download = NULL;
  g_autoptr (JsonArray) ranges = NULL;
  guint64 n_sent;

  if (!mount_disk (self))
    return;
  fixture_control (self, "options", CRAWLING);
  download = fixture_download_new_plain (self);
  linnet_download_start (download);
  /* Longer than the journal waits. */
  fixture_wait_for_bytes (download, FILE_BYTES / 2);
  g_assert_cmpint (linnet_download_get_state (download), ==, LINNET_DOWNLOAD_RUNNING);
  fill_disk (self);
  fixture_wait_for_end (download);
  assert_failed (download, LINNET_DOWNLOAD_ERROR_DISK_FULL, "The disk is full.");

  /* Still full. */
  fixture_download (download);
  assert_failed (download, LINNET_DOWNLOAD_ERROR_DISK_FULL, "The disk has no room");
  if (GPOINTER_TO_INT (data)) {
    g_clear_object (&download);
    fixture_run_for (50);
    download = fixture_download_new_plain (self);
    fixture_download (download);
    assert_failed (download, LINNET_DOWNLOAD_ERROR_DISK_FULL, "The disk has no room");
  }
  fixture_run_for (50);
  assert_only (self, parts);
  ranges = fixture_read_journal (self);

  empty_disk (self);
  registry_clear (self->registry);
  fixture_control (self, "options", FAST);
  fixture_download (download);
  fixture_assert_done (self, download);
  fixture_assert_not_asked_again (self, ranges);
  n_sent = fixture_count_sent (self, "origin");
  g_test_message ("%" G_GUINT64_FORMAT " bytes came after that", n_sent);
  g_assert_cmpuint (n_sent, <, FILE_BYTES * 2 / 3);
  fixture_run_for (20);
  assert_only (self, whole);
  unmount_disk (self);
}

/* It is so full that not even one byte of the file comes to lie on it. */
static void
test_full_at_once (Fixture *self, gconstpointer data)
{
  const char *const filler[] = { FILLER, NULL };
  g_autoptr (LinnetDownload) download = NULL;

  if (!mount_disk (self))
    return;
  fixture_add_rule (self, "{'fault': 'slow', 'seconds': 0.5, 'times': 0}");
  download = fixture_download_new_plain (self);
  linnet_download_start (download);
  fixture_run_for (200);
  fill_disk (self);
  fixture_wait_for_end (download);
  assert_failed (download, LINNET_DOWNLOAD_ERROR_DISK_FULL, "The disk is full.");
  fixture_run_for (50);
  assert_only (self, filler);

  empty_disk (self);
  registry_clear (self->registry);
  fixture_download (download);
  fixture_assert_done (self, download);
  unmount_disk (self);
}

/* Also for root. */
static void
test_read_only (Fixture *self, gconstpointer data)
{
  const char *const none[] = { NULL };
  g_autoptr (LinnetDownload) download = NULL;

  if (!mount_disk (self))
    return;
  g_assert_cmpint (mount (NULL, self->folder, NULL, MS_REMOUNT | MS_RDONLY, NULL), ==, 0);
  download = fixture_download_new_plain (self);
  fixture_download (download);
  assert_failed (download, LINNET_DOWNLOAD_ERROR_DISK, "Nothing may be written");
  assert_only (self, none);
  g_assert_cmpuint (fixture_count_sent (self, "origin"), ==, 0);

  g_assert_cmpint (mount (NULL, self->folder, NULL, MS_REMOUNT, NULL), ==, 0);
  fixture_download (download);
  fixture_assert_done (self, download);
  unmount_disk (self);
}

/* The system took bytes, and says afterwards that they did not reach the disk. It says so once:
 * whoever asks again is told that all is well. What was written since the journal was last kept is
 * fetched again. data: after how many bytes; 0: the first time that it is asked, before the file is
 * put in its place. */
static void
test_lost (Fixture *self, gconstpointer data)
{
  g_autoptr (LinnetDownload) download = NULL;
  g_autoptr (JsonArray) ranges = NULL;
  guint64 n_kept = 0;

  if (self->registry == NULL)
    return;
  download = fixture_download_new_plain (self);
  if (data != NULL) {
    fixture_control (self, "options", CRAWLING);
    linnet_download_start (download);
    fixture_wait_for_bytes (download, GPOINTER_TO_UINT (data));
  }
  g_atomic_int_set (&n_lost, 1);
  if (data == NULL)
    linnet_download_start (download);
  fixture_wait_for_end (download);
  g_assert_cmpint (g_atomic_int_get (&n_lost), ==, 0);
  assert_failed (download, LINNET_DOWNLOAD_ERROR_DISK, "cannot be written to");
  g_assert_false (fixture_has (self, FILE_NAME));

  ranges = fixture_read_journal (self);
  registry_clear (self->registry);
  fixture_control (self, "options", FAST);
  fixture_download (download);
  fixture_assert_done (self, download);
  /* All but what the journal claims. */
  for (guint i = 0; i < json_array_get_length (ranges); i++) {
    JsonArray *range = json_array_get_array_element (ranges, i);

    g_test_message ("kept %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT,
                    json_array_get_int_element (range, 0), json_array_get_int_element (range, 1));
    n_kept +=
        (guint64) (json_array_get_int_element (range, 1) - json_array_get_int_element (range, 0));
  }
  g_assert_cmpuint (fixture_count_sent (self, "origin"), ==, FILE_BYTES - n_kept);
}
#endif

int
main (int argc, char **argv)
{
#ifdef __linux__
  enter_namespace ();
  g_test_init (&argc, &argv, NULL);
  fixture_add ("/download/disk/full", GINT_TO_POINTER (FALSE), test_full);
  fixture_add ("/download/disk/full-and-restarted", GINT_TO_POINTER (TRUE), test_full);
  fixture_add ("/download/disk/full-at-once", NULL, test_full_at_once);
  fixture_add ("/download/disk/read-only", NULL, test_read_only);
  fixture_add ("/download/disk/lost-early", GUINT_TO_POINTER (1), test_lost);
  fixture_add ("/download/disk/lost", GUINT_TO_POINTER (FILE_BYTES / 2), test_lost);
  fixture_add ("/download/disk/lost-at-the-end", NULL, test_lost);
#else
  g_test_init (&argc, &argv, NULL);
#endif
  return g_test_run ();
}
