/* SPDX-License-Identifier: GPL-3.0-or-later
 * Half precision, every quantised type against python3-gguf, activations in 8 bits. */
#include <math.h>

#include "check.h"
#include "gguf/gguf.h"
#include "quant/blocks.h"
#include "quant/quant.h"
#include "util/half.h"

#define CANARY 12345.0f

/* splitmix64 */
static uint64_t
next_random (uint64_t *state)
{
  uint64_t z = *state += 0x9e3779b97f4a7c15;

  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
  z = (z ^ z >> 27) * 0x94d049bb133111eb;
  return z ^ z >> 31;
}

/* By the definition of IEEE 754 binary16. */
static double
define_half (unsigned half)
{
  int exponent = half >> 10 & 31;
  int mantissa = half & 1023;
  double magnitude = exponent == 0 ? ldexp (mantissa, -24) : ldexp (1024 + mantissa, exponent - 25);

  if (exponent == 31)
    magnitude = mantissa == 0 ? INFINITY : NAN;
  return half & 0x8000 ? -magnitude : magnitude;
}

static void
test_half_exact (void)
{
  for (unsigned half = 0; half < 0x10000; half++) {
    double expected = define_half (half);
    float value = lm_half_to_float ((uint16_t) half);

    if (isnan (expected)) {
      CHECK (isnan (value) && isnan (lm_half_to_float (lm_float_to_half (value))), "half %04x",
             half);
      continue;
    }
    CHECK ((double) value == expected && !signbit (value) == !signbit (expected), "half %04x is %g",
           half, (double) value);
    CHECK (lm_float_to_half (value) == half, "half %04x comes back otherwise", half);
  }
}

/* Nearest half, ties to the even one, found by bisection among the 31744 finite magnitudes. */
static unsigned
define_rounding (float value)
{
  double magnitude = fabs ((double) value);
  unsigned sign = signbit (value) ? 0x8000 : 0;
  unsigned low = 0;
  unsigned high = 0x7c00;
  double middle;

  while (high - low > 1) {
    unsigned half = (low + high) / 2;

    if (define_half (half) <= magnitude)
      low = half;
    else
      high = half;
  }
  /* What would follow the largest half, 65536, decides where infinity begins. */
  middle = (define_half (low) + (high == 0x7c00 ? 65536 : define_half (high))) / 2;
  if (magnitude > middle || (magnitude == middle && (high & 1) == 0))
    low = high;
  return sign | low;
}

static void
check_rounding (float value)
{
  CHECK (lm_float_to_half (value) == define_rounding (value), "%a becomes %04x, not %04x",
         (double) value, lm_float_to_half (value), define_rounding (value));
}

static void
test_half_rounding (void)
{
  uint64_t random = 1;

  /* Around every half and around every tie between two. */
  for (unsigned half = 0; half < 0x7c00; half++) {
    float value = (float) define_half (half);
    float tie =
        (float) ((define_half (half) + (half == 0x7bff ? 65536 : define_half (half + 1))) / 2);

    check_rounding (nextafterf (value, INFINITY));
    check_rounding (nextafterf (value, -INFINITY));
    check_rounding (tie);
    check_rounding (-tie);
    check_rounding (nextafterf (tie, INFINITY));
    check_rounding (nextafterf (tie, 0));
  }
  for (int i = 0; i < 200000; i++) {
    float value = lm_bits_to_float ((uint32_t) next_random (&random));

    if (!isnan (value))
      check_rounding (value);
  }
  check_rounding (INFINITY);
  check_rounding (-INFINITY);
}

static void
test_bfloat (void)
{
  CHECK (lm_bfloat_to_float (0x3f80) == 1, "1");
  CHECK (lm_bfloat_to_float (0xc0a0) == -5, "-5");
  CHECK (lm_bfloat_to_float (0x0001) == 0x1p-133f, "smallest");
  CHECK (isinf (lm_bfloat_to_float (0x7f80)), "infinity");
}

/* The whole of a test data file; NULL with a failure recorded. Free it. */
static unsigned char *
load_data (const char *name, size_t *size)
{
  const char *folder = getenv ("LINNET_TEST_DATA");
  char path[4096];
  unsigned char *data = NULL;
  FILE *file;
  long length;

  snprintf (path, sizeof path, "%s/%s", folder == NULL ? "tests/data" : folder, name);
  file = fopen (path, "rb");
  CHECK (file != NULL, "cannot open %s", path);
  if (file == NULL)
    return NULL;
  if (fseek (file, 0, SEEK_END) == 0 && (length = ftell (file)) > 0 &&
      fseek (file, 0, SEEK_SET) == 0) {
    data = malloc ((size_t) length);
    *size = data == NULL ? 0 : fread (data, 1, (size_t) length, file);
  }
  fclose (file);
  CHECK (data != NULL, "cannot read %s", path);
  return data;
}

/* Every type is exact in the common form up to the one subtraction of the minimum, which the
 * peer rounds in the same way: the floats must be equal, zeros with their sign included. */
static void
compare_golden (uint32_t type, const unsigned char *blocks, size_t n, const unsigned char *expected)
{
  const lm_type_traits *traits = lm_type_get_traits (type);
  lm_group *groups = malloc (n / LM_GROUP_LENGTH * sizeof *groups);
  float *out = malloc ((n + 1) * sizeof *out);
  /* A copy of its own, so that a sanitizer sees reading beyond the end. */
  unsigned char *copy = malloc (n / traits->block_length * traits->block_bytes);

  memcpy (copy, blocks, n / traits->block_length * traits->block_bytes);
  out[n] = CANARY;
  lm_quant_dequantise (type, copy, n, groups, out);
  for (size_t i = 0; i < n; i++) {
    float value;

    memcpy (&value, expected + 4 * i, sizeof value);
    CHECK (lm_float_to_bits (out[i]) == lm_float_to_bits (value), "%s: weight %zu is %a, not %a",
           traits->name, i, (double) out[i], (double) value);
  }
  CHECK (out[n] == CANARY, "%s: written beyond the end", traits->name);
  free (copy);
  free (out);
  free (groups);
}

static void
test_golden (void)
{
  bool seen[LM_TYPE_BF16 + 1] = { false };
  size_t size = 0;
  size_t position = 0;
  unsigned char *data = load_data ("quant/golden.bin", &size);

  while (data != NULL && size - position >= 12) {
    uint32_t header[3]; /* type, weights, bytes */
    const lm_type_traits *traits;

    memcpy (header, data + position, sizeof header);
    position += sizeof header;
    traits = lm_type_get_traits (header[0]);
    CHECK (traits != NULL && header[1] > 0 &&
               header[2] == header[1] / traits->block_length * traits->block_bytes &&
               size - position >= header[2] + 4 * (size_t) header[1],
           "the data are damaged");
    if (check_n_failures > 0)
      break;
    compare_golden (header[0], data + position, header[1], data + position + header[2]);
    position += header[2] + 4 * (size_t) header[1];
    seen[header[0]] = true;
  }
  for (uint32_t type = 0; type <= LM_TYPE_BF16; type++)
    CHECK (seen[type] == (lm_quant_get_unpack (type) != NULL), "type %u is not in the data", type);
  CHECK (lm_quant_get_unpack (LM_TYPE_F32) == NULL && lm_quant_get_unpack (999) == NULL,
         "floats need no unpacking");
  free (data);
}

static void
test_floats (void)
{
  static const float f32[3] = { 1, -2.5f, 0x1p-140f };
  static const uint16_t f16[3] = { 0x3c00, 0xc100, 0x0001 };
  static const uint16_t bf16[3] = { 0x3f80, 0xc020, 0x0001 };
  float out[4];

  lm_quant_dequantise (LM_TYPE_F32, f32, 3, NULL, out);
  CHECK (memcmp (out, f32, sizeof f32) == 0, "F32");
  lm_quant_dequantise (LM_TYPE_F16, f16, 3, NULL, out);
  CHECK (out[0] == 1 && out[1] == -2.5f && out[2] == 0x1p-24f, "F16");
  lm_quant_dequantise (LM_TYPE_BF16, bf16, 3, NULL, out);
  CHECK (out[0] == 1 && out[1] == -2.5f && out[2] == 0x1p-133f, "BF16");
}

int
main (void)
{
  static const check_test tests[] = {
    { "all halves are exact and come back", test_half_exact },
    { "floats round to the nearest half", test_half_rounding },
    { "bfloat16", test_bfloat },
    { "every quantised type against python3-gguf", test_golden },
    { "float types", test_floats },
  };

  return check_main (tests, sizeof tests / sizeof tests[0]);
}
