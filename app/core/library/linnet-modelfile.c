/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetModelfile: the recipe as data, and written. */
#include "library/linnet-modelfile.h"

#include <math.h>
#include <string.h>

#define MAX_STOPS      64
#define MAX_STOP_BYTES 1024

/* What Linnet knows, and the values that are possible. */
static const struct {
  const char *name;
  gboolean is_whole;
  double min;
  double max;
} PARAMETERS[] = {
  { "num_thread", TRUE, 0, 1024 },
  { "num_ctx", TRUE, 16, 16777216 },
  { "num_batch", TRUE, 1, 65536 },
  { "num_predict", TRUE, -2, 1000000 },
  { "seed", TRUE, -1, 9007199254740992.0 },
  { "temperature", FALSE, 0, 10 },
  { "top_k", TRUE, 0, 1000000 },
  { "top_p", FALSE, 0, 1 },
  { "min_p", FALSE, 0, 1 },
  { "repeat_penalty", FALSE, 0, 10 },
  { "presence_penalty", FALSE, -10, 10 },
  { "frequency_penalty", FALSE, -10, 10 },
};

LinnetModelfile *
linnet_modelfile_new (const char *from)
{
  LinnetModelfile *self = g_new0 (LinnetModelfile, 1);

  self->from = g_strdup (from);
  self->parameters = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->messages = g_ptr_array_new_with_free_func (g_object_unref);
  self->notes = g_new0 (char *, 1);
  return self;
}

void
linnet_modelfile_free (LinnetModelfile *self)
{
  if (self == NULL)
    return;
  g_free (self->from);
  g_hash_table_unref (self->parameters);
  g_strfreev (self->stops);
  g_free (self->system);
  g_free (self->template);
  g_free (self->licence);
  g_ptr_array_unref (self->messages);
  g_strfreev (self->notes);
  g_free (self);
}

/* Appends a copy of text to a list that may be NULL. */
static void
append (GStrv *list, const char *text)
{
  guint n = *list != NULL ? g_strv_length (*list) : 0;

  *list = g_renew (char *, *list, n + 2);
  (*list)[n] = g_strdup (text);
  (*list)[n + 1] = NULL;
}

static gboolean
add_stop (LinnetModelfile *self, const char *value)
{
  if (value[0] == '\0' || strlen (value) > MAX_STOP_BYTES ||
      (self->stops != NULL && g_strv_length (self->stops) >= MAX_STOPS))
    return FALSE;
  append (&self->stops, value);
  return TRUE;
}

gboolean
linnet_modelfile_knows_parameter (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (PARAMETERS); i++)
    if (g_str_equal (name, PARAMETERS[i].name))
      return TRUE;
  return g_str_equal (name, "stop");
}

gboolean
linnet_modelfile_set_parameter (LinnetModelfile *self, const char *name, const char *value)
{
  g_return_val_if_fail (self != NULL, FALSE);

  if (g_str_equal (name, "stop"))
    return add_stop (self, value);
  for (guint i = 0; i < G_N_ELEMENTS (PARAMETERS); i++) {
    char *end = NULL;
    double number;

    if (!g_str_equal (name, PARAMETERS[i].name))
      continue;
    number = g_ascii_strtod (value, &end);
    if (end == value || *end != '\0' ||
        !(number >= PARAMETERS[i].min && number <= PARAMETERS[i].max) ||
        (PARAMETERS[i].is_whole && floor (number) != number))
      return FALSE;
    if (PARAMETERS[i].is_whole)
      g_hash_table_replace (self->parameters, g_strdup (name), g_strdup_printf ("%.0f", number));
    else
      g_hash_table_replace (self->parameters, g_strdup (name), g_strstrip (g_strdup (value)));
    return TRUE;
  }
  return FALSE;
}

gboolean
linnet_modelfile_add_message (LinnetModelfile *self, const char *role, const char *text)
{
  static const struct {
    const char *name;
    LinnetRole role;
  } roles[] = { { "system", LINNET_ROLE_SYSTEM },
                { "user", LINNET_ROLE_USER },
                { "assistant", LINNET_ROLE_ASSISTANT } };

  for (guint i = 0; i < G_N_ELEMENTS (roles); i++)
    if (g_ascii_strcasecmp (role, roles[i].name) == 0) {
      g_ptr_array_add (self->messages, linnet_message_new (roles[i].role, text));
      return TRUE;
    }
  return FALSE;
}

void
linnet_modelfile_merge (LinnetModelfile *self, const LinnetModelfile *other)
{
  GHashTableIter iter;
  gpointer name;
  gpointer value;

  g_return_if_fail (self != NULL && other != NULL);

  g_hash_table_iter_init (&iter, other->parameters);
  while (g_hash_table_iter_next (&iter, &name, &value))
    g_hash_table_replace (self->parameters, g_strdup (name), g_strdup (value));
  if (other->stops != NULL) {
    g_strfreev (self->stops);
    self->stops = g_strdupv (other->stops);
  }
  if (other->system != NULL)
    g_set_str (&self->system, other->system);
  if (other->template != NULL)
    g_set_str (&self->template, other->template);
  if (other->licence != NULL)
    g_set_str (&self->licence, other->licence);
  if (other->messages->len == 0)
    return;
  g_ptr_array_set_size (self->messages, 0);
  for (guint i = 0; i < other->messages->len; i++)
    g_ptr_array_add (self->messages, g_object_ref (other->messages->pdata[i]));
}

LinnetModelfile *
linnet_modelfile_copy (const LinnetModelfile *self)
{
  LinnetModelfile *copy;

  if (self == NULL)
    return NULL;
  copy = linnet_modelfile_new (self->from);
  linnet_modelfile_merge (copy, self);
  g_strfreev (copy->notes);
  copy->notes = g_strdupv (self->notes);
  return copy;
}

/* Three quotation marks at the end of a line would end the text: they are taken apart, since a
 * Modelfile has no way to say them. Transfer full. */
static char *
defuse (const char *text)
{
  g_autoptr (GString) safe = g_string_new (NULL);

  for (const char *p = text; *p != '\0'; p++) {
    const char *end = p + strspn (p, "\"");

    if (end - p >= 3) {
      const char *rest = end + strspn (end, " \t\r");

      g_string_append_len (safe, p, end - p - 1);
      if (*rest == '\n')
        g_string_append_c (safe, ' ');
      g_string_append_c (safe, '"');
      p = end - 1;
    } else {
      g_string_append_c (safe, *p);
    }
  }
  return g_string_free (g_steal_pointer (&safe), FALSE);
}

static void
write_text (GString *file, const char *instruction, const char *text)
{
  g_autofree char *safe = defuse (text);

  g_string_append_printf (file, "%s \"\"\"%s\"\"\"\n", instruction, safe);
}

static void
write_stop (GString *file, const char *stop)
{
  if (strpbrk (stop, "\r\n") != NULL || stop[0] == '"')
    write_text (file, "PARAMETER stop", stop);
  else
    g_string_append_printf (file, "PARAMETER stop \"%s\"\n", stop);
}

static const char *
role_to_name (LinnetRole role)
{
  switch (role) {
  case LINNET_ROLE_SYSTEM:
    return "system";
  case LINNET_ROLE_ASSISTANT:
    return "assistant";
  case LINNET_ROLE_USER:
  default:
    return "user";
  }
}

char *
linnet_modelfile_to_string (const LinnetModelfile *self)
{
  g_autoptr (GString) file = g_string_new (NULL);

  g_return_val_if_fail (self != NULL, NULL);

  if (self->from[0] == '"')
    write_text (file, "FROM", self->from);
  else if (strpbrk (self->from, " \t\v\f#\"") != NULL)
    g_string_append_printf (file, "FROM \"%s\"\n", self->from);
  else
    g_string_append_printf (file, "FROM %s\n", self->from);
  for (guint i = 0; i < G_N_ELEMENTS (PARAMETERS); i++) {
    const char *value = g_hash_table_lookup (self->parameters, PARAMETERS[i].name);

    if (value != NULL)
      g_string_append_printf (file, "PARAMETER %s %s\n", PARAMETERS[i].name, value);
  }
  for (guint i = 0; self->stops != NULL && self->stops[i] != NULL; i++)
    write_stop (file, self->stops[i]);
  if (self->system != NULL)
    write_text (file, "SYSTEM", self->system);
  if (self->template != NULL)
    write_text (file, "TEMPLATE", self->template);
  for (guint i = 0; i < self->messages->len; i++) {
    LinnetMessage *message = self->messages->pdata[i];
    g_autofree char *instruction =
        g_strdup_printf ("MESSAGE %s", role_to_name (linnet_message_get_role (message)));

    write_text (file, instruction, linnet_message_get_text (message));
  }
  if (self->licence != NULL)
    write_text (file, "LICENSE", self->licence);
  return g_string_free (g_steal_pointer (&file), FALSE);
}
