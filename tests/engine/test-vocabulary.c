/* SPDX-License-Identifier: GPL-3.0-or-later
 * Tokenizers on small vocabularies: SPM, special tokens and typed text that looks like them, what a
 * vocabulary says of itself, and damaged vocabularies. */
#include <math.h>

#include "check.h"
#include "vocab.h"

#define KEY                "tokenizer.ggml."
#define COUNT(array)       (sizeof (array) / sizeof (array)[0])
#define N_ENTRIES_POSITION 16
#define END                (-2)

static lm_token_list
encode (const lm_tokenizer *tokenizer, const char *text, unsigned flags)
{
  lm_token_list list = { 0 };
  lm_error error = { 0 };
  lm_status status = lm_tokenizer_encode (tokenizer, text, strlen (text), flags, &list, &error);

  CHECK (status == LM_OK, "%s", error.message);
  return list;
}

/* expected ends with END. */
static void
check_tokens (const lm_tokenizer *tokenizer,
              const char *text,
              unsigned flags,
              const lm_token *expected)
{
  lm_token_list list = encode (tokenizer, text, flags);
  size_t n = 0;

  while (expected[n] != END && n < list.n && list.tokens[n] == expected[n])
    n++;
  CHECK (expected[n] == END && n == list.n, "\"%s\": token %zu of %zu differs", text, n, list.n);
  lm_token_list_clear (&list);
}

static void
check_decodes (const lm_tokenizer *tokenizer, const char *text, const char *expected)
{
  lm_token_list list = encode (tokenizer, text, 0);
  size_t length;
  char *decoded = vocab_decode (tokenizer, &list, &length);

  CHECK (length == strlen (expected) && memcmp (decoded, expected, length) == 0,
         "\"%s\" became \"%.*s\"", text, (int) length, decoded);
  lm_token_list_clear (&list);
  free (decoded);
}

/* Number of a text in the small SPM vocabulary. */
static lm_token
spm (const char *text)
{
  for (int i = 0; i < VOCAB_SPM_N_TEXTS; i++) {
    if (strcmp (vocab_spm_texts[i], text) == 0)
      return VOCAB_SPM_FIRST_TEXT + i;
  }
  return LM_TOKEN_NONE;
}

static lm_token
byte_token (unsigned char byte)
{
  return VOCAB_SPM_FIRST_BYTE + byte;
}

static void
test_spm (void)
{
  const unsigned add = LM_TOKENIZE_ADD_SPECIAL;
  const unsigned parse = LM_TOKENIZE_PARSE_SPECIAL;
  vocab vocabulary = { 0 };
  const lm_tokenizer *t;

  vocab_make_spm (&vocabulary.bytes, false, true);
  t = vocab_open_bytes (&vocabulary, NULL);
  CHECK (t != NULL, "the vocabulary does not open");
  if (t != NULL) {
    /* By score: lo, then he; neither hel nor llo is a token. */
    check_tokens (t, "hello", 0,
                  (lm_token[]) { spm ("▁"), spm ("he"), spm ("l"), spm ("lo"), END });
    check_tokens (t, "hell", 0, (lm_token[]) { spm ("▁"), spm ("hell"), END });
    check_tokens (t, "ll", 0, (lm_token[]) { spm ("▁"), spm ("ll"), END });
    check_tokens (t, "lll", 0, (lm_token[]) { spm ("▁"), spm ("ll"), spm ("l"), END });
    check_tokens (t, "", 0, (lm_token[]) { END });
    check_tokens (t, "", add, (lm_token[]) { 1, END });
    check_tokens (t, "h", add, (lm_token[]) { 1, spm ("▁h"), END });
    check_tokens (t, " h", 0, (lm_token[]) { spm ("▁"), spm ("▁h"), END });
    check_tokens (t, "你", 0, (lm_token[]) { spm ("▁"), spm ("你"), END });
    check_tokens (t, "é", 0, (lm_token[]) { spm ("▁"), byte_token (0xc3), byte_token (0xa9), END });
    check_tokens (t, "\xe4\xbd", 0,
                  (lm_token[]) { spm ("▁"), byte_token (0xe4), byte_token (0xbd), END });
    check_tokens (t, "\xf0 h", 0, (lm_token[]) { spm ("▁"), byte_token (0xf0), spm ("▁h"), END });
    /* A control token only when asked for, though "<s" and ">" could be merged to it. */
    check_tokens (t, "<s>", 0, (lm_token[]) { spm ("▁"), spm ("<s"), byte_token ('>'), END });
    check_tokens (t, "<s>h", parse, (lm_token[]) { 1, spm ("▁h"), END });
    check_tokens (t, "h</s>", parse, (lm_token[]) { spm ("▁h"), 2, END });
    check_tokens (t, "<unk>", parse, (lm_token[]) { 0, END });
    /* A user-defined token always; the space prefix comes back after it. */
    check_tokens (t, "h<tool>h", 0, (lm_token[]) { spm ("▁h"), spm ("<tool>"), spm ("▁h"), END });
    check_decodes (t, "hello  é\n", " hello  é\n");
    check_decodes (t, "a▁b", " a b");
    check_decodes (t, "<0x41>", " <0x41>");
  }
  vocab_close (&vocabulary);
}

static void
test_spm_variants (void)
{
  vocab vocabulary = { 0 };
  const lm_tokenizer *t;

  vocab_make_spm (&vocabulary.bytes, false, false);
  t = vocab_open_bytes (&vocabulary, NULL);
  CHECK (t != NULL, "the vocabulary does not open");
  if (t != NULL) {
    check_tokens (t, "hell", 0, (lm_token[]) { spm ("hell"), END });
    check_decodes (t, " hello\xff", " hello\xff");
  }
  vocab_close (&vocabulary);

  vocab_make_spm (&vocabulary.bytes, true, false);
  t = vocab_open_bytes (&vocabulary, NULL);
  CHECK (t != NULL, "the vocabulary does not open");
  if (t != NULL)
    check_tokens (t, "hé你", 0, (lm_token[]) { spm ("h"), 0, spm ("你"), END });
  vocab_close (&vocabulary);
}

static void
test_bpe (void)
{
  vocab vocabulary = { 0 };
  const lm_tokenizer *t;

  vocab_make_bpe (&vocabulary.bytes, "gpt-2");
  t = vocab_open_bytes (&vocabulary, NULL);
  CHECK (t != NULL, "the vocabulary does not open");
  if (t != NULL) {
    lm_token ll = lm_tokenizer_find (t, "ll", 2);
    lm_token space_h = lm_tokenizer_find (t, "Ġh", 3);
    lm_token hello = lm_tokenizer_find (t, "hello", 5);
    lm_token l = lm_tokenizer_find (t, "l", 1);

    /* By rank: "l l" before "Ġ h" before nothing that joins them. */
    check_tokens (t, "hello", 0, (lm_token[]) { hello, END });
    check_tokens (t, "lllll", 0, (lm_token[]) { ll, ll, l, END });
    check_tokens (t, " hll", 0, (lm_token[]) { space_h, ll, END });
    check_tokens (t, "123", 0, (lm_token[]) { lm_tokenizer_find (t, "123", 3), END });
  }
  vocab_close (&vocabulary);
}

/* A long word goes through the queue, a short one does not: they must agree. */
static void
test_long_words (void)
{
  vocab vocabulary = { 0 };
  const lm_tokenizer *t;
  char text[41 * 5 + 1] = "";

  vocab_make_bpe (&vocabulary.bytes, "gpt-2");
  t = vocab_open_bytes (&vocabulary, NULL);
  CHECK (t != NULL, "the vocabulary does not open");
  for (int i = 1; t != NULL && i <= 41; i++) {
    lm_token_list list;

    strcat (text, i % 2 == 0 ? "aaaaa" : "hello");
    list = encode (t, text, 0);
    /* "aaaaa" is aaaa + a, but two runs never meet. */
    CHECK (list.n == (size_t) (i / 2 * 2 + (i + 1) / 2), "%d words: %zu tokens", i, list.n);
    lm_token_list_clear (&list);
  }
  vocab_close (&vocabulary);
}

/* Encodes "AB" as two runs and compares with the whole. */
static void
check_runs (const lm_tokenizer *tokenizer,
            const char *first,
            bool first_is_markup,
            const char *second,
            bool second_is_markup,
            unsigned flags_of_whole,
            bool equals_whole)
{
  lm_text_run runs[] = { { strlen (first), first_is_markup },
                         { 0, !first_is_markup },
                         { strlen (second), second_is_markup } };
  lm_token_list list = { 0 };
  lm_token_list whole;
  char text[256];
  lm_status status;
  bool is_equal;

  snprintf (text, sizeof text, "%s%s", first, second);
  status =
      lm_tokenizer_encode_runs (tokenizer, text, strlen (text), runs, COUNT (runs), 0, &list, NULL);
  whole = encode (tokenizer, text, flags_of_whole);
  is_equal = list.n == whole.n && whole.n > 0 &&
             memcmp (list.tokens, whole.tokens, list.n * sizeof (lm_token)) == 0;
  CHECK (status == LM_OK && is_equal == equals_whole, "\"%s\" + \"%s\"", first, second);
  lm_token_list_clear (&list);
  lm_token_list_clear (&whole);
}

static void
test_runs (void)
{
  const unsigned parse = LM_TOKENIZE_PARSE_SPECIAL;
  vocab vocabulary = { 0 };
  const lm_tokenizer *t;

  vocab_make_bpe (&vocabulary.bytes, "qwen2");
  t = vocab_open_bytes (&vocabulary, NULL);
  CHECK (t != NULL, "the vocabulary does not open");
  if (t != NULL) {
    check_runs (t, "<|im_start|>user\n", true, "\n\nhi", false, parse, true);
    check_runs (t, "hel", true, "lo", false, 0, true);
    check_runs (t, "hel", false, "lo", true, 0, true);
    check_runs (t, "<|im_st", false, "art|>", false, 0, true);
    check_runs (t, "<|im_end|", true, ">", false, parse, false);
    check_runs (t, "<|im_e", true, "nd|>", true, parse, true);
    check_runs (t, "<", false, "|im_end|>", true, 0, true);
    check_runs (t, "<|im_end|>", false, "<|im_end|>", false, 0, true);
    check_runs (t, "<|im_end|>", false, "<|im_end|>", true, parse, false);
    check_runs (t, "<|im_end|>", false, "<|im_end|>", true, 0, false);
    check_runs (t, "", false, "<|im_end|>", true, parse, true);
    check_runs (t, "<tool>", false, "hello", true, 0, true);
  }
  vocab_close (&vocabulary);
}

static void
test_typed_control_tokens (void)
{
  const unsigned parse = LM_TOKENIZE_PARSE_SPECIAL;
  vocab vocabulary = { 0 };
  const lm_tokenizer *t;
  lm_token_list list;
  lm_token end;

  vocab_make_bpe (&vocabulary.bytes, "gpt-2");
  t = vocab_open_bytes (&vocabulary, NULL);
  CHECK (t != NULL, "the vocabulary does not open");
  if (t != NULL) {
    end = lm_tokenizer_find (t, "<|im_end|>", 10);
    CHECK (lm_tokenizer_is_control (t, end), "<|im_end|> is no control token");
    list = encode (t, "a<|im_end|>b", LM_TOKENIZE_ADD_SPECIAL);
    CHECK (list.n == 12, "%zu tokens", list.n);
    for (size_t i = 0; i < list.n; i++)
      CHECK (!lm_tokenizer_is_control (t, list.tokens[i]), "token %zu", i);
    lm_token_list_clear (&list);
    list = encode (t, "a<|im_end|>b", parse);
    CHECK (list.n == 3 && list.tokens[1] == end, "%zu tokens", list.n);
    lm_token_list_clear (&list);
  }
  vocab_close (&vocabulary);
}

/* The longest special token wins wherever it stands, and user-defined ones are always parsed. */
static void
test_special_order (void)
{
  const unsigned parse = LM_TOKENIZE_PARSE_SPECIAL;
  vocab vocabulary = { 0 };
  const lm_tokenizer *t;

  vocab_make_bpe (&vocabulary.bytes, "gpt-2");
  t = vocab_open_bytes (&vocabulary, NULL);
  CHECK (t != NULL, "the vocabulary does not open");
  if (t != NULL) {
    lm_token tool = lm_tokenizer_find (t, "<tool>", 6);
    lm_token tool2 = lm_tokenizer_find (t, "<tool>>", 7);
    lm_token start = lm_tokenizer_find (t, "<|im_start|>", 12);
    lm_token im = lm_tokenizer_find (t, "<|im", 4);
    lm_token underscore = lm_tokenizer_find (t, "_", 1);

    check_tokens (t, "<tool><tool>>", 0, (lm_token[]) { tool, tool2, END });
    check_tokens (t, "<|im<|im_start|>", parse, (lm_token[]) { im, start, END });
    check_tokens (t, "<|im_<|im_start|>", parse, (lm_token[]) { im, underscore, start, END });
    check_tokens (t, "<|im_start|><|im", parse, (lm_token[]) { start, im, END });
  }
  vocab_close (&vocabulary);
}

static void
test_properties (void)
{
  vocab vocabulary = { 0 };
  const lm_tokenizer *t;
  size_t length;

  vocab_make_bpe (&vocabulary.bytes, "gpt-2");
  t = vocab_open_bytes (&vocabulary, NULL);
  CHECK (t != NULL, "the vocabulary does not open");
  if (t != NULL) {
    lm_token end = lm_tokenizer_find (t, "<|im_end|>", 10);
    int32_t n = (int32_t) lm_tokenizer_get_n_vocab (t);
    const char *bytes;

    CHECK (n == 273, "%d tokens", n);
    CHECK (lm_tokenizer_get_bos (t) == LM_TOKEN_NONE, "%d", lm_tokenizer_get_bos (t));
    CHECK (lm_tokenizer_get_eos (t) == end, "%d", lm_tokenizer_get_eos (t));
    CHECK (lm_tokenizer_get_eot (t) == end, "%d", lm_tokenizer_get_eot (t));
    CHECK (lm_tokenizer_get_bytes_used (t) > 273 * 13, "too little memory");
    bytes = lm_tokenizer_get_bytes (t, end, &length);
    CHECK (length == 10 && memcmp (bytes, "<|im_end|>", 10) == 0, "%zu", length);
    bytes = lm_tokenizer_get_bytes (t, lm_tokenizer_find (t, "Ġh", 3), &length);
    CHECK (length == 2 && memcmp (bytes, " h", 2) == 0, "%zu", length);
    for (int i = 0; i < 256; i++) {
      bytes = lm_tokenizer_get_bytes (t, i, &length);
      CHECK (length == 1 && (unsigned char) bytes[0] == i, "byte %d", i);
    }
    bytes = lm_tokenizer_get_bytes (t, n, &length);
    CHECK (bytes != NULL && length == 0, "%zu", length);
    bytes = lm_tokenizer_get_bytes (t, -1, &length);
    CHECK (bytes != NULL && length == 0, "%zu", length);
    CHECK (!lm_tokenizer_is_control (t, n) && !lm_tokenizer_is_control (t, -1), "out of range");
    CHECK (lm_tokenizer_find (t, "<|im_end|", 9) == LM_TOKEN_NONE, "found what is not there");
    CHECK (lm_tokenizer_find (t, "", 0) == LM_TOKEN_NONE, "found nothing");
  }
  vocab_close (&vocabulary);
}

/* One damage: entries added to a small vocabulary, or put in the place of its own. */
typedef struct {
  const char *what;
  const char *key;   /* the entry to replace or add */
  const char *value; /* text; or NULL: number, or with n_texts an array */
  int64_t number;    /* −1: the entry is left out */
  const char *texts[4];
  size_t n_texts;
  const char *subject; /* of the error; NULL: the vocabulary opens */
} damage;

/* What make gives, with one entry replaced. */
static void
make_damaged (writer *w, const lm_gguf *gguf, const damage *d)
{
  uint64_t n = 0;

  writer_header (w, 3, 0, 0);
  for (size_t i = 0; i < gguf->n_entries; i++) {
    if (strcmp (gguf->entries[i].key, d->key) == 0)
      continue;
    vocab_copy_entry (w, &gguf->entries[i]);
    n++;
  }
  if (d->n_texts > 0) {
    writer_entry_array (w, d->key, LM_VALUE_STRING, d->n_texts);
    for (size_t i = 0; i < d->n_texts; i++)
      writer_string (w, d->texts[i]);
    n++;
  } else if (d->value != NULL) {
    writer_entry_string (w, d->key, d->value);
    n++;
  } else if (d->number >= 0) {
    writer_entry_u32 (w, d->key, (uint32_t) d->number);
    n++;
  }
  writer_set_u64 (w, N_ENTRIES_POSITION, n);
  writer_pad (w, 32);
}

static void
check_damage (const writer *good, const damage *d)
{
  lm_gguf *gguf = lm_gguf_open_memory (good->data, good->size, true, NULL);
  vocab vocabulary = { 0 };
  lm_error error = { 0 };

  make_damaged (&vocabulary.bytes, gguf, d);
  vocab_open_bytes (&vocabulary, &error);
  if (d->subject == NULL) {
    CHECK (vocabulary.tokenizer != NULL, "%s: %s (%s)", d->what, error.message, error.subject);
  } else {
    CHECK (vocabulary.tokenizer == NULL, "%s: opened", d->what);
    CHECK (error.code == LM_ERROR_TOKENIZER && strcmp (error.subject, d->subject) == 0,
           "%s: %d, %s (%s)", d->what, error.code, error.message, error.subject);
    CHECK (error.message[0] != '\0', "%s: no message", d->what);
  }
  vocab_close (&vocabulary);
  lm_gguf_close (gguf);
}

static void
test_damaged_bpe (void)
{
  static const damage damages[] = {
    { "as it is", "x", "y", -1, { 0 }, 0, NULL },
    { "no model", KEY "model", NULL, -1, { 0 }, 0, KEY "model" },
    { "unknown model", KEY "model", "bert", -1, { 0 }, 0, "bert" },
    { "unknown pre-tokenizer", KEY "pre", "klingon", -1, { 0 }, 0, "klingon" },
    { "no pre-tokenizer", KEY "pre", NULL, -1, { 0 }, 0, NULL },
    { "a number as pre-tokenizer", KEY "pre", NULL, 3, { 0 }, 0, KEY "pre" },
    { "no tokens", KEY "tokens", NULL, -1, { 0 }, 0, KEY "tokens" },
    { "tokens are no list", KEY "tokens", "a", -1, { 0 }, 0, KEY "tokens" },
    { "no merges", KEY "merges", NULL, -1, { 0 }, 0, KEY "merges" },
    { "merges are no texts", KEY "merges", NULL, 7, { 0 }, 0, KEY "merges" },
    { "merge of an unknown token", KEY "merges", NULL, -1, { "l l", "l zz" }, 2, NULL },
    { "merge to an unknown token", KEY "merges", NULL, -1, { "l l", "z z" }, 2, NULL },
    { "merge without a space", KEY "merges", NULL, -1, { "ll" }, 1, "ll" },
    { "merge without a left part", KEY "merges", NULL, -1, { " l" }, 1, " l" },
    { "merge without a right part", KEY "merges", NULL, -1, { "ll " }, 1, "ll " },
    { "empty merge", KEY "merges", NULL, -1, { "" }, 1, "" },
    { "the same merge twice", KEY "merges", NULL, -1, { "l l", "l l" }, 2, NULL },
    { "types are no list", KEY "token_type", NULL, 1, { 0 }, 0, KEY "token_type" },
    { "types are texts", KEY "token_type", NULL, 1, { "1", "1" }, 2, KEY "token_type" },
    { "no types", KEY "token_type", NULL, -1, { 0 }, 0, NULL },
    { "scores are texts", KEY "scores", NULL, 1, { "1", "1" }, 2, KEY "scores" },
    { "EOS out of range", KEY "eos_token_id", NULL, 273, { 0 }, 0, KEY "eos_token_id" },
    { "BOS out of range", KEY "bos_token_id", NULL, 0xffffffff, { 0 }, 0, KEY "bos_token_id" },
    { "EOT out of range", KEY "eot_token_id", NULL, 100000, { 0 }, 0, KEY "eot_token_id" },
    { "EOS is text", KEY "eos_token_id", "2", -1, { 0 }, 0, KEY "eos_token_id" },
    { "too few tokens", KEY "tokens", NULL, -1, { "a", "b" }, 2, KEY "eos_token_id" },
    { "the same token twice", KEY "tokens", NULL, -1, { "a", "b", "a" }, 3, "a" },
  };
  writer good = { 0 };

  vocab_make_bpe (&good, "qwen2");
  for (size_t i = 0; i < COUNT (damages); i++)
    check_damage (&good, &damages[i]);
  writer_clear (&good);
}

static void
test_damaged_spm (void)
{
  static const damage damages[] = {
    { "as it is", "x", "y", -1, { 0 }, 0, NULL },
    { "no scores", KEY "scores", NULL, -1, { 0 }, 0, NULL },
    { "scores are no list", KEY "scores", NULL, 1, { 0 }, 0, KEY "scores" },
    { "unknown out of range", KEY "unknown_token_id", NULL, 274, { 0 }, 0, KEY "unknown_token_id" },
    { "no types", KEY "token_type", NULL, -1, { 0 }, 0, NULL },
    { "a byte token that is none",
      KEY "tokens",
      NULL,
      -1,
      { "<unk>", "<s>", "</s>", "x" },
      4,
      "x" },
  };
  writer good = { 0 };

  vocab_make_spm (&good, false, true);
  for (size_t i = 0; i < COUNT (damages); i++)
    check_damage (&good, &damages[i]);
  writer_clear (&good);
}

/* Lists of numbers: too short, not a number, and a BOS to add that there is none of. */
static void
test_damaged_lists (void)
{
  static const float not_a_number = NAN;
  vocab vocabulary = { 0 };
  lm_error error = { 0 };
  uint32_t bits;

  for (uint32_t n_types = 0; n_types < 2; n_types++) {
    writer_header (&vocabulary.bytes, 3, 0, 3);
    writer_entry_string (&vocabulary.bytes, KEY "model", "llama");
    writer_entry_array (&vocabulary.bytes, KEY "tokens", LM_VALUE_STRING, 2);
    writer_string (&vocabulary.bytes, "a");
    writer_string (&vocabulary.bytes, "b");
    writer_entry_array (&vocabulary.bytes, KEY "token_type", LM_VALUE_I32, n_types);
    for (uint32_t i = 0; i < n_types; i++)
      writer_u32 (&vocabulary.bytes, 1);
    CHECK (vocab_open_bytes (&vocabulary, &error) == NULL, "%u types of 2", n_types);
    CHECK (error.code == LM_ERROR_TOKENIZER, "%d", error.code);
    vocab_close (&vocabulary);
  }

  writer_header (&vocabulary.bytes, 3, 0, 2);
  writer_entry_string (&vocabulary.bytes, KEY "model", "llama");
  writer_entry_array (&vocabulary.bytes, KEY "tokens", LM_VALUE_STRING, 0);
  CHECK (vocab_open_bytes (&vocabulary, &error) == NULL, "no tokens");
  CHECK (strcmp (error.subject, KEY "tokens") == 0, "%s", error.subject);
  vocab_close (&vocabulary);

  memcpy (&bits, &not_a_number, sizeof bits);
  writer_header (&vocabulary.bytes, 3, 0, 3);
  writer_entry_string (&vocabulary.bytes, KEY "model", "llama");
  writer_entry_array (&vocabulary.bytes, KEY "tokens", LM_VALUE_STRING, 1);
  writer_string (&vocabulary.bytes, "a");
  writer_entry_array (&vocabulary.bytes, KEY "scores", LM_VALUE_F32, 1);
  writer_u32 (&vocabulary.bytes, bits);
  CHECK (vocab_open_bytes (&vocabulary, &error) == NULL, "a score that is not a number");
  CHECK (strcmp (error.subject, KEY "scores") == 0, "%s", error.subject);
  vocab_close (&vocabulary);

  writer_header (&vocabulary.bytes, 3, 0, 3);
  writer_entry_string (&vocabulary.bytes, KEY "model", "llama");
  writer_entry_array (&vocabulary.bytes, KEY "tokens", LM_VALUE_STRING, 1);
  writer_string (&vocabulary.bytes, "a");
  writer_entry_bool (&vocabulary.bytes, KEY "add_bos_token", true);
  CHECK (vocab_open_bytes (&vocabulary, &error) == NULL, "BOS to be added, but there is none");
  CHECK (strcmp (error.subject, KEY "bos_token_id") == 0, "%s", error.subject);
  vocab_close (&vocabulary);
}

int
main (void)
{
  static const check_test tests[] = {
    { "SPM merges by score", test_spm },
    { "SPM without a space prefix, and without bytes", test_spm_variants },
    { "BPE merges by rank", test_bpe },
    { "long words are merged as short ones are", test_long_words },
    { "tokens span runs, control tokens do not", test_runs },
    { "typed control tokens stay text", test_typed_control_tokens },
    { "the longest special token wins", test_special_order },
    { "what a tokenizer says of itself", test_properties },
    { "damaged BPE vocabularies are refused", test_damaged_bpe },
    { "damaged SPM vocabularies are refused", test_damaged_spm },
    { "lists that do not fit together are refused", test_damaged_lists },
  };

  return check_main (tests, COUNT (tests));
}
