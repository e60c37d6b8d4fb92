/* SPDX-License-Identifier: GPL-3.0-or-later
 * HTTPS: whose certificates are believed, in downloads and in what is asked of registries, and what
 * is said of the others. */
#include "library/linnet-http-session.h"
#include "library/linnet-library.h"
#include "library/linnet-registry-http.h"
#include "library/linnet-trust.h"

#include <glib/gstdio.h>
#include <string.h>

#include "download-fixture.h"

#define NO_OPENSSL 77
#define MAX_BYTES  (FILE_BYTES + 1)
/* Where many systems keep those whom they believe. */
#define SYSTEM_CERTIFICATES "/etc/ssl/certs/ca-certificates.crt"

/* A server's certificate, whom SSL_CERT_FILE names, and what is said. */
typedef struct {
  const char *name;
  const char *certificate;
  const char *trusted; /* NULL: the variable is not set */
  const char *words;   /* NULL: all is well */
} Case;

static const Case cases[] = {
  { "trusted", "good.pem", "ca.pem", NULL },
  { "unknown", "good.pem", NULL, "SSL_CERT_FILE" },
  { "stranger", "good.pem", "stranger.pem", "SSL_CERT_FILE" },
  { "no-such-file", "good.pem", "missing.pem", "SSL_CERT_FILE" },
  { "no-certificates", "good.pem", "openssl.cnf", "SSL_CERT_FILE" },
  { "expired", "expired.pem", "ca.pem", "date and time" },
  { "other-host", "other.pem", "ca.pem", "log in with a browser" },
};

/* Where the certificates are; NULL: there are none. */
static char *folder;
/* Why not. */
static const char *obstacle;

static char *
find (const char *name)
{
  return g_build_filename (folder, name, NULL);
}

static void
make_certificates (void)
{
  g_autofree char *python = g_find_program_in_path ("python3");
  g_autofree char *script =
      g_test_build_filename (G_TEST_DIST, "..", "registry", "certificates.py", NULL);
  g_autoptr (GSubprocess) process = NULL;
  g_autoptr (GError) error = NULL;

  if (!g_tls_backend_supports_tls (g_tls_backend_get_default ())) {
    obstacle = "GLib has no TLS here: glib-networking is not installed";
    return;
  }
  if (python == NULL) {
    obstacle = "there is no python3 for the registry";
    return;
  }
  folder = g_dir_make_tmp ("linnet-tls-XXXXXX", &error);
  g_assert_no_error (error);
  process = g_subprocess_new (G_SUBPROCESS_FLAGS_NONE, &error, python, "-B", script, folder, NULL);
  g_assert_no_error (error);
  g_subprocess_wait (process, NULL, &error);
  g_assert_no_error (error);
  if (g_subprocess_get_exit_status (process) == NO_OPENSSL)
    obstacle = "there is no openssl to make certificates with";
  else
    g_assert_cmpint (g_subprocess_get_exit_status (process), ==, 0);
}

static void
remove_certificates (void)
{
  g_autoptr (GDir) dir = folder != NULL ? g_dir_open (folder, 0, NULL) : NULL;
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
    g_autofree char *path = find (name);

    g_unlink (path);
  }
  if (folder != NULL)
    g_rmdir (folder);
  g_clear_pointer (&folder, g_free);
}

static void
trust (const char *name)
{
  g_autofree char *path = name != NULL ? find (name) : NULL;

  if (path != NULL)
    g_setenv ("SSL_CERT_FILE", path, TRUE);
  else
    g_unsetenv ("SSL_CERT_FILE");
}

/* data: a Case; NULL: all is well. */
static void
set_up (Fixture *self, gconstpointer data)
{
  const Case *one = data != NULL ? data : &cases[0];
  g_autofree char *path = NULL;

  if (obstacle != NULL) {
    g_test_skip (obstacle);
    return;
  }
  path = find (one->certificate);
  fixture_set_up_with (self, registry_new_tls (path));
  trust (one->trusted);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  trust (NULL);
  fixture_tear_down (self, data);
}

static void
assert_says (const GError *error, const char *words)
{
  g_assert_nonnull (error);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, words));
  g_assert_nonnull (strstr (error->message, "127.0.0.1"));
  g_assert_true (g_str_has_suffix (error->message, "."));
}

static guint
count_requests (Fixture *self)
{
  g_autoptr (JsonNode) log = registry_get_log (self->registry);

  return json_array_get_length (json_node_get_array (log));
}

static void
test_download (Fixture *self, gconstpointer data)
{
  const Case *one = data;
  g_autoptr (LinnetDownload) download = NULL;

  if (self->registry == NULL)
    return;
  download = fixture_download_new_plain (self);
  fixture_download (download);
  if (one->words == NULL) {
    fixture_assert_done (self, download);
    g_assert_cmpuint (fixture_count_sent (self, "origin"), ==, FILE_BYTES);
    return;
  }
  g_assert_cmpint (linnet_download_get_state (download), ==, LINNET_DOWNLOAD_FAILED);
  g_assert_error (linnet_download_get_error (download), LINNET_DOWNLOAD_ERROR,
                  LINNET_DOWNLOAD_ERROR_NETWORK);
  assert_says (linnet_download_get_error (download), one->words);
  fixture_assert_nothing_left (self);
  g_assert_cmpuint (count_requests (self), ==, 0);
}

static SoupSession *
session_new (void)
{
  const LinnetHttpSessionOptions options = { .timeout_seconds = LINNET_HTTP_STALL_SECONDS };

  return linnet_http_session_new (&options);
}

/* As registries are asked. What nobody vouches for is not tried again and again. */
static void
test_ask (Fixture *self, gconstpointer data)
{
  const Case *one = data;
  g_autoptr (SoupSession) session = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) error2 = NULL;
  LinnetHttpFile file = { 0 };
  gboolean is_probed;

  if (self->registry == NULL)
    return;
  session = session_new ();
  bytes = linnet_http_get (session, self->url, NULL, MAX_BYTES, NULL, &error);
  is_probed = linnet_http_probe (session, self->url, &file, NULL, &error2);
  if (one->words == NULL) {
    g_assert_no_error (error);
    g_assert_no_error (error2);
    g_assert_cmpuint (g_bytes_get_size (bytes), ==, FILE_BYTES);
    g_assert_true (is_probed);
    g_assert_cmpuint (file.bytes, ==, FILE_BYTES);
    g_free (file.sha256);
    return;
  }
  g_assert_null (bytes);
  g_assert_false (is_probed);
  g_assert_error (error, LINNET_LIBRARY_ERROR, LINNET_LIBRARY_ERROR_REGISTRY);
  g_assert_error (error2, LINNET_LIBRARY_ERROR, LINNET_LIBRARY_ERROR_REGISTRY);
  assert_says (error, one->words);
  assert_says (error2, one->words);
  g_assert_cmpuint (count_requests (self), ==, 0);
}

/* From a host that is safe to another one that is. */
static void
test_redirect (Fixture *self, gconstpointer data)
{
  g_autoptr (LinnetDownload) download = NULL;

  if (self->registry == NULL)
    return;
  fixture_add_rule (self, "{'fault': 'redirect', 'location': 'other', 'host': 'origin',"
                          " 'times': 0}");
  download = fixture_download_new_plain (self);
  fixture_download (download);
  fixture_assert_done (self, download);
  g_assert_cmpuint (fixture_count_sent (self, "cdn"), ==, FILE_BYTES);
}

/* From one that is safe to one that is not, though it is this computer, and there is the file. */
static void
test_redirect_to_http (Fixture *self, gconstpointer data)
{
  g_autoptr (Registry) plain = NULL;
  g_autofree char *url = NULL;
  g_autofree char *rule = NULL;
  g_autoptr (LinnetDownload) download = NULL;
  g_autoptr (SoupSession) session = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) log = NULL;

  if (self->registry == NULL)
    return;
  plain = registry_new ();
  json_node_unref (registry_control (
      plain, "load", "{\"files\": {\"%s\": {\"size\": %u, \"seed\": 1}}}", FILE_NAME, FILE_BYTES));
  url = registry_build_url (plain, "/files/" FILE_NAME);
  rule = g_strdup_printf ("{'fault': 'redirect', 'location': '%s', 'times': 0}", url);
  fixture_add_rule (self, rule);

  download = fixture_download_new_plain (self);
  fixture_download (download);
  g_assert_error (linnet_download_get_error (download), LINNET_DOWNLOAD_ERROR,
                  LINNET_DOWNLOAD_ERROR_SERVER);
  assert_says (linnet_download_get_error (download), "cannot be trusted");
  fixture_assert_nothing_left (self);

  session = session_new ();
  bytes = linnet_http_get (session, self->url, NULL, MAX_BYTES, NULL, &error);
  g_assert_null (bytes);
  g_assert_error (error, LINNET_LIBRARY_ERROR, LINNET_LIBRARY_ERROR_REGISTRY);
  assert_says (error, "not safe");
  log = registry_get_log (plain);
  g_assert_cmpuint (json_array_get_length (json_node_get_array (log)), ==, 0);
}

/* A server that speaks HTTP where HTTPS is asked. */
static void
test_no_tls (Fixture *self, gconstpointer data)
{
  g_autoptr (Registry) plain = NULL;
  g_autofree char *url = NULL;
  g_autoptr (LinnetDownload) download = NULL;
  g_autoptr (SoupSession) session = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;

  if (self->registry == NULL)
    return;
  plain = registry_new ();
  plain->scheme = "https";
  url = registry_build_url (plain, "/files/" FILE_NAME);
  download = fixture_download_new (self, url, NULL, FILE_BYTES, self->sha256);
  fixture_download (download);
  g_assert_error (linnet_download_get_error (download), LINNET_DOWNLOAD_ERROR,
                  LINNET_DOWNLOAD_ERROR_NETWORK);
  assert_says (linnet_download_get_error (download), "");
  session = session_new ();
  bytes = linnet_http_get (session, url, NULL, MAX_BYTES, NULL, &error);
  g_assert_null (bytes);
  assert_says (error, "");
  plain->scheme = "http";
}

static GTlsCertificateFlags
verify (GTlsDatabase *database, GTlsCertificate *certificate, GSocketConnectable *identity)
{
  g_autoptr (GError) error = NULL;
  GTlsCertificateFlags problems = g_tls_database_verify_chain (
      database, certificate, G_TLS_DATABASE_PURPOSE_AUTHENTICATE_SERVER, identity, NULL,
      G_TLS_DATABASE_VERIFY_NONE, NULL, &error);

  g_assert_no_error (error);
  return problems;
}

/* Those whom the system believes are believed besides. */
static void
assert_system_is_trusted (GTlsDatabase *database)
{
  g_autoptr (GTlsDatabase) usual =
      g_tls_backend_get_default_database (g_tls_backend_get_default ());
  g_autolist (GTlsCertificate) list =
      g_tls_certificate_list_new_from_file (SYSTEM_CERTIFICATES, NULL);
  guint n_believed = 0;

  for (GList *link = list; link != NULL; link = link->next)
    if (verify (usual, link->data, NULL) == 0) {
      g_assert_cmpuint (verify (database, link->data, NULL), ==, 0);
      n_believed++;
    }
  g_test_message ("%u certificates of the system’s are believed", n_believed);
}

static void
test_trust (void)
{
  g_autofree char *path = NULL;
  g_autofree char *good = NULL;
  g_autoptr (GTlsDatabase) database = NULL;
  g_autoptr (GTlsCertificate) certificate = NULL;
  g_autoptr (GSocketConnectable) here = NULL;
  g_autoptr (GSocketConnectable) elsewhere = NULL;
  g_autoptr (GError) error = NULL;

  if (obstacle != NULL) {
    g_test_skip (obstacle);
    return;
  }
  path = find ("ca.pem");
  good = find ("good.crt");
  database = linnet_trust_new (path, &error);
  g_assert_no_error (error);
  certificate = g_tls_certificate_new_from_file (good, &error);
  g_assert_no_error (error);
  here = g_network_address_new ("localhost", 443);
  elsewhere = g_network_address_new ("linnet.example", 443);
  g_assert_cmpuint (verify (database, certificate, here), ==, 0);
  g_assert_cmpuint (verify (database, certificate, elsewhere), ==, G_TLS_CERTIFICATE_BAD_IDENTITY);
  assert_system_is_trusted (database);
}

static void
add (const char *group, const Case *one, void (*test) (Fixture *, gconstpointer))
{
  g_autofree char *path =
      g_strconcat ("/tls/", group, one != NULL ? "/" : NULL, one != NULL ? one->name : NULL, NULL);

  g_test_add (path, Fixture, one, set_up, test, tear_down);
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  make_certificates ();
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    add ("download", &cases[i], test_download);
    add ("ask", &cases[i], test_ask);
  }
  add ("redirect", NULL, test_redirect);
  add ("redirect-to-http", NULL, test_redirect_to_http);
  add ("no-tls", NULL, test_no_tls);
  g_test_add_func ("/tls/trust", test_trust);
  status = g_test_run ();
  remove_certificates ();
  return status;
}
