/* SPDX-License-Identifier: GPL-3.0-or-later
 * Rendering: the call that chooses a family's renderer, and what all renderers write with. */
#include <string.h>

#include "chat/internal.h"
#include "util/error.h"

/* ---- Writing ------------------------------------------------------------------------------ */

static void
emit (lm_chat_job *job, const char *text, size_t length, bool is_markup)
{
  if (!job->stopped && length > 0)
    job->stopped = !job->emit (text, length, is_markup, job->user_data);
}

void
lm_chat_markup (lm_chat_job *job, const char *text)
{
  emit (job, text, strlen (text), true);
}

void
lm_chat_markup_slice (lm_chat_job *job, lm_slice text)
{
  emit (job, text.data, text.length, true);
}

void
lm_chat_text (lm_chat_job *job, lm_slice text)
{
  emit (job, text.data, text.length, false);
}

void
lm_chat_default_system (lm_chat_job *job)
{
  lm_slice rest = job->chat->default_system;

  for (size_t i = 0; i < rest.length;) {
    if (rest.data[i] != '\\' || i + 1 == rest.length) {
      i++;
      continue;
    }
    emit (job, rest.data, i, true);
    switch (rest.data[i + 1]) {
    case 'n':
      lm_chat_markup (job, "\n");
      break;
    case 't':
      lm_chat_markup (job, "\t");
      break;
    default:
      emit (job, rest.data + i + 1, 1, true);
    }
    rest.data += i + 2;
    rest.length -= i + 2;
    i = 0;
  }
  lm_chat_markup_slice (job, rest);
}

/* ---- Messages ----------------------------------------------------------------------------- */

bool
lm_chat_is (const lm_chat_job *job, size_t index, lm_role role)
{
  return index < job->n_messages && job->messages[index].role == role;
}

lm_slice
lm_chat_get_text (const lm_chat_job *job, size_t index)
{
  return (lm_slice) { .data = job->messages[index].text, .length = job->messages[index].length };
}

const char *
lm_chat_get_role (const lm_chat_job *job, size_t index)
{
  switch (job->messages[index].role) {
  case LM_ROLE_SYSTEM:
    return "system";
  case LM_ROLE_ASSISTANT:
    return "assistant";
  case LM_ROLE_USER:
  default:
    return "user";
  }
}

lm_status
lm_chat_refuse (lm_chat_job *job, size_t index)
{
  const char *role = lm_chat_get_role (job, index);

  if (lm_chat_is (job, index, LM_ROLE_SYSTEM))
    return lm_fail (job->error, LM_ERROR_ARGUMENT, role, (int64_t) index,
                    "The model's chat template takes no system message there.");
  return lm_fail (job->error, LM_ERROR_ARGUMENT, role, (int64_t) index,
                  "The model's chat template wants the user and the assistant to take turns, and "
                  "the user to begin.");
}

lm_status
lm_chat_check_turns (lm_chat_job *job, size_t first)
{
  for (size_t i = first; i < job->n_messages; i++)
    if (lm_chat_is (job, i, LM_ROLE_USER) != ((i - first) % 2 == 0))
      return lm_chat_refuse (job, i);
  return LM_OK;
}

/* ---- The call ----------------------------------------------------------------------------- */

static lm_status
render (lm_chat_job *job)
{
  switch (job->chat->family) {
  case LM_CHAT_LLAMA2:
    return lm_chat_render_llama2 (job);
  case LM_CHAT_LLAMA3:
    return lm_chat_render_llama3 (job);
  case LM_CHAT_MISTRAL:
    return lm_chat_render_mistral (job);
  case LM_CHAT_GEMMA:
    return lm_chat_render_gemma (job);
  case LM_CHAT_PHI3:
    return lm_chat_render_phi3 (job);
  case LM_CHAT_ZEPHYR:
    return lm_chat_render_zephyr (job);
  case LM_CHAT_DEEPSEEK:
    return lm_chat_render_deepseek (job);
  case LM_CHAT_CHATML:
  case LM_CHAT_QWEN:
  default:
    return lm_chat_render_chatml (job);
  }
}

lm_status
lm_chat_template_render (const lm_chat_template *chat,
                         const lm_message *messages,
                         size_t n_messages,
                         bool add_prompt,
                         lm_chat_emit_fn emit_fn,
                         void *user_data,
                         lm_error *error)
{
  lm_chat_job job = {
    .chat = chat,
    .messages = messages,
    .n_messages = n_messages,
    .add_prompt = add_prompt,
    .emit = emit_fn,
    .user_data = user_data,
    .error = error,
  };
  lm_status status;

  if (n_messages == 0)
    return lm_fail (error, LM_ERROR_ARGUMENT, NULL, 0, "A chat needs at least one message.");
  status = render (&job);
  return status == LM_OK && job.stopped ? LM_ERROR_CANCELLED : status;
}
