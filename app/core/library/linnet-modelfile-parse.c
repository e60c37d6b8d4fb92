/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetModelfile: reading one, line by line. */
#include <glib/gi18n-lib.h>
#include <string.h>

#include "library/linnet-modelfile.h"
#include "library/linnet-reference.h"

#define MAX_FILE_BYTES (1024 * 1024)
#define MAX_MESSAGES   256
#define QUOTES         "\"\"\""

typedef struct {
  const char *at; /* what is still to be read */
  guint line;     /* of at, from 1 */
  LinnetModelfile *modelfile;
  GStrvBuilder *notes;
} Parser;

static gboolean fail (guint line, GError **error, const char *format, ...) G_GNUC_PRINTF (3, 4);

/* "Line 3 of the Modelfile: …" */
static gboolean
fail (guint line, GError **error, const char *format, ...)
{
  g_autofree char *sentence = NULL;
  va_list arguments;

  va_start (arguments, format);
  sentence = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error (error, LINNET_LIBRARY_ERROR, LINNET_LIBRARY_ERROR_MODELFILE,
               _ ("Line %u of the Modelfile: %s"), line, sentence);
  return FALSE;
}

static void note (Parser *parser, guint line, const char *format, ...) G_GNUC_PRINTF (3, 4);

static void
note (Parser *parser, guint line, const char *format, ...)
{
  g_autofree char *sentence = NULL;
  va_list arguments;

  va_start (arguments, format);
  sentence = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_strv_builder_take (parser->notes, g_strdup_printf (_ ("Line %u: %s"), line, sentence));
}

/* The next word of the line; empty at its end. Transfer full. */
static char *
take_word (Parser *parser)
{
  gsize length;
  char *word;

  parser->at += strspn (parser->at, " \t");
  length = strcspn (parser->at, " \t\r\n");
  word = g_strndup (parser->at, length);
  parser->at += length;
  return word;
}

static void
skip_line (Parser *parser)
{
  parser->at += strcspn (parser->at, "\n");
  if (*parser->at == '\n') {
    parser->at++;
    parser->line++;
  }
}

/* Where a text in three quotation marks ends: at the last three of a run at the end of a line. */
static const char *
find_end (const char *text)
{
  for (const char *p = strstr (text, QUOTES); p != NULL; p = strstr (p, QUOTES)) {
    const char *end = p + strspn (p, "\"");
    const char *rest = end + strspn (end, " \t\r");

    if (*rest == '\n' || *rest == '\0')
      return end - strlen (QUOTES);
    p = end;
  }
  return NULL;
}

/* Without what follows a “#” that stands alone, and without quotation marks around it. Takes text;
 * transfer full. */
static char *
tidy (char *text, gboolean may_have_comment)
{
  gsize length;

  g_strstrip (text);
  if (may_have_comment && text[0] != '"' && text[0] != '#') {
    for (char *p = strchr (text, '#'); p != NULL; p = strchr (p + 1, '#'))
      if (p > text && g_ascii_isspace (p[-1])) {
        *p = '\0';
        break;
      }
    g_strchomp (text);
  }
  length = strlen (text);
  if (length >= 2 && text[0] == '"' && text[length - 1] == '"') {
    memmove (text, text + 1, length - 2);
    text[length - 2] = '\0';
  }
  return text;
}

/* The rest of the line, or a text in three quotation marks over several. Transfer full. */
static char *
take_value (Parser *parser, gboolean may_have_comment, GError **error)
{
  const char *begin = parser->at + strspn (parser->at, " \t");
  const char *end;
  char *value;

  if (!g_str_has_prefix (begin, QUOTES)) {
    value = tidy (g_strndup (begin, strcspn (begin, "\n")), may_have_comment);
    skip_line (parser);
    return value;
  }
  begin += strlen (QUOTES);
  end = find_end (begin);
  if (end == NULL) {
    fail (parser->line, error, _ ("the text that begins with \"\"\" does not end with \"\"\"."));
    return NULL;
  }
  value = g_strndup (begin, (gsize) (end - begin));
  for (const char *p = begin; p < end; p++)
    if (*p == '\n')
      parser->line++;
  parser->at = end + strlen (QUOTES);
  skip_line (parser);
  return value;
}

/* What a parameter that Linnet does nothing with means here. */
static void
note_parameter (Parser *parser, guint line, const char *name, const char *value)
{
  if (g_str_equal (name, "batch_size"))
    note (
        parser, line,
        _ ("“batch_size” is not needed: Linnet itself chooses how many tokens it reads at once. 1 "
           "would only make reading slow, and the answer comes token by token anyway."));
  else if (g_str_equal (name, "num_batch"))
    note (parser, line,
          _ ("“num_batch” is kept, but Linnet itself chooses how many tokens it reads at once."));
  else if (g_str_equal (name, "quantize"))
    note (parser, line,
          _ ("“quantize” changes nothing: the weights stay as they are in the file. For %s, name a "
             "model that has it, such as “qwen2.5:3b-instruct-q4_0”, after FROM."),
          value);
  else
    note (parser, line, _ ("“%s” has no meaning here and is left out."), name);
}

static gboolean
parse_parameter (Parser *parser, guint line, GError **error)
{
  g_autofree char *word = take_word (parser);
  g_autofree char *name = g_ascii_strdown (word, -1);
  g_autofree char *value = NULL;

  if (name[0] == '\0')
    return fail (line, error, _ ("after PARAMETER its name is missing."));
  value = take_value (parser, !g_str_equal (name, "stop"), error);
  if (value == NULL)
    return FALSE;
  if (value[0] == '\0')
    return fail (line, error, _ ("“%s” has no value."), name);
  if (linnet_modelfile_set_parameter (parser->modelfile, name, value)) {
    if (g_str_equal (name, "num_batch"))
      note_parameter (parser, line, name, value);
    return TRUE;
  }
  if (linnet_modelfile_knows_parameter (name))
    return fail (line, error, _ ("“%s” is no possible value of “%s”."), value, name);
  note_parameter (parser, line, name, value);
  return TRUE;
}

static gboolean
parse_message (Parser *parser, guint line, GError **error)
{
  g_autofree char *role = take_word (parser);
  g_autofree char *text = take_value (parser, FALSE, error);

  if (text == NULL)
    return FALSE;
  if (parser->modelfile->messages->len >= MAX_MESSAGES)
    return fail (line, error, _ ("there are too many messages."));
  if (!linnet_modelfile_add_message (parser->modelfile, role, text))
    return fail (line, error,
                 _ ("after MESSAGE comes who says it: system, user or assistant, not “%s”."), role);
  return TRUE;
}

/* Sets a text; the last of several holds, but licences add up. */
static void
set_text (LinnetModelfile *modelfile, char **field, const char *text)
{
  if (field == &modelfile->licence && *field != NULL) {
    g_autofree char *both = g_strconcat (*field, "\n\n", text, NULL);

    g_set_str (field, both);
  } else {
    g_set_str (field, text);
  }
}

static gboolean
parse_text (Parser *parser, const char *instruction, guint line, GError **error)
{
  LinnetModelfile *modelfile = parser->modelfile;
  const struct {
    const char *name;
    char **field;
  } texts[] = {
    { "FROM", &modelfile->from },
    { "SYSTEM", &modelfile->system },
    { "TEMPLATE", &modelfile->template },
    { "LICENSE", &modelfile->licence },
    { "ADAPTER", NULL },
    { "REQUIRES", NULL },
    { "RENDERER", NULL },
    { "PARSER", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_autofree char *value = NULL;

    if (!g_str_equal (instruction, texts[i].name))
      continue;
    value = take_value (parser, i == 0 || texts[i].field == NULL, error);
    if (value == NULL)
      return FALSE;
    if (i == 0 && strpbrk (value, "\r\n") != NULL)
      return fail (line, error, _ ("the model after FROM has to be on the same line."));
    if (texts[i].field != NULL && value[0] != '\0') {
      set_text (modelfile, texts[i].field, value);
      if (texts[i].field == &modelfile->template)
        note (parser, line,
              _ ("TEMPLATE is kept, but Linnet uses the model’s own template, which it knows."));
    } else if (i == 0) {
      return fail (line, error, _ ("after FROM the model is missing."));
    } else if (texts[i].field == NULL) {
      note (parser, line, _ ("“%s” has no meaning here and is left out."), instruction);
    }
    return TRUE;
  }
  return fail (line, error, _ ("“%s” is no instruction of a Modelfile."), instruction);
}

static gboolean
parse_line (Parser *parser, GError **error)
{
  g_autofree char *word = take_word (parser);
  g_autofree char *instruction = g_ascii_strup (word, -1);
  guint line = parser->line;

  if (word[0] == '\0' || word[0] == '#') {
    skip_line (parser);
    return TRUE;
  }
  if (g_str_equal (instruction, "PARAMETER"))
    return parse_parameter (parser, line, error);
  if (g_str_equal (instruction, "MESSAGE"))
    return parse_message (parser, line, error);
  return parse_text (parser, instruction, line, error);
}

LinnetModelfile *
linnet_modelfile_parse (const char *text, gssize length, GError **error)
{
  gsize n_bytes = length < 0 ? strlen (text) : (gsize) length;
  g_autoptr (LinnetModelfile) modelfile = linnet_modelfile_new ("");
  g_autoptr (GStrvBuilder) notes = g_strv_builder_new ();
  g_autofree char *copy = NULL;
  Parser parser = { .line = 1, .modelfile = modelfile, .notes = notes };

  if (n_bytes > MAX_FILE_BYTES || !g_utf8_validate_len (text, n_bytes, NULL)) {
    g_set_error_literal (error, LINNET_LIBRARY_ERROR, LINNET_LIBRARY_ERROR_MODELFILE,
                         _ ("This is no Modelfile: it is too long, or not text."));
    return NULL;
  }
  copy = g_strndup (text, n_bytes);
  parser.at = g_str_has_prefix (copy, "\xef\xbb\xbf") ? copy + 3 : copy;
  while (*parser.at != '\0')
    if (!parse_line (&parser, error))
      return NULL;
  if (modelfile->from[0] == '\0') {
    g_set_error_literal (
        error, LINNET_LIBRARY_ERROR, LINNET_LIBRARY_ERROR_MODELFILE,
        _ ("The Modelfile does not say what the model is made from. Begin it with a "
           "line such as “FROM qwen2.5:3b”."));
    return NULL;
  }
  g_strfreev (modelfile->notes);
  modelfile->notes = g_strv_builder_end (notes);
  return g_steal_pointer (&modelfile);
}
