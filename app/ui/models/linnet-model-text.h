/* SPDX-License-Identifier: GPL-3.0-or-later
 * Words for models that several widgets use. All transfer full. */
#pragma once

#include "advisor/linnet-advisor.h"
#include "library/linnet-library.h"

G_BEGIN_DECLS

/* "26M", "1.5B": as the names of models write it, in every language. */
char *linnet_model_text_parameters (guint64 n_parameters);

/* "qwen2.5:3b · 3.1B · Q4_K_M · 1.9 GB · Ollama, used in place": what is known beside its title. */
char *linnet_model_text_installed (LinnetLibraryModel *model);

/* The licence's first line with words in it, as its name; NULL: licence is NULL or blank. */
char *linnet_model_text_licence_name (const char *licence);

/* The advice on one quantisation; borrowed from list; NULL: list is NULL or has none. */
const LinnetAdvice *linnet_model_find_advice (const LinnetAdviceList *list,
                                              const LinnetCatalogueModel *model,
                                              const LinnetCatalogueFile *file);

G_END_DECLS
