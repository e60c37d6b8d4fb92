/* SPDX-License-Identifier: GPL-3.0-or-later
 * The registry of tests/registry for the tests of core: a process of its own on loopback, which is
 * started once a program and has as many registries as are wanted. */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

typedef struct {
  guint port;
  guint cdn_port;
  const char *scheme;
} Registry;

/* A new one, which offers nothing. NULL: there is no Python, and the test has been marked as
 * skipped. */
Registry *registry_new (void);
/* certificate: a file of certificates.py; both hosts speak HTTPS with it. */
Registry *registry_new_tls (const char *certificate);
void registry_free (Registry *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Registry, registry_free)

/* Sends JSON, printf-like, to /_control/what, and returns the answer. */
JsonNode *registry_control (Registry *self, const char *what, const char *format, ...)
    G_GNUC_PRINTF (3, 4);
/* Forgets rules, schedule and log. */
void registry_clear (Registry *self);
/* Rows of the log that have a method, in order. */
JsonNode *registry_get_log (Registry *self);
/* Of a path on the first host, or on the other. */
char *registry_build_url (Registry *self, const char *path);
char *registry_build_cdn_url (Registry *self, const char *path);

G_END_DECLS
