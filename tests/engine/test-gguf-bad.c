/* SPDX-License-Identifier: GPL-3.0-or-later
 * Reading bad GGUF files: truncated, corrupted, absurd, hostile. Each is an ordinary error. */
#include "check.h"
#include "gguf-sample.h"
#include "gguf/gguf.h"

/* Reads all that the directory promises, so that a sanitizer sees what lies outside. */
static unsigned
read_everything (const lm_gguf *gguf)
{
  unsigned sum = 0;
  char text[128];

  for (size_t i = 0; i < gguf->n_entries; i++) {
    const lm_gguf_entry *entry = &gguf->entries[i];

    sum += lm_gguf_find (gguf, entry->key) == entry;
    for (uint64_t j = 0; j < entry->n_elements; j++)
      sum += (unsigned) lm_gguf_entry_format (entry, j, text, sizeof text);
  }
  for (size_t i = 0; i < gguf->n_tensors; i++) {
    const lm_gguf_tensor *tensor = &gguf->tensors[i];

    sum += lm_gguf_find_tensor (gguf, tensor->name) == tensor;
    for (uint64_t j = 0; j < tensor->bytes; j++)
      sum += ((const unsigned char *) tensor->data)[j];
  }
  return sum;
}

/* Opens a copy of exactly size bytes. */
static lm_gguf *
open_copy (const unsigned char *data, size_t size, void **copy, lm_error *error)
{
  *copy = malloc (size > 0 ? size : 1);
  if (*copy == NULL)
    abort ();
  memcpy (*copy, data, size);
  *error = (lm_error) { 0 };
  return lm_gguf_open_memory (*copy, size, true, error);
}

static void
check_error (const unsigned char *data, size_t size, lm_status code, const char *what)
{
  void *copy;
  lm_error error;
  lm_gguf *gguf = open_copy (data, size, &copy, &error);

  CHECK (gguf == NULL, "%s was accepted", what);
  CHECK (gguf != NULL || (error.code == code && error.message[0] != '\0'),
         "%s: error %d, subject ‘%s’, ‘%s’", what, error.code, error.subject, error.message);
  CHECK (lm_gguf_open_memory (copy, size, true, NULL) == NULL, "%s, no error wanted", what);
  lm_gguf_close (gguf);
  free (copy);
}

/* The sample with a change, which the caller makes at a place in it. */
static void
check_spoilt (sample *s, lm_status code, const char *what)
{
  check_error (s->bytes.data, s->bytes.size, code, what);
  writer_clear (&s->bytes);
}

static sample
make_small (void)
{
  return sample_make (&(sample_options) { .is_small = true });
}

static void
put_u32 (sample *s, size_t position, uint32_t value)
{
  memcpy (s->bytes.data + position, &value, sizeof value);
}

static void
test_truncated (void)
{
  for (uint32_t alignment = 8; alignment <= 64; alignment *= 2) {
    sample s = sample_make (&(sample_options) { .alignment = alignment });
    void *copy;
    lm_error error;
    lm_gguf *gguf;

    for (size_t size = 0; size < s.data_end; size++) {
      char what[64];

      snprintf (what, sizeof what, "%zu of %zu bytes", size, s.data_end);
      check_error (s.bytes.data, size, LM_ERROR_TRUNCATED, what);
    }
    /* The padding at the end is not needed. */
    gguf = open_copy (s.bytes.data, s.data_end, &copy, &error);
    CHECK (gguf != NULL, "%s", error.message);
    lm_gguf_close (gguf);
    free (copy);
    writer_clear (&s.bytes);
  }
}

/* In the data the number of bytes that are missing is known. */
static void
test_truncated_number (void)
{
  sample s = make_small ();

  for (size_t missing = 1; missing <= 16; missing++) {
    void *copy;
    lm_error error;
    lm_gguf *gguf = open_copy (s.bytes.data, s.data_end - missing, &copy, &error);

    CHECK (gguf == NULL && error.number == (int64_t) missing &&
               strcmp (error.subject, "f16.0") == 0,
           "%lld bytes are missing from ‘%s’", (long long) error.number, error.subject);
    lm_gguf_close (gguf);
    free (copy);
  }
  writer_clear (&s.bytes);
}

/* A real model, cut at many places. */
static void
test_truncated_model (void)
{
  const char *path = getenv ("LINNET_DEMO_MODEL");
  FILE *file = path == NULL ? NULL : fopen (path, "rb");
  enum { head = 1 << 18 };
  unsigned char *data = malloc (head);
  size_t size;

  if (file == NULL || data == NULL) {
    check_skip ("LINNET_DEMO_MODEL is not there");
    free (data);
    return;
  }
  size = fread (data, 1, head, file);
  fclose (file);
  CHECK (size == head, "the model is too small");
  for (size_t cut = 0; cut < size; cut += cut < 2000 ? 1 : 997) {
    char what[64];

    snprintf (what, sizeof what, "%zu bytes of the model", cut);
    check_error (data, cut, LM_ERROR_TRUNCATED, what);
  }
  free (data);
}

/* One byte changed anywhere: an error or a file that can be read, and nothing else. */
static void
test_corrupted (void)
{
  static const unsigned char masks[] = { 0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80,
                                         0xff, 0x7f, 0x03, 0x0f, 0xf0, 0x33, 0x55, 0xaa };
  sample s = sample_make (&(sample_options) { .alignment = 32 });
  unsigned n_accepted = 0;
  unsigned n_refused = 0;

  for (size_t i = 0; i < s.data; i++) {
    for (size_t j = 0; j < sizeof masks; j++) {
      void *copy;
      lm_error error;
      lm_gguf *gguf;

      s.bytes.data[i] ^= masks[j];
      gguf = open_copy (s.bytes.data, s.bytes.size, &copy, &error);
      s.bytes.data[i] ^= masks[j];
      if (gguf != NULL) {
        n_accepted += read_everything (gguf) > 0;
      } else {
        n_refused++;
        CHECK (error.code != LM_OK && error.message[0] != '\0', "byte %zu, mask %02x: no error", i,
               masks[j]);
        CHECK (error.code != LM_ERROR_MEMORY, "byte %zu, mask %02x: too much memory", i, masks[j]);
      }
      lm_gguf_close (gguf);
      free (copy);
    }
  }
  CHECK (n_accepted > 100 && n_refused > 1000, "%u accepted, %u refused", n_accepted, n_refused);
  writer_clear (&s.bytes);
}

static void
test_header (void)
{
  static const uint32_t versions[] = { 0, 1, 4, 0xffffffff };
  sample s = make_small ();

  s.bytes.data[0] = 'g';
  check_spoilt (&s, LM_ERROR_FORMAT, "another magic");
  for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
    s = make_small ();
    put_u32 (&s, 4, versions[i]);
    check_spoilt (&s, LM_ERROR_FORMAT, "another version");
  }
}

static void
test_big_endian (void)
{
  sample s = make_small ();
  lm_error error = { 0 };

  put_u32 (&s, 4, 0x03000000);
  CHECK (lm_gguf_open_memory (s.bytes.data, s.bytes.size, true, &error) == NULL &&
             error.code == LM_ERROR_FORMAT && strcmp (error.subject, "big-endian") == 0 &&
             strstr (error.message, "big-endian") != NULL,
         "%s", error.message);
  writer_clear (&s.bytes);
}

static void
test_huge_counts (void)
{
  static const struct {
    uint64_t count;
    lm_status code;
  } counts[] = {
    { 1000, LM_ERROR_TRUNCATED },
    { (uint64_t) 1 << 34, LM_ERROR_TRUNCATED },
    { (uint64_t) 1 << 41, LM_ERROR_FORMAT },
    { (uint64_t) 1 << 61, LM_ERROR_FORMAT },
    { UINT64_MAX, LM_ERROR_FORMAT },
  };

  for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
    sample s = make_small ();

    writer_set_u64 (&s.bytes, 8, counts[i].count);
    check_spoilt (&s, counts[i].code, "so many tensors");
    s = make_small ();
    writer_set_u64 (&s.bytes, 16, counts[i].count);
    check_spoilt (&s, counts[i].code, "so many entries");
    s = make_small ();
    writer_set_u64 (&s.bytes, s.dims - 5 - 8, counts[i].count);
    check_spoilt (&s, counts[i].code, "so long a tensor's name");
    s = make_small ();
    writer_set_u64 (&s.bytes, s.entries, counts[i].count);
    check_spoilt (&s, counts[i].code, "so long a key");
    s = make_small ();
    writer_set_u64 (&s.bytes, s.entries + 8 + 20 + 4, counts[i].count);
    check_spoilt (&s, counts[i].code, "so long a string");
  }
}

/* The file with one entry, whose value is an array of n elements without any bytes. */
static void
check_array (uint32_t type, uint64_t n, lm_status code, const char *what)
{
  writer w = { 0 };

  writer_header (&w, 3, 0, 1);
  writer_entry_array (&w, "key", type, n);
  check_error (w.data, w.size, code, what);
  writer_clear (&w);
}

static void
test_arrays (void)
{
  writer w = { 0 };

  check_array (LM_VALUE_U8, 1, LM_ERROR_TRUNCATED, "an array without its element");
  check_array (LM_VALUE_U64, (uint64_t) 1 << 61, LM_ERROR_FORMAT, "2^61 numbers of 8 bytes");
  check_array (LM_VALUE_U64, UINT64_MAX, LM_ERROR_FORMAT, "2^64 − 1 numbers");
  check_array (LM_VALUE_STRING, (uint64_t) 1 << 32, LM_ERROR_TRUNCATED, "2^32 strings");
  check_array (LM_VALUE_STRING, (uint64_t) 1 << 61, LM_ERROR_FORMAT, "2^61 strings");
  check_array (LM_VALUE_ARRAY, 1, LM_ERROR_FORMAT, "an array of arrays");
  check_array (LM_VALUE_F64 + 1, 0, LM_ERROR_FORMAT, "an array of an unknown type");
  writer_header (&w, 3, 0, 1);
  writer_string (&w, "key");
  writer_u32 (&w, 99);
  writer_u64 (&w, 0);
  check_error (w.data, w.size, LM_ERROR_FORMAT, "a value of an unknown type");
  writer_clear (&w);
}

static void
check_key (const char *first, const char *second, lm_status code)
{
  writer w = { 0 };

  writer_header (&w, 3, 0, 3);
  writer_entry_u32 (&w, first, 1);
  writer_entry_u32 (&w, "other", 1);
  writer_entry_u32 (&w, second, 1);
  check_error (w.data, w.size, code, second);
  writer_clear (&w);
}

static void
test_names (void)
{
  sample s = make_small ();

  check_key ("key", "key", LM_ERROR_FORMAT);
  check_key ("key", "", LM_ERROR_FORMAT);
  check_key ("a\xffz", "a\xfez", LM_ERROR_FORMAT); /* the same, made valid */
  /* "q8_0.0" and "f16.0", of which the second becomes "f32.0" */
  memcpy (s.bytes.data + s.offset + 8 + (8 + 6 + 4 + 16 + 4 + 8) + 8, "f32", 3);
  check_spoilt (&s, LM_ERROR_FORMAT, "two tensors of a name");
}

static void
test_shapes (void)
{
  static const uint64_t shapes[][2] = {
    { 0, 3 },
    { 4, 0 },
    { UINT64_MAX, 3 },
    { (uint64_t) 1 << 32, (uint64_t) 1 << 32 },
    { (uint64_t) 1 << 62, 2 },
    { (uint64_t) 1 << 61, 2 }, /* fits as a count, not as bytes */
  };
  sample s;

  for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
    s = make_small ();
    writer_set_u64 (&s.bytes, s.dims + 4, shapes[i][0]);
    writer_set_u64 (&s.bytes, s.dims + 12, shapes[i][1]);
    check_spoilt (&s, LM_ERROR_FORMAT, "an impossible shape");
  }
  s = make_small ();
  put_u32 (&s, s.dims, 0);
  check_spoilt (&s, LM_ERROR_FORMAT, "no dimension");
  s = make_small ();
  put_u32 (&s, s.dims, 5);
  check_spoilt (&s, LM_ERROR_FORMAT, "five dimensions");
  s = make_small ();
  put_u32 (&s, s.type, LM_TYPE_Q4_0); /* rows of 4 */
  check_spoilt (&s, LM_ERROR_FORMAT, "a row that is no whole block");
  s = make_small ();
  writer_set_u64 (&s.bytes, s.dims + 4, 1 << 20);
  check_spoilt (&s, LM_ERROR_TRUNCATED, "a tensor larger than the file");
}

static void
test_offsets (void)
{
  static const struct {
    uint64_t offset;
    lm_status code;
  } offsets[] = {
    { 1, LM_ERROR_FORMAT },
    { 16, LM_ERROR_FORMAT },
    { 1024, LM_ERROR_TRUNCATED },
    { (uint64_t) 1 << 62, LM_ERROR_TRUNCATED },
    { UINT64_MAX - 31, LM_ERROR_FORMAT }, /* aligned, and beyond 2^64 with where the data begin */
    { UINT64_MAX, LM_ERROR_FORMAT },
  };

  for (size_t i = 0; i < sizeof offsets / sizeof offsets[0]; i++) {
    sample s = make_small ();

    writer_set_u64 (&s.bytes, s.offset, offsets[i].offset);
    check_spoilt (&s, offsets[i].code, "a wrong position");
  }
}

static void
test_alignment (void)
{
  static const uint32_t alignments[] = { 1, 4, 24, 33, 1 << 21, 0x80000000, UINT32_MAX };
  writer w = { 0 };

  for (size_t i = 0; i < sizeof alignments / sizeof alignments[0]; i++) {
    writer_header (&w, 3, 0, 1);
    writer_entry_u32 (&w, "general.alignment", alignments[i]);
    check_error (w.data, w.size, LM_ERROR_FORMAT, "such an alignment");
    writer_clear (&w);
  }
  writer_header (&w, 3, 0, 1);
  writer_entry_u32 (&w, "general.alignment", 0);
  check_error (w.data, w.size, LM_ERROR_FORMAT, "an alignment of 0");
  writer_clear (&w);
  writer_header (&w, 3, 0, 1);
  writer_entry_string (&w, "general.alignment", "32");
  check_error (w.data, w.size, LM_ERROR_FORMAT, "an alignment that is a string");
  writer_clear (&w);
}

static void
test_unknown_type (void)
{
  static const uint32_t types[] = { 4, 5, 9, 15, 19, 29, 31, 39, UINT32_MAX };

  for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
    sample s = make_small ();
    lm_error error = { 0 };
    lm_gguf *gguf;

    put_u32 (&s, s.type, types[i]);
    gguf = lm_gguf_open_memory (s.bytes.data, s.bytes.size, true, &error);
    CHECK (gguf == NULL && error.code == LM_ERROR_TYPE && error.number == types[i] &&
               strcmp (error.subject, "f32.0") == 0 && error.message[0] != '\0',
           "type %u: error %d", types[i], error.code);
    lm_gguf_close (gguf);
    gguf = lm_gguf_open_memory (s.bytes.data, s.bytes.size, false, &error);
    CHECK (gguf != NULL && gguf->tensors[0].bytes == 0 && gguf->tensors[0].data == NULL &&
               gguf->tensors[0].type == types[i] && gguf->tensors[1].data != NULL,
           "type %u need not be known", types[i]);
    lm_gguf_close (gguf);
    writer_clear (&s.bytes);
  }
}

int
main (void)
{
  static const check_test tests[] = {
    { "truncated at every byte", test_truncated },
    { "the bytes that are missing are counted", test_truncated_number },
    { "a real model truncated at many bytes", test_truncated_model },
    { "every byte of the header corrupted", test_corrupted },
    { "magic and version", test_header },
    { "a big-endian file is named so", test_big_endian },
    { "huge counts and lengths", test_huge_counts },
    { "bad arrays and unknown values", test_arrays },
    { "duplicate and empty names", test_names },
    { "impossible shapes", test_shapes },
    { "impossible positions", test_offsets },
    { "impossible alignments", test_alignment },
    { "unknown tensor types", test_unknown_type },
  };

  return check_main (tests, sizeof tests / sizeof tests[0]);
}
