/* SPDX-License-Identifier: GPL-3.0-or-later
 * The registry of tests/registry as a process, told what to do over HTTP. */
#include "registry.h"

#include <libsoup/soup.h>
#include <stdlib.h>

/* The process, as long as this program runs: starting Python takes longer than most tests. */
static GSubprocess *process;
static GDataInputStream *output;

static gboolean
start_process (void)
{
  g_autofree char *python = g_find_program_in_path ("python3");
  g_autofree char *script =
      g_test_build_filename (G_TEST_DIST, "..", "registry", "server.py", NULL);
  g_autoptr (GError) error = NULL;

  if (process != NULL)
    return TRUE;
  if (python == NULL)
    return FALSE;
  process = g_subprocess_new (G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE,
                              &error, python, "-B", script, NULL);
  g_assert_no_error (error);
  output = g_data_input_stream_new (g_subprocess_get_stdout_pipe (process));
  return TRUE;
}

static void tell (const char *format, ...) G_GNUC_PRINTF (1, 2);

static void
tell (const char *format, ...)
{
  GOutputStream *input = g_subprocess_get_stdin_pipe (process);
  g_autoptr (GError) error = NULL;
  va_list arguments;

  va_start (arguments, format);
  g_output_stream_vprintf (input, NULL, NULL, &error, format, arguments);
  va_end (arguments);
  g_assert_no_error (error);
}

static guint
read_port (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *line = g_data_input_stream_read_line (output, NULL, NULL, &error);

  g_assert_no_error (error);
  g_assert_nonnull (line);
  return (guint) atoi (line);
}

Registry *
registry_new (void)
{
  return registry_new_tls (NULL);
}

Registry *
registry_new_tls (const char *certificate)
{
  Registry *self;

  if (!start_process ()) {
    g_test_skip ("there is no python3 for the registry");
    return NULL;
  }
  self = g_new0 (Registry, 1);
  self->scheme = certificate != NULL ? "https" : "http";
  tell ("start %s\n", certificate != NULL ? certificate : "");
  self->port = read_port ();
  self->cdn_port = read_port ();
  return self;
}

void
registry_free (Registry *self)
{
  if (self == NULL)
    return;
  tell ("stop %u\n", self->port);
  g_free (self);
}

char *
registry_build_url (Registry *self, const char *path)
{
  return g_strdup_printf ("%s://127.0.0.1:%u%s", self->scheme, self->port, path);
}

char *
registry_build_cdn_url (Registry *self, const char *path)
{
  return g_strdup_printf ("%s://127.0.0.1:%u%s", self->scheme, self->cdn_port, path);
}

/* Telling a registry what to do is no secret, whatever certificate it shows. */
static gboolean
accept_cb (SoupMessage *message,
           GTlsCertificate *certificate,
           GTlsCertificateFlags errors,
           gpointer data)
{
  return TRUE;
}

static JsonNode *
send (Registry *self, const char *method, const char *what, const char *text)
{
  g_autoptr (SoupSession) session = soup_session_new ();
  g_autofree char *path = g_strconcat ("/_control/", what, NULL);
  g_autofree char *url = registry_build_url (self, path);
  g_autoptr (SoupMessage) message = soup_message_new (method, url);
  g_autoptr (GBytes) body = text != NULL ? g_bytes_new (text, strlen (text)) : NULL;
  g_autoptr (GBytes) answer = NULL;
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) error = NULL;

  g_signal_connect (message, "accept-certificate", G_CALLBACK (accept_cb), NULL);
  soup_message_set_request_body_from_bytes (message, "application/json", body);
  answer = soup_session_send_and_read (session, message, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (soup_message_get_status (message), ==, 200);
  json_parser_load_from_data (parser, g_bytes_get_data (answer, NULL),
                              (gssize) g_bytes_get_size (answer), &error);
  g_assert_no_error (error);
  return json_node_copy (json_parser_get_root (parser));
}

JsonNode *
registry_control (Registry *self, const char *what, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list arguments;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  return send (self, "POST", what, text);
}

void
registry_clear (Registry *self)
{
  json_node_unref (send (self, "DELETE", "rules", NULL));
  json_node_unref (send (self, "DELETE", "log", NULL));
}

JsonNode *
registry_get_log (Registry *self)
{
  return send (self, "GET", "log", NULL);
}
