/* SPDX-License-Identifier: GPL-3.0-or-later
 * Opening a GGUF file and putting the parts of a split one together. */
#include "gguf/gguf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gguf/map.h"
#include "gguf/part.h"
#include "util/error.h"
#include "util/file.h"

#define SUFFIX_LENGTH 20 /* of "-00001-of-00003.gguf" */
#define SUFFIX_SIZE   48 /* room for any two numbers */

/* Bytes of a directory: twenty times what the largest vocabulary takes. */
#define MAX_KEPT (256u << 20)

static void
free_file (lm_gguf_file *file)
{
  lm_gguf *gguf = &file->gguf;

  for (size_t i = 0; i < gguf->n_entries; i++) {
    free (gguf->entries[i].key);
    free (gguf->entries[i].strings);
  }
  for (size_t i = 0; i < gguf->n_tensors; i++)
    free (gguf->tensors[i].name);
  for (size_t i = 0; i < gguf->n_parts && file->is_mapped; i++)
    lm_map_close (&gguf->parts[i]);
  free (gguf->entries);
  free (gguf->tensors);
  free (gguf->parts);
  free (file->by_key);
  free (file->by_name);
  free (file);
}

/* A file with its one part set and nothing parsed. Takes the mapping, on failure too. */
static lm_gguf_file *
new_file (lm_mapping mapping, bool is_mapped, lm_error *error)
{
  lm_gguf_file *file = calloc (1, sizeof *file);

  if (file != NULL)
    file->gguf.parts = malloc (sizeof mapping);
  if (file == NULL || file->gguf.parts == NULL) {
    if (is_mapped)
      lm_map_close (&mapping);
    free (file);
    lm_fail (error, LM_ERROR_MEMORY, NULL, 0, "There is not enough memory to open the file.");
    return NULL;
  }
  file->gguf.parts[0] = mapping;
  file->gguf.n_parts = 1;
  file->gguf.file_bytes = mapping.bytes;
  file->is_mapped = is_mapped;
  return file;
}

/* What a file says is in memory of our own from then on. Not if that is absurdly much. */
static lm_status
keep_directory (const lm_gguf *gguf, lm_error *error)
{
  size_t bytes = lm_gguf_directory_bytes (gguf, &gguf->parts[0]);

  return bytes <= MAX_KEPT ? lm_map_keep (&gguf->parts[0], bytes, error) : LM_OK;
}

static lm_gguf_file *
open_part (const char *path, bool require_known_types, lm_error *error)
{
  lm_mapping mapping;
  lm_gguf_file *file;

  if (lm_map_open (path, &mapping, error) != LM_OK)
    return NULL;
  file = new_file (mapping, true, error);
  if (file == NULL)
    return NULL;
  if (lm_gguf_parse (file, mapping.address, mapping.bytes, require_known_types, error) != LM_OK ||
      keep_directory (&file->gguf, error) != LM_OK) {
    free_file (file);
    return NULL;
  }
  return file;
}

/* Parts that the file says its model has; 1 where it says nothing. */
static uint32_t
get_split_count (const lm_gguf_file *file)
{
  uint32_t count = 0;

  if (!lm_gguf_get_u32 (&file->gguf, "split.count", &count) || count == 0)
    return 1;
  return count;
}

/* Whether path ends in the suffix of part no (from 0) of count. */
static bool
has_part_suffix (const char *path, uint32_t no, uint32_t count)
{
  char suffix[SUFFIX_SIZE];
  size_t length = strlen (path);
  int n =
      snprintf (suffix, sizeof suffix, "-%05u-of-%05u.gguf", (unsigned) no + 1, (unsigned) count);

  return n == SUFFIX_LENGTH && length > SUFFIX_LENGTH &&
         strcmp (path + length - SUFFIX_LENGTH, suffix) == 0;
}

/* Path of part no (from 0) of count, given the path of any part; owned. */
static char *
make_part_path (const char *path, uint32_t no, uint32_t count)
{
  size_t length = strlen (path);
  char *part = malloc (length + SUFFIX_SIZE);

  if (part != NULL) {
    memcpy (part, path, length - SUFFIX_LENGTH);
    snprintf (part + length - SUFFIX_LENGTH, SUFFIX_SIZE, "-%05u-of-%05u.gguf", (unsigned) no + 1,
              (unsigned) count);
  }
  return part;
}

static lm_status
check_part (
    const lm_gguf_file *file, const char *path, uint32_t no, uint32_t count, lm_error *error)
{
  const char *name = lm_path_get_name (path);
  uint32_t found = 0;

  if (get_split_count (file) != count || !lm_gguf_get_u32 (&file->gguf, "split.no", &found) ||
      found != no)
    return lm_fail (error, LM_ERROR_FORMAT, name, found,
                    "‘%s’ is not part %u of %u of this model, as its name says.", name,
                    (unsigned) no + 1, (unsigned) count);
  return LM_OK;
}

/* Opens part no beside path and checks that it is the one. */
static lm_gguf_file *
open_sibling (
    const char *path, uint32_t no, uint32_t count, bool require_known_types, lm_error *error)
{
  char *sibling = make_part_path (path, no, count);
  lm_error reason = { 0 };
  lm_gguf_file *file;

  if (sibling == NULL) {
    lm_fail (error, LM_ERROR_MEMORY, NULL, 0, "There is not enough memory to open the file.");
    return NULL;
  }
  file = open_part (sibling, require_known_types, &reason);
  if (file == NULL && reason.code == LM_ERROR_IO && reason.number == ENOENT)
    lm_fail (&reason, LM_ERROR_IO, reason.subject, ENOENT,
             "The model has %u parts and ‘%s’ is not beside this one.", (unsigned) count,
             reason.subject);
  if (file == NULL && error != NULL)
    *error = reason;
  if (file != NULL && check_part (file, sibling, no, count, error) != LM_OK) {
    free_file (file);
    file = NULL;
  }
  free (sibling);
  return file;
}

/* Moves the mapping and the tensors of part to the end of file's; frees the rest of it. */
static lm_status
append_part (lm_gguf_file *file, lm_gguf_file *part, lm_error *error)
{
  lm_gguf *to = &file->gguf;
  lm_gguf *from = &part->gguf;
  size_t n = to->n_tensors + from->n_tensors;
  lm_mapping *parts = realloc (to->parts, (to->n_parts + 1) * sizeof *parts);
  lm_gguf_tensor *tensors = NULL;

  if (parts != NULL)
    to->parts = parts;
  if (parts != NULL && n > 0)
    tensors = realloc (to->tensors, n * sizeof *tensors);
  if (tensors != NULL)
    to->tensors = tensors;
  if (parts == NULL || (n > 0 && tensors == NULL)) {
    free_file (part);
    return lm_fail (error, LM_ERROR_MEMORY, NULL, 0,
                    "There is not enough memory to open the file.");
  }
  to->parts[to->n_parts++] = from->parts[0];
  to->file_bytes += from->file_bytes;
  if (from->n_tensors > 0)
    memcpy (to->tensors + to->n_tensors, from->tensors, from->n_tensors * sizeof *tensors);
  to->n_tensors = n;
  from->n_parts = 0;
  from->n_tensors = 0;
  free_file (part);
  return LM_OK;
}

/* Finishes the file put together: the index, and the number of tensors that part one promised. */
static lm_status
finish_split (lm_gguf_file *file, lm_error *error)
{
  uint32_t n;

  if (lm_gguf_get_u32 (&file->gguf, "split.tensors.count", &n) && n != file->gguf.n_tensors)
    return lm_fail (error, LM_ERROR_FORMAT, "split.tensors.count", n,
                    "The parts of the model do not belong together: %u tensors are needed and %llu "
                    "are there.",
                    (unsigned) n, (unsigned long long) file->gguf.n_tensors);
  return lm_gguf_index_tensors (file, error);
}

/* first: the part at path, taken. */
static lm_gguf_file *
open_split (const char *path, lm_gguf_file *first, bool require_known_types, lm_error *error)
{
  uint32_t count = get_split_count (first);
  uint32_t own = count;
  lm_gguf_file *file = NULL;
  lm_status status = LM_OK;

  if (!lm_gguf_get_u32 (&first->gguf, "split.no", &own) || own >= count ||
      !has_part_suffix (path, own, count)) {
    lm_fail (error, LM_ERROR_FORMAT, lm_path_get_name (path), count,
             "The file is one of %u parts, but its name does not end in -0000N-of-%05u.gguf.",
             (unsigned) count, (unsigned) count);
    free_file (first);
    return NULL;
  }
  for (uint32_t i = 0; i < count && status == LM_OK; i++) {
    lm_gguf_file *part = i == own ? first : NULL;

    if (i == own)
      first = NULL;
    else
      part = open_sibling (path, i, count, require_known_types, error);
    if (part == NULL)
      status = LM_ERROR_IO; /* error says which */
    else if (file == NULL)
      file = part;
    else
      status = append_part (file, part, error);
  }
  if (status == LM_OK)
    status = finish_split (file, error);
  if (first != NULL)
    free_file (first);
  if (status != LM_OK && file != NULL) {
    free_file (file);
    file = NULL;
  }
  return file;
}

lm_gguf *
lm_gguf_open (const char *path, bool require_known_types, lm_error *error)
{
  lm_gguf_file *file = open_part (path, require_known_types, error);

  if (file != NULL && get_split_count (file) > 1)
    file = open_split (path, file, require_known_types, error);
  return file == NULL ? NULL : &file->gguf;
}

lm_gguf *
lm_gguf_open_memory (const void *data, size_t bytes, bool require_known_types, lm_error *error)
{
  /* Never written through: the mapping of a file is read-only as well. */
  lm_gguf_file *file = new_file ((lm_mapping) { (void *) data, bytes, -1 }, false, error);
  lm_status status;

  if (file == NULL)
    return NULL;
  status = lm_gguf_parse (file, data, bytes, require_known_types, error);
  if (status == LM_OK && get_split_count (file) > 1)
    status = lm_fail (error, LM_ERROR_FORMAT, "split.count", get_split_count (file),
                      "The model has several parts, and only one is in memory.");
  if (status == LM_OK)
    return &file->gguf;
  free_file (file);
  return NULL;
}

void
lm_gguf_close (lm_gguf *gguf)
{
  if (gguf != NULL)
    free_file ((lm_gguf_file *) gguf);
}

size_t
lm_gguf_directory_bytes (const lm_gguf *gguf, const lm_mapping *part)
{
  const char *start = part->address;
  size_t bytes = part->bytes;

  for (size_t i = 0; i < gguf->n_tensors; i++) {
    const char *data = gguf->tensors[i].data;

    if (data >= start && (size_t) (data - start) < bytes)
      bytes = (size_t) (data - start);
  }
  return bytes;
}

lm_status
lm_gguf_copy (const lm_gguf *gguf, const void *data, size_t n, void *buffer, lm_error *error)
{
  const lm_mapping *part = gguf->parts;
  uint64_t offset;

  if (n == 0)
    return LM_OK;
  while ((offset = (uintptr_t) data - (uintptr_t) part->address) >= part->bytes)
    part++;
  if (part->file >= 0)
    return lm_map_read (part, offset, n, buffer, error);
  memcpy (buffer, data, n);
  return LM_OK;
}

const lm_gguf_entry *
lm_gguf_find (const lm_gguf *gguf, const char *key)
{
  const lm_gguf_file *file = (const lm_gguf_file *) gguf;
  size_t low = 0;
  size_t high = gguf->n_entries;

  while (low < high) {
    size_t middle = low + (high - low) / 2;
    int order = strcmp (key, file->by_key[middle]->key);

    if (order == 0)
      return file->by_key[middle];
    if (order < 0)
      high = middle;
    else
      low = middle + 1;
  }
  return NULL;
}

const lm_gguf_tensor *
lm_gguf_find_tensor (const lm_gguf *gguf, const char *name)
{
  const lm_gguf_file *file = (const lm_gguf_file *) gguf;
  size_t low = 0;
  size_t high = gguf->n_tensors;

  while (low < high) {
    size_t middle = low + (high - low) / 2;
    int order = strcmp (name, file->by_name[middle]->name);

    if (order == 0)
      return file->by_name[middle];
    if (order < 0)
      high = middle;
    else
      low = middle + 1;
  }
  return NULL;
}
