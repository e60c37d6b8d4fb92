/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetAdvisor: the computer, its measurements, the catalogue and the history in one hand. */
#include "advisor/linnet-advisor.h"

#include "advisor/linnet-workload.h"
#include "linnet-data.h"

/* Answers and questions with fewer tokens say little of the speed. */
#define LEAST_ANSWER   16
#define LEAST_QUESTION 32

/* Where more of an answer than this part was guessed from the text before it, its speed is not what
 * a forecast foretells. */
#define MOST_GUESSED 0.1

struct _LinnetAdvisor {
  GObject parent_instance;

  /* Owned. */
  LinnetCatalogue *catalogue;
  GError *catalogue_error;
  LinnetMachine *machine;
  LinnetMeasurements *measurements; /* NULL: not yet */
  LinnetHistory *history;

  guint n_inspecting;
  double progress;
};

enum {
  PROP_0,
  PROP_INSPECTING,
  PROP_PROGRESS,
  PROP_READY,
  N_PROPS,
};

static GParamSpec *properties[N_PROPS];
static guint signal_changed;

G_DEFINE_FINAL_TYPE (LinnetAdvisor, linnet_advisor, G_TYPE_OBJECT)

static void
linnet_advisor_finalize (GObject *object)
{
  LinnetAdvisor *self = LINNET_ADVISOR (object);

  g_clear_object (&self->catalogue);
  g_clear_error (&self->catalogue_error);
  g_clear_pointer (&self->machine, linnet_machine_free);
  g_clear_pointer (&self->measurements, linnet_measurements_free);
  g_clear_object (&self->history);
  G_OBJECT_CLASS (linnet_advisor_parent_class)->finalize (object);
}

static void
linnet_advisor_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  LinnetAdvisor *self = LINNET_ADVISOR (object);

  switch (id) {
  case PROP_INSPECTING:
    g_value_set_boolean (value, self->n_inspecting > 0);
    break;
  case PROP_PROGRESS:
    g_value_set_double (value, self->progress);
    break;
  case PROP_READY:
    g_value_set_boolean (value, self->measurements != NULL);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    break;
  }
}

static void
linnet_advisor_class_init (LinnetAdvisorClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->finalize = linnet_advisor_finalize;
  object_class->get_property = linnet_advisor_get_property;

  properties[PROP_INSPECTING] = g_param_spec_boolean ("inspecting", NULL, NULL, FALSE, flags);
  properties[PROP_PROGRESS] = g_param_spec_double ("progress", NULL, NULL, 0.0, 1.0, 0.0, flags);
  properties[PROP_READY] = g_param_spec_boolean ("ready", NULL, NULL, FALSE, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  signal_changed = g_signal_new ("changed", LINNET_TYPE_ADVISOR, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                 NULL, G_TYPE_NONE, 0);
}

/* The user's own catalogue, else Linnet's, else one without models. */
static void
load_catalogue (LinnetAdvisor *self)
{
  g_autofree char *path = NULL;

  self->catalogue = linnet_catalogue_load (NULL, &self->catalogue_error);
  if (self->catalogue != NULL)
    return;
  path = linnet_data_find ("catalogue.json");
  if (path != NULL)
    self->catalogue = linnet_catalogue_load (path, NULL);
  if (self->catalogue == NULL)
    self->catalogue = g_object_new (LINNET_TYPE_CATALOGUE, NULL);
}

static void
linnet_advisor_init (LinnetAdvisor *self)
{
  load_catalogue (self);
  self->machine = linnet_machine_new (NULL);
  self->measurements = linnet_measurements_load (self->machine->processor);
  self->history = linnet_history_new (NULL);
}

LinnetAdvisor *
linnet_advisor_new (void)
{
  return g_object_new (LINNET_TYPE_ADVISOR, NULL);
}

/* ---- Inspecting --------------------------------------------------------------------------- */

/* What one inspection finds, on its thread. */
typedef struct {
  LinnetMachine *machine;
  LinnetMeasurements *measurements;
} Findings;

static void
findings_free (Findings *self)
{
  linnet_machine_free (self->machine);
  linnet_measurements_free (self->measurements);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Findings, findings_free)

/* A step of the progress on its way to the main context. */
typedef struct {
  LinnetAdvisor *self; /* owned */
  double fraction;
} Step;

static void
step_free (Step *step)
{
  g_object_unref (step->self);
  g_free (step);
}

static void
set_progress (LinnetAdvisor *self, double fraction)
{
  if (G_APPROX_VALUE (self->progress, fraction, DBL_EPSILON))
    return;
  self->progress = fraction;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PROGRESS]);
}

static gboolean
step_cb (gpointer user_data)
{
  Step *step = user_data;

  /* A step that comes behind the end of its inspection is late. */
  if (step->self->n_inspecting > 0)
    set_progress (step->self, step->fraction);
  return G_SOURCE_REMOVE;
}

/* On the measuring thread. */
static void
measuring_cb (double fraction, const char *what, gpointer user_data)
{
  GTask *task = user_data;
  Step *step = g_new0 (Step, 1);

  step->self = g_object_ref (g_task_get_source_object (task));
  step->fraction = CLAMP (fraction, 0, 1);
  g_main_context_invoke_full (g_task_get_context (task), G_PRIORITY_DEFAULT, step_cb, step,
                              (GDestroyNotify) step_free);
}

static void
inspect_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  gboolean anew = GPOINTER_TO_INT (task_data);
  g_autoptr (Findings) findings = g_new0 (Findings, 1);
  g_autoptr (GError) error = NULL;

  findings->machine = linnet_machine_new (NULL);
  if (!anew)
    findings->measurements = linnet_measurements_load (findings->machine->processor);
  if (findings->measurements == NULL) {
    findings->measurements = linnet_measurements_run (0, measuring_cb, task, cancellable, &error);
    if (findings->measurements == NULL) {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
    if (!linnet_measurements_save (findings->measurements, &error))
      g_debug ("The measurements are not kept: %s", error->message);
  }
  g_task_return_pointer (task, g_steal_pointer (&findings), (GDestroyNotify) findings_free);
}

static void
set_inspecting (LinnetAdvisor *self, int change)
{
  gboolean was = self->n_inspecting > 0;

  self->n_inspecting = (guint) ((int) self->n_inspecting + change);
  if (was != (self->n_inspecting > 0))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_INSPECTING]);
}

static void
take_findings (LinnetAdvisor *self, Findings *findings)
{
  gboolean was_ready = self->measurements != NULL;

  g_clear_pointer (&self->machine, linnet_machine_free);
  self->machine = g_steal_pointer (&findings->machine);
  g_clear_pointer (&self->measurements, linnet_measurements_free);
  self->measurements = g_steal_pointer (&findings->measurements);
  set_progress (self, 1);
  if (!was_ready)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_READY]);
  g_signal_emit (self, signal_changed, 0);
}

/* On the main context; what the caller waits for comes after what was found is in place. */
static void
inspected_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  LinnetAdvisor *self = LINNET_ADVISOR (source);
  g_autoptr (GTask) outer = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (Findings) findings = g_task_propagate_pointer (G_TASK (result), &error);

  set_inspecting (self, -1);
  if (findings == NULL) {
    g_task_return_error (outer, g_steal_pointer (&error));
    return;
  }
  take_findings (self, findings);
  g_task_return_boolean (outer, TRUE);
}

void
linnet_advisor_inspect_async (LinnetAdvisor *self,
                              gboolean anew,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  g_autoptr (GTask) inner = NULL;
  GTask *outer;

  g_return_if_fail (LINNET_IS_ADVISOR (self));

  outer = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (outer, linnet_advisor_inspect_async);
  /* Findings that are there are worth keeping, even if nobody waits for them any more. */
  g_task_set_check_cancellable (outer, FALSE);
  inner = g_task_new (self, cancellable, inspected_cb, outer);
  g_task_set_check_cancellable (inner, FALSE);
  g_task_set_task_data (inner, GINT_TO_POINTER (anew), NULL);
  set_progress (self, 0);
  set_inspecting (self, 1);
  g_task_run_in_thread (inner, inspect_thread);
}

gboolean
linnet_advisor_inspect_finish (LinnetAdvisor *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/* ---- What it knows ------------------------------------------------------------------------ */

LinnetCatalogue *
linnet_advisor_get_catalogue (LinnetAdvisor *self)
{
  g_return_val_if_fail (LINNET_IS_ADVISOR (self), NULL);

  return self->catalogue;
}

const GError *
linnet_advisor_get_catalogue_error (LinnetAdvisor *self)
{
  g_return_val_if_fail (LINNET_IS_ADVISOR (self), NULL);

  return self->catalogue_error;
}

const LinnetMachine *
linnet_advisor_get_machine (LinnetAdvisor *self)
{
  g_return_val_if_fail (LINNET_IS_ADVISOR (self), NULL);

  return self->machine;
}

const LinnetMeasurements *
linnet_advisor_get_measurements (LinnetAdvisor *self)
{
  g_return_val_if_fail (LINNET_IS_ADVISOR (self), NULL);

  return self->measurements;
}

LinnetHistory *
linnet_advisor_get_history (LinnetAdvisor *self)
{
  g_return_val_if_fail (LINNET_IS_ADVISOR (self), NULL);

  return self->history;
}

LinnetAdviceList *
linnet_advisor_advise (LinnetAdvisor *self, const LinnetWishes *wishes)
{
  g_return_val_if_fail (LINNET_IS_ADVISOR (self), NULL);
  g_return_val_if_fail (wishes != NULL, NULL);

  if (self->measurements == NULL)
    return NULL;
  return linnet_advise (self->catalogue, self->machine, self->measurements, wishes, self->history);
}

/* ---- What was real ------------------------------------------------------------------------ */

/* What would have been foretold of the answer, without correction. */
static void
foretell (LinnetAdvisor *self,
          LinnetModel *model,
          const LinnetGenerationStats *stats,
          LinnetHistoryEntry *entry)
{
  LinnetWorkload work;
  guint depth = stats->reused_tokens + stats->prefill_tokens;

  if (self->measurements == NULL ||
      !linnet_workload_init_for_model (&work, model, LINNET_CACHE_F16, NULL))
    return;
  if (entry->decode > 0 && stats->accepted_tokens <= MOST_GUESSED * stats->decode_tokens)
    entry->forecast_decode = 1 / linnet_workload_time_decode (&work, self->measurements,
                                                              depth + stats->decode_tokens / 2.0);
  if (entry->prefill > 0)
    entry->forecast_prefill =
        stats->prefill_tokens / linnet_workload_time_prefill (&work, self->measurements,
                                                              stats->prefill_tokens,
                                                              stats->reused_tokens);
}

void
linnet_advisor_record (LinnetAdvisor *self, LinnetModel *model, LinnetGeneration *generation)
{
  LinnetHistoryEntry entry = { 0 };
  LinnetGenerationStats stats;
  LinnetModelWork work;
  g_autoptr (GError) error = NULL;

  g_return_if_fail (LINNET_IS_ADVISOR (self));
  g_return_if_fail (LINNET_IS_MODEL (model) && LINNET_IS_GENERATION (generation));

  linnet_generation_get_stats (generation, &stats);
  if (stats.decode_tokens >= LEAST_ANSWER && stats.decode_seconds > 0)
    entry.decode = stats.decode_tokens / stats.decode_seconds;
  if (stats.prefill_tokens >= LEAST_QUESTION && stats.prefill_seconds > 0)
    entry.prefill = stats.prefill_tokens / stats.prefill_seconds;
  if (entry.decode <= 0 && entry.prefill <= 0)
    return;
  if (linnet_model_get_work (model, LINNET_CACHE_F16, &work, NULL))
    entry.weight_bytes = work.weight_bytes;
  entry.model = (char *) linnet_model_get_title (model);
  entry.quantisation = (char *) linnet_model_get_quantisation (model);
  entry.n_prompt_tokens = stats.prefill_tokens;
  entry.n_answer_tokens = stats.decode_tokens;
  entry.when = g_get_real_time () / G_USEC_PER_SEC;
  foretell (self, model, &stats, &entry);
  if (!linnet_history_add (self->history, &entry, &error))
    g_debug ("The speed is not kept: %s", error->message);
  g_signal_emit (self, signal_changed, 0);
}
