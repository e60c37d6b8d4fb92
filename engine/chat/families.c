/* SPDX-License-Identifier: GPL-3.0-or-later
 * The tokens that end an answer, by family. */
#include "chat/chat.h"

const char *const *
lm_chat_family_get_stops (lm_chat_family family)
{
  static const char *const chatml[] = { "<|im_end|>", "<|endoftext|>", NULL };
  static const char *const llama2[] = { "</s>", NULL };
  static const char *const llama3[] = { "<|eot_id|>", "<|eom_id|>", "<|end_of_text|>", NULL };
  static const char *const gemma[] = { "<end_of_turn>", "<eos>", NULL };
  static const char *const phi3[] = { "<|end|>", "<|endoftext|>", NULL };
  static const char *const zephyr[] = { "</s>", "<|endoftext|>", NULL };
  static const char *const deepseek[] = { "<｜end▁of▁sentence｜>", NULL };

  switch (family) {
  case LM_CHAT_LLAMA2:
  case LM_CHAT_MISTRAL:
    return llama2;
  case LM_CHAT_LLAMA3:
    return llama3;
  case LM_CHAT_GEMMA:
    return gemma;
  case LM_CHAT_PHI3:
    return phi3;
  case LM_CHAT_ZEPHYR:
    return zephyr;
  case LM_CHAT_DEEPSEEK:
    return deepseek;
  case LM_CHAT_CHATML:
  case LM_CHAT_QWEN:
  default:
    return chatml;
  }
}
