/* SPDX-License-Identifier: GPL-3.0-or-later
 * What linnet-cli bench measures, and what comes out of it. The measuring happens on one thread;
 * the report is looked at afterwards. */
#pragma once

#include "advisor/linnet-workload.h"
#include "bench-peer.h"
#include "bench-start.h"
#include "engine/linnet-measure.h"
#include "machine/linnet-machine.h"

G_BEGIN_DECLS

/* What is to be measured. Everything is borrowed. */
typedef struct {
  const char *const *files; /* paths, NULL-terminated */
  GArray *prefills;         /* guint: tokens at once, each > 0 */
  guint n_decode;           /* tokens; 0: decode is not measured */
  GArray *depths;           /* guint: tokens in the context beforehand, each once */
  guint n_reps;
  double probe_seconds; /* of each look for the limit */
  LinnetModelOptions model;
  LinnetCacheType cache_type;
  const BenchPeer *peer;  /* NULL: alone */
  gboolean with_forecast; /* foretell each speed as well, from new measurements each time */
  gboolean with_start;    /* measure the way to the first token as well, and the memory */
} BenchOptions;

/* One measurement, in tokens a second. */
typedef struct {
  LinnetSpeedKind kind;
  guint n_tokens;
  guint depth;
  double work;    /* bytes (decode) or multiply-adds (prefill) that a token takes */
  GArray *ours;   /* double, one for each repetition */
  GArray *theirs; /* double, likewise; empty without a peer */
  GArray *limits; /* double, likewise: what the probe beside each of ours found, in work a second */
  GArray *shares; /* double, likewise: how much of it that one of ours made use of, 0…1 */
  GArray *reads;  /* double, likewise: bytes a second at which the model's own weights were read
                     beside it; empty for prefill */
  GArray *read_shares; /* double, likewise: how much of that one of ours made use of */
  GArray *forecasts;   /* double, likewise: what was foretold beside it; empty without forecasts */
} BenchTest;

typedef struct {
  char *path;
  char *title;
  char *quantisation;
  char *cpu_level;
  guint64 file_bytes;
  LinnetWorkload work; /* its strings are gone with the file */
  GPtrArray *tests;    /* BenchTest */
  BenchStart *start;   /* NULL: not measured */
} BenchModel;

typedef struct {
  LinnetMachine *machine;
  GDateTime *date; /* of the beginning */
  int n_threads;
  int n_threads_prefill;
  LinnetCacheType cache_type;
  gboolean with_forecast;
  char *peer_version; /* as it says itself; NULL without a peer */
  GPtrArray *models;  /* BenchModel */
} BenchReport;

void bench_report_free (BenchReport *self); /* NULL allowed */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BenchReport, bench_report_free)

/* Measures everything, ours and the peer's by turns. On failure complains and returns NULL, and
 * status is what to exit with. */
BenchReport *bench_measure (const BenchOptions *options, GCancellable *cancellable, int *status);

/* The median, least and greatest of doubles; 0 where there are none. */
typedef struct {
  double median;
  double min;
  double max;
} BenchSummary;
BenchSummary bench_summarise (GArray *samples);

/* Measured / foretold, medians of both; only of a test that has forecasts. */
double bench_test_get_forecast_ratio (const BenchTest *test);

/* On stdout (bench-report.c). */
void bench_report_print_tables (const BenchReport *self);
void bench_report_print_json (const BenchReport *self);

G_END_DECLS
