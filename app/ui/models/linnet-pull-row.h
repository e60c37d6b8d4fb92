/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetPullRow: a model that is being fetched: how far it is, and pause, resume and cancel. */
#pragma once

#include <adwaita.h>

#include "library/linnet-pull.h"

G_BEGIN_DECLS

#define LINNET_TYPE_PULL_ROW (linnet_pull_row_get_type ())
G_DECLARE_FINAL_TYPE (LinnetPullRow, linnet_pull_row, LINNET, PULL_ROW, AdwPreferencesRow)

/* title: NULL for the pull's name. */
GtkWidget *linnet_pull_row_new (LinnetPull *pull, const char *title);

G_END_DECLS
