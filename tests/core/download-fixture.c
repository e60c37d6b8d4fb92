/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the tests of LinnetDownload share. */
#include "download-fixture.h"

#include <string.h>

void
fixture_set_up (Fixture *self, gconstpointer data)
{
  fixture_set_up_with (self, registry_new ());
}

void
fixture_set_up_with (Fixture *self, Registry *registry)
{
  self->registry = registry;
  if (self->registry == NULL)
    return;
  self->folder = g_dir_make_tmp ("linnet-download-XXXXXX", NULL);
  self->url = registry_build_url (self->registry, "/files/" FILE_NAME);
  self->cdn_url = registry_build_cdn_url (self->registry, "/files/" FILE_NAME);
  self->sha256 = fixture_add_file (self, FILE_NAME, FILE_BYTES, 1);
}

void
fixture_tear_down (Fixture *self, gconstpointer data)
{
  /* What a writer thread still does, it does before the folder goes. */
  fixture_run_for (20);
  if (self->folder != NULL)
    fixture_remove_tree (self->folder);
  g_free (self->folder);
  g_free (self->url);
  g_free (self->cdn_url);
  g_free (self->sha256);
  registry_free (self->registry);
}

char *
fixture_add_file (Fixture *self, const char *name, guint n_bytes, guint seed)
{
  g_autoptr (JsonNode) node =
      registry_control (self->registry, "load",
                        "{\"files\": {\"%s\": {\"size\": %u, \"seed\": %u}}}", name, n_bytes, seed);
  JsonObject *file = json_object_get_object_member (json_node_get_object (node), name);

  return g_strdup (json_object_get_string_member (file, "sha256"));
}

static char *
quote (const char *text)
{
  return g_strdelimit (g_strdup (text), "'", '"');
}

void
fixture_add_rule (Fixture *self, const char *rule)
{
  g_autofree char *json = quote (rule);

  json_node_unref (registry_control (self->registry, "rules", "[%s]", json));
}

void
fixture_control (Fixture *self, const char *what, const char *json)
{
  g_autofree char *quoted = quote (json);

  json_node_unref (registry_control (self->registry, what, "%s", quoted));
}

LinnetDownload *
fixture_download_new (
    Fixture *self, const char *url, const char *url2, guint64 bytes, const char *sha256)
{
  const char *urls[] = { url, url2, NULL };
  const LinnetDownloadFile file = {
    .name = FILE_NAME, .urls = urls, .bytes = bytes, .sha256 = sha256
  };
  const LinnetDownloadOptions options = {
    .stall_seconds = 1, .n_retries = 3, .retry_milliseconds = 10, .range_bytes = RANGE_BYTES
  };

  return linnet_download_new (self->folder, &file, 1, &options);
}

LinnetDownload *
fixture_download_new_plain (Fixture *self)
{
  return fixture_download_new (self, self->url, NULL, FILE_BYTES, self->sha256);
}

static gboolean
is_at_rest (gpointer data)
{
  LinnetDownloadState state = linnet_download_get_state (data);

  return state != LINNET_DOWNLOAD_RUNNING && state != LINNET_DOWNLOAD_VERIFYING;
}

void
fixture_wait_for_end (LinnetDownload *download)
{
  fixture_wait (is_at_rest, download);
}

static gboolean
is_cancelled (gpointer data)
{
  return linnet_download_get_state (data) == LINNET_DOWNLOAD_CANCELLED;
}

void
fixture_cancel (LinnetDownload *download)
{
  linnet_download_cancel (download);
  fixture_wait (is_cancelled, download);
}

LinnetDownloadState
fixture_download (LinnetDownload *download)
{
  linnet_download_start (download);
  fixture_wait_for_end (download);
  return linnet_download_get_state (download);
}

typedef struct {
  LinnetDownload *download;
  guint64 n_bytes;
} Wanted;

static gboolean
has_bytes (gpointer data)
{
  const Wanted *wanted = data;

  return linnet_download_get_bytes_done (wanted->download) >= wanted->n_bytes;
}

void
fixture_wait_for_bytes (LinnetDownload *download, guint64 n_bytes)
{
  Wanted wanted = { download, n_bytes };

  fixture_wait (has_bytes, &wanted);
}

char *
fixture_hash (Fixture *self, const char *name)
{
  g_autofree char *path = g_build_filename (self->folder, name, NULL);
  g_autofree char *contents = NULL;
  gsize length;

  if (!g_file_get_contents (path, &contents, &length, NULL))
    return NULL;
  return g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *) contents, length);
}

gboolean
fixture_has (Fixture *self, const char *name)
{
  g_autofree char *path = g_build_filename (self->folder, name, NULL);

  return g_file_test (path, G_FILE_TEST_EXISTS);
}

void
fixture_assert_done (Fixture *self, LinnetDownload *download)
{
  g_autofree char *sum = fixture_hash (self, FILE_NAME);

  g_assert_no_error (linnet_download_get_error (download));
  g_assert_cmpint (linnet_download_get_state (download), ==, LINNET_DOWNLOAD_DONE);
  g_assert_cmpuint (linnet_download_get_bytes_done (download), ==, FILE_BYTES);
  g_assert_cmpuint (linnet_download_get_bytes_total (download), ==, FILE_BYTES);
  g_assert_cmpstr (sum, ==, self->sha256);
  g_assert_cmpstr (linnet_download_get_sha256 (download, 0), ==, self->sha256);
  g_assert_false (fixture_has (self, FILE_NAME ".part"));
  g_assert_false (fixture_has (self, FILE_NAME ".part.json"));
}

static gboolean
is_empty (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);

  return dir == NULL || g_dir_read_name (dir) == NULL;
}

void
fixture_assert_nothing_left (Fixture *self)
{
  /* The writer thread tidies up a moment later. */
  for (guint i = 0; i < 500 && !is_empty (self->folder); i++)
    fixture_run_for (10);
  g_assert_true (is_empty (self->folder));
}

JsonArray *
fixture_read_journal (Fixture *self)
{
  g_autofree char *path = g_build_filename (self->folder, FILE_NAME ".part.json", NULL);
  g_autoptr (JsonParser) parser = json_parser_new ();

  if (!json_parser_load_from_file (parser, path, NULL))
    return json_array_new ();
  return json_array_ref (json_object_get_array_member (
      json_node_get_object (json_parser_get_root (parser)), "ranges"));
}

guint64
fixture_count_sent (Fixture *self, const char *host)
{
  g_autoptr (JsonNode) log = registry_get_log (self->registry);
  JsonArray *rows = json_node_get_array (log);
  guint64 n_sent = 0;

  for (guint i = 0; i < json_array_get_length (rows); i++) {
    JsonObject *row = json_array_get_object_element (rows, i);

    if (strcmp (json_object_get_string_member (row, "host"), host) == 0)
      n_sent += (guint64) json_object_get_int_member (row, "sent");
  }
  return n_sent;
}

void
fixture_assert_not_asked_again (Fixture *self, JsonArray *ranges)
{
  g_autoptr (JsonNode) log = registry_get_log (self->registry);
  JsonArray *rows = json_node_get_array (log);

  g_assert_cmpuint (json_array_get_length (ranges), >, 0);
  for (guint i = 0; i < json_array_get_length (rows); i++) {
    JsonObject *row = json_array_get_object_element (rows, i);
    gint64 first = json_object_get_int_member (row, "first");
    gint64 last = json_object_get_int_member (row, "last");

    for (guint j = 0; j < json_array_get_length (ranges); j++) {
      JsonArray *range = json_array_get_array_element (ranges, j);
      gint64 start = json_array_get_int_element (range, 0);
      gint64 end = json_array_get_int_element (range, 1);

      g_assert_cmpint (last, >=, 0);
      g_assert_true (last < start || first >= end);
    }
  }
}
