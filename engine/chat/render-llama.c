/* SPDX-License-Identifier: GPL-3.0-or-later
 * Llama 2, Mistral and Llama 3. */
#include "chat/internal.h"

/* ---- Llama 2 ------------------------------------------------------------------------------ */

/* The system message and the user's are stripped as one text, so a blank message takes the line
 * breaks before it along. */
static void
write_llama2_first (lm_chat_job *job, lm_slice system, lm_slice text)
{
  lm_chat_markup (job, "<<SYS>>\n");
  lm_chat_text (job, system);
  lm_chat_markup (job, "\n<</SYS>>");
  text = lm_chat_strip_right (text);
  if (text.length > 0) {
    lm_chat_markup (job, "\n\n");
    lm_chat_text (job, text);
  }
}

static void
write_llama2_user (lm_chat_job *job, size_t index, size_t first)
{
  if (lm_chat_does (job, LM_CHAT_BOS_EACH))
    lm_chat_markup_slice (job, job->chat->bos);
  lm_chat_markup (job, "[INST] ");
  if (index == first && first > 0)
    write_llama2_first (job, lm_chat_get_text (job, 0), lm_chat_get_text (job, index));
  else
    lm_chat_text (job, lm_chat_strip (lm_chat_get_text (job, index)));
  lm_chat_markup (job, " [/INST]");
}

lm_status
lm_chat_render_llama2 (lm_chat_job *job)
{
  size_t first = lm_chat_is (job, 0, LM_ROLE_SYSTEM) ? 1 : 0;
  lm_status status = lm_chat_check_turns (job, first);

  if (status != LM_OK)
    return status;
  if (lm_chat_does (job, LM_CHAT_BOS))
    lm_chat_markup_slice (job, job->chat->bos);
  for (size_t i = first; i < job->n_messages; i++) {
    lm_slice text = lm_chat_strip (lm_chat_get_text (job, i));

    switch (job->messages[i].role) {
    case LM_ROLE_SYSTEM:
      if (!lm_chat_does (job, LM_CHAT_LATE_SYSTEM))
        break;
      lm_chat_markup (job, "<<SYS>>\n");
      lm_chat_text (job, text);
      lm_chat_markup (job, "\n<</SYS>>\n\n");
      break;
    case LM_ROLE_ASSISTANT:
      lm_chat_markup (job, " ");
      lm_chat_text (job, text);
      lm_chat_markup (job, " ");
      lm_chat_markup_slice (job, job->chat->eos);
      break;
    case LM_ROLE_USER:
    default:
      write_llama2_user (job, i, first);
    }
  }
  return LM_OK;
}

/* ---- Mistral ------------------------------------------------------------------------------ */

static void
write_mistral_user (lm_chat_job *job, size_t index, size_t first)
{
  bool is_last = index + 1 == job->n_messages;

  if (lm_chat_does (job, LM_CHAT_SPACE_INST))
    lm_chat_markup (job, " ");
  lm_chat_markup (job, lm_chat_does (job, LM_CHAT_INST_SPACE) ? "[INST] " : "[INST]");
  if (first > 0 && ((index == first && lm_chat_does (job, LM_CHAT_FIRST_SYSTEM)) ||
                    (is_last && lm_chat_does (job, LM_CHAT_LAST_SYSTEM)))) {
    lm_chat_text (job, lm_chat_get_text (job, 0));
    lm_chat_markup (job, "\n\n");
  }
  lm_chat_text (job, lm_chat_get_text (job, index));
  lm_chat_markup (job, lm_chat_does (job, LM_CHAT_SPACE_END) ? " [/INST]" : "[/INST]");
}

static void
write_mistral_answer (lm_chat_job *job, size_t index)
{
  lm_slice text = lm_chat_get_text (job, index);

  if (lm_chat_does (job, LM_CHAT_SPACE_ANSWER))
    lm_chat_markup (job, " ");
  lm_chat_text (job, lm_chat_does (job, LM_CHAT_TRIM) ? lm_chat_strip (text) : text);
  lm_chat_markup_slice (job, job->chat->eos);
  if (lm_chat_does (job, LM_CHAT_ANSWER_SPACE))
    lm_chat_markup (job, " ");
}

lm_status
lm_chat_render_mistral (lm_chat_job *job)
{
  bool takes_system = lm_chat_does (job, LM_CHAT_FIRST_SYSTEM | LM_CHAT_LAST_SYSTEM);
  size_t first = takes_system && lm_chat_is (job, 0, LM_ROLE_SYSTEM) ? 1 : 0;
  lm_status status = lm_chat_check_turns (job, first);

  if (status != LM_OK)
    return status;
  for (size_t i = first; i < job->n_messages; i++)
    if (lm_chat_is (job, i, LM_ROLE_SYSTEM))
      return lm_chat_refuse (job, i);
  if (lm_chat_does (job, LM_CHAT_BOS))
    lm_chat_markup_slice (job, job->chat->bos);
  for (size_t i = first; i < job->n_messages; i++) {
    if (lm_chat_is (job, i, LM_ROLE_ASSISTANT))
      write_mistral_answer (job, i);
    else
      write_mistral_user (job, i, first);
  }
  return LM_OK;
}

/* ---- Llama 3 ------------------------------------------------------------------------------ */

static void
open_llama3_turn (lm_chat_job *job, const char *role)
{
  lm_chat_markup (job, "<|start_header_id|>");
  lm_chat_markup (job, role);
  lm_chat_markup (job, "<|end_header_id|>\n\n");
}

static void
write_llama3_text (lm_chat_job *job, size_t index)
{
  lm_slice text = lm_chat_get_text (job, index);

  lm_chat_text (job, lm_chat_does (job, LM_CHAT_TRIM) ? lm_chat_strip (text) : text);
  lm_chat_markup (job, "<|eot_id|>");
}

lm_status
lm_chat_render_llama3 (lm_chat_job *job)
{
  size_t first = 0;

  if (lm_chat_does (job, LM_CHAT_BOS))
    lm_chat_markup_slice (job, job->chat->bos);
  if (lm_chat_does (job, LM_CHAT_DATE)) {
    open_llama3_turn (job, "system");
    lm_chat_markup (job, "Cutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n");
    if (lm_chat_is (job, 0, LM_ROLE_SYSTEM))
      write_llama3_text (job, first++);
    else
      lm_chat_markup (job, "<|eot_id|>");
  }
  for (size_t i = first; i < job->n_messages; i++) {
    open_llama3_turn (job, lm_chat_get_role (job, i));
    write_llama3_text (job, i);
  }
  if (job->add_prompt || lm_chat_does (job, LM_CHAT_PROMPT))
    open_llama3_turn (job, "assistant");
  return LM_OK;
}
