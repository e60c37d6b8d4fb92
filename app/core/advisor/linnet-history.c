/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetHistory: a JSON file of the latest answers' speeds, and what is learnt from them. */
#include "advisor/linnet-history.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

#include "linnet-json.h"

#define FILE_NAME   "history.json"
#define VERSION     1
#define MAX_ENTRIES 500
#define MAX_BYTES   (4 << 20)
#define MAX_TEXT    500
#define MAX_SPEED   1e7 /* tokens a second: no computer is near it */

/* Of the latest entries, how many a correction is learnt from; the weight of each is that of the
 * one after it times this. */
#define FIT_ENTRIES 40
#define FIT_DECAY   0.95
/* Fewer answers say too little. */
#define FIT_LEAST 2
/* What a forecast can be wrong by; beyond it something else happened, such as a sleep. */
#define FACTOR_LEAST 0.2
#define FACTOR_MOST  5.0
/* Nine of ten values of a normal distribution lie within this many times the median deviation. */
#define MAD_TO_BAND 2.44

struct _LinnetHistory {
  GObject parent_instance;

  /* Owned. */
  char *path;
  GPtrArray *entries; /* LinnetHistoryEntry, the latest last */
};

G_DEFINE_FINAL_TYPE (LinnetHistory, linnet_history, G_TYPE_OBJECT)

static void
entry_free (LinnetHistoryEntry *entry)
{
  g_free (entry->model);
  g_free (entry->quantisation);
  g_free (entry);
}

/* Valid, and no longer than is read back. Transfer full. */
static char *
copy_text (const char *text)
{
  return g_utf8_make_valid (text, (gssize) MIN (strlen (text), MAX_TEXT / 3));
}

static LinnetHistoryEntry *
entry_copy (const LinnetHistoryEntry *entry)
{
  LinnetHistoryEntry *copy = g_memdup2 (entry, sizeof *entry);

  copy->model = copy_text (entry->model);
  copy->quantisation = copy_text (entry->quantisation);
  return copy;
}

static void
linnet_history_finalize (GObject *object)
{
  LinnetHistory *self = LINNET_HISTORY (object);

  g_clear_pointer (&self->path, g_free);
  g_ptr_array_unref (self->entries);
  G_OBJECT_CLASS (linnet_history_parent_class)->finalize (object);
}

static void
linnet_history_class_init (LinnetHistoryClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = linnet_history_finalize;
}

static void
linnet_history_init (LinnetHistory *self)
{
  self->entries = g_ptr_array_new_with_free_func ((GDestroyNotify) entry_free);
}

/* ---- The file ----------------------------------------------------------------------------- */

static const char *
read_text (JsonObject *object, const char *name)
{
  const char *text = linnet_json_get_string (object, name);

  return text != NULL && strlen (text) <= MAX_TEXT ? text : NULL;
}

/* NULL: not an entry. */
static LinnetHistoryEntry *
read_entry (JsonNode *node)
{
  JsonObject *object = linnet_json_as_object (node);
  const char *model = read_text (object, "model");
  const char *quantisation = read_text (object, "quantisation");
  double bytes, prompt, answer, when;
  LinnetHistoryEntry entry = { 0 };

  if (model == NULL || quantisation == NULL ||
      !linnet_json_get_double (object, "weight_bytes", 1e15, &bytes) ||
      !linnet_json_get_double (object, "prompt_tokens", G_MAXINT, &prompt) ||
      !linnet_json_get_double (object, "answer_tokens", G_MAXINT, &answer) ||
      !linnet_json_get_double (object, "prefill", MAX_SPEED, &entry.prefill) ||
      !linnet_json_get_double (object, "decode", MAX_SPEED, &entry.decode) ||
      !linnet_json_get_double (object, "forecast_prefill", MAX_SPEED, &entry.forecast_prefill) ||
      !linnet_json_get_double (object, "forecast_decode", MAX_SPEED, &entry.forecast_decode) ||
      !linnet_json_get_double (object, "when", 1e12, &when))
    return NULL;
  entry.model = (char *) model;
  entry.quantisation = (char *) quantisation;
  entry.weight_bytes = (guint64) bytes;
  entry.n_prompt_tokens = (guint) prompt;
  entry.n_answer_tokens = (guint) answer;
  entry.when = (gint64) when;
  return entry_copy (&entry);
}

static gboolean
read_entries (LinnetHistory *self, JsonNode *root)
{
  JsonArray *array = linnet_json_get_array (linnet_json_as_object (root), "answers", G_MAXUINT);
  guint n, first;

  if (array == NULL)
    return FALSE;
  n = json_array_get_length (array);
  first = n > MAX_ENTRIES ? n - MAX_ENTRIES : 0;
  for (guint i = first; i < n; i++) {
    LinnetHistoryEntry *entry = read_entry (json_array_get_element (array, i));

    if (entry == NULL)
      return FALSE;
    g_ptr_array_add (self->entries, entry);
  }
  return TRUE;
}

/* So that what a person may want to look at is not overwritten. */
static void
set_aside (LinnetHistory *self)
{
  g_autofree char *aside = g_strconcat (self->path, ".damaged", NULL);

  g_ptr_array_set_size (self->entries, 0);
  if (g_rename (self->path, aside) != 0)
    g_debug ("The damaged history could not be set aside.");
}

static void
load (LinnetHistory *self)
{
  g_autoptr (JsonNode) root = NULL;

  if (!g_file_test (self->path, G_FILE_TEST_EXISTS))
    return;
  root = linnet_json_load (self->path, MAX_BYTES);
  if (!read_entries (self, root))
    set_aside (self);
}

static void
write_entry (JsonBuilder *builder, const LinnetHistoryEntry *entry)
{
  json_builder_begin_object (builder);
  linnet_json_add_string (builder, "model", entry->model);
  linnet_json_add_string (builder, "quantisation", entry->quantisation);
  linnet_json_add_int (builder, "weight_bytes", (gint64) entry->weight_bytes);
  linnet_json_add_int (builder, "prompt_tokens", entry->n_prompt_tokens);
  linnet_json_add_int (builder, "answer_tokens", entry->n_answer_tokens);
  linnet_json_add_double (builder, "prefill", entry->prefill);
  linnet_json_add_double (builder, "decode", entry->decode);
  linnet_json_add_double (builder, "forecast_prefill", entry->forecast_prefill);
  linnet_json_add_double (builder, "forecast_decode", entry->forecast_decode);
  linnet_json_add_int (builder, "when", entry->when);
  json_builder_end_object (builder);
}

static gboolean
save (LinnetHistory *self, GError **error)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;
  g_autofree char *folder = g_path_get_dirname (self->path);

  json_builder_begin_object (builder);
  linnet_json_add_int (builder, "version", VERSION);
  linnet_json_begin_array (builder, "answers");
  for (guint i = 0; i < self->entries->len; i++)
    write_entry (builder, self->entries->pdata[i]);
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  root = json_builder_get_root (builder);
  if (g_mkdir_with_parents (folder, 0700) != 0) {
    int code = errno;
    g_autofree char *name = g_filename_display_name (folder);

    g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (code),
                 _ ("The folder “%s” cannot be made: %s. Speeds are not kept."), name,
                 g_strerror (code));
    return FALSE;
  }
  return linnet_json_save (root, self->path, 0600, error);
}

/* ---- Public ------------------------------------------------------------------------------- */

LinnetHistory *
linnet_history_new (const char *path)
{
  LinnetHistory *self = g_object_new (LINNET_TYPE_HISTORY, NULL);

  self->path = path != NULL ? g_strdup (path)
                            : g_build_filename (g_get_user_data_dir (), "linnet", FILE_NAME, NULL);
  load (self);
  return self;
}

/* Within what load() accepts, so that one odd value does not make the file a damaged one. */
static double
limit_speed (double value)
{
  return isfinite (value) ? CLAMP (value, 0, MAX_SPEED) : 0;
}

gboolean
linnet_history_add (LinnetHistory *self, const LinnetHistoryEntry *entry, GError **error)
{
  LinnetHistoryEntry *copy;

  g_return_val_if_fail (LINNET_IS_HISTORY (self), FALSE);
  g_return_val_if_fail (entry != NULL && entry->model != NULL && entry->quantisation != NULL,
                        FALSE);

  copy = entry_copy (entry);
  copy->prefill = limit_speed (copy->prefill);
  copy->decode = limit_speed (copy->decode);
  copy->forecast_prefill = limit_speed (copy->forecast_prefill);
  copy->forecast_decode = limit_speed (copy->forecast_decode);
  g_ptr_array_add (self->entries, copy);
  if (self->entries->len > MAX_ENTRIES)
    g_ptr_array_remove_range (self->entries, 0, self->entries->len - MAX_ENTRIES);
  return save (self, error);
}

guint
linnet_history_get_n_entries (LinnetHistory *self)
{
  g_return_val_if_fail (LINNET_IS_HISTORY (self), 0);

  return self->entries->len;
}

const LinnetHistoryEntry *
linnet_history_get_entry (LinnetHistory *self, guint index)
{
  g_return_val_if_fail (LINNET_IS_HISTORY (self), NULL);
  g_return_val_if_fail (index < self->entries->len, NULL);

  return self->entries->pdata[self->entries->len - 1 - index];
}

const LinnetHistoryEntry *
linnet_history_find (LinnetHistory *self, const char *model, const char *quantisation)
{
  g_return_val_if_fail (LINNET_IS_HISTORY (self), NULL);
  g_return_val_if_fail (model != NULL && quantisation != NULL, NULL);

  for (guint i = self->entries->len; i > 0; i--) {
    const LinnetHistoryEntry *entry = self->entries->pdata[i - 1];

    if (g_str_equal (entry->model, model) && g_str_equal (entry->quantisation, quantisation))
      return entry;
  }
  return NULL;
}

/* ---- Learning ----------------------------------------------------------------------------- */

typedef struct {
  double value;
  double weight;
} Sample;

static int
compare_samples (gconstpointer a, gconstpointer b)
{
  const Sample *x = a;
  const Sample *y = b;

  return (x->value > y->value) - (x->value < y->value);
}

/* Sorts; there is at least one. */
static double
weighted_median (GArray *samples)
{
  double half = 0, sum = 0;
  guint i;

  for (i = 0; i < samples->len; i++)
    half += g_array_index (samples, Sample, i).weight / 2;
  g_array_sort (samples, compare_samples);
  for (i = 0; i + 1 < samples->len; i++) {
    sum += g_array_index (samples, Sample, i).weight;
    if (sum >= half)
      break;
  }
  return g_array_index (samples, Sample, i).value;
}

/* The weighted median of real over foretold, which a single odd answer cannot move, and how far the
 * others lie from it. */
static gboolean
fit (LinnetHistory *self, gboolean is_decode, double *factor, double *spread)
{
  g_autoptr (GArray) samples = g_array_new (FALSE, FALSE, sizeof (Sample));
  double weight = 1;

  for (guint i = self->entries->len; i > 0 && samples->len < FIT_ENTRIES; i--) {
    const LinnetHistoryEntry *entry = self->entries->pdata[i - 1];
    double real = is_decode ? entry->decode : entry->prefill;
    double foretold = is_decode ? entry->forecast_decode : entry->forecast_prefill;
    Sample sample = { foretold > 0 ? real / foretold : 0, weight };

    if (sample.value < FACTOR_LEAST || sample.value > FACTOR_MOST)
      continue;
    g_array_append_val (samples, sample);
    weight *= FIT_DECAY;
  }
  if (samples->len < FIT_LEAST)
    return FALSE;
  *factor = weighted_median (samples);
  for (guint i = 0; i < samples->len; i++) {
    Sample *sample = &g_array_index (samples, Sample, i);

    sample->value = fabs (sample->value / *factor - 1);
  }
  *spread = MAD_TO_BAND * weighted_median (samples);
  return TRUE;
}

gboolean
linnet_history_fit (LinnetHistory *self, double *decode, double *prefill, double *spread)
{
  double decode_spread = 0, prefill_spread = 0;
  gboolean has_decode, has_prefill;

  g_return_val_if_fail (LINNET_IS_HISTORY (self), FALSE);
  g_return_val_if_fail (decode != NULL && prefill != NULL && spread != NULL, FALSE);

  *decode = *prefill = 1;
  has_decode = fit (self, TRUE, decode, &decode_spread);
  has_prefill = fit (self, FALSE, prefill, &prefill_spread);
  *spread = MAX (decode_spread, prefill_spread);
  return has_decode || has_prefill;
}
