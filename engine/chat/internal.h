/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the files of chat/ share: the variants of the families, and the run of one rendering. */
#pragma once

#include "chat/chat.h"

/* Bits of lm_chat_template.variant. A bit says what the template at hand does, so that a family's
 * renderer is one function and not one for each model. */
enum {
  LM_CHAT_BOS = 1 << 0,        /* begins with the BOS token */
  LM_CHAT_TRIM = 1 << 1,       /* strips white space around what messages say */
  LM_CHAT_PROMPT = 1 << 2,     /* writes the answer's header even when it is not asked for */
  LM_CHAT_OPEN_THINK = 1 << 3, /* the answer's header opens a <think> block */
  LM_CHAT_CUT_THINK = 1 << 4,  /* drops the <think> blocks of earlier answers */

  /* ChatML and Qwen */
  LM_CHAT_IM_SEP = 1 << 8,     /* <|im_sep|> after the role, and no line breaks (Phi-4) */
  LM_CHAT_LAST_THINK = 1 << 9, /* the last answer gets a <think> block even if it is empty */

  /* Llama 2 */
  LM_CHAT_BOS_EACH = 1 << 8,    /* the BOS token before each turn of the user */
  LM_CHAT_LATE_SYSTEM = 1 << 9, /* writes a later system message; else it is left out */

  /* Llama 3 */
  LM_CHAT_DATE = 1 << 8, /* a system message with dates, always (3.1 and later) */

  /* Mistral */
  LM_CHAT_SPACE_INST = 1 << 8,    /* " [INST]" */
  LM_CHAT_INST_SPACE = 1 << 9,    /* "[INST] " */
  LM_CHAT_SPACE_END = 1 << 10,    /* " [/INST]" */
  LM_CHAT_SPACE_ANSWER = 1 << 11, /* a space before an answer */
  LM_CHAT_ANSWER_SPACE = 1 << 12, /* a space after an answer's EOS */
  LM_CHAT_FIRST_SYSTEM = 1 << 13, /* the system message goes into the first turn of the user */
  LM_CHAT_LAST_SYSTEM = 1 << 14,  /* into the last message, if that is the user's */

  /* Gemma */
  LM_CHAT_PREFIX_SYSTEM = 1 << 8, /* the system message begins the first turn (Gemma 3) */

  /* Phi-3 */
  LM_CHAT_GLUED = 1 << 8,        /* the answer's header belongs to the user's turn; DeepSeek too */
  LM_CHAT_NO_SYSTEM = 1 << 9,    /* leaves system messages out */
  LM_CHAT_SOME_SYSTEM = 1 << 10, /* leaves empty system messages out */
  LM_CHAT_EOS = 1 << 11,         /* ends with the EOS token when no answer's header is asked for */
  LM_CHAT_LINES = 1 << 12,       /* line breaks after the role and after the message */

  /* DeepSeek */
  LM_CHAT_JOIN_SYSTEM = 1 << 9, /* joins all system messages; else the last one counts */
};

/* One rendering under way. */
typedef struct {
  const lm_chat_template *chat;
  const lm_message *messages;
  size_t n_messages;
  bool add_prompt;
  lm_chat_emit_fn emit;
  void *user_data;
  bool stopped; /* emit returned false: nothing more is emitted */
  lm_error *error;
} lm_chat_job;

/* ---- Writing ------------------------------------------------------------------------------ */

void lm_chat_markup (lm_chat_job *job, const char *text);
void lm_chat_markup_slice (lm_chat_job *job, lm_slice text);
void lm_chat_text (lm_chat_job *job, lm_slice text);
/* default_system with its escapes undone. */
void lm_chat_default_system (lm_chat_job *job);

static inline bool
lm_chat_does (const lm_chat_job *job, unsigned variant)
{
  return (job->chat->variant & variant) != 0;
}

/* Whether there is a message at index and it has this role. */
bool lm_chat_is (const lm_chat_job *job, size_t index, lm_role role);
lm_slice lm_chat_get_text (const lm_chat_job *job, size_t index);
const char *lm_chat_get_role (const lm_chat_job *job, size_t index); /* "system" … */

/* LM_ERROR_ARGUMENT unless, counted from first, every even message and no odd one is the user's. */
lm_status lm_chat_check_turns (lm_chat_job *job, size_t first);
/* Fails because the template refuses the message at index. */
lm_status lm_chat_refuse (lm_chat_job *job, size_t index);

/* ---- Text --------------------------------------------------------------------------------- */

lm_slice lm_chat_slice (const char *text); /* NULL allowed: "" */
/* As Python's str.strip(): what Unicode calls white space. */
lm_slice lm_chat_strip (lm_slice text);
lm_slice lm_chat_strip_right (lm_slice text);
/* As str.strip('\n') and its one-sided relatives. */
lm_slice lm_chat_strip_lines_left (lm_slice text);
lm_slice lm_chat_strip_lines_right (lm_slice text);
/* Position of the first or last part in text; false, *position untouched, when there is none. */
bool lm_chat_find (lm_slice text, const char *part, size_t *position);
bool lm_chat_find_last (lm_slice text, const char *part, size_t *position);
/* What follows the last part in text; text itself when there is none. */
lm_slice lm_chat_after_last (lm_slice text, const char *part);

/* ---- Families ----------------------------------------------------------------------------- */

lm_status lm_chat_render_chatml (lm_chat_job *job); /* Qwen too */
lm_status lm_chat_render_llama2 (lm_chat_job *job);
lm_status lm_chat_render_llama3 (lm_chat_job *job);
lm_status lm_chat_render_mistral (lm_chat_job *job);
lm_status lm_chat_render_gemma (lm_chat_job *job);
lm_status lm_chat_render_phi3 (lm_chat_job *job);
lm_status lm_chat_render_zephyr (lm_chat_job *job);
lm_status lm_chat_render_deepseek (lm_chat_job *job);
