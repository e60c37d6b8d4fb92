/* SPDX-License-Identifier: GPL-3.0-or-later
 * Reading good GGUF files: both versions, every metadata type, alignment, split files. */
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "gguf-sample.h"
#include "gguf/gguf.h"

static lm_gguf *
open_sample (const sample *s)
{
  lm_error error = { 0 };
  lm_gguf *gguf = lm_gguf_open_memory (s->bytes.data, s->bytes.size, true, &error);

  CHECK (gguf != NULL, "%s", error.message);
  return gguf;
}

static void
check_tensors (const lm_gguf *gguf, uint32_t part, uint32_t alignment)
{
  char name[16];
  const lm_gguf_tensor *tensor;

  snprintf (name, sizeof name, "f32.%u", part);
  tensor = lm_gguf_find_tensor (gguf, name);
  CHECK (tensor != NULL, "%s is not there", name);
  if (tensor == NULL)
    return;
  CHECK (tensor->n_dims == 2 && tensor->shape[0] == 4 && tensor->shape[1] == 3 &&
             tensor->shape[2] == 1 && tensor->shape[3] == 1,
         "the shape of %s", name);
  CHECK (tensor->type == LM_TYPE_F32 && tensor->bytes == 48, "the size of %s", name);
  CHECK ((uintptr_t) tensor->data % alignment == 0, "the alignment of %s", name);
  for (int i = 0; i < 12; i++)
    CHECK (((const float *) tensor->data)[i] == (float) i, "value %d of %s", i, name);
  snprintf (name, sizeof name, "q8_0.%u", part);
  tensor = lm_gguf_find_tensor (gguf, name);
  CHECK (tensor != NULL && tensor->bytes == 4 * 34 && *(const char *) tensor->data == 0x3c, "%s",
         name);
  snprintf (name, sizeof name, "f16.%u", part);
  tensor = lm_gguf_find_tensor (gguf, name);
  CHECK (tensor != NULL && tensor->bytes == 16 && tensor->n_dims == 1, "%s", name);
}

static void
test_versions (void)
{
  for (uint32_t version = 2; version <= 3; version++) {
    sample s = sample_make (&(sample_options) { .version = version });
    lm_gguf *gguf = open_sample (&s);

    if (gguf != NULL) {
      CHECK (gguf->n_tensors == 3 && gguf->n_parts == 1 && gguf->n_entries == 25,
             "%zu tensors, %zu entries", gguf->n_tensors, gguf->n_entries);
      CHECK (gguf->file_bytes == s.bytes.size, "the size");
      check_tensors (gguf, 0, 4);
      CHECK (strcmp (gguf->tensors[2].name, "f16.0") == 0, "file order");
      CHECK (lm_gguf_find_tensor (gguf, "f32") == NULL && lm_gguf_find (gguf, "zzz") == NULL &&
                 lm_gguf_find (gguf, "") == NULL,
             "what is not there");
    }
    lm_gguf_close (gguf);
    writer_clear (&s.bytes);
  }
}

static void
check_text (
    const lm_gguf *gguf, const char *key, uint64_t index, const char *type, const char *expected)
{
  const lm_gguf_entry *entry = lm_gguf_find (gguf, key);
  char text[64];
  size_t length;

  CHECK (entry != NULL, "%s is not there", key);
  if (entry == NULL)
    return;
  length = lm_gguf_entry_format (entry, index, text, sizeof text);
  CHECK (strcmp (text, expected) == 0 && length == strlen (expected), "%s is ‘%s’", key, text);
  CHECK (strcmp (lm_gguf_entry_type_name (entry), type) == 0, "%s is of type %s", key,
         lm_gguf_entry_type_name (entry));
}

static void
test_format (void)
{
  sample s = sample_make (&(sample_options) { 0 });
  lm_gguf *gguf = open_sample (&s);
  char small[3] = "xx";

  if (gguf == NULL)
    return;
  /* A locale with a comma, where the system has one: numbers stay as they are. */
  setlocale (LC_ALL, "de_DE.UTF-8");
  check_text (gguf, "general.architecture", 0, "string", "test");
  check_text (gguf, "test.u8", 0, "u8", "255");
  check_text (gguf, "test.i8", 0, "i8", "-2");
  check_text (gguf, "test.u16", 0, "u16", "65535");
  check_text (gguf, "test.i16", 0, "i16", "-3");
  check_text (gguf, "test.u32", 0, "u32", "4294967295");
  check_text (gguf, "test.i32", 0, "i32", "-4");
  check_text (gguf, "test.f32", 0, "f32", "0.1");
  check_text (gguf, "test.bool", 0, "bool", "true");
  check_text (gguf, "test.false", 0, "bool", "false");
  check_text (gguf, "test.u64", 0, "u64", "18446744073709551615");
  check_text (gguf, "test.i64", 0, "i64", "-9223372036854775808");
  check_text (gguf, "test.f64", 0, "f64", "0.1");
  check_text (gguf, "test.f64.huge", 0, "f64", "1e+300");
  check_text (gguf, "test.f32.infinite", 0, "f32", "-inf");
  check_text (gguf, "test.string", 0, "string", "caf\xc3\xa9");
  check_text (gguf, "test.string.bad", 0, "string", "a\xef\xbf\xbd\xef\xbf\xbd");
  check_text (gguf, "test.string.empty", 0, "string", "");
  check_text (gguf, "test.array.i16", 1, "array[i16]", "-1");
  check_text (gguf, "test.array.string", 1, "array[string]", "zwei");
  check_text (gguf, "test.array.bool", 1, "array[bool]", "true");
  check_text (gguf, "test.array.empty", 0, "array[f32]", "");
  check_text (gguf, "test.array.no_strings", 0, "array[string]", "");
  check_text (gguf, "test.array.i16", 3, "array[i16]", "");
  setlocale (LC_ALL, "C");
  CHECK (lm_gguf_entry_format (lm_gguf_find (gguf, "test.u16"), 0, small, sizeof small) == 5 &&
             strcmp (small, "65") == 0,
         "cut to fit: ‘%s’", small);
  CHECK (lm_gguf_entry_format (lm_gguf_find (gguf, "test.u16"), 0, NULL, 0) == 5, "only measured");
  lm_gguf_close (gguf);
  writer_clear (&s.bytes);
}

static void
check_integers (const lm_gguf *gguf)
{
  static const struct {
    const char *key;
    bool ok;
    uint32_t value;
  } cases[] = {
    { "test.u8", true, 255 },         { "test.u16", true, 65535 },
    { "test.u32", true, UINT32_MAX }, { "test.u64.small", true, 7 },
    { "test.i32.positive", true, 9 }, { "test.i8", false, 0 },
    { "test.i64", false, 0 },         { "test.u64", false, 0 },
    { "test.f32", false, 0 },         { "test.bool", false, 0 },
    { "test.string", false, 0 },      { "test.array.i16", false, 0 },
    { "test.nothing", false, 0 },
  };

  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    uint32_t value = 12345;

    CHECK (lm_gguf_get_u32 (gguf, cases[i].key, &value) == cases[i].ok, "%s", cases[i].key);
    CHECK (value == (cases[i].ok ? cases[i].value : 12345), "%s is %u", cases[i].key, value);
  }
}

static void
check_reals (const lm_gguf *gguf)
{
  static const struct {
    const char *key;
    bool ok;
    float value;
  } cases[] = {
    { "test.f32", true, 0.1f },
    { "test.f64", true, 0.1f },
    { "test.f32.infinite", true, -INFINITY },
    { "test.u8", true, 255 },
    { "test.i8", true, -2 },
    { "test.f64.huge", false, 0 },
    { "test.u32", false, 0 }, /* no float is 4294967295 */
    { "test.i64", false, 0 },
    { "test.bool", false, 0 },
    { "test.string", false, 0 },
    { "test.array.empty", false, 0 },
  };

  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    float value = 12345;

    CHECK (lm_gguf_get_f32 (gguf, cases[i].key, &value) == cases[i].ok, "%s", cases[i].key);
    CHECK (value == (cases[i].ok ? cases[i].value : 12345), "%s is %g", cases[i].key,
           (double) value);
  }
}

static void
test_getters (void)
{
  sample s = sample_make (&(sample_options) { 0 });
  lm_gguf *gguf = open_sample (&s);
  lm_slice slice = { 0 };
  bool value = false;

  if (gguf == NULL)
    return;
  check_integers (gguf);
  check_reals (gguf);
  CHECK (lm_gguf_get_bool (gguf, "test.bool", &value) && value, "true");
  CHECK (lm_gguf_get_bool (gguf, "test.false", &value) && !value, "false");
  CHECK (!lm_gguf_get_bool (gguf, "test.u8", &value), "a number is no bool");
  CHECK (lm_gguf_get_string (gguf, "test.string", &slice) && slice.length == 5 &&
             memcmp (slice.data, "caf\xc3\xa9", 5) == 0,
         "a string");
  CHECK (!lm_gguf_get_string (gguf, "test.array.string", &slice) &&
             !lm_gguf_get_string (gguf, "test.u8", &slice),
         "no string");
  CHECK (lm_gguf_entry_number (lm_gguf_find (gguf, "test.i16"), 0) == -3, "i16");
  CHECK (lm_gguf_entry_number (lm_gguf_find (gguf, "test.array.i16"), 2) == 5, "an element");
  CHECK (lm_gguf_entry_number (lm_gguf_find (gguf, "test.f64"), 0) == 0.1, "f64");
  CHECK (lm_gguf_entry_number (lm_gguf_find (gguf, "test.u64"), 0) == 0x1p64, "u64");
  lm_gguf_close (gguf);
  writer_clear (&s.bytes);
}

static void
test_alignment (void)
{
  for (uint32_t alignment = 8; alignment <= 4096; alignment *= 2) {
    sample s = sample_make (&(sample_options) { .alignment = alignment });
    lm_gguf *gguf = open_sample (&s);

    if (gguf != NULL) {
      const char *start = (const char *) s.bytes.data;

      check_tensors (gguf, 0, 4);
      for (size_t i = 0; i < gguf->n_tensors; i++)
        CHECK (((const char *) gguf->tensors[i].data - start) % alignment == 0, "tensor %zu", i);
    }
    lm_gguf_close (gguf);
    writer_clear (&s.bytes);
  }
}

/* A file without tensors ends after its metadata: there is no data to pad to. */
static void
test_no_tensors (void)
{
  writer w = { 0 };
  lm_error error = { 0 };
  lm_gguf *gguf;

  writer_header (&w, 3, 0, 1);
  writer_entry_string (&w, "general.architecture", "llama");
  gguf = lm_gguf_open_memory (w.data, w.size, true, &error);
  CHECK (gguf != NULL && gguf->n_tensors == 0, "%s", error.message);
  CHECK (gguf == NULL || lm_gguf_find_tensor (gguf, "x") == NULL, "no tensor");
  lm_gguf_close (gguf);
  writer_clear (&w);
  writer_header (&w, 2, 0, 0);
  gguf = lm_gguf_open_memory (w.data, w.size, true, &error);
  CHECK (gguf != NULL && lm_gguf_find (gguf, "x") == NULL, "an empty file is a file");
  lm_gguf_close (gguf);
  writer_clear (&w);
}

static void
make_folder (char folder[4096])
{
  const char *parent = getenv ("TMPDIR");

  snprintf (folder, 4096, "%s/lm-gguf-XXXXXX", parent == NULL ? "/tmp" : parent);
  CHECK (mkdtemp (folder) != NULL, "cannot make %s", folder);
}

static void
make_part_path (char path[4200], const char *folder, unsigned part, unsigned n_parts)
{
  snprintf (path, 4200, "%s/model-%05u-of-%05u.gguf", folder, part + 1, n_parts);
}

static void
write_part (const char *folder, unsigned as, const sample_options *options)
{
  sample s = sample_make (options);
  char path[4200];

  make_part_path (path, folder, as, 3);
  CHECK (writer_save (&s.bytes, path), "cannot write %s", path);
  writer_clear (&s.bytes);
}

static void
write_parts (const char *folder)
{
  for (unsigned part = 0; part < 3; part++)
    write_part (folder, part,
                &(sample_options) { .n_parts = 3, .part = part, .is_small = part > 0 });
}

static void
remove_parts (const char *folder)
{
  for (unsigned part = 0; part < 3; part++) {
    char path[4200];

    make_part_path (path, folder, part, 3);
    unlink (path);
  }
  CHECK (rmdir (folder) == 0, "%s is not empty", folder);
}

/* What the file says stays, also when somebody shortens it to nothing; only tensors are gone. */
static void
test_shortened (void)
{
  sample s = sample_make (&(sample_options) { 0 });
  char folder[4096], path[4200], before[256], after[256];
  lm_error error = { 0 };
  lm_gguf *gguf;
  unsigned char byte;

  make_folder (folder);
  make_part_path (path, folder, 0, 3);
  CHECK (writer_save (&s.bytes, path), "cannot write %s", path);
  gguf = lm_gguf_open (path, true, &error);
  CHECK (gguf != NULL && truncate (path, 0) == 0, "%s", error.message);
  for (size_t i = 0; gguf != NULL && i < gguf->n_entries; i++) {
    lm_gguf *whole = open_sample (&s);

    for (uint64_t j = 0; j < gguf->entries[i].n_elements; j++) {
      lm_gguf_entry_format (&whole->entries[i], j, before, sizeof before);
      lm_gguf_entry_format (&gguf->entries[i], j, after, sizeof after);
      CHECK (strcmp (before, after) == 0, "%s: %s, not %s", gguf->entries[i].key, after, before);
    }
    lm_gguf_close (whole);
  }
  CHECK (gguf != NULL &&
             lm_gguf_copy (gguf, gguf->tensors[0].data, 1, &byte, &error) == LM_ERROR_TRUNCATED,
         "%s", error.message);
  lm_gguf_close (gguf);
  writer_clear (&s.bytes);
  remove_parts (folder);
}

static void
test_split (void)
{
  char folder[4096];

  make_folder (folder);
  write_parts (folder);
  for (unsigned part = 0; part < 3; part++) {
    char path[4200];
    lm_error error = { 0 };
    lm_gguf *gguf;

    make_part_path (path, folder, part, 3);
    gguf = lm_gguf_open (path, true, &error);
    CHECK (gguf != NULL, "part %u: %s", part, error.message);
    if (gguf == NULL)
      continue;
    CHECK (gguf->n_parts == 3 && gguf->n_tensors == 9, "%zu tensors", gguf->n_tensors);
    CHECK (lm_gguf_find (gguf, "test.f64") != NULL, "the metadata are those of the first part");
    CHECK (gguf->file_bytes == gguf->parts[0].bytes + gguf->parts[1].bytes + gguf->parts[2].bytes,
           "the size");
    for (uint32_t i = 0; i < 3; i++)
      check_tensors (gguf, i, 32);
    CHECK (strcmp (gguf->tensors[3].name, "f32.1") == 0, "the order of the parts");
    lm_gguf_close (gguf);
  }
  remove_parts (folder);
}

/* Opens the second part and checks what is said. */
static void
check_split_error (const char *folder, lm_status code, const char *subject)
{
  char path[4200];
  lm_error error = { 0 };
  lm_gguf *gguf;

  make_part_path (path, folder, 1, 3);
  gguf = lm_gguf_open (path, true, &error);
  CHECK (gguf == NULL, "opened");
  CHECK (error.code == code && strcmp (error.subject, subject) == 0 && error.message[0] != '\0',
         "error %d, subject ‘%s’: %s", error.code, error.subject, error.message);
  lm_gguf_close (gguf);
}

static void
test_split_missing (void)
{
  for (unsigned missing = 0; missing < 3; missing += 2) {
    char folder[4096];
    char path[4200];

    make_folder (folder);
    write_parts (folder);
    make_part_path (path, folder, missing, 3);
    unlink (path);
    check_split_error (folder, LM_ERROR_IO, path + strlen (folder) + 1);
    remove_parts (folder);
  }
}

static void
test_split_wrong (void)
{
  static const char *const first = "model-00001-of-00003.gguf";
  static const char *const last = "model-00003-of-00003.gguf";
  char folder[4096];

  make_folder (folder);
  write_parts (folder);
  write_part (folder, 2, &(sample_options) { .n_parts = 3, .part = 1 });
  check_split_error (folder, LM_ERROR_FORMAT, last);
  write_part (folder, 2, &(sample_options) { .n_parts = 4, .part = 2 });
  check_split_error (folder, LM_ERROR_FORMAT, last);
  write_part (folder, 2, &(sample_options) { 0 });
  check_split_error (folder, LM_ERROR_FORMAT, last);
  write_part (folder, 2, &(sample_options) { .n_parts = 3, .part = 2 });
  write_part (folder, 0, &(sample_options) { .n_parts = 3, .part = 0, .n_tensors = 10 });
  check_split_error (folder, LM_ERROR_FORMAT, "split.tensors.count");
  write_part (folder, 0, &(sample_options) { .version = 4 });
  check_split_error (folder, LM_ERROR_FORMAT, "version");
  write_part (folder, 0, &(sample_options) { .n_parts = 3 });
  write_part (folder, 1, &(sample_options) { .n_parts = 3, .part = 3 });
  check_split_error (folder, LM_ERROR_FORMAT, "model-00002-of-00003.gguf");
  write_part (folder, 1, &(sample_options) { .n_parts = 3, .part = 0 });
  check_split_error (folder, LM_ERROR_FORMAT, "model-00002-of-00003.gguf");
  write_part (folder, 1, &(sample_options) { .n_parts = 65535, .part = 1 });
  check_split_error (folder, LM_ERROR_FORMAT, "model-00002-of-00003.gguf");
  write_part (folder, 1, &(sample_options) { .n_parts = 3, .part = 1 });
  write_part (folder, 0, &(sample_options) { .n_parts = 3, .part = 2 });
  check_split_error (folder, LM_ERROR_FORMAT, first);
  remove_parts (folder);
}

/* Two parts that hold a tensor of the same name. */
static void
test_split_duplicate (void)
{
  char folder[4096];
  sample s = sample_make (&(sample_options) { .n_parts = 3, .part = 2 });
  char path[4200];

  make_folder (folder);
  write_parts (folder);
  s.bytes.data[s.dims - 1] = '0'; /* "f32.2" becomes "f32.0" */
  make_part_path (path, folder, 2, 3);
  CHECK (writer_save (&s.bytes, path), "cannot write %s", path);
  check_split_error (folder, LM_ERROR_FORMAT, "f32.0");
  writer_clear (&s.bytes);
  remove_parts (folder);
}

static void
test_split_memory (void)
{
  sample s = sample_make (&(sample_options) { .n_parts = 2 });
  lm_error error = { 0 };

  CHECK (lm_gguf_open_memory (s.bytes.data, s.bytes.size, true, &error) == NULL &&
             error.code == LM_ERROR_FORMAT,
         "one part is no model");
  writer_clear (&s.bytes);
  s = sample_make (&(sample_options) { .n_parts = 1 });
  lm_gguf_close (open_sample (&s));
  writer_clear (&s.bytes);
}

static void
check_path_error (const char *path, lm_status code, int64_t number)
{
  lm_error error = { 0 };
  lm_gguf *gguf = lm_gguf_open (path, true, &error);

  CHECK (gguf == NULL && error.code == code && error.number == number && error.message[0] != '\0' &&
             error.subject[0] != '\0',
         "%s: error %d, number %lld: %s", path, error.code, (long long) error.number,
         error.message);
  CHECK (lm_gguf_open (path, true, NULL) == NULL, "no error wanted");
}

static void
test_paths (void)
{
  char folder[4096];
  char path[4200];
  FILE *file;

  make_folder (folder);
  check_path_error (folder, LM_ERROR_IO, EISDIR);
  snprintf (path, sizeof path, "%s/nothing.gguf", folder);
  check_path_error (path, LM_ERROR_IO, ENOENT);

  CHECK (mkfifo (path, 0600) == 0, "cannot make a pipe");
  check_path_error (path, LM_ERROR_IO, EINVAL);
  unlink (path);
  file = fopen (path, "wb");
  CHECK (file != NULL && fclose (file) == 0, "cannot write %s", path);
  check_path_error (path, LM_ERROR_TRUNCATED, 0);
  unlink (path);
  CHECK (rmdir (folder) == 0, "%s is not empty", folder);
}

int
main (void)
{
  static const check_test tests[] = {
    { "versions 2 and 3", test_versions },
    { "every metadata type as text", test_format },
    { "values are converted where nothing is lost", test_getters },
    { "alignments from 8 to 4096", test_alignment },
    { "files without tensors", test_no_tensors },
    { "what a file says stays when it becomes shorter", test_shortened },
    { "a split file opens by any of its parts", test_split },
    { "a missing part is named", test_split_missing },
    { "parts that do not belong together", test_split_wrong },
    { "a tensor in two parts", test_split_duplicate },
    { "a part in memory", test_split_memory },
    { "folders, pipes, empty and missing files", test_paths },
  };

  return check_main (tests, sizeof tests / sizeof tests[0]);
}
