/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetDetailsDialog: everything that is known of a model on this computer. */
#pragma once

#include <adwaita.h>

#include "advisor/linnet-advisor.h"
#include "library/linnet-library.h"

G_BEGIN_DECLS

#define LINNET_TYPE_DETAILS_DIALOG (linnet_details_dialog_get_type ())
G_DECLARE_FINAL_TYPE (LinnetDetailsDialog, linnet_details_dialog, LINNET, DETAILS_DIALOG, AdwDialog)

AdwDialog *linnet_details_dialog_new (LinnetLibraryModel *model, LinnetAdvisor *advisor);

G_END_DECLS
