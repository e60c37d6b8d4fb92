/* SPDX-License-Identifier: GPL-3.0-or-later
 * Laying out a session's scratch memory. */
#include "model/scratch.h"

#include "model/attention.h"
#include "util/error.h"

/* Hands out 64-byte aligned pieces of a slab; with base NULL it only counts. */
typedef struct {
  char *base;
  uint64_t used;
  bool fits;
} slab;

static void *
take (slab *s, uint64_t rows, uint64_t columns, uint64_t size)
{
  uint64_t start = s->used, n = 0, bytes = 0, end = 0;

  s->fits = s->fits && lm_mul (rows, columns, &n) && lm_mul (n, size, &bytes) &&
            lm_add (bytes, 63, &bytes) && lm_add (start, bytes & ~UINT64_C (63), &end) &&
            end <= SIZE_MAX;
  s->used = end;
  return s->base != NULL && s->fits ? s->base + start : NULL;
}

static void
lay_out (slab *s,
         lm_scratch *m,
         const lm_hparams *h,
         const lm_kernels *kernels,
         uint32_t n_ctx,
         unsigned n_threads)
{
  const uint64_t t = LM_BLOCK_TOKENS;
  uint64_t q = (uint64_t) h->n_heads * h->head_dim;
  uint64_t kv = (uint64_t) h->n_kv_heads * h->head_dim;
  uint64_t widest = h->n_embd;

  widest = h->n_ff > widest ? h->n_ff : widest;
  widest = q > widest ? q : widest;
  m->matmul_bytes = (lm_matmul_scratch_bytes (widest) + 63) & ~(size_t) 63;
  m->row = take (s, 1, h->n_embd, sizeof (float)); /* the longest that there are */
  m->x = take (s, t, h->n_embd, sizeof (float));
  m->normed = take (s, t, h->n_embd, sizeof (float));
  m->delta = take (s, t, h->n_embd, sizeof (float));
  m->q = take (s, t, q, sizeof (float));
  m->k = take (s, t, kv, sizeof (float));
  m->v = take (s, t, kv, sizeof (float));
  m->attended = take (s, t, q, sizeof (float));
  m->gate = take (s, t, h->n_ff, sizeof (float));
  m->up = take (s, t, h->n_ff, sizeof (float));
  m->cosines = take (s, t, h->n_rot / 2, sizeof (float));
  m->sines = take (s, t, h->n_rot / 2, sizeof (float));
  m->prepared =
      take (s, t, kernels->prepare != NULL ? kernels->prepared_bytes ((size_t) widest) : 0, 1);
  m->attend = take (s, n_threads, lm_attention_scratch_floats (h), sizeof (float));
  m->parts = take (s, 1, lm_attention_parts_floats (h, n_ctx), sizeof (float));
  m->matmul = take (s, n_threads, m->matmul_bytes, 1);
  m->logits = take (s, LM_LOGITS_TOKENS, h->n_vocab, sizeof (float));
}

uint64_t
lm_scratch_bytes (const lm_hparams *hparams,
                  const lm_kernels *kernels,
                  uint32_t n_ctx,
                  unsigned n_threads)
{
  slab s = { .fits = true };
  lm_scratch unused;

  lay_out (&s, &unused, hparams, kernels, n_ctx, n_threads);
  return s.fits ? s.used : 0;
}

bool
lm_scratch_init (lm_scratch *scratch,
                 const lm_hparams *hparams,
                 const lm_kernels *kernels,
                 uint32_t n_ctx,
                 unsigned n_threads)
{
  uint64_t bytes = lm_scratch_bytes (hparams, kernels, n_ctx, n_threads);
  slab s = { .fits = true };

  scratch->slab = bytes > 0 ? lm_aligned_alloc (bytes, 1) : NULL;
  if (scratch->slab == NULL)
    return false;
  s.base = scratch->slab;
  lay_out (&s, scratch, hparams, kernels, n_ctx, n_threads);
  return true;
}

void
lm_scratch_clear (lm_scratch *scratch)
{
  lm_aligned_free (scratch->slab);
  scratch->slab = NULL;
}
