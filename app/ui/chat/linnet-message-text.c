/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetMessageText: shows an answer that may still grow. */
#include "config.h"

#include <glib/gi18n.h>

#include "chat/linnet-message-text.h"

struct _LinnetMessageText {
  GtkTextView parent_instance;

  GString *shown;
};

G_DEFINE_FINAL_TYPE (LinnetMessageText, linnet_message_text, GTK_TYPE_TEXT_VIEW)

static void
linnet_message_text_finalize (GObject *object)
{
  LinnetMessageText *self = LINNET_MESSAGE_TEXT (object);

  g_string_free (self->shown, TRUE);

  G_OBJECT_CLASS (linnet_message_text_parent_class)->finalize (object);
}

static void
linnet_message_text_class_init (LinnetMessageTextClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = linnet_message_text_finalize;
}

static void
linnet_message_text_init (LinnetMessageText *self)
{
  GtkTextView *view = GTK_TEXT_VIEW (self);

  self->shown = g_string_new (NULL);

  gtk_text_view_set_editable (view, FALSE);
  gtk_text_view_set_cursor_visible (view, FALSE);
  gtk_text_view_set_accepts_tab (view, FALSE);
  gtk_text_view_set_wrap_mode (view, GTK_WRAP_WORD_CHAR);
  gtk_text_view_set_pixels_inside_wrap (view, 4);
  gtk_text_view_set_pixels_below_lines (view, 4);
  gtk_widget_set_hexpand (GTK_WIDGET (self), TRUE);
  gtk_widget_add_css_class (GTK_WIDGET (self), "message-text");
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Answer"), -1);
}

GtkWidget *
linnet_message_text_new (void)
{
  return g_object_new (LINNET_TYPE_MESSAGE_TEXT, NULL);
}

void
linnet_message_text_set_text (LinnetMessageText *self, const char *text)
{
  GtkTextBuffer *buffer;

  g_return_if_fail (LINNET_IS_MESSAGE_TEXT (self));
  g_return_if_fail (text != NULL);

  buffer = gtk_text_view_get_buffer (GTK_TEXT_VIEW (self));
  if (strncmp (text, self->shown->str, self->shown->len) == 0) {
    GtkTextIter end;

    text += self->shown->len;
    if (*text == '\0')
      return;
    gtk_text_buffer_get_end_iter (buffer, &end);
    gtk_text_buffer_insert (buffer, &end, text, -1);
  } else {
    g_string_truncate (self->shown, 0);
    gtk_text_buffer_set_text (buffer, text, -1);
  }
  g_string_append (self->shown, text);
}
