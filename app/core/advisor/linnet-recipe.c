/* SPDX-License-Identifier: GPL-3.0-or-later
 * The mixtures of tensor types that llama.cpp's quantisations consist of, which nearly all
 * published files were made with. Attention's values, the outputs of the feed-forward part in some
 * layers, and the output matrix get more bits than the rest; where a row is not whole blocks of a
 * type, another stands in for it. */
#include "advisor/linnet-recipe.h"

#include "engine/linnet-plan.h"

/* In a GGUF file: what comes before the tensors, nearly all of it the vocabulary, measured on the
 * published files of Qwen2.5; and what tensors begin at a multiple of. */
#define HEADER_BYTES_A_TOKEN 39
#define ALIGNMENT            32

static const struct {
  const char *quantisation;
  const char *type; /* of most matrices */
} RECIPES[] = {
  { "Q2_K", "Q2_K" },   { "Q3_K_M", "Q3_K" }, { "Q4_0", "Q4_0" }, { "Q4_K_M", "Q4_K" },
  { "Q5_K_M", "Q5_K" }, { "Q6_K", "Q6_K" },   { "Q8_0", "Q8_0" }, { "F16", "F16" },
};

/* What stands in for a type with long blocks. */
static const struct {
  const char *type;
  const char *instead;
} SUBSTITUTES[] = {
  { "Q2_K", "IQ4_NL" }, { "Q3_K", "IQ4_NL" }, { "Q4_K", "Q5_0" },
  { "Q5_K", "Q5_1" },   { "Q6_K", "Q8_0" },
};

/* What is being listed. */
typedef struct {
  GArray *tensors;
  const LinnetCatalogueModel *model;
  const char *quantisation;
  const char *type; /* of most matrices */
} Listing;

const char *const *
linnet_recipe_list_quantisations (void)
{
  static const char *const NAMES[] = { "Q2_K", "Q3_K_M", "Q4_0", "Q4_K_M", "Q5_K_M",
                                       "Q6_K", "Q8_0",   "F16",  NULL };

  return NAMES;
}

static const char *
find_type (const char *quantisation)
{
  for (gsize i = 0; i < G_N_ELEMENTS (RECIPES); i++)
    if (g_str_equal (RECIPES[i].quantisation, quantisation))
      return RECIPES[i].type;
  return NULL;
}

gboolean
linnet_recipe_is_known (const char *quantisation)
{
  return quantisation != NULL && find_type (quantisation) != NULL;
}

static gboolean
is (const Listing *self, const char *quantisation)
{
  return g_str_equal (self->quantisation, quantisation);
}

/* The layers that gain most from more bits: the first and last eighth and every third between. */
static gboolean
use_more_bits (guint layer, guint n_layers)
{
  return layer < n_layers / 8 || layer >= 7 * n_layers / 8 || (layer - n_layers / 8) % 3 == 2;
}

static const char *
value_type (const Listing *self, guint layer)
{
  if (is (self, "Q2_K"))
    return self->model->n_heads / self->model->n_kv_heads >= 4 ? "Q4_K" : "Q3_K";
  if (is (self, "Q3_K_M"))
    return layer < 2 ? "Q5_K" : "Q4_K";
  if ((is (self, "Q4_K_M") || is (self, "Q5_K_M")) && use_more_bits (layer, self->model->n_layers))
    return "Q6_K";
  return self->type;
}

static const char *
down_type (const Listing *self, guint layer)
{
  if (is (self, "Q2_K"))
    return "Q3_K";
  if (is (self, "Q3_K_M"))
    return layer < self->model->n_layers / 16 ? "Q5_K" : "Q4_K";
  if ((is (self, "Q4_K_M") || is (self, "Q5_K_M")) && use_more_bits (layer, self->model->n_layers))
    return "Q6_K";
  return self->type;
}

static const char *
attention_output_type (const Listing *self)
{
  if (is (self, "Q2_K"))
    return "Q3_K";
  if (is (self, "Q3_K_M"))
    return "Q4_K";
  return self->type;
}

/* Of the matrix that makes logits, the embeddings where there is no other. */
static const char *
output_type (const Listing *self)
{
  return is (self, "Q8_0") || is (self, "F16") ? self->type : "Q6_K";
}

static void
add (Listing *self, LinnetPart part, const char *type, guint64 n_rows, guint64 n_cols)
{
  LinnetRecipeTensor tensor = {
    .part = part,
    .type = type,
    .n_cols = n_cols,
    .n_rows = n_rows,
  };
  guint64 row_bytes = linnet_plan_get_row_bytes (type, n_cols);

  for (gsize i = 0; i < G_N_ELEMENTS (SUBSTITUTES) && row_bytes == 0; i++)
    if (g_str_equal (SUBSTITUTES[i].type, type)) {
      tensor.type = SUBSTITUTES[i].instead;
      row_bytes = linnet_plan_get_row_bytes (tensor.type, n_cols);
    }
  if (row_bytes == 0) { /* not even whole short blocks */
    tensor.type = "F16";
    row_bytes = linnet_plan_get_row_bytes (tensor.type, n_cols);
  }
  tensor.bytes = row_bytes * n_rows;
  g_array_append_val (self->tensors, tensor);
}

static void
add_vector (Listing *self, guint64 n)
{
  add (self, LINNET_PART_VECTOR, "F32", 1, n);
}

static void
add_layer (Listing *self, guint layer)
{
  const LinnetCatalogueModel *m = self->model;
  guint64 q = (guint64) m->n_heads * m->head_dim, kv = (guint64) m->n_kv_heads * m->head_dim;

  add_vector (self, m->n_embd);
  add_vector (self, m->n_embd);
  add (self, LINNET_PART_LAYER, self->type, q, m->n_embd);
  add (self, LINNET_PART_LAYER, self->type, kv, m->n_embd);
  add (self, LINNET_PART_LAYER, value_type (self, layer), kv, m->n_embd);
  if (g_str_equal (m->architecture, "qwen2")) {
    add_vector (self, q);
    add_vector (self, kv);
    add_vector (self, kv);
  } else if (g_str_equal (m->architecture, "qwen3")) {
    add_vector (self, m->head_dim);
    add_vector (self, m->head_dim);
  }
  add (self, LINNET_PART_LAYER, attention_output_type (self), m->n_embd, q);
  add (self, LINNET_PART_LAYER, self->type, m->n_ff, m->n_embd);
  add (self, LINNET_PART_LAYER, self->type, m->n_ff, m->n_embd);
  add (self, LINNET_PART_LAYER, down_type (self, layer), m->n_embd, m->n_ff);
}

GArray *
linnet_recipe_list_tensors (const LinnetCatalogueModel *model, const char *quantisation)
{
  Listing self = {
    .tensors = g_array_new (FALSE, FALSE, sizeof (LinnetRecipeTensor)),
    .model = model,
    .quantisation = quantisation,
    .type = find_type (quantisation),
  };

  if (self.type == NULL)
    return self.tensors;
  add (&self, LINNET_PART_EMBEDDINGS, model->tied ? output_type (&self) : self.type, model->n_vocab,
       model->n_embd);
  add_vector (&self, model->n_embd);
  if (!model->tied)
    add (&self, LINNET_PART_OUTPUT, output_type (&self), model->n_vocab, model->n_embd);
  for (guint i = 0; i < model->n_layers; i++)
    add_layer (&self, i);
  return self.tensors;
}

guint64
linnet_recipe_get_file_bytes (const LinnetCatalogueModel *model, const char *quantisation)
{
  g_autoptr (GArray) tensors = linnet_recipe_list_tensors (model, quantisation);
  guint64 bytes = 0;

  for (guint i = 0; i < tensors->len; i++) {
    guint64 size = g_array_index (tensors, LinnetRecipeTensor, i).bytes;

    bytes += (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }
  return bytes > 0 ? bytes + (guint64) model->n_vocab * HEADER_BYTES_A_TOKEN : 0;
}

guint64
linnet_recipe_count_parameters (const LinnetCatalogueModel *model)
{
  g_autoptr (GArray) tensors = linnet_recipe_list_tensors (model, "F16");
  guint64 n = 0;

  for (guint i = 0; i < tensors->len; i++) {
    const LinnetRecipeTensor *tensor = &g_array_index (tensors, LinnetRecipeTensor, i);

    n += tensor->n_rows * tensor->n_cols;
  }
  return n;
}

LinnetModelShape
linnet_recipe_get_shape (const LinnetCatalogueModel *model)
{
  return (LinnetModelShape) {
    .architecture = model->architecture,
    .n_vocab = model->n_vocab,
    .n_embd = model->n_embd,
    .n_layers = model->n_layers,
    .n_ff = model->n_ff,
    .n_heads = model->n_heads,
    .n_kv_heads = model->n_kv_heads,
    .head_dim = model->head_dim,
  };
}
