/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetTrust: those whom the system believes, and those of one more file. Any thread. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define LINNET_TYPE_TRUST (linnet_trust_get_type ())
G_DECLARE_FINAL_TYPE (LinnetTrust, linnet_trust, LINNET, TRUST, GTlsDatabase)

/* path: of certificates in PEM. Transfer full; NULL: it has none, or cannot be read. Blocks. */
GTlsDatabase *linnet_trust_new (const char *path, GError **error);

G_END_DECLS
