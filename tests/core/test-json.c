/* SPDX-License-Identifier: GPL-3.0-or-later
 * JSON that somebody else may have written: of the right kind and in bounds, or not there. */
#include "linnet-json.h"

#include <glib/gstdio.h>
#include <string.h>

#define MAX_BYTES 1000

static JsonNode *
parse (const char *text)
{
  return linnet_json_parse (text, strlen (text), MAX_BYTES);
}

static void
test_parse (void)
{
  static const char *const good[] = { "{}", "[]", " {\"a\": [1, 2.5, \"b\", null, true]}\n" };
  static const char *const bad[] = {
    "",       " ",        "1",        "\"a\"",         "null",         "{",          "[1,]",
    "{}x",    "{\"a\":}", "{'a': 1}", "[1] // more",   "\xff\xfe{}",   "[\"\xff\"]", "[}",
    "{\"a\"", "[nan]",    "[+1]",     "\xef\xbb\xbf{", "{\"a\": 1, }",
  };

  for (guint i = 0; i < G_N_ELEMENTS (good); i++) {
    g_autoptr (JsonNode) root = parse (good[i]);

    g_assert_nonnull (root);
  }
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_test_message ("%u", i);
    g_assert_null (parse (bad[i]));
  }
}

static void
test_bounds (void)
{
  g_autofree char *wide = g_strnfill (MAX_BYTES, ' ');
  g_autofree char *deep = g_strnfill (MAX_BYTES, '[');
  g_autoptr (JsonNode) most = NULL;

  memcpy (wide, "{}", 2);
  most = linnet_json_parse (wide, MAX_BYTES, MAX_BYTES);
  g_assert_nonnull (most);
  g_assert_null (linnet_json_parse (wide, MAX_BYTES, MAX_BYTES - 1));
  g_assert_null (linnet_json_parse (deep, MAX_BYTES, MAX_BYTES));
}

static void
test_kinds (void)
{
  g_autoptr (JsonNode) root =
      parse ("{\"text\": \"a\", \"whole\": 7, \"real\": 2.5, \"none\": null, \"yes\": true,"
             " \"less\": -1, \"most\": 9223372036854775807, \"object\": {\"b\": 1},"
             " \"texts\": [\"a\", \"b\"], \"mixed\": [\"a\", 1], \"empty\": []}");
  JsonObject *object = linnet_json_as_object (root);
  g_auto (GStrv) texts = linnet_json_get_strings (object, "texts", 2);
  g_auto (GStrv) empty = linnet_json_get_strings (object, "empty", 2);
  static const char *const names[] = { "whole", "real",  "none",  "yes",   "object",
                                       "texts", "mixed", "empty", "absent" };
  gint64 whole = 42;
  double real;

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    g_assert_null (linnet_json_get_string (object, names[i]));
  for (guint i = 1; i < G_N_ELEMENTS (names); i++)
    g_assert_false (linnet_json_get_int (object, names[i], G_MININT64, G_MAXINT64, &whole));
  for (guint i = 2; i < G_N_ELEMENTS (names); i++)
    g_assert_false (linnet_json_get_double (object, names[i], 1e300, &real));
  g_assert_cmpint (whole, ==, 42);

  g_assert_cmpstr (linnet_json_get_string (object, "text"), ==, "a");
  g_assert_false (linnet_json_get_int (object, "text", 0, 9, &whole));
  g_assert_false (linnet_json_get_double (object, "text", 9, &real));
  g_assert_nonnull (linnet_json_get_object (object, "object"));
  g_assert_null (linnet_json_get_object (object, "texts"));
  g_assert_null (linnet_json_get_array (object, "object", 9));
  g_assert_cmpstrv (texts, ((const char *const[]) { "a", "b", NULL }));
  g_assert_nonnull (empty);
  g_assert_null (empty[0]);
  g_assert_null (linnet_json_get_strings (object, "texts", 1));
  g_assert_null (linnet_json_get_strings (object, "mixed", 9));
  g_assert_null (linnet_json_get_strings (object, "absent", 9));
}

static void
test_numbers (void)
{
  g_autoptr (JsonNode) root =
      parse ("{\"whole\": 7, \"real\": 2.5, \"less\": -1, \"most\": 9223372036854775807}");
  JsonObject *object = linnet_json_as_object (root);
  gint64 whole = 0;
  double real = 0;

  g_assert_true (linnet_json_get_int (object, "whole", 7, 7, &whole));
  g_assert_cmpint (whole, ==, 7);
  g_assert_false (linnet_json_get_int (object, "whole", 8, 9, &whole));
  g_assert_false (linnet_json_get_int (object, "whole", 0, 6, &whole));
  g_assert_false (linnet_json_get_int (object, "less", 0, G_MAXINT64, &whole));
  g_assert_true (linnet_json_get_int (object, "most", 0, G_MAXINT64, &whole));
  g_assert_cmpint (whole, ==, G_MAXINT64);
  g_assert_true (linnet_json_get_double (object, "whole", 7, &real));
  g_assert_cmpfloat (real, ==, 7);
  g_assert_true (linnet_json_get_double (object, "real", 2.5, &real));
  g_assert_cmpfloat (real, ==, 2.5);
  g_assert_false (linnet_json_get_double (object, "real", 2, &real));
  g_assert_false (linnet_json_get_double (object, "less", 9, &real));
}

/* What is not there has nothing in it. */
static void
test_nothing (void)
{
  gint64 whole;
  double real;

  g_assert_null (linnet_json_as_object (NULL));
  g_assert_null (linnet_json_as_string (NULL));
  g_assert_false (linnet_json_as_int (NULL, 0, 9, &whole));
  g_assert_null (linnet_json_get_object (NULL, "a"));
  g_assert_null (linnet_json_get_string (NULL, "a"));
  g_assert_null (linnet_json_get_array (NULL, "a", 9));
  g_assert_null (linnet_json_get_strings (NULL, "a", 9));
  g_assert_false (linnet_json_get_int (NULL, "a", 0, 9, &whole));
  g_assert_false (linnet_json_get_double (NULL, "a", 9, &real));
}

static void
test_file (void)
{
  const char *const two[] = { "a", "b", NULL };
  g_autofree char *folder = g_dir_make_tmp ("linnet-json-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "a.json", NULL);
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;
  g_autoptr (JsonNode) again = NULL;
  g_autoptr (GError) error = NULL;
  GStatBuf status;

  g_assert_null (linnet_json_load (path, MAX_BYTES));
  json_builder_begin_object (builder);
  linnet_json_add_strings (builder, "two", two);
  linnet_json_add_strings (builder, "none", NULL);
  linnet_json_add_string (builder, "null", NULL);
  json_builder_end_object (builder);
  root = json_builder_get_root (builder);
  g_assert_true (linnet_json_save (root, path, 0600, &error));
  g_assert_no_error (error);
  g_assert_cmpint (g_stat (path, &status), ==, 0);
  g_assert_cmpint (status.st_mode & 0777, ==, 0600);
  again = linnet_json_load (path, MAX_BYTES);
  g_assert_true (json_node_equal (root, again));
  g_assert_null (linnet_json_load (path, (gsize) status.st_size - 1));
  g_assert_null (linnet_json_load (folder, MAX_BYTES));

  g_assert_cmpint (g_unlink (path), ==, 0);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
  g_assert_false (linnet_json_save (root, path, 0600, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/json/parse", test_parse);
  g_test_add_func ("/json/bounds", test_bounds);
  g_test_add_func ("/json/kinds", test_kinds);
  g_test_add_func ("/json/numbers", test_numbers);
  g_test_add_func ("/json/nothing", test_nothing);
  g_test_add_func ("/json/file", test_file);
  return g_test_run ();
}
