/* SPDX-License-Identifier: GPL-3.0-or-later
 * Recognising a template: the family by its markup, the variant by pieces of its code. The code is
 * searched, never run. */
#include <string.h>

#include "chat/internal.h"

/* A longer template is not looked at: the longest that models have are a tenth of it. */
#define MAX_TEMPLATE_BYTES       (1 << 18)
#define MAX_DEFAULT_SYSTEM_BYTES 4096

/* ---- Searching ---------------------------------------------------------------------------- */

static bool
is_quote (char c)
{
  return c == '\'' || c == '"';
}

/* The character of Jinja code at *position, which moves on, with what authors write differently
 * made the same: " is ', an escaped line break is one, ['x'] is .x; without keep_spaces spaces are
 * left out. False at the end. */
static bool
next_code (lm_slice code, size_t *position, bool keep_spaces, char *c)
{
  while (*position < code.length) {
    const char *here = code.data + *position;
    size_t left = code.length - *position;

    *c = *here;
    ++*position;
    if (!keep_spaces && (*c == ' ' || *c == '\t'))
      continue;
    if (left >= 2 && is_quote (*c) && here[1] == ']') {
      ++*position;
      continue;
    }
    if (left >= 3 && *c == '[' && is_quote (here[1]) && here[2] >= 'a' && here[2] <= 'z') {
      ++*position;
      *c = '.';
    } else if (left >= 2 && *c == '\\' && here[1] == 'n') {
      ++*position;
      *c = '\n';
    } else if (*c == '"') {
      *c = '\'';
    }
    return true;
  }
  return false;
}

static bool
contains (lm_slice code, const char *part, bool keep_spaces)
{
  size_t start = 0;
  char c;

  while (next_code (code, &start, keep_spaces, &c)) {
    size_t position = start;
    const char *expected = part;

    while (c == *expected && *++expected != '\0')
      if (!next_code (code, &position, keep_spaces, &c))
        return false;
    if (*expected == '\0')
      return true;
  }
  return false;
}

/* Whether the template says this, but for the kind of quotes. */
static bool
says (lm_slice code, const char *part)
{
  return contains (code, part, true);
}

/* Whether the template does this; part is code without spaces and with .x for ['x']. */
static bool
does (lm_slice code, const char *part)
{
  return contains (code, part, false);
}

static unsigned
when (bool condition, unsigned bit)
{
  return condition ? bit : 0;
}

/* ---- ChatML and Qwen ---------------------------------------------------------------------- */

static bool
has_plain_escapes (lm_slice literal)
{
  for (size_t i = 0; i < literal.length; i++) {
    if (literal.data[i] != '\\')
      continue;
    if (++i == literal.length || strchr ("nt\\'\"", literal.data[i]) == NULL)
      return false;
  }
  return true;
}

/* The text of a string that is a whole system turn: '<|im_start|>system\n…<|im_end|>\n'. */
static bool
find_default_system (lm_slice code, lm_slice *text)
{
  static const char open[] = "<|im_start|>system";
  static const char close[] = "<|im_end|>";
  size_t position;

  while (lm_chat_find (code, open, &position)) {
    const char *before = code.data + position - 1;
    size_t skipped = position + sizeof open - 1;
    lm_slice rest = { .data = code.data + skipped, .length = code.length - skipped };
    char quote = position > 0 ? *before : '\0';
    size_t end;

    code = rest;
    if (rest.length >= 2 && rest.data[0] == '\\' && rest.data[1] == 'n')
      rest = (lm_slice) { .data = rest.data + 2, .length = rest.length - 2 };
    else if (rest.length >= 1 && rest.data[0] == '\n')
      rest = (lm_slice) { .data = rest.data + 1, .length = rest.length - 1 };
    else
      continue;
    if (rest.length > MAX_DEFAULT_SYSTEM_BYTES)
      rest.length = MAX_DEFAULT_SYSTEM_BYTES;
    if (!is_quote (quote) || !lm_chat_find (rest, close, &end) || end == 0)
      continue;
    *text = (lm_slice) { .data = rest.data, .length = end };
    for (size_t i = 0; i < end; i++) {
      if (rest.data[i] == quote && (i == 0 || rest.data[i - 1] != '\\'))
        text->length = 0;
    }
    if (text->length > 0)
      return true;
  }
  return false;
}

/* Whether each message becomes <|im_start|>role, its text and <|im_end|>. */
static bool
is_chatml (lm_slice code)
{
  if (does (code, "'<|im_start|>'+message.role+'\n'+message.content+'<|im_end|>") ||
      does (code, "'<|im_start|>'+message.role+'\n'+content+'<|im_end|>"))
    return does (code, "'<|im_start|>assistant\n");
  if (does (code, "'<|im_start|>user<|im_sep|>'+message.content+'<|im_end|>'") &&
      does (code, "'<|im_start|>assistant<|im_sep|>'+message.content+'<|im_end|>'"))
    return true;
  return does (code, "'<|im_start|>user\n'+message.content+'<|im_end|>\n'") &&
         does (code, "'<|im_start|>assistant\n'+message.content+'<|im_end|>\n'") &&
         does (code, "'<|im_start|>system\n'+message.content+'<|im_end|>\n'");
}

/* Templates that look like ChatML and put in or take out something of their own. */
static bool
is_known_chatml (lm_slice code, bool is_qwen3)
{
  if (!is_chatml (code) || !says (code, "add_generation_prompt"))
    return false;
  if (!is_qwen3 && does (code, ".split('</think>')"))
    return false;
  return !does (code, "|trim") && !says (code, "Reasoning Mode") && !says (code, "strftime_now") &&
         !does (code, "{{-'<think>\n'}}");
}

static bool
detect_chatml (lm_chat_template *chat, lm_slice code)
{
  bool is_qwen3 = does (code, "loop.index0>ns.last_query_index") &&
                  does (code, "content.split('</think>')[-1].lstrip('\n')") &&
                  does (code, "'\n</think>\n\n'+content.lstrip('\n')");
  bool last_think = does (code, "loop.lastor(notloop.lastandreasoning_content)");

  if (!is_known_chatml (code, is_qwen3))
    return false;
  if (find_default_system (code, &chat->default_system) &&
      !has_plain_escapes (chat->default_system)) {
    chat->default_system.length = 0;
    return false;
  }
  if (is_qwen3 || says (chat->default_system, "You are Qwen"))
    chat->family = LM_CHAT_QWEN;
  chat->variant = when (says (code, "bos_token"), LM_CHAT_BOS) |
                  when (says (code, "<|im_sep|>"), LM_CHAT_IM_SEP) |
                  when (is_qwen3, LM_CHAT_CUT_THINK) |
                  when (is_qwen3 && last_think, LM_CHAT_LAST_THINK) |
                  when (does (code, "'<|im_start|>assistant\n<think>\n'"), LM_CHAT_OPEN_THINK);
  return true;
}

/* ---- The others --------------------------------------------------------------------------- */

static void
detect_llama2 (lm_chat_template *chat, lm_slice code)
{
  bool bos_each = does (code, "bos_token+'[INST]");

  chat->family = LM_CHAT_LLAMA2;
  chat->variant = when (bos_each, LM_CHAT_BOS_EACH) |
                  when (!bos_each && says (code, "bos_token"), LM_CHAT_BOS) |
                  when (does (code, "'<<SYS>>\n'+content.strip()"), LM_CHAT_LATE_SYSTEM);
}

static void
detect_mistral (lm_chat_template *chat, lm_slice code)
{
  bool last = does (code, "loop.lastandsystem_messageisdefined");

  chat->family = LM_CHAT_MISTRAL;
  chat->variant = when (says (code, "bos_token"), LM_CHAT_BOS) |
                  when (says (code, "' [INST]"), LM_CHAT_SPACE_INST) |
                  when (says (code, "[INST] "), LM_CHAT_INST_SPACE) |
                  when (says (code, " [/INST]"), LM_CHAT_SPACE_END) |
                  when (does (code, "''+message.content"), LM_CHAT_SPACE_ANSWER) |
                  when (does (code, "message.content|trim+eos_token"), LM_CHAT_TRIM) |
                  when (does (code, "message.content+eos_token+''"), LM_CHAT_ANSWER_SPACE) |
                  when (last, LM_CHAT_LAST_SYSTEM) |
                  when (!last && says (code, "system_message"), LM_CHAT_FIRST_SYSTEM);
}

static void
detect_llama3 (lm_chat_template *chat, lm_slice code)
{
  chat->family = LM_CHAT_LLAMA3;
  chat->variant = when (says (code, "bos_token"), LM_CHAT_BOS) |
                  when (does (code, "message.content|trim"), LM_CHAT_TRIM) |
                  when (!says (code, "add_generation_prompt"), LM_CHAT_PROMPT) |
                  when (says (code, "Cutting Knowledge Date: December 2023"), LM_CHAT_DATE);
}

static void
detect_gemma (lm_chat_template *chat, lm_slice code)
{
  chat->family = LM_CHAT_GEMMA;
  chat->variant = when (says (code, "bos_token"), LM_CHAT_BOS) |
                  when (says (code, "first_user_prefix"), LM_CHAT_PREFIX_SYSTEM);
}

static void
detect_phi3 (lm_chat_template *chat, lm_slice code)
{
  bool any_role = does (code, "'<|'+message.role+'|>'");
  bool lines = does (code, "'<|end|>\n'") || does (code, "'<|end|>'+'\n'");
  bool some_system = does (code, "message.role=='system'andmessage.content%}");

  chat->family = LM_CHAT_PHI3;
  chat->variant = when (says (code, "bos_token"), LM_CHAT_BOS) |
                  when (does (code, "'<|end|>'+'\n'+'<|assistant|>'"), LM_CHAT_GLUED) |
                  when (!any_role && !says (code, "<|system|>"), LM_CHAT_NO_SYSTEM) |
                  when (some_system, LM_CHAT_SOME_SYSTEM) |
                  when (does (code, "{%else%}{{eos_token}}"), LM_CHAT_EOS) |
                  when (lines, LM_CHAT_LINES);
}

static void
detect_zephyr (lm_chat_template *chat, lm_slice code)
{
  chat->family = LM_CHAT_ZEPHYR;
  chat->variant = when (says (code, "bos_token"), LM_CHAT_BOS);
}

static void
detect_deepseek (lm_chat_template *chat, lm_slice code)
{
  bool glued = does (code, "'<｜User｜>'+content+'<｜Assistant｜>'");
  bool join = does (code, "ns.system_prompt+'\n\n'+message.content");

  chat->family = LM_CHAT_DEEPSEEK;
  chat->variant = when (says (code, "bos_token"), LM_CHAT_BOS) |
                  when (does (code, ".split('</think>')[-1]"), LM_CHAT_CUT_THINK) |
                  when (does (code, "'<｜Assistant｜><think>\n'"), LM_CHAT_OPEN_THINK) |
                  when (glued, LM_CHAT_GLUED) | when (join, LM_CHAT_JOIN_SYSTEM);
}

/* Sets family and variant; false where the markup is of no family. */
static bool
detect (lm_chat_template *chat, lm_slice code)
{
  if (says (code, "<|im_start|>"))
    return detect_chatml (chat, code);
  if (says (code, "<｜User｜>") && says (code, "<｜Assistant｜>"))
    detect_deepseek (chat, code);
  else if (says (code, "<|start_header_id|>") && says (code, "<|eot_id|>"))
    detect_llama3 (chat, code);
  else if (says (code, "[INST]") && says (code, "<<SYS>>"))
    detect_llama2 (chat, code);
  else if (says (code, "[INST]"))
    detect_mistral (chat, code);
  else if (says (code, "<start_of_turn>"))
    detect_gemma (chat, code);
  else if (says (code, "<|assistant|>") && says (code, "<|end|>"))
    detect_phi3 (chat, code);
  else if (does (code, "'<|user|>\n'+message.content+eos_token"))
    detect_zephyr (chat, code);
  else
    return false;
  return true;
}

/* ---- The calls ---------------------------------------------------------------------------- */

static void
init (lm_chat_template *chat, lm_slice code, lm_slice bos, lm_slice eos)
{
  *chat = (lm_chat_template) { .family = LM_CHAT_CHATML, .bos = bos, .eos = eos };
  chat->is_fallback = code.length > MAX_TEMPLATE_BYTES || !detect (chat, code);
}

static lm_slice
get_token_text (const lm_tokenizer *tokenizer, lm_token token)
{
  lm_slice text = { .data = "", .length = 0 };

  if (token != LM_TOKEN_NONE)
    text.data = lm_tokenizer_get_bytes (tokenizer, token, &text.length);
  return text;
}

void
lm_chat_template_init (lm_chat_template *chat, const lm_gguf *gguf, const lm_tokenizer *tokenizer)
{
  lm_slice code = { 0 };
  lm_slice bos = lm_chat_slice ("");
  lm_slice eos = lm_chat_slice ("");

  lm_gguf_get_string (gguf, "tokenizer.chat_template", &code);
  if (tokenizer != NULL) {
    bos = get_token_text (tokenizer, lm_tokenizer_get_bos (tokenizer));
    eos = get_token_text (tokenizer, lm_tokenizer_get_eos (tokenizer));
  }
  init (chat, code, bos, eos);
}

void
lm_chat_template_init_text (
    lm_chat_template *chat, const char *jinja, size_t length, const char *bos, const char *eos)
{
  lm_slice code = { .data = jinja, .length = jinja != NULL ? length : 0 };

  init (chat, code, lm_chat_slice (bos), lm_chat_slice (eos));
}
