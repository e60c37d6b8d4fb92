/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetModel: the GObject around one lm_model. */
#include <glib/gi18n-lib.h>

#include "engine/linnet-engine-private.h"
#include "engine/linnet-model.h"

struct _LinnetModel {
  GObject parent_instance;

  /* Owned. */
  lm_model *handle;
  char *path;
  char *title;
};

G_DEFINE_FINAL_TYPE (LinnetModel, linnet_model, G_TYPE_OBJECT)

G_DEFINE_QUARK (linnet - engine - error - quark, linnet_engine_error)

static const char *const CACHE_TYPE_NAMES[] = {
  [LINNET_CACHE_F16] = "f16",
  [LINNET_CACHE_Q8_0] = "q8_0",
};

const char *
linnet_cache_type_get_name (LinnetCacheType type)
{
  g_return_val_if_fail ((gsize) type < G_N_ELEMENTS (CACHE_TYPE_NAMES), NULL);
  return CACHE_TYPE_NAMES[type];
}

gboolean
linnet_cache_type_parse (const char *name, LinnetCacheType *type, GError **error)
{
  g_return_val_if_fail (name != NULL, FALSE);

  for (gsize i = 0; i < G_N_ELEMENTS (CACHE_TYPE_NAMES); i++)
    if (g_ascii_strcasecmp (name, CACHE_TYPE_NAMES[i]) == 0) {
      *type = (LinnetCacheType) i;
      return TRUE;
    }
  g_set_error (error, LINNET_ENGINE_ERROR, LINNET_ENGINE_ERROR_UNSUPPORTED,
               _ ("A conversation cannot be kept as “%s”. Choose %s (16 bits) or %s (8 bits, half "
                  "the memory)."),
               name, CACHE_TYPE_NAMES[LINNET_CACHE_F16], CACHE_TYPE_NAMES[LINNET_CACHE_Q8_0]);
  return FALSE;
}

lm_kv_type
linnet_cache_type_to_lm (LinnetCacheType type)
{
  return type == LINNET_CACHE_Q8_0 ? LM_KV_Q8_0 : LM_KV_F16;
}

/* What the engine's progress callback needs; lives on the stack of linnet_model_open(). */
typedef struct {
  LinnetModelProgressFunc progress;
  gpointer user_data;
  GCancellable *cancellable;
} Loading;

static bool
loading_progress_cb (uint64_t done, uint64_t total, void *user_data)
{
  Loading *loading = user_data;

  if (loading->progress != NULL)
    loading->progress (total > 0 ? CLAMP ((double) done / (double) total, 0.0, 1.0) : 0.0,
                       loading->user_data);
  return !g_cancellable_is_cancelled (loading->cancellable);
}

static char *
make_title (const lm_model_info *info, const char *path)
{
  g_autofree char *base = NULL;
  g_autofree char *display = NULL;

  if (info->name[0] != '\0' && g_utf8_validate (info->name, -1, NULL)) {
    g_autofree char *name = g_strstrip (g_strdup (info->name));

    if (name[0] != '\0')
      return g_steal_pointer (&name);
  }
  base = g_path_get_basename (path);
  display = g_filename_display_name (base);
  if (g_str_has_suffix (display, ".gguf") && strlen (display) > strlen (".gguf"))
    display[strlen (display) - strlen (".gguf")] = '\0';
  return g_steal_pointer (&display);
}

static void
linnet_model_finalize (GObject *object)
{
  LinnetModel *self = LINNET_MODEL (object);

  g_clear_pointer (&self->handle, lm_model_close);
  g_clear_pointer (&self->path, g_free);
  g_clear_pointer (&self->title, g_free);
  G_OBJECT_CLASS (linnet_model_parent_class)->finalize (object);
}

static void
linnet_model_class_init (LinnetModelClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = linnet_model_finalize;
}

static void
linnet_model_init (LinnetModel *self)
{
}

static lm_open_level
level_to_lm (LinnetModelLevel level)
{
  switch (level) {
  case LINNET_MODEL_LEVEL_TOKENIZER:
    return LM_OPEN_TOKENIZER;
  case LINNET_MODEL_LEVEL_METADATA:
    return LM_OPEN_METADATA;
  case LINNET_MODEL_LEVEL_FULL:
  default:
    return LM_OPEN_FULL;
  }
}

GStrv
linnet_cpu_level_list (void)
{
  gsize n = lm_cpu_levels (NULL, 0);
  g_autofree const char **names = g_new0 (const char *, n + 1);

  lm_cpu_levels (names, n);
  return g_strdupv ((char **) names);
}

gboolean
linnet_cpu_level_check (const char *level, GError **error)
{
  g_auto (GStrv) levels = linnet_cpu_level_list ();
  g_autofree char *list = NULL;

  if (level == NULL || g_strv_contains ((const char *const *) levels, level))
    return TRUE;
  list = g_strjoinv (", ", levels);
  /* Translators: the first is the name of a set of instructions, such as avx2. */
  g_set_error (error, LINNET_ENGINE_ERROR, LINNET_ENGINE_ERROR_UNSUPPORTED,
               _ ("This computer cannot compute with “%s”. Choose one of: %s."), level, list);
  return FALSE;
}

LinnetModel *
linnet_model_open (const char *path,
                   LinnetModelLevel level,
                   const LinnetModelOptions *options,
                   LinnetModelProgressFunc progress,
                   gpointer user_data,
                   GCancellable *cancellable,
                   GError **error)
{
  static const LinnetModelOptions defaults = { 0 };
  const LinnetModelOptions *given = options != NULL ? options : &defaults;
  Loading loading = { progress, user_data, cancellable };
  lm_model_options lm_options = {
    .level = level_to_lm (level),
    .n_threads = given->n_threads,
    .n_threads_prefill = given->n_threads_prefill,
    .cpu_level = given->cpu_level,
    .progress = loading_progress_cb,
    .user_data = &loading,
  };
  lm_error failure = { 0 };
  lm_model *handle;
  LinnetModel *self;

  g_return_val_if_fail (path != NULL, NULL);
  g_return_val_if_fail (given->n_threads >= 0 && given->n_threads_prefill >= 0, NULL);

  if (g_cancellable_set_error_if_cancelled (cancellable, error) ||
      !linnet_cpu_level_check (given->cpu_level, error))
    return NULL;
  handle = lm_model_open (path, &lm_options, &failure);
  if (handle == NULL) {
    if (!g_cancellable_set_error_if_cancelled (cancellable, error))
      linnet_engine_error_from_lm (error, &failure, path);
    return NULL;
  }
  self = g_object_new (LINNET_TYPE_MODEL, NULL);
  self->handle = handle;
  self->path = g_strdup (path);
  self->title = make_title (lm_model_get_info (handle), path);
  return self;
}

lm_model *
linnet_model_get_handle (LinnetModel *self)
{
  g_return_val_if_fail (LINNET_IS_MODEL (self), NULL);
  return self->handle;
}

const char *
linnet_model_get_path (LinnetModel *self)
{
  g_return_val_if_fail (LINNET_IS_MODEL (self), NULL);
  return self->path;
}

const char *
linnet_model_get_title (LinnetModel *self)
{
  g_return_val_if_fail (LINNET_IS_MODEL (self), NULL);
  return self->title;
}

const char *
linnet_model_get_architecture (LinnetModel *self)
{
  g_return_val_if_fail (LINNET_IS_MODEL (self), NULL);
  return lm_model_get_info (self->handle)->architecture;
}

const char *
linnet_model_get_quantisation (LinnetModel *self)
{
  g_return_val_if_fail (LINNET_IS_MODEL (self), NULL);
  return lm_model_get_info (self->handle)->quantisation;
}

const char *
linnet_model_get_cpu_level (LinnetModel *self)
{
  g_return_val_if_fail (LINNET_IS_MODEL (self), NULL);
  return lm_model_get_info (self->handle)->cpu_level;
}

guint64
linnet_model_get_n_parameters (LinnetModel *self)
{
  g_return_val_if_fail (LINNET_IS_MODEL (self), 0);
  return lm_model_get_info (self->handle)->n_parameters;
}

guint64
linnet_model_get_file_bytes (LinnetModel *self)
{
  g_return_val_if_fail (LINNET_IS_MODEL (self), 0);
  return lm_model_get_info (self->handle)->file_bytes;
}

guint
linnet_model_get_n_ctx_train (LinnetModel *self)
{
  g_return_val_if_fail (LINNET_IS_MODEL (self), 0);
  return lm_model_get_info (self->handle)->n_ctx_train;
}

gboolean
linnet_model_get_chat_is_fallback (LinnetModel *self)
{
  g_return_val_if_fail (LINNET_IS_MODEL (self), FALSE);
  return lm_model_get_info (self->handle)->chat_is_fallback;
}

gboolean
linnet_model_get_work (LinnetModel *self,
                       LinnetCacheType cache_type,
                       LinnetModelWork *work,
                       GError **error)
{
  lm_kv_type kv_type = linnet_cache_type_to_lm (cache_type);
  lm_model_work found = { 0 };
  lm_error failure = { 0 };

  g_return_val_if_fail (LINNET_IS_MODEL (self), FALSE);
  g_return_val_if_fail (work != NULL, FALSE);

  *work = (LinnetModelWork) { 0 };
  if (lm_model_get_work (self->handle, kv_type, &found, &failure) != LM_OK) {
    linnet_engine_error_from_lm (error, &failure, self->path);
    return FALSE;
  }
  *work = (LinnetModelWork) {
    .weight_bytes = found.weight_bytes,
    .kv_bytes = found.kv_bytes,
    .prefill_macs = found.prefill_macs,
  };
  return TRUE;
}

gboolean
linnet_model_estimate_memory (LinnetModel *self,
                              guint n_ctx,
                              LinnetCacheType cache_type,
                              LinnetModelMemory *memory,
                              GError **error)
{
  lm_kv_type kv_type = linnet_cache_type_to_lm (cache_type);
  lm_memory need = { 0 };
  lm_error failure = { 0 };

  g_return_val_if_fail (LINNET_IS_MODEL (self), FALSE);
  g_return_val_if_fail (memory != NULL, FALSE);

  *memory = (LinnetModelMemory) { 0 };
  if (lm_model_memory (self->handle, n_ctx, kv_type, &need, &failure) != LM_OK) {
    linnet_engine_error_from_lm (error, &failure, self->path);
    return FALSE;
  }
  *memory = (LinnetModelMemory) {
    .weights = need.weights,
    .kv_cache = need.kv_cache,
    .scratch = need.scratch,
    .total = need.total,
  };
  return TRUE;
}

GArray *
linnet_model_tokenize (
    LinnetModel *self, const char *text, gssize length, gboolean parse_special, GError **error)
{
  unsigned flags = LM_TOKENIZE_ADD_SPECIAL | (parse_special ? LM_TOKENIZE_PARSE_SPECIAL : 0);
  g_autoptr (GArray) tokens = NULL;
  lm_error failure = { 0 };
  size_t n_bytes, capacity, n_tokens = 0;
  lm_status status;

  g_return_val_if_fail (LINNET_IS_MODEL (self), NULL);
  g_return_val_if_fail (text != NULL || length == 0, NULL);

  n_bytes = length < 0 ? strlen (text) : (size_t) length;
  /* A first guess that nearly always suffices, so that the text is tokenised once. */
  capacity = n_bytes + 8;
  do {
    if (capacity > G_MAXUINT) {
      g_set_error (error, LINNET_ENGINE_ERROR, LINNET_ENGINE_ERROR_MEMORY,
                   _ ("The text is too long to be cut into tokens at once. Use a shorter one."));
      return NULL;
    }
    g_clear_pointer (&tokens, g_array_unref);
    tokens = g_array_sized_new (FALSE, FALSE, sizeof (gint32), (guint) capacity);
    g_array_set_size (tokens, (guint) capacity);
    status = lm_tokenize (self->handle, text, n_bytes, flags, (lm_token *) (void *) tokens->data,
                          capacity, &n_tokens, &failure);
    if (status != LM_OK) {
      linnet_engine_error_from_lm (error, &failure, self->path);
      return NULL;
    }
  } while (n_tokens > capacity && (capacity = n_tokens) > 0);
  g_array_set_size (tokens, (guint) n_tokens);
  return g_steal_pointer (&tokens);
}
