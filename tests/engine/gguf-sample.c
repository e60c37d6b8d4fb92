/* SPDX-License-Identifier: GPL-3.0-or-later
 * A small good GGUF file with metadata of every type and three tensors. */
#include "gguf-sample.h"

#include <stdio.h>
#include <string.h>

#include "gguf/gguf.h"

typedef struct {
  const char *key;
  uint32_t type;
  const char *bytes; /* little-endian */
  size_t n_bytes;
} scalar;

static const scalar scalars[] = {
  { "test.u8", LM_VALUE_U8, "\xff", 1 },
  { "test.i8", LM_VALUE_I8, "\xfe", 1 },
  { "test.u16", LM_VALUE_U16, "\xff\xff", 2 },
  { "test.i16", LM_VALUE_I16, "\xfd\xff", 2 },
  { "test.u32", LM_VALUE_U32, "\xff\xff\xff\xff", 4 },
  { "test.i32", LM_VALUE_I32, "\xfc\xff\xff\xff", 4 },
  { "test.f32", LM_VALUE_F32, "\xcd\xcc\xcc\x3d", 4 }, /* 0.1 */
  { "test.bool", LM_VALUE_BOOL, "\1", 1 },
  { "test.false", LM_VALUE_BOOL, "\0", 1 },
  { "test.u64", LM_VALUE_U64, "\xff\xff\xff\xff\xff\xff\xff\xff", 8 },
  { "test.i64", LM_VALUE_I64, "\0\0\0\0\0\0\0\x80", 8 },
  { "test.f64", LM_VALUE_F64, "\x9a\x99\x99\x99\x99\x99\xb9\x3f", 8 }, /* 0.1 */
  { "test.u64.small", LM_VALUE_U64, "\x07\0\0\0\0\0\0\0", 8 },
  { "test.i32.positive", LM_VALUE_I32, "\x09\0\0\0", 4 },
  { "test.f64.huge", LM_VALUE_F64, "\x9c\x75\0\x88\x3c\xe4\x37\x7e", 8 }, /* 1e300 */
  { "test.f32.infinite", LM_VALUE_F32, "\0\0\x80\xff", 4 },
};

#define N_SCALARS (sizeof scalars / sizeof scalars[0])

static uint64_t
add_metadata (writer *w)
{
  for (size_t i = 0; i < N_SCALARS; i++) {
    writer_string (w, scalars[i].key);
    writer_u32 (w, scalars[i].type);
    writer_bytes (w, scalars[i].bytes, scalars[i].n_bytes);
  }
  writer_entry_string (w, "test.string", "caf\xc3\xa9");
  writer_entry_string (w, "test.string.bad", "a\xff\xc3");
  writer_entry_string (w, "test.string.empty", "");
  writer_entry_array (w, "test.array.i16", LM_VALUE_I16, 3);
  writer_bytes (w, "\x01\0\xff\xff\x05\0", 6);
  writer_entry_array (w, "test.array.string", LM_VALUE_STRING, 2);
  writer_string (w, "one");
  writer_string (w, "zwei");
  writer_entry_array (w, "test.array.empty", LM_VALUE_F32, 0);
  writer_entry_array (w, "test.array.no_strings", LM_VALUE_STRING, 0);
  writer_entry_array (w, "test.array.bool", LM_VALUE_BOOL, 2);
  writer_bytes (w, "\0\1", 2);
  return N_SCALARS + 8;
}

static uint64_t
add_split (const sample_options *options, writer *w)
{
  uint32_t total = options->n_tensors == 0 ? 3 * options->n_parts : options->n_tensors;

  writer_entry_u16 (w, "split.no", (uint16_t) options->part);
  writer_entry_u16 (w, "split.count", (uint16_t) options->n_parts);
  writer_string (w, "split.tensors.count");
  writer_u32 (w, LM_VALUE_I32);
  writer_u32 (w, total);
  return 3;
}

static uint64_t
round_up (uint64_t value, uint64_t alignment)
{
  return (value + alignment - 1) / alignment * alignment;
}

static void
add_tensors (sample *s, uint64_t alignment, uint32_t part)
{
  static const uint64_t shapes[3][2] = { { 4, 3 }, { 64, 2 }, { 8, 1 } };
  uint64_t q8_0 = round_up (48, alignment);
  uint64_t f16 = q8_0 + round_up (136, alignment);
  writer *w = &s->bytes;
  char name[16];

  s->directory = w->size;
  snprintf (name, sizeof name, "f32.%u", part);
  s->dims = w->size + 8 + strlen (name);
  s->type = s->dims + 4 + 16;
  s->offset = s->type + 4;
  writer_tensor (w, name, 2, shapes[0], LM_TYPE_F32, 0);
  snprintf (name, sizeof name, "q8_0.%u", part);
  writer_tensor (w, name, 2, shapes[1], LM_TYPE_Q8_0, q8_0);
  snprintf (name, sizeof name, "f16.%u", part);
  writer_tensor (w, name, 1, shapes[2], LM_TYPE_F16, f16);
  writer_pad (w, alignment);
  s->data = w->size;
  for (int i = 0; i < 12; i++) {
    float value = (float) i;

    writer_bytes (w, &value, sizeof value);
  }
  while (w->size < s->data + f16 + 16)
    writer_bytes (w, "\x3c", 1);
  s->data_end = w->size;
  writer_pad (w, alignment);
}

sample
sample_make (const sample_options *options)
{
  sample s = { 0 };
  uint64_t n = 1;

  writer_header (&s.bytes, options->version == 0 ? 3 : options->version, 3, 0);
  s.entries = s.bytes.size;
  writer_entry_string (&s.bytes, "general.architecture", "test");
  if (options->alignment != 0) {
    writer_entry_u32 (&s.bytes, "general.alignment", options->alignment);
    n++;
  }
  if (options->n_parts > 0)
    n += add_split (options, &s.bytes);
  if (!options->is_small)
    n += add_metadata (&s.bytes);
  writer_set_u64 (&s.bytes, 16, n);
  add_tensors (&s, options->alignment == 0 ? 32 : options->alignment, options->part);
  return s;
}
