/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the files of the advice share. */
#pragma once

#include "advisor/linnet-advice.h"

G_BEGIN_DECLS

/* Tokens of context that models are judged with, or fewer where a model cannot have as many. */
#define LINNET_ADVICE_CONTEXT 4096

/* Tokens a second: faster than one reads, and as slow as one still likes to follow. */
#define LINNET_ADVICE_FAST 10.0
#define LINNET_ADVICE_SLOW 4.0
/* Slower than this is of no use to anyone. */
#define LINNET_ADVICE_USELESS 0.3

/* What the wishes come to for a task. */
typedef struct {
  LinnetWishes wishes;
  double patience;    /* seconds for an answer that nobody minds */
  gboolean is_strict; /* the patience was said, and not only assumed */
} LinnetAdviceAim;

LinnetAdviceAim linnet_advice_aim (const LinnetWishes *wishes);

/* Bytes that a model may take when every other program is closed. */
guint64 linnet_advice_memory_alone (const LinnetMachine *machine);

/* Whether it may be recommended at all: it fits with room to spare, and is of some use. */
gboolean linnet_advice_is_recommendable (const LinnetAdvice *self);

/* How well it serves the aim; the higher the better. */
double linnet_advice_score (const LinnetAdvice *self,
                            const LinnetMachine *machine,
                            const LinnetAdviceAim *aim);

/* Sorts ranked, and fills recommended and later. */
void linnet_advice_rank (LinnetAdviceList *list,
                         const LinnetMachine *machine,
                         const LinnetAdviceAim *aim);

/* Whether the model speaks all languages of the wishes; missing (NULL allowed): the first that it
 * does not. */
gboolean linnet_advice_speaks (const LinnetCatalogueModel *model,
                               const LinnetWishes *wishes,
                               const char **missing);

/* The sentences. Transfer full. */
char **linnet_advice_give_reasons (const LinnetAdvice *self,
                                   const LinnetMachine *machine,
                                   const LinnetAdviceAim *aim);
char *linnet_advice_explain_verdict (LinnetVerdict verdict,
                                     const LinnetForecast *forecast,
                                     const LinnetMachine *machine);
char *linnet_advice_summarise (const LinnetAdviceList *list, const LinnetMachine *machine);

G_END_DECLS
