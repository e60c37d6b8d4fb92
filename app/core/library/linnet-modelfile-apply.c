/* SPDX-License-Identifier: GPL-3.0-or-later
 * A recipe's parameters, one by one. */
#include "library/linnet-modelfile-apply.h"

/* FALSE: the recipe does not say. */
static gboolean
get_number (const LinnetModelfile *self, const char *name, double *number)
{
  const char *text = g_hash_table_lookup (self->parameters, name);

  if (text == NULL)
    return FALSE;
  *number = g_ascii_strtod (text, NULL);
  return TRUE;
}

static void
set_float (const LinnetModelfile *self, const char *name, float *field)
{
  double number;

  if (get_number (self, name, &number))
    *field = (float) number;
}

static void
apply_load (const LinnetModelfile *self, LinnetLoadOptions *load)
{
  double number;

  if (get_number (self, "num_ctx", &number))
    load->n_ctx = (guint) number;
  if (get_number (self, "num_thread", &number)) {
    load->model.n_threads = (int) number;
    load->model.n_threads_prefill = (int) number;
  }
}

gboolean
linnet_modelfile_apply (const LinnetModelfile *self,
                        LinnetGenerationOptions *generation,
                        LinnetLoadOptions *load)
{
  double number;

  g_return_val_if_fail (self != NULL && generation != NULL, FALSE);

  if (load != NULL)
    apply_load (self, load);
  set_float (self, "temperature", &generation->temperature);
  set_float (self, "top_p", &generation->top_p);
  set_float (self, "min_p", &generation->min_p);
  set_float (self, "repeat_penalty", &generation->repetition_penalty);
  set_float (self, "presence_penalty", &generation->presence_penalty);
  set_float (self, "frequency_penalty", &generation->frequency_penalty);
  if (get_number (self, "top_k", &number))
    generation->top_k = (int) number;
  /* Below zero there is no limit but the context. */
  if (get_number (self, "num_predict", &number))
    generation->max_tokens = number > 0 ? (guint) number : 0;
  if (self->stops != NULL)
    generation->stops = (const char *const *) self->stops;
  if (!get_number (self, "seed", &number) || number < 0)
    return FALSE;
  generation->seed = (guint64) number;
  return TRUE;
}

void
linnet_modelfile_begin (const LinnetModelfile *self, LinnetConversation *conversation)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (LINNET_IS_CONVERSATION (conversation));

  for (guint i = 0; i < self->messages->len; i++) {
    LinnetMessage *given = self->messages->pdata[i];
    g_autoptr (LinnetMessage) message =
        linnet_message_new (linnet_message_get_role (given), linnet_message_get_text (given));

    linnet_conversation_append (conversation, message);
  }
}
