/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetPullList: the pulls there are, and the computer kept awake while one runs. */
#include "library/linnet-pull-list.h"

#include <glib/gi18n-lib.h>

#include "library/linnet-inhibit.h"

struct _LinnetPullList {
  GObject parent_instance;

  /* Owned. */
  LinnetLibrary *library;
  GPtrArray *pulls;
  LinnetInhibit *inhibit; /* NULL unless one is running */
};

enum {
  SIGNAL_FINISHED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

static void linnet_pull_list_list_model_init (GListModelInterface *interface);

G_DEFINE_FINAL_TYPE_WITH_CODE (LinnetPullList,
                               linnet_pull_list,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL,
                                                      linnet_pull_list_list_model_init))

static GType
get_item_type (GListModel *list)
{
  return LINNET_TYPE_PULL;
}

static guint
get_n_items (GListModel *list)
{
  return LINNET_PULL_LIST (list)->pulls->len;
}

static gpointer
get_item (GListModel *list, guint position)
{
  LinnetPullList *self = LINNET_PULL_LIST (list);

  return position < self->pulls->len ? g_object_ref (self->pulls->pdata[position]) : NULL;
}

static void
linnet_pull_list_list_model_init (GListModelInterface *interface)
{
  interface->get_item_type = get_item_type;
  interface->get_n_items = get_n_items;
  interface->get_item = get_item;
}

static void
linnet_pull_list_dispose (GObject *object)
{
  LinnetPullList *self = LINNET_PULL_LIST (object);

  for (guint i = 0; i < self->pulls->len; i++)
    g_signal_handlers_disconnect_by_data (self->pulls->pdata[i], self);
  g_ptr_array_set_size (self->pulls, 0);
  g_clear_pointer (&self->inhibit, linnet_inhibit_free);
  g_clear_object (&self->library);
  G_OBJECT_CLASS (linnet_pull_list_parent_class)->dispose (object);
}

static void
linnet_pull_list_finalize (GObject *object)
{
  g_ptr_array_unref (LINNET_PULL_LIST (object)->pulls);
  G_OBJECT_CLASS (linnet_pull_list_parent_class)->finalize (object);
}

static void
linnet_pull_list_class_init (LinnetPullListClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = linnet_pull_list_dispose;
  object_class->finalize = linnet_pull_list_finalize;
  signals[SIGNAL_FINISHED] = g_signal_new ("finished", LINNET_TYPE_PULL_LIST, G_SIGNAL_RUN_LAST, 0,
                                           NULL, NULL, NULL, G_TYPE_NONE, 1, LINNET_TYPE_PULL);
}

static void
linnet_pull_list_init (LinnetPullList *self)
{
  self->pulls = g_ptr_array_new_with_free_func (g_object_unref);
}

static gboolean
is_running (LinnetPull *pull)
{
  LinnetPullState state = linnet_pull_get_state (pull);

  return state == LINNET_PULL_RESOLVING || state == LINNET_PULL_FETCHING ||
         state == LINNET_PULL_VERIFYING;
}

static void
update_inhibit (LinnetPullList *self)
{
  gboolean any = FALSE;

  for (guint i = 0; i < self->pulls->len; i++)
    any = any || is_running (self->pulls->pdata[i]);
  if (any && self->inhibit == NULL)
    self->inhibit = linnet_inhibit_new (_ ("A model is being downloaded"));
  else if (!any)
    g_clear_pointer (&self->inhibit, linnet_inhibit_free);
}

static void
state_cb (LinnetPull *pull, GParamSpec *pspec, gpointer user_data)
{
  LinnetPullList *self = user_data;
  g_autoptr (LinnetPullList) alive = g_object_ref (self);
  g_autoptr (LinnetPull) kept = g_object_ref (pull);
  LinnetPullState state = linnet_pull_get_state (pull);
  guint position;

  update_inhibit (self);
  if ((state == LINNET_PULL_DONE || state == LINNET_PULL_CANCELLED) &&
      g_ptr_array_find (self->pulls, pull, &position)) {
    g_signal_handlers_disconnect_by_func (pull, state_cb, self);
    g_ptr_array_remove_index (self->pulls, position);
    g_list_model_items_changed (G_LIST_MODEL (self), position, 1, 0);
  }
  if (state == LINNET_PULL_DONE || state == LINNET_PULL_FAILED || state == LINNET_PULL_CANCELLED)
    g_signal_emit (self, signals[SIGNAL_FINISHED], 0, pull);
}

/* Takes pull. */
static void
append (LinnetPullList *self, LinnetPull *pull)
{
  g_signal_connect_object (pull, "notify::state", G_CALLBACK (state_cb), self, G_CONNECT_DEFAULT);
  g_ptr_array_add (self->pulls, pull);
  g_list_model_items_changed (G_LIST_MODEL (self), self->pulls->len - 1, 0, 1);
}

LinnetPullList *
linnet_pull_list_new (LinnetLibrary *library)
{
  LinnetPullList *self;
  g_autoptr (GPtrArray) unfinished = NULL;

  g_return_val_if_fail (LINNET_IS_LIBRARY (library), NULL);

  self = g_object_new (LINNET_TYPE_PULL_LIST, NULL);
  self->library = g_object_ref (library);
  unfinished = linnet_pull_list_unfinished (library);
  for (guint i = 0; i < unfinished->len; i++)
    append (self, g_object_ref (unfinished->pdata[i]));
  return self;
}

LinnetLibrary *
linnet_pull_list_get_library (LinnetPullList *self)
{
  g_return_val_if_fail (LINNET_IS_PULL_LIST (self), NULL);

  return self->library;
}

LinnetPull *
linnet_pull_list_find (LinnetPullList *self, const char *name)
{
  g_autoptr (LinnetReference) reference = NULL;

  g_return_val_if_fail (LINNET_IS_PULL_LIST (self), NULL);
  g_return_val_if_fail (name != NULL, NULL);

  reference = linnet_reference_parse (name, NULL);
  for (guint i = 0; reference != NULL && i < self->pulls->len; i++)
    if (g_ascii_strcasecmp (linnet_pull_get_name (self->pulls->pdata[i]), reference->text) == 0)
      return self->pulls->pdata[i];
  return NULL;
}

LinnetPull *
linnet_pull_list_add (LinnetPullList *self, const char *const *references, GError **error)
{
  LinnetPull *pull;

  g_return_val_if_fail (LINNET_IS_PULL_LIST (self), NULL);
  g_return_val_if_fail (references != NULL && references[0] != NULL, NULL);

  pull = linnet_pull_list_find (self, references[0]);
  if (pull == NULL) {
    pull = linnet_pull_new (self->library, references, error);
    if (pull == NULL)
      return NULL;
    append (self, pull);
  }
  linnet_pull_start (pull);
  return pull;
}
