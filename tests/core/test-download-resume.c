/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetDownload goes on where it was: after a pause, a restart and a crash, from another source,
 * but never with the bytes of another file. */
#include "download-fixture.h"

#include <glib/gstdio.h>
#include <string.h>

#ifdef G_OS_UNIX
#include <signal.h>
#endif

static void
test_pause (Fixture *self, gconstpointer data)
{
  g_autoptr (LinnetDownload) download = NULL;
  g_autoptr (JsonArray) ranges = NULL;
  guint64 n_done;

  if (self->registry == NULL)
    return;
  fixture_control (self, "options", SLOWLY);
  download = fixture_download_new_plain (self);
  linnet_download_start (download);
  fixture_wait_for_bytes (download, FILE_BYTES / 3);
  g_assert_cmpfloat (linnet_download_get_rate (download), >, 0);
  g_assert_cmpfloat (linnet_download_get_seconds_left (download), >=, 0);
  linnet_download_pause (download);
  g_assert_cmpint (linnet_download_get_state (download), ==, LINNET_DOWNLOAD_PAUSED);
  g_assert_cmpfloat (linnet_download_get_rate (download), ==, 0);
  n_done = linnet_download_get_bytes_done (download);
  fixture_run_for (300);
  g_assert_cmpuint (linnet_download_get_bytes_done (download), ==, n_done);
  g_assert_false (fixture_has (self, FILE_NAME));
  ranges = fixture_read_journal (self);

  registry_clear (self->registry);
  fixture_control (self, "options", FAST);
  linnet_download_start (download);
  fixture_wait_for_end (download);
  fixture_assert_done (self, download);
  fixture_assert_not_asked_again (self, ranges);
  g_assert_cmpuint (fixture_count_sent (self, "origin"), <=, FILE_BYTES - n_done);
}

/* Someone has tidied up in the meantime. */
static void
test_tidied (Fixture *self, gconstpointer data)
{
  g_autoptr (LinnetDownload) download = NULL;
  g_autofree char *part = NULL;

  if (self->registry == NULL)
    return;
  part = g_build_filename (self->folder, FILE_NAME ".part", NULL);
  fixture_control (self, "options", SLOWLY);
  download = fixture_download_new_plain (self);
  linnet_download_start (download);
  fixture_wait_for_bytes (download, FILE_BYTES / 3);
  linnet_download_pause (download);
  g_unlink (part);
  fixture_control (self, "options", FAST);
  fixture_download (download);
  fixture_assert_done (self, download);
}

/* At any moment until it is done, and so between an answer and the word of it. */
static void
test_pause_anywhere (Fixture *self, gconstpointer data)
{
  gboolean is_done = FALSE;

  if (self->registry == NULL)
    return;
  fixture_add_rule (self,
                    "{'fault': 'redirect', 'location': 'other', 'host': 'origin', 'times': 0}");
  for (guint n_steps = 0; !is_done; n_steps++) {
    g_autoptr (LinnetDownload) download = fixture_download_new_plain (self);

    linnet_download_start (download);
    for (guint i = 0; i < n_steps && !is_done; i++) {
      g_main_context_iteration (NULL, TRUE);
      is_done = linnet_download_get_state (download) != LINNET_DOWNLOAD_RUNNING;
    }
    if (is_done) {
      g_test_message ("done after %u steps", n_steps);
      fixture_wait_for_end (download);
      fixture_assert_done (self, download);
      break;
    }
    linnet_download_pause (download);
    fixture_run_for (2);
    fixture_cancel (download);
    fixture_assert_nothing_left (self);
  }
}

static void
test_cancel (Fixture *self, gconstpointer data)
{
  g_autoptr (LinnetDownload) download = NULL;

  if (self->registry == NULL)
    return;
  fixture_control (self, "options", SLOWLY);
  download = fixture_download_new_plain (self);
  linnet_download_start (download);
  fixture_wait_for_bytes (download, FILE_BYTES / 3);
  fixture_cancel (download);
  fixture_assert_nothing_left (self);
  g_assert_cmpuint (linnet_download_get_bytes_done (download), ==, 0);
}

/* Let go of in the middle, and begun again by another: as in a restart of the program. */
static void
test_restart (Fixture *self, gconstpointer data)
{
  g_autoptr (LinnetDownload) download = NULL;
  g_autoptr (JsonArray) ranges = NULL;

  if (self->registry == NULL)
    return;
  fixture_control (self, "options", SLOWLY);
  download = fixture_download_new_plain (self);
  linnet_download_start (download);
  fixture_wait_for_bytes (download, FILE_BYTES / 2);
  fixture_assert_finalized (g_steal_pointer (&download));
  fixture_run_for (200);
  ranges = fixture_read_journal (self);

  registry_clear (self->registry);
  fixture_control (self, "options", FAST);
  download = fixture_download_new_plain (self);
  fixture_download (download);
  fixture_assert_done (self, download);
  fixture_assert_not_asked_again (self, ranges);
}

/* This program again, as the one that is killed. */
static G_NORETURN void
run_victim (char **argv)
{
  const char *urls[] = { argv[3], NULL };
  const LinnetDownloadFile file = { .name = FILE_NAME, .urls = urls, .sha256 = argv[4] };
  const LinnetDownloadOptions options = { .range_bytes = RANGE_BYTES };
  g_autoptr (LinnetDownload) download = linnet_download_new (argv[2], &file, 1, &options);

  linnet_download_start (download);
  for (;;)
    g_main_context_iteration (NULL, TRUE);
}

static char *program;

static void
test_kill (Fixture *self, gconstpointer data)
{
#ifdef G_OS_UNIX
  g_autoptr (LinnetDownload) download = NULL;
  g_autoptr (JsonArray) ranges = NULL;
  g_autoptr (GSubprocess) victim = NULL;
  g_autoptr (GError) error = NULL;

  if (self->registry == NULL)
    return;
  fixture_control (self, "options", "{'rate': 200000}");
  victim = g_subprocess_new (G_SUBPROCESS_FLAGS_NONE, &error, program, "--victim", self->folder,
                             self->url, self->sha256, NULL);
  g_assert_no_error (error);
  for (guint i = 0; i < 1000 && !fixture_has (self, FILE_NAME ".part.json"); i++)
    fixture_run_for (10);
  fixture_run_for (300);
  g_subprocess_send_signal (victim, SIGKILL);
  g_subprocess_wait (victim, NULL, NULL);
  ranges = fixture_read_journal (self);

  registry_clear (self->registry);
  fixture_control (self, "options", FAST);
  download = fixture_download_new_plain (self);
  fixture_download (download);
  fixture_assert_done (self, download);
  fixture_assert_not_asked_again (self, ranges);
#else
  g_test_skip ("this system has no signals");
#endif
}

/* Leaves half of the file behind. */
static void
leave_half (Fixture *self, const char *sha256)
{
  g_autoptr (LinnetDownload) download = NULL;

  fixture_control (self, "options", SLOWLY);
  download = fixture_download_new (self, self->url, NULL, 0, sha256);
  linnet_download_start (download);
  fixture_wait_for_bytes (download, FILE_BYTES / 2);
  linnet_download_pause (download);
  fixture_assert_finalized (g_steal_pointer (&download));
  fixture_run_for (200);
  registry_clear (self->registry);
  fixture_control (self, "options", FAST);
}

static void
test_other_source (Fixture *self, gconstpointer data)
{
  g_autoptr (LinnetDownload) download = NULL;
  g_autoptr (JsonArray) ranges = NULL;

  if (self->registry == NULL)
    return;
  leave_half (self, self->sha256);
  ranges = fixture_read_journal (self);
  download = fixture_download_new (self, self->cdn_url, NULL, 0, self->sha256);
  fixture_download (download);
  fixture_assert_done (self, download);
  fixture_assert_not_asked_again (self, ranges);
  g_assert_cmpuint (fixture_count_sent (self, "origin"), ==, 0);
}

/* The same name, but another file. */
static void
test_other_sha256 (Fixture *self, gconstpointer data)
{
  g_autoptr (LinnetDownload) download = NULL;
  g_autofree char *url = NULL;

  if (self->registry == NULL)
    return;
  leave_half (self, self->sha256);
  g_free (self->sha256);
  self->sha256 = fixture_add_file (self, "b.gguf", FILE_BYTES, 2);
  url = registry_build_url (self->registry, "/files/b.gguf");
  download = fixture_download_new (self, url, NULL, 0, self->sha256);
  fixture_download (download);
  fixture_assert_done (self, download);
  g_assert_cmpuint (fixture_count_sent (self, "origin"), >=, FILE_BYTES);
}

/* Without a sum the same address goes on, as long as the file is the same. */
static void
test_same_etag (Fixture *self, gconstpointer data)
{
  g_autoptr (LinnetDownload) download = NULL;
  g_autoptr (JsonArray) ranges = NULL;

  if (self->registry == NULL)
    return;
  leave_half (self, NULL);
  ranges = fixture_read_journal (self);
  download = fixture_download_new (self, self->url, NULL, 0, NULL);
  fixture_download (download);
  fixture_assert_done (self, download);
  fixture_assert_not_asked_again (self, ranges);
}

static void
test_other_address (Fixture *self, gconstpointer data)
{
  g_autoptr (LinnetDownload) download = NULL;

  if (self->registry == NULL)
    return;
  leave_half (self, NULL);
  download = fixture_download_new (self, self->cdn_url, NULL, 0, NULL);
  fixture_download (download);
  fixture_assert_done (self, download);
  g_assert_cmpuint (fixture_count_sent (self, "cdn"), >=, FILE_BYTES);
}

/* Without a sum, and the file becomes another one: it is the new one, whole. */
static void
test_new_file (Fixture *self, gconstpointer data)
{
  g_autoptr (LinnetDownload) download = NULL;

  if (self->registry == NULL)
    return;
  leave_half (self, NULL);
  g_free (self->sha256);
  self->sha256 = fixture_add_file (self, FILE_NAME, FILE_BYTES, 3);
  download = fixture_download_new (self, self->url, NULL, 0, NULL);
  fixture_download (download);
  fixture_assert_done (self, download);
}

/* Nothing to know the file by: it is not pieced together. */
static void
test_no_etag (Fixture *self, gconstpointer data)
{
  g_autoptr (LinnetDownload) download = NULL;

  if (self->registry == NULL)
    return;
  fixture_add_rule (self, "{'fault': 'cut', 'bytes': 2000000}");
  fixture_add_rule (self, "{'fault': 'no-etag', 'times': 0}");
  download = fixture_download_new (self, self->url, NULL, 0, NULL);
  g_assert_cmpint (fixture_download (download), !=, LINNET_DOWNLOAD_RUNNING);
  fixture_assert_done (self, download);
}

/* Whatever lies in the folder is not believed. */
static void
test_bad_journal (Fixture *self, gconstpointer data)
{
  const char *journals[] = {
    "",
    "null",
    "[]",
    "{}",
    "{\"version\": 1}",
    "{\"version\": 1, \"bytes\": -1}",
    "{\"version\":1,\"bytes\":%d,\"sha256\":\"%s\",\"sources\":[],\"ranges\":[[0,%d,0]]}",
    "{\"version\":1,\"bytes\":%d,\"sha256\":\"%s\",\"sources\":[\"x\"],\"ranges\":[[9,%d,0],7]}",
    "{\"version\":1,\"bytes\":%d,\"sha256\":\"%s\",\"sources\":[7],\"ranges\":[[0,%d,0]]}",
  };
  g_autofree char *part = NULL, *json = NULL;

  if (self->registry == NULL)
    return;
  part = g_build_filename (self->folder, FILE_NAME ".part", NULL);
  json = g_build_filename (self->folder, FILE_NAME ".part.json", NULL);
  for (guint i = 0; i < G_N_ELEMENTS (journals); i++) {
    g_autoptr (GString) text = g_string_new (journals[i]);
    g_autofree char *size = g_strdup_printf ("%d", FILE_BYTES);
    g_autofree guint8 *zeros = g_malloc0 (FILE_BYTES);
    g_autofree char *file = g_build_filename (self->folder, FILE_NAME, NULL);
    g_autoptr (LinnetDownload) download = fixture_download_new_plain (self);

    g_string_replace (text, "%d", size, 0);
    g_string_replace (text, "%s", self->sha256, 0);
    g_assert_true (g_file_set_contents (part, (char *) zeros, FILE_BYTES, NULL));
    g_assert_true (g_file_set_contents (json, text->str, -1, NULL));
    fixture_download (download);
    fixture_assert_done (self, download);
    g_unlink (file);
  }
}

/* A journal that is believed, and lies: the sum finds out, and all is fetched anew. */
static void
test_lying_journal (Fixture *self, gconstpointer data)
{
  g_autoptr (LinnetDownload) download = NULL;
  g_autofree char *part = NULL, *json = NULL, *text = NULL;
  g_autofree guint8 *zeros = NULL;

  if (self->registry == NULL)
    return;
  part = g_build_filename (self->folder, FILE_NAME ".part", NULL);
  json = g_build_filename (self->folder, FILE_NAME ".part.json", NULL);
  zeros = g_malloc0 (FILE_BYTES);
  text = g_strdup_printf ("{\"version\":1,\"bytes\":%d,\"sha256\":\"%s\",\"sources\":[\"x\"],"
                          "\"ranges\":[[1000,%d,0]]}",
                          FILE_BYTES, self->sha256, FILE_BYTES);
  g_assert_true (g_file_set_contents (part, (char *) zeros, FILE_BYTES, NULL));
  g_assert_true (g_file_set_contents (json, text, -1, NULL));
  download = fixture_download_new_plain (self);
  fixture_download (download);
  fixture_assert_done (self, download);
}

int
main (int argc, char **argv)
{
  if (argc == 5 && strcmp (argv[1], "--victim") == 0)
    run_victim (argv);
  program = argv[0];
  g_test_init (&argc, &argv, NULL);
  fixture_add ("/download/resume/pause", NULL, test_pause);
  fixture_add ("/download/resume/pause-anywhere", NULL, test_pause_anywhere);
  fixture_add ("/download/resume/tidied", NULL, test_tidied);
  fixture_add ("/download/resume/cancel", NULL, test_cancel);
  fixture_add ("/download/resume/restart", NULL, test_restart);
  fixture_add ("/download/resume/kill", NULL, test_kill);
  fixture_add ("/download/resume/other-source", NULL, test_other_source);
  fixture_add ("/download/resume/other-sha256", NULL, test_other_sha256);
  fixture_add ("/download/resume/same-etag", NULL, test_same_etag);
  fixture_add ("/download/resume/other-address", NULL, test_other_address);
  fixture_add ("/download/resume/new-file", NULL, test_new_file);
  fixture_add ("/download/resume/no-etag", NULL, test_no_etag);
  fixture_add ("/download/resume/bad-journal", NULL, test_bad_journal);
  fixture_add ("/download/resume/lying-journal", NULL, test_lying_journal);
  return g_test_run ();
}
