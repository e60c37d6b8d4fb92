/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetDownload when servers do as they should: what the three registries send, several sources
 * and several files, and a main loop that is never held up. */
#include "download-fixture.h"

#include "library/linnet-download-private.h"

#include <glib/gstdio.h>
#include <string.h>

static void
test_whole (Fixture *self, gconstpointer data)
{
  g_autoptr (LinnetDownload) download = NULL;
  LinnetDownloadState state;
  guint64 total;

  if (self->registry == NULL)
    return;
  download = fixture_download_new_plain (self);
  g_object_get (download, "state", &state, "bytes-total", &total, NULL);
  g_assert_cmpint (state, ==, LINNET_DOWNLOAD_IDLE);
  g_assert_cmpuint (total, ==, FILE_BYTES);
  g_assert_null (linnet_download_get_sha256 (download, 0));
  fixture_download (download);
  fixture_assert_done (self, download);
  g_assert_cmpuint (fixture_count_sent (self, "origin"), ==, FILE_BYTES);

  /* It is there already: read, not fetched. */
  g_clear_object (&download);
  registry_clear (self->registry);
  download = fixture_download_new_plain (self);
  fixture_download (download);
  fixture_assert_done (self, download);
  g_assert_cmpuint (fixture_count_sent (self, "origin"), ==, 0);

  /* It is there, but spoiled. */
  g_clear_object (&download);
  {
    g_autofree char *path = g_build_filename (self->folder, FILE_NAME, NULL);
    g_assert_true (g_file_set_contents (path, "spoiled", -1, NULL));
  }
  download = fixture_download_new (self, self->url, NULL, 0, self->sha256);
  fixture_download (download);
  fixture_assert_done (self, download);
}

/* Size and sum are told by the server and by the file. */
static void
test_nothing_known (Fixture *self, gconstpointer data)
{
  g_autoptr (LinnetDownload) download = NULL;

  if (self->registry == NULL)
    return;
  download = fixture_download_new (self, self->url, NULL, 0, NULL);
  g_assert_cmpuint (linnet_download_get_bytes_total (download), ==, 0);
  fixture_download (download);
  fixture_assert_done (self, download);
}

/* What the pages of the three registries lead to. */
static void
test_registries (Fixture *self, gconstpointer data)
{
  const char *paths[] = { "/ollama/v2/library/m/blobs/sha256:", "/modelscope/v2/o/m/blobs/sha256:",
                          "/o/m/resolve/main/m.gguf", "/models/o/m/resolve/master/m.gguf" };
  g_autofree char *description = g_strdup_printf (
      "{'ollama': [{'name': 'm', 'weights': {'size': %d, 'seed': 1}}],"
      " 'hugging_face': [{'name': 'o/m', 'files': {'m.gguf': {'size': %d, 'seed': 1}}}],"
      " 'modelscope': [{'name': 'o/m', 'files': {'m.gguf': {'size': %d, 'seed': 1}}}]}",
      FILE_BYTES, FILE_BYTES, FILE_BYTES);

  if (self->registry == NULL)
    return;
  fixture_control (self, "load", description);
  /* A link to the other host is good for once. */
  fixture_control (self, "options", "{'signature_uses': 1}");
  for (guint i = 0; i < G_N_ELEMENTS (paths); i++) {
    g_autofree char *path =
        g_strconcat (paths[i], g_str_has_suffix (paths[i], ":") ? self->sha256 : "", NULL);
    g_autofree char *url = registry_build_url (self->registry, path);
    g_autofree char *file = g_build_filename (self->folder, FILE_NAME, NULL);
    g_autoptr (LinnetDownload) download =
        fixture_download_new (self, url, NULL, FILE_BYTES, self->sha256);

    registry_clear (self->registry);
    fixture_download (download);
    fixture_assert_done (self, download);
    g_assert_cmpuint (fixture_count_sent (self, "cdn"), ==, FILE_BYTES);
    g_unlink (file);
  }
}

/* A registry that tells another sum beside its redirect is not even asked for the bytes. */
static void
test_linked_etag (Fixture *self, gconstpointer data)
{
  g_autoptr (LinnetDownload) download = NULL;
  g_autofree char *url = NULL;

  if (self->registry == NULL)
    return;
  url = registry_build_url (self->registry, "/o/m/resolve/main/m.gguf");
  fixture_control (
      self, "load",
      "{'hugging_face': [{'name': 'o/m', 'files': {'m.gguf': {'size': 3158073, 'seed': 9}}}]}");
  download = fixture_download_new (self, url, NULL, 0, self->sha256);
  g_assert_cmpint (fixture_download (download), ==, LINNET_DOWNLOAD_FAILED);
  g_assert_error (linnet_download_get_error (download), LINNET_DOWNLOAD_ERROR,
                  LINNET_DOWNLOAD_ERROR_CHANGED);
  fixture_assert_nothing_left (self);
}

static void
test_credentials (Fixture *self, gconstpointer data)
{
  g_autoptr (LinnetDownload) download = NULL;
  g_autoptr (JsonNode) log = NULL;
  g_autofree char *url = NULL;
  JsonArray *rows;

  if (self->registry == NULL)
    return;
  url = g_strdup_printf ("http://me:secret@127.0.0.1:%u/files/" FILE_NAME, self->registry->port);
  fixture_add_rule (self,
                    "{'fault': 'redirect', 'location': 'other', 'host': 'origin', 'times': 0}");
  fixture_control (self, "options", SLOWLY);
  download = fixture_download_new (self, url, NULL, 0, self->sha256);
  linnet_download_start (download);
  fixture_wait_for_bytes (download, RANGE_BYTES);
  linnet_download_pause (download);
  fixture_run_for (100);
  {
    g_autofree char *path = g_build_filename (self->folder, FILE_NAME ".part.json", NULL);
    g_autofree char *journal = NULL;

    g_assert_true (g_file_get_contents (path, &journal, NULL, NULL));
    g_assert_null (strstr (journal, "secret"));
  }
  fixture_control (self, "options", FAST);
  fixture_download (download);
  fixture_assert_done (self, download);
  log = registry_get_log (self->registry);
  rows = json_node_get_array (log);
  for (guint i = 0; i < json_array_get_length (rows); i++) {
    JsonObject *row = json_array_get_object_element (rows, i);
    gboolean is_origin = strcmp (json_object_get_string_member (row, "host"), "origin") == 0;
    JsonObject *headers = json_object_get_object_member (row, "headers");

    g_assert_cmpint (json_object_has_member (headers, "authorization"), ==, is_origin);
    g_assert_false (json_object_has_member (headers, "cookie"));
    g_assert_cmpstr (json_object_get_string_member (headers, "accept-encoding"), ==, "identity");
  }
}

/* The address is nobody's, but the proxy knows the way. */
static void
test_proxy (Fixture *self, gconstpointer data)
{
  const char *urls[] = { "http://127.0.0.1:1/files/" FILE_NAME, NULL };
  const LinnetDownloadFile file = { .name = FILE_NAME, .urls = urls, .sha256 = self->sha256 };
  g_autofree char *proxy = NULL;
  g_autoptr (LinnetDownload) download = NULL;

  if (self->registry == NULL)
    return;
  proxy = registry_build_url (self->registry, "");
  download = linnet_download_new (self->folder, &file, 1,
                                  &(const LinnetDownloadOptions) { .proxy = proxy });
  fixture_download (download);
  fixture_assert_done (self, download);
}

/* One source is wrong, slow or dead: the other one does it. */
static void
test_two_sources (Fixture *self, gconstpointer data)
{
  const char *rules[] = { "{'fault': 'flip', 'offset': 2000000, 'host': 'origin', 'times': 0}",
                          "{'fault': 'status', 'status': 404, 'host': 'origin', 'times': 0}",
                          "{'fault': 'stall', 'bytes': 50000, 'host': 'origin', 'times': 0}",
                          "{'fault': 'cut', 'bytes': 9, 'host': 'cdn', 'times': 0}",
                          "{'fault': 'wrong-size', 'host': 'cdn', 'times': 0}",
                          "{'fault': 'ignore-range', 'host': 'cdn', 'times': 0}",
                          "{'fault': 'endless', 'host': 'origin', 'skip': 2, 'times': 0}" };

  if (self->registry == NULL)
    return;
  for (guint i = 0; i < G_N_ELEMENTS (rules); i++) {
    g_autofree char *file = g_build_filename (self->folder, FILE_NAME, NULL);
    g_autoptr (LinnetDownload) download =
        fixture_download_new (self, self->url, self->cdn_url, FILE_BYTES, self->sha256);

    g_test_message ("%s", rules[i]);
    registry_clear (self->registry);
    fixture_add_rule (self, rules[i]);
    fixture_download (download);
    fixture_assert_done (self, download);
    g_unlink (file);
  }
}

static void
test_fastest_source (Fixture *self, gconstpointer data)
{
  g_autoptr (LinnetDownload) download = NULL;

  if (self->registry == NULL)
    return;
  fixture_add_rule (self, "{'fault': 'drip', 'rate': 200000, 'host': 'origin', 'times': 0}");
  download = fixture_download_new (self, self->url, self->cdn_url, FILE_BYTES, self->sha256);
  fixture_download (download);
  fixture_assert_done (self, download);
  g_assert_cmpuint (fixture_count_sent (self, "cdn"), >, FILE_BYTES / 2);
}

/* Two that would write to the same file. */
static void
test_busy (Fixture *self, gconstpointer data)
{
  g_autoptr (LinnetDownload) first = NULL, second = NULL;

  if (self->registry == NULL)
    return;
  fixture_control (self, "options", "{'rate': 200000}");
  first = fixture_download_new_plain (self);
  second = fixture_download_new_plain (self);
  linnet_download_start (first);
  fixture_wait_for_bytes (first, 1);
  g_assert_cmpint (fixture_download (second), ==, LINNET_DOWNLOAD_FAILED);
  g_assert_error (linnet_download_get_error (second), LINNET_DOWNLOAD_ERROR,
                  LINNET_DOWNLOAD_ERROR_DISK);
  fixture_cancel (second);
  fixture_control (self, "options", FAST);
  fixture_wait_for_end (first);
  fixture_assert_done (self, first);
}

/* The parts of a model. */
static void
test_parts (Fixture *self, gconstpointer data)
{
  const char *names[] = { "p1", "p2", "p3" };
  g_autoptr (GPtrArray) urls = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) sums = g_ptr_array_new_with_free_func (g_free);
  const char *sources[3][2] = { { NULL } };
  LinnetDownloadFile files[3];
  g_autoptr (LinnetDownload) download = NULL;

  if (self->registry == NULL)
    return;
  for (guint i = 0; i < 3; i++) {
    g_autofree char *path = g_strconcat ("/files/", names[i], NULL);

    g_ptr_array_add (sums, fixture_add_file (self, names[i], 100000 * (i + 1), i));
    g_ptr_array_add (urls, registry_build_url (self->registry, path));
    sources[i][0] = urls->pdata[i];
    files[i] = (LinnetDownloadFile) {
      .name = names[i], .urls = sources[i], .bytes = 100000 * (i + 1), .sha256 = sums->pdata[i]
    };
  }
  download = linnet_download_new (self->folder, files, 3, NULL);
  g_assert_cmpuint (linnet_download_get_bytes_total (download), ==, 600000);
  g_assert_cmpint (fixture_download (download), ==, LINNET_DOWNLOAD_DONE);
  g_assert_cmpuint (linnet_download_get_bytes_done (download), ==, 600000);
  for (guint i = 0; i < 3; i++) {
    g_autofree char *sum = fixture_hash (self, names[i]);

    g_assert_cmpstr (sum, ==, sums->pdata[i]);
  }

  /* What was there before is not taken away with what was not. */
  g_clear_object (&download);
  {
    g_autofree char *path = g_build_filename (self->folder, "p2", NULL);
    g_unlink (path);
  }
  fixture_add_rule (self, "{'fault': 'status', 'status': 404, 'path': 'p3', 'times': 0}");
  {
    g_autofree char *path = g_build_filename (self->folder, "p3", NULL);
    g_unlink (path);
  }
  download = linnet_download_new (self->folder, files, 3, NULL);
  g_assert_cmpint (fixture_download (download), ==, LINNET_DOWNLOAD_FAILED);
  g_assert_true (fixture_has (self, "p2"));
  fixture_cancel (download);
  g_assert_true (fixture_has (self, "p1"));
  g_assert_false (fixture_has (self, "p2"));
}

#define BIG_BYTES (64 * 1024 * 1024)
#define BEAT_MS   2
#define LATE_US   50000
#define N_ROUNDS  3

typedef struct {
  gint64 last_us, slowest_us;
} Heart;

static gboolean
beat_cb (gpointer data)
{
  Heart *heart = data;
  gint64 now_us = g_get_monotonic_time ();

  heart->slowest_us = MAX (heart->slowest_us, now_us - heart->last_us - BEAT_MS * 1000);
  heart->last_us = now_us;
  return G_SOURCE_CONTINUE;
}

/* The best of several rounds: another process may take the processor at any time, but what the
 * download itself does, it does in every round. */
static void
test_main_loop (Fixture *self, gconstpointer data)
{
  g_autofree char *url = NULL, *sha256 = NULL, *file = NULL;
  gint64 slowest_us = G_MAXINT64;

  if (self->registry == NULL)
    return;
  url = registry_build_url (self->registry, "/files/big");
  sha256 = fixture_add_file (self, "big", BIG_BYTES, 4);
  file = g_build_filename (self->folder, FILE_NAME, NULL);
  for (guint i = 0; i < N_ROUNDS && slowest_us > LATE_US; i++) {
    const char *urls[] = { url, NULL };
    const LinnetDownloadFile big = { .name = FILE_NAME, .urls = urls, .sha256 = sha256 };
    g_autoptr (LinnetDownload) download = linnet_download_new (self->folder, &big, 1, NULL);
    gint64 begun_us = g_get_monotonic_time ();
    Heart heart = { .last_us = begun_us };
    guint id = g_timeout_add (BEAT_MS, beat_cb, &heart);

    g_assert_cmpint (fixture_download (download), ==, LINNET_DOWNLOAD_DONE);
    g_source_remove (id);
    g_test_message ("%.0f MB/s, the slowest turn of the loop took %.1f ms",
                    BIG_BYTES / (double) (g_get_monotonic_time () - begun_us),
                    (double) heart.slowest_us / 1000);
    slowest_us = MIN (slowest_us, heart.slowest_us);
    g_unlink (file);
  }
  if (!fixture_is_slow ())
    g_assert_cmpint (slowest_us, <=, LATE_US);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  fixture_add ("/download/whole", NULL, test_whole);
  fixture_add ("/download/nothing-known", NULL, test_nothing_known);
  fixture_add ("/download/registries", NULL, test_registries);
  fixture_add ("/download/linked-etag", NULL, test_linked_etag);
  fixture_add ("/download/credentials", NULL, test_credentials);
  fixture_add ("/download/proxy", NULL, test_proxy);
  fixture_add ("/download/two-sources", NULL, test_two_sources);
  fixture_add ("/download/fastest-source", NULL, test_fastest_source);
  fixture_add ("/download/busy", NULL, test_busy);
  fixture_add ("/download/parts", NULL, test_parts);
  fixture_add ("/download/main-loop", NULL, test_main_loop);
  return g_test_run ();
}
