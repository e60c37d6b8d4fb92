/* SPDX-License-Identifier: GPL-3.0-or-later
 * Running llama-bench and reading what it says, which is not to be trusted. */
#include "bench-peer.h"

#include <glib/gi18n.h>
#include <json-glib/json-glib.h>
#include <math.h>

#include "cli.h"
#include "linnet-json.h"
#include "process.h"

#define PROGRAM       "llama-bench"
#define MAX_OUTPUT    ((gsize) 4 << 20)
#define VERSION_WIDTH 40 /* columns */

void
bench_peer_free (BenchPeer *self)
{
  if (self == NULL)
    return;
  g_strfreev (self->command);
  g_free (self);
}

BenchPeer *
bench_peer_new (const char *program, const char *command, guint timeout_seconds, GError **error)
{
  g_autoptr (BenchPeer) self = g_new0 (BenchPeer, 1);
  g_autofree char *found = NULL;

  self->timeout_seconds = timeout_seconds;
  if (command != NULL) {
    g_autoptr (GError) failure = NULL;

    if (g_shell_parse_argv (command, NULL, &self->command, &failure))
      return g_steal_pointer (&self);
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, _ ("“%s” is no command line: %s"),
                 command, failure->message);
    return NULL;
  }
  found = g_find_program_in_path (program != NULL ? program : PROGRAM);
  if (found == NULL) {
    g_autofree char *name = g_filename_display_name (program != NULL ? program : PROGRAM);

    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                 _ ("There is no program “%s” here. Install llama.cpp, or say where its "
                    "llama-bench is with --peer=PATH or --peer-command."),
                 name);
    return NULL;
  }
  self->command = g_new0 (char *, 2);
  self->command[0] = g_steal_pointer (&found);
  return g_steal_pointer (&self);
}

static void
add_number (GStrvBuilder *builder, const char *option, guint number)
{
  g_strv_builder_add (builder, option);
  g_strv_builder_take (builder, g_strdup_printf ("%u", number));
}

/* llama.cpp keeps values in anything but halves only with its flash attention. */
static void
add_cache_type (GStrvBuilder *builder, const char *name)
{
  const char *const arguments[] = { "-fa", "1", "-ctk", name, "-ctv", name, NULL };

  g_strv_builder_addv (builder, (const char **) arguments);
}

static GStrv
make_command (const BenchPeer *self, const BenchPeerRun *run)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autoptr (GString) prefills = g_string_new (NULL);

  for (guint i = 0; i < run->n_prefills; i++)
    g_string_append_printf (prefills, "%s%u", i > 0 ? "," : "", run->prefills[i]);
  g_strv_builder_addv (builder, (const char **) self->command);
  g_strv_builder_add (builder, "-m");
  g_strv_builder_add (builder, run->model);
  add_number (builder, "-t", (guint) run->n_threads);
  g_strv_builder_add (builder, "-p");
  g_strv_builder_add (builder, run->n_prefills > 0 ? prefills->str : "0");
  add_number (builder, "-n", run->n_decode);
  /* Which its older versions do not know. */
  if (run->depth > 0)
    add_number (builder, "-d", run->depth);
  if (run->cache_type != LINNET_CACHE_F16)
    add_cache_type (builder, linnet_cache_type_get_name (run->cache_type));
  add_number (builder, "-r", 1);
  g_strv_builder_add (builder, "-o");
  g_strv_builder_add (builder, "json");
  return g_strv_builder_end (builder);
}

/* A number of an object; NAN where it has none. */
static double
get_number (JsonObject *object, const char *name)
{
  double number;

  return linnet_json_get_double (object, name, G_MAXDOUBLE, &number) ? number : NAN;
}

/* Whether an object of the array is about this test. Comparing with NAN is always false. */
static gboolean
is_about (JsonObject *object, guint n_prefill, guint n_decode, guint depth)
{
  double depth_there =
      json_object_has_member (object, "n_depth") ? get_number (object, "n_depth") : 0;

  return get_number (object, "n_prompt") == n_prefill && get_number (object, "n_gen") == n_decode &&
         depth_there == depth;
}

/* Tokens a second of one test; 0: the peer does not say. */
static double
find_rate (JsonArray *tests, guint n_prefill, guint n_decode, guint depth)
{
  for (guint i = 0; i < json_array_get_length (tests); i++) {
    JsonObject *object = linnet_json_as_object (json_array_get_element (tests, i));
    double rate;

    if (object == NULL || !is_about (object, n_prefill, n_decode, depth))
      continue;
    rate = get_number (object, "avg_ts");
    if (isfinite (rate) && rate > 0)
      return rate;
  }
  return 0;
}

/* "llama.cpp 11669 (Debian)", with what there is of it. Transfer full. */
static char *
describe_version (JsonArray *tests)
{
  JsonObject *object = linnet_json_as_object (json_array_get_element (tests, 0));
  const char *commit = linnet_json_get_string (object, "build_commit");
  double number = get_number (object, "build_number");
  g_autoptr (GString) version = g_string_new ("llama.cpp");

  if (number > 0 && number < 1e9)
    g_string_append_printf (version, " %.0f", number);
  if (commit != NULL)
    g_string_append_printf (version, " (%s)", commit);
  return cli_fit (version->str, VERSION_WIDTH);
}

static gboolean
read_rates (const CliProcessResult *result,
            const BenchPeerRun *run,
            double *rates,
            char **version,
            GError **error)
{
  g_autoptr (JsonNode) root = linnet_json_parse (result->output, result->length, result->length);
  JsonArray *tests;

  if (root == NULL || !JSON_NODE_HOLDS_ARRAY (root)) {
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                         _ ("What the peer printed are not the figures of a llama-bench (-o json). "
                            "Check --peer or --peer-command."));
    return FALSE;
  }
  tests = json_node_get_array (root);
  for (guint i = 0; i < run->n_prefills + (run->n_decode > 0 ? 1 : 0); i++) {
    gboolean is_prefill = i < run->n_prefills;
    guint n_prefill = is_prefill ? run->prefills[i] : 0;
    guint n_decode = is_prefill ? 0 : run->n_decode;

    rates[i] = find_rate (tests, n_prefill, n_decode, run->depth);
    if (rates[i] > 0)
      continue;
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                 _ ("The peer does not say how fast it is with -p %u -n %u -d %u. Check whether "
                    "its version knows these options."),
                 n_prefill, n_decode, run->depth);
    return FALSE;
  }
  if (*version == NULL)
    *version = describe_version (tests);
  return TRUE;
}

gboolean
bench_peer_measure (const BenchPeer *self,
                    const BenchPeerRun *run,
                    GCancellable *cancellable,
                    double *rates,
                    char **version,
                    GError **error)
{
  g_auto (GStrv) command = make_command (self, run);
  g_auto (CliProcessResult) result = { 0 };

  return cli_process_run ((const char *const *) command, self->timeout_seconds, MAX_OUTPUT,
                          cancellable, &result, error) &&
         read_rates (&result, run, rates, version, error);
}
