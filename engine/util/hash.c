/* SPDX-License-Identifier: GPL-3.0-or-later
 * A checksum in four lanes, in the manner of xxHash: each takes every fourth word, adds it
 * multiplied, rotates and multiplies. Every step can be undone, so a word that is changed always
 * changes its lane. */
#include "util/hash.h"

#include <string.h>

#define ODD_1 UINT64_C (0x9e3779b97f4a7c15)
#define ODD_2 UINT64_C (0xbf58476d1ce4e5b9)
#define ODD_3 UINT64_C (0x94d049bb133111eb)

static uint64_t
rotate (uint64_t x, int bits)
{
  return x << bits | x >> (64 - bits);
}

static uint64_t
add_word (uint64_t lane, uint64_t word)
{
  return rotate (lane + word * ODD_2, 31) * ODD_1;
}

/* Little-endian, whatever the computer is. */
static uint64_t
read_word (const unsigned char *bytes)
{
  uint64_t word = 0;

  for (int i = 7; i >= 0; i--)
    word = word << 8 | bytes[i];
  return word;
}

static void
add_blocks (uint64_t lanes[4], const unsigned char *bytes, size_t n_blocks)
{
  for (; n_blocks > 0; n_blocks--, bytes += 32)
    for (int i = 0; i < 4; i++)
      lanes[i] = add_word (lanes[i], read_word (bytes + 8 * i));
}

void
lm_hash_init (lm_hash *hash)
{
  *hash = (lm_hash) { .lanes = { ODD_1, ODD_2, ODD_3, ODD_1 + ODD_2 } };
}

void
lm_hash_add (lm_hash *hash, const void *data, size_t n_bytes)
{
  const unsigned char *bytes = data;
  size_t n_pending = hash->n_bytes % 32;
  size_t n = 32 - n_pending;

  hash->n_bytes += n_bytes;
  if (n_pending > 0) {
    n = n < n_bytes ? n : n_bytes;
    memcpy (hash->pending + n_pending, bytes, n);
    if (n_pending + n < 32)
      return;
    add_blocks (hash->lanes, hash->pending, 1);
    bytes += n;
    n_bytes -= n;
  }
  add_blocks (hash->lanes, bytes, n_bytes / 32);
  if (n_bytes % 32 > 0)
    memcpy (hash->pending, bytes + n_bytes / 32 * 32, n_bytes % 32);
}

uint64_t
lm_hash_get (const lm_hash *hash)
{
  uint64_t lanes[4];
  unsigned char last[32] = { 0 };
  uint64_t sum = hash->n_bytes * ODD_3;

  memcpy (lanes, hash->lanes, sizeof lanes);
  memcpy (last, hash->pending, hash->n_bytes % 32);
  add_blocks (lanes, last, 1);
  for (int i = 0; i < 4; i++)
    sum = (sum ^ lanes[i]) * ODD_1 + ODD_3;
  sum = (sum ^ sum >> 30) * ODD_2;
  sum = (sum ^ sum >> 27) * ODD_3;
  return sum ^ sum >> 31;
}
