/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetWizardDownload: a model on its way, to be paused, resumed and cancelled. A view of a
 * plain struct. Quarters, the end and what goes wrong are said to a screen reader. */
#pragma once

#include <adwaita.h>

#include "library/linnet-pull.h"
#include "wizard/linnet-wizard-frame.h"

G_BEGIN_DECLS

/* Borrowed. */
typedef struct {
  LinnetPullState state;
  guint64 bytes_done;
  guint64 bytes_total; /* 0: not known yet */
  const char *status;  /* a line for people, NULL for none */
  const char *error;   /* a sentence, NULL unless it failed */
} LinnetWizardProgress;

#define LINNET_TYPE_WIZARD_DOWNLOAD (linnet_wizard_download_get_type ())
G_DECLARE_FINAL_TYPE (
    LinnetWizardDownload, linnet_wizard_download, LINNET, WIZARD_DOWNLOAD, AdwNavigationPage)

GtkWidget *linnet_wizard_download_new (void);

LinnetWizardFrame *linnet_wizard_download_get_frame (LinnetWizardDownload *self); /* borrowed */

/* title: the model's name. */
void linnet_wizard_download_set_title (LinnetWizardDownload *self, const char *title);
/* Whether there is a demo model to try meanwhile. */
void linnet_wizard_download_set_has_demo (LinnetWizardDownload *self, gboolean has_demo);
void linnet_wizard_download_set_progress (LinnetWizardDownload *self,
                                          const LinnetWizardProgress *progress);

G_END_DECLS
