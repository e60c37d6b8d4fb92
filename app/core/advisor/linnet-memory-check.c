/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetMemoryCheck: what a model needs, beside what there is. */
#include "config.h"

#include "advisor/linnet-memory-check.h"

#include "advisor/linnet-advice.h"

#define USUAL_CONTEXT_TOKENS    4096u /* LinnetEngine's own choice at most */
#define SMALLEST_CONTEXT_TOKENS 512u  /* less is of no use in a chat */

/* Bytes with n_ctx tokens of context; 0: nothing can be said. */
static guint64
get_needed (LinnetModel *model, guint n_ctx, LinnetCacheType type)
{
  LinnetModelMemory memory;

  return linnet_model_estimate_memory (model, n_ctx, type, &memory, NULL) ? memory.total : 0;
}

static void
compare (LinnetMemoryCheck *check,
         LinnetModel *model,
         const LinnetLoadOptions *options,
         const char *machine_root)
{
  g_autoptr (LinnetMachine) machine = linnet_machine_new (machine_root);
  guint trained = linnet_model_get_n_ctx_train (model);

  check->type = options->cache_type;
  check->n_ctx = options->n_ctx > 0 ? options->n_ctx : USUAL_CONTEXT_TOKENS;
  if (trained > 0)
    check->n_ctx = MIN (check->n_ctx, trained);
  check->limit = linnet_advice_memory_limit (machine);
  check->needed = get_needed (model, check->n_ctx, check->type);
  check->fits = machine->available == 0 || check->needed <= check->limit;
  for (guint n_ctx = check->n_ctx / 2; !check->fits && n_ctx >= SMALLEST_CONTEXT_TOKENS; n_ctx /= 2)
    if (get_needed (model, n_ctx, check->type) <= check->limit) {
      check->smaller_n_ctx = n_ctx;
      return;
    }
}

void
linnet_memory_check_run (const char *path,
                         const LinnetLoadOptions *options,
                         const char *machine_root,
                         GCancellable *cancellable,
                         LinnetMemoryCheck *check)
{
  g_autoptr (LinnetModel) model = NULL;

  g_return_if_fail (path != NULL);
  g_return_if_fail (options != NULL);
  g_return_if_fail (check != NULL);

  *check = (LinnetMemoryCheck) { .fits = TRUE };
  model =
      linnet_model_open (path, LINNET_MODEL_LEVEL_METADATA, NULL, NULL, NULL, cancellable, NULL);
  if (model != NULL)
    compare (check, model, options, machine_root);
}

/* ---- On a thread -------------------------------------------------------------------------- */

typedef struct {
  char *path;
  char *machine_root;
  LinnetLoadOptions options; /* of which only numbers are looked at */
} Question;

static void
question_free (Question *question)
{
  g_free (question->path);
  g_free (question->machine_root);
  g_free (question);
}

static void
check_on_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const Question *question = data;
  g_autofree LinnetMemoryCheck *check = g_new0 (LinnetMemoryCheck, 1);

  linnet_memory_check_run (question->path, &question->options, question->machine_root, cancellable,
                           check);
  if (!g_task_return_error_if_cancelled (task))
    g_task_return_pointer (task, g_steal_pointer (&check), g_free);
}

void
linnet_memory_check_async (const char *path,
                           const LinnetLoadOptions *options,
                           const char *machine_root,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  Question *question;

  g_return_if_fail (path != NULL);
  g_return_if_fail (options != NULL);

  question = g_new0 (Question, 1);
  question->path = g_strdup (path);
  question->machine_root = g_strdup (machine_root);
  question->options.n_ctx = options->n_ctx;
  question->options.cache_type = options->cache_type;
  task = g_task_new (NULL, cancellable, callback, user_data);
  g_task_set_source_tag (task, linnet_memory_check_async);
  g_task_set_task_data (task, question, (GDestroyNotify) question_free);
  g_task_run_in_thread (task, check_on_thread);
}

gboolean
linnet_memory_check_finish (GAsyncResult *result, LinnetMemoryCheck *check, GError **error)
{
  g_autofree LinnetMemoryCheck *found = NULL;

  g_return_val_if_fail (g_async_result_is_tagged (result, linnet_memory_check_async), FALSE);
  g_return_val_if_fail (check != NULL, FALSE);

  found = g_task_propagate_pointer (G_TASK (result), error);
  if (found == NULL)
    return FALSE;
  *check = *found;
  return TRUE;
}
