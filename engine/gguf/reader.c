/* SPDX-License-Identifier: GPL-3.0-or-later
 * Parsing one GGUF file: header, metadata, tensor directory.
 *
 * No count in the file is believed before the bytes it needs at the least are known to be there,
 * so that memory use stays within a small multiple of the file's size. */
#include <stdlib.h>
#include <string.h>

#include "gguf/cursor.h"
#include "gguf/part.h"
#include "gguf/values.h"
#include "util/error.h"
#include "util/utf8.h"

#define MAX_DIMS          4
#define MAX_NAME          65535 /* bytes of a key, as the format says; and of a tensor's name */
#define DEFAULT_ALIGNMENT 32
#define MIN_ALIGNMENT     8
#define MAX_ALIGNMENT     (1 << 20)

/* Bytes in the file: key length, one byte of key, type, one byte of value. */
#define MIN_ENTRY_BYTES (8 + 1 + 4 + 1)
/* Name length, one byte of name, number of dimensions, one dimension, type, offset. */
#define MIN_TENSOR_BYTES (8 + 1 + 4 + 8 + 4 + 8)

static lm_status
fail_memory (lm_error *error, uint64_t bytes)
{
  return lm_fail (error, LM_ERROR_MEMORY, NULL, (int64_t) bytes,
                  "There is not enough memory to read the file.");
}

/* A key or a name, as an owned string. */
static lm_status
read_name (lm_cursor *cursor, char **name, const char *what)
{
  lm_slice slice = { 0 };
  lm_status status = lm_cursor_read_string (cursor, &slice, what);
  size_t length;

  if (status != LM_OK)
    return status;
  if (slice.length == 0 || slice.length > MAX_NAME)
    return lm_fail (cursor->error, LM_ERROR_FORMAT, what, (int64_t) slice.length,
                    "The file is damaged: the length of %s is wrong.", what);
  length = lm_utf8_repair (slice.data, slice.length, false, NULL, 0);
  *name = malloc (length + 1);
  if (*name == NULL)
    return fail_memory (cursor->error, length + 1);
  lm_utf8_repair (slice.data, slice.length, false, *name, length + 1);
  return LM_OK;
}

static lm_status
read_strings (lm_cursor *cursor, lm_gguf_entry *entry)
{
  lm_status status = lm_cursor_check (cursor, entry->n_elements, 8, "an array of strings");

  if (status != LM_OK || entry->n_elements == 0)
    return status;
  entry->strings = calloc ((size_t) entry->n_elements, sizeof *entry->strings);
  if (entry->strings == NULL)
    return fail_memory (cursor->error, entry->n_elements * sizeof *entry->strings);
  for (uint64_t i = 0; i < entry->n_elements && status == LM_OK; i++)
    status = lm_cursor_read_string (cursor, &entry->strings[i], entry->key);
  return status;
}

/* The value of an entry whose key is set. */
static lm_status
read_value (lm_cursor *cursor, lm_gguf_entry *entry)
{
  uint32_t type;
  lm_status status = lm_cursor_read_u32 (cursor, &type, entry->key);

  entry->n_elements = 1;
  if (status == LM_OK && type == LM_VALUE_ARRAY) {
    entry->is_array = true;
    status = lm_cursor_read_u32 (cursor, &type, entry->key);
    if (status == LM_OK)
      status = lm_cursor_read_u64 (cursor, &entry->n_elements, entry->key);
    if (status == LM_OK && type == LM_VALUE_ARRAY)
      return lm_fail (cursor->error, LM_ERROR_FORMAT, entry->key, 0,
                      "The metadata ‘%s’ is an array of arrays, which is not supported.",
                      entry->key);
  }
  if (status != LM_OK)
    return status;
  entry->type = (lm_value_type) type;
  entry->bytes = cursor->data + cursor->position;
  if (type == LM_VALUE_STRING)
    return read_strings (cursor, entry);
  if (lm_value_type_get_size (type) == 0)
    return lm_fail (cursor->error, LM_ERROR_FORMAT, entry->key, type,
                    "The file is damaged or too new: the metadata ‘%s’ has the unknown type %u.",
                    entry->key, (unsigned) type);
  status = lm_cursor_check (cursor, entry->n_elements, lm_value_type_get_size (type), entry->key);
  if (status == LM_OK)
    cursor->position += (size_t) entry->n_elements * lm_value_type_get_size (type);
  return status;
}

static int
compare_keys (const void *a, const void *b)
{
  return strcmp ((*(lm_gguf_entry *const *) a)->key, (*(lm_gguf_entry *const *) b)->key);
}

static int
compare_names (const void *a, const void *b)
{
  return strcmp ((*(lm_gguf_tensor *const *) a)->name, (*(lm_gguf_tensor *const *) b)->name);
}

static lm_status
read_entries (lm_cursor *cursor, uint64_t n, lm_gguf_file *file)
{
  lm_gguf *gguf = &file->gguf;
  lm_status status = lm_cursor_check (cursor, n, MIN_ENTRY_BYTES, "the metadata");

  if (status != LM_OK || n == 0)
    return status;
  gguf->entries = calloc ((size_t) n, sizeof *gguf->entries);
  file->by_key = calloc ((size_t) n, sizeof (void *));
  if (gguf->entries == NULL || file->by_key == NULL)
    return fail_memory (cursor->error, n * sizeof *gguf->entries);
  while (gguf->n_entries < n) {
    lm_gguf_entry *entry = &gguf->entries[gguf->n_entries];

    status = read_name (cursor, &entry->key, "a metadata key");
    if (status != LM_OK)
      return status;
    file->by_key[gguf->n_entries++] = entry;
    status = read_value (cursor, entry);
    if (status != LM_OK)
      return status;
  }
  qsort (file->by_key, gguf->n_entries, sizeof (void *), compare_keys);
  for (size_t i = 1; i < gguf->n_entries; i++) {
    const char *key = file->by_key[i]->key;

    if (strcmp (key, file->by_key[i - 1]->key) == 0)
      return lm_fail (cursor->error, LM_ERROR_FORMAT, key, 0,
                      "The file is damaged: it has the metadata ‘%s’ twice.", key);
  }
  return LM_OK;
}

lm_status
lm_gguf_index_tensors (lm_gguf_file *file, lm_error *error)
{
  lm_gguf *gguf = &file->gguf;

  free (file->by_name);
  file->by_name = NULL;
  if (gguf->n_tensors == 0)
    return LM_OK;
  file->by_name = calloc (gguf->n_tensors, sizeof (void *));
  if (file->by_name == NULL)
    return fail_memory (error, gguf->n_tensors * sizeof (void *));
  for (size_t i = 0; i < gguf->n_tensors; i++)
    file->by_name[i] = &gguf->tensors[i];
  qsort (file->by_name, gguf->n_tensors, sizeof (void *), compare_names);
  for (size_t i = 1; i < gguf->n_tensors; i++) {
    const char *name = file->by_name[i]->name;

    if (strcmp (name, file->by_name[i - 1]->name) == 0)
      return lm_fail (error, LM_ERROR_FORMAT, name, 0,
                      "The file is damaged: it has the tensor ‘%s’ twice.", name);
  }
  return LM_OK;
}

/* bytes from shape and type; false where the shape cannot be. Unknown types: 0 bytes. */
static bool
measure_tensor (lm_gguf_tensor *tensor)
{
  const lm_type_traits *traits = lm_type_get_traits (tensor->type);
  uint64_t n = 1;

  for (int i = 0; i < MAX_DIMS; i++) {
    if (tensor->shape[i] == 0 || !lm_mul (n, tensor->shape[i], &n) || n > INT64_MAX)
      return false;
  }
  tensor->bytes = 0;
  if (traits == NULL)
    return true;
  return tensor->shape[0] % traits->block_length == 0 &&
         lm_mul (n / traits->block_length, traits->block_bytes, &tensor->bytes) &&
         tensor->bytes <= INT64_MAX;
}

/* One line of the directory; offset: from the start of the tensor data. */
static lm_status
read_tensor (lm_cursor *cursor, bool require_known_types, lm_gguf_tensor *tensor, uint64_t *offset)
{
  lm_status status = lm_cursor_read_u32 (cursor, &tensor->n_dims, tensor->name);

  if (status != LM_OK)
    return status;
  if (tensor->n_dims < 1 || tensor->n_dims > MAX_DIMS)
    return lm_fail (cursor->error, LM_ERROR_FORMAT, tensor->name, tensor->n_dims,
                    "The file is damaged: the tensor ‘%s’ has %u dimensions.", tensor->name,
                    (unsigned) tensor->n_dims);
  for (uint32_t i = 0; i < MAX_DIMS; i++) {
    tensor->shape[i] = 1;
    if (i < tensor->n_dims)
      status = lm_cursor_read_u64 (cursor, &tensor->shape[i], tensor->name);
    if (status != LM_OK)
      return status;
  }
  status = lm_cursor_read_u32 (cursor, &tensor->type, tensor->name);
  if (status == LM_OK)
    status = lm_cursor_read_u64 (cursor, offset, tensor->name);
  if (status != LM_OK)
    return status;
  if (require_known_types && lm_type_get_traits (tensor->type) == NULL)
    return lm_fail (cursor->error, LM_ERROR_TYPE, tensor->name, tensor->type,
                    "The tensor ‘%s’ is of type %u, which is not supported.", tensor->name,
                    (unsigned) tensor->type);
  if (!measure_tensor (tensor))
    return lm_fail (cursor->error, LM_ERROR_FORMAT, tensor->name, 0,
                    "The file is damaged: the shape of the tensor ‘%s’ is impossible.",
                    tensor->name);
  return LM_OK;
}

/* Points a tensor at its data; start: where the tensor data begins in the file. */
static lm_status
place_tensor (const lm_cursor *cursor,
              uint64_t start,
              uint32_t alignment,
              uint64_t offset,
              lm_gguf_tensor *tensor)
{
  uint64_t end;

  if (offset % alignment != 0 || !lm_add (start, offset, &offset) ||
      !lm_add (offset, tensor->bytes, &end))
    return lm_fail (cursor->error, LM_ERROR_FORMAT, tensor->name, 0,
                    "The file is damaged: the position of the tensor ‘%s’ is impossible.",
                    tensor->name);
  if (end > cursor->size)
    return lm_fail (cursor->error, LM_ERROR_TRUNCATED, tensor->name,
                    end - cursor->size > INT64_MAX ? INT64_MAX : (int64_t) (end - cursor->size),
                    "The file ends too early: the tensor ‘%s’ is not all there.", tensor->name);
  tensor->data = lm_type_get_traits (tensor->type) == NULL ? NULL : cursor->data + offset;
  return LM_OK;
}

static lm_status
read_tensors (lm_cursor *cursor, uint64_t n, bool require_known_types, lm_gguf *gguf)
{
  lm_status status = lm_cursor_check (cursor, n, MIN_TENSOR_BYTES, "the list of tensors");
  uint64_t *offsets = NULL;
  uint32_t alignment;
  uint64_t start;

  if (status == LM_OK)
    status = lm_gguf_get_alignment (gguf, &alignment, cursor->error);
  if (status != LM_OK || n == 0)
    return status;
  gguf->tensors = calloc ((size_t) n, sizeof *gguf->tensors);
  offsets = calloc ((size_t) n, sizeof *offsets);
  if (gguf->tensors == NULL || offsets == NULL)
    status = fail_memory (cursor->error, n * sizeof *gguf->tensors);
  while (status == LM_OK && gguf->n_tensors < n) {
    lm_gguf_tensor *tensor = &gguf->tensors[gguf->n_tensors];

    status = read_name (cursor, &tensor->name, "a tensor's name");
    if (status != LM_OK)
      break;
    status = read_tensor (cursor, require_known_types, tensor, &offsets[gguf->n_tensors++]);
  }
  start = (cursor->position + (uint64_t) alignment - 1) / alignment * alignment;
  for (size_t i = 0; i < gguf->n_tensors && status == LM_OK; i++)
    status = place_tensor (cursor, start, alignment, offsets[i], &gguf->tensors[i]);
  free (offsets);
  return status;
}

lm_status
lm_gguf_get_alignment (const lm_gguf *gguf, uint32_t *alignment, lm_error *error)
{
  *alignment = DEFAULT_ALIGNMENT;
  if (lm_gguf_find (gguf, "general.alignment") == NULL)
    return LM_OK;
  if (!lm_gguf_get_u32 (gguf, "general.alignment", alignment) || *alignment < MIN_ALIGNMENT ||
      *alignment > MAX_ALIGNMENT || (*alignment & (*alignment - 1)) != 0)
    return lm_fail (error, LM_ERROR_FORMAT, "general.alignment", *alignment,
                    "The file is damaged: its alignment is no power of two from %d to %d.",
                    MIN_ALIGNMENT, MAX_ALIGNMENT);
  return LM_OK;
}

/* Magic, version and the two counts. */
static lm_status
read_header (lm_cursor *cursor, uint64_t *n_tensors, uint64_t *n_entries)
{
  char magic[4];
  uint32_t version;
  lm_status status = lm_cursor_read (cursor, magic, sizeof magic, "the header");

  if (status == LM_OK && memcmp (magic, "GGUF", sizeof magic) != 0)
    return lm_fail (cursor->error, LM_ERROR_FORMAT, "magic", 0, "The file is not a GGUF file.");
  if (status == LM_OK)
    status = lm_cursor_read_u32 (cursor, &version, "the header");
  if (status != LM_OK)
    return status;
  if (version != 0 && (version & 0xffff) == 0)
    return lm_fail (cursor->error, LM_ERROR_FORMAT, "big-endian", version,
                    "The file is a big-endian GGUF file, which is not supported.");
  if (version != 2 && version != 3)
    return lm_fail (cursor->error, LM_ERROR_FORMAT, "version", version,
                    "The file is of GGUF version %u; versions 2 and 3 are supported.",
                    (unsigned) version);
  status = lm_cursor_read_u64 (cursor, n_tensors, "the header");
  return status == LM_OK ? lm_cursor_read_u64 (cursor, n_entries, "the header") : status;
}

lm_status
lm_gguf_parse (
    lm_gguf_file *file, const void *data, size_t bytes, bool require_known_types, lm_error *error)
{
  lm_cursor cursor = { .data = data, .size = bytes, .error = error };
  uint64_t n_tensors = 0;
  uint64_t n_entries = 0;
  lm_status status = read_header (&cursor, &n_tensors, &n_entries);

  if (status == LM_OK)
    status = read_entries (&cursor, n_entries, file);
  if (status == LM_OK)
    status = read_tensors (&cursor, n_tensors, require_known_types, &file->gguf);
  if (status == LM_OK)
    status = lm_gguf_index_tensors (file, error);
  return status;
}
