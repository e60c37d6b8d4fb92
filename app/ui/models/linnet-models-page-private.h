/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the files of LinnetModelsPage share. */
#pragma once

#include "models/linnet-models-page.h"

G_BEGIN_DECLS

struct _LinnetModelsPage {
  AdwNavigationPage parent_instance;

  AdwToastOverlay *toasts;
  GtkSearchBar *search_bar;
  GtkSearchEntry *search_entry;
  AdwPreferencesGroup *pulls_group;
  GtkListBox *pulls_list;
  AdwPreferencesGroup *installed_group;
  GtkListBox *installed_list;
  AdwActionRow *no_installed_row;
  AdwPreferencesGroup *name_group;
  AdwEntryRow *name_entry;
  GtkLabel *name_error;
  AdwPreferencesGroup *available_group;
  GtkButton *measure_button;
  GtkListBox *available_list;
  AdwStatusPage *nothing_found;

  LinnetAdvisor *advisor;
  LinnetPullList *pulls;
  LinnetLibrary *library;    /* that of pulls */
  LinnetAdviceList *advice;  /* NULL: the computer is not measured yet */
  GtkCustomFilter *filter;   /* of the installed, by what is searched for */
  GHashTable *files;         /* path → LinnetModel, opened as deeply as its metadata */
  GQueue to_open;            /* paths, owned, of files still to be opened */
  GCancellable *cancellable; /* of what the page began; NULL once disposed of */
  char *open_path;           /* of the model that is open; NULL: none */
  char *open_name;           /* its name in the library, NULL: not opened from there */
};

/* models-page-installed: the models on this computer. */
void linnet_models_page_setup_installed (LinnetModelsPage *self);
/* The open model or the advice are others now. */
void linnet_models_page_update_installed (LinnetModelsPage *self);

void linnet_models_page_installed_activated_cb (LinnetModelsPage *self, GtkListBoxRow *row);

/* models-page-get: the models that can be had. */
void linnet_models_page_update_available (LinnetModelsPage *self);
void linnet_models_page_available_activated_cb (LinnetModelsPage *self, GtkListBoxRow *row);
void linnet_models_page_name_applied_cb (LinnetModelsPage *self);
void linnet_models_page_name_changed_cb (LinnetModelsPage *self);

/* models-page-import: making a model of a Modelfile. */
void linnet_models_page_import (LinnetModelsPage *self);

/* Whether what is searched for is in title or text. */
gboolean linnet_models_page_matches (LinnetModelsPage *self, const char *title, const char *text);
void linnet_models_page_say (LinnetModelsPage *self, const char *sentence);

G_END_DECLS
