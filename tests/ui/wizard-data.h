/* SPDX-License-Identifier: GPL-3.0-or-later
 * A computer, what was measured on it and an advice for it, filled in by hand. */
#pragma once

#include <math.h>

#include "advisor/linnet-advice.h"

#define WIZARD_DATA_GIB      ((guint64) 1 << 30)
#define WIZARD_DATA_N_MODELS 3

#define WIZARD_DATA_MACHINE                                                                        \
  {                                                                                                \
    .processor = (char *) "Core i5-12400",                                                         \
    .n_cores = 6,                                                                                  \
    .n_threads = 12,                                                                               \
    .n_workers = 12,                                                                               \
    .isa = LINNET_ISA_AVX2 | LINNET_ISA_AVX_VNNI,                                                  \
    .memory = 16 * WIZARD_DATA_GIB,                                                                \
    .available = 11 * WIZARD_DATA_GIB,                                                             \
    .power = LINNET_POWER_MAINS,                                                                   \
    .battery_percent = -1,                                                                         \
    .temperature = NAN,                                                                            \
  }

#define WIZARD_DATA_MEASUREMENTS { .read_bandwidth = 38e9, .n_threads = 6, .took_seconds = 1.5 }

/* A list of three models: of 0.5B, which runs easily, of 3B, which just fits and whose licence is
 * restricted, and of 14B, which will not run; recommended: the position of one, or −1. Its models
 * are static and in no catalogue. Free it with linnet_advice_list_free(). */
LinnetAdviceList *wizard_data_new_list (int recommended);

/* Of the program, all at their defaults; NULL where the schema is not installed. Transfer full. */
GSettings *wizard_data_new_settings (void);
