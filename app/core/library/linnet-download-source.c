/* SPDX-License-Identifier: GPL-3.0-or-later
 * The sources of one file. */
#include "library/linnet-download-source.h"

#include <string.h>

#include "library/linnet-address.h"

LinnetDownloadSource *
linnet_download_source_new (const char *url)
{
  LinnetDownloadSource *self = g_new0 (LinnetDownloadSource, 1);
  g_autoptr (GUri) uri = g_uri_parse (url, SOUP_HTTP_URI_FLAGS, NULL);

  self->url = g_strdup (url);
  if (uri == NULL || !linnet_address_may_ask (uri)) {
    self->label = g_strdup ("");
    self->host = g_strdup (url);
    linnet_download_set_address_error (&self->failure, url);
    return self;
  }
  self->label = g_uri_to_string_partial (uri, G_URI_HIDE_USERINFO);
  self->host = g_strdup (g_uri_get_host (uri));
  return self;
}

void
linnet_download_source_free (LinnetDownloadSource *self)
{
  g_free (self->url);
  g_free (self->label);
  g_free (self->host);
  g_clear_error (&self->failure);
  g_free (self->etag);
  g_free (self);
}

void
linnet_download_source_reset (LinnetDownloadSource *self)
{
  if (self->label[0] != '\0')
    g_clear_error (&self->failure);
  self->rate = 0;
  self->n_failures = 0;
  self->has_no_ranges = FALSE;
  g_clear_pointer (&self->etag, g_free);
}

void
linnet_download_source_measure (LinnetDownloadSource *self, guint64 n_bytes, gint64 begun_us)
{
  double seconds = (double) (g_get_monotonic_time () - begun_us) / G_USEC_PER_SEC;
  double rate = (double) n_bytes / MAX (seconds, 1e-6);

  self->is_measuring = FALSE;
  self->n_failures = 0;
  self->rate = self->rate == 0 ? rate : 0.5 * (self->rate + rate);
}

int
linnet_download_sources_choose (GPtrArray *sources, int alone)
{
  int best = -1;

  if (alone >= 0 && ((LinnetDownloadSource *) sources->pdata[alone])->failure == NULL)
    return alone;
  for (guint i = 0; i < sources->len; i++) {
    const LinnetDownloadSource *source = sources->pdata[i];
    const LinnetDownloadSource *other = best >= 0 ? sources->pdata[best] : NULL;

    if (source->failure != NULL)
      continue;
    if (source->rate == 0 && !source->is_measuring)
      return (int) i;
    if (other == NULL || source->rate > other->rate)
      best = (int) i;
  }
  return best;
}

gboolean
linnet_download_sources_has_other (GPtrArray *sources, guint but)
{
  for (guint i = 0; i < sources->len; i++)
    if (i != but && ((LinnetDownloadSource *) sources->pdata[i])->failure == NULL)
      return TRUE;
  return FALSE;
}

const GError *
linnet_download_sources_get_failure (GPtrArray *sources)
{
  const LinnetDownloadSource *first = sources->pdata[0];

  /* That something cannot be reached says less than what another source has to say. */
  for (guint i = 0; i < sources->len; i++) {
    const LinnetDownloadSource *source = sources->pdata[i];

    if (!g_error_matches (source->failure, LINNET_DOWNLOAD_ERROR, LINNET_DOWNLOAD_ERROR_NETWORK))
      return source->failure;
  }
  return first->failure;
}

/* Bytes of the journal that a source gave. */
static guint64
count_bytes (const LinnetDownloadSource *source, const LinnetJournal *journal)
{
  guint64 sum = 0;

  for (guint i = 0; i < journal->ranges->len; i++) {
    const LinnetRange *range = &g_array_index (journal->ranges, LinnetRange, i);

    if (strcmp (journal->sources->pdata[range->source], source->label) == 0)
      sum += range->end - range->start;
  }
  return sum;
}

int
linnet_download_sources_suspect (GPtrArray *sources,
                                 const LinnetJournal *journal,
                                 const GError *error)
{
  guint64 all = linnet_ranges_sum (journal->ranges);
  guint64 least = G_MAXUINT64;
  int next = -1;

  for (guint i = 0; i < sources->len; i++) {
    LinnetDownloadSource *source = sources->pdata[i];
    guint64 n_bytes = count_bytes (source, journal);

    if (source->failure == NULL && n_bytes == all)
      source->failure = g_error_copy (error);
    if (source->failure != NULL || n_bytes >= least)
      continue;
    least = n_bytes;
    next = (int) i;
  }
  return next;
}
