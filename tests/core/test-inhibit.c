/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetInhibit against a logind of our own on a private bus, and where there is none. */
#include "library/linnet-inhibit.h"

#include <gio/gunixfdlist.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include "fixture.h"

static const char xml[] =
    "<node><interface name='org.freedesktop.login1.Manager'><method name='Inhibit'>"
    "<arg type='s' direction='in'/><arg type='s' direction='in'/><arg type='s' direction='in'/>"
    "<arg type='s' direction='in'/><arg type='h' direction='out'/></method></interface></node>";

typedef struct {
  guint n_calls;
  char *what;
  int ends[2]; /* of the lock: ours and theirs */
} Logind;

static void
call_cb (GDBusConnection *connection,
         const char *sender,
         const char *path,
         const char *interface,
         const char *method,
         GVariant *parameters,
         GDBusMethodInvocation *invocation,
         gpointer user_data)
{
  Logind *logind = user_data;
  g_autoptr (GUnixFDList) list = g_unix_fd_list_new ();

  logind->n_calls++;
  g_variant_get_child (parameters, 0, "s", &logind->what);
  g_assert_cmpint (pipe (logind->ends), ==, 0);
  g_unix_fd_list_append (list, logind->ends[1], NULL);
  g_close (logind->ends[1], NULL);
  g_dbus_method_invocation_return_value_with_unix_fd_list (invocation, g_variant_new ("(h)", 0),
                                                           list);
}

static gboolean
was_called (gpointer data)
{
  return ((Logind *) data)->n_calls > 0;
}

/* Without a bus, and when it is over before anybody has answered, nothing happens. */
static void
test_nobody (void)
{
  LinnetInhibit *inhibit;

  g_setenv ("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent", TRUE);
  g_setenv ("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent", TRUE);
  inhibit = linnet_inhibit_new ("A test");
  fixture_run_for (100);
  linnet_inhibit_free (inhibit);
  inhibit = linnet_inhibit_new ("A test");
  linnet_inhibit_free (inhibit);
  fixture_run_for (100);
}

/* The lock is held until it is freed. */
static void
test_logind (void)
{
  static const GDBusInterfaceVTable table = { .method_call = call_cb };
  g_autofree char *daemon = g_find_program_in_path ("dbus-daemon");
  g_autoptr (GTestDBus) bus = NULL;
  g_autoptr (GDBusConnection) connection = NULL;
  g_autoptr (GDBusNodeInfo) info = g_dbus_node_info_new_for_xml (xml, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) name = NULL;
  Logind logind = { 0 };
  LinnetInhibit *inhibit;
  char byte;

  if (daemon == NULL) {
    g_test_skip ("there is no dbus-daemon");
    return;
  }
  bus = g_test_dbus_new (G_TEST_DBUS_NONE);
  g_test_dbus_up (bus);
  g_setenv ("DBUS_SYSTEM_BUS_ADDRESS", g_test_dbus_get_bus_address (bus), TRUE);
  connection =
      g_dbus_connection_new_for_address_sync (g_test_dbus_get_bus_address (bus),
                                              G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                                  G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                              NULL, NULL, &error);
  g_assert_no_error (error);
  g_dbus_connection_register_object (connection, "/org/freedesktop/login1", info->interfaces[0],
                                     &table, &logind, NULL, &error);
  g_assert_no_error (error);
  name = g_dbus_connection_call_sync (connection, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                      "org.freedesktop.DBus", "RequestName",
                                      g_variant_new ("(su)", "org.freedesktop.login1", 0), NULL,
                                      G_DBUS_CALL_FLAGS_NONE, -1, NULL, &error);
  g_assert_no_error (error);

  inhibit = linnet_inhibit_new ("A test");
  fixture_wait (was_called, &logind);
  fixture_run_for (100);
  g_assert_cmpstr (logind.what, ==, "sleep:idle");
  linnet_inhibit_free (inhibit);
  fixture_run_for (100);
  /* Nobody holds the other end any more. */
  g_assert_cmpint (read (logind.ends[0], &byte, 1), ==, 0);
  g_close (logind.ends[0], NULL);
  g_free (logind.what);
  g_dbus_connection_close_sync (connection, NULL, NULL);
  g_test_dbus_stop (bus);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  /* First: a bus is asked for once in a program that has found one. */
  g_test_add_func ("/inhibit/nobody", test_nobody);
  g_test_add_func ("/inhibit/logind", test_logind);
  return g_test_run ();
}
