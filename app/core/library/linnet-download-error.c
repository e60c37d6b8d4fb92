/* SPDX-License-Identifier: GPL-3.0-or-later
 * What a download says when it fails: sentences for people. */
#include "library/linnet-download-private.h"

#include <errno.h>
#include <glib/gi18n-lib.h>

#include "library/linnet-http-session.h"

G_DEFINE_QUARK (linnet - download - error - quark, linnet_download_error)

void
linnet_download_set_status_error (GError **error, guint status, const char *host)
{
  if (status == 404 || status == 410)
    g_set_error (error, LINNET_DOWNLOAD_ERROR, LINNET_DOWNLOAD_ERROR_NOT_FOUND,
                 _ ("%s does not have this file. Check the model’s name."), host);
  else if (status == 401 || status == 403 || status == 407)
    g_set_error (error, LINNET_DOWNLOAD_ERROR, LINNET_DOWNLOAD_ERROR_REFUSED,
                 _ ("%s does not give this file to everyone: it asks for a login. Choose another "
                    "source or another model."),
                 host);
  else if (status == 429)
    g_set_error (error, LINNET_DOWNLOAD_ERROR, LINNET_DOWNLOAD_ERROR_SERVER,
                 _ ("%s is asked too often just now. Try again in a few minutes."), host);
  else if (status >= 500 || status == 408)
    g_set_error (error, LINNET_DOWNLOAD_ERROR, LINNET_DOWNLOAD_ERROR_SERVER,
                 _ ("%s has a problem of its own (%u). Try again later."), host, status);
  else if (status >= 400)
    g_set_error (error, LINNET_DOWNLOAD_ERROR, LINNET_DOWNLOAD_ERROR_REFUSED,
                 _ ("%s refuses to give this file (%u). Choose another source."), host, status);
  else
    linnet_download_set_nonsense_error (error, host);
}

static gboolean
is_unreachable (const GError *cause)
{
  return g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED) ||
         g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_HOST_UNREACHABLE) ||
         g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_NETWORK_UNREACHABLE) ||
         g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_HOST_NOT_FOUND) ||
         cause->domain == G_RESOLVER_ERROR;
}

static gboolean
is_proxy (const GError *cause)
{
  return g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_PROXY_FAILED) ||
         g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_PROXY_AUTH_FAILED) ||
         g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_PROXY_NEED_AUTH) ||
         g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_PROXY_NOT_ALLOWED);
}

gboolean
linnet_download_set_network_error (GError **error,
                                   const GError *cause,
                                   GTlsCertificateFlags problems,
                                   const char *host)
{
  g_autofree char *unsafe = linnet_http_explain_tls (cause, problems, host);

  if (unsafe != NULL) {
    g_set_error_literal (error, LINNET_DOWNLOAD_ERROR, LINNET_DOWNLOAD_ERROR_NETWORK, unsafe);
    return FALSE;
  }
  if (is_proxy (cause)) {
    g_set_error (error, LINNET_DOWNLOAD_ERROR, LINNET_DOWNLOAD_ERROR_NETWORK,
                 _ ("The proxy does not lead to %s. Check the proxy in the preferences."), host);
    return FALSE;
  }
  if (is_unreachable (cause))
    g_set_error (error, LINNET_DOWNLOAD_ERROR, LINNET_DOWNLOAD_ERROR_NETWORK,
                 _ ("%s cannot be reached. Check the network connection and try again."), host);
  else
    g_set_error (error, LINNET_DOWNLOAD_ERROR, LINNET_DOWNLOAD_ERROR_NETWORK,
                 _ ("The connection to %s broke again and again. What was fetched is kept; try "
                    "again later."),
                 host);
  return TRUE;
}

void
linnet_download_set_stall_error (GError **error, const char *host)
{
  g_set_error (error, LINNET_DOWNLOAD_ERROR, LINNET_DOWNLOAD_ERROR_NETWORK,
               _ ("Nothing comes from %s any more. What was fetched is kept; try again later."),
               host);
}

void
linnet_download_set_nonsense_error (GError **error, const char *host)
{
  g_set_error (error, LINNET_DOWNLOAD_ERROR, LINNET_DOWNLOAD_ERROR_SERVER,
               _ ("%s gives an answer that makes no sense. Try again later, or choose another "
                  "source."),
               host);
}

void
linnet_download_set_redirect_error (GError **error, const char *host)
{
  g_set_error (error, LINNET_DOWNLOAD_ERROR, LINNET_DOWNLOAD_ERROR_SERVER,
               _ ("%s sends us on to a place that cannot be trusted or does not exist. Choose "
                  "another source."),
               host);
}

void
linnet_download_set_address_error (GError **error, const char *url)
{
  g_set_error (error, LINNET_DOWNLOAD_ERROR, LINNET_DOWNLOAD_ERROR_REFUSED,
               _ ("“%s” is not an address that files are fetched from safely. Give one that begins "
                  "with https://."),
               url);
}

void
linnet_download_set_changed_error (GError **error, const char *host)
{
  g_set_error (error, LINNET_DOWNLOAD_ERROR, LINNET_DOWNLOAD_ERROR_CHANGED,
               _ ("The file at %s is not the one that was asked for any more. Try again, or choose "
                  "another source."),
               host);
}

void
linnet_download_set_damaged_error (GError **error, const char *name)
{
  g_set_error (error, LINNET_DOWNLOAD_ERROR, LINNET_DOWNLOAD_ERROR_DAMAGED,
               _ ("“%s” arrived damaged and was thrown away. Try again."), name);
}

void
linnet_download_set_room_error (GError **error, guint64 n_needed, guint64 n_free)
{
  g_autofree char *needed = g_format_size (n_needed);
  g_autofree char *there = g_format_size (n_free);

  g_set_error (error, LINNET_DOWNLOAD_ERROR, LINNET_DOWNLOAD_ERROR_DISK_FULL,
               _ ("The disk has no room: %s are needed and %s are free. Delete something, or "
                  "choose another folder."),
               needed, there);
}

void
linnet_download_set_busy_error (GError **error, const char *name)
{
  g_set_error (error, LINNET_DOWNLOAD_ERROR, LINNET_DOWNLOAD_ERROR_DISK,
               _ ("“%s” is being fetched already, by another window or program. Wait for it to "
                  "finish."),
               name);
}

void
linnet_download_set_disk_error (GError **error, int code, const char *folder)
{
  if (code == ENOSPC
#ifdef EDQUOT
      || code == EDQUOT
#endif
  )
    g_set_error (error, LINNET_DOWNLOAD_ERROR, LINNET_DOWNLOAD_ERROR_DISK_FULL,
                 _ ("The disk is full. Delete something and try again; what was fetched is kept."));
  else if (code == EFBIG)
    g_set_error (error, LINNET_DOWNLOAD_ERROR, LINNET_DOWNLOAD_ERROR_DISK_FULL,
                 _ ("The folder “%s” cannot hold a file this big. Choose another folder."), folder);
  else if (code == EACCES || code == EPERM || code == EROFS)
    g_set_error (error, LINNET_DOWNLOAD_ERROR, LINNET_DOWNLOAD_ERROR_DISK,
                 _ ("Nothing may be written to the folder “%s”. Choose another folder."), folder);
  else
    g_set_error (error, LINNET_DOWNLOAD_ERROR, LINNET_DOWNLOAD_ERROR_DISK,
                 _ ("The folder “%s” cannot be written to: %s. Choose another folder."), folder,
                 g_strerror (code));
}

void
linnet_download_set_name_error (GError **error, const char *name)
{
  g_set_error (error, LINNET_DOWNLOAD_ERROR, LINNET_DOWNLOAD_ERROR_DISK,
               _ ("“%s” is not a name that a file can have here."), name);
}
