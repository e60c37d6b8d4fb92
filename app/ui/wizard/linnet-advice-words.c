/* SPDX-License-Identifier: GPL-3.0-or-later
 * An advice in words and colours. */
#include "config.h"

#include <glib/gi18n.h>

#include "wizard/linnet-advice-words.h"

const char *
linnet_quantisation_explain (const char *quantisation)
{
  static const struct {
    const char *prefix;
    const char *sentence;
  } table[] = {
    { "Q2",
      N_ ("Most numbers in 2 bits instead of 16: the smallest file, but its answers suffer.") },
    { "Q3", N_ ("Most numbers in 3 bits instead of 16: a very small file, whose answers are a "
                "little worse.") },
    { "Q4", N_ ("Most numbers in 4 bits instead of 16: like a photo made smaller, less than a "
                "third of the size, and you hardly see the difference.") },
    { "Q5", N_ ("Most numbers in 5 bits instead of 16: a little larger and a little more exact "
                "than the usual choice.") },
    { "Q6", N_ ("Numbers in 6 bits instead of 16: very close to the original, at less than half "
                "the size.") },
    { "Q8", N_ ("Numbers in 8 bits instead of 16: about half the size, and no difference you "
                "would notice.") },
    { "F16", N_ ("Every number as it was made, with 16 bits: the largest file and the slowest, for "
                 "comparison.") },
    { "BF16", N_ ("Every number as it was made, with 16 bits: the largest file and the slowest, "
                  "for comparison.") },
  };

  g_return_val_if_fail (quantisation != NULL, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    if (g_str_has_prefix (quantisation, table[i].prefix))
      return _ (table[i].sentence);
  return _ ("The numbers of the model are kept in this form to save room.");
}

char *
linnet_licence_explain (const LinnetCatalogueModel *model)
{
  g_return_val_if_fail (model != NULL, NULL);

  if (model->licence_note != NULL)
    return g_strdup_printf ("%s: %s", model->licence, model->licence_note);
  if (model->is_restricted)
    return g_strdup_printf (_ ("%s: not for every use. Read it before you download."),
                            model->licence);
  if (g_strcmp0 (model->licence, "Apache-2.0") == 0 || g_strcmp0 (model->licence, "MIT") == 0)
    return g_strdup_printf (_ ("%s: free for every use"), model->licence);
  return g_strdup (model->licence);
}

const char *
linnet_verdict_get_icon (LinnetVerdict verdict)
{
  switch (verdict) {
  case LINNET_VERDICT_EASY:
  case LINNET_VERDICT_FITS:
    return "object-select-symbolic";
  case LINNET_VERDICT_STRUGGLE:
    return "dialog-warning-symbolic";
  case LINNET_VERDICT_NO:
  default:
    return "window-close-symbolic";
  }
}

const char *
linnet_verdict_get_css_class (LinnetVerdict verdict)
{
  switch (verdict) {
  case LINNET_VERDICT_EASY:
    return "success";
  case LINNET_VERDICT_FITS:
    return "accent";
  case LINNET_VERDICT_STRUGGLE:
    return "warning";
  case LINNET_VERDICT_NO:
  default:
    return "error";
  }
}

char *
linnet_advice_describe_speed (const LinnetAdvice *advice)
{
  g_autofree char *speed = NULL;
  g_autofree char *answer = NULL;

  g_return_val_if_fail (advice != NULL, NULL);

  speed = linnet_forecast_describe_speed (&advice->forecast);
  answer = linnet_forecast_describe_answer (&advice->forecast);
  /* Translators: "about 9 words a second" and "a 100-character answer in about 8 s". */
  return g_strdup_printf (_ ("%s: %s"), speed, answer);
}

char *
linnet_advice_describe_briefly (const LinnetAdvice *advice)
{
  g_autofree char *size = NULL;
  g_autofree char *speed = NULL;

  g_return_val_if_fail (advice != NULL, NULL);

  size = g_format_size (advice->forecast.file_bytes);
  if (advice->verdict == LINNET_VERDICT_NO)
    return g_strdup_printf ("%s · %s", advice->file->quantisation, size);
  speed = linnet_forecast_describe_speed (&advice->forecast);
  return g_strdup_printf ("%s · %s · %s", advice->file->quantisation, size, speed);
}
