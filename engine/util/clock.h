/* SPDX-License-Identifier: GPL-3.0-or-later
 * A clock that only ever goes forward, to measure how long something takes. */
#pragma once

#include <stdint.h>

uint64_t lm_now_ns (void);
double lm_now_seconds (void);
