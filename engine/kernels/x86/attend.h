/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the parts of attention over one span of the cache share: a step of some positions, whose
 * scores (scores.c) become weights (attend.c), which mix their values (mix.c).
 *
 * A long cache comes from memory, in an order that a processor does not foresee: keys and values by
 * turns, and values a few dimensions at a time. So what the next step reads is asked for meanwhile,
 * values while keys are scored and keys while values are mixed, and pages that come later are
 * opened. */
#pragma once

#include "kernels/x86/lanes.h"
#include "kernels/x86/x86.h"

/* Queries that the registers hold the sums of, and vectors of positions or dimensions worked on at
 * once. */
#define MAX_QUERIES (LM_LANES == 16 ? 8 : 4)
#define N_VECTORS   2

#define SCORED (N_VECTORS * LM_LANES) /* positions at once */
#define STEP   (4 * LM_KEY_TILE)
#define LINE   64 /* bytes */

/* Reads of N_VECTORS vectors of halves, or of pairs of bytes, whose bytes are as many as a line. */
#define A_LINE (LINE / (2 * SCORED))

_Static_assert (LM_ATTEND_CHUNK % STEP == 0 && STEP % SCORED == 0, "spans are whole steps");
_Static_assert (LM_ATTEND_QUERIES <= LM_LANES, "a lane for each query");

/* A query in integers, with a scale for each group of dimensions: its rounding errs by a hundredth
 * of what that of keys in bytes does. */
#define MAX_ROUNDED 512 /* dimensions */

typedef struct {
  _Alignas (LINE) int16_t q[MAX_ROUNDED];
  float scales[MAX_ROUNDED / LM_KV_GROUP];
} rounded_query;

/* The same of its weights, times the scales of a group of values: lanes are positions. */
typedef struct {
  _Alignas (LINE) int16_t w[STEP];
} rounded_weights;

/* A step with all queries of a call, or with as many as the registers take. */
typedef struct {
  const lm_kv_span *kv;
  lm_query *queries;
  size_t n_queries;
  const rounded_query *rounded; /* the same, for a cache in bytes */
  size_t first;                 /* position of the step */
  size_t n_seen;                /* its positions that there are */
  float *scores;                /* STEP of each query, then weights */
  float *less;                  /* of each query: what all before the step is multiplied with */
  float *more;                  /* and its weights: 1 with halves */
  float scale;
} attend_step;

/* Scores of the step's positions; what there is of others means nothing. */
void LM_LEVEL (score_step) (const attend_step *step);

/* out = out × less + more × Σ_p weight[p] × v[p] of every query. */
void LM_LEVEL (mix_step) (const attend_step *step);

/* Has the line at address, which may be anybody's, brought into the first cache, and opens a page
 * beyond it if one begins there. With AVX2 alone, which Zen 3 has, it does not. */
LM_INLINE void
ask_for (uintptr_t address)
{
#if defined(__AVXVNNI__) || defined(__AVX512VNNI__)
  lanes_open_page ((const void *) address, LINE, LANES_PAGES_AHEAD);
#endif
  _mm_prefetch ((const char *) address, _MM_HINT_T0);
}

/* ---- As many queries as the registers take ------------------------------------------------- */

/* The queries behind the first done. */
LM_INLINE attend_step
take (const attend_step *all, size_t done)
{
  attend_step s = *all;

  s.n_queries = all->n_queries - done < MAX_QUERIES ? all->n_queries - done : MAX_QUERIES;
  s.queries += done;
  s.rounded += done;
  s.scores += done * STEP;
  s.less += done;
  s.more += done;
  return s;
}

/* do_part (…, n) with an n that the compiler knows, so that the sums are in registers. */
#if LM_LANES == 16
#define CASES_BEYOND_FOUR(do_part, ...)                                                            \
  case 8:                                                                                          \
    do_part (__VA_ARGS__, 8);                                                                      \
    break;                                                                                         \
  case 7:                                                                                          \
    do_part (__VA_ARGS__, 7);                                                                      \
    break;                                                                                         \
  case 6:                                                                                          \
    do_part (__VA_ARGS__, 6);                                                                      \
    break;                                                                                         \
  case 5:                                                                                          \
    do_part (__VA_ARGS__, 5);                                                                      \
    break;
#else
#define CASES_BEYOND_FOUR(do_part, ...)
#endif
#define WITH_KNOWN(n, do_part, ...)                                                                \
  switch (n) {                                                                                     \
    CASES_BEYOND_FOUR (do_part, __VA_ARGS__)                                                       \
  case 4:                                                                                          \
    do_part (__VA_ARGS__, 4);                                                                      \
    break;                                                                                         \
  case 3:                                                                                          \
    do_part (__VA_ARGS__, 3);                                                                      \
    break;                                                                                         \
  case 2:                                                                                          \
    do_part (__VA_ARGS__, 2);                                                                      \
    break;                                                                                         \
  default:                                                                                         \
    do_part (__VA_ARGS__, 1);                                                                      \
  }
