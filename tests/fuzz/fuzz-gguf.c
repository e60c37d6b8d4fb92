/* SPDX-License-Identifier: GPL-3.0-or-later
 * Fuzzes the GGUF reader: whatever the bytes are, what it hands out can be read. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gguf/gguf.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static void
require (bool condition)
{
  if (!condition)
    abort ();
}

/* Whether bytes lie within the file. */
static bool
is_inside (const lm_gguf *gguf, const void *start, uint64_t bytes)
{
  const char *first = gguf->parts[0].address;
  const char *where = start;

  return where >= first && bytes <= gguf->parts[0].bytes &&
         (size_t) (where - first) <= gguf->parts[0].bytes - bytes;
}

static void
read_entry (const lm_gguf *gguf, const lm_gguf_entry *entry)
{
  uint64_t n = entry->n_elements < 64 ? entry->n_elements : 64;
  char text[64];
  uint32_t integer;
  float real;
  bool truth;
  lm_slice slice;

  require (lm_gguf_find (gguf, entry->key) == entry);
  require (lm_gguf_entry_type_name (entry) != NULL);
  for (uint64_t i = 0; i < n; i++) {
    lm_gguf_entry_format (entry, i, text, sizeof text);
    require (memchr (text, '\0', sizeof text) != NULL);
    if (entry->type == LM_VALUE_STRING)
      require (is_inside (gguf, entry->strings[i].data, entry->strings[i].length));
    else
      lm_gguf_entry_number (entry, i);
  }
  lm_gguf_get_u32 (gguf, entry->key, &integer);
  lm_gguf_get_f32 (gguf, entry->key, &real);
  lm_gguf_get_bool (gguf, entry->key, &truth);
  lm_gguf_get_string (gguf, entry->key, &slice);
}

static void
open_and_read (const uint8_t *data, size_t size, bool require_known_types)
{
  lm_error error = { 0 };
  lm_gguf *gguf = lm_gguf_open_memory (data, size, require_known_types, &error);

  if (gguf == NULL) {
    require (error.code != LM_OK && error.message[0] != '\0');
    return;
  }
  for (size_t i = 0; i < gguf->n_entries; i++)
    read_entry (gguf, &gguf->entries[i]);
  for (size_t i = 0; i < gguf->n_tensors; i++) {
    const lm_gguf_tensor *tensor = &gguf->tensors[i];
    bool is_known = lm_type_get_traits (tensor->type) != NULL;

    require (lm_gguf_find_tensor (gguf, tensor->name) == tensor);
    require (is_known || !require_known_types);
    require (is_known ? is_inside (gguf, tensor->data, tensor->bytes) : tensor->data == NULL);
  }
  lm_gguf_close (gguf);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  open_and_read (data, size, true);
  open_and_read (data, size, false);
  return 0;
}
