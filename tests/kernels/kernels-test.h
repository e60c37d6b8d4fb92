/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the kernel checks share: random data, guarded buffers, matrices. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/kernels.h"

#define UNIT 0x1p-24 /* relative error of one rounded float operation */

/* Records a failure, with a printf message, and goes on. */
#define CHECK(condition, ...)                                                                      \
  ((condition) ? (void) 0 : check_failed (__FILE__, __LINE__, __VA_ARGS__))
void check_failed (const char *file, int line, const char *format, ...)
    __attribute__ ((format (printf, 3, 4)));

/* The level being checked, and the state of its random numbers. */
extern const lm_kernels *kernels_level;
extern uint64_t kernels_random;
/* Whether to check less, where an emulator runs the checks. */
extern bool kernels_are_brief;
/* A brief check takes a third of all pairs, of types and shapes: each of both, but not with all. */
bool pair_is_taken (size_t i, size_t j);

/* Level amx-int8 with a model of the tiles, see amx-model.h; not there on every system. */
#define AMX_MODEL_NAME "amx-int8 (model)"
extern const lm_kernels lm_amxmodel_kernels;

/* 0 ≤ x < n. */
size_t random_below (size_t n);
/* −1 ≤ x < 1. */
double random_signed (void);

/* n bytes between two canaries, at an address that is misaligned by offset (< 64). */
typedef struct {
  unsigned char *memory; /* owned */
  unsigned char *data;
  size_t bytes;
} guarded;
guarded guarded_new (size_t bytes, size_t offset);
/* Whether the canaries are as they were. */
bool guarded_is_intact (const guarded *buffer);
void guarded_free (guarded *buffer);

/* A matrix with weights of a type, as the file has it and as the level wants it. */
typedef struct {
  lm_matrix file;
  lm_matrix level;
  guarded weights; /* owned */
  guarded panels;  /* owned, nothing without */
} test_matrix;

typedef enum {
  FILL_RANDOM,  /* weights about normal */
  FILL_EXTREME, /* bytes of all bits, none or one; scales, and floats, huge, denormal and zero */
  FILL_WHOLE,   /* random bytes, scales of one: products are whole multiples of 1/8 */
} fill;

/* Floats of a type and of both signs, each row of a kind: zero, denormal, the smallest normal ones,
 * from one to two, half of largest up to that (or to what the type has), or of all these. */
void fill_extremes (uint32_t type, size_t n_rows, size_t n_cols, double largest, void *floats);

test_matrix test_matrix_new (uint32_t type, uint32_t n_rows, uint32_t n_cols, fill how);
/* The same for activations up to scale, not 1: their products with extreme floats are finite. */
test_matrix
test_matrix_new_for (uint32_t type, uint32_t n_rows, uint32_t n_cols, fill how, double scale);
void test_matrix_free (test_matrix *matrix);
const char *type_name (uint32_t type);

/* Products of w with n_tokens × n_cols floats as the level makes them; out is n_tokens × stride. */
void level_multiply (const lm_matrix *w,
                     size_t first_row,
                     size_t n_rows,
                     const float *x,
                     size_t n_tokens,
                     float *out,
                     size_t stride);

void check_matmul_whole (void);
void check_matmul_random (void);
void check_matmul_extreme (void);
void check_matmul_split (void);
void check_matmul_stretches (void);
void check_matmul_not_finite (void);
void check_matmul_same (void);
/* Why the level cannot be checked by check_matmul_stretches() and check_matmul_same(); NULL: it
 * can. */
const char *why_no_stretches (void);
const char *why_not_same (void);
void check_vectors (void);
void check_rope (void);
void check_halves (void);
void check_silu (void);
void check_attention (void);

/* Prints how fast each level multiplies; type: the name of one, NULL for all. */
void bench_kernels (const char *type);

extern const uint32_t KERNEL_TYPES[];
extern const size_t N_KERNEL_TYPES;
