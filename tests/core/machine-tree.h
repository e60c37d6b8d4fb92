/* SPDX-License-Identifier: GPL-3.0-or-later
 * Other computers' /proc and /sys: tests/data/machine/NAME.tree as a folder of real files.
 *
 * A line "== PATH" begins a file, which goes on to the next; lines before the first are a comment.
 * "{FIRST-LAST}" or "{FIRST-LAST/STEP}" in the path stands for each of these numbers, and {i},
 * {i+N} and {i-N} in the text for that number. "== PATH * {FIRST-LAST}" is one file in which the
 * text comes once for each. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Makes the folder, for linnet_machine_new(). Free with machine_tree_remove(). */
char *machine_tree_unpack (const char *name);

/* The same of a text. */
char *machine_tree_unpack_text (const char *text);

/* Deletes it with all that is in it, and frees root. */
void machine_tree_remove (char *root);

/* The names of all trees there are, in their order. Transfer full. */
GStrv machine_tree_list (void);

G_END_DECLS
