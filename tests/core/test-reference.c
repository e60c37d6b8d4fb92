/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetReference: every form that people type or paste, and what is no name of a model. */
#include "library/linnet-reference.h"

#include <string.h>

static const struct {
  const char *typed;
  LinnetSourceKind kind;
  const char *text;
  const char *host;
  const char *owner;
  const char *name;
  const char *tag;
} NAMES[] = {
  { "qwen2.5:3b", LINNET_SOURCE_OLLAMA, "qwen2.5:3b", NULL, "library", "qwen2.5", "3b" },
  { "  Qwen2.5:3b\n", LINNET_SOURCE_OLLAMA, "qwen2.5:3b", NULL, "library", "qwen2.5", "3b" },
  { "qwen2.5", LINNET_SOURCE_OLLAMA, "qwen2.5:latest", NULL, "library", "qwen2.5", "latest" },
  { "qwen2.5:7b-instruct-q4_K_M", LINNET_SOURCE_OLLAMA, "qwen2.5:7b-instruct-q4_K_M", NULL,
    "library", "qwen2.5", "7b-instruct-q4_K_M" },
  { "library/qwen2.5:3b", LINNET_SOURCE_OLLAMA, "qwen2.5:3b", NULL, "library", "qwen2.5", "3b" },
  { "somebody/Model:q8", LINNET_SOURCE_OLLAMA, "somebody/Model:q8", NULL, "somebody", "Model",
    "q8" },
  { "registry.ollama.ai/library/qwen2.5:3b", LINNET_SOURCE_OLLAMA, "qwen2.5:3b", NULL, "library",
    "qwen2.5", "3b" },
  { "https://ollama.com/library/qwen2.5:3b", LINNET_SOURCE_OLLAMA, "qwen2.5:3b", NULL, "library",
    "qwen2.5", "3b" },
  { "hub.example.org/me/tiny:1b", LINNET_SOURCE_OLLAMA, "hub.example.org/me/tiny:1b",
    "hub.example.org", "me", "tiny", "1b" },
  { "localhost:8000/me/tiny:1b", LINNET_SOURCE_OLLAMA, "localhost:8000/me/tiny:1b",
    "localhost:8000", "me", "tiny", "1b" },
  { "hf.co/Qwen/Qwen2.5-7B-Instruct-GGUF:Q4_K_M", LINNET_SOURCE_HUGGING_FACE,
    "hf.co/Qwen/Qwen2.5-7B-Instruct-GGUF:Q4_K_M", NULL, "Qwen", "Qwen2.5-7B-Instruct-GGUF",
    "Q4_K_M" },
  { "huggingface.co/Qwen/Q-GGUF", LINNET_SOURCE_HUGGING_FACE, "hf.co/Qwen/Q-GGUF", NULL, "Qwen",
    "Q-GGUF", "" },
  { "https://huggingface.co/Qwen/Q-GGUF/", LINNET_SOURCE_HUGGING_FACE, "hf.co/Qwen/Q-GGUF", NULL,
    "Qwen", "Q-GGUF", "" },
  { "hf.co/Qwen/Q-GGUF:q-q8_0.gguf", LINNET_SOURCE_HUGGING_FACE, "hf.co/Qwen/Q-GGUF:q-q8_0.gguf",
    NULL, "Qwen", "Q-GGUF", "q-q8_0.gguf" },
  { "hf-mirror.com/Qwen/Q-GGUF:Q8_0", LINNET_SOURCE_HUGGING_FACE, "hf-mirror.com/Qwen/Q-GGUF:Q8_0",
    "hf-mirror.com", "Qwen", "Q-GGUF", "Q8_0" },
  { "modelscope.cn/Qwen/Q-GGUF:q4_0", LINNET_SOURCE_MODELSCOPE, "modelscope.cn/Qwen/Q-GGUF:q4_0",
    NULL, "Qwen", "Q-GGUF", "q4_0" },
  { "https://www.modelscope.cn/models/Qwen/Q-GGUF", LINNET_SOURCE_MODELSCOPE,
    "modelscope.cn/Qwen/Q-GGUF", NULL, "Qwen", "Q-GGUF", "" },
};

static void
test_names (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (NAMES); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (LinnetReference) reference = linnet_reference_parse (NAMES[i].typed, &error);
    g_autoptr (LinnetReference) again = NULL;

    g_assert_no_error (error);
    again = linnet_reference_parse (reference->text, &error);
    g_assert_no_error (error);
    g_assert_cmpint (reference->kind, ==, NAMES[i].kind);
    g_assert_cmpstr (reference->text, ==, NAMES[i].text);
    g_assert_cmpstr (reference->host, ==, NAMES[i].host);
    g_assert_cmpstr (reference->owner, ==, NAMES[i].owner);
    g_assert_cmpstr (reference->name, ==, NAMES[i].name);
    g_assert_cmpstr (reference->tag, ==, NAMES[i].tag);
    g_assert_null (reference->location);
    /* The short form means the same. */
    g_assert_cmpint (again->kind, ==, NAMES[i].kind);
    g_assert_cmpstr (again->text, ==, NAMES[i].text);
  }
}

static void
test_links (void)
{
  static const struct {
    const char *typed;
    const char *location;
    const char *name;
  } links[] = {
    { "https://example.org/a/b.gguf", "https://example.org/a/b.gguf", "b.gguf" },
    { "https://example.org/a/b.gguf?download=true#x", "https://example.org/a/b.gguf?download=true",
      "b.gguf" },
    { "https://huggingface.co/Qwen/Q-GGUF/blob/main/q.gguf",
      "https://huggingface.co/Qwen/Q-GGUF/resolve/main/q.gguf", "q.gguf" },
    { "http://127.0.0.1:8080/b.gguf", "http://127.0.0.1:8080/b.gguf", "b.gguf" },
    { "https://example.org/%E9%B8%9F.gguf", "https://example.org/%E9%B8%9F.gguf", "鸟.gguf" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (links); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (LinnetReference) reference = linnet_reference_parse (links[i].typed, &error);
    g_autoptr (LinnetReference) copy = NULL;

    g_assert_no_error (error);
    copy = linnet_reference_copy (reference);
    g_assert_cmpint (copy->kind, ==, LINNET_SOURCE_LINK);
    g_assert_cmpstr (copy->location, ==, links[i].location);
    g_assert_cmpstr (copy->text, ==, links[i].location);
    g_assert_cmpstr (copy->name, ==, links[i].name);
  }
}

static void
test_files (void)
{
  static const char *const typed[] = { "/a/b.gguf", "file:///a/b.gguf", "/a/../a/b.gguf" };
  g_autofree char *home = g_build_filename (g_get_home_dir (), "m.gguf", NULL);
  g_autoptr (LinnetReference) in_home = linnet_reference_parse ("~/m.gguf", NULL);
  g_autoptr (LinnetReference) here = linnet_reference_parse ("m.gguf", NULL);

  for (guint i = 0; i < G_N_ELEMENTS (typed); i++) {
    g_autoptr (LinnetReference) reference = linnet_reference_parse (typed[i], NULL);

    g_assert_nonnull (reference);
    g_assert_cmpint (reference->kind, ==, LINNET_SOURCE_FILE);
    g_assert_cmpstr (reference->location, ==, "/a/b.gguf");
    g_assert_cmpstr (reference->name, ==, "b.gguf");
  }
  g_assert_cmpstr (in_home->location, ==, home);
  g_assert_true (g_path_is_absolute (here->location));
}

static void
test_nonsense (void)
{
  static const char *const typed[] = {
    "",
    "   ",
    "qwen2.5:",
    ":3b",
    "a/b/c/d",
    "a//b",
    "qwen..2:3b",
    ".hidden:3b",
    "-rf:3b",
    "qwen 2.5",
    "qwen2.5:3b:4",
    "qwen2.5\x01:3b",
    "qwen\xe2\x80\x8b:3b",
    "qwen\xff:3b",
    "千问:3b",
    "hf.co/Qwen",
    "hf.co/a/b/c",
    "hf.co/../b:Q4_0",
    "host.example:99999/a/b",
    "host.example:x/a/b",
    "http://example.org/a.gguf",
    "https:///a.gguf",
    "https://user:word@example.org/a.gguf",
    "https://example.org/a.zip",
    "https://example.org/",
    "a/b@sha256:0123",
    "qwen2.5:3b?x=1",
    "qwen2.5:%2e%2e",
  };
  g_autofree char *long_part = g_strnfill (200, 'a');
  g_autofree char *long_text = g_strnfill (5000, 'a');
  const char *const longer[] = { long_part, long_text };

  for (guint i = 0; i < G_N_ELEMENTS (typed) + G_N_ELEMENTS (longer); i++) {
    const char *text = i < G_N_ELEMENTS (typed) ? typed[i] : longer[i - G_N_ELEMENTS (typed)];
    g_autoptr (GError) error = NULL;
    g_autoptr (LinnetReference) reference = NULL;

    reference = linnet_reference_parse (text, &error);
    if (reference != NULL)
      g_test_message ("“%s” was taken for “%s”", text, reference->text);
    g_assert_null (reference);
    g_assert_error (error, LINNET_LIBRARY_ERROR, LINNET_LIBRARY_ERROR_REFERENCE);
    g_assert_true (g_utf8_validate (error->message, -1, NULL));
    g_assert_true (g_str_has_suffix (error->message, "."));
    g_assert_cmpuint (strlen (error->message), <, 500);
  }
}

/* Whatever is typed, what is taken for a name of a registry has safe parts. */
static void
test_random (void)
{
  static const char letters[] = "aZ0.:/-_ \\%@#?\n\x7f\xe9hf.co/library";

  for (guint n = 0; n < 20000; n++) {
    g_autoptr (GString) text = g_string_new (NULL);
    g_autoptr (LinnetReference) reference = NULL;
    int length = g_test_rand_int_range (0, 40);

    for (int i = 0; i < length; i++)
      g_string_append_c (text, letters[g_test_rand_int_range (0, sizeof letters - 1)]);
    reference = linnet_reference_parse (text->str, NULL);
    if (reference == NULL || reference->kind == LINNET_SOURCE_FILE ||
        reference->kind == LINNET_SOURCE_LINK)
      continue;
    g_assert_null (strstr (reference->text, ".."));
    g_assert_cmpuint (strcspn (reference->owner, "/\\%?#@ "), ==, strlen (reference->owner));
    g_assert_cmpuint (strcspn (reference->name, "/\\%?#@ "), ==, strlen (reference->name));
    g_assert_cmpuint (strcspn (reference->tag, "/\\%?#@ "), ==, strlen (reference->tag));
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/reference/names", test_names);
  g_test_add_func ("/reference/links", test_links);
  g_test_add_func ("/reference/files", test_files);
  g_test_add_func ("/reference/nonsense", test_nonsense);
  g_test_add_func ("/reference/random", test_random);
  return g_test_run ();
}
