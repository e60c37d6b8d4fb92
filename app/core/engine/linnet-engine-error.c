/* SPDX-License-Identifier: GPL-3.0-or-later
 * The engine's errors as sentences for people. */
#include <errno.h>
#include <glib/gi18n-lib.h>

#include "engine/linnet-engine-private.h"

/* name: the file's, for display. All these return a new string. */

static char *
describe_io (const lm_error *failure, const char *name)
{
  switch (failure->number) {
  case ENOENT:
    return g_strdup_printf (
        _ ("“%s” is not there. It may have been moved or deleted: choose another model file."),
        name);
  case EACCES:
  case EPERM:
    return g_strdup_printf (_ ("You are not allowed to read “%s”. Change its permissions, or "
                               "choose another model file."),
                            name);
  case EISDIR:
    return g_strdup_printf (_ ("“%s” is a folder. Choose a GGUF file in it."), name);
  default:
    break;
  }
  if (failure->number <= 0 || failure->number > G_MAXINT)
    return g_strdup_printf (
        _ ("“%s” could not be read. Check the disk it is on, or choose another model file."), name);
  return g_strdup_printf (
      _ ("“%s” could not be read (%s). Check the disk it is on, or choose another model file."),
      name, g_strerror ((int) failure->number));
}

static char *
describe_truncated (const lm_error *failure, const char *name)
{
  g_autofree char *missing = NULL;

  if (failure->number <= 0)
    return g_strdup_printf (_ ("“%s” is incomplete: it ends too early. Download it again, or "
                               "choose another model file."),
                            name);
  missing = g_format_size ((guint64) failure->number);
  return g_strdup_printf (_ ("“%s” is incomplete: at least %s are missing. Download it again, or "
                             "choose another model file."),
                          name, missing);
}

static char *
describe_memory (const lm_error *failure, const char *name)
{
  g_autofree char *size = NULL;

  if (failure->number <= 0)
    return g_strdup_printf (_ ("There is not enough free memory for “%s”. Close other programs, or "
                               "choose a smaller model or a shorter context."),
                            name);
  size = g_format_size_full ((guint64) failure->number, G_FORMAT_SIZE_IEC_UNITS);
  return g_strdup_printf (_ ("There is not enough free memory for “%s”: %s more were needed. Close "
                             "other programs, or choose a smaller model or a shorter context."),
                          name, size);
}

static char *
describe_context (const lm_error *failure)
{
  guint n_over = (guint) CLAMP (failure->number, 1, G_MAXUINT);

  return g_strdup_printf (
      g_dngettext (GETTEXT_PACKAGE,
                   "The conversation is %u token longer than this model can take in. Start a "
                   "new chat, or load the model with a larger context.",
                   "The conversation is %u tokens longer than this model can take in. Start a "
                   "new chat, or load the model with a larger context.",
                   n_over),
      n_over);
}

/* What is wrong in the file: subject is what the engine says it is, "" if it does not. */
static char *
describe_content (const lm_error *failure, const char *name)
{
  const char *subject = failure->subject[0] != '\0' ? failure->subject : "?";

  switch (failure->code) {
  case LM_ERROR_ARCHITECTURE:
    return g_strdup_printf (_ ("“%s” is a model of the kind “%s”, which Linnet cannot run yet. "
                               "Choose a model of the Llama, Qwen2 or Qwen3 family."),
                            name, subject);
  case LM_ERROR_TENSOR:
    return g_strdup_printf (_ ("“%s” does not hold a whole model: its part “%s” is missing or has "
                               "the wrong shape. Download it again, or choose another model file."),
                            name, subject);
  case LM_ERROR_TYPE:
    return g_strdup_printf (_ ("“%s” is quantised in a way that Linnet cannot read (“%s”). Choose "
                               "another quantisation of this model, for instance Q4_K_M."),
                            name, subject);
  case LM_ERROR_TOKENIZER:
    return g_strdup_printf (_ ("“%s” cuts text into tokens in a way that Linnet does not know "
                               "(“%s”). Choose another model file."),
                            name, subject);
  default:
    return g_strdup_printf (_ ("“%s” is not a GGUF model file, or it is damaged. Download it "
                               "again, or choose another model file."),
                            name);
  }
}

static char *
describe_state (const lm_error *failure, const char *name)
{
  if (g_str_equal (failure->subject, "model"))
    return g_strdup_printf (_ ("“%s” was saved with another model, or on another kind of "
                               "processor. It is not used, and everything is read anew."),
                            name);
  if (g_str_equal (failure->subject, "version"))
    return g_strdup_printf (_ ("“%s” was saved by another version of Linnet. It is not used, and "
                               "everything is read anew."),
                            name);
  if (g_str_equal (failure->subject, "kv_type"))
    return g_strdup_printf (_ ("“%s” was saved from a conversation that was kept in another number "
                               "of bits. It is not used, and everything is read anew."),
                            name);
  if (g_str_equal (failure->subject, "context"))
    return g_strdup_printf (_ ("“%s” holds more than the context does. It is not used, and "
                               "everything is read anew; choose a larger context to use it."),
                            name);
  return g_strdup_printf (_ ("“%s” is damaged. It is not used, and everything is read anew."),
                          name);
}

/* A KV cache of a type that the model's heads, of number values, do not fit. */
static char *
describe_cache (const lm_error *failure, const char *name)
{
  guint n_values = (guint) CLAMP (failure->number, 0, G_MAXUINT);

  return g_strdup_printf (
      _ ("“%s” cannot keep a conversation in 8 bits: that needs heads of 32 values or a multiple, "
         "and this model has heads of %u. Keep it in 16 bits (f16), or choose another model file."),
      name, n_values);
}

static char *
describe_other (const lm_error *failure, const char *name)
{
  g_autofree char *detail =
      g_strdup (failure->subject[0] != '\0' ? failure->subject : failure->message);

  if (g_str_has_suffix (detail, "."))
    detail[strlen (detail) - 1] = '\0';
  return g_strdup_printf (
      _ ("“%s” could not do what was asked of it (%s). Start a new chat; if that "
         "does not help, choose another model file."),
      name, detail[0] != '\0' ? detail : "?");
}

void
linnet_engine_error_from_lm (GError **error, const lm_error *failure, const char *path)
{
  g_autofree char *name = NULL;
  g_autofree char *sentence = NULL;
  LinnetEngineError code = LINNET_ENGINE_ERROR_FAILED;

  g_return_if_fail (failure != NULL);
  g_return_if_fail (failure->code != LM_OK);
  g_return_if_fail (path != NULL);

  name = g_filename_display_basename (path);
  switch (failure->code) {
  case LM_ERROR_CANCELLED:
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, _ ("It was stopped."));
    return;
  case LM_ERROR_IO:
    code = LINNET_ENGINE_ERROR_IO;
    sentence = describe_io (failure, name);
    break;
  case LM_ERROR_TRUNCATED:
    code = LINNET_ENGINE_ERROR_FORMAT;
    sentence = describe_truncated (failure, name);
    break;
  case LM_ERROR_FORMAT:
  case LM_ERROR_TENSOR:
    code = LINNET_ENGINE_ERROR_FORMAT;
    sentence = describe_content (failure, name);
    break;
  case LM_ERROR_ARCHITECTURE:
  case LM_ERROR_TYPE:
  case LM_ERROR_TOKENIZER:
    code = LINNET_ENGINE_ERROR_UNSUPPORTED;
    sentence = describe_content (failure, name);
    break;
  case LM_ERROR_MEMORY:
    code = LINNET_ENGINE_ERROR_MEMORY;
    sentence = describe_memory (failure, name);
    break;
  case LM_ERROR_CONTEXT:
    code = LINNET_ENGINE_ERROR_CONTEXT;
    sentence = describe_context (failure);
    break;
  case LM_ERROR_STATE:
    code = LINNET_ENGINE_ERROR_STATE;
    sentence = describe_state (failure, name);
    break;
  case LM_ERROR_ARGUMENT:
  case LM_OK:
  default:
    if (g_str_equal (failure->subject, "kv_type")) {
      code = LINNET_ENGINE_ERROR_UNSUPPORTED;
      sentence = describe_cache (failure, name);
    } else {
      sentence = describe_other (failure, name);
    }
    break;
  }
  g_debug ("%s: %s", path, failure->message);
  g_set_error_literal (error, LINNET_ENGINE_ERROR, (int) code, sentence);
}

void
linnet_engine_error_from_state (GError **error,
                                const lm_error *failure,
                                const char *path,
                                gboolean saves)
{
  g_autofree char *name = g_filename_display_basename (path);
  const char *reason =
      failure->number > 0 && failure->number <= G_MAXINT ? g_strerror ((int) failure->number) : "?";

  if (failure->code == LM_ERROR_FORMAT)
    g_set_error (error, LINNET_ENGINE_ERROR, LINNET_ENGINE_ERROR_FORMAT,
                 _ ("“%s” is not a saved state, and is left as it is. Choose another file."), name);
  else if (failure->code == LM_ERROR_IO && saves)
    g_set_error (error, LINNET_ENGINE_ERROR, LINNET_ENGINE_ERROR_IO,
                 _ ("“%s” could not be written (%s). Choose another place, or make room there."),
                 name, reason);
  else if (failure->code == LM_ERROR_IO)
    g_set_error (error, LINNET_ENGINE_ERROR, LINNET_ENGINE_ERROR_IO,
                 _ ("“%s” could not be read (%s). Check its permissions, or choose another file."),
                 name, reason);
  else
    linnet_engine_error_from_lm (error, failure, path);
}
