/* SPDX-License-Identifier: GPL-3.0-or-later
 * The catalogue that comes with Linnet is whole, and one that somebody wrote is refused with words
 * that say where it is wrong. */
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#include "advice-cases.h"

#define GOOD                                                                                       \
  "{\"version\":1,\"models\":[{\"id\":\"mine\",\"title\":\"Mine\",\"family\":\"Own\","             \
  "\"billions\":1,\"architecture\":\"llama\",\"shape\":{\"vocabulary\":1000,\"embedding\":256,"    \
  "\"layers\":2,\"feed_forward\":512,\"heads\":4,\"kv_heads\":2,\"head\":64,\"context\":2048,"     \
  "\"tied\":true},\"licence\":\"MIT\",\"licence_url\":\"https://example.org/\","                   \
  "\"languages\":[\"en\"],\"strengths\":{\"chat\":1,\"writing\":1,\"code\":1,\"reasoning\":1},"    \
  "\"summary\":\"My own.\",\"files\":[{\"quantisation\":\"Q8_0\",\"references\":[\"mine:1\"]},"    \
  "{\"quantisation\":\"Q4_K_M\",\"bytes\":5,\"references\":[\"mine:2\"]}]}]}"

static LinnetCatalogue *
load_text (const char *text, GError **error)
{
  g_autofree char *path = NULL;
  LinnetCatalogue *catalogue;
  int file = g_file_open_tmp ("linnet-catalogue-XXXXXX.json", &path, NULL);

  g_assert_cmpint (file, >=, 0);
  g_close (file, NULL);
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  catalogue = linnet_catalogue_load (path, error);
  g_unlink (path);
  return catalogue;
}

static void
test_own (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LinnetCatalogue) catalogue = load_text (GOOD, &error);
  const LinnetCatalogueModel *model;

  g_assert_no_error (error);
  g_assert_cmpuint (linnet_catalogue_get_n_models (catalogue), ==, 1);
  model = linnet_catalogue_find (catalogue, "mine");
  g_assert_nonnull (model);
  g_assert_null (linnet_catalogue_find (catalogue, "yours"));
  g_assert_cmpstr (model->summary, ==, "My own.");
  g_assert_null (model->licence_note);
  g_assert_false (model->is_restricted);
  /* 1000 × 256, 256, and two layers of q, k, v, o, three of the feed-forward part and two norms. */
  g_assert_cmpuint (model->n_parameters, ==,
                    256000 + 256 + 2 * (65536 + 2 * 32768 + 65536 + 3 * 131072 + 512));
  /* From the smallest. */
  g_assert_cmpstr (model->files[0].quantisation, ==, "Q4_K_M");
  g_assert_cmpuint (model->files[0].bytes, ==, 5);
  g_assert_cmpstr (model->files[1].references[0], ==, "mine:1");
}

/* What is replaced in the good one, and a word that the complaint has to have. */
static const struct {
  const char *from;
  const char *to;
  const char *word;
} MISTAKES[] = {
  { "\"version\":1", "\"version\":2", "version" },
  { "\"id\":\"mine\"", "\"id\":7", "“id”" },
  { "\"id\":\"mine\",", "", "“id” is missing" },
  { "\"title\":\"Mine\"", "\"title\":\"\"", "“title”" },
  { "\"title\":\"Mine\"", "\"title\":\"a\\u0007b\"", "“title”" },
  { "\"billions\":1", "\"billions\":-1", "“billions”" },
  { "\"billions\":1", "\"billions\":null", "“billions”" },
  { "\"llama\"", "\"gpt9\"", "“architecture”" },
  { "\"layers\":2", "\"layers\":0", "“layers”" },
  { "\"layers\":2", "\"layers\":2.5", "“layers”" },
  { "\"layers\":2", "\"layers\":99999999999999999999", "“layers”" },
  { "\"kv_heads\":2", "\"kv_heads\":3", "“kv_heads”" },
  { "\"head\":64", "\"head\":63", "“head”" },
  { "\"tied\":true", "\"tied\":1", "“tied”" },
  { "\"billions\":1", "\"billions\":1,\"parameters\":5", "“parameters”" },
  { "https://example.org/", "javascript:alert(1)", "“licence_url”" },
  { "[\"en\"]", "[]", "“languages”" },
  { "[\"en\"]", "[1]", "“languages”" },
  { "\"chat\":1", "\"chat\":6", "“chat”" },
  { "\"strengths\":{", "\"strengths\":7,\"x\":{", "“strengths”" },
  { "\"Q8_0\"", "\"Q9_0\"", "“quantisation”" },
  { "\"Q8_0\"", "\"Q4_K_M\"", "twice" },
  { "\"bytes\":5", "\"bytes\":-5", "“bytes”" },
  { "[\"mine:1\"]", "\"mine:1\"", "“references”" },
  { "[\"mine:1\"]", "[\"mine:1\",\"mine::1\"]", "“references”" },
  { "}]}]}", "}]},7]}", "list of objects" },
};

static void
test_mistakes (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (MISTAKES); i++) {
    g_auto (GStrv) parts = g_strsplit (GOOD, MISTAKES[i].from, 2);
    g_autofree char *text = g_strjoinv (MISTAKES[i].to, parts);
    g_autoptr (GError) error = NULL;
    g_autoptr (LinnetCatalogue) catalogue = NULL;

    g_assert_cmpuint (g_strv_length (parts), ==, 2);
    catalogue = load_text (text, &error);
    g_assert_null (catalogue);
    g_assert_error (error, LINNET_CATALOGUE_ERROR, LINNET_CATALOGUE_ERROR_INVALID);
    g_test_message ("%s", error->message);
    g_assert_nonnull (strstr (error->message, MISTAKES[i].word));
  }
}

static void
test_twice (void)
{
  g_auto (GStrv) parts = g_strsplit (GOOD, "\"models\":[", 2);
  g_autofree char *entry = g_strndup (parts[1], strlen (parts[1]) - 2);
  g_autofree char *text = g_strconcat (parts[0], "\"models\":[", entry, ",", entry, "]}", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_null (load_text (text, &error));
  g_assert_error (error, LINNET_CATALOGUE_ERROR, LINNET_CATALOGUE_ERROR_INVALID);
  g_assert_nonnull (strstr (error->message, "two entries “mine”"));
}

/* Cut off anywhere, and with any byte changed: refused or read, and nothing worse. */
static void
test_damaged (void)
{
  g_autofree char *text = g_strdup (GOOD);
  gsize length = strlen (text);

  for (gsize i = 0; i < length; i += 7) {
    g_autofree char *cut = g_strndup (GOOD, i);
    g_autoptr (LinnetCatalogue) none = load_text (cut, NULL);
    g_autoptr (LinnetCatalogue) some = NULL;

    g_assert_null (none);
    text[i] ^= 0x11;
    some = load_text (text, NULL);
    text[i] ^= 0x11;
  }
}

static void
test_missing (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (linnet_catalogue_load ("/nonexistent/catalogue.json", &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
}

/* Ten models; every quantisation that a source offers; the licence that is not free. */
static void
test_built_in (void)
{
  g_autoptr (LinnetCatalogue) catalogue = advice_cases_load_catalogue ();
  const LinnetCatalogueModel *model;

  g_assert_cmpuint (linnet_catalogue_get_n_models (catalogue), ==, 10);
  for (guint i = 0; i < 10; i++) {
    model = linnet_catalogue_get_model (catalogue, i);
    g_assert_true (g_strv_contains ((const char *const *) model->languages, "zh"));
    g_assert_true (g_strv_contains ((const char *const *) model->languages, "en"));
    g_assert_cmpuint (model->n_files, ==,
                      g_str_equal (model->family, "Qwen2.5") ? 8
                      : model->billions < 3                  ? 3
                                                             : 5);
    /* The name rounds the number. */
    g_assert_cmpfloat (fabs ((double) model->n_parameters * 1e-9 / model->billions - 1), <, 0.2);
    g_assert_cmpint (model->is_restricted, ==, g_str_equal (model->id, "qwen2.5-3b-instruct"));
    g_assert_cmpint (model->licence_note != NULL, ==, model->is_restricted);
    g_assert_cmpint (model->thinks, ==, g_str_equal (model->family, "Qwen3"));
  }
  model = linnet_catalogue_find (catalogue, "qwen2.5-3b-instruct");
  g_assert_cmpstr (model->licence, ==, "Qwen Research");
  g_assert_cmpuint (model->n_parameters, ==, 3085938688);
  g_assert_cmpstr (model->files[3].references[0], ==, "qwen2.5:3b-instruct-q4_K_M");
  g_assert_cmpstr (model->files[3].references[2], ==, "hf.co/Qwen/Qwen2.5-3B-Instruct-GGUF:Q4_K_M");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/catalogue/own", test_own);
  g_test_add_func ("/catalogue/mistakes", test_mistakes);
  g_test_add_func ("/catalogue/twice", test_twice);
  g_test_add_func ("/catalogue/damaged", test_damaged);
  g_test_add_func ("/catalogue/missing", test_missing);
  g_test_add_func ("/catalogue/built-in", test_built_in);
  return g_test_run ();
}
