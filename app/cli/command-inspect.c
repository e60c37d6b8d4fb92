/* SPDX-License-Identifier: GPL-3.0-or-later
 * linnet-cli inspect: what is in a GGUF file, from its JSON description. */
#include "config.h"

#include <glib/gi18n.h>
#include <stdio.h>

#include "cli.h"

/* Columns that a metadata value may take. */
#define VALUE_WIDTH 60

/* "25.8 million"; transfer full. */
static char *
format_count (gint64 n)
{
  if (n >= 1000000000)
    return g_strdup_printf (_ ("%.2f billion"), (double) n / 1e9);
  if (n >= 1000000)
    return g_strdup_printf (_ ("%.1f million"), (double) n / 1e6);
  return g_strdup_printf ("%" G_GINT64_FORMAT, n);
}

static const char *
get_string (JsonObject *object, const char *name)
{
  return json_object_get_string_member_with_default (object, name, "");
}

static gint64
get_int (JsonObject *object, const char *name)
{
  return json_object_get_int_member_with_default (object, name, 0);
}

/* The counts are 32 bits wide in the file. Transfer full. */
static char *
format_shape (JsonObject *root)
{
  guint n_layers = (guint) get_int (root, "layers");
  g_autofree char *layers =
      g_strdup_printf (ngettext ("%u layer", "%u layers", n_layers), n_layers);

  return g_strdup_printf (_ ("%s, %u wide, %u heads, %u of keys and values"), layers,
                          (guint) get_int (root, "embedding"), (guint) get_int (root, "heads"),
                          (guint) get_int (root, "kv_heads"));
}

static char *
format_tokens (gint64 n)
{
  return g_strdup_printf (ngettext ("%u token", "%u tokens", (gulong) n), (guint) n);
}

static void
print_summary (JsonObject *root)
{
  g_autoptr (CliTable) table = cli_table_new ("ll");
  g_autofree char *title = cli_fit (get_string (root, "title"), VALUE_WIDTH);
  g_autofree char *path = cli_fit (get_string (root, "path"), 4096);
  g_autofree char *size = g_format_size ((guint64) get_int (root, "file_bytes"));
  g_autofree char *count = format_count (get_int (root, "parameters"));
  g_autofree char *architecture = cli_fit (get_string (root, "architecture"), VALUE_WIDTH);
  g_autofree char *parameters =
      g_strdup_printf ("%s · %s", count, get_string (root, "quantisation"));
  g_autofree char *shape = format_shape (root);
  g_autofree char *context = format_tokens (get_int (root, "context"));
  g_autofree char *vocabulary = format_tokens (get_int (root, "vocabulary"));

  puts (title);
  cli_table_add (table, _ ("File"), path);
  cli_table_add (table, _ ("Size"), size);
  cli_table_add (table, _ ("Architecture"), architecture);
  cli_table_add (table, _ ("Parameters"), parameters);
  cli_table_add (table, _ ("Shape"), shape);
  cli_table_add (table, _ ("Context"), context);
  cli_table_add (table, _ ("Vocabulary"), vocabulary);
  cli_table_add (table, _ ("Chat template"),
                 json_object_get_boolean_member (root, "chat_is_fallback")
                     ? _ ("none that is known; ChatML is used")
                     : get_string (root, "chat_family"));
  cli_table_print (table, 2);
}

/* A value as one line, whatever it is. Transfer full. */
static char *
format_value (JsonNode *node)
{
  g_autofree char *text = NULL;

  if (json_node_get_value_type (node) == G_TYPE_STRING)
    return cli_fit (json_node_get_string (node), VALUE_WIDTH);
  /* Most are single precision: more digits than these say nothing. */
  if (json_node_get_value_type (node) == G_TYPE_DOUBLE)
    return g_strdup_printf ("%.7g", json_node_get_double (node));
  text = json_to_string (node, FALSE);
  return cli_fit (text, VALUE_WIDTH);
}

static char *
format_entry (JsonObject *entry)
{
  g_autoptr (GString) line = NULL;
  JsonArray *first;

  if (json_object_has_member (entry, "value"))
    return format_value (json_object_get_member (entry, "value"));
  line = g_string_new (NULL);
  first = json_object_get_array_member (entry, "first");
  for (guint i = 0; i < json_array_get_length (first); i++) {
    g_autofree char *item = format_value (json_array_get_element (first, i));

    g_string_append_printf (line, "%s%s", i > 0 ? ", " : "", item);
  }
  if (get_int (entry, "count") > json_array_get_length (first))
    g_string_append_printf (line, ", … (%" G_GINT64_FORMAT ")", get_int (entry, "count"));
  return g_string_free (g_steal_pointer (&line), FALSE);
}

static void
print_metadata (JsonObject *root)
{
  g_autoptr (CliTable) table = cli_table_new ("lll");
  JsonArray *metadata = json_object_get_array_member (root, "metadata");

  printf ("\n%s (%u)\n", _ ("Metadata"), json_array_get_length (metadata));
  for (guint i = 0; i < json_array_get_length (metadata); i++) {
    JsonObject *entry = json_array_get_object_element (metadata, i);
    g_autofree char *key = cli_fit (get_string (entry, "key"), VALUE_WIDTH);
    g_autofree char *value = format_entry (entry);

    cli_table_add (table, key, get_string (entry, "type"), value);
  }
  cli_table_print (table, 2);
}

static void
print_tensors (JsonObject *root)
{
  g_autoptr (CliTable) table = cli_table_new ("lrrr");
  JsonObject *tensors = json_object_get_object_member (root, "tensors");
  JsonArray *types = json_object_get_array_member (tensors, "by_type");

  printf ("\n%s (%" G_GINT64_FORMAT ")\n", _ ("Tensors"), get_int (tensors, "count"));
  cli_table_add (table, _ ("Type"), _ ("Tensors"), _ ("Weights"), _ ("Size"));
  for (guint i = 0; i < json_array_get_length (types); i++) {
    JsonObject *entry = json_array_get_object_element (types, i);
    g_autofree char *n = g_strdup_printf ("%" G_GINT64_FORMAT, get_int (entry, "count"));
    g_autofree char *weights = format_count (get_int (entry, "elements"));
    g_autofree char *size = g_format_size ((guint64) get_int (entry, "bytes"));

    cli_table_add (table, get_string (entry, "type"), n, weights, size);
  }
  cli_table_print (table, 2);
}

/* "1.2 GiB" of a member; transfer full. */
static char *
format_bytes (JsonObject *object, const char *name)
{
  return g_format_size_full ((guint64) get_int (object, name), G_FORMAT_SIZE_IEC_UNITS);
}

static void
print_memory (JsonObject *root)
{
  g_autoptr (CliTable) table = cli_table_new ("rrrrr");
  JsonArray *memory = json_object_get_array_member (root, "memory");

  printf ("\n%s (--kv %s)\n", _ ("Memory needed"), get_string (root, "memory_kv"));
  cli_table_add (table, _ ("Context"), _ ("Weights"), _ ("KV cache"), _ ("Scratch"), _ ("Total"));
  for (guint i = 0; i < json_array_get_length (memory); i++) {
    JsonObject *entry = json_array_get_object_element (memory, i);
    g_autofree char *context = g_strdup_printf ("%" G_GINT64_FORMAT, get_int (entry, "context"));
    g_autofree char *weights = format_bytes (entry, "weights");
    g_autofree char *cache = format_bytes (entry, "kv_cache");
    g_autofree char *scratch = format_bytes (entry, "scratch");
    g_autofree char *total = format_bytes (entry, "total");

    cli_table_add (table, context, weights, cache, scratch, total);
  }
  if (json_array_get_length (memory) > 0)
    cli_table_print (table, 2);
  if (json_object_has_member (root, "memory_error"))
    printf ("  %s\n", get_string (root, "memory_error"));
}

int
cli_run_inspect (char **arguments)
{
  g_auto (GStrv) files = NULL;
  g_autofree char *kv = NULL;
  LinnetCacheType cache_type = LINNET_CACHE_F16;
  gboolean json = FALSE;
  const GOptionEntry entries[] = {
    CLI_KV_ENTRY (&kv),
    { "json", 0, 0, G_OPTION_ARG_NONE, &json, N_ ("Print everything as JSON"), NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &files, NULL, NULL },
    G_OPTION_ENTRY_NULL
  };
  g_autoptr (LinnetModel) model = NULL;
  JsonNode *description;
  int status;

  if (!cli_parse (arguments, entries, NULL, _ ("FILE"),
                  _ ("Shows a GGUF file’s metadata, its tensors by type, and the memory it needs."),
                  &status))
    return status;
  if (!cli_parse_cache_type ("inspect", kv, &cache_type))
    return CLI_USAGE;
  if (files == NULL || g_strv_length (files) != 1)
    return cli_usage ("inspect", "%s", _ ("Name one GGUF file to inspect."));
  model = cli_open_model (files[0], LINNET_MODEL_LEVEL_METADATA, NULL, NULL, NULL);
  if (model == NULL)
    return CLI_FAILED;
  description = linnet_model_describe (model, cache_type);
  if (json) {
    cli_print_json (description);
    return CLI_OK;
  }
  print_summary (json_node_get_object (description));
  print_metadata (json_node_get_object (description));
  print_tensors (json_node_get_object (description));
  print_memory (json_node_get_object (description));
  json_node_unref (description);
  return CLI_OK;
}
