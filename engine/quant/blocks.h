/* SPDX-License-Identifier: GPL-3.0-or-later
 * How the quantised types lie in a file: little-endian, blocks back to back. d and dmin are half
 * precision. All sizes are even, so a block at an even address is aligned. */
#pragma once

#include <stdint.h>

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the blocks of a GGUF file are read in place, which needs a little-endian processor"
#endif

#define LM_SHORT_BLOCK 32  /* weights in a block of the legacy types and of IQ4_NL */
#define LM_SUPER_BLOCK 256 /* weights in a block of the others */

/* w = d × (q − 8); low nibbles are weights 0–15, high ones 16–31. */
typedef struct {
  uint16_t d;
  uint8_t qs[16];
} lm_block_q4_0;

/* w = d × q + m */
typedef struct {
  uint16_t d;
  uint16_t m;
  uint8_t qs[16];
} lm_block_q4_1;

/* w = d × (q − 16); bit i of qh is the fifth bit of weight i. */
typedef struct {
  uint16_t d;
  uint8_t qh[4];
  uint8_t qs[16];
} lm_block_q5_0;

/* w = d × q + m */
typedef struct {
  uint16_t d;
  uint16_t m;
  uint8_t qh[4];
  uint8_t qs[16];
} lm_block_q5_1;

/* w = d × q */
typedef struct {
  uint16_t d;
  int8_t qs[32];
} lm_block_q8_0;

/* Sixteen weights share a scale and a minimum of 4 bits: w = d × scale × q − dmin × min. */
typedef struct {
  uint8_t scales[16]; /* scale in the low nibble, minimum in the high one */
  uint8_t qs[64];     /* four weights of 2 bits, 32 apart, in a byte */
  uint16_t d;
  uint16_t dmin;
} lm_block_q2_k;

/* Sixteen weights share a scale of 6 bits: w = d × (scale − 32) × (q − 4). */
typedef struct {
  uint8_t hmask[32]; /* third bit of q; bit j of byte i is weight 32 × j + i */
  uint8_t qs[64];
  uint8_t scales[12];
  uint16_t d;
} lm_block_q3_k;

/* Thirty-two weights share a scale and a minimum of 6 bits: w = d × scale × q − dmin × min. */
typedef struct {
  uint16_t d;
  uint16_t dmin;
  uint8_t scales[12];
  uint8_t qs[128]; /* 64 weights in 32 bytes: low nibbles first, then high ones */
} lm_block_q4_k;

typedef struct {
  uint16_t d;
  uint16_t dmin;
  uint8_t scales[12];
  uint8_t qh[32]; /* fifth bit of q; bit j of byte i is weight 32 × j + i */
  uint8_t qs[128];
} lm_block_q5_k;

/* Sixteen weights share a scale of 8 bits: w = d × scale × (q − 32). */
typedef struct {
  uint8_t ql[128]; /* lower 4 bits: 128 weights in 64 bytes */
  uint8_t qh[64];  /* upper 2 bits: 128 weights in 32 bytes */
  int8_t scales[16];
  uint16_t d;
} lm_block_q6_k;

/* w = d × lm_iq4_values[q] */
typedef struct {
  uint16_t d;
  uint8_t qs[16];
} lm_block_iq4_nl;

/* Thirty-two weights share a scale of 6 bits: w = d × (scale − 32) × lm_iq4_values[q]. */
typedef struct {
  uint16_t d;
  uint16_t scales_h;
  uint8_t scales_l[4];
  uint8_t qs[128];
} lm_block_iq4_xs;

/* The IQ2 and IQ3 types: eight (four) weights are a row of a grid, with signs of their own.
 * Each 32 weights: four grid indices of 8 bits, then four sign patterns of 7 bits (the eighth makes
 * the number of minuses even) and a scale of 4 bits. w = d × (scale + ½) / 4 × ±grid. */
typedef struct {
  uint16_t d;
  uint16_t qs[32];
} lm_block_iq2_xxs;

/* Each 8 weights: a grid index of 9 bits and a sign pattern of 7. A scale for 16 weights. */
typedef struct {
  uint16_t d;
  uint16_t qs[32];
  uint8_t scales[8];
} lm_block_iq2_xs;

/* Each 8 weights: a grid index of 10 bits and 8 signs. A scale for 16 weights. */
typedef struct {
  uint16_t d;
  uint8_t qs[32];
  uint8_t signs[32];
  uint8_t qh[8];
  uint8_t scales[8];
} lm_block_iq2_s;

/* Each 4 weights: a grid index of 8 bits. Each 32: signs and scale as in IQ2_XXS.
 * w = d × (scale + ½) / 2 × ±grid. */
typedef struct {
  uint16_t d;
  uint8_t qs[64];
  uint8_t signs_scales[32];
} lm_block_iq3_xxs;

/* Each 4 weights: a grid index of 9 bits. Each 8: signs. Each 32: a scale of 4 bits.
 * w = d × (1 + 2 × scale) × ±grid. */
typedef struct {
  uint16_t d;
  uint8_t qs[64];
  uint8_t qh[8];
  uint8_t signs[32];
  uint8_t scales[4];
} lm_block_iq3_s;
