/* SPDX-License-Identifier: GPL-3.0-or-later
 * What registries answer: well meant, hostile, and over real HTTP from a registry on loopback. */
#include "library/linnet-registry-json.h"
#include "library/linnet-registry.h"

#include <string.h>

#include "registry.h"

#define SHA   "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define LAYER "application/vnd.ollama.image."

static void
test_manifest (void)
{
  static const char good[] =
      "{\"schemaVersion\":2,"
      "\"mediaType\":\"application/vnd.docker.distribution.manifest.v2+json\","
      "\"layers\":[{\"mediaType\":\"" LAYER "model\",\"digest\":\"sha256:" SHA "\",\"size\":5},"
      "{\"mediaType\":\"application/x-other\",\"digest\":\"sha256:" SHA "\",\"size\":6},"
      "{\"mediaType\":\"" LAYER "license\",\"digest\":\"sha256:" SHA "\",\"size\":7}]}";
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) layers = linnet_registry_read_manifest (good, strlen (good), &error);
  const LinnetListedFile *weights;

  g_assert_no_error (error);
  g_assert_cmpuint (layers->len, ==, 2);
  weights = layers->pdata[0];
  g_assert_cmpstr (weights->path, ==, "model");
  g_assert_cmpstr (weights->sha256, ==, SHA);
  g_assert_cmpuint (weights->bytes, ==, 5);
}

#define ONE(digest, size)                                                                          \
  "{\"layers\":[{\"mediaType\":\"" LAYER "model\",\"digest\":\"" digest "\",\"size\":" size "}]}"

static void
test_hostile_manifests (void)
{
  static const char *const bad[] = {
    "",
    "null",
    "[]",
    "{}",
    "{\"layers\":5}",
    "{\"layers\":[5]}",
    "{\"layers\":[{}]}",
    "{\"layers\":[null]}",
    ONE ("../../x", "5"),
    ONE ("sha256:../../../../etc/passwd", "5"),
    ONE ("sha256:0123", "5"),
    ONE ("sha256:0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef", "5"),
    ONE ("sha512:" SHA, "5"),
    ONE ("sha256:" SHA, "-1"),
    ONE ("sha256:" SHA, "0"),
    ONE ("sha256:" SHA, "1.5"),
    ONE ("sha256:" SHA, "\"5\""),
    ONE ("sha256:" SHA, "9223372036854775807"),
    ONE ("sha256:" SHA, "99999999999999999999999"),
    "{\"mediaType\":\"text/html\",\"layers\":[]}",
    "{\"layers\":[]",
    "<html></html>",
    "\xff\xfe",
  };
  g_autofree char *deep = g_strnfill (200000, '[');
  g_autoptr (GString) large = g_string_new ("{\"layers\":[],\"x\":\"");

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (GError) error = NULL;

    g_assert_null (linnet_registry_read_manifest (bad[i], strlen (bad[i]), &error));
    g_assert_error (error, LINNET_LIBRARY_ERROR, LINNET_LIBRARY_ERROR_REGISTRY);
    g_assert_null (linnet_registry_read_hugging_face (i == 2 ? "{}" : bad[i],
                                                      strlen (i == 2 ? "{}" : bad[i]), NULL));
    g_assert_null (linnet_registry_read_modelscope (bad[i], strlen (bad[i]), NULL));
  }
  g_assert_null (linnet_registry_parse_json (deep, strlen (deep), NULL));
  while (large->len < 10 * 1024 * 1024)
    g_string_append (large, "xxxxxxxxxxxxxxxx");
  g_string_append (large, "\"}");
  g_assert_null (linnet_registry_read_manifest (large->str, large->len, NULL));
}

/* rows: "path" or "path*" for one without a sum. Transfer full. */
static GPtrArray *
list_files (const char *paths)
{
  g_auto (GStrv) rows = g_strsplit (paths, " ", -1);
  g_autoptr (GString) json = g_string_new ("[");
  g_autoptr (GError) error = NULL;
  GPtrArray *files;

  for (guint i = 0; rows[i] != NULL; i++)
    g_string_append_printf (json,
                            "%s{\"type\":\"file\",\"path\":\"%s\",\"size\":9,"
                            "\"lfs\":{\"oid\":\"" SHA "\",\"size\":9}}",
                            i > 0 ? "," : "", rows[i]);
  g_string_append_c (json, ']');
  files = linnet_registry_read_hugging_face (json->str, json->len, &error);
  g_assert_no_error (error);
  return files;
}

static void
test_choice (void)
{
  static const struct {
    const char *files;
    const char *tag;
    const char *chosen; /* NULL: none */
  } cases[] = {
    { "m-q4_k_m.gguf m-q8_0.gguf", "Q4_K_M", "m-q4_k_m.gguf" },
    { "m-q4_k_m.gguf m-q8_0.gguf", "q8_0", "m-q8_0.gguf" },
    { "m-q8_0.gguf m-q4_k_m.gguf", "", "m-q4_k_m.gguf" },
    { "m-q8_0.gguf m-q2_k.gguf", "latest", "m-q8_0.gguf" },
    { "m.gguf", "", "m.gguf" },
    { "m-q4_k_m.gguf m-q8_0.gguf", "Q2_K", NULL },
    { "README.md", "", NULL },
    { "m-fp16.gguf m-q8_0.gguf", "F16", "m-fp16.gguf" },
    { "mmproj-q8_0.gguf big-m-q8_0.gguf", "Q8_0", "big-m-q8_0.gguf" },
    { "UD-m-UD-Q4_K_XL.gguf m-Q4_K_S.gguf", "UD-Q4_K_XL", "UD-m-UD-Q4_K_XL.gguf" },
    { "m.i1-Q4_K_M.gguf", "Q4_K_M", "m.i1-Q4_K_M.gguf" },
    { "x/m-Q6_K.gguf m-Q5_K_M.gguf", "m-Q6_K.gguf", "x/m-Q6_K.gguf" },
    { "m-q4_k_m-00002-of-00002.gguf m-q4_k_m-00001-of-00002.gguf", "q4_k_m",
      "m-q4_k_m-00001-of-00002.gguf m-q4_k_m-00002-of-00002.gguf" },
    { "m-q4_k_m-00002-of-00003.gguf m-q4_k_m-00001-of-00003.gguf m-q8_0.gguf", "", "m-q8_0.gguf" },
    { "m-q4_k_m-00001-of-00002.gguf m-q4_k_m-00002-of-00002.gguf m-q4_k_m.gguf", "Q4_K_M",
      "m-q4_k_m.gguf" },
    { "m-q4_k_m-00000-of-00000.gguf", "Q8_0", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GPtrArray) files = list_files (cases[i].files);
    g_autoptr (GError) error = NULL;
    g_autoptr (GPtrArray) chosen = linnet_registry_choose (files, cases[i].tag, &error);
    g_autoptr (GString) names = g_string_new (NULL);

    if (cases[i].chosen == NULL) {
      g_assert_error (error, LINNET_LIBRARY_ERROR, LINNET_LIBRARY_ERROR_NOT_FOUND);
      continue;
    }
    g_assert_no_error (error);
    for (guint j = 0; j < chosen->len; j++)
      g_string_append_printf (names, "%s%s", j > 0 ? " " : "",
                              ((LinnetListedFile *) chosen->pdata[j])->path);
    g_assert_cmpstr (names->str, ==, cases[i].chosen);
  }
}

static void
test_hostile_paths (void)
{
  static const char *const paths[] = { "../x.gguf",   "a/../../x.gguf", "/etc/x.gguf", "a//x.gguf",
                                       "a\\\\x.gguf", "a\\u0000.gguf",  "a\\n.gguf",   "" };

  for (guint i = 0; i < G_N_ELEMENTS (paths); i++) {
    g_autofree char *json =
        g_strdup_printf ("[{\"type\":\"file\",\"path\":\"%s\",\"size\":9}]", paths[i]);
    g_autofree char *other = g_strdup_printf (
        "{\"Code\":200,\"Data\":{\"Files\":[{\"Path\":\"%s\",\"Size\":9,\"Type\":\"blob\"}]}}",
        paths[i]);
    g_autoptr (GPtrArray) files = linnet_registry_read_hugging_face (json, strlen (json), NULL);

    /* A NUL ends the text before the suffix, which leaves a harmless name. */
    if (strstr (paths[i], "u0000") != NULL)
      continue;
    g_assert_null (files);
    g_assert_null (linnet_registry_read_modelscope (other, strlen (other), NULL));
  }
}

static void
test_slugs (void)
{
  static const char *const texts[] = {
    "qwen2.5:3b", "../../x",    "..", ".",    "a/b:c", "/etc/passwd",         "CON", "鸟", "a\nb",
    "",           "qwen2.5-3b", "A",  "a..b", "-",     "https://x.org/a.gguf"
  };
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_autofree char *slug = linnet_registry_make_slug (texts[i]);

    g_assert_cmpuint (strspn (slug, "abcdefghijklmnopqrstuvwxyz0123456789-_."), ==, strlen (slug));
    g_assert_null (strstr (slug, ".."));
    g_assert_true (slug[0] != '.' && strlen (slug) < 100);
    g_assert_true (g_hash_table_add (seen, g_steal_pointer (&slug)));
  }
}

/* What is not safe is not asked, whoever says so. */
static void
test_endpoints (void)
{
  static const struct {
    const char *given;
    const char *used;
  } cases[] = {
    { "https://mirror.example/", "https://mirror.example" },
    { "http://127.0.0.1:5000/x//", "http://127.0.0.1:5000/x" },
    { "http://localhost:5000", "http://localhost:5000" },
    { "http://[::1]:5000", "http://[::1]:5000" },
    { "http://mirror.example", "https://registry.ollama.ai" },
    { "http://127.0.0.1.example.org", "https://registry.ollama.ai" },
    { "file:///etc", "https://registry.ollama.ai" },
    { "nonsense", "https://registry.ollama.ai" },
    { "", "https://registry.ollama.ai" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (LinnetNetworkSettings) settings = NULL;

    g_setenv ("LINNET_OLLAMA_REGISTRY", cases[i].given, TRUE);
    settings = linnet_network_settings_new ();
    g_assert_cmpstr (settings->ollama, ==, cases[i].used);
  }
  g_unsetenv ("LINNET_OLLAMA_REGISTRY");
}

#define BIG_BYTES (1024 * 1024)

/* Together longer than a model is asked for. */
#define N_CANCELS      70
#define CANCEL_STEP_US 1000

/* ---- Over HTTP ----------------------------------------------------------------------------- */

typedef struct {
  LinnetRemoteModel *model;
  GError *error;
  gboolean is_over;
} Answer;

static void
resolved_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Answer *answer = user_data;

  answer->model = linnet_registry_resolve_finish (result, &answer->error);
  answer->is_over = TRUE;
}

/* texts: with spaces between. Transfer full; NULL: *error. */
static LinnetRemoteModel *
resolve (const char *texts, GError **error)
{
  g_auto (GStrv) names = g_strsplit (texts, " ", -1);
  g_autoptr (GPtrArray) references =
      g_ptr_array_new_null_terminated (2, (GDestroyNotify) linnet_reference_free, TRUE);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Answer answer = { 0 };

  for (guint i = 0; names[i] != NULL; i++)
    g_ptr_array_add (references, linnet_reference_parse (names[i], NULL));
  linnet_registry_resolve_async ((const LinnetReference *const *) references->pdata, cancellable,
                                 resolved_cb, &answer);
  while (!answer.is_over)
    g_main_context_iteration (NULL, TRUE);
  g_assert_false (g_cancellable_is_cancelled (cancellable));
  if (answer.error != NULL)
    g_propagate_error (error, answer.error);
  return answer.model;
}

static void
set_endpoint (Registry *registry, const char *variable, const char *path)
{
  g_autofree char *url = registry_build_url (registry, path);

  g_setenv (variable, url, TRUE);
}

static Registry *
open_registry (void)
{
  Registry *registry = registry_new ();

  if (registry == NULL)
    return NULL;
  set_endpoint (registry, "LINNET_OLLAMA_REGISTRY", "/ollama");
  set_endpoint (registry, "LINNET_HUGGING_FACE", "/hf");
  set_endpoint (registry, "LINNET_MODELSCOPE", "/modelscope/");
  json_node_unref (registry_control (
      registry, "load", "%s",
      "{\"ollama\":[{\"name\":\"tiny:1b\",\"weights\":{\"size\":5000,\"seed\":1},"
      "\"system\":\"Be kind.\",\"template\":\"{{ .Prompt }}\",\"license\":\"Apache\","
      "\"params\":{\"temperature\":0.5,\"stop\":[\"<a>\",\"<b>\"],\"unknown\":1},"
      "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]},"
      "{\"name\":\"odd:1b\",\"weights\":{\"size\":5000,\"seed\":1},\"adapter\":\"x\"}],"
      "\"hugging_face\":[{\"name\":\"O/N-GGUF\",\"files\":{"
      "\"n-q4_k_m-00001-of-00002.gguf\":{\"size\":70000,\"seed\":2},"
      "\"n-q4_k_m-00002-of-00002.gguf\":{\"size\":80000,\"seed\":3},"
      "\"n-q8_0.gguf\":{\"size\":90000,\"seed\":4},\"LICENSE\":{\"text\":\"MIT\"}}}],"
      "\"modelscope\":[{\"name\":\"O/N-GGUF\",\"files\":{"
      "\"sub dir/n-Q8_0.gguf\":{\"size\":90000,\"seed\":4},"
      "\"n-q2_k.gguf\":{\"size\":10000,\"seed\":5}}}],"
      "\"files\":{\"x.gguf\":{\"text\":\"GGUF and more\"},\"y.gguf\":{\"text\":\"<html>\"}}}"));
  return registry;
}

static void
test_ollama (void)
{
  g_autoptr (Registry) registry = open_registry ();
  g_autoptr (GError) error = NULL;
  g_autoptr (LinnetRemoteModel) model = NULL;
  g_autoptr (LinnetRemoteModel) none = NULL;
  const LinnetRemoteFile *file;

  if (registry == NULL)
    return;
  model = resolve ("tiny:1b", &error);
  g_assert_no_error (error);
  g_assert_cmpuint (model->files->len, ==, 1);
  file = model->files->pdata[0];
  g_assert_cmpuint (file->bytes, ==, 5000);
  g_assert_true (linnet_registry_is_sha256 (file->sha256));
  g_assert_true (g_str_has_prefix (file->name, "tiny-1b-"));
  g_assert_cmpstr (model->modelfile->system, ==, "Be kind.");
  g_assert_cmpstr (model->modelfile->licence, ==, "Apache");
  g_assert_cmpstr (model->modelfile->template, ==, "{{ .Prompt }}");
  g_assert_cmpuint (g_strv_length (model->modelfile->stops), ==, 2);
  g_assert_cmpuint (model->modelfile->messages->len, ==, 1);
  g_assert_cmpstr (g_hash_table_lookup (model->modelfile->parameters, "temperature"), ==, "0.5");

  none = resolve ("tiny:2b", &error);
  g_assert_error (error, LINNET_LIBRARY_ERROR, LINNET_LIBRARY_ERROR_NOT_FOUND);
  g_clear_error (&error);
  none = resolve ("odd:1b", &error);
  g_assert_error (error, LINNET_LIBRARY_ERROR, LINNET_LIBRARY_ERROR_UNSUPPORTED);
}

static void
test_repositories (void)
{
  g_autoptr (Registry) registry = open_registry ();
  g_autoptr (GError) error = NULL;
  g_autoptr (LinnetRemoteModel) split = NULL;
  g_autoptr (LinnetRemoteModel) both = NULL;
  g_autoptr (LinnetRemoteModel) second = NULL;
  g_autoptr (LinnetRemoteModel) none = NULL;
  const LinnetRemoteFile *file;

  if (registry == NULL)
    return;
  split = resolve ("hf.co/O/N-GGUF", &error);
  g_assert_no_error (error);
  g_assert_cmpuint (split->files->len, ==, 2);
  file = split->files->pdata[1];
  g_assert_true (g_str_has_suffix (file->name, "-00002-of-00002.gguf"));
  g_assert_cmpuint (file->bytes, ==, 80000);
  g_assert_cmpstr (split->modelfile->licence, ==, "MIT");

  /* The same bytes elsewhere are one more source; others are not. */
  both = resolve ("hf.co/O/N-GGUF:Q8_0 modelscope.cn/O/N-GGUF:Q8_0 modelscope.cn/O/N-GGUF:Q2_K",
                  &error);
  g_assert_no_error (error);
  file = both->files->pdata[0];
  g_assert_cmpuint (g_strv_length (file->urls), ==, 2);
  g_assert_nonnull (strstr (file->urls[1], "sub%20dir/n-Q8_0.gguf"));

  second = resolve ("hf.co/O/Nothing:Q8_0 modelscope.cn/O/N-GGUF:Q2_K", &error);
  g_assert_no_error (error);
  g_assert_cmpint (second->reference->kind, ==, LINNET_SOURCE_MODELSCOPE);

  none = resolve ("hf.co/O/N-GGUF:Q3_K_S", &error);
  g_assert_error (error, LINNET_LIBRARY_ERROR, LINNET_LIBRARY_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (error->message, "Q4_K_M, Q8_0"));
}

static void
test_links (void)
{
  g_autoptr (Registry) registry = open_registry ();
  g_autoptr (GError) error = NULL;
  g_autofree char *good = NULL;
  g_autofree char *bad = NULL;
  g_autoptr (LinnetRemoteModel) model = NULL;
  g_autofree char *big = NULL;
  g_autofree char *more = g_strnfill (BIG_BYTES, 'x');
  g_autoptr (LinnetRemoteModel) whole = NULL;
  g_autoptr (LinnetRemoteModel) none = NULL;

  if (registry == NULL)
    return;
  good = registry_build_url (registry, "/files/x.gguf");
  bad = registry_build_url (registry, "/files/y.gguf");
  model = resolve (good, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (((LinnetRemoteFile *) model->files->pdata[0])->bytes, ==,
                    strlen ("GGUF and more"));
  none = resolve (bad, &error);
  g_assert_error (error, LINNET_LIBRARY_ERROR, LINNET_LIBRARY_ERROR_UNSUPPORTED);
  g_clear_error (&error);
  none = resolve ("/nowhere/at/all.gguf", &error);
  g_assert_error (error, LINNET_LIBRARY_ERROR, LINNET_LIBRARY_ERROR_NOT_FOUND);
  g_clear_error (&error);

  /* The whole file is sent for its first bytes: no more of it is read. */
  json_node_unref (registry_control (registry, "load",
                                     "{\"files\":{\"big.gguf\":{\"text\":\"GGUF%s\"}}}", more));
  json_node_unref (
      registry_control (registry, "rules", "[{\"fault\":\"ignore-range\",\"times\":0}]"));
  big = registry_build_url (registry, "/files/big.gguf");
  whole = resolve (big, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (((LinnetRemoteFile *) whole->files->pdata[0])->bytes, ==,
                    strlen ("GGUF") + BIG_BYTES);
}

/* At any moment of it: it ends at once, with what had come or as cancelled. */
static void
test_cancel_anywhere (void)
{
  g_autoptr (Registry) registry = open_registry ();
  const LinnetReference *references[2] = { NULL, NULL };
  g_autoptr (LinnetReference) reference = linnet_reference_parse ("tiny:1b", NULL);
  guint n_cancelled = 0;

  references[0] = reference;
  for (guint i = 0; registry != NULL && i < N_CANCELS; i++) {
    g_autoptr (GCancellable) cancellable = g_cancellable_new ();
    Answer answer = { 0 };

    linnet_registry_resolve_async (references, cancellable, resolved_cb, &answer);
    g_usleep (i * CANCEL_STEP_US);
    g_cancellable_cancel (cancellable);
    while (!answer.is_over)
      g_main_context_iteration (NULL, TRUE);
    if (answer.model == NULL) {
      g_assert_error (answer.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      n_cancelled++;
    }
    g_clear_error (&answer.error);
    g_clear_pointer (&answer.model, linnet_remote_model_free);
  }
  g_test_message ("%u of %u were cancelled", n_cancelled, N_CANCELS);
}

static void
test_faults (void)
{
  static const struct {
    const char *rule;
    int code; /* −1: it works all the same */
  } cases[] = {
    { "[{\"fault\":\"status\",\"status\":503,\"times\":1}]", -1 },
    { "[{\"fault\":\"refuse\",\"times\":1}]", -1 },
    { "[{\"fault\":\"status\",\"status\":503,\"times\":0}]", LINNET_LIBRARY_ERROR_REGISTRY },
    { "[{\"fault\":\"status\",\"status\":401,\"times\":0}]", LINNET_LIBRARY_ERROR_REGISTRY },
    { "[{\"fault\":\"status\",\"status\":429,\"times\":0}]", LINNET_LIBRARY_ERROR_REGISTRY },
    { "[{\"fault\":\"garbage\",\"times\":0}]", LINNET_LIBRARY_ERROR_REGISTRY },
    { "[{\"fault\":\"endless\",\"times\":0}]", LINNET_LIBRARY_ERROR_REGISTRY },
    { "[{\"fault\":\"redirect\",\"location\":\"loop\",\"times\":0}]",
      LINNET_LIBRARY_ERROR_REGISTRY },
    { "[{\"fault\":\"redirect\",\"location\":\"http://example.org/\",\"times\":0}]",
      LINNET_LIBRARY_ERROR_REGISTRY },
    { "[{\"fault\":\"redirect\",\"location\":\"file:///etc/passwd\",\"times\":0}]",
      LINNET_LIBRARY_ERROR_REGISTRY },
    { "[{\"fault\":\"flip\",\"offset\":1,\"path\":\"cdn\",\"times\":0}]",
      LINNET_LIBRARY_ERROR_DAMAGED },
  };
  g_autoptr (Registry) registry = open_registry ();

  for (guint i = 0; registry != NULL && i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (LinnetRemoteModel) model = NULL;

    registry_clear (registry);
    json_node_unref (registry_control (registry, "rules", "%s", cases[i].rule));
    model = resolve ("tiny:1b", &error);
    g_test_message ("%s: %s", cases[i].rule, error != NULL ? error->message : "fine");
    if (cases[i].code < 0)
      g_assert_no_error (error);
    else
      g_assert_error (error, LINNET_LIBRARY_ERROR, cases[i].code);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/registry/manifest", test_manifest);
  g_test_add_func ("/registry/hostile-manifests", test_hostile_manifests);
  g_test_add_func ("/registry/choice", test_choice);
  g_test_add_func ("/registry/hostile-paths", test_hostile_paths);
  g_test_add_func ("/registry/slugs", test_slugs);
  g_test_add_func ("/registry/endpoints", test_endpoints);
  g_test_add_func ("/registry/ollama", test_ollama);
  g_test_add_func ("/registry/repositories", test_repositories);
  g_test_add_func ("/registry/links", test_links);
  g_test_add_func ("/registry/cancel-anywhere", test_cancel_anywhere);
  g_test_add_func ("/registry/faults", test_faults);
  return g_test_run ();
}
