/* SPDX-License-Identifier: GPL-3.0-or-later
 * Writing GGUF files for tests, good ones and bad ones: bytes in a growing buffer. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zero-initialised is empty. Out of memory ends the program: these are tests. */
typedef struct {
  unsigned char *data;
  size_t size;
  size_t capacity;
} writer;

void writer_clear (writer *w);
void writer_bytes (writer *w, const void *bytes, size_t n);
void writer_u32 (writer *w, uint32_t value);
void writer_u64 (writer *w, uint64_t value);
void writer_string (writer *w, const char *text); /* length and bytes */
void writer_pad (writer *w, size_t alignment);
void writer_set_u64 (writer *w, size_t position, uint64_t value);
bool writer_save (const writer *w, const char *path);

/* Magic, version, the counts of tensors and of metadata entries. */
void writer_header (writer *w, uint32_t version, uint64_t n_tensors, uint64_t n_entries);

void writer_entry_string (writer *w, const char *key, const char *value);
void writer_entry_u32 (writer *w, const char *key, uint32_t value);
void writer_entry_u16 (writer *w, const char *key, uint16_t value);
void writer_entry_f32 (writer *w, const char *key, float value);
void writer_entry_bool (writer *w, const char *key, bool value);
/* Key and header of an array, whose elements the caller writes. type: an lm_value_type. */
void writer_entry_array (writer *w, const char *key, uint32_t type, uint64_t n);

/* A line of the tensor directory. */
void writer_tensor (writer *w,
                    const char *name,
                    uint32_t n_dims,
                    const uint64_t *shape,
                    uint32_t type,
                    uint64_t offset);
