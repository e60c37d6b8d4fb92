/* SPDX-License-Identifier: GPL-3.0-or-later
 * linnet_model_describe(): everything about a GGUF file, as JSON. */
#include <math.h>

#include "engine/linnet-engine-private.h"
#include "engine/linnet-model.h"

/* Elements of an array that are shown; tokenizers have hundreds of thousands. */
#define N_ARRAY_PREVIEW 6

static const guint CONTEXTS[] = { 2048, 4096, 8192, 16384, 32768, 65536, 131072 };

static void
add_string (JsonObject *object, const char *name, const char *value)
{
  g_autofree char *valid = g_utf8_make_valid (value, -1);

  json_object_set_string_member (object, name, valid);
}

/* Transfer full. */
static char *
format_element (lm_model *model, size_t index, guint64 element)
{
  char small[128];
  size_t length = lm_model_format_metadata (model, index, element, small, sizeof small);
  char *text;

  if (length < sizeof small)
    return g_strdup (small);
  text = g_malloc (length + 1);
  lm_model_format_metadata (model, index, element, text, length + 1);
  return text;
}

/* A number where JSON can hold it exactly, else the text. */
static JsonNode *
element_to_json (const char *type, const char *text)
{
  JsonNode *node = json_node_new (JSON_NODE_VALUE);
  g_autofree char *valid = NULL;
  char *end = NULL;

  if (g_str_equal (type, "bool")) {
    json_node_set_boolean (node, g_str_equal (text, "true") || g_str_equal (text, "1"));
    return node;
  }
  if (type[0] == 'f') {
    double number = g_ascii_strtod (text, &end);

    if (end != text && *end == '\0' && isfinite (number)) {
      json_node_set_double (node, number);
      return node;
    }
  }
  if (type[0] == 'u' || type[0] == 'i') {
    gint64 number;

    if (g_ascii_string_to_signed (text, 10, G_MININT64, G_MAXINT64, &number, NULL)) {
      json_node_set_int (node, number);
      return node;
    }
  }
  valid = g_utf8_make_valid (text, -1);
  json_node_set_string (node, valid);
  return node;
}

/* "array[f32]" → "f32"; transfer full. */
static char *
element_type (const char *type)
{
  const char *open = strchr (type, '[');
  const char *close = strrchr (type, ']');

  if (!g_str_has_prefix (type, "array") || open == NULL || close == NULL || close < open)
    return g_strdup (type);
  return g_strndup (open + 1, close - open - 1);
}

static JsonArray *
describe_metadata (lm_model *model)
{
  JsonArray *array = json_array_new ();
  size_t n = lm_model_get_n_metadata (model);

  for (size_t i = 0; i < n; i++) {
    JsonObject *object = json_object_new ();
    g_autofree char *type = NULL;
    lm_metadata entry = { 0 };

    lm_model_get_metadata (model, i, &entry);
    type = element_type (entry.type);
    add_string (object, "key", entry.key);
    add_string (object, "type", entry.type);
    if (g_str_has_prefix (entry.type, "array")) {
      JsonArray *preview = json_array_new ();

      for (guint64 j = 0; j < MIN (entry.n_elements, N_ARRAY_PREVIEW); j++) {
        g_autofree char *text = format_element (model, i, j);

        json_array_add_element (preview, element_to_json (type, text));
      }
      json_object_set_int_member (object, "count", (gint64) entry.n_elements);
      json_object_set_array_member (object, "first", preview);
    } else {
      g_autofree char *text = format_element (model, i, 0);

      json_object_set_member (object, "value", element_to_json (type, text));
    }
    json_array_add_object_element (array, object);
  }
  return array;
}

typedef struct {
  const char *type; /* borrowed from the model */
  guint64 n_tensors;
  guint64 n_elements;
  guint64 bytes;
} TypeSum;

static gint
compare_by_bytes (gconstpointer a, gconstpointer b)
{
  const TypeSum *x = a;
  const TypeSum *y = b;

  if (x->bytes != y->bytes)
    return x->bytes < y->bytes ? 1 : -1;
  return g_strcmp0 (x->type, y->type);
}

static void
sum_tensor (GArray *sums, const lm_tensor_info *tensor)
{
  guint64 n_elements = 1;
  TypeSum *sum = NULL;

  for (guint i = 0; i < sums->len && sum == NULL; i++) {
    TypeSum *candidate = &g_array_index (sums, TypeSum, i);

    if (g_str_equal (candidate->type, tensor->type))
      sum = candidate;
  }
  if (sum == NULL) {
    TypeSum fresh = { .type = tensor->type };

    g_array_append_val (sums, fresh);
    sum = &g_array_index (sums, TypeSum, sums->len - 1);
  }
  for (guint i = 0; i < 4; i++)
    n_elements *= tensor->shape[i];
  sum->n_tensors++;
  sum->n_elements += n_elements;
  sum->bytes += tensor->bytes;
}

static JsonObject *
tensor_to_json (const lm_tensor_info *tensor)
{
  JsonObject *object = json_object_new ();
  JsonArray *shape = json_array_new ();

  for (guint i = 0; i < MIN (tensor->n_dims, 4); i++)
    json_array_add_int_element (shape, (gint64) tensor->shape[i]);
  add_string (object, "name", tensor->name);
  add_string (object, "type", tensor->type);
  json_object_set_array_member (object, "shape", shape);
  json_object_set_int_member (object, "bytes", (gint64) tensor->bytes);
  return object;
}

static JsonObject *
describe_tensors (lm_model *model)
{
  g_autoptr (GArray) sums = g_array_new (FALSE, FALSE, sizeof (TypeSum));
  JsonObject *object = json_object_new ();
  JsonArray *list = json_array_new ();
  JsonArray *by_type = json_array_new ();
  size_t n = lm_model_get_n_tensors (model);
  guint64 bytes = 0;

  for (size_t i = 0; i < n; i++) {
    lm_tensor_info tensor = { 0 };

    lm_model_get_tensor (model, i, &tensor);
    sum_tensor (sums, &tensor);
    json_array_add_object_element (list, tensor_to_json (&tensor));
    bytes += tensor.bytes;
  }
  g_array_sort (sums, compare_by_bytes);
  for (guint i = 0; i < sums->len; i++) {
    const TypeSum *sum = &g_array_index (sums, TypeSum, i);
    JsonObject *entry = json_object_new ();

    add_string (entry, "type", sum->type);
    json_object_set_int_member (entry, "count", (gint64) sum->n_tensors);
    json_object_set_int_member (entry, "elements", (gint64) sum->n_elements);
    json_object_set_int_member (entry, "bytes", (gint64) sum->bytes);
    json_array_add_object_element (by_type, entry);
  }
  json_object_set_int_member (object, "count", (gint64) n);
  json_object_set_int_member (object, "bytes", (gint64) bytes);
  json_object_set_array_member (object, "by_type", by_type);
  json_object_set_array_member (object, "list", list);
  return object;
}

static void
add_memory (JsonArray *array, guint n_ctx, const LinnetModelMemory *memory)
{
  JsonObject *object = json_object_new ();

  json_object_set_int_member (object, "context", n_ctx);
  json_object_set_int_member (object, "weights", (gint64) memory->weights);
  json_object_set_int_member (object, "kv_cache", (gint64) memory->kv_cache);
  json_object_set_int_member (object, "scratch", (gint64) memory->scratch);
  json_object_set_int_member (object, "total", (gint64) memory->total);
  json_array_add_object_element (array, object);
}

/* The usual contexts up to the trained one, and the trained one itself. Where the engine cannot
 * say, "memory_error" says why. */
static void
describe_memory (LinnetModel *self, LinnetCacheType cache_type, JsonObject *root)
{
  guint n_ctx_train = linnet_model_get_n_ctx_train (self);
  JsonArray *array = json_array_new ();
  guint last = 0;

  for (guint i = 0; i <= G_N_ELEMENTS (CONTEXTS); i++) {
    guint n_ctx = i < G_N_ELEMENTS (CONTEXTS) ? CONTEXTS[i] : n_ctx_train;
    g_autoptr (GError) error = NULL;
    LinnetModelMemory memory;

    if (n_ctx_train > 0 && n_ctx > n_ctx_train)
      n_ctx = n_ctx_train;
    if (n_ctx <= last)
      continue;
    last = n_ctx;
    if (!linnet_model_estimate_memory (self, n_ctx, cache_type, &memory, &error)) {
      add_string (root, "memory_error", error->message);
      break;
    }
    add_memory (array, n_ctx, &memory);
  }
  add_string (root, "memory_kv", linnet_cache_type_get_name (cache_type));
  json_object_set_array_member (root, "memory", array);
}

static const char *
chat_family_name (lm_chat_family family)
{
  switch (family) {
  case LM_CHAT_QWEN:
    return "qwen";
  case LM_CHAT_LLAMA2:
    return "llama2";
  case LM_CHAT_LLAMA3:
    return "llama3";
  case LM_CHAT_MISTRAL:
    return "mistral";
  case LM_CHAT_GEMMA:
    return "gemma";
  case LM_CHAT_PHI3:
    return "phi3";
  case LM_CHAT_ZEPHYR:
    return "zephyr";
  case LM_CHAT_DEEPSEEK:
    return "deepseek";
  case LM_CHAT_CHATML:
  default:
    return "chatml";
  }
}

JsonNode *
linnet_model_describe (LinnetModel *self, LinnetCacheType cache_type)
{
  JsonObject *root;
  JsonNode *node;
  g_autofree char *path = NULL;
  const lm_model_info *info;
  lm_model *model;

  g_return_val_if_fail (LINNET_IS_MODEL (self), NULL);

  model = linnet_model_get_handle (self);
  info = lm_model_get_info (model);
  root = json_object_new ();
  path = g_filename_display_name (linnet_model_get_path (self));
  json_object_set_string_member (root, "path", path);
  add_string (root, "title", linnet_model_get_title (self));
  add_string (root, "architecture", info->architecture);
  add_string (root, "quantisation", info->quantisation);
  json_object_set_int_member (root, "parameters", (gint64) info->n_parameters);
  json_object_set_int_member (root, "file_bytes", (gint64) info->file_bytes);
  json_object_set_int_member (root, "context", info->n_ctx_train);
  json_object_set_int_member (root, "vocabulary", info->n_vocab);
  json_object_set_int_member (root, "layers", info->n_layers);
  json_object_set_int_member (root, "embedding", info->n_embd);
  json_object_set_int_member (root, "heads", info->n_heads);
  json_object_set_int_member (root, "kv_heads", info->n_kv_heads);
  add_string (root, "chat_family", chat_family_name (info->chat_family));
  json_object_set_boolean_member (root, "chat_is_fallback", info->chat_is_fallback);
  json_object_set_array_member (root, "metadata", describe_metadata (model));
  json_object_set_object_member (root, "tensors", describe_tensors (model));
  describe_memory (self, cache_type, root);

  node = json_node_new (JSON_NODE_OBJECT);
  json_node_take_object (node, root);
  return node;
}
