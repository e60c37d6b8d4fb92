/* SPDX-License-Identifier: GPL-3.0-or-later
 * Text from outside made fit to show. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Length of the well-formed UTF-8 character at text, 0 if there is none (length 0, a stray or
 * overlong byte, a surrogate, a character cut off). */
size_t lm_utf8_char_length (const char *text, size_t length);

/* Writes text to buffer as valid UTF-8, always terminated, and returns the bytes the whole result
 * has, as snprintf() does; a result that does not fit is cut between two characters. Each byte that
 * is no part of a character becomes U+FFFD, and so does a NUL; with replace_controls every other
 * control character becomes a space. buffer: NULL when size is 0. */
size_t
lm_utf8_repair (const char *text, size_t length, bool replace_controls, char *buffer, size_t size);
