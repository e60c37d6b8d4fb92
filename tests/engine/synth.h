/* SPDX-License-Identifier: GPL-3.0-or-later
 * Tiny models with random weights, in every architecture and weight type: for tests that must run
 * where no real model is. The same arguments give the same bytes everywhere. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* What a matrix is for. */
typedef enum {
  SYNTH_EMBEDDING, /* token_embd, and the output where it is tied */
  SYNTH_OUTPUT,    /* output */
  SYNTH_QUERY_KEY, /* attn_q, attn_k */
  SYNTH_VALUE,     /* attn_v */
  SYNTH_ATTENTION, /* attn_output */
  SYNTH_GATE_UP,   /* ffn_gate, ffn_up */
  SYNTH_DOWN,      /* ffn_down */
  SYNTH_N_KINDS,
} synth_kind;

/* All zero: the defaults. */
typedef struct {
  bool is_mixed; /* types says the type of each kind, and the type argument is not used */
  uint32_t types[SYNTH_N_KINDS];
  uint32_t n_vocab; /* 384; from 260 on */
  uint32_t n_ctx;   /* 2048: the trained context length */
  float linear_factor;
  float yarn_factor; /* needs yarn_context too */
  uint32_t yarn_context;
  bool has_rope_factors; /* llama: a rope_freqs.weight tensor, as Llama 3 has */
  bool is_untied;        /* qwen2, qwen3: an output matrix of its own, as llama always has */
  uint64_t seed;
} synth_options;

/* Writes a GGUF file. architecture: "llama", "qwen2" or "qwen3". type: an lm_type. options: NULL
 * for the defaults. False when an argument is none of these or the file cannot be written.
 *
 * 2 layers, 256 wide, 4 heads of 64 (qwen3: 128) on 2 key-value heads, 512 wide feed-forward.
 * Weights have a mean of about 0 and a standard deviation of 1 / √(row length), those of
 * attn_output and ffn_down half of that. Tokens: the 256 bytes, <|endoftext|>, <|im_start|>,
 * <|im_end|>, "ab", then unused ones. */
bool synth_write (const char *path,
                  const char *architecture,
                  uint32_t type,
                  const synth_options *options);
