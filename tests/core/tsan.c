/* SPDX-License-Identifier: GPL-3.0-or-later
 * For builds with -Db_sanitize=thread: GLib itself is not instrumented, so that ThreadSanitizer
 * does not see how its mutexes, queues and counted references order things. These stand before
 * GLib's own functions, which they call, and say it. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <gio/gio.h>
#include <sanitizer/tsan_interface.h>

#define REAL(function) ((__typeof__ (&function)) dlsym (RTLD_NEXT, #function))

/* The list nodes and the like that GLib frees under locks of its own, and a lock that it takes
 * itself and gives back in a tail call, which looks like ours. */
const char *
__tsan_default_suppressions (void)
{
  return "called_from_lib:libglib-2.0.so\n"
         "called_from_lib:libgobject-2.0.so\n"
         "called_from_lib:libgio-2.0.so\n"
         "called_from_lib:libsoup-3.0.so\n"
         "called_from_lib:libpxbackend-1.0.so\n"
         "mutex:_get_type_once\n";
}

void (g_mutex_lock) (GMutex *mutex)
{
  REAL (g_mutex_lock) (mutex);
  __tsan_acquire (mutex);
}

void (g_mutex_unlock) (GMutex *mutex)
{
  __tsan_release (mutex);
  REAL (g_mutex_unlock) (mutex);
}

void
g_async_queue_push (GAsyncQueue *queue, gpointer data)
{
  __tsan_release (queue);
  REAL (g_async_queue_push) (queue, data);
}

gpointer
g_async_queue_pop (GAsyncQueue *queue)
{
  gpointer data = REAL (g_async_queue_pop) (queue);

  __tsan_acquire (queue);
  return data;
}

gpointer
g_async_queue_try_pop (GAsyncQueue *queue)
{
  gpointer data = REAL (g_async_queue_try_pop) (queue);

  __tsan_acquire (queue);
  return data;
}

gpointer
g_async_queue_timeout_pop (GAsyncQueue *queue, guint64 timeout)
{
  gpointer data = REAL (g_async_queue_timeout_pop) (queue, timeout);

  __tsan_acquire (queue);
  return data;
}

/* What a source's function is given, from the thread that makes the source to the one it runs on.
 */
typedef struct {
  GSourceFunc function;
  gpointer data;
  GDestroyNotify notify;
} Call;

static gboolean
call_cb (gpointer data)
{
  const Call *call = data;

  __tsan_acquire (data);
  __tsan_acquire (call->data);
  return call->function (call->data);
}

static void
call_free (gpointer data)
{
  Call *call = data;

  __tsan_acquire (data);
  __tsan_acquire (call->data);
  if (call->notify != NULL)
    call->notify (call->data);
  g_free (call);
}

void
g_source_set_callback (GSource *source, GSourceFunc function, gpointer data, GDestroyNotify notify)
{
  /* Other sources give their functions more than data. */
  if (source->source_funcs != &g_idle_funcs || data == NULL) {
    REAL (g_source_set_callback) (source, function, data, notify);
    return;
  }
  Call *call = g_new (Call, 1);

  *call = (Call) { function, data, notify };
  __tsan_release (data);
  __tsan_release (call);
  REAL (g_source_set_callback) (source, call_cb, call, call_free);
}

void
g_atomic_rc_box_release_full (gpointer box, GDestroyNotify clear)
{
  __tsan_acquire (box);
  __tsan_release (box);
  REAL (g_atomic_rc_box_release_full) (box, clear);
}

void (g_object_unref) (gpointer object)
{
  __tsan_acquire (object);
  __tsan_release (object);
  REAL (g_object_unref) (object);
}

GThread *
g_thread_new (const char *name, GThreadFunc function, gpointer data)
{
  __tsan_release (data);
  return REAL (g_thread_new) (name, function, data);
}
