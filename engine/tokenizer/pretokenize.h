/* SPDX-License-Identifier: GPL-3.0-or-later
 * Cutting text into the words inside which byte-level BPE merges, as the regular expressions that
 * come with a model do; see pretokenize.c. Plain data, no allocation. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define LM_PRETOKENIZER_MAX_STAGES 4

/* The end of the first piece of [start, end), which is not empty. */
typedef size_t (*lm_split_fn) (const char *text, size_t start, size_t end);

typedef struct {
  const char *name;                               /* as in tokenizer.ggml.pre */
  lm_split_fn stages[LM_PRETOKENIZER_MAX_STAGES]; /* each splits the pieces of the one before */
  bool ignores_merges; /* a word that is a token is that token, whatever the merges say */
  bool adds_bos;       /* where the file does not say */
} lm_pretokenizer;

/* NULL for a name that the engine does not know. */
const lm_pretokenizer *lm_pretokenizer_find (const char *name, size_t length);

/* A walk over the words of a text. */
typedef struct {
  const lm_pretokenizer *pretokenizer;
  const char *text;
  size_t n_stages;
  size_t position;
  size_t ends[LM_PRETOKENIZER_MAX_STAGES + 1]; /* [0]: of the text; [i]: of the piece of stage i */
} lm_word_walk;

void lm_word_walk_init (lm_word_walk *walk,
                        const lm_pretokenizer *pretokenizer,
                        const char *text,
                        size_t length);
/* The next word, false after the last. */
bool lm_word_walk_next (lm_word_walk *walk, size_t *start, size_t *end);
