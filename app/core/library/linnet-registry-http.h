/* SPDX-License-Identifier: GPL-3.0-or-later
 * Small answers over HTTP, with bounds on their size and time. Blocks: for worker threads, one
 * session each. LINNET_LIBRARY_ERROR_REGISTRY, _NOT_FOUND (404) or G_IO_ERROR_CANCELLED. */
#pragma once

#include <libsoup/soup.h>

G_BEGIN_DECLS

/* Without a byte before an answer is given up. */
#define LINNET_HTTP_STALL_SECONDS 20

/* The whole answer, of max_bytes at most. accept: a media type, or NULL. Redirects are followed,
 * never from https to less. Transfer full. */
GBytes *linnet_http_get (SoupSession *session,
                         const char *url,
                         const char *accept,
                         gsize max_bytes,
                         GCancellable *cancellable,
                         GError **error);

/* What is known of a file from its first bytes. */
typedef struct {
  char magic[4]; /* the file's first bytes */
  guint64 bytes; /* 0: not told */
  char *sha256;  /* as the first host tells it, 64 lower-case hex digits; NULL: not told */
} LinnetHttpFile;

gboolean linnet_http_probe (SoupSession *session,
                            const char *url,
                            LinnetHttpFile *file,
                            GCancellable *cancellable,
                            GError **error);

G_END_DECLS
