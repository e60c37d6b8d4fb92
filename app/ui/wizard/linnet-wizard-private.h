/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the files of LinnetWizard share. */
#pragma once

#include "wizard/linnet-wizard-advice.h"
#include "wizard/linnet-wizard-computer.h"
#include "wizard/linnet-wizard-download.h"
#include "wizard/linnet-wizard-ready.h"
#include "wizard/linnet-wizard-state.h"
#include "wizard/linnet-wizard-welcome.h"
#include "wizard/linnet-wizard-wishes.h"
#include "wizard/linnet-wizard.h"

G_BEGIN_DECLS

struct _LinnetWizard {
  AdwNavigationPage parent_instance;

  AdwNavigationView *view;
  LinnetWizardWelcome *welcome;
  LinnetWizardComputer *computer;
  LinnetWizardWishes *wishes;
  LinnetWizardAdvice *advice;
  LinnetWizardDownload *download;
  LinnetWizardReady *ready;

  LinnetAdvisor *advisor;
  LinnetPullList *pulls;
  LinnetEngine *engine;
  LinnetWizardState *state;
  gboolean has_demo;

  AdwNavigationPage *entered; /* borrowed: the page that is seen; NULL: the wizard is not */

  /* inspect */
  GCancellable *inspecting;   /* of the inspection under way, else NULL */
  gboolean wants_inspection;  /* it waits, or is under way */
  gboolean wants_measurement; /* what is known already will not do */

  /* fetch */
  LinnetPull *pull;              /* owned; NULL: none */
  GCancellable *probing;         /* of the look at the disk under way, else NULL */
  LinnetLibraryModel *installed; /* owned: the model that is here; NULL: none */
};

/* Shows the page of that tag, going on from the one that is seen. */
void linnet_wizard_go (LinnetWizard *self, const char *tag);
/* The one place that decides which actions can be activated now. */
void linnet_wizard_update_actions (LinnetWizard *self);

/* inspect: looking at this computer. Idempotent; anew: measures again. */
void linnet_wizard_inspect (LinnetWizard *self, gboolean anew);
void linnet_wizard_stop_inspecting (LinnetWizard *self);
/* The engine has begun or ended something. */
void linnet_wizard_engine_changed (LinnetWizard *self);
/* The advisor is further on with measuring. */
void linnet_wizard_show_measuring (LinnetWizard *self);

/* Bytes free where models go, found out on a thread; func gets them, or an error, unless
 * cancellable was cancelled. */
typedef void (*LinnetWizardDiskFunc) (LinnetWizard *self, guint64 bytes, const GError *error);
void
linnet_wizard_probe_disk (LinnetWizard *self, GCancellable *cancellable, LinnetWizardDiskFunc func);

/* fetch: the model that was chosen. */
/* In the catalogue; FALSE: none is chosen, or it is not there any more. */
gboolean linnet_wizard_get_chosen (LinnetWizard *self,
                                   const LinnetCatalogueModel **model,
                                   const LinnetCatalogueFile **file);
/* In the library; borrowed; NULL: it is not here. */
LinnetLibraryModel *linnet_wizard_find_installed (LinnetWizard *self,
                                                  const LinnetCatalogueFile *file);
/* Begins to fetch it, or goes on. */
void linnet_wizard_fetch (LinnetWizard *self);
void linnet_wizard_pause (LinnetWizard *self);
void linnet_wizard_resume (LinnetWizard *self);
void linnet_wizard_cancel (LinnetWizard *self);
/* Lets go of the pull, which goes on without being watched. */
void linnet_wizard_forget_pull (LinnetWizard *self);

G_END_DECLS
