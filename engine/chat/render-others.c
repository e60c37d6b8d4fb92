/* SPDX-License-Identifier: GPL-3.0-or-later
 * Gemma, Phi-3, Zephyr and DeepSeek. */
#include "chat/internal.h"

/* ---- Gemma -------------------------------------------------------------------------------- */

static void
open_gemma_turn (lm_chat_job *job, const char *role)
{
  lm_chat_markup (job, "<start_of_turn>");
  lm_chat_markup (job, role);
  lm_chat_markup (job, "\n");
}

lm_status
lm_chat_render_gemma (lm_chat_job *job)
{
  bool takes_system = lm_chat_does (job, LM_CHAT_PREFIX_SYSTEM);
  size_t first = takes_system && lm_chat_is (job, 0, LM_ROLE_SYSTEM) ? 1 : 0;
  lm_status status = lm_chat_check_turns (job, first);

  if (status != LM_OK)
    return status;
  if (lm_chat_does (job, LM_CHAT_BOS))
    lm_chat_markup_slice (job, job->chat->bos);
  for (size_t i = first; i < job->n_messages; i++) {
    bool is_answer = lm_chat_is (job, i, LM_ROLE_ASSISTANT);

    open_gemma_turn (job, is_answer ? "model" : lm_chat_get_role (job, i));
    if (i == first && first > 0) {
      lm_chat_text (job, lm_chat_get_text (job, 0));
      lm_chat_markup (job, "\n\n");
    }
    lm_chat_text (job, lm_chat_strip (lm_chat_get_text (job, i)));
    lm_chat_markup (job, "<end_of_turn>\n");
  }
  if (job->add_prompt)
    open_gemma_turn (job, "model");
  return LM_OK;
}

/* ---- Phi-3 -------------------------------------------------------------------------------- */

static void
open_phi3_turn (lm_chat_job *job, const char *role)
{
  lm_chat_markup (job, "<|");
  lm_chat_markup (job, role);
  lm_chat_markup (job, lm_chat_does (job, LM_CHAT_LINES) ? "|>\n" : "|>");
}

lm_status
lm_chat_render_phi3 (lm_chat_job *job)
{
  bool is_glued = lm_chat_does (job, LM_CHAT_GLUED);

  if (lm_chat_does (job, LM_CHAT_BOS))
    lm_chat_markup_slice (job, job->chat->bos);
  for (size_t i = 0; i < job->n_messages; i++) {
    lm_slice text = lm_chat_get_text (job, i);

    if (lm_chat_is (job, i, LM_ROLE_SYSTEM) &&
        (lm_chat_does (job, LM_CHAT_NO_SYSTEM) ||
         (lm_chat_does (job, LM_CHAT_SOME_SYSTEM) && text.length == 0)))
      continue;
    if (!is_glued || !lm_chat_is (job, i, LM_ROLE_ASSISTANT))
      open_phi3_turn (job, lm_chat_get_role (job, i));
    lm_chat_text (job, text);
    lm_chat_markup (job, lm_chat_does (job, LM_CHAT_LINES) ? "<|end|>\n" : "<|end|>");
    if (is_glued && lm_chat_is (job, i, LM_ROLE_USER))
      open_phi3_turn (job, "assistant");
  }
  if (job->add_prompt && !is_glued)
    open_phi3_turn (job, "assistant");
  else if (!job->add_prompt && lm_chat_does (job, LM_CHAT_EOS))
    lm_chat_markup_slice (job, job->chat->eos);
  return LM_OK;
}

/* ---- Zephyr ------------------------------------------------------------------------------- */

lm_status
lm_chat_render_zephyr (lm_chat_job *job)
{
  if (lm_chat_does (job, LM_CHAT_BOS))
    lm_chat_markup_slice (job, job->chat->bos);
  for (size_t i = 0; i < job->n_messages; i++) {
    lm_chat_markup (job, "<|");
    lm_chat_markup (job, lm_chat_get_role (job, i));
    lm_chat_markup (job, "|>\n");
    lm_chat_text (job, lm_chat_get_text (job, i));
    lm_chat_markup_slice (job, job->chat->eos);
    lm_chat_markup (job, "\n");
  }
  if (job->add_prompt)
    lm_chat_markup (job, "<|assistant|>\n");
  return LM_OK;
}

/* ---- DeepSeek ----------------------------------------------------------------------------- */

/* All system messages come first, wherever they are. */
static void
write_deepseek_system (lm_chat_job *job)
{
  bool joins = lm_chat_does (job, LM_CHAT_JOIN_SYSTEM);
  size_t last = job->n_messages;
  bool is_first = true;

  for (size_t i = 0; i < job->n_messages; i++) {
    if (!lm_chat_is (job, i, LM_ROLE_SYSTEM))
      continue;
    last = i;
    if (!joins)
      continue;
    if (!is_first)
      lm_chat_markup (job, "\n\n");
    lm_chat_text (job, lm_chat_get_text (job, i));
    is_first = false;
  }
  if (!joins && last < job->n_messages)
    lm_chat_text (job, lm_chat_get_text (job, last));
}

lm_status
lm_chat_render_deepseek (lm_chat_job *job)
{
  bool is_glued = lm_chat_does (job, LM_CHAT_GLUED);
  bool is_user_last = false;

  if (lm_chat_does (job, LM_CHAT_BOS))
    lm_chat_markup_slice (job, job->chat->bos);
  write_deepseek_system (job);
  for (size_t i = 0; i < job->n_messages; i++) {
    lm_slice text = lm_chat_get_text (job, i);

    if (lm_chat_is (job, i, LM_ROLE_USER)) {
      is_user_last = true;
      lm_chat_markup (job, "<｜User｜>");
      lm_chat_text (job, text);
      if (is_glued)
        lm_chat_markup (job, "<｜Assistant｜>");
    } else if (lm_chat_is (job, i, LM_ROLE_ASSISTANT)) {
      is_user_last = false;
      if (!is_glued)
        lm_chat_markup (job, "<｜Assistant｜>");
      if (lm_chat_does (job, LM_CHAT_CUT_THINK))
        text = lm_chat_after_last (text, "</think>");
      lm_chat_text (job, text);
      lm_chat_markup (job, "<｜end▁of▁sentence｜>");
    }
  }
  if (job->add_prompt && !(is_glued && is_user_last)) {
    lm_chat_markup (job, "<｜Assistant｜>");
    if (lm_chat_does (job, LM_CHAT_OPEN_THINK))
      lm_chat_markup (job, "<think>\n");
  }
  return LM_OK;
}
