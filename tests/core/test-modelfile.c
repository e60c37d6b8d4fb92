/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetModelfile: Ollama's syntax, what each line means here, and that what is written is read
 * back the same. */
#include "library/linnet-modelfile-apply.h"
#include "library/linnet-reference.h"

#include <string.h>

static LinnetModelfile *
parse (const char *text)
{
  g_autoptr (GError) error = NULL;
  LinnetModelfile *modelfile = linnet_modelfile_parse (text, -1, &error);

  g_assert_no_error (error);
  return modelfile;
}

static const char *
get (const LinnetModelfile *modelfile, const char *name)
{
  return g_hash_table_lookup (modelfile->parameters, name);
}

static void
test_article (void)
{
  g_autoptr (LinnetModelfile) modelfile =
      parse ("# Modelfile内容\n"
             "FROM qwen2.5:3b\n"
             "# 设置线程数(根据你CPU的核心数)\n"
             "PARAMETER num_thread 8\n"
             "# 设置批处理大小(CPU适合小批次)\n"
             "PARAMETER batch_size 1\n"
             "# 量化设置\n"
             "PARAMETER quantize q4_0 # 4位量化,更快更省内存\n");

  g_assert_cmpstr (modelfile->from, ==, "qwen2.5:3b");
  g_assert_cmpstr (get (modelfile, "num_thread"), ==, "8");
  g_assert_cmpuint (g_hash_table_size (modelfile->parameters), ==, 1);
  g_assert_cmpuint (g_strv_length (modelfile->notes), ==, 2);
  g_assert_true (g_str_has_prefix (modelfile->notes[0], "Line 6: “batch_size”"));
  g_assert_true (g_str_has_prefix (modelfile->notes[1], "Line 8: “quantize”"));
  g_assert_nonnull (strstr (modelfile->notes[1], "For q4_0,"));
}

static void
test_syntax (void)
{
  g_autoptr (LinnetModelfile) modelfile = parse ("\xef\xbb\xbf"
                                                 "from  ./a b.gguf  # comment\r\n"
                                                 "\r\n"
                                                 "  Parameter TEMPERATURE 0.5\r\n"
                                                 "PARAMETER stop \"<|im_end|>\"\n"
                                                 "PARAMETER stop ###\n"
                                                 "PARAMETER stop # # #\n"
                                                 "PARAMETER mirostat 2\n"
                                                 "system You are a bird. # and stay one\n"
                                                 "TEMPLATE \"\"\"{{ .System }}\n"
                                                 "\"quoted\"\"\"\"\n"
                                                 "MESSAGE user Hi\n"
                                                 "message assistant \"\"\"Ho\n\nho\"\"\"  \n"
                                                 "LICENSE MIT\n"
                                                 "LICENSE \"\"\"\n"
                                                 "Apache\"\"\"");
  LinnetMessage *answer;

  g_assert_cmpstr (modelfile->from, ==, "./a b.gguf");
  g_assert_cmpstr (get (modelfile, "temperature"), ==, "0.5");
  g_assert_cmpuint (g_strv_length (modelfile->stops), ==, 3);
  g_assert_cmpstr (modelfile->stops[0], ==, "<|im_end|>");
  g_assert_cmpstr (modelfile->stops[1], ==, "###");
  g_assert_cmpstr (modelfile->stops[2], ==, "# # #");
  g_assert_cmpstr (modelfile->system, ==, "You are a bird. # and stay one");
  g_assert_cmpstr (modelfile->template, ==, "{{ .System }}\n\"quoted\"");
  g_assert_cmpuint (modelfile->messages->len, ==, 2);
  answer = modelfile->messages->pdata[1];
  g_assert_cmpint (linnet_message_get_role (answer), ==, LINNET_ROLE_ASSISTANT);
  g_assert_cmpstr (linnet_message_get_text (answer), ==, "Ho\n\nho");
  g_assert_cmpstr (modelfile->licence, ==, "MIT\n\n\nApache");
  /* One for mirostat, one for TEMPLATE. */
  g_assert_cmpuint (g_strv_length (modelfile->notes), ==, 2);
}

static void
test_nonsense (void)
{
  static const struct {
    const char *text;
    const char *word;
  } cases[] = {
    { "", "FROM" },
    { "# nothing\n", "FROM" },
    { "PARAMETER temperature 1\n", "FROM" },
    { "FROM\n", "Line 1" },
    { "FROM a\nFRMO b\n", "Line 2" },
    { "FROM a\nPARAMETER\n", "Line 2" },
    { "FROM a\nPARAMETER temperature\n", "Line 2" },
    { "FROM a\nPARAMETER temperature warm\n", "“warm”" },
    { "FROM a\nPARAMETER temperature nan\n", "“nan”" },
    { "FROM a\nPARAMETER num_ctx -5\n", "“-5”" },
    { "FROM a\nPARAMETER num_ctx 1e99\n", "num_ctx" },
    { "FROM a\nPARAMETER num_thread 2.5\n", "num_thread" },
    { "FROM a\nMESSAGE robot hi\n", "“robot”" },
    { "FROM a\n\nSYSTEM \"\"\"open\nand open\n", "Line 3" },
    { "FROM \"\"\"a\nb\"\"\"\n", "same line" },
    { "FROM \xff\n", "text" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;

    g_assert_null (linnet_modelfile_parse (cases[i].text, -1, &error));
    g_assert_error (error, LINNET_LIBRARY_ERROR, LINNET_LIBRARY_ERROR_MODELFILE);
    if (strstr (error->message, cases[i].word) == NULL)
      g_error ("“%s” is not in “%s”", cases[i].word, error->message);
  }
}

static char *
make_text (guint max)
{
  static const char *const pieces[] = { "a",  "\"", "\"\"", "\"\"\"", "\n", " ",  "#", "鸟",
                                        "\r", "\t", "FROM", "\\",     "x",  "\n", "y", "MESSAGE " };
  GString *text = g_string_new ("t");
  int n = g_test_rand_int_range (0, (int) max);

  for (int i = 0; i < n; i++)
    g_string_append (text, pieces[g_test_rand_int_range (0, G_N_ELEMENTS (pieces))]);
  g_string_append (text, "e");
  return g_string_free (text, FALSE);
}

/* Whatever texts a recipe has, what is written is a Modelfile; and from then on nothing changes. */
static void
test_round_trip (void)
{
  static const char *const names[] = { "temperature", "num_ctx", "top_p", "seed" };
  static const char *const values[] = { "0.7", "4096", "0.95", "42" };
  static const char *const roles[] = { "user", "assistant", "system" };

  for (guint i = 0; i < 3000; i++) {
    g_autoptr (LinnetModelfile) modelfile = linnet_modelfile_new ("qwen2.5:3b");
    g_autoptr (LinnetModelfile) again = NULL;
    g_autoptr (LinnetModelfile) copy = NULL;
    g_autofree char *first = NULL;
    g_autofree char *second = NULL;
    g_autofree char *third = NULL;
    int n = g_test_rand_int_range (0, 5);

    for (int j = 0; j < n; j++) {
      g_autofree char *stop = make_text (4);
      g_autofree char *text = make_text (12);
      int k = g_test_rand_int_range (0, G_N_ELEMENTS (names));

      linnet_modelfile_set_parameter (modelfile, names[k], values[k]);
      linnet_modelfile_set_parameter (modelfile, "stop", stop);
      linnet_modelfile_add_message (modelfile, roles[j % 3], text);
    }
    modelfile->system = make_text (20);
    modelfile->template = make_text (20);
    modelfile->licence = make_text (20);
    first = linnet_modelfile_to_string (modelfile);
    again = parse (first);
    second = linnet_modelfile_to_string (again);
    g_assert_cmpstr (first, ==, second);
    g_assert_cmpstr (again->from, ==, "qwen2.5:3b");
    g_assert_cmpuint (again->messages->len, ==, (guint) n);
    copy = linnet_modelfile_copy (again);
    third = linnet_modelfile_to_string (copy);
    g_assert_cmpstr (first, ==, third);
    /* Without three quotation marks nothing is changed at all. */
    if (strstr (modelfile->system, "\"\"\"") == NULL)
      g_assert_cmpstr (again->system, ==, modelfile->system);
  }
}

static void
test_injection (void)
{
  g_autoptr (LinnetModelfile) modelfile = linnet_modelfile_new ("a");
  g_autoptr (LinnetModelfile) again = NULL;
  g_autofree char *text = NULL;

  modelfile->system = g_strdup ("x\"\"\"\nFROM /etc/passwd\nSYSTEM y");
  text = linnet_modelfile_to_string (modelfile);
  again = parse (text);
  g_assert_cmpstr (again->from, ==, "a");
  g_assert_nonnull (strstr (again->system, "FROM /etc/passwd"));
}

static void
test_apply (void)
{
  g_autoptr (LinnetModelfile) modelfile =
      parse ("FROM a\nPARAMETER temperature 0.25\nPARAMETER top_k 7\nPARAMETER top_p 0.5\n"
             "PARAMETER min_p 0.125\nPARAMETER repeat_penalty 1.5\nPARAMETER num_predict 12\n"
             "PARAMETER num_ctx 2048\nPARAMETER num_thread 3\nPARAMETER seed 5\nPARAMETER stop x\n"
             "MESSAGE user hi\n");
  g_autoptr (LinnetModelfile) empty = parse ("FROM a\nPARAMETER num_predict -1\n");
  g_autoptr (LinnetConversation) conversation = linnet_conversation_new ();
  LinnetGenerationOptions generation;
  LinnetLoadOptions load = { 0 };

  linnet_generation_options_init (&generation);
  g_assert_true (linnet_modelfile_apply (modelfile, &generation, &load));
  g_assert_cmpfloat (generation.temperature, ==, 0.25f);
  g_assert_cmpint (generation.top_k, ==, 7);
  g_assert_cmpfloat (generation.top_p, ==, 0.5f);
  g_assert_cmpfloat (generation.min_p, ==, 0.125f);
  g_assert_cmpfloat (generation.repetition_penalty, ==, 1.5f);
  g_assert_cmpuint (generation.max_tokens, ==, 12);
  g_assert_cmpuint (generation.seed, ==, 5);
  g_assert_cmpstr (generation.stops[0], ==, "x");
  g_assert_cmpuint (load.n_ctx, ==, 2048);
  g_assert_cmpint (load.model.n_threads, ==, 3);
  g_assert_false (linnet_modelfile_apply (empty, &generation, NULL));
  g_assert_cmpuint (generation.max_tokens, ==, 0);
  g_assert_cmpfloat (generation.temperature, ==, 0.25f);
  linnet_modelfile_begin (modelfile, conversation);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (conversation)), ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/modelfile/article", test_article);
  g_test_add_func ("/modelfile/syntax", test_syntax);
  g_test_add_func ("/modelfile/nonsense", test_nonsense);
  g_test_add_func ("/modelfile/round-trip", test_round_trip);
  g_test_add_func ("/modelfile/injection", test_injection);
  g_test_add_func ("/modelfile/apply", test_apply);
  return g_test_run ();
}
