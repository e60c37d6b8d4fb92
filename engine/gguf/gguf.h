/* SPDX-License-Identifier: GPL-3.0-or-later
 * A GGUF file, or all parts of a split one, mapped read-only and parsed with a bounded cursor.
 * Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md (versions 2 and 3).
 *
 * Everything here is checked against the file's size before it is handed out: strings, arrays and
 * tensor data lie wholly inside the mapping, dimensions and byte counts do not overflow. */
#pragma once

#include "lm.h"

/* Numbers as in the file (ggml's enum ggml_type). */
typedef enum {
  LM_TYPE_F32 = 0,
  LM_TYPE_F16 = 1,
  LM_TYPE_Q4_0 = 2,
  LM_TYPE_Q4_1 = 3,
  LM_TYPE_Q5_0 = 6,
  LM_TYPE_Q5_1 = 7,
  LM_TYPE_Q8_0 = 8,
  LM_TYPE_Q2_K = 10,
  LM_TYPE_Q3_K = 11,
  LM_TYPE_Q4_K = 12,
  LM_TYPE_Q5_K = 13,
  LM_TYPE_Q6_K = 14,
  LM_TYPE_IQ2_XXS = 16,
  LM_TYPE_IQ2_XS = 17,
  LM_TYPE_IQ3_XXS = 18,
  LM_TYPE_IQ4_NL = 20,
  LM_TYPE_IQ3_S = 21,
  LM_TYPE_IQ2_S = 22,
  LM_TYPE_IQ4_XS = 23,
  LM_TYPE_BF16 = 30,
} lm_type;

typedef struct {
  const char *name;      /* "Q4_K" */
  uint32_t block_length; /* weights in a block; 1 for the float types */
  uint32_t block_bytes;
} lm_type_traits;

/* NULL for a type the engine does not know. */
const lm_type_traits *lm_type_get_traits (uint32_t type);

/* Numbers as in the file (enum gguf_metadata_value_type). */
typedef enum {
  LM_VALUE_U8,
  LM_VALUE_I8,
  LM_VALUE_U16,
  LM_VALUE_I16,
  LM_VALUE_U32,
  LM_VALUE_I32,
  LM_VALUE_F32,
  LM_VALUE_BOOL,
  LM_VALUE_STRING,
  LM_VALUE_ARRAY,
  LM_VALUE_U64,
  LM_VALUE_I64,
  LM_VALUE_F64,
} lm_value_type;

/* Bytes inside the mapping: not terminated, not necessarily UTF-8. */
typedef struct {
  const char *data;
  size_t length;
} lm_slice;

typedef struct {
  char *key;          /* owned, terminated, made valid UTF-8 */
  lm_value_type type; /* the element's type when is_array */
  bool is_array;
  uint64_t n_elements;        /* 1 unless is_array */
  const unsigned char *bytes; /* first element, in the mapping, unaligned, little-endian */
  lm_slice *strings;          /* owned; n_elements of them when type is LM_VALUE_STRING */
} lm_gguf_entry;

typedef struct {
  char *name; /* owned, terminated, made valid UTF-8 */
  uint32_t type;
  uint32_t n_dims;
  uint64_t shape[4]; /* shape[0] is the row length; 1 beyond n_dims */
  uint64_t bytes;
  const void *data; /* in the mapping, aligned as general.alignment says (8 at the least) */
} lm_gguf_tensor;

typedef struct {
  void *address;
  size_t bytes;
  intptr_t file; /* owned: descriptor, on Windows handle; −1: there is none */
} lm_mapping;

typedef struct {
  lm_mapping *parts; /* one a file */
  size_t n_parts;
  lm_gguf_entry *entries; /* of the first part, in file order; keys are unique */
  size_t n_entries;
  lm_gguf_tensor *tensors; /* of all parts, in file order; names are unique */
  size_t n_tensors;
  uint64_t file_bytes;
} lm_gguf;

/* Maps and parses path, and its siblings when it is one part (-00001-of-0000N.gguf) of a split
 * file. A tensor of unknown type is an error only with require_known_types (its bytes are then
 * unknown: 0, data NULL). NULL on failure. */
lm_gguf *lm_gguf_open (const char *path, bool require_known_types, lm_error *error);
/* The same from memory, which must outlive the result: for tests and fuzzing. One part. */
lm_gguf *
lm_gguf_open_memory (const void *data, size_t bytes, bool require_known_types, lm_error *error);
void lm_gguf_close (lm_gguf *gguf); /* NULL allowed */

/* NULL where there is no such key or name. O(log n): an index is made while parsing. */
const lm_gguf_entry *lm_gguf_find (const lm_gguf *gguf, const char *key);
const lm_gguf_tensor *lm_gguf_find_tensor (const lm_gguf *gguf, const char *name);

/* Bytes of a part before its first tensor: what it says of the model. */
size_t lm_gguf_directory_bytes (const lm_gguf *gguf, const lm_mapping *part);

/* Copies n bytes at data, which lie in one of the parts, as a tensor's do, into buffer: from the
 * file, not through its mapping, so that no page of it becomes this process's and a disk that fails
 * is an error. LM_ERROR_IO (number: errno or what Windows says), LM_ERROR_TRUNCATED (the file has
 * become shorter). May be called by several threads. */
lm_status
lm_gguf_copy (const lm_gguf *gguf, const void *data, size_t n, void *buffer, lm_error *error);

/* Value of a key, converted where no meaning is lost; false, *value untouched, where the key is
 * missing, an array, of another kind or out of range. */
bool lm_gguf_get_u32 (const lm_gguf *gguf, const char *key, uint32_t *value);
bool lm_gguf_get_f32 (const lm_gguf *gguf, const char *key, float *value);
bool lm_gguf_get_bool (const lm_gguf *gguf, const char *key, bool *value);
bool lm_gguf_get_string (const lm_gguf *gguf, const char *key, lm_slice *value);

/* Element of an entry of any number type (index < n_elements). */
double lm_gguf_entry_number (const lm_gguf_entry *entry, uint64_t index);
/* Text of an element and the name of the entry's type: see lm_model_format_metadata(). */
size_t lm_gguf_entry_format (const lm_gguf_entry *entry, uint64_t index, char *buffer, size_t size);
const char *lm_gguf_entry_type_name (const lm_gguf_entry *entry);
