/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetGeneration: one answer being written. Made by linnet_engine_generate(). Its signals and
 * property changes come on the main context, at most once a frame.
 *
 * Signals:
 *   "text" (const char *chunk)  whole UTF-8 characters, in order
 *   "finished" ()               last; afterwards phase is LINNET_GENERATION_FINISHED
 * Properties (all read-only, notify):
 *   "phase", "progress" (0…1, of the prefill), "tokens-per-second" (decode, 0 until known) */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef enum {
  LINNET_GENERATION_WAITING, /* the worker is still busy with something else */
  LINNET_GENERATION_PREFILL, /* reading the question */
  LINNET_GENERATION_DECODE,  /* writing the answer */
  LINNET_GENERATION_FINISHED,
} LinnetGenerationPhase;

GType linnet_generation_phase_get_type (void);
#define LINNET_TYPE_GENERATION_PHASE (linnet_generation_phase_get_type ())

typedef enum {
  LINNET_FINISH_END,     /* the model ended its answer */
  LINNET_FINISH_LENGTH,  /* max_tokens was reached */
  LINNET_FINISH_CONTEXT, /* the context is full; the answer so far stands */
  LINNET_FINISH_STOPPED, /* linnet_generation_stop() */
  LINNET_FINISH_FAILED,  /* linnet_generation_get_error() says why */
} LinnetFinishReason;

typedef struct {
  guint prefill_tokens; /* computed, not counting those reused */
  guint reused_tokens;
  guint decode_tokens;
  guint drafted_tokens;  /* guessed from the text so far and computed ahead … */
  guint accepted_tokens; /* … and right: part of decode_tokens */
  double prefill_seconds;
  double decode_seconds;
} LinnetGenerationStats;

/* How to choose tokens and when to end. */
typedef struct {
  float temperature; /* 0: greedy */
  int top_k;
  float top_p;
  float min_p;
  float repetition_penalty;
  float presence_penalty;
  float frequency_penalty;
  guint64 seed;
  guint max_tokens;         /* 0: until the context is full */
  const char *const *stops; /* texts at which the answer ends, without them; NULL: none; borrowed,
                               and copied by those who keep the options */
  gboolean no_lookup;       /* do not guess tokens from the text so far; the answer is the same */
} LinnetGenerationOptions;

/* What a chat uses when nobody chose: temperature 0.7, top-k 40, top-p 0.9, min-p 0.05, repetition
 * penalty 1.05, a random seed. */
void linnet_generation_options_init (LinnetGenerationOptions *options);

#define LINNET_TYPE_GENERATION (linnet_generation_get_type ())
G_DECLARE_FINAL_TYPE (LinnetGeneration, linnet_generation, LINNET, GENERATION, GObject)

/* Any thread; the answer stops within 50 ms and "finished" follows. Harmless when finished. */
void linnet_generation_stop (LinnetGeneration *self);

LinnetGenerationPhase linnet_generation_get_phase (LinnetGeneration *self);
double linnet_generation_get_progress (LinnetGeneration *self);
double linnet_generation_get_tokens_per_second (LinnetGeneration *self);
/* Valid once finished. */
LinnetFinishReason linnet_generation_get_finish_reason (LinnetGeneration *self);
const GError *linnet_generation_get_error (LinnetGeneration *self); /* NULL unless FAILED */
void linnet_generation_get_stats (LinnetGeneration *self, LinnetGenerationStats *stats);

G_END_DECLS
