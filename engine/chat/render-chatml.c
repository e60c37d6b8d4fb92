/* SPDX-License-Identifier: GPL-3.0-or-later
 * ChatML, and Qwen's templates, which are ChatML with a default system message (2 and 2.5) or with
 * rules for <think> blocks (3). */
#include <string.h>

#include "chat/internal.h"

static void
open_turn (lm_chat_job *job, const char *role)
{
  lm_chat_markup (job, "<|im_start|>");
  lm_chat_markup (job, role);
  lm_chat_markup (job, lm_chat_does (job, LM_CHAT_IM_SEP) ? "<|im_sep|>" : "\n");
}

static void
close_turn (lm_chat_job *job)
{
  lm_chat_markup (job, lm_chat_does (job, LM_CHAT_IM_SEP) ? "<|im_end|>" : "<|im_end|>\n");
}

static bool
is_tool_response (lm_slice text)
{
  static const char begin[] = "<tool_response>";
  static const char end[] = "</tool_response>";
  size_t n_begin = sizeof begin - 1;
  size_t n_end = sizeof end - 1;

  return text.length >= n_begin && memcmp (text.data, begin, n_begin) == 0 &&
         text.length >= n_end && memcmp (text.data + text.length - n_end, end, n_end) == 0;
}

/* Index of the last question that a person asked; the last message's when there is none. */
static size_t
find_last_query (const lm_chat_job *job)
{
  for (size_t i = job->n_messages; i-- > 0;)
    if (lm_chat_is (job, i, LM_ROLE_USER) && !is_tool_response (lm_chat_get_text (job, i)))
      return i;
  return job->n_messages - 1;
}

/* Qwen3: what an answer thought is kept only after the last question. */
static void
write_qwen3_answer (lm_chat_job *job, size_t index, bool is_after_query)
{
  lm_slice content = lm_chat_get_text (job, index);
  lm_slice thoughts = { .data = content.data, .length = 0 };
  bool is_last = index + 1 == job->n_messages;
  size_t end;

  if (lm_chat_find (content, "</think>", &end)) {
    thoughts = lm_chat_strip_lines_right ((lm_slice) { .data = content.data, .length = end });
    thoughts = lm_chat_strip_lines_left (lm_chat_after_last (thoughts, "<think>"));
    content = lm_chat_strip_lines_left (lm_chat_after_last (content, "</think>"));
  }
  open_turn (job, "assistant");
  if (is_after_query &&
      (thoughts.length > 0 || (is_last && lm_chat_does (job, LM_CHAT_LAST_THINK)))) {
    lm_chat_markup (job, "<think>\n");
    lm_chat_text (job, lm_chat_strip_lines_right (thoughts));
    lm_chat_markup (job, "\n</think>\n\n");
    content = lm_chat_strip_lines_left (content);
  }
  lm_chat_text (job, content);
  close_turn (job);
}

lm_status
lm_chat_render_chatml (lm_chat_job *job)
{
  size_t last_query = find_last_query (job);

  if (lm_chat_does (job, LM_CHAT_BOS))
    lm_chat_markup_slice (job, job->chat->bos);
  if (job->chat->default_system.length > 0 && !lm_chat_is (job, 0, LM_ROLE_SYSTEM)) {
    open_turn (job, "system");
    lm_chat_default_system (job);
    close_turn (job);
  }
  for (size_t i = 0; i < job->n_messages; i++) {
    if (lm_chat_does (job, LM_CHAT_CUT_THINK) && lm_chat_is (job, i, LM_ROLE_ASSISTANT)) {
      write_qwen3_answer (job, i, i > last_query);
      continue;
    }
    open_turn (job, lm_chat_get_role (job, i));
    lm_chat_text (job, lm_chat_get_text (job, i));
    close_turn (job);
  }
  if (job->add_prompt) {
    open_turn (job, "assistant");
    if (lm_chat_does (job, LM_CHAT_OPEN_THINK))
      lm_chat_markup (job, "<think>\n");
  }
  return LM_OK;
}
