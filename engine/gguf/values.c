/* SPDX-License-Identifier: GPL-3.0-or-later
 * Metadata as numbers and text. */
#include "gguf/values.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/half.h"
#include "util/utf8.h"

#define N_VALUE_TYPES (LM_VALUE_F64 + 1)

static const struct {
  size_t size;
  const char *name;
  const char *array_name;
} value_types[N_VALUE_TYPES] = {
  [LM_VALUE_U8] = { 1, "u8", "array[u8]" },
  [LM_VALUE_I8] = { 1, "i8", "array[i8]" },
  [LM_VALUE_U16] = { 2, "u16", "array[u16]" },
  [LM_VALUE_I16] = { 2, "i16", "array[i16]" },
  [LM_VALUE_U32] = { 4, "u32", "array[u32]" },
  [LM_VALUE_I32] = { 4, "i32", "array[i32]" },
  [LM_VALUE_F32] = { 4, "f32", "array[f32]" },
  [LM_VALUE_BOOL] = { 1, "bool", "array[bool]" },
  [LM_VALUE_STRING] = { 0, "string", "array[string]" },
  [LM_VALUE_ARRAY] = { 0, "array", "array" },
  [LM_VALUE_U64] = { 8, "u64", "array[u64]" },
  [LM_VALUE_I64] = { 8, "i64", "array[i64]" },
  [LM_VALUE_F64] = { 8, "f64", "array[f64]" },
};

/* An element of a number type, without loss. */
typedef struct {
  enum { NUMBER_UNSIGNED, NUMBER_SIGNED, NUMBER_REAL, NUMBER_BOOL, NUMBER_NONE } kind;
  uint64_t bits; /* as int64_t for NUMBER_SIGNED */
  double real;
} number;

size_t
lm_value_type_get_size (uint32_t type)
{
  return type < N_VALUE_TYPES ? value_types[type].size : 0;
}

const char *
lm_gguf_entry_type_name (const lm_gguf_entry *entry)
{
  return entry->is_array ? value_types[entry->type].array_name : value_types[entry->type].name;
}

static number
get_number (const lm_gguf_entry *entry, uint64_t index)
{
  size_t size = lm_value_type_get_size (entry->type);
  uint64_t bits = 0;
  int shift = 64 - 8 * (int) size;
  double real;

  if (size == 0 || index >= entry->n_elements)
    return (number) { .kind = NUMBER_NONE };
  memcpy (&bits, entry->bytes + index * size, size);
  switch (entry->type) {
  case LM_VALUE_I8:
  case LM_VALUE_I16:
  case LM_VALUE_I32:
  case LM_VALUE_I64:
    return (number) { NUMBER_SIGNED, (uint64_t) ((int64_t) (bits << shift) >> shift), 0 };
  case LM_VALUE_F32:
    return (number) { NUMBER_REAL, 0, (double) lm_bits_to_float ((uint32_t) bits) };
  case LM_VALUE_F64:
    memcpy (&real, &bits, sizeof real);
    return (number) { NUMBER_REAL, 0, real };
  case LM_VALUE_BOOL:
    return (number) { NUMBER_BOOL, bits != 0, 0 };
  default:
    return (number) { NUMBER_UNSIGNED, bits, 0 };
  }
}

double
lm_gguf_entry_number (const lm_gguf_entry *entry, uint64_t index)
{
  number value = get_number (entry, index);

  switch (value.kind) {
  case NUMBER_REAL:
    return value.real;
  case NUMBER_SIGNED:
    return (double) (int64_t) value.bits;
  default:
    return (double) value.bits;
  }
}

/* The single element of a key. */
static bool
get_scalar (const lm_gguf *gguf, const char *key, number *value)
{
  const lm_gguf_entry *entry = lm_gguf_find (gguf, key);

  if (entry == NULL || entry->is_array)
    return false;
  *value = get_number (entry, 0);
  return true;
}

bool
lm_gguf_get_u32 (const lm_gguf *gguf, const char *key, uint32_t *value)
{
  number found;

  if (!get_scalar (gguf, key, &found) || found.kind > NUMBER_SIGNED || found.bits > UINT32_MAX)
    return false;
  *value = (uint32_t) found.bits;
  return true;
}

bool
lm_gguf_get_f32 (const lm_gguf *gguf, const char *key, float *value)
{
  number found;
  double real;

  if (!get_scalar (gguf, key, &found) || found.kind > NUMBER_REAL)
    return false;
  real = found.real;
  if (found.kind == NUMBER_UNSIGNED)
    real = (double) found.bits;
  else if (found.kind == NUMBER_SIGNED)
    real = (double) (int64_t) found.bits;
  /* Integers that a float cannot tell apart, and finite numbers beyond its range, are refused. */
  if (found.kind != NUMBER_REAL && fabs (real) > 0x1p24)
    return false;
  if (isfinite (real) && fabs (real) > (double) 0x1.fffffep127f)
    return false;
  *value = (float) real;
  return true;
}

bool
lm_gguf_get_bool (const lm_gguf *gguf, const char *key, bool *value)
{
  number found;

  if (!get_scalar (gguf, key, &found) || found.kind != NUMBER_BOOL)
    return false;
  *value = found.bits != 0;
  return true;
}

bool
lm_gguf_get_string (const lm_gguf *gguf, const char *key, lm_slice *value)
{
  const lm_gguf_entry *entry = lm_gguf_find (gguf, key);

  if (entry == NULL || entry->is_array || entry->type != LM_VALUE_STRING)
    return false;
  *value = entry->strings[0];
  return true;
}

/* Shortest text that reads back as the same number, with a point whatever the locale says. */
static void
format_real (double value, bool is_float, char text[64])
{
  int last = is_float ? 9 : 17;
  size_t length = 0;

  if (!isfinite (value)) {
    snprintf (text, 64, "%s", isnan (value) ? "nan" : value < 0 ? "-inf" : "inf");
    return;
  }
  for (int digits = 6; digits <= last; digits++) {
    double back;

    snprintf (text, 64, "%.*g", digits, value);
    back = strtod (text, NULL);
    if (is_float ? (float) back == (float) value : back == value)
      break;
  }
  for (size_t i = 0; text[i] != '\0'; i++) {
    if (strchr ("0123456789+-e", text[i]) != NULL)
      text[length++] = text[i];
    else if (length == 0 || text[length - 1] != '.')
      text[length++] = '.';
  }
  text[length] = '\0';
}

size_t
lm_gguf_entry_format (const lm_gguf_entry *entry, uint64_t index, char *buffer, size_t size)
{
  number value = get_number (entry, index);
  char text[64] = "";

  if (entry->type == LM_VALUE_STRING && index < entry->n_elements)
    return lm_utf8_repair (entry->strings[index].data, entry->strings[index].length, false, buffer,
                           size);
  switch (value.kind) {
  case NUMBER_UNSIGNED:
    snprintf (text, sizeof text, "%llu", (unsigned long long) value.bits);
    break;
  case NUMBER_SIGNED:
    snprintf (text, sizeof text, "%lld", (long long) value.bits);
    break;
  case NUMBER_REAL:
    format_real (value.real, entry->type == LM_VALUE_F32, text);
    break;
  case NUMBER_BOOL:
    snprintf (text, sizeof text, "%s", value.bits != 0 ? "true" : "false");
    break;
  case NUMBER_NONE:
    break;
  }
  return lm_utf8_repair (text, strlen (text), false, buffer, size);
}
