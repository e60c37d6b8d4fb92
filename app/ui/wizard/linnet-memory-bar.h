/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetMemoryBar: the computer's memory as one bar: what is used already, what a model would take,
 * what would be left. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define LINNET_TYPE_MEMORY_BAR (linnet_memory_bar_get_type ())
G_DECLARE_FINAL_TYPE (LinnetMemoryBar, linnet_memory_bar, LINNET, MEMORY_BAR, GtkWidget)

GtkWidget *linnet_memory_bar_new (void);

/* Bytes. used: by everything else; a model that does not fit reaches beyond the bar's end. */
void
linnet_memory_bar_set_bytes (LinnetMemoryBar *self, guint64 total, guint64 used, guint64 model);

G_END_DECLS
