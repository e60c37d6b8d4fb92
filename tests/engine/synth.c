/* SPDX-License-Identifier: GPL-3.0-or-later
 * Tiny models with random weights: metadata, tokenizer and tensors. */
#include "synth.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "gguf-writer.h"
#include "gguf/gguf.h"
#include "synth-weights.h"

#define N_LAYERS   2
#define N_EMBD     256
#define N_HEADS    4
#define N_KV_HEADS 2
#define N_FFN      512
#define N_ROTATED  64 /* of llama; the others rotate whole heads */
#define ALIGNMENT  32
#define SEED       20261123

typedef struct {
  const char *architecture;
  bool is_llama;
  bool is_qwen3;
  uint32_t head_length;
  uint32_t n_vocab;
  uint32_t types[SYNTH_N_KINDS];
  const synth_options *options;
  uint64_t state; /* of the random numbers */
  writer entries;
  uint64_t n_entries;
  writer directory;
  uint64_t n_tensors;
  writer data;
} synth;

/* The key of the architecture, "llama.block_count"; valid until the next call. */
static const char *
make_key (const synth *s, const char *suffix, char key[96])
{
  snprintf (key, 96, "%s.%s", s->architecture, suffix);
  return key;
}

static void
add_u32 (synth *s, const char *suffix, uint32_t value)
{
  char key[96];

  writer_entry_u32 (&s->entries, make_key (s, suffix, key), value);
  s->n_entries++;
}

static void
add_f32 (synth *s, const char *suffix, float value)
{
  char key[96];

  writer_entry_f32 (&s->entries, make_key (s, suffix, key), value);
  s->n_entries++;
}

static void
add_string (synth *s, const char *key, const char *value)
{
  writer_entry_string (&s->entries, key, value);
  s->n_entries++;
}

static void
add_rope_scaling (synth *s)
{
  char key[96];

  if (s->options->linear_factor != 0) {
    add_string (s, make_key (s, "rope.scaling.type", key), "linear");
    add_f32 (s, "rope.scaling.factor", s->options->linear_factor);
  } else if (s->options->yarn_factor != 0) {
    add_string (s, make_key (s, "rope.scaling.type", key), "yarn");
    add_f32 (s, "rope.scaling.factor", s->options->yarn_factor);
    add_u32 (s, "rope.scaling.original_context_length", s->options->yarn_context);
  }
}

static void
add_hyperparameters (synth *s)
{
  add_string (s, "general.architecture", s->architecture);
  add_string (s, "general.name", "synthetic");
  add_u32 (s, "context_length", s->options->n_ctx == 0 ? 2048 : s->options->n_ctx);
  add_u32 (s, "embedding_length", N_EMBD);
  add_u32 (s, "block_count", N_LAYERS);
  add_u32 (s, "feed_forward_length", N_FFN);
  add_u32 (s, "attention.head_count", N_HEADS);
  add_u32 (s, "attention.head_count_kv", N_KV_HEADS);
  add_f32 (s, "attention.layer_norm_rms_epsilon", 1e-6f);
  add_f32 (s, "rope.freq_base", s->is_llama ? 5e5f : 1e6f);
  if (s->is_llama)
    add_u32 (s, "rope.dimension_count", N_ROTATED);
  if (s->is_qwen3) {
    add_u32 (s, "attention.key_length", s->head_length);
    add_u32 (s, "attention.value_length", s->head_length);
  }
  add_rope_scaling (s);
}

/* The character that GPT-2's vocabulary writes for a byte: itself where it can be seen, else the
 * next one from U+0100 on. Its length in bytes. */
static int
write_byte_character (unsigned byte, char text[3])
{
  unsigned next = 0x100;
  unsigned code = byte;

  for (unsigned b = 0; b <= byte; b++) {
    bool is_visible = (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174;

    code = is_visible ? b : next++;
  }
  if (code < 0x80) {
    text[0] = (char) code;
    return 1;
  }
  text[0] = (char) (0xc0 | code >> 6);
  text[1] = (char) (0x80 | (code & 0x3f));
  return 2;
}

/* Text and type of a token. */
static uint32_t
write_token (uint32_t id, char text[32])
{
  static const char *const named[] = { "<|endoftext|>", "<|im_start|>", "<|im_end|>", "ab" };
  enum { NORMAL = 1, CONTROL = 3, UNUSED = 5 };

  if (id < 256) {
    text[write_byte_character (id, text)] = '\0';
    return NORMAL;
  }
  if (id < 260) {
    snprintf (text, 32, "%s", named[id - 256]);
    return id < 259 ? CONTROL : NORMAL;
  }
  snprintf (text, 32, "[PAD%u]", (unsigned) id);
  return UNUSED;
}

static void
add_tokenizer (synth *s)
{
  writer *w = &s->entries;
  char text[32];

  add_string (s, "tokenizer.ggml.model", "gpt2");
  add_string (s, "tokenizer.ggml.pre", "qwen2");
  writer_entry_array (w, "tokenizer.ggml.tokens", LM_VALUE_STRING, s->n_vocab);
  for (uint32_t id = 0; id < s->n_vocab; id++) {
    write_token (id, text);
    writer_string (w, text);
  }
  writer_entry_array (w, "tokenizer.ggml.token_type", LM_VALUE_I32, s->n_vocab);
  for (uint32_t id = 0; id < s->n_vocab; id++)
    writer_u32 (w, write_token (id, text));
  writer_entry_array (w, "tokenizer.ggml.merges", LM_VALUE_STRING, 1);
  writer_string (w, "a b");
  writer_entry_u32 (w, "tokenizer.ggml.bos_token_id", 256);
  writer_entry_u32 (w, "tokenizer.ggml.eos_token_id", 258);
  writer_entry_bool (w, "tokenizer.ggml.add_bos_token", false);
  s->n_entries += 6;
}

/* A line of the directory, and room for the data: which are returned. */
static unsigned char *
add_tensor (synth *s, const char *name, uint32_t type, uint64_t columns, uint64_t rows)
{
  const lm_type_traits *traits = lm_type_get_traits (type);
  uint64_t shape[2] = { columns, rows };
  size_t size = (size_t) (columns / traits->block_length * traits->block_bytes * rows);
  unsigned char zeros[256] = { 0 };

  writer_pad (&s->data, ALIGNMENT);
  writer_tensor (&s->directory, name, rows > 1 ? 2 : 1, shape, type, s->data.size);
  s->n_tensors++;
  for (size_t i = 0; i < size; i += sizeof zeros)
    writer_bytes (&s->data, zeros, size - i < sizeof zeros ? size - i : sizeof zeros);
  return s->data.data + s->data.size - size;
}

/* What writes to the residual stream is scaled down by the square root of how often that happens,
 * as in trained models (Radford et al. 2019, "Language Models are Unsupervised Multitask Learners",
 * section 2.3). */
static void
add_matrix (synth *s, const char *name, synth_kind kind, uint32_t columns, uint32_t rows)
{
  unsigned char *out = add_tensor (s, name, s->types[kind], columns, rows);
  bool is_residual = kind == SYNTH_ATTENTION || kind == SYNTH_DOWN;
  double deviation = 1 / sqrt (is_residual ? 2.0 * N_LAYERS * columns : columns);

  synth_fill_weights (s->types[kind], &s->state, deviation, (size_t) columns * rows, out);
}

static void
add_vector (synth *s, const char *name, uint32_t n, double mean, double deviation)
{
  unsigned char *out = add_tensor (s, name, LM_TYPE_F32, n, 1);

  for (uint32_t i = 0; i < n; i++) {
    float value = (float) (mean + deviation * synth_random_normal (&s->state));

    memcpy (out + 4 * i, &value, sizeof value);
  }
}

/* Divisors of the frequencies: none for the quick ones, 8 for the slow ones, a ramp between. */
static void
add_rope_factors (synth *s)
{
  unsigned char *out = add_tensor (s, "rope_freqs.weight", LM_TYPE_F32, N_ROTATED / 2, 1);

  for (int i = 0; i < N_ROTATED / 2; i++) {
    float value = i < 12 ? 1 : i > 20 ? 8 : 1 + 7 * (float) (i - 12) / 8;

    memcpy (out + 4 * i, &value, sizeof value);
  }
}

/* The name of a tensor of a layer; valid until the next call with the same buffer. */
static const char *
name_in_layer (int layer, const char *suffix, char name[64])
{
  snprintf (name, 64, "blk.%d.%s", layer, suffix);
  return name;
}

static void
add_attention (synth *s, int layer)
{
  uint32_t n_query = N_HEADS * s->head_length;
  uint32_t n_key = N_KV_HEADS * s->head_length;
  bool has_biases = !s->is_llama && !s->is_qwen3;
  char name[64];

  add_vector (s, name_in_layer (layer, "attn_norm.weight", name), N_EMBD, 1, 0.05);
  add_matrix (s, name_in_layer (layer, "attn_q.weight", name), SYNTH_QUERY_KEY, N_EMBD, n_query);
  add_matrix (s, name_in_layer (layer, "attn_k.weight", name), SYNTH_QUERY_KEY, N_EMBD, n_key);
  add_matrix (s, name_in_layer (layer, "attn_v.weight", name), SYNTH_VALUE, N_EMBD, n_key);
  if (has_biases) {
    add_vector (s, name_in_layer (layer, "attn_q.bias", name), n_query, 0, 0.1);
    add_vector (s, name_in_layer (layer, "attn_k.bias", name), n_key, 0, 0.1);
    add_vector (s, name_in_layer (layer, "attn_v.bias", name), n_key, 0, 0.1);
  }
  if (s->is_qwen3) {
    add_vector (s, name_in_layer (layer, "attn_q_norm.weight", name), s->head_length, 1, 0.05);
    add_vector (s, name_in_layer (layer, "attn_k_norm.weight", name), s->head_length, 1, 0.05);
  }
  add_matrix (s, name_in_layer (layer, "attn_output.weight", name), SYNTH_ATTENTION, n_query,
              N_EMBD);
}

static void
add_tensors (synth *s)
{
  char name[64];

  add_matrix (s, "token_embd.weight", SYNTH_EMBEDDING, N_EMBD, s->n_vocab);
  add_vector (s, "output_norm.weight", N_EMBD, 1, 0.05);
  if (s->is_llama || s->options->is_untied)
    add_matrix (s, "output.weight", SYNTH_OUTPUT, N_EMBD, s->n_vocab);
  if (s->is_llama && s->options->has_rope_factors)
    add_rope_factors (s);
  for (int i = 0; i < N_LAYERS; i++) {
    add_attention (s, i);
    add_vector (s, name_in_layer (i, "ffn_norm.weight", name), N_EMBD, 1, 0.05);
    add_matrix (s, name_in_layer (i, "ffn_gate.weight", name), SYNTH_GATE_UP, N_EMBD, N_FFN);
    add_matrix (s, name_in_layer (i, "ffn_up.weight", name), SYNTH_GATE_UP, N_EMBD, N_FFN);
    add_matrix (s, name_in_layer (i, "ffn_down.weight", name), SYNTH_DOWN, N_FFN, N_EMBD);
  }
}

static bool
save (const synth *s, const char *path)
{
  writer file = { 0 };
  bool ok;

  writer_header (&file, 3, s->n_tensors, s->n_entries);
  writer_bytes (&file, s->entries.data, s->entries.size);
  writer_bytes (&file, s->directory.data, s->directory.size);
  writer_pad (&file, ALIGNMENT);
  writer_bytes (&file, s->data.data, s->data.size);
  writer_pad (&file, ALIGNMENT);
  ok = writer_save (&file, path);
  writer_clear (&file);
  return ok;
}

bool
synth_write (const char *path,
             const char *architecture,
             uint32_t type,
             const synth_options *options)
{
  static const synth_options defaults;
  synth s = { .architecture = architecture, .options = options == NULL ? &defaults : options };
  bool ok;

  s.is_llama = strcmp (architecture, "llama") == 0;
  s.is_qwen3 = strcmp (architecture, "qwen3") == 0;
  s.head_length = s.is_qwen3 ? 128 : 64;
  s.n_vocab = s.options->n_vocab == 0 ? 384 : s.options->n_vocab;
  s.state = s.options->seed == 0 ? SEED : s.options->seed;
  if ((!s.is_llama && !s.is_qwen3 && strcmp (architecture, "qwen2") != 0) || s.n_vocab < 260)
    return false;
  for (int i = 0; i < SYNTH_N_KINDS; i++) {
    s.types[i] = s.options->is_mixed ? s.options->types[i] : type;
    if (lm_type_get_traits (s.types[i]) == NULL)
      return false;
  }
  add_hyperparameters (&s);
  add_tokenizer (&s);
  add_tensors (&s);
  ok = save (&s, path);
  writer_clear (&s.entries);
  writer_clear (&s.directory);
  writer_clear (&s.data);
  return ok;
}
