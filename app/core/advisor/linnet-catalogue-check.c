/* SPDX-License-Identifier: GPL-3.0-or-later
 * Reading one entry of a catalogue. People write their own, so that what is wrong with one is said
 * in words, with the entry and the value at fault. */
#include <glib/gi18n-lib.h>
#include <math.h>

#include "advisor/linnet-catalogue-private.h"
#include "advisor/linnet-recipe.h"
#include "engine/linnet-plan.h"
#include "library/linnet-reference.h"

#define MAX_TEXT       500
#define MAX_FILES      64
#define MAX_REFERENCES 16
#define MAX_LANGUAGES  300
#define MAX_BYTES      ((gint64) 1 << 50)

/* One object of an entry. */
typedef struct {
  const char *entry; /* for sentences */
  JsonObject *object;
  GError **error;
  gboolean failed; /* everything after it is skipped */
} Reader;

static void
fail (Reader *self, const char *name, const char *what)
{
  if (self->failed)
    return;
  self->failed = TRUE;
  /* Translators: the second is the name of a value in a file, the last what is wrong with it. */
  g_set_error (self->error, LINNET_CATALOGUE_ERROR, LINNET_CATALOGUE_ERROR_INVALID,
               _ ("The entry “%s” of the catalogue is not right: “%s” %s."), self->entry, name,
               what);
}

static JsonNode *
get (Reader *self, const char *name, gboolean needed)
{
  JsonNode *node = self->failed ? NULL : json_object_get_member (self->object, name);

  if (node == NULL && needed)
    fail (self, name, _ ("is missing"));
  return node;
}

/* A whole number within min…max; 0 where it may be and is missing. */
static gint64
read_int (Reader *self, const char *name, gboolean needed, gint64 min, gint64 max)
{
  JsonNode *node = get (self, name, needed);

  if (node == NULL)
    return 0;
  if (json_node_get_value_type (node) != G_TYPE_INT64 || json_node_get_int (node) < min ||
      json_node_get_int (node) > max) {
    g_autofree char *least = g_strdup_printf ("%" G_GINT64_FORMAT, min);
    g_autofree char *most = g_strdup_printf ("%" G_GINT64_FORMAT, max);
    g_autofree char *what =
        g_strdup_printf (_ ("has to be a whole number from %s to %s"), least, most);

    fail (self, name, what);
    return 0;
  }
  return json_node_get_int (node);
}

static double
read_positive (Reader *self, const char *name)
{
  JsonNode *node = get (self, name, TRUE);
  double value = 0;

  if (node == NULL)
    return 0;
  if (JSON_NODE_HOLDS_VALUE (node) && (json_node_get_value_type (node) == G_TYPE_INT64 ||
                                       json_node_get_value_type (node) == G_TYPE_DOUBLE))
    value = json_node_get_double (node);
  if (!(value > 0) || !isfinite (value) || value > 1e6)
    fail (self, name, _ ("has to be a number above 0"));
  return value;
}

static gboolean
read_boolean (Reader *self, const char *name)
{
  JsonNode *node = get (self, name, FALSE);

  if (node == NULL)
    return FALSE;
  if (json_node_get_value_type (node) != G_TYPE_BOOLEAN) {
    fail (self, name, _ ("has to be true or false"));
    return FALSE;
  }
  return json_node_get_boolean (node);
}

static gboolean
is_text (JsonNode *node)
{
  const char *text =
      json_node_get_value_type (node) == G_TYPE_STRING ? json_node_get_string (node) : NULL;

  if (text == NULL || text[0] == '\0' || strlen (text) > MAX_TEXT ||
      !g_utf8_validate (text, -1, NULL))
    return FALSE;
  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
    if (g_unichar_iscntrl (g_utf8_get_char (p)))
      return FALSE;
  return TRUE;
}

/* Transfer full; NULL where it may be missing and is. */
static char *
read_text (Reader *self, const char *name, gboolean needed)
{
  JsonNode *node = get (self, name, needed);

  if (node == NULL)
    return NULL;
  if (!is_text (node)) {
    fail (self, name, _ ("has to be a text of one line that is not too long"));
    return NULL;
  }
  return json_node_dup_string (node);
}

/* Transfer full; at least one. */
static char **
read_texts (Reader *self, const char *name, guint max)
{
  JsonNode *node = get (self, name, TRUE);
  JsonArray *array =
      node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  gboolean good =
      array != NULL && json_array_get_length (array) >= 1 && json_array_get_length (array) <= max;

  for (guint i = 0; good && i < json_array_get_length (array); i++) {
    JsonNode *element = json_array_get_element (array, i);

    good = is_text (element);
    if (good)
      g_strv_builder_add (builder, json_node_get_string (element));
  }
  if (!good)
    fail (self, name, _ ("has to be a list of texts"));
  return g_strv_builder_end (builder);
}

/* The object of that name, to be read like this one; its own failure is this one's too. */
static gboolean
enter (Reader *self, const char *name, Reader *inner)
{
  JsonNode *node = get (self, name, TRUE);

  if (node != NULL && !JSON_NODE_HOLDS_OBJECT (node))
    fail (self, name, _ ("has to be an object"));
  if (self->failed)
    return FALSE;
  *inner = *self;
  inner->object = json_node_get_object (node);
  return TRUE;
}

static void
read_shape (Reader *self, LinnetCatalogueModel *model)
{
  Reader shape;

  if (!enter (self, "shape", &shape))
    return;
  model->n_vocab = (guint) read_int (&shape, "vocabulary", TRUE, 1, 1 << 24);
  model->n_embd = (guint) read_int (&shape, "embedding", TRUE, 32, 1 << 20);
  model->n_layers = (guint) read_int (&shape, "layers", TRUE, 1, 1024);
  model->n_ff = (guint) read_int (&shape, "feed_forward", TRUE, 32, 1 << 20);
  model->n_heads = (guint) read_int (&shape, "heads", TRUE, 1, 4096);
  model->n_kv_heads = (guint) read_int (&shape, "kv_heads", TRUE, 1, 4096);
  model->head_dim = (guint) read_int (&shape, "head", TRUE, 2, 4096);
  model->n_ctx_train = (guint) read_int (&shape, "context", TRUE, 16, 1 << 30);
  model->tied = read_boolean (&shape, "tied");
  if (!shape.failed && model->n_heads % model->n_kv_heads != 0)
    fail (&shape, "kv_heads", _ ("has to divide the number of heads"));
  if (!shape.failed && model->head_dim % 2 != 0)
    fail (&shape, "head", _ ("has to be even"));
  self->failed = shape.failed;
}

/* The engine has the last word on whether such a model can be. */
static void
check_shape (Reader *self, LinnetCatalogueModel *model)
{
  LinnetModelShape shape = linnet_recipe_get_shape (model);
  gint64 stated = read_int (self, "parameters", FALSE, 1, G_MAXINT64);
  g_autoptr (GError) error = NULL;
  LinnetModelMemory memory;

  if (self->failed)
    return;
  if (!linnet_plan_memory (&shape, 0, 16, LINNET_CACHE_F16, NULL, &memory, &error)) {
    fail (self, "architecture", _ ("is none that Linnet computes with (llama, qwen2, qwen3)"));
    return;
  }
  model->n_parameters = linnet_recipe_count_parameters (model);
  if (stated > 0 && (guint64) stated != model->n_parameters) {
    g_autofree char *number = g_strdup_printf ("%" G_GUINT64_FORMAT, model->n_parameters);
    g_autofree char *what =
        g_strdup_printf (_ ("does not agree with its shape, which makes %s parameters"), number);

    fail (self, "parameters", what);
  }
}

static void
read_strengths (Reader *self, LinnetCatalogueModel *model)
{
  Reader strengths;

  if (!enter (self, "strengths", &strengths))
    return;
  for (guint i = 0; i < LINNET_N_TASKS; i++)
    model->strengths[i] =
        (guint) read_int (&strengths, linnet_task_get_name ((LinnetTask) i), TRUE, 0, 5);
  self->failed = strengths.failed;
}

static void
check_references (Reader *self, const LinnetCatalogueFile *file)
{
  for (guint i = 0; file->references[i] != NULL; i++) {
    g_autoptr (LinnetReference) reference = linnet_reference_parse (file->references[i], NULL);

    if (reference == NULL)
      fail (self, "references", _ ("has one that is no name of a model"));
  }
}

static void
read_file (Reader *self, LinnetCatalogueModel *model, LinnetCatalogueFile *file)
{
  file->quantisation = read_text (self, "quantisation", TRUE);
  file->bytes = (guint64) read_int (self, "bytes", FALSE, 1, MAX_BYTES);
  file->references = read_texts (self, "references", MAX_REFERENCES);
  if (self->failed)
    return;
  if (!linnet_recipe_is_known (file->quantisation)) {
    g_autofree char *list = g_strjoinv (", ", (char **) linnet_recipe_list_quantisations ());
    g_autofree char *what = g_strdup_printf (_ ("has to be one of %s"), list);

    fail (self, "quantisation", what);
    return;
  }
  for (guint i = 0; i + 1 < model->n_files; i++)
    if (g_str_equal (model->files[i].quantisation, file->quantisation))
      fail (self, "quantisation", _ ("is there twice"));
  check_references (self, file);
}

static void
read_files (Reader *self, LinnetCatalogueModel *model)
{
  JsonNode *node = get (self, "files", TRUE);
  JsonArray *array =
      node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  guint n = array != NULL ? json_array_get_length (array) : 0;

  if (n < 1 || n > MAX_FILES) {
    fail (self, "files", _ ("has to be a list of files"));
    return;
  }
  model->files = g_new0 (LinnetCatalogueFile, n);
  for (guint i = 0; i < n && !self->failed; i++) {
    JsonNode *element = json_array_get_element (array, i);
    Reader file = *self;

    if (!JSON_NODE_HOLDS_OBJECT (element)) {
      fail (self, "files", _ ("has to be a list of files"));
      return;
    }
    model->n_files++;
    file.object = json_node_get_object (element);
    read_file (&file, model, &model->files[i]);
    self->failed = file.failed;
  }
}

static int
compare_files (gconstpointer a, gconstpointer b, gpointer user_data)
{
  const LinnetCatalogueModel *model = user_data;
  guint64 x = linnet_recipe_get_file_bytes (model, ((const LinnetCatalogueFile *) a)->quantisation);
  guint64 y = linnet_recipe_get_file_bytes (model, ((const LinnetCatalogueFile *) b)->quantisation);

  return (x > y) - (x < y);
}

/* What the entry says for itself, and otherwise what Linnet knows. */
static void
read_sentences (Reader *self, LinnetCatalogueModel *model)
{
  model->summary = read_text (self, "summary", FALSE);
  model->licence_note = read_text (self, "licence_note", FALSE);
  if (self->failed)
    return;
  if (model->summary == NULL)
    model->summary = g_strdup (linnet_catalogue_find_summary (model->id));
  if (model->summary == NULL)
    model->summary = g_strdup_printf (_ ("A model of the family %s."), model->family);
  if (model->licence_note == NULL)
    model->licence_note = g_strdup (linnet_catalogue_find_licence_note (model->licence));
  if (model->licence_note == NULL && model->is_restricted)
    model->licence_note = g_strdup (_ ("The licence does not allow every use: read it first."));
}

gboolean
linnet_catalogue_read_model (JsonNode *node,
                             guint index,
                             LinnetCatalogueModel *model,
                             GError **error)
{
  g_autofree char *number = g_strdup_printf ("%u", index + 1);
  Reader self = { .entry = number, .error = error };

  if (!JSON_NODE_HOLDS_OBJECT (node)) {
    fail (&self, "models", _ ("has to be a list of objects"));
    return FALSE;
  }
  self.object = json_node_get_object (node);
  model->id = read_text (&self, "id", TRUE);
  if (model->id != NULL)
    self.entry = model->id;
  model->title = read_text (&self, "title", TRUE);
  model->family = read_text (&self, "family", TRUE);
  model->billions = read_positive (&self, "billions");
  model->architecture = read_text (&self, "architecture", TRUE);
  read_shape (&self, model);
  check_shape (&self, model);
  model->licence = read_text (&self, "licence", TRUE);
  model->licence_url = read_text (&self, "licence_url", TRUE);
  if (!self.failed && !g_str_has_prefix (model->licence_url, "https://"))
    fail (&self, "licence_url", _ ("has to be a link that begins with https://"));
  model->is_restricted = read_boolean (&self, "restricted");
  model->thinks = read_boolean (&self, "thinks");
  model->languages = read_texts (&self, "languages", MAX_LANGUAGES);
  read_strengths (&self, model);
  read_files (&self, model);
  read_sentences (&self, model);
  if (!self.failed)
    g_sort_array (model->files, model->n_files, sizeof *model->files, compare_files, model);
  return !self.failed;
}

void
linnet_catalogue_model_clear (LinnetCatalogueModel *model)
{
  for (guint i = 0; i < model->n_files; i++) {
    g_free (model->files[i].quantisation);
    g_strfreev (model->files[i].references);
  }
  g_free (model->files);
  g_free (model->id);
  g_free (model->title);
  g_free (model->family);
  g_free (model->architecture);
  g_free (model->licence);
  g_free (model->licence_url);
  g_free (model->licence_note);
  g_strfreev (model->languages);
  g_free (model->summary);
  *model = (LinnetCatalogueModel) { 0 };
}
