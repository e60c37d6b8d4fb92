/* SPDX-License-Identifier: GPL-3.0-or-later
 * The window's program: sets up translations and hands over to LinnetApplication. */
#include "config.h"

#include <glib/gi18n.h>
#include <locale.h>

#include "library/linnet-http-session.h"
#include "linnet-application.h"

int
main (int argc, char **argv)
{
  g_autoptr (LinnetApplication) app = NULL;
  const char *locale_dir = g_getenv ("LINNET_LOCALE_DIR"); /* an uninstalled build sets it */

  linnet_http_prepare ();
  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, locale_dir != NULL ? locale_dir : LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);

  app = linnet_application_new ();
  return g_application_run (G_APPLICATION (app), argc, argv);
}
