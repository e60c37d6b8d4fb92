/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetInhibit: asks logind for a lock, else the desktop's portal; where neither answers, the
 * computer may sleep. */
#include "library/linnet-inhibit.h"

#include <gio/gunixfdlist.h>
#include <glib/gstdio.h>

#define LOGIND_TIMEOUT_MS 2000
/* The portal's flag for suspending. */
#define PORTAL_SUSPEND 4

struct _LinnetInhibit {
  GCancellable *cancellable; /* of what is being asked; owned */
  char *why;
  int lock;                 /* of logind: held as long as it is open; −1: none */
  GDBusConnection *session; /* owned; NULL: the portal was not asked */
  char *request;            /* the portal's object; NULL: none */
};

/* What a callback may find gone. */
typedef struct {
  LinnetInhibit *self; /* borrowed; valid unless the cancellable is cancelled */
  GCancellable *cancellable;
} Call;

static Call *
call_new (LinnetInhibit *self)
{
  Call *call = g_new0 (Call, 1);

  call->self = self;
  call->cancellable = g_object_ref (self->cancellable);
  return call;
}

/* The one that still waits for the answer; NULL: it has gone. Frees call. */
static LinnetInhibit *
call_end (Call *call)
{
  LinnetInhibit *self = g_cancellable_is_cancelled (call->cancellable) ? NULL : call->self;

  g_object_unref (call->cancellable);
  g_free (call);
  return self;
}

static void
portal_answered_cb (GObject *connection, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GVariant) answer =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (connection), result, NULL);
  LinnetInhibit *self = call_end (user_data);

  if (self != NULL && answer != NULL)
    g_variant_get (answer, "(o)", &self->request);
}

static void
session_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GDBusConnection) connection = g_bus_get_finish (result, NULL);
  LinnetInhibit *self = call_end (user_data);
  GVariantBuilder options;

  if (self == NULL || connection == NULL)
    return;
  self->session = g_steal_pointer (&connection);
  g_variant_builder_init (&options, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&options, "{sv}", "reason", g_variant_new_string (self->why));
  g_dbus_connection_call (self->session, "org.freedesktop.portal.Desktop",
                          "/org/freedesktop/portal/desktop", "org.freedesktop.portal.Inhibit",
                          "Inhibit", g_variant_new ("(sua{sv})", "", PORTAL_SUSPEND, &options),
                          G_VARIANT_TYPE ("(o)"), G_DBUS_CALL_FLAGS_NO_AUTO_START,
                          LOGIND_TIMEOUT_MS, self->cancellable, portal_answered_cb,
                          call_new (self));
}

static void
ask_portal (LinnetInhibit *self)
{
  g_bus_get (G_BUS_TYPE_SESSION, self->cancellable, session_cb, call_new (self));
}

static void
logind_answered_cb (GObject *connection, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GUnixFDList) list = NULL;
  g_autoptr (GVariant) answer = g_dbus_connection_call_with_unix_fd_list_finish (
      G_DBUS_CONNECTION (connection), &list, result, NULL);
  LinnetInhibit *self = call_end (user_data);

  if (self == NULL)
    return;
  if (answer != NULL && list != NULL && g_unix_fd_list_get_length (list) > 0)
    self->lock = g_unix_fd_list_get (list, 0, NULL);
  else
    ask_portal (self);
}

static void
system_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GDBusConnection) connection = g_bus_get_finish (result, NULL);
  LinnetInhibit *self = call_end (user_data);

  if (self == NULL)
    return;
  if (connection == NULL) {
    ask_portal (self);
    return;
  }
  g_dbus_connection_call_with_unix_fd_list (
      connection, "org.freedesktop.login1", "/org/freedesktop/login1",
      "org.freedesktop.login1.Manager", "Inhibit",
      g_variant_new ("(ssss)", "sleep:idle", "Linnet", self->why, "block"), G_VARIANT_TYPE ("(h)"),
      G_DBUS_CALL_FLAGS_NO_AUTO_START, LOGIND_TIMEOUT_MS, NULL, self->cancellable,
      logind_answered_cb, call_new (self));
}

LinnetInhibit *
linnet_inhibit_new (const char *why)
{
  LinnetInhibit *self = g_new0 (LinnetInhibit, 1);

  self->why = g_strdup (why);
  self->lock = -1;
  self->cancellable = g_cancellable_new ();
  g_bus_get (G_BUS_TYPE_SYSTEM, self->cancellable, system_cb, call_new (self));
  return self;
}

void
linnet_inhibit_free (LinnetInhibit *self)
{
  if (self == NULL)
    return;
  g_cancellable_cancel (self->cancellable);
  g_object_unref (self->cancellable);
  if (self->lock >= 0)
    g_close (self->lock, NULL);
  if (self->request != NULL)
    g_dbus_connection_call (self->session, "org.freedesktop.portal.Desktop", self->request,
                            "org.freedesktop.portal.Request", "Close", NULL, NULL,
                            G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, NULL, NULL, NULL);
  g_clear_object (&self->session);
  g_free (self->request);
  g_free (self->why);
  g_free (self);
}
