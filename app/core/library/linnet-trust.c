/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetTrust: two databases, asked one after the other. */
#include "library/linnet-trust.h"

struct _LinnetTrust {
  GTlsDatabase parent_instance;

  GTlsDatabase *usual; /* the system's; NULL: it has none */
  GTlsDatabase *more;
};

G_DEFINE_FINAL_TYPE (LinnetTrust, linnet_trust, G_TYPE_TLS_DATABASE)

static GTlsCertificateFlags
linnet_trust_verify_chain (GTlsDatabase *database,
                           GTlsCertificate *chain,
                           const char *purpose,
                           GSocketConnectable *identity,
                           GTlsInteraction *interaction,
                           GTlsDatabaseVerifyFlags flags,
                           GCancellable *cancellable,
                           GError **error)
{
  LinnetTrust *self = LINNET_TRUST (database);

  if (self->usual != NULL) {
    g_autoptr (GError) failure = NULL;
    GTlsCertificateFlags problems = g_tls_database_verify_chain (
        self->usual, chain, purpose, identity, interaction, flags, cancellable, &failure);

    /* Only who is not known to one may be known to the other. */
    if (failure == NULL && (problems & G_TLS_CERTIFICATE_UNKNOWN_CA) == 0)
      return problems;
  }
  return g_tls_database_verify_chain (self->more, chain, purpose, identity, interaction, flags,
                                      cancellable, error);
}

static void
linnet_trust_finalize (GObject *object)
{
  LinnetTrust *self = LINNET_TRUST (object);

  g_clear_object (&self->usual);
  g_clear_object (&self->more);
  G_OBJECT_CLASS (linnet_trust_parent_class)->finalize (object);
}

static void
linnet_trust_class_init (LinnetTrustClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = linnet_trust_finalize;
  G_TLS_DATABASE_CLASS (klass)->verify_chain = linnet_trust_verify_chain;
}

static void
linnet_trust_init (LinnetTrust *self)
{
}

GTlsDatabase *
linnet_trust_new (const char *path, GError **error)
{
  g_autoptr (LinnetTrust) self = g_object_new (LINNET_TYPE_TRUST, NULL);
  g_autofree char *absolute = g_canonicalize_filename (path, NULL);
  g_autolist (GTlsCertificate) list = g_tls_certificate_list_new_from_file (absolute, error);

  if (list == NULL) {
    if (error != NULL && *error == NULL)
      g_set_error_literal (error, G_TLS_ERROR, G_TLS_ERROR_BAD_CERTIFICATE,
                           "there is no certificate in it");
    return NULL;
  }
  self->more = g_tls_file_database_new (absolute, error);
  if (self->more == NULL)
    return NULL;
  self->usual = g_tls_backend_get_default_database (g_tls_backend_get_default ());
  return G_TLS_DATABASE (g_steal_pointer (&self));
}
