/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetAdviceCard: one model in one quantisation, as it would be on this computer: verdict, speed,
 * size, memory, licence, and why. */
#pragma once

#include <adwaita.h>

#include "advisor/linnet-advice.h"

G_BEGIN_DECLS

#define LINNET_TYPE_ADVICE_CARD (linnet_advice_card_get_type ())
G_DECLARE_FINAL_TYPE (LinnetAdviceCard, linnet_advice_card, LINNET, ADVICE_CARD, AdwBin)

GtkWidget *linnet_advice_card_new (void);

/* Shows advice, which need not stay. memory: bytes the computer has, of which used are taken. */
void linnet_advice_card_set_advice (LinnetAdviceCard *self,
                                    const LinnetAdvice *advice,
                                    gboolean is_recommended,
                                    guint64 memory,
                                    guint64 used);

G_END_DECLS
