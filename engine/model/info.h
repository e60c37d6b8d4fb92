/* SPDX-License-Identifier: GPL-3.0-or-later
 * What a model says of itself. */
#pragma once

#include "model/model.h"

/* Fills model->info from what is open; false: out of memory. */
bool lm_model_fill_info (lm_model *model);
