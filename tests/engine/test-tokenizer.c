/* SPDX-License-Identifier: GPL-3.0-or-later
 * Tokenizers on real vocabularies: agreement with llama.cpp on known texts, the round trip of any
 * bytes, hostile texts. */
#include <time.h>

#include "check.h"
#include "vocab.h"

#define MEGABYTE     ((size_t) 1 << 20)
#define COUNT(array) (sizeof (array) / sizeof (array)[0])

static const char *
get_folder (const char *variable)
{
  const char *value = getenv (variable);

  return value == NULL ? "" : value;
}

static void
get_registry_path (char *path, size_t size, const char *name, const char *suffix)
{
  snprintf (path, size, "%s/models/registry/ggml-vocab-%s.gguf%s", get_folder ("LINNET_SHARED"),
            name, suffix);
}

/* name: "demo" or one of the registry's; pre: NULL for the file's own. */
static bool
open_named (vocab *vocabulary, const char *name, const char *pre)
{
  lm_error error = { 0 };
  char path[1024];

  *vocabulary = (vocab) { 0 };
  if (strcmp (name, "demo") == 0)
    snprintf (path, sizeof path, "%s", get_folder ("LINNET_DEMO_MODEL"));
  else
    get_registry_path (path, sizeof path, name, "");
  vocab_open (vocabulary, path, pre, &error);
  CHECK (vocabulary->tokenizer != NULL, "%s: %s (%s)", path, error.message, error.subject);
  if (vocabulary->tokenizer == NULL)
    vocab_close (vocabulary);
  return vocabulary->tokenizer != NULL;
}

/* Whether the vocabularies of the registry are here; says so if not. */
static bool
have_registry (void)
{
  char path[1024];
  FILE *file;

  get_registry_path (path, sizeof path, "qwen2", "");
  file = fopen (path, "rb");
  if (file == NULL) {
    check_skip ("the vocabularies of $LINNET_SHARED/models/registry are not here");
    return false;
  }
  fclose (file);
  return true;
}

/* The whole file, terminated; NULL (and a failure) if it cannot be read. */
static char *
read_file (const char *path, size_t *length)
{
  FILE *file = fopen (path, "rb");
  char *text = NULL;
  size_t n = 0;

  CHECK (file != NULL, "cannot open %s", path);
  if (file == NULL)
    return NULL;
  do {
    text = realloc (text, n + 65536 + 1);
    *length = fread (text + n, 1, 65536, file);
    n += *length;
  } while (*length > 0);
  fclose (file);
  text[n] = '\0';
  *length = n;
  return text;
}

static lm_token_list
encode (const vocab *vocabulary, const char *text, size_t length, unsigned flags)
{
  lm_token_list list = { 0 };
  lm_error error = { 0 };
  lm_status status =
      lm_tokenizer_encode (vocabulary->tokenizer, text, length, flags, &list, &error);

  CHECK (status == LM_OK, "%s", error.message);
  return list;
}

/* Compares list with the ids in a line such as "12 34"; clears list. */
static void
check_ids (lm_token_list *list, const char *ids, const char *where, size_t index)
{
  bool is_equal = true;
  size_t n = 0;
  char *end;

  for (;; n++) {
    long id = strtol (ids, &end, 10);

    if (end == ids)
      break;
    ids = end;
    is_equal = is_equal && n < list->n && list->tokens[n] == id;
  }
  CHECK (is_equal && n == list->n, "%s, case %zu: %zu tokens, expected %zu", where, index + 1,
         list->n, n);
  lm_token_list_clear (list);
}

/* Cuts text at the next separator; NULL after the last part. */
static char *
next_part (char **text, const char *separator, size_t *length)
{
  char *part = *text;
  char *end;

  if (part == NULL)
    return NULL;
  end = strstr (part, separator);
  *length = end == NULL ? strlen (part) : (size_t) (end - part);
  part[*length] = '\0';
  *text = end == NULL ? NULL : end + strlen (separator);
  return part;
}

/* The texts and ids that come with llama.cpp's vocabularies. */
static void
test_vectors (void)
{
  static const char *const names[] = { "qwen2", "llama-bpe", "llama-spm" };

  if (!have_registry ())
    return;
  for (size_t i = 0; i < COUNT (names); i++) {
    char path[1024];
    size_t length, n_cases = 0;
    char *texts, *ids, *next_text, *next_ids, *text, *line;
    vocab vocabulary;

    get_registry_path (path, sizeof path, names[i], ".inp");
    texts = next_text = read_file (path, &length);
    get_registry_path (path, sizeof path, names[i], ".out");
    ids = next_ids = read_file (path, &length);
    if (texts != NULL && ids != NULL && open_named (&vocabulary, names[i], NULL)) {
      while ((text = next_part (&next_text, "\n__ggml_vocab_test__\n", &length)) != NULL) {
        lm_token_list list = encode (&vocabulary, text, length, 0);

        line = next_part (&next_ids, "\n", &length);
        check_ids (&list, line == NULL ? "?" : line, names[i], n_cases++);
      }
      CHECK (n_cases == 47, "%s: %zu cases", names[i], n_cases);
      vocab_close (&vocabulary);
    }
    free (texts);
    free (ids);
  }
}

static size_t
put_utf8 (unsigned long character, char *text)
{
  if (character < 0x80) {
    text[0] = (char) character;
    return 1;
  }
  if (character < 0x800) {
    text[0] = (char) (0xc0 | character >> 6);
    text[1] = (char) (0x80 | (character & 0x3f));
    return 2;
  }
  if (character < 0x10000) {
    text[0] = (char) (0xe0 | character >> 12);
    text[1] = (char) (0x80 | (character >> 6 & 0x3f));
    text[2] = (char) (0x80 | (character & 0x3f));
    return 3;
  }
  text[0] = (char) (0xf0 | character >> 18);
  text[1] = (char) (0x80 | (character >> 12 & 0x3f));
  text[2] = (char) (0x80 | (character >> 6 & 0x3f));
  text[3] = (char) (0x80 | (character & 0x3f));
  return 4;
}

/* In place: \n, \r, \t, \\, \uXXXX and \u{X…}. Returns the length. */
static size_t
unescape (char *text)
{
  size_t n = 0;

  for (char *in = text; *in != '\0'; in++) {
    if (*in != '\\') {
      text[n++] = *in;
    } else if (*++in == 'u' && in[1] == '{') {
      char *end;

      n += put_utf8 (strtoul (in + 2, &end, 16), text + n);
      in = end;
    } else if (*in == 'u') {
      char digits[5] = { in[1], in[2], in[3], in[4] };

      n += put_utf8 (strtoul (digits, NULL, 16), text + n);
      in += 4;
    } else {
      text[n++] = *in == 'n' ? '\n' : *in == 'r' ? '\r' : *in == 't' ? '\t' : *in;
    }
  }
  return n;
}

/* The ids that tests/data/tokenizer/make-ids.py had from llama.cpp. pre: NULL: the file's own. */
static void
check_golden (const char *name, const char *pre, const char *ids_name)
{
  char path[1024];
  size_t length, n_lines = 0, n_specials = 0;
  char *lines, *specials, *ids, *next_line, *next_special, *next_ids, *line;
  vocab vocabulary;

  if (!open_named (&vocabulary, name, pre))
    return;
  snprintf (path, sizeof path, "%s/tokenizer/lines.txt", get_folder ("LINNET_TEST_DATA"));
  lines = next_line = read_file (path, &length);
  snprintf (path, sizeof path, "%s/tokenizer/specials.txt", get_folder ("LINNET_TEST_DATA"));
  specials = next_special = read_file (path, &length);
  snprintf (path, sizeof path, "%s/tokenizer/%s.%s.ids", get_folder ("LINNET_TEST_DATA"), name,
            ids_name);
  ids = next_ids = read_file (path, &length);
  while (ids != NULL && (line = next_part (&next_line, "\n", &length)) != NULL && *line != '\0') {
    const char *expected = next_part (&next_ids, "\n", &length);
    size_t n = unescape (line);
    lm_token_list list = encode (&vocabulary, line, n, 0);

    check_ids (&list, expected, path, n_lines++);
    list = encode (&vocabulary, line, n, LM_TOKENIZE_PARSE_SPECIAL);
    check_ids (&list, expected, path, n_lines - 1);
  }
  while (ids != NULL && (line = next_part (&next_special, "\n", &length)) != NULL &&
         *line != '\0') {
    size_t n = unescape (line);
    lm_token_list list = encode (&vocabulary, line, n, LM_TOKENIZE_PARSE_SPECIAL);

    check_ids (&list, next_part (&next_ids, "\n", &length), path, n_lines + n_specials++);
    list = encode (&vocabulary, line, n, 0);
    check_ids (&list, next_part (&next_ids, "\n", &length), path, n_lines + n_specials++);
  }
  CHECK (n_lines == 112 && n_specials == 24, "%s: %zu, %zu cases", path, n_lines, n_specials);
  free (lines);
  free (specials);
  free (ids);
  vocab_close (&vocabulary);
}

static void
test_golden_demo (void)
{
  check_golden ("demo", NULL, "gpt-2");
  check_golden ("demo", "gpt-2", "gpt-2");
  check_golden ("demo", "smollm", "smollm");
  check_golden ("demo", "default", "default");
  check_golden ("demo", "qwen2", "qwen2");
  check_golden ("demo", "deepseek-r1-qwen", "deepseek-r1-qwen");
  check_golden ("demo", "llama-bpe", "llama-bpe");
  check_golden ("demo", "llama3", "llama-bpe");
  check_golden ("demo", "llama-v3", "llama-bpe");
}

static void
test_golden_registry (void)
{
  if (!have_registry ())
    return;
  check_golden ("qwen2", NULL, "qwen2");
  check_golden ("qwen2", "deepseek-r1-qwen", "deepseek-r1-qwen");
  check_golden ("qwen2", "smollm", "smollm");
  check_golden ("qwen2", "default", "default");
  check_golden ("gpt-2", NULL, "gpt-2");
  check_golden ("gpt-2", "smollm", "smollm");
  check_golden ("gpt-2", "default", "default");
  check_golden ("llama-bpe", NULL, "llama-bpe");
  check_golden ("llama-spm", NULL, "spm");
}

/* xorshift64*: the same numbers everywhere. */
static uint32_t
next_random (uint64_t *state)
{
  *state ^= *state >> 12;
  *state ^= *state << 25;
  *state ^= *state >> 27;
  return (uint32_t) (*state * 0x2545f4914f6cdd1du >> 32);
}

/* Bytes of several kinds: noise, characters of all planes, and bits of text where tokenizers have
 * special cases. Returns the length. */
static size_t
make_random_text (uint64_t *state, char *text, size_t capacity)
{
  static const char *const bits[] = {
    " ",    "  ",  "\n",   "\r\n", "\t",           "'s",         "'LL",   "12",  "1234",
    "the",  "ing", "你好", "，",   "<|im_start|>", "<|im_end|>", "</s>",  "<s>", "é",
    "😀",   "▁",   "<0x",  "\xff", "\xe4\xbd",     "\xf0\x9f",   "\xc2",  "((",  "=",
    "\xa0", "١",   "½",    "한",   "\xed\xa0\x80", "<tool>",     "hello", "",    "\\",
  };
  size_t wanted = next_random (state) % (capacity - 32);
  unsigned kind = next_random (state) % 3;
  size_t n = 0;

  while (n < wanted) {
    if (kind == 0) {
      text[n++] = (char) next_random (state);
    } else if (kind == 1) {
      n += put_utf8 (next_random (state) % (next_random (state) % 4 == 0 ? 0x110000 : 0x3000),
                     text + n);
    } else {
      const char *bit = bits[next_random (state) % COUNT (bits)];

      memcpy (text + n, bit, strlen (bit));
      n += strlen (bit);
    }
  }
  return n;
}

/* What SPM cannot keep: a text gets a space before it, and ▁ is a space. In place, room for one
 * more byte; returns the length. */
static size_t
normalise_for_spm (char *text, size_t length)
{
  size_t n = 1;

  if (length == 0)
    return 0;
  memmove (text + 1, text, length);
  text[0] = ' ';
  for (size_t i = 1; i <= length; i++) {
    if (length + 1 - i >= 3 && memcmp (text + i, "▁", 3) == 0) {
      text[n++] = ' ';
      i += 2;
    } else {
      text[n++] = text[i];
    }
  }
  return n;
}

static void
check_round_trip (const vocab *vocabulary, bool is_spm, int n_texts, const char *name)
{
  const char *given = getenv ("LINNET_TEST_SEED"); /* to have the same texts again */
  uint64_t seed = (given == NULL ? (uint64_t) time (NULL) : strtoull (given, NULL, 10)) | 1;
  char text[700];

  printf ("# %s: seed %llu\n", name, (unsigned long long) seed);
  for (int i = 0; i < n_texts; i++) {
    size_t length = make_random_text (&seed, text, sizeof text - 1);
    lm_token_list list = encode (vocabulary, text, length, 0);
    size_t decoded_length;
    char *decoded = vocab_decode (vocabulary->tokenizer, &list, &decoded_length);

    for (size_t j = 0; j < list.n; j++)
      CHECK (!lm_tokenizer_is_control (vocabulary->tokenizer, list.tokens[j]),
             "%s, text %d: control token %d", name, i, list.tokens[j]);
    if (is_spm)
      length = normalise_for_spm (text, length);
    CHECK (decoded_length == length && memcmp (decoded, text, length) == 0,
           "%s, text %d: %zu bytes became %zu", name, i, length, decoded_length);
    lm_token_list_clear (&list);
    free (decoded);
  }
}

static void
test_round_trip (void)
{
  static const char *const pres[] = { "gpt-2", "smollm", "default", "qwen2", "llama-bpe" };
  lm_error error = { 0 };
  vocab vocabulary;

  for (size_t i = 0; i < COUNT (pres); i++) {
    if (open_named (&vocabulary, "demo", pres[i])) {
      check_round_trip (&vocabulary, false, 1000, pres[i]);
      vocab_close (&vocabulary);
    }
  }
  vocabulary = (vocab) { 0 };
  vocab_make_bpe (&vocabulary.bytes, "qwen2");
  if (vocab_open_bytes (&vocabulary, &error) != NULL)
    check_round_trip (&vocabulary, false, 2000, "small BPE");
  CHECK (vocabulary.tokenizer != NULL, "%s", error.message);
  vocab_close (&vocabulary);
}

static void
test_round_trip_registry (void)
{
  static const char *const names[] = { "qwen2", "gpt-2", "llama-bpe", "llama-spm" };
  vocab vocabulary;

  if (!have_registry ())
    return;
  for (size_t i = 0; i < COUNT (names); i++) {
    if (open_named (&vocabulary, names[i], NULL)) {
      check_round_trip (&vocabulary, i == 3, 1000, names[i]);
      vocab_close (&vocabulary);
    }
  }
}

/* So many bytes of the same bit over and over. CPU seconds: about half a second a megabyte at the
 * most; time that grew with the square of the length would be hours. */
static void
check_hostile (
    const vocab *vocabulary, const char *name, const char *bit, size_t bit_length, size_t length)
{
  char *text = malloc (length);
  lm_token_list list;
  clock_t start;
  double seconds;

  if (text == NULL)
    abort ();
  for (size_t i = 0; i < length; i++)
    text[i] = bit[i % bit_length];
  start = clock ();
  list = encode (vocabulary, text, length, LM_TOKENIZE_PARSE_SPECIAL);
  seconds = (double) (clock () - start) / CLOCKS_PER_SEC;
  CHECK (seconds < 10, "%s, %zu bytes of \"%s\": %.1f s", name, length, bit, seconds);
  CHECK (list.n > 0, "%s: no tokens", name);
  lm_token_list_clear (&list);
  free (text);
}

static void
check_hostile_texts (const char *name, const char *pre)
{
  static const char *const megabytes[] = { "a", " ", "好", "\xff", "<|im_end|>" };
  static const char *const others[] = { "\n", " \n", "1", "ab", "<|im_end",   "\xe4\xbd",
                                        "'",  "\t",  "=", "1 ", "hello world" };
  vocab vocabulary;

  if (!open_named (&vocabulary, name, pre))
    return;
  for (size_t i = 0; i < COUNT (megabytes); i++)
    check_hostile (&vocabulary, name, megabytes[i], strlen (megabytes[i]), MEGABYTE);
  for (size_t i = 0; i < COUNT (others); i++)
    check_hostile (&vocabulary, name, others[i], strlen (others[i]), MEGABYTE / 8);
  check_hostile (&vocabulary, name, "\0", 1, MEGABYTE / 8);
  vocab_close (&vocabulary);
}

static void
test_hostile (void)
{
  check_hostile_texts ("demo", NULL);
  check_hostile_texts ("demo", "default");
}

static void
test_hostile_registry (void)
{
  if (!have_registry ())
    return;
  check_hostile_texts ("qwen2", NULL);
  check_hostile_texts ("llama-spm", NULL);
}

int
main (void)
{
  static const check_test tests[] = {
    { "the texts that come with llama.cpp's vocabularies", test_vectors },
    { "llama.cpp's ids with the demo model's vocabulary", test_golden_demo },
    { "llama.cpp's ids with well-known vocabularies", test_golden_registry },
    { "any bytes survive a round trip", test_round_trip },
    { "any bytes survive a round trip in well-known vocabularies", test_round_trip_registry },
    { "a hostile megabyte takes no longer than another", test_hostile },
    { "the same with well-known vocabularies", test_hostile_registry },
  };

  return check_main (tests, COUNT (tests));
}
