/* SPDX-License-Identifier: GPL-3.0-or-later
 * The working memory of one call to encode, and the queue of merges in it: a binary heap. */
#include <stdlib.h>

#include "tokenizer/internal.h"

bool
lm_reserve (void **memory, size_t *capacity, size_t n, size_t size)
{
  size_t wanted = *capacity < 16 ? 16 : *capacity;
  void *grown;

  if (n <= *capacity)
    return true;
  while (wanted < n) {
    if (wanted > SIZE_MAX / 2)
      return false;
    wanted *= 2;
  }
  if (wanted > SIZE_MAX / size)
    return false;
  grown = realloc (*memory, wanted * size);
  if (grown == NULL)
    return false;
  *memory = grown;
  *capacity = wanted;
  return true;
}

bool
lm_heap_push (lm_scratch *scratch, lm_candidate candidate)
{
  size_t hole = scratch->n_heap;

  if (!LM_RESERVE (&scratch->heap, &scratch->heap_capacity, hole + 1))
    return false;
  scratch->n_heap++;
  while (hole > 0 && candidate.key < scratch->heap[(hole - 1) / 2].key) {
    scratch->heap[hole] = scratch->heap[(hole - 1) / 2];
    hole = (hole - 1) / 2;
  }
  scratch->heap[hole] = candidate;
  return true;
}

lm_candidate
lm_heap_pop (lm_scratch *scratch)
{
  lm_candidate *heap = scratch->heap;
  lm_candidate top = heap[0];
  lm_candidate moved = heap[--scratch->n_heap];
  size_t n = scratch->n_heap;
  size_t hole = 0;

  for (;;) {
    size_t child = 2 * hole + 1;

    if (child >= n)
      break;
    if (child + 1 < n && heap[child + 1].key < heap[child].key)
      child++;
    if (moved.key <= heap[child].key)
      break;
    heap[hole] = heap[child];
    hole = child;
  }
  heap[hole] = moved;
  return top;
}

void
lm_merge_scratch_clear (lm_scratch *scratch)
{
  free (scratch->symbols);
  free (scratch->heap);
  free (scratch->text);
  *scratch = (lm_scratch) { 0 };
}
