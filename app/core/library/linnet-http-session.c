/* SPDX-License-Identifier: GPL-3.0-or-later
 * Sessions of HTTP, and what is said when a connection is not safe. */
#include "library/linnet-http-session.h"

#include <glib/gi18n-lib.h>

#include "library/linnet-trust.h"

#define USER_AGENT "Linnet"
/* Beside those of a download: the connections that are just being closed. */
#define SPARE_CONNECTIONS 2

/* What a company's proxy or a server of one's own signs with. A file that cannot be used makes
 * nothing safe that was not, and nothing unsafe. */
static void
add_trust (SoupSession *session)
{
  const char *path = g_getenv ("SSL_CERT_FILE");
  g_autoptr (GTlsDatabase) trust = NULL;
  g_autoptr (GError) error = NULL;

  if (path == NULL || path[0] == '\0' || !g_tls_backend_supports_tls (g_tls_backend_get_default ()))
    return;
  trust = linnet_trust_new (path, &error);
  if (trust != NULL)
    soup_session_set_tls_database (session, trust);
  else
    g_message ("SSL_CERT_FILE “%s” is not used: %s", path, error->message);
}

void
linnet_http_prepare (void)
{
  g_type_class_unref (g_type_class_ref (SOUP_TYPE_SESSION));
}

SoupSession *
linnet_http_session_new (const LinnetHttpSessionOptions *options)
{
  SoupSession *session;

  if (options->n_connections > 0)
    session = soup_session_new_with_options (
        "user-agent", USER_AGENT, "max-conns", (int) options->n_connections + 2 * SPARE_CONNECTIONS,
        "max-conns-per-host", (int) options->n_connections + SPARE_CONNECTIONS, NULL);
  else
    session = soup_session_new_with_options ("user-agent", USER_AGENT, NULL);
  soup_session_set_timeout (session, options->timeout_seconds);
  if (options->proxy != NULL) {
    g_autoptr (GProxyResolver) resolver = g_simple_proxy_resolver_new (options->proxy, NULL);

    soup_session_set_proxy_resolver (session, resolver);
  }
  add_trust (session);
  return session;
}

char *
linnet_http_explain_tls (const GError *cause, GTlsCertificateFlags problems, const char *host)
{
  /* A connection that ends too early is broken, and nothing worse. */
  if (cause->domain != G_TLS_ERROR || g_error_matches (cause, G_TLS_ERROR, G_TLS_ERROR_EOF))
    return NULL;
  if (problems & G_TLS_CERTIFICATE_UNKNOWN_CA)
    return g_strdup_printf (
        _ ("Nobody that this computer trusts vouches for %s, so nothing was fetched from it. If "
           "your "
           "company’s proxy looks into connections, ask for the file of its certificates and set "
           "the environment variable SSL_CERT_FILE to it."),
        host);
  if (problems & G_TLS_CERTIFICATE_BAD_IDENTITY)
    return g_strdup_printf (
        _ ("What answers is not %s, so nothing was fetched from it. If this network wants a login "
           "first, log in with a browser, then try again."),
        host);
  if (problems & (G_TLS_CERTIFICATE_EXPIRED | G_TLS_CERTIFICATE_NOT_ACTIVATED))
    return g_strdup_printf (
        _ ("The certificate of %s is not valid today, so nothing was fetched from it. Check this "
           "computer’s date and time; if they are right, try again later or choose another "
           "source."),
        host);
  return g_strdup_printf (_ ("The connection to %s is not safe, so nothing was fetched from it. "
                             "Check the computer’s clock and network."),
                          host);
}
