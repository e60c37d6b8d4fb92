/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetDownload against everything that can go wrong with a server, a line or a disk: it ends with
 * the right file or with a sentence, never with a wrong file, and what is left can be gone on with.
 */
#include "download-fixture.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#ifdef G_OS_UNIX
#include <signal.h>
#include <sys/resource.h>
#endif

#define DONE (-1)
/* Any error of a download. */
#define SOME_ERROR (-2)

/* What happens, and how it ends. */
typedef struct {
  const char *name;
  const char *rule;
  int code; /* LinnetDownloadError, DONE or SOME_ERROR */
} Fault;

static const Fault faults[] = {
  { "cut", "{'fault': 'cut', 'bytes': 1000, 'times': 3}", DONE },
  { "cut-always", "{'fault': 'cut', 'bytes': 0, 'times': 0}", LINNET_DOWNLOAD_ERROR_NETWORK },
  { "cut-with-progress", "{'fault': 'cut', 'bytes': 100000, 'times': 0}", DONE },
  { "reset", "{'fault': 'reset', 'bytes': 70000, 'times': 2}", DONE },
  { "stall", "{'fault': 'stall', 'bytes': 5000}", DONE },
  { "stall-always", "{'fault': 'stall', 'times': 0}", LINNET_DOWNLOAD_ERROR_NETWORK },
  { "slow", "{'fault': 'slow', 'seconds': 0.3, 'times': 2}", DONE },
  { "endless", "{'fault': 'endless'}", DONE },
  { "endless-always", "{'fault': 'endless', 'times': 0}", LINNET_DOWNLOAD_ERROR_SERVER },
  { "ignored-range", "{'fault': 'ignore-range', 'ranged': true}", DONE },
  { "no-ranges", "{'fault': 'ignore-range', 'times': 0}", DONE },
  { "wrong-range", "{'fault': 'wrong-range', 'shift': 1}", DONE },
  { "wrong-range-always", "{'fault': 'wrong-range', 'shift': 1, 'times': 0}",
    LINNET_DOWNLOAD_ERROR_SERVER },
  { "no-content-range", "{'fault': 'no-range', 'times': 0}", LINNET_DOWNLOAD_ERROR_SERVER },
  { "wrong-size", "{'fault': 'wrong-size', 'by': 1, 'times': 0}", LINNET_DOWNLOAD_ERROR_CHANGED },
  { "short", "{'fault': 'short', 'bytes': 30000, 'times': 20}", DONE },
  { "flipped-bit", "{'fault': 'flip', 'offset': 1500000, 'times': 0}",
    LINNET_DOWNLOAD_ERROR_DAMAGED },
  { "changed", "{'fault': 'changed', 'skip': 3}", LINNET_DOWNLOAD_ERROR_CHANGED },
  { "not-found", "{'fault': 'status', 'status': 404, 'times': 0}",
    LINNET_DOWNLOAD_ERROR_NOT_FOUND },
  { "gone-later", "{'fault': 'status', 'status': 404, 'skip': 3, 'times': 0}",
    LINNET_DOWNLOAD_ERROR_NOT_FOUND },
  { "login", "{'fault': 'status', 'status': 401, 'times': 0}", LINNET_DOWNLOAD_ERROR_REFUSED },
  { "forbidden", "{'fault': 'status', 'status': 403, 'times': 0}", LINNET_DOWNLOAD_ERROR_REFUSED },
  { "busy", "{'fault': 'status', 'status': 429, 'retry_after': 1}", DONE },
  { "busy-always", "{'fault': 'status', 'status': 429, 'times': 0}", LINNET_DOWNLOAD_ERROR_SERVER },
  { "broken", "{'fault': 'status', 'status': 500, 'times': 2}", DONE },
  { "broken-always", "{'fault': 'status', 'status': 503, 'times': 0}",
    LINNET_DOWNLOAD_ERROR_SERVER },
  { "teapot", "{'fault': 'status', 'status': 418, 'times': 0}", LINNET_DOWNLOAD_ERROR_REFUSED },
  { "redirect", "{'fault': 'redirect', 'location': 'other', 'host': 'origin', 'times': 0}", DONE },
  { "redirect-loop", "{'fault': 'redirect', 'location': 'loop', 'times': 0}",
    LINNET_DOWNLOAD_ERROR_SERVER },
  { "redirect-ping-pong", "{'fault': 'redirect', 'location': 'other', 'times': 0}",
    LINNET_DOWNLOAD_ERROR_SERVER },
  { "redirect-unsafe", "{'fault': 'redirect', 'location': 'http://192.0.2.1/a.gguf', 'times': 0}",
    LINNET_DOWNLOAD_ERROR_SERVER },
  { "redirect-file", "{'fault': 'redirect', 'location': 'file:///etc/passwd', 'times': 0}",
    LINNET_DOWNLOAD_ERROR_SERVER },
  { "redirect-nowhere", "{'fault': 'redirect', 'location': 'http://[', 'times': 0}",
    LINNET_DOWNLOAD_ERROR_SERVER },
  { "garbage", "{'fault': 'garbage', 'times': 2}", DONE },
  { "garbage-always", "{'fault': 'garbage', 'times': 0}", SOME_ERROR },
  { "bad-headers", "{'fault': 'bad-headers', 'times': 0}", SOME_ERROR },
  { "refused", "{'fault': 'refuse', 'times': 0}", LINNET_DOWNLOAD_ERROR_NETWORK },
  { "no-etag", "{'fault': 'no-etag', 'times': 0}", DONE },
};

static void
assert_sentence (const GError *error)
{
  g_assert_nonnull (error);
  g_assert_true (error->domain == LINNET_DOWNLOAD_ERROR);
  g_assert_true (g_str_has_suffix (error->message, "."));
}

/* What is there can be gone on with once all is well. */
static void
test_fault (Fixture *self, gconstpointer data)
{
  const Fault *fault = data;
  g_autoptr (LinnetDownload) download = NULL;

  if (self->registry == NULL)
    return;
  fixture_add_rule (self, fault->rule);
  download = fixture_download_new (self, self->url, NULL, FILE_BYTES, self->sha256);
  fixture_download (download);
  if (fault->code == DONE) {
    fixture_assert_done (self, download);
    return;
  }
  g_assert_cmpint (linnet_download_get_state (download), ==, LINNET_DOWNLOAD_FAILED);
  assert_sentence (linnet_download_get_error (download));
  g_test_message ("%s", linnet_download_get_error (download)->message);
  if (fault->code != SOME_ERROR)
    g_assert_cmpint (linnet_download_get_error (download)->code, ==, fault->code);
  g_assert_false (fixture_has (self, FILE_NAME));

  registry_clear (self->registry);
  fixture_download (download);
  fixture_assert_done (self, download);
}

static void
test_damaged_is_gone (Fixture *self, gconstpointer data)
{
  g_autoptr (LinnetDownload) download = NULL;

  if (self->registry == NULL)
    return;
  fixture_add_rule (self, "{'fault': 'flip', 'offset': 100, 'times': 0}");
  download = fixture_download_new (self, self->url, NULL, 0, self->sha256);
  g_assert_cmpint (fixture_download (download), ==, LINNET_DOWNLOAD_FAILED);
  g_assert_error (linnet_download_get_error (download), LINNET_DOWNLOAD_ERROR,
                  LINNET_DOWNLOAD_ERROR_DAMAGED);
  fixture_assert_nothing_left (self);
}

/* Nobody is there at all. */
static void
test_nobody (Fixture *self, gconstpointer data)
{
  g_autoptr (LinnetDownload) download = NULL;

  if (self->registry == NULL)
    return;
  download = fixture_download_new (self, "http://127.0.0.1:1/a.gguf", NULL, 0, self->sha256);
  g_assert_cmpint (fixture_download (download), ==, LINNET_DOWNLOAD_FAILED);
  g_assert_error (linnet_download_get_error (download), LINNET_DOWNLOAD_ERROR,
                  LINNET_DOWNLOAD_ERROR_NETWORK);
  fixture_assert_nothing_left (self);
}

static void
assert_disk_error (Fixture *self, LinnetDownload *download, LinnetDownloadError code)
{
  g_assert_cmpint (fixture_download (download), ==, LINNET_DOWNLOAD_FAILED);
  assert_sentence (linnet_download_get_error (download));
  g_test_message ("%s", linnet_download_get_error (download)->message);
  g_assert_error (linnet_download_get_error (download), LINNET_DOWNLOAD_ERROR, (int) code);
  fixture_assert_nothing_left (self);
}

static void
test_no_room (Fixture *self, gconstpointer data)
{
  g_autoptr (LinnetDownload) download = NULL;

  if (self->registry == NULL)
    return;
  download =
      fixture_download_new (self, self->url, NULL, G_GUINT64_CONSTANT (1) << 60, self->sha256);
  assert_disk_error (self, download, LINNET_DOWNLOAD_ERROR_DISK_FULL);
  g_assert_cmpuint (fixture_count_sent (self, "origin"), ==, 0);
}

/* As where a disk is full, or a file system has no place for a file this big. */
static void
test_disk_limit (Fixture *self, gconstpointer data)
{
#ifdef G_OS_UNIX
  g_autoptr (LinnetDownload) download = NULL;
  struct rlimit before, low;

  if (self->registry == NULL)
    return;
  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &before), ==, 0);
  signal (SIGXFSZ, SIG_IGN);
  low = before;
  low.rlim_cur = FILE_BYTES / 2;
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &low), ==, 0);
  download = fixture_download_new (self, self->url, NULL, 0, self->sha256);
  assert_disk_error (self, download, LINNET_DOWNLOAD_ERROR_DISK_FULL);
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &before), ==, 0);
  fixture_download (download);
  fixture_assert_done (self, download);
#else
  g_test_skip ("this system has no limit of files");
#endif
}

/* For root, who may write everywhere: the folder becomes nobody's, and so does every thread. */
static gboolean
become_nobody (Fixture *self)
{
  const uid_t nobody = 65534;

  return chown (self->folder, nobody, (gid_t) -1) == 0 && seteuid (nobody) == 0;
}

static void
test_read_only (Fixture *self, gconstpointer data)
{
  g_autoptr (LinnetDownload) download = NULL;

  if (self->registry == NULL)
    return;
  if (geteuid () == 0 && !become_nobody (self)) {
    g_test_skip ("everything may be written by this user, who cannot become another one");
    return;
  }
  g_chmod (self->folder, 0500);
  download = fixture_download_new (self, self->url, NULL, 0, self->sha256);
  assert_disk_error (self, download, LINNET_DOWNLOAD_ERROR_DISK);
  g_chmod (self->folder, 0700);
  fixture_download (download);
  fixture_assert_done (self, download);
  if (getuid () == 0)
    g_assert_cmpint (seteuid (0), ==, 0);
}

/* Names and folders that are none. */
static void
test_bad_places (Fixture *self, gconstpointer data)
{
  const char *names[] = { "../a", "a/b", "", ".hidden", "..", "a\nb" };
  const char *urls[] = { self->url, NULL };
  const char *foreign[] = { "http://example.org/a.gguf", NULL };
  const char *file_url[] = { "file:///etc/passwd", NULL };
  const char *const *bad_urls[] = { foreign, file_url };

  if (self->registry == NULL)
    return;
  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    const LinnetDownloadFile file = { .name = names[i], .urls = urls };
    g_autoptr (LinnetDownload) download = linnet_download_new (self->folder, &file, 1, NULL);

    assert_disk_error (self, download, LINNET_DOWNLOAD_ERROR_DISK);
  }
  for (guint i = 0; i < G_N_ELEMENTS (bad_urls); i++) {
    const LinnetDownloadFile file = { .name = FILE_NAME, .urls = bad_urls[i] };
    g_autoptr (LinnetDownload) download = linnet_download_new (self->folder, &file, 1, NULL);

    assert_disk_error (self, download, LINNET_DOWNLOAD_ERROR_REFUSED);
  }
}

/* Chance. */

#define N_AT_ONCE      20
#define N_ROUNDS       10
#define N_SLOW_ROUNDS  4 /* under a sanitizer */
#define N_CHANCE_BYTES (1024 * 1024 + 4321)

/* What may happen where nothing is known that a wrong byte could be found out by: no such byte. */
#define HONEST_KINDS                                                                               \
  "['cut', 'reset', 'slow', 'endless', 'ignore-range', 'wrong-range', 'no-range', 'wrong-size',"   \
  " 'short', 'changed', 'status', 'redirect', 'garbage', 'bad-headers', 'refuse']"

typedef struct {
  char *name, *url, *sha256;
  gboolean is_blind; /* nothing but the size is known beforehand */
  LinnetDownload *download;
} Chance;

static void
chance_set_up (Fixture *self, Chance *chance, guint i, gboolean is_blind)
{
  g_autofree char *path = g_strdup_printf ("/files/%u", i);

  chance->name = g_strdup_printf ("%u", i);
  chance->url = registry_build_url (self->registry, path);
  chance->sha256 = fixture_add_file (self, chance->name, N_CHANCE_BYTES, i);
  chance->is_blind = is_blind;
}

/* The server changes a file by turning the same bits of every byte. */
static char *
hash_other (Fixture *self, Chance *chance)
{
  g_autofree char *path = g_build_filename (self->folder, chance->name, NULL);
  g_autofree char *contents = NULL;
  gsize length;

  if (!g_file_get_contents (path, &contents, &length, NULL))
    return NULL;
  for (gsize i = 0; i < length; i++)
    contents[i] ^= 0x55;
  return g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *) contents, length);
}

static void
chance_clear (Chance *chance)
{
  g_free (chance->name);
  g_free (chance->url);
  g_free (chance->sha256);
}

static gboolean
are_at_rest (gpointer data)
{
  const Chance *chances = data;

  for (guint i = 0; i < N_AT_ONCE; i++) {
    LinnetDownloadState state = linnet_download_get_state (chances[i].download);

    if (state == LINNET_DOWNLOAD_RUNNING || state == LINNET_DOWNLOAD_VERIFYING)
      return FALSE;
  }
  return TRUE;
}

static void
chance_begin (Fixture *self, Chance *chance)
{
  const char *urls[] = { chance->url, NULL };
  const LinnetDownloadFile file = {
    .name = chance->name,
    .urls = urls,
    .bytes = N_CHANCE_BYTES,
    .sha256 = chance->is_blind ? NULL : chance->sha256,
  };
  const LinnetDownloadOptions options = {
    .stall_seconds = 1, .n_retries = 2, .retry_milliseconds = 5, .range_bytes = 200000
  };
  g_autofree char *path = g_build_filename (self->folder, chance->name, NULL);

  g_unlink (path);
  chance->download = linnet_download_new (self->folder, &file, 1, &options);
  linnet_download_start (chance->download);
}

/* TRUE: done. */
static gboolean
chance_judge (Fixture *self, Chance *chance)
{
  g_autofree char *sum = fixture_hash (self, chance->name);

  if (linnet_download_get_state (chance->download) == LINNET_DOWNLOAD_DONE) {
    g_autofree char *other = hash_other (self, chance);

    /* One file or the other, but whole. */
    if (!chance->is_blind || strcmp (other, chance->sha256) != 0)
      g_assert_cmpstr (sum, ==, chance->sha256);
    return TRUE;
  }
  g_assert_cmpint (linnet_download_get_state (chance->download), ==, LINNET_DOWNLOAD_FAILED);
  assert_sentence (linnet_download_get_error (chance->download));
  g_assert_cmpstr (sum, ==, NULL);
  return FALSE;
}

/* Runs all of them; what fails is gone on with when all is well, and must then succeed. Returns how
 * many were done at once. */
static guint
run_chances (Fixture *self, Chance *chances)
{
  guint n_done = 0;

  for (guint i = 0; i < N_AT_ONCE; i++)
    chance_begin (self, &chances[i]);
  fixture_wait (are_at_rest, chances);
  registry_clear (self->registry);
  for (guint i = 0; i < N_AT_ONCE; i++) {
    n_done += chance_judge (self, &chances[i]);
    linnet_download_start (chances[i].download);
  }
  fixture_wait (are_at_rest, chances);
  for (guint i = 0; i < N_AT_ONCE; i++) {
    g_assert_no_error (linnet_download_get_error (chances[i].download));
    g_assert_true (chance_judge (self, &chances[i]));
    g_clear_object (&chances[i].download);
  }
  return n_done;
}

/* Schedules of faults. data: whether only the size of the files is known. */
static void
test_chance (Fixture *self, gconstpointer data)
{
  gboolean is_blind = GPOINTER_TO_INT (data);
  Chance chances[N_AT_ONCE] = { 0 };
  guint seed = (guint) g_test_rand_int_range (0, G_MAXINT32 / 2);
  guint n_all = fixture_is_slow () ? N_SLOW_ROUNDS : N_ROUNDS;
  guint n_done = 0, n_rounds = is_blind ? n_all / 2 : n_all;

  if (self->registry == NULL)
    return;
  g_test_message ("seed %u", seed);
  for (guint i = 0; i < N_AT_ONCE; i++)
    chance_set_up (self, &chances[i], i, is_blind);
  for (guint round = 0; round < n_rounds; round++) {
    g_autofree char *schedule =
        g_strdup_printf ("{'seed': %u, 'n_faults': %u, 'probability': 0.4, 'kinds': %s}",
                         seed + round, 2 * N_AT_ONCE, is_blind ? HONEST_KINDS : "null");

    fixture_control (self, "schedule", schedule);
    n_done += run_chances (self, chances);
  }
  g_test_message ("%u of %u were done at once", n_done, n_rounds * N_AT_ONCE);
  for (guint i = 0; i < N_AT_ONCE; i++)
    chance_clear (&chances[i]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (faults); i++) {
    g_autofree char *path = g_strconcat ("/download/fault/", faults[i].name, NULL);

    fixture_add (path, &faults[i], test_fault);
  }
  fixture_add ("/download/damaged-is-gone", NULL, test_damaged_is_gone);
  fixture_add ("/download/nobody", NULL, test_nobody);
  fixture_add ("/download/no-room", NULL, test_no_room);
  fixture_add ("/download/disk-limit", NULL, test_disk_limit);
  fixture_add ("/download/read-only", NULL, test_read_only);
  fixture_add ("/download/bad-places", NULL, test_bad_places);
  fixture_add ("/download/chance", GINT_TO_POINTER (FALSE), test_chance);
  fixture_add ("/download/chance-blind", GINT_TO_POINTER (TRUE), test_chance);
  return g_test_run ();
}
