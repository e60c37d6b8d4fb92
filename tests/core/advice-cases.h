/* SPDX-License-Identifier: GPL-3.0-or-later
 * Computers and wishes that the advisor is tested with. Nothing of the computer that the test runs
 * on goes into them. */
#pragma once

#include "advisor/linnet-advice.h"

/* A computer, as one would describe it to a friend. */
typedef struct {
  const char *name;
  double memory_gib;
  double available_gib;
  guint n_cores;
  double bandwidth; /* bytes a second */
  double prefill;   /* multiply-adds a second, with weights of four bits */
} AdviceComputer;

extern const AdviceComputer ADVICE_COMPUTERS[];
guint advice_cases_count_computers (void);
/* NULL: there is none of that name. */
const AdviceComputer *advice_cases_find (const char *name);

LinnetMachine *advice_cases_make_machine (const AdviceComputer *computer);
LinnetMeasurements *advice_cases_make_measurements (const AdviceComputer *computer);

/* The catalogue that comes with Linnet. */
LinnetCatalogue *advice_cases_load_catalogue (void);

LinnetAdviceList *advice_cases_advise (LinnetCatalogue *catalogue,
                                       const AdviceComputer *computer,
                                       const LinnetWishes *wishes);

/* NULL: the list has no such file. */
const LinnetAdvice *
advice_cases_get (const LinnetAdviceList *list, const char *id, const char *quantisation);
