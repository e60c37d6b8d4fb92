/* SPDX-License-Identifier: GPL-3.0-or-later
 * The types of metadata. */
#pragma once

#include "gguf/gguf.h"

/* Bytes of one element: 0 for strings, arrays and unknown types. */
size_t lm_value_type_get_size (uint32_t type);
