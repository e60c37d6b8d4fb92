/* SPDX-License-Identifier: GPL-3.0-or-later
 * A 64-bit checksum of bytes that come in pieces, at several GB/s. It finds damage with certainty
 * where it is confined to one aligned group of 8 bytes; it is no protection against forgery. */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef struct {
  uint64_t lanes[4];
  uint64_t n_bytes;
  unsigned char pending[32]; /* the last n_bytes % 32 */
} lm_hash;

void lm_hash_init (lm_hash *hash);
void lm_hash_add (lm_hash *hash, const void *data, size_t n_bytes);
/* The checksum of what was added so far; more may follow. How the bytes were cut into calls makes
 * no difference. */
uint64_t lm_hash_get (const lm_hash *hash);
