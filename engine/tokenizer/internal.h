/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the files of tokenizer/ share: the tables of a tokenizer, and the working memory of one call
 * to encode. */
#pragma once

#include "tokenizer/pretokenize.h"
#include "tokenizer/tokenizer.h"

/* Numbers as in tokenizer.ggml.token_type. */
typedef enum {
  LM_TOKEN_NORMAL = 1,
  LM_TOKEN_UNKNOWN = 2,
  LM_TOKEN_CONTROL = 3,
  LM_TOKEN_USER_DEFINED = 4,
  LM_TOKEN_UNUSED = 5,
  LM_TOKEN_BYTE = 6,
} lm_token_type;

/* Open addressing with linear probing, at most half full. id + 1; 0: empty. */
typedef struct {
  uint32_t hash;
  uint32_t id_plus_1;
} lm_text_slot;

/* The same for merges, keyed by (left, right). merged + 1; 0: empty. */
typedef struct {
  uint32_t left;
  uint32_t right;
  uint32_t rank;
  uint32_t merged_plus_1;
} lm_merge_slot;

struct lm_tokenizer {
  bool is_spm;
  bool adds_bos;
  bool adds_eos;
  bool adds_space_prefix;              /* SPM only */
  const lm_pretokenizer *pretokenizer; /* BPE only */
  uint32_t n_tokens;
  const lm_slice *texts;    /* n_tokens, borrowed from the GGUF file */
  uint8_t *types;           /* n_tokens of lm_token_type */
  float *scores;            /* n_tokens; SPM only */
  uint32_t *piece_offsets;  /* n_tokens + 1 */
  char *pieces;             /* what the tokens stand for, end to end */
  lm_text_slot *text_slots; /* text_mask + 1 */
  uint32_t text_mask;
  lm_merge_slot *merge_slots; /* merge_mask + 1; BPE only */
  uint32_t merge_mask;
  uint32_t max_text_length; /* bytes, of a token that merges can make */
  lm_token bytes[256];      /* the token of each byte, or LM_TOKEN_NONE */
  lm_token bos, eos, eot, unknown;
  lm_token *specials; /* control, unknown and user-defined: longest first */
  uint32_t n_specials;
  uint32_t *specials_by_text;   /* indices into specials, in the order of their texts */
  uint32_t special_starts[257]; /* where in it the texts that begin with a byte begin */
  uint64_t bytes_used;
};

/* A piece of a word while it is being merged; they form a list. */
typedef struct {
  uint32_t id;     /* BPE: the token; SPM: where it begins in the text */
  uint32_t length; /* bytes; 0: swallowed by its left neighbour */
  uint32_t previous;
  uint32_t next;
} lm_symbol;

#define LM_NO_SYMBOL UINT32_MAX

/* A merge that could be done. Least key first: how good it is in the upper half, the index of its
 * left symbol in the lower. */
typedef struct {
  uint64_t key;
  uint32_t right;
  uint32_t check; /* BPE: index of the merge; SPM: bytes of both: to know a stale one */
} lm_candidate;

/* Working memory, kept from word to word; zero-initialise. */
typedef struct {
  lm_symbol *symbols;
  size_t symbols_capacity;
  lm_candidate *heap;
  size_t heap_capacity;
  size_t n_heap;
  char *text;
  size_t text_capacity;
} lm_scratch;

/* Makes room for n elements of size bytes at *memory; false: out of memory. */
bool lm_reserve (void **memory, size_t *capacity, size_t n, size_t size);
#define LM_RESERVE(memory, capacity, n)                                                            \
  lm_reserve ((void **) (memory), (capacity), (n), sizeof **(memory))

bool lm_heap_push (lm_scratch *scratch, lm_candidate candidate); /* false: out of memory */
lm_candidate lm_heap_pop (lm_scratch *scratch);                  /* n_heap > 0 */
void lm_merge_scratch_clear (lm_scratch *scratch);

/* The token with this text that plain text may become: not a control, unknown or byte token. */
lm_token lm_tokenizer_find_plain (const lm_tokenizer *tokenizer, const char *text, size_t length);

/* Where in merge_slots to begin looking for a merge, before the mask. */
static inline uint32_t
lm_bpe_merge_hash (uint32_t left, uint32_t right)
{
  return (uint32_t) (((uint64_t) left << 32 | right) * 0x9e3779b97f4a7c15u >> 32);
}

/* The merge of two tokens: its index in merge_slots, or UINT32_MAX. */
uint32_t lm_bpe_find_merge (const lm_tokenizer *tokenizer, uint32_t left, uint32_t right);
/* Writes bytes as the characters that stand for them in byte-level vocabularies: at most two bytes
 * each. Returns the length. */
size_t lm_bpe_encode_bytes (const char *bytes, size_t length, char *text);
/* The reverse; what is no such character is copied. Returns the length, at most length. */
size_t lm_bpe_decode_bytes (const char *text, size_t length, char *bytes);

/* Append the tokens of text without special tokens. false: out of memory. */
bool lm_bpe_encode (const lm_tokenizer *tokenizer,
                    lm_scratch *scratch,
                    const char *text,
                    size_t length,
                    lm_token_list *list);
bool lm_spm_encode (const lm_tokenizer *tokenizer,
                    lm_scratch *scratch,
                    const char *text,
                    size_t length,
                    bool with_space_prefix,
                    lm_token_list *list);

/* A stretch of the text: one special token (its whole text), or text without any. */
typedef struct {
  size_t start;
  size_t length;
  lm_token token; /* LM_TOKEN_NONE: text */
} lm_fragment;

typedef struct {
  lm_fragment *items;
  size_t n;
  size_t capacity;
} lm_fragment_list;

/* Cuts text at the special tokens that runs allow. List to be freed by the caller, on failure too.
 * false: out of memory. */
bool lm_specials_split (const lm_tokenizer *tokenizer,
                        const char *text,
                        size_t length,
                        const lm_text_run *runs,
                        size_t n_runs,
                        lm_fragment_list *list);
/* Fills the special… fields from types and texts. false: out of memory. */
bool lm_specials_init (lm_tokenizer *tokenizer);

/* malloc() counted in bytes_used, and zeroed; NULL: out of memory. Free with free(). */
void *lm_tokenizer_alloc (lm_tokenizer *tokenizer, uint64_t n, size_t size);
/* The hash tables; see table.c. */
lm_status lm_tokenizer_load_merges (lm_tokenizer *tokenizer, const lm_gguf *gguf, lm_error *error);
lm_status lm_tokenizer_index_texts (lm_tokenizer *tokenizer, lm_error *error);
/* lm_fail() with LM_ERROR_TOKENIZER and bytes from the file as the subject. */
lm_status lm_tokenizer_fail (lm_error *error, lm_slice subject, const char *sentence);
