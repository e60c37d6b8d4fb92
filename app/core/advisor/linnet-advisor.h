/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetAdvisor: what the wizard, the list of models and the chat ask: it knows this computer, its
 * measurements, the catalogue and the history, and keeps them up to date. Main thread.
 *
 * Properties (read-only, notify): "inspecting" (boolean), "progress" (0…1), "ready" (boolean: the
 * machine and its measurements are known). Signal "changed": the advice may be another one now. */
#pragma once

#include "advisor/linnet-advice.h"
#include "engine/linnet-generation.h"

G_BEGIN_DECLS

#define LINNET_TYPE_ADVISOR (linnet_advisor_get_type ())
G_DECLARE_FINAL_TYPE (LinnetAdvisor, linnet_advisor, LINNET, ADVISOR, GObject)

/* Never fails: with a catalogue that cannot be read, the user's own is left aside and
 * linnet_advisor_get_catalogue_error() says so. Measurements of an earlier run are used at once. */
LinnetAdvisor *linnet_advisor_new (void);

/* Looks at the computer (quick) and, unless measurements are there and anew is FALSE, measures it,
 * on a thread. Nothing else should be computing. */
void linnet_advisor_inspect_async (LinnetAdvisor *self,
                                   gboolean anew,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);
gboolean linnet_advisor_inspect_finish (LinnetAdvisor *self, GAsyncResult *result, GError **error);

LinnetCatalogue *linnet_advisor_get_catalogue (LinnetAdvisor *self);    /* borrowed */
const GError *linnet_advisor_get_catalogue_error (LinnetAdvisor *self); /* borrowed, or NULL */
/* Memory and the like as of the last inspection; never NULL. Borrowed until the next. */
const LinnetMachine *linnet_advisor_get_machine (LinnetAdvisor *self);
/* NULL: not measured yet. Borrowed until the next inspection. */
const LinnetMeasurements *linnet_advisor_get_measurements (LinnetAdvisor *self);
LinnetHistory *linnet_advisor_get_history (LinnetAdvisor *self); /* borrowed */

/* NULL until it is ready. Transfer full. */
LinnetAdviceList *linnet_advisor_advise (LinnetAdvisor *self, const LinnetWishes *wishes);

/* Keeps the speed of a finished answer by model, beside what was foretold for it. */
void linnet_advisor_record (LinnetAdvisor *self, LinnetModel *model, LinnetGeneration *generation);

G_END_DECLS
