/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetAdvice: which model to take on this computer, how well it would run, and why. A pure
 * function of the machine, its measurements, the wishes, the catalogue and the history. */
#pragma once

#include "advisor/linnet-forecast.h"

G_BEGIN_DECLS

typedef enum {
  LINNET_VERDICT_EASY,     /* runs easily */
  LINNET_VERDICT_FITS,     /* just fits */
  LINNET_VERDICT_STRUGGLE, /* will struggle: very slow, or only when all else is closed */
  LINNET_VERDICT_NO,       /* will not run: it would swap */
} LinnetVerdict;

const char *linnet_verdict_get_name (LinnetVerdict verdict);  /* "easy", …: for JSON */
const char *linnet_verdict_get_title (LinnetVerdict verdict); /* translated: "Runs easily" */

/* As long as it takes: a wait in seconds. */
#define LINNET_WISHES_LONGEST_WAIT 86400

typedef struct {
  LinnetTask task;
  double wait_seconds;    /* one is ready to wait for a typical answer; 0: as for the task */
  gboolean quiet;         /* cool and quiet rather than the best quality */
  const char **languages; /* BCP 47, NULL-terminated; borrowed; NULL: no matter */
} LinnetWishes;

/* One model in one quantisation. */
typedef struct {
  const LinnetCatalogueModel *model; /* the catalogue's */
  const LinnetCatalogueFile *file;   /* likewise */
  LinnetVerdict verdict;
  LinnetForecast forecast;
  guint64 memory_limit; /* bytes that a model may take here now without swapping */
  double score;         /* higher is better; for the order alone */
  char **reasons;       /* translated sentences, the most important first */
} LinnetAdvice;

typedef struct {
  LinnetAdvice *ranked; /* n_ranked: every model × quantisation, the best first */
  guint n_ranked;
  int recommended;            /* index into ranked; −1: none runs here */
  int later;                  /* what to try when the recommended one proved well; −1: nothing */
  char *summary;              /* translated sentence for the whole */
  LinnetCatalogue *catalogue; /* reference: ranked points into it */
} LinnetAdviceList;

/* history: NULL for none. Never NULL. Any thread. */
LinnetAdviceList *linnet_advise (LinnetCatalogue *catalogue,
                                 const LinnetMachine *machine,
                                 const LinnetMeasurements *measurements,
                                 const LinnetWishes *wishes,
                                 LinnetHistory *history);
void linnet_advice_list_free (LinnetAdviceList *self); /* NULL allowed */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LinnetAdviceList, linnet_advice_list_free)

/* The best quantisation of each model, from the smallest model to the largest: the table of sizes ×
 * verdict. Indices into ranked; transfer full. */
GArray *linnet_advice_list_best_of_each (const LinnetAdviceList *self);

/* Bytes that a model may take on machine now without swapping. */
guint64 linnet_advice_memory_limit (const LinnetMachine *machine);

/* The verdict on a forecast of any model, and why: a translated sentence (transfer full, NULL
 * allowed). wishes: NULL for none. */
LinnetVerdict linnet_advice_judge (const LinnetForecast *forecast,
                                   const LinnetMachine *machine,
                                   const LinnetWishes *wishes,
                                   char **reason);

G_END_DECLS
