/* SPDX-License-Identifier: GPL-3.0-or-later
 * Sentences about the models that Linnet's own catalogue has: here, and not in its JSON, so that
 * they are translated. */
#include <glib/gi18n-lib.h>

#include "advisor/linnet-catalogue-private.h"

static const struct {
  const char *key;
  const char *sentence;
} SUMMARIES[] = {
  { "qwen2.5-0.5b-instruct",
    N_ ("The smallest: runs on nearly anything, for trying out. It knows little and is often "
        "wrong.") },
  { "qwen3-0.6b",
    N_ ("Very small, and thinks before it answers. For old computers and for trying out.") },
  { "qwen2.5-1.5b-instruct",
    N_ ("Small and quick: simple questions and short texts. Check what it says.") },
  { "qwen3-1.7b", N_ ("Small, and thinks before it answers: simple questions, small sums.") },
  { "qwen2.5-3b-instruct",
    N_ ("The one to begin with: chat, learning, simple questions, short texts and small scripts. "
        "Its logic is weak.") },
  { "qwen3-4b",
    N_ ("Thinks before it answers: better than others of its size at sums and puzzles, but one "
        "waits longer.") },
  { "qwen2.5-7b-instruct", N_ ("Clearly better: usable code, good texts, mostly sound reasoning. "
                               "Twice the memory and half "
                               "the speed of 3B.") },
  { "qwen3-8b",
    N_ ("Thinks before it answers: good at reasoning and code, for those who can wait.") },
  { "qwen2.5-14b-instruct",
    N_ ("Somewhat better than 7B at twice the cost: demanding texts and code on a strong "
        "computer.") },
  { "qwen3-14b", N_ ("The best at reasoning here, and the slowest: it thinks before it answers.") },
};

static const struct {
  const char *key;
  const char *sentence;
} LICENCE_NOTES[] = {
  { "Qwen Research",
    N_ ("The licence allows research and personal trial, but no commercial use. For work, take a "
        "model under Apache 2.0, such as the 1.5B or the 7B.") },
};

const char *
linnet_catalogue_find_summary (const char *id)
{
  for (gsize i = 0; i < G_N_ELEMENTS (SUMMARIES); i++)
    if (g_str_equal (SUMMARIES[i].key, id))
      return _ (SUMMARIES[i].sentence);
  return NULL;
}

const char *
linnet_catalogue_find_licence_note (const char *licence)
{
  for (gsize i = 0; i < G_N_ELEMENTS (LICENCE_NOTES); i++)
    if (g_str_equal (LICENCE_NOTES[i].key, licence))
      return _ (LICENCE_NOTES[i].sentence);
  return NULL;
}
