/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetMessage: one turn of a conversation. */
#include "chat/linnet-message.h"

struct _LinnetMessage {
  GObject parent_instance;

  GString *text; /* owned */
  LinnetRole role;
  gboolean complete;
};

enum {
  PROP_0,
  PROP_ROLE,
  PROP_TEXT,
  PROP_COMPLETE,
  N_PROPS,
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_ENUM_TYPE (LinnetRole,
                    linnet_role,
                    G_DEFINE_ENUM_VALUE (LINNET_ROLE_SYSTEM, "system"),
                    G_DEFINE_ENUM_VALUE (LINNET_ROLE_USER, "user"),
                    G_DEFINE_ENUM_VALUE (LINNET_ROLE_ASSISTANT, "assistant"))

G_DEFINE_FINAL_TYPE (LinnetMessage, linnet_message, G_TYPE_OBJECT)

static void
linnet_message_finalize (GObject *object)
{
  LinnetMessage *self = LINNET_MESSAGE (object);

  g_string_free (self->text, TRUE);
  G_OBJECT_CLASS (linnet_message_parent_class)->finalize (object);
}

static void
linnet_message_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  LinnetMessage *self = LINNET_MESSAGE (object);

  switch (id) {
  case PROP_ROLE:
    g_value_set_enum (value, (int) self->role);
    break;
  case PROP_TEXT:
    g_value_set_string (value, self->text->str);
    break;
  case PROP_COMPLETE:
    g_value_set_boolean (value, self->complete);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    break;
  }
}

static void
linnet_message_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  LinnetMessage *self = LINNET_MESSAGE (object);

  switch (id) {
  case PROP_ROLE:
    self->role = (LinnetRole) g_value_get_enum (value);
    break;
  case PROP_TEXT:
    if (g_value_get_string (value) != NULL)
      g_string_assign (self->text, g_value_get_string (value));
    break;
  case PROP_COMPLETE:
    linnet_message_set_complete (self, g_value_get_boolean (value));
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    break;
  }
}

static void
linnet_message_class_init (LinnetMessageClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->finalize = linnet_message_finalize;
  object_class->get_property = linnet_message_get_property;
  object_class->set_property = linnet_message_set_property;

  properties[PROP_ROLE] = g_param_spec_enum ("role", NULL, NULL, LINNET_TYPE_ROLE, LINNET_ROLE_USER,
                                             flags | G_PARAM_CONSTRUCT_ONLY);
  properties[PROP_TEXT] =
      g_param_spec_string ("text", NULL, NULL, "", flags | G_PARAM_CONSTRUCT_ONLY);
  properties[PROP_COMPLETE] = g_param_spec_boolean ("complete", NULL, NULL, TRUE, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
linnet_message_init (LinnetMessage *self)
{
  self->text = g_string_new (NULL);
  self->complete = TRUE;
}

LinnetMessage *
linnet_message_new (LinnetRole role, const char *text)
{
  return g_object_new (LINNET_TYPE_MESSAGE, "role", role, "text", text, NULL);
}

LinnetRole
linnet_message_get_role (LinnetMessage *self)
{
  g_return_val_if_fail (LINNET_IS_MESSAGE (self), LINNET_ROLE_USER);

  return self->role;
}

const char *
linnet_message_get_text (LinnetMessage *self)
{
  g_return_val_if_fail (LINNET_IS_MESSAGE (self), NULL);

  return self->text->str;
}

void
linnet_message_append (LinnetMessage *self, const char *text)
{
  g_return_if_fail (LINNET_IS_MESSAGE (self));
  g_return_if_fail (text != NULL);

  if (text[0] == '\0')
    return;
  g_string_append (self->text, text);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_TEXT]);
}

gboolean
linnet_message_get_complete (LinnetMessage *self)
{
  g_return_val_if_fail (LINNET_IS_MESSAGE (self), TRUE);

  return self->complete;
}

void
linnet_message_set_complete (LinnetMessage *self, gboolean complete)
{
  g_return_if_fail (LINNET_IS_MESSAGE (self));

  if (self->complete == !!complete)
    return;
  self->complete = !!complete;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_COMPLETE]);
}
