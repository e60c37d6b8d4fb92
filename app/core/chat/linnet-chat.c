/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetChat: questions go to the engine, answers into the conversation. */
#include "chat/linnet-chat.h"

struct _LinnetChat {
  GObject parent_instance;

  /* Owned. */
  LinnetEngine *engine;
  LinnetConversation *conversation;
  LinnetGeneration *generation; /* NULL unless busy */
  LinnetMessage *question;      /* of the generation; NULL when nobody waits for its answer */
  LinnetMessage *answer;        /* likewise */
  char *system_prompt;
  GStrv stops; /* of the options */

  LinnetGenerationOptions options;
  gboolean has_options;
};

enum {
  PROP_0,
  PROP_ENGINE,
  PROP_CONVERSATION,
  PROP_GENERATION,
  PROP_BUSY,
  PROP_SYSTEM_PROMPT,
  N_PROPS,
};

enum {
  SIGNAL_TAKEN_BACK,
  SIGNAL_FAILED,
  SIGNAL_FINISHED,
  N_SIGNALS,
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (LinnetChat, linnet_chat, G_TYPE_OBJECT)

static void
set_generation (LinnetChat *self, LinnetGeneration *generation)
{
  if (!g_set_object (&self->generation, generation))
    return;
  g_object_freeze_notify (G_OBJECT (self));
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_GENERATION]);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_BUSY]);
  g_object_thaw_notify (G_OBJECT (self));
}

static void
generation_text_cb (LinnetChat *self, const char *chunk)
{
  g_assert (LINNET_IS_CHAT (self));

  if (self->answer != NULL)
    linnet_message_append (self->answer, chunk);
}

/* Removes question and what follows it from the conversation, if it is still there. */
static void
take_back (LinnetChat *self, LinnetMessage *question)
{
  GListModel *messages = G_LIST_MODEL (self->conversation);

  for (guint i = g_list_model_get_n_items (messages); i-- > 0;) {
    g_autoptr (LinnetMessage) message = g_list_model_get_item (messages, i);

    if (message == question) {
      linnet_conversation_truncate (self->conversation, i);
      return;
    }
  }
}

static void
generation_finished_cb (LinnetChat *self, LinnetGeneration *generation)
{
  g_autoptr (LinnetChat) chat = g_object_ref (self);
  g_autoptr (LinnetGeneration) finished = g_object_ref (generation);
  g_autoptr (LinnetMessage) question = g_steal_pointer (&self->question);
  g_autoptr (LinnetMessage) answer = g_steal_pointer (&self->answer);
  LinnetFinishReason reason = linnet_generation_get_finish_reason (generation);
  gboolean is_unanswered;

  g_assert (self->generation == generation);

  is_unanswered = answer != NULL && linnet_message_get_text (answer)[0] == '\0' &&
                  (reason == LINNET_FINISH_FAILED || reason == LINNET_FINISH_STOPPED);
  if (is_unanswered)
    take_back (self, question);
  if (answer != NULL)
    linnet_message_set_complete (answer, TRUE);
  set_generation (self, NULL);

  if (is_unanswered)
    g_signal_emit (self, signals[SIGNAL_TAKEN_BACK], 0, linnet_message_get_text (question));
  if (answer != NULL && reason == LINNET_FINISH_FAILED)
    g_signal_emit (self, signals[SIGNAL_FAILED], 0, linnet_generation_get_error (finished));
  g_signal_emit (self, signals[SIGNAL_FINISHED], 0, finished);
}

static void
linnet_chat_constructed (GObject *object)
{
  LinnetChat *self = LINNET_CHAT (object);

  G_OBJECT_CLASS (linnet_chat_parent_class)->constructed (object);
  g_assert (self->engine != NULL);
}

static void
linnet_chat_dispose (GObject *object)
{
  LinnetChat *self = LINNET_CHAT (object);

  if (self->generation != NULL) {
    g_signal_handlers_disconnect_by_data (self->generation, self);
    linnet_generation_stop (self->generation);
  }
  if (self->answer != NULL)
    linnet_message_set_complete (self->answer, TRUE);
  g_clear_object (&self->generation);
  g_clear_object (&self->question);
  g_clear_object (&self->answer);
  g_clear_object (&self->engine);
  G_OBJECT_CLASS (linnet_chat_parent_class)->dispose (object);
}

static void
linnet_chat_finalize (GObject *object)
{
  LinnetChat *self = LINNET_CHAT (object);

  g_clear_object (&self->conversation);
  g_clear_pointer (&self->system_prompt, g_free);
  g_clear_pointer (&self->stops, g_strfreev);
  G_OBJECT_CLASS (linnet_chat_parent_class)->finalize (object);
}

static void
linnet_chat_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  LinnetChat *self = LINNET_CHAT (object);

  switch (id) {
  case PROP_ENGINE:
    g_value_set_object (value, self->engine);
    break;
  case PROP_CONVERSATION:
    g_value_set_object (value, self->conversation);
    break;
  case PROP_GENERATION:
    g_value_set_object (value, self->generation);
    break;
  case PROP_BUSY:
    g_value_set_boolean (value, self->generation != NULL);
    break;
  case PROP_SYSTEM_PROMPT:
    g_value_set_string (value, self->system_prompt);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    break;
  }
}

static void
linnet_chat_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  LinnetChat *self = LINNET_CHAT (object);

  switch (id) {
  case PROP_ENGINE:
    self->engine = g_value_dup_object (value);
    break;
  case PROP_SYSTEM_PROMPT:
    linnet_chat_set_system_prompt (self, g_value_get_string (value));
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    break;
  }
}

static void
install_signals (void)
{
  signals[SIGNAL_TAKEN_BACK] = g_signal_new ("taken-back", LINNET_TYPE_CHAT, G_SIGNAL_RUN_LAST, 0,
                                             NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
  signals[SIGNAL_FAILED] = g_signal_new ("failed", LINNET_TYPE_CHAT, G_SIGNAL_RUN_LAST, 0, NULL,
                                         NULL, NULL, G_TYPE_NONE, 1, G_TYPE_ERROR);
  signals[SIGNAL_FINISHED] = g_signal_new ("finished", LINNET_TYPE_CHAT, G_SIGNAL_RUN_LAST, 0, NULL,
                                           NULL, NULL, G_TYPE_NONE, 1, LINNET_TYPE_GENERATION);
}

static void
linnet_chat_class_init (LinnetChatClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags readable = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->constructed = linnet_chat_constructed;
  object_class->dispose = linnet_chat_dispose;
  object_class->finalize = linnet_chat_finalize;
  object_class->get_property = linnet_chat_get_property;
  object_class->set_property = linnet_chat_set_property;

  properties[PROP_ENGINE] =
      g_param_spec_object ("engine", NULL, NULL, LINNET_TYPE_ENGINE,
                           readable | G_PARAM_WRITABLE | G_PARAM_CONSTRUCT_ONLY);
  properties[PROP_CONVERSATION] =
      g_param_spec_object ("conversation", NULL, NULL, LINNET_TYPE_CONVERSATION, readable);
  properties[PROP_GENERATION] =
      g_param_spec_object ("generation", NULL, NULL, LINNET_TYPE_GENERATION, readable);
  properties[PROP_BUSY] = g_param_spec_boolean ("busy", NULL, NULL, FALSE, readable);
  properties[PROP_SYSTEM_PROMPT] =
      g_param_spec_string ("system-prompt", NULL, NULL, NULL, readable | G_PARAM_WRITABLE);
  g_object_class_install_properties (object_class, N_PROPS, properties);
  install_signals ();
}

static void
linnet_chat_init (LinnetChat *self)
{
  self->conversation = linnet_conversation_new ();
}

LinnetChat *
linnet_chat_new (LinnetEngine *engine)
{
  g_return_val_if_fail (LINNET_IS_ENGINE (engine), NULL);

  return g_object_new (LINNET_TYPE_CHAT, "engine", engine, NULL);
}

LinnetEngine *
linnet_chat_get_engine (LinnetChat *self)
{
  g_return_val_if_fail (LINNET_IS_CHAT (self), NULL);

  return self->engine;
}

LinnetConversation *
linnet_chat_get_conversation (LinnetChat *self)
{
  g_return_val_if_fail (LINNET_IS_CHAT (self), NULL);

  return self->conversation;
}

LinnetGeneration *
linnet_chat_get_generation (LinnetChat *self)
{
  g_return_val_if_fail (LINNET_IS_CHAT (self), NULL);

  return self->generation;
}

gboolean
linnet_chat_get_busy (LinnetChat *self)
{
  g_return_val_if_fail (LINNET_IS_CHAT (self), FALSE);

  return self->generation != NULL;
}

const char *
linnet_chat_get_system_prompt (LinnetChat *self)
{
  g_return_val_if_fail (LINNET_IS_CHAT (self), NULL);

  return self->system_prompt;
}

void
linnet_chat_set_system_prompt (LinnetChat *self, const char *system_prompt)
{
  g_return_if_fail (LINNET_IS_CHAT (self));

  if (system_prompt != NULL && system_prompt[0] == '\0')
    system_prompt = NULL;
  if (g_set_str (&self->system_prompt, system_prompt))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_SYSTEM_PROMPT]);
}

void
linnet_chat_set_options (LinnetChat *self, const LinnetGenerationOptions *options)
{
  GStrv stops = options != NULL ? g_strdupv ((char **) options->stops) : NULL;

  g_return_if_fail (LINNET_IS_CHAT (self));

  self->has_options = options != NULL;
  if (options != NULL)
    self->options = *options;
  g_strfreev (self->stops);
  self->stops = stops;
  self->options.stops = (const char *const *) stops;
}

static gboolean
is_blank (const char *text)
{
  while (*text != '\0' && g_unichar_isspace (g_utf8_get_char (text)))
    text = g_utf8_next_char (text);
  return *text == '\0';
}

/* What the model gets to read: the system prompt, if any, and the conversation. */
static LinnetConversation *
make_prompt (LinnetChat *self)
{
  LinnetConversation *prompt = linnet_conversation_new ();
  GListModel *messages = G_LIST_MODEL (self->conversation);
  guint n_messages = g_list_model_get_n_items (messages);

  if (self->system_prompt != NULL) {
    g_autoptr (LinnetMessage) message =
        linnet_message_new (LINNET_ROLE_SYSTEM, self->system_prompt);

    linnet_conversation_append (prompt, message);
  }
  for (guint i = 0; i < n_messages; i++) {
    g_autoptr (LinnetMessage) message = g_list_model_get_item (messages, i);

    linnet_conversation_append (prompt, message);
  }
  return prompt;
}

gboolean
linnet_chat_send (LinnetChat *self, const char *text)
{
  g_autoptr (LinnetConversation) prompt = NULL;
  g_autoptr (LinnetGeneration) generation = NULL;

  g_return_val_if_fail (LINNET_IS_CHAT (self), FALSE);
  g_return_val_if_fail (text != NULL && g_utf8_validate (text, -1, NULL), FALSE);

  if (is_blank (text) || linnet_engine_get_model (self->engine) == NULL ||
      linnet_engine_get_generation (self->engine) != NULL || self->generation != NULL)
    return FALSE;

  self->question = linnet_message_new (LINNET_ROLE_USER, text);
  self->answer = linnet_message_new (LINNET_ROLE_ASSISTANT, "");
  linnet_message_set_complete (self->answer, FALSE);

  prompt = make_prompt (self);
  linnet_conversation_append (prompt, self->question);
  generation =
      linnet_engine_generate (self->engine, prompt, self->has_options ? &self->options : NULL);
  g_signal_connect_object (generation, "text", G_CALLBACK (generation_text_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (generation, "finished", G_CALLBACK (generation_finished_cb), self,
                           G_CONNECT_SWAPPED);

  linnet_conversation_append (self->conversation, self->question);
  linnet_conversation_append (self->conversation, self->answer);
  set_generation (self, generation);
  return TRUE;
}

void
linnet_chat_stop (LinnetChat *self)
{
  g_return_if_fail (LINNET_IS_CHAT (self));

  if (self->generation != NULL)
    linnet_generation_stop (self->generation);
}

void
linnet_chat_clear (LinnetChat *self)
{
  g_return_if_fail (LINNET_IS_CHAT (self));

  linnet_chat_stop (self);
  if (self->answer != NULL)
    linnet_message_set_complete (self->answer, TRUE);
  g_clear_object (&self->question);
  g_clear_object (&self->answer);
  linnet_conversation_truncate (self->conversation, 0);
}
