/* SPDX-License-Identifier: GPL-3.0-or-later
 * Keeping threads that compute on the fast cores. */
#pragma once

/* Asks the system not to slow the calling thread down, or move it to the slow cores, because the
 * program is in the background or the computer saves power: Windows and macOS do so to whoever does
 * not ask. Does nothing on other systems. Cheap enough to be called for each token. */
void lm_thread_keep_fast (void);
