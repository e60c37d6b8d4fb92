/* SPDX-License-Identifier: GPL-3.0-or-later
 * Which bytes of a partial file are there: in memory, and in the journal beside it. */
#include "library/linnet-download-private.h"

#include <errno.h>
#include <glib/gstdio.h>

#include "linnet-json.h"

#define VERSION 1
/* More of either than any download makes. */
#define MAX_JOURNAL_BYTES (1024 * 1024)
#define MAX_RANGES        10000
#define MAX_SOURCES       64

/* Joins what touches, once something was put at or before index. */
static void
join_neighbours (GArray *ranges)
{
  guint kept = 0;

  for (guint i = 1; i < ranges->len; i++) {
    LinnetRange *before = &g_array_index (ranges, LinnetRange, kept);
    const LinnetRange *range = &g_array_index (ranges, LinnetRange, i);

    if (before->end == range->start && before->source == range->source)
      before->end = range->end;
    else
      g_array_index (ranges, LinnetRange, ++kept) = *range;
  }
  if (ranges->len > 0)
    g_array_set_size (ranges, kept + 1);
}

static void
insert_sorted (GArray *ranges, LinnetRange range)
{
  guint i = 0;

  while (i < ranges->len && g_array_index (ranges, LinnetRange, i).start < range.start)
    i++;
  g_array_insert_val (ranges, i, range);
}

guint64
linnet_ranges_add (GArray *ranges, guint64 start, guint64 end, guint source)
{
  guint64 n_new = 0, gap_start, gap_end;

  while (start < end && linnet_ranges_find_gap (ranges, start, end, &gap_start, &gap_end)) {
    insert_sorted (ranges, (LinnetRange) { gap_start, gap_end, source });
    n_new += gap_end - gap_start;
    start = gap_end;
  }
  join_neighbours (ranges);
  return n_new;
}

gboolean
linnet_ranges_find_gap (
    const GArray *ranges, guint64 from, guint64 size, guint64 *start, guint64 *end)
{
  for (guint i = 0; i < ranges->len; i++) {
    const LinnetRange *range = &g_array_index (ranges, LinnetRange, i);

    if (range->end <= from)
      continue;
    if (range->start > from) {
      *start = from;
      *end = MIN (range->start, size);
      return *start < *end;
    }
    from = range->end;
  }
  *start = from;
  *end = size;
  return from < size;
}

guint64
linnet_ranges_sum (const GArray *ranges)
{
  guint64 sum = 0;

  for (guint i = 0; i < ranges->len; i++) {
    const LinnetRange *range = &g_array_index (ranges, LinnetRange, i);
    sum += range->end - range->start;
  }
  return sum;
}

LinnetJournal *
linnet_journal_new (const char *sha256, guint64 bytes)
{
  LinnetJournal *self = g_new0 (LinnetJournal, 1);

  self->sha256 = g_strdup (sha256);
  self->bytes = bytes;
  self->sources = g_ptr_array_new_with_free_func (g_free);
  self->ranges = g_array_new (FALSE, FALSE, sizeof (LinnetRange));
  return self;
}

LinnetJournal *
linnet_journal_copy (const LinnetJournal *self)
{
  LinnetJournal *copy = linnet_journal_new (self->sha256, self->bytes);

  copy->etag = g_strdup (self->etag);
  for (guint i = 0; i < self->sources->len; i++)
    g_ptr_array_add (copy->sources, g_strdup (self->sources->pdata[i]));
  g_array_append_vals (copy->ranges, self->ranges->data, self->ranges->len);
  return copy;
}

void
linnet_journal_free (LinnetJournal *self)
{
  if (self == NULL)
    return;
  g_free (self->sha256);
  g_free (self->etag);
  g_ptr_array_unref (self->sources);
  g_array_unref (self->ranges);
  g_free (self);
}

guint
linnet_journal_add_source (LinnetJournal *self, const char *url)
{
  guint index;

  if (g_ptr_array_find_with_equal_func (self->sources, url, g_str_equal, &index))
    return index;
  g_ptr_array_add (self->sources, g_strdup (url));
  return self->sources->len - 1;
}

static gboolean
read_ranges (LinnetJournal *self, JsonArray *rows)
{
  gint64 bytes = (gint64) self->bytes;
  gint64 n_sources = self->sources->len;

  for (guint i = 0; i < json_array_get_length (rows); i++) {
    JsonNode *node = json_array_get_element (rows, i);
    JsonArray *row = JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
    gint64 start, end, source;

    if (row == NULL || json_array_get_length (row) != 3 ||
        !linnet_json_as_int (json_array_get_element (row, 0), 0, bytes - 1, &start) ||
        !linnet_json_as_int (json_array_get_element (row, 1), start + 1, bytes, &end) ||
        !linnet_json_as_int (json_array_get_element (row, 2), 0, n_sources - 1, &source))
      return FALSE;
    linnet_ranges_add (self->ranges, (guint64) start, (guint64) end, (guint) source);
  }
  return TRUE;
}

static LinnetJournal *
read_journal (JsonObject *object)
{
  g_autoptr (LinnetJournal) self = NULL;
  g_auto (GStrv) sources = linnet_json_get_strings (object, "sources", MAX_SOURCES);
  JsonArray *ranges = linnet_json_get_array (object, "ranges", MAX_RANGES);
  gint64 version, bytes;

  if (!linnet_json_get_int (object, "version", VERSION, VERSION, &version) ||
      !linnet_json_get_int (object, "bytes", 0, G_MAXINT64, &bytes) || sources == NULL ||
      ranges == NULL)
    return NULL;
  self = linnet_journal_new (linnet_json_get_string (object, "sha256"), (guint64) bytes);
  self->etag = g_strdup (linnet_json_get_string (object, "etag"));
  for (guint i = 0; sources[i] != NULL; i++)
    g_ptr_array_add (self->sources, g_strdup (sources[i]));
  return read_ranges (self, ranges) ? g_steal_pointer (&self) : NULL;
}

LinnetJournal *
linnet_journal_load (const char *path)
{
  g_autoptr (JsonNode) root = linnet_json_load (path, MAX_JOURNAL_BYTES);

  return read_journal (linnet_json_as_object (root));
}

static void
build_ranges (JsonBuilder *builder, const GArray *ranges)
{
  linnet_json_begin_array (builder, "ranges");
  for (guint i = 0; i < MIN (ranges->len, MAX_RANGES); i++) {
    const LinnetRange *range = &g_array_index (ranges, LinnetRange, i);

    json_builder_begin_array (builder);
    json_builder_add_int_value (builder, (gint64) range->start);
    json_builder_add_int_value (builder, (gint64) range->end);
    json_builder_add_int_value (builder, range->source);
    json_builder_end_array (builder);
  }
  json_builder_end_array (builder);
}

/* With a name of our own for what is written aside, so that a crash leaves nothing that nobody
 * knows. */
static gboolean
write_atomically (const char *path, const char *text, GError **error)
{
  g_autofree char *aside = g_strconcat (path, LINNET_JOURNAL_ASIDE, NULL);

  if (g_file_set_contents_full (aside, text, -1, G_FILE_SET_CONTENTS_DURABLE, 0600, error)) {
    if (g_rename (aside, path) == 0)
      return TRUE;
    g_set_error_literal (error, G_FILE_ERROR, g_file_error_from_errno (errno), g_strerror (errno));
  }
  /* Half of it, where a disk is full. */
  (void) g_unlink (aside);
  return FALSE;
}

gboolean
linnet_journal_save (const LinnetJournal *self, const char *path, GError **error)
{
  g_autoptr (JsonBuilder) builder = json_builder_new_immutable ();
  g_autoptr (JsonNode) root = NULL;
  g_autofree char *text = NULL;

  json_builder_begin_object (builder);
  linnet_json_add_int (builder, "version", VERSION);
  linnet_json_add_int (builder, "bytes", (gint64) self->bytes);
  if (self->sha256 != NULL)
    linnet_json_add_string (builder, "sha256", self->sha256);
  if (self->etag != NULL)
    linnet_json_add_string (builder, "etag", self->etag);
  linnet_json_begin_array (builder, "sources");
  for (guint i = 0; i < self->sources->len; i++)
    json_builder_add_string_value (builder, self->sources->pdata[i]);
  json_builder_end_array (builder);
  build_ranges (builder, self->ranges);
  json_builder_end_object (builder);
  root = json_builder_get_root (builder);
  text = json_to_string (root, FALSE);
  return write_atomically (path, text, error);
}
