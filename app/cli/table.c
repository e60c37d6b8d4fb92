/* SPDX-License-Identifier: GPL-3.0-or-later
 * Tables and JSON on stdout. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"

struct CliTable {
  char *alignment; /* a letter for each column */
  guint n_columns;
  GPtrArray *cells; /* strings, row by row */
};

static guint
character_width (gunichar c)
{
  if (g_unichar_iszerowidth (c))
    return 0;
  return g_unichar_iswide (c) ? 2 : 1;
}

/* Terminal columns that UTF-8 text takes. */
static guint
text_width (const char *text)
{
  guint width = 0;

  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
    width += character_width (g_utf8_get_char (p));
  return width;
}

CliTable *
cli_table_new (const char *alignment)
{
  CliTable *table = g_new0 (CliTable, 1);

  table->alignment = g_strdup (alignment);
  table->n_columns = (guint) strlen (alignment);
  table->cells = g_ptr_array_new_with_free_func (g_free);
  return table;
}

void
cli_table_free (CliTable *table)
{
  if (table == NULL)
    return;
  g_free (table->alignment);
  g_ptr_array_unref (table->cells);
  g_free (table);
}

void
cli_table_add (CliTable *table, ...)
{
  va_list cells;

  va_start (cells, table);
  for (guint i = 0; i < table->n_columns; i++)
    g_ptr_array_add (table->cells, g_strdup (va_arg (cells, const char *)));
  va_end (cells);
}

static void
print_cell (const char *text, guint width, char alignment, gboolean is_last)
{
  guint padding = width - text_width (text);

  if (alignment == 'r')
    printf ("%*s%s", (int) padding, "", text);
  else if (is_last)
    fputs (text, stdout);
  else
    printf ("%s%*s", text, (int) padding, "");
  fputs (is_last ? "\n" : "  ", stdout);
}

void
cli_table_print (CliTable *table, guint indent)
{
  g_autofree guint *widths = g_new0 (guint, table->n_columns);

  for (guint i = 0; i < table->cells->len; i++) {
    guint *width = &widths[i % table->n_columns];

    *width = MAX (*width, text_width (table->cells->pdata[i]));
  }
  for (guint i = 0; i < table->cells->len; i++) {
    guint column = i % table->n_columns;

    if (column == 0)
      printf ("%*s", (int) indent, "");
    print_cell (table->cells->pdata[i], widths[column], table->alignment[column],
                column + 1 == table->n_columns);
  }
}

char *
cli_fit (const char *text, guint max_width)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  g_autoptr (GString) line = g_string_new (NULL);
  gsize cut = 0; /* bytes that leave room for the ellipsis */
  guint width = 0;

  for (const char *p = valid; *p != '\0'; p = g_utf8_next_char (p)) {
    gunichar c = g_utf8_get_char (p);

    if (c == '\n')
      c = 0x23ce; /* ⏎ */
    else if (g_unichar_iscntrl (c) || g_unichar_type (c) == G_UNICODE_FORMAT)
      c = 0xb7; /* · */
    width += character_width (c);
    if (width > max_width) {
      g_string_truncate (line, cut);
      g_string_append (line, "…");
      break;
    }
    g_string_append_unichar (line, c);
    if (width < max_width)
      cut = line->len;
  }
  return g_string_free (g_steal_pointer (&line), FALSE);
}

void
cli_print_json (JsonNode *node)
{
  g_autoptr (JsonGenerator) generator = json_generator_new ();
  g_autofree char *text = NULL;

  json_generator_set_root (generator, node);
  json_generator_set_pretty (generator, TRUE);
  text = json_generator_to_data (generator, NULL);
  printf ("%s\n", text);
  json_node_unref (node);
}
