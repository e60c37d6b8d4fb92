/* SPDX-License-Identifier: GPL-3.0-or-later
 * Writing GGUF files for tests: bytes in a growing buffer. */
#include "gguf-writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gguf/gguf.h"

void
writer_clear (writer *w)
{
  free (w->data);
  *w = (writer) { 0 };
}

void
writer_bytes (writer *w, const void *bytes, size_t n)
{
  if (w->size + n > w->capacity) {
    w->capacity = 2 * (w->size + n);
    w->data = realloc (w->data, w->capacity);
    if (w->data == NULL)
      abort ();
  }
  if (n > 0)
    memcpy (w->data + w->size, bytes, n);
  w->size += n;
}

void
writer_u32 (writer *w, uint32_t value)
{
  writer_bytes (w, &value, sizeof value);
}

void
writer_u64 (writer *w, uint64_t value)
{
  writer_bytes (w, &value, sizeof value);
}

void
writer_string (writer *w, const char *text)
{
  writer_u64 (w, strlen (text));
  writer_bytes (w, text, strlen (text));
}

void
writer_pad (writer *w, size_t alignment)
{
  while (w->size % alignment != 0)
    writer_bytes (w, "", 1);
}

void
writer_set_u64 (writer *w, size_t position, uint64_t value)
{
  memcpy (w->data + position, &value, sizeof value);
}

bool
writer_save (const writer *w, const char *path)
{
  FILE *file = fopen (path, "wb");
  bool ok;

  if (file == NULL)
    return false;
  ok = fwrite (w->data, 1, w->size, file) == w->size;
  return fclose (file) == 0 && ok;
}

void
writer_header (writer *w, uint32_t version, uint64_t n_tensors, uint64_t n_entries)
{
  writer_bytes (w, "GGUF", 4);
  writer_u32 (w, version);
  writer_u64 (w, n_tensors);
  writer_u64 (w, n_entries);
}

void
writer_entry_string (writer *w, const char *key, const char *value)
{
  writer_string (w, key);
  writer_u32 (w, LM_VALUE_STRING);
  writer_string (w, value);
}

void
writer_entry_u32 (writer *w, const char *key, uint32_t value)
{
  writer_string (w, key);
  writer_u32 (w, LM_VALUE_U32);
  writer_u32 (w, value);
}

void
writer_entry_u16 (writer *w, const char *key, uint16_t value)
{
  writer_string (w, key);
  writer_u32 (w, LM_VALUE_U16);
  writer_bytes (w, &value, sizeof value);
}

void
writer_entry_f32 (writer *w, const char *key, float value)
{
  writer_string (w, key);
  writer_u32 (w, LM_VALUE_F32);
  writer_bytes (w, &value, sizeof value);
}

void
writer_entry_bool (writer *w, const char *key, bool value)
{
  writer_string (w, key);
  writer_u32 (w, LM_VALUE_BOOL);
  writer_bytes (w, value ? "\1" : "", 1);
}

void
writer_entry_array (writer *w, const char *key, uint32_t type, uint64_t n)
{
  writer_string (w, key);
  writer_u32 (w, LM_VALUE_ARRAY);
  writer_u32 (w, type);
  writer_u64 (w, n);
}

void
writer_tensor (writer *w,
               const char *name,
               uint32_t n_dims,
               const uint64_t *shape,
               uint32_t type,
               uint64_t offset)
{
  writer_string (w, name);
  writer_u32 (w, n_dims);
  for (uint32_t i = 0; i < n_dims; i++)
    writer_u64 (w, shape[i]);
  writer_u32 (w, type);
  writer_u64 (w, offset);
}
