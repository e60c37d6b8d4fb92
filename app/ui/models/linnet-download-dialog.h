/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetDownloadDialog: a model of the catalogue, its licence, and its quantisations to choose
 * from, each with its verdict. */
#pragma once

#include <adwaita.h>

#include "advisor/linnet-advice.h"
#include "library/linnet-pull-list.h"

G_BEGIN_DECLS

#define LINNET_TYPE_DOWNLOAD_DIALOG (linnet_download_dialog_get_type ())
G_DECLARE_FINAL_TYPE (
    LinnetDownloadDialog, linnet_download_dialog, LINNET, DOWNLOAD_DIALOG, AdwDialog)

/* model: of catalogue. advice: NULL where nothing can be said yet; its catalogue is the same. */
AdwDialog *linnet_download_dialog_new (LinnetCatalogue *catalogue,
                                       const LinnetCatalogueModel *model,
                                       const LinnetAdviceList *advice,
                                       LinnetPullList *pulls);

G_END_DECLS
