/* SPDX-License-Identifier: GPL-3.0-or-later
 * The one place where sessions of HTTP are made: who is asked, through which proxy, and whose
 * certificates are believed. */
#pragma once

#include <libsoup/soup.h>

G_BEGIN_DECLS

typedef struct {
  const char *proxy;     /* URI; NULL: the system's */
  guint timeout_seconds; /* without a byte; 0: none */
  guint n_connections;   /* to one host at once; 0: as libsoup would have it */
} LinnetHttpSessionOptions;

/* To be called by a program before anything else, while it has one thread: makes the classes of
 * sessions. Made later, on one thread, they can wait for ever for the connection to the desktop's
 * bus that is made on another, which waits for GObject's lock of classes. */
void linnet_http_prepare (void);

/* Believes those whom the system believes, and those of the file that SSL_CERT_FILE names, if it
 * can be read. Transfer full. */
SoupSession *linnet_http_session_new (const LinnetHttpSessionOptions *options);

/* Why a connection to host is not safe, and what to do, as a sentence for people; NULL: cause is
 * about something else. problems: of the message that failed. Transfer full. */
char *
linnet_http_explain_tls (const GError *cause, GTlsCertificateFlags problems, const char *host);

G_END_DECLS
