/* SPDX-License-Identifier: GPL-3.0-or-later
 * Vocabularies for tests and fuzzing: GGUF files in memory that hold only a tokenizer, small ones
 * made by hand and copies of real ones. Out of memory ends the program: these are tests. */
#pragma once

#include "gguf-writer.h"
#include "tokenizer/tokenizer.h"

/* Appends the metadata entry as it stands in a file. */
void vocab_copy_entry (writer *w, const lm_gguf_entry *entry);
/* A whole file with gguf's tokenizer. pre: its pre-tokenizer, NULL to leave it out. */
void vocab_copy (writer *w, const lm_gguf *gguf, const char *pre);

/* Byte-level BPE: 256 bytes, a dozen merges, then <|im_start|>, <|im_end|> and <|im (control),
 * <tool> and <tool>> (user-defined). */
void vocab_make_bpe (writer *w, const char *pre);

/* SPM: <unk>, <s>, </s>, the 256 bytes (tokens of no use when without_bytes), and from
 * VOCAB_SPM_FIRST_TEXT on the texts of vocab_spm_texts, the last of them user-defined. */
enum { VOCAB_SPM_FIRST_BYTE = 3, VOCAB_SPM_FIRST_TEXT = 259, VOCAB_SPM_N_TEXTS = 15 };
extern const char *const vocab_spm_texts[VOCAB_SPM_N_TEXTS];
void vocab_make_spm (writer *w, bool without_bytes, bool has_space_prefix);

/* A vocabulary in use; zero-initialise, free with vocab_close(). */
typedef struct {
  lm_gguf *file;   /* or NULL */
  writer bytes;    /* of memory, or empty */
  lm_gguf *memory; /* or NULL */
  lm_tokenizer *tokenizer;
} vocab;

/* Makes the tokenizer of what bytes holds, or of path with its pre-tokenizer replaced (NULL: left
 * as it is). NULL on failure, with error filled. */
lm_tokenizer *vocab_open_bytes (vocab *vocabulary, lm_error *error);
lm_tokenizer *vocab_open (vocab *vocabulary, const char *path, const char *pre, lm_error *error);
void vocab_close (vocab *vocabulary);

/* The bytes of tokens end to end; free with free(). */
char *vocab_decode (const lm_tokenizer *tokenizer, const lm_token_list *list, size_t *length);
