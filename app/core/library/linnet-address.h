/* SPDX-License-Identifier: GPL-3.0-or-later
 * Which addresses may be asked, where one may lead to another, and what is told on the way. All
 * that goes out to the network passes here. No state, any thread. */
#pragma once

#include <libsoup/soup.h>

G_BEGIN_DECLS

/* uri: as libsoup reads it, SOUP_HTTP_URI_FLAGS. https, or http to this computer: nothing else is
 * ever asked. */
gboolean linnet_address_may_ask (GUri *uri);
/* The same of a text, which libsoup will read. G_IO_ERROR_INVALID_ARGUMENT. */
gboolean linnet_address_check (const char *url, GError **error);

/* Where an answer of from leads, if one may follow: to what may be asked, and never from https to
 * less. location: its header, or NULL. Transfer full; NULL: one may not. */
GUri *linnet_address_follow (GUri *from, const char *location);

/* The digest of a file that registries tell beside the way to it (X-Linked-ETag), 64 lower-case
 * hex digits. Transfer full; NULL: none. */
char *linnet_address_dup_linked_sha256 (SoupMessageHeaders *headers);

G_END_DECLS
