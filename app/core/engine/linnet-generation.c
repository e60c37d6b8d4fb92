/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetGeneration: one answer being written, as the main thread knows it. */
#include "engine/linnet-generation-private.h"

struct _LinnetGeneration {
  GObject parent_instance;

  /* Owned. */
  LinnetAnswer *answer;
  GError *error;

  LinnetGenerationPhase phase;
  double progress;
  double tokens_per_second;
  LinnetFinishReason reason;
  LinnetGenerationStats stats;
};

enum {
  PROP_0,
  PROP_PHASE,
  PROP_PROGRESS,
  PROP_TOKENS_PER_SECOND,
  N_PROPS,
};

enum {
  SIGNAL_TEXT,
  SIGNAL_FINISHED,
  N_SIGNALS,
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

G_DEFINE_ENUM_TYPE (LinnetGenerationPhase,
                    linnet_generation_phase,
                    G_DEFINE_ENUM_VALUE (LINNET_GENERATION_WAITING, "waiting"),
                    G_DEFINE_ENUM_VALUE (LINNET_GENERATION_PREFILL, "prefill"),
                    G_DEFINE_ENUM_VALUE (LINNET_GENERATION_DECODE, "decode"),
                    G_DEFINE_ENUM_VALUE (LINNET_GENERATION_FINISHED, "finished"))

G_DEFINE_FINAL_TYPE (LinnetGeneration, linnet_generation, G_TYPE_OBJECT)

void
linnet_generation_options_init (LinnetGenerationOptions *options)
{
  g_return_if_fail (options != NULL);

  *options = (LinnetGenerationOptions) {
    .temperature = 0.7f,
    .top_k = 40,
    .top_p = 0.9f,
    .min_p = 0.05f,
    .repetition_penalty = 1.05f,
    .seed = (guint64) g_random_int () << 32 | g_random_int (),
  };
}

static void
linnet_generation_finalize (GObject *object)
{
  LinnetGeneration *self = LINNET_GENERATION (object);

  g_clear_pointer (&self->answer, linnet_answer_unref);
  g_clear_error (&self->error);
  G_OBJECT_CLASS (linnet_generation_parent_class)->finalize (object);
}

static void
linnet_generation_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  LinnetGeneration *self = LINNET_GENERATION (object);

  switch (id) {
  case PROP_PHASE:
    g_value_set_enum (value, (int) self->phase);
    break;
  case PROP_PROGRESS:
    g_value_set_double (value, self->progress);
    break;
  case PROP_TOKENS_PER_SECOND:
    g_value_set_double (value, self->tokens_per_second);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    break;
  }
}

static void
linnet_generation_class_init (LinnetGenerationClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->finalize = linnet_generation_finalize;
  object_class->get_property = linnet_generation_get_property;

  properties[PROP_PHASE] = g_param_spec_enum ("phase", NULL, NULL, LINNET_TYPE_GENERATION_PHASE,
                                              LINNET_GENERATION_WAITING, flags);
  properties[PROP_PROGRESS] = g_param_spec_double ("progress", NULL, NULL, 0.0, 1.0, 0.0, flags);
  properties[PROP_TOKENS_PER_SECOND] =
      g_param_spec_double ("tokens-per-second", NULL, NULL, 0.0, G_MAXDOUBLE, 0.0, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  signals[SIGNAL_TEXT] =
      g_signal_new ("text", LINNET_TYPE_GENERATION, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                    G_TYPE_NONE, 1, G_TYPE_STRING | G_SIGNAL_TYPE_STATIC_SCOPE);
  signals[SIGNAL_FINISHED] = g_signal_new ("finished", LINNET_TYPE_GENERATION, G_SIGNAL_RUN_LAST, 0,
                                           NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
linnet_generation_init (LinnetGeneration *self)
{
}

LinnetGeneration *
linnet_generation_new (LinnetAnswer *answer)
{
  LinnetGeneration *self = g_object_new (LINNET_TYPE_GENERATION, NULL);

  self->answer = linnet_answer_ref (answer);
  return self;
}

static void
set_phase (LinnetGeneration *self, LinnetGenerationPhase phase)
{
  if (self->phase == phase)
    return;
  self->phase = phase;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PHASE]);
}

static void
set_double (LinnetGeneration *self, double *field, double value, guint property)
{
  if (G_APPROX_VALUE (*field, value, DBL_EPSILON))
    return;
  *field = value;
  g_object_notify_by_pspec (G_OBJECT (self), properties[property]);
}

gboolean
linnet_generation_deliver (LinnetGeneration *self)
{
  g_auto (LinnetAnswerNews) news = { 0 };
  gboolean is_over;

  g_assert (LINNET_IS_GENERATION (self));
  g_assert (self->phase != LINNET_GENERATION_FINISHED);

  linnet_answer_take_news (self->answer, &news);
  is_over = news.phase == LINNET_GENERATION_FINISHED;
  set_double (self, &self->progress, news.progress, PROP_PROGRESS);
  set_double (self, &self->tokens_per_second, news.tokens_per_second, PROP_TOKENS_PER_SECOND);
  if (!is_over)
    set_phase (self, news.phase);
  else if (news.text != NULL)
    set_phase (self, LINNET_GENERATION_DECODE);
  if (news.text != NULL)
    g_signal_emit (self, signals[SIGNAL_TEXT], 0, news.text);
  if (!is_over)
    return FALSE;

  self->reason = news.reason;
  self->error = g_steal_pointer (&news.error);
  self->stats = news.stats;
  return TRUE;
}

void
linnet_generation_finish (LinnetGeneration *self)
{
  g_assert (LINNET_IS_GENERATION (self));
  g_assert (self->phase != LINNET_GENERATION_FINISHED);

  set_phase (self, LINNET_GENERATION_FINISHED);
  g_signal_emit (self, signals[SIGNAL_FINISHED], 0);
}

void
linnet_generation_stop (LinnetGeneration *self)
{
  g_return_if_fail (LINNET_IS_GENERATION (self));

  linnet_answer_stop (self->answer);
}

LinnetGenerationPhase
linnet_generation_get_phase (LinnetGeneration *self)
{
  g_return_val_if_fail (LINNET_IS_GENERATION (self), LINNET_GENERATION_FINISHED);

  return self->phase;
}

double
linnet_generation_get_progress (LinnetGeneration *self)
{
  g_return_val_if_fail (LINNET_IS_GENERATION (self), 0.0);

  return self->progress;
}

double
linnet_generation_get_tokens_per_second (LinnetGeneration *self)
{
  g_return_val_if_fail (LINNET_IS_GENERATION (self), 0.0);

  return self->tokens_per_second;
}

LinnetFinishReason
linnet_generation_get_finish_reason (LinnetGeneration *self)
{
  g_return_val_if_fail (LINNET_IS_GENERATION (self), LINNET_FINISH_FAILED);

  return self->reason;
}

const GError *
linnet_generation_get_error (LinnetGeneration *self)
{
  g_return_val_if_fail (LINNET_IS_GENERATION (self), NULL);

  return self->error;
}

void
linnet_generation_get_stats (LinnetGeneration *self, LinnetGenerationStats *stats)
{
  g_return_if_fail (LINNET_IS_GENERATION (self));
  g_return_if_fail (stats != NULL);

  *stats = self->stats;
}
