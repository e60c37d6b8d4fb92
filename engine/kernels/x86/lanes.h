/* SPDX-License-Identifier: GPL-3.0-or-later
 * Vectors of LM_LANES 32-bit lanes, eight (AVX2) or sixteen (AVX-512), under one set of names, so
 * that a kernel is written once and compiled for both. A file that uses them names its functions
 * with LM_LEVEL (), which puts the level's prefix before. */
#pragma once

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define LM_INLINE static inline __attribute__ ((always_inline))

#define LM_PASTE(a, b)  a##b
#define LM_PASTE_(a, b) LM_PASTE (a, b)
#define LM_LEVEL(name)  LM_PASTE_ (LM_LEVEL_PREFIX, name)

/* for each token t of a span, two at a time: with a body of thirty instructions the loop's own
 * five, one of which would read the number again after every store, are a tenth of the time. */
#define LM_FOR_TOKENS(t, span)                                                                     \
  _Pragma ("GCC unroll 2") for (size_t t = 0, n_of_##t = (span)->n_tokens; t < n_of_##t; t++)

#if LM_LANES == 16
typedef __m512 lanes_f;
typedef __m512i lanes_i;

#define f_load(p)            _mm512_loadu_ps (p)
#define f_store(p, x)        _mm512_storeu_ps (p, x)
#define f_set(x)             _mm512_set1_ps (x)
#define f_zero()             _mm512_setzero_ps ()
#define f_add(a, b)          _mm512_add_ps (a, b)
#define f_sub(a, b)          _mm512_sub_ps (a, b)
#define f_mul(a, b)          _mm512_mul_ps (a, b)
#define f_div(a, b)          _mm512_div_ps (a, b)
#define f_max(a, b)          _mm512_max_ps (a, b)
#define f_fma(a, b, c)       _mm512_fmadd_ps (a, b, c)
#define f_fnma(a, b, c)      _mm512_fnmadd_ps (a, b, c)
#define f_round(x)           _mm512_roundscale_ps (x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)
#define f_halves(p)          _mm512_cvtph_ps (_mm256_loadu_si256 ((const __m256i *) (const void *) (p)))
#define f_int(x)             _mm512_cvtepi32_ps (x)
#define i_float(x)           _mm512_cvtps_epi32 (x)
#define i_load(p)            _mm512_loadu_si512 (p)
#define i_load_in_turn(p)    (*(const volatile __m512i_u *) (p))
#define i_store(p, x)        _mm512_storeu_si512 (p, x)
#define i_set(x)             _mm512_set1_epi32 (x)
#define i_set8(x)            _mm512_set1_epi8 (x)
#define i_zero()             _mm512_setzero_si512 ()
#define i_and(a, b)          _mm512_and_si512 (a, b)
#define i_or(a, b)           _mm512_or_si512 (a, b)
#define i_xor(a, b)          _mm512_xor_si512 (a, b)
#define i_add(a, b)          _mm512_add_epi32 (a, b)
#define i_sub(a, b)          _mm512_sub_epi32 (a, b)
#define i_add8(a, b)         _mm512_add_epi8 (a, b)
#define i_sub8(a, b)         _mm512_sub_epi8 (a, b)
#define i_left(x, n)         _mm512_slli_epi32 (x, n)
#define i_right(x, n)        _mm512_srli_epi32 (x, n)
#define i_right_signed(x, n) _mm512_srai_epi32 (x, n)
#define i_left16(x, n)       _mm512_slli_epi16 (x, n)
#define i_right16(x, n)      _mm512_srli_epi16 (x, n)
#define i_madd(a, b)         _mm512_madd_epi16 (a, b)
#define i_shuffle8(t, x)     _mm512_shuffle_epi8 (t, x)
#define i_table(p)           _mm512_broadcast_i32x4 (_mm_loadu_si128 ((const __m128i *) (const void *) (p)))
#define i_bytes(p)           _mm512_cvtepi8_epi32 (_mm_loadu_si128 ((const __m128i *) (const void *) (p)))
#define i_pairs(p)           _mm512_cvtepi8_epi16 (_mm256_loadu_si256 ((const __m256i *) (const void *) (p)))
#define i_words(p)           _mm512_cvtepu16_epi32 (_mm256_loadu_si256 ((const __m256i *) (const void *) (p)))
#define i_as_float(x)        _mm512_castsi512_ps (x)
#define f_scale(x, n)        _mm512_scalef_ps (x, n) /* x · 2ⁿ */

/* x where at least least, which a NaN counts as; elsewhere zero. */
LM_INLINE lanes_f
f_keep_from (lanes_f x, lanes_f key, lanes_f least)
{
  return _mm512_maskz_mov_ps (_mm512_cmp_ps_mask (key, least, _CMP_NLT_UQ), x);
}

LM_INLINE lanes_f
f_minus_magnitude (lanes_f x)
{
  return _mm512_or_ps (x, _mm512_set1_ps (-0.0f));
}

/* a where x has a minus sign, b elsewhere. */
LM_INLINE lanes_f
f_choose_by_sign (lanes_f x, lanes_f a, lanes_f b)
{
  return _mm512_mask_mov_ps (b, _mm512_movepi32_mask (_mm512_castps_si512 (x)), a);
}

/* The upper and the lower eight lanes put together. */
LM_INLINE __m256
f_fold_add (lanes_f x)
{
  return _mm256_add_ps (_mm512_castps512_ps256 (x), _mm512_extractf32x8_ps (x, 1));
}

LM_INLINE __m256
f_fold_max (lanes_f x)
{
  return _mm256_max_ps (_mm512_castps512_ps256 (x), _mm512_extractf32x8_ps (x, 1));
}
#else
typedef __m256 lanes_f;
typedef __m256i lanes_i;

#define f_load(p)            _mm256_loadu_ps (p)
#define f_store(p, x)        _mm256_storeu_ps (p, x)
#define f_set(x)             _mm256_set1_ps (x)
#define f_zero()             _mm256_setzero_ps ()
#define f_add(a, b)          _mm256_add_ps (a, b)
#define f_sub(a, b)          _mm256_sub_ps (a, b)
#define f_mul(a, b)          _mm256_mul_ps (a, b)
#define f_div(a, b)          _mm256_div_ps (a, b)
#define f_max(a, b)          _mm256_max_ps (a, b)
#define f_fma(a, b, c)       _mm256_fmadd_ps (a, b, c)
#define f_fnma(a, b, c)      _mm256_fnmadd_ps (a, b, c)
#define f_round(x)           _mm256_round_ps (x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)
#define f_halves(p)          _mm256_cvtph_ps (_mm_loadu_si128 ((const __m128i *) (const void *) (p)))
#define f_int(x)             _mm256_cvtepi32_ps (x)
#define i_float(x)           _mm256_cvtps_epi32 (x)
#define i_load(p)            _mm256_loadu_si256 ((const __m256i *) (const void *) (p))
#define i_load_in_turn(p)    (*(const volatile __m256i_u *) (p))
#define i_store(p, x)        _mm256_storeu_si256 ((__m256i *) (void *) (p), x)
#define i_set(x)             _mm256_set1_epi32 (x)
#define i_set8(x)            _mm256_set1_epi8 (x)
#define i_zero()             _mm256_setzero_si256 ()
#define i_and(a, b)          _mm256_and_si256 (a, b)
#define i_or(a, b)           _mm256_or_si256 (a, b)
#define i_xor(a, b)          _mm256_xor_si256 (a, b)
#define i_add(a, b)          _mm256_add_epi32 (a, b)
#define i_sub(a, b)          _mm256_sub_epi32 (a, b)
#define i_add8(a, b)         _mm256_add_epi8 (a, b)
#define i_sub8(a, b)         _mm256_sub_epi8 (a, b)
#define i_left(x, n)         _mm256_slli_epi32 (x, n)
#define i_right(x, n)        _mm256_srli_epi32 (x, n)
#define i_right_signed(x, n) _mm256_srai_epi32 (x, n)
#define i_left16(x, n)       _mm256_slli_epi16 (x, n)
#define i_right16(x, n)      _mm256_srli_epi16 (x, n)
#define i_madd(a, b)         _mm256_madd_epi16 (a, b)
#define i_shuffle8(t, x)     _mm256_shuffle_epi8 (t, x)
#define i_table(p)                                                                                 \
  _mm256_broadcastsi128_si256 (_mm_loadu_si128 ((const __m128i *) (const void *) (p)))
#define i_bytes(p)    _mm256_cvtepi8_epi32 (_mm_loadl_epi64 ((const __m128i *) (const void *) (p)))
#define i_pairs(p)    _mm256_cvtepi8_epi16 (_mm_loadu_si128 ((const __m128i *) (const void *) (p)))
#define i_words(p)    _mm256_cvtepu16_epi32 (_mm_loadu_si128 ((const __m128i *) (const void *) (p)))
#define i_as_float(x) _mm256_castsi256_ps (x)

/* x · 2ⁿ of whole n ≥ −126 */
LM_INLINE lanes_f
f_scale (lanes_f x, lanes_f n)
{
  return f_mul (x, i_as_float (i_left (i_add (i_float (n), i_set (127)), 23)));
}

LM_INLINE lanes_f
f_keep_from (lanes_f x, lanes_f key, lanes_f least)
{
  return _mm256_and_ps (x, _mm256_cmp_ps (key, least, _CMP_NLT_UQ));
}

LM_INLINE lanes_f
f_minus_magnitude (lanes_f x)
{
  return _mm256_or_ps (x, _mm256_set1_ps (-0.0f));
}

LM_INLINE lanes_f
f_choose_by_sign (lanes_f x, lanes_f a, lanes_f b)
{
  return _mm256_blendv_ps (b, a, x);
}

LM_INLINE __m256
f_fold_add (lanes_f x)
{
  return x;
}

LM_INLINE __m256
f_fold_max (lanes_f x)
{
  return x;
}
#endif

/* i_load_in_turn() is i_load() where the program says, not where the compiler finds it best. What
 * is streamed from memory must be read line after line: processors foresee what is read next from
 * the order of the loads, and with those of a few hundred bytes shuffled, as compilers do, they
 * lose a quarter of the memory's bandwidth. lanes_touch() reads a line in turn that the compiler
 * may load later. */
LM_INLINE void
lanes_touch (const void *p, size_t bytes)
{
  for (size_t i = 0; i < bytes; i += 64)
    (void) ((const volatile uint8_t *) p)[i];
}

/* What one token reads, weights and the cache, comes from memory, line after line. A processor
 * brings what comes next by itself, but some only within a page: at the beginning of each they
 * wait, and start anew. So, with so many bytes at p that are about to be read, this looks `ahead`
 * bytes further on, at what may be anybody's, and where a page begins there it asks for that page's
 * first lines, which sets the processor to bringing the rest. Those must be the very first: lines
 * from the middle of a page on brought up to 6 % less. One to eight pages ahead are much the same,
 * three the least bad where memory is slow (Zen 5). Zen 3 and 4 go from page to page by themselves,
 * and lose by it. */
#define LANES_PAGE_LINES  4
#define LANES_PAGE_BYTES  4096
#define LANES_PAGES_AHEAD (3 * LANES_PAGE_BYTES)

LM_INLINE void
lanes_open_page (const void *p, const size_t bytes, const size_t ahead)
{
  const char *later = (const char *) p + ahead;
  size_t to_page = -(uintptr_t) later % LANES_PAGE_BYTES;

  if (to_page < bytes)
    for (int i = 0; i < LANES_PAGE_LINES; i++)
      _mm_prefetch (later + to_page + i * 64, _MM_HINT_T1);
}

/* Writes the first n lanes, or, of a larger n, all. */
LM_INLINE void
lanes_store (float *out, size_t n, lanes_f lanes)
{
  float all[LM_LANES];

  if (n >= LM_LANES) {
    f_store (out, lanes);
  } else {
    f_store (all, lanes);
    memcpy (out, all, n * sizeof *out);
  }
}

/* Word i of a panel's rows, of those that one group after the other reads. */
LM_INLINE lanes_i
lanes_load_word (const uint8_t *words, size_t i)
{
  return i_load_in_turn (words + 4 * LM_LANES * i);
}

/* Four words of nibbles: the low ones are columns 0–15, the high ones 16–31. */
LM_INLINE void
lanes_unpack_nibbles (const uint8_t *words, lanes_i w[8])
{
  const lanes_i low = i_set8 (15);

#pragma GCC unroll 4
  for (size_t i = 0; i < 4; i++) {
    lanes_i nibbles = lanes_load_word (words, i);

    w[i] = i_and (nibbles, low);
    w[i + 4] = i_and (i_right16 (nibbles, 4), low);
  }
}

/* Words of two bits for each of a group's columns. */
LM_INLINE void
lanes_load_two_words (const uint8_t *words, lanes_i two[2])
{
  two[0] = lanes_load_word (words, 0);
  two[1] = lanes_load_word (words, 1);
}

/* Six words, of nibbles and of the two bits above them. */
LM_INLINE void
lanes_unpack_six_bits (const uint8_t *words, lanes_i w[8])
{
  lanes_i upper[2];

  lanes_unpack_nibbles (words, w);
  lanes_load_two_words (words + 16 * LM_LANES, upper);
#pragma GCC unroll 8
  for (size_t i = 0; i < 8; i++) {
    unsigned shift = 2 * (i % 4);
    lanes_i bits =
        shift < 4 ? i_left16 (upper[i / 4], 4 - shift) : i_right16 (upper[i / 4], shift - 4);

    w[i] = i_or (w[i], i_and (bits, i_set8 (48)));
  }
}

/* The sum of the lanes, in a fixed order, and the largest. */
LM_INLINE float
f_sum (lanes_f x)
{
  __m256 all = f_fold_add (x);
  __m128 half = _mm_add_ps (_mm256_castps256_ps128 (all), _mm256_extractf128_ps (all, 1));

  half = _mm_add_ps (half, _mm_movehl_ps (half, half));
  return _mm_cvtss_f32 (_mm_add_ss (half, _mm_movehdup_ps (half)));
}

LM_INLINE float
f_largest (lanes_f x)
{
  __m256 all = f_fold_max (x);
  __m128 half = _mm_max_ps (_mm256_castps256_ps128 (all), _mm256_extractf128_ps (all, 1));

  half = _mm_max_ps (half, _mm_movehl_ps (half, half));
  return _mm_cvtss_f32 (_mm_max_ss (half, _mm_movehdup_ps (half)));
}

/* The four bytes at p in every lane. */
LM_INLINE lanes_i
i_spread (const void *p)
{
  int32_t word;

  memcpy (&word, p, sizeof word);
  return i_set (word);
}

/* Lanes of two vectors, in their order, as the nearest 16-bit integers that there are. */
LM_INLINE lanes_i
i_narrow (lanes_i a, lanes_i b)
{
#if LM_LANES == 16
  return _mm512_permutexvar_epi64 (_mm512_setr_epi64 (0, 2, 4, 6, 1, 3, 5, 7),
                                   _mm512_packs_epi32 (a, b));
#else
  return _mm256_permute4x64_epi64 (_mm256_packs_epi32 (a, b), 0xd8);
#endif
}

/* sum + a[2i] × b[2i] + a[2i+1] × b[2i+1] of 16-bit integers. It is written as instructions: of
 * the intrinsics GCC makes some that only move the sum, and with eight sums it keeps one of them in
 * memory, for which every product waits. */
LM_INLINE lanes_i
i_dot16 (lanes_i sum, lanes_i a, lanes_i b)
{
#if defined(__AVX512VNNI__)
  __asm__ ("vpdpwssd %2, %1, %0" : "+v"(sum) : "v"(a), "v"(b));
#elif defined(__AVXVNNI__)
  __asm__ ("%{vex%} vpdpwssd %2, %1, %0" : "+x"(sum) : "x"(a), "x"(b));
#else
  lanes_i products;

  __asm__ ("vpmaddwd %3, %2, %1\n\tvpaddd %1, %0, %0"
           : "+x"(sum), "=&x"(products)
           : "x"(a), "x"(b));
#endif
  return sum;
}

/* The half at p, as a float in every lane. */
LM_INLINE lanes_f
f_halves_one (const uint16_t *p)
{
  return f_set (_cvtsh_ss (*p));
}

/* e^x for x ≤ 0, within 2 units in the last place; 0 below −87. By Cody and Waite's reduction to
 * |r| ≤ ln 2 / 2 and the Taylor polynomial of degree 7, whose error there is below 2⁻²⁷. */
LM_INLINE lanes_f
f_exp (lanes_f x)
{
  const lanes_f least = f_set (-87.0f);
  lanes_f n = f_round (f_mul (x, f_set (0x1.715476p0f)));
  lanes_f r = f_fnma (n, f_set (0x1.62e4p-1f), x);
  lanes_f p = f_set (1.0f / 5040);

  r = f_fnma (n, f_set (0x1.7f7d1cp-20f), r);
  p = f_fma (p, r, f_set (1.0f / 720));
  p = f_fma (p, r, f_set (1.0f / 120));
  p = f_fma (p, r, f_set (1.0f / 24));
  p = f_fma (p, r, f_set (1.0f / 6));
  p = f_fma (p, r, f_set (0.5f));
  p = f_fma (p, r, f_set (1.0f));
  p = f_fma (p, r, f_set (1.0f));
  return f_keep_from (f_scale (p, n), x, least);
}
