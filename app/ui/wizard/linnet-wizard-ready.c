/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetWizardReady: the model is there. */
#include "config.h"

#include <glib/gi18n.h>

#include "wizard/linnet-wizard-ready.h"

#define N_QUESTIONS 3

struct _LinnetWizardReady {
  AdwNavigationPage parent_instance;

  LinnetWizardFrame *frame;
  GtkWidget *icon;
  GtkProgressBar *bar;
  GtkWidget *error_box;
  GtkLabel *error_label;
  GtkWidget *questions_group;
  GtkListBox *questions;

  GPtrArray *checks;    /* GtkCheckButton of each question, borrowed */
  const char *question; /* static */
  char *title;          /* of the model; NULL at first */
};

G_DEFINE_FINAL_TYPE (LinnetWizardReady, linnet_wizard_ready, ADW_TYPE_NAVIGATION_PAGE)

static const char *const suggestions[LINNET_N_TASKS][N_QUESTIONS] = {
  [LINNET_TASK_CHAT] = {
    N_ ("Explain in simple words why the sky is blue."),
    N_ ("What can you help me with?"),
    N_ ("Plan a quiet weekend for me."),
  },
  [LINNET_TASK_WRITING] = {
    N_ ("Write a short, friendly letter to a neighbour about a party on Saturday."),
    N_ ("Write a poem of four lines about autumn."),
    N_ ("Make this sentence sound better: “We was very happy with the result.”"),
  },
  [LINNET_TASK_CODE] = {
    N_ ("Write a Python function that counts the words in a text."),
    N_ ("Explain what a loop is, with a small example."),
    N_ ("Write a shell command that finds the ten largest files in a folder."),
  },
  [LINNET_TASK_REASONING] = {
    N_ ("A train leaves at 9:40 and takes 85 minutes. When does it arrive? Think step by step."),
    N_ ("I have a fox, a goose and a bag of corn to take across a river. How do I do it?"),
    N_ ("Compare buying and renting a washing machine for three years."),
  },
};

static void
toggled_cb (LinnetWizardReady *self, GtkCheckButton *check)
{
  if (gtk_check_button_get_active (check))
    self->question = g_object_get_data (G_OBJECT (check), "question");
}

/* question: static, translated. */
static void
add_question (LinnetWizardReady *self, const char *question, const char *title)
{
  GtkWidget *row = adw_action_row_new ();
  GtkWidget *check = gtk_check_button_new ();

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  adw_action_row_add_prefix (ADW_ACTION_ROW (row), check);
  adw_action_row_set_activatable_widget (ADW_ACTION_ROW (row), check);
  /* The button has the focus, so that what it is can be heard. */
  gtk_widget_set_focusable (row, FALSE);
  gtk_widget_set_valign (check, GTK_ALIGN_CENTER);
  g_object_set_data (G_OBJECT (check), "question", (gpointer) question);
  if (self->checks->len > 0)
    gtk_check_button_set_group (GTK_CHECK_BUTTON (check), self->checks->pdata[0]);
  gtk_accessible_update_property (GTK_ACCESSIBLE (check), GTK_ACCESSIBLE_PROPERTY_LABEL, title, -1);
  g_signal_connect_object (check, "toggled", G_CALLBACK (toggled_cb), self, G_CONNECT_SWAPPED);
  gtk_list_box_append (self->questions, row);
  g_ptr_array_add (self->checks, check);
}

static void
linnet_wizard_ready_dispose (GObject *object)
{
  /* Before the template lets go of it, which AdwNavigationPage would not notice. */
  adw_navigation_page_set_child (ADW_NAVIGATION_PAGE (object), NULL);
  gtk_widget_dispose_template (GTK_WIDGET (object), LINNET_TYPE_WIZARD_READY);

  G_OBJECT_CLASS (linnet_wizard_ready_parent_class)->dispose (object);
}

static void
linnet_wizard_ready_finalize (GObject *object)
{
  LinnetWizardReady *self = LINNET_WIZARD_READY (object);

  g_ptr_array_unref (self->checks);
  g_free (self->title);

  G_OBJECT_CLASS (linnet_wizard_ready_parent_class)->finalize (object);
}

static void
linnet_wizard_ready_class_init (LinnetWizardReadyClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = linnet_wizard_ready_dispose;
  object_class->finalize = linnet_wizard_ready_finalize;

  g_type_ensure (LINNET_TYPE_WIZARD_FRAME);
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/linnet_chat/Linnet/linnet-wizard-ready.ui");
  gtk_widget_class_bind_template_child (widget_class, LinnetWizardReady, frame);
  gtk_widget_class_bind_template_child (widget_class, LinnetWizardReady, icon);
  gtk_widget_class_bind_template_child (widget_class, LinnetWizardReady, bar);
  gtk_widget_class_bind_template_child (widget_class, LinnetWizardReady, error_box);
  gtk_widget_class_bind_template_child (widget_class, LinnetWizardReady, error_label);
  gtk_widget_class_bind_template_child (widget_class, LinnetWizardReady, questions_group);
  gtk_widget_class_bind_template_child (widget_class, LinnetWizardReady, questions);
}

static void
linnet_wizard_ready_init (LinnetWizardReady *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));

  self->checks = g_ptr_array_new ();
  self->question = "";
  linnet_wizard_frame_set_can_skip (self->frame, FALSE);
}

GtkWidget *
linnet_wizard_ready_new (void)
{
  return g_object_new (LINNET_TYPE_WIZARD_READY, NULL);
}

LinnetWizardFrame *
linnet_wizard_ready_get_frame (LinnetWizardReady *self)
{
  g_return_val_if_fail (LINNET_IS_WIZARD_READY (self), NULL);

  return self->frame;
}

void
linnet_wizard_ready_set_model (LinnetWizardReady *self, const char *title, LinnetTask task)
{
  g_return_if_fail (LINNET_IS_WIZARD_READY (self));
  g_return_if_fail (title != NULL);
  g_return_if_fail ((guint) task < LINNET_N_TASKS);

  g_set_str (&self->title, title);
  g_ptr_array_set_size (self->checks, 0);
  gtk_list_box_remove_all (self->questions);
  for (guint i = 0; i < N_QUESTIONS; i++)
    add_question (self, _ (suggestions[task][i]), _ (suggestions[task][i]));
  add_question (self, "", _ ("I know what to ask"));
  gtk_check_button_set_active (self->checks->pdata[0], TRUE);
  linnet_wizard_ready_set_loading (self, 0);
}

void
linnet_wizard_ready_set_loading (LinnetWizardReady *self, double fraction)
{
  g_autofree char *text = NULL;

  g_return_if_fail (LINNET_IS_WIZARD_READY (self));

  /* Translators: %s is the name of a model. */
  text = g_strdup_printf (_ ("Opening %s…"), self->title != NULL ? self->title : "");
  linnet_wizard_frame_set_heading (self->frame, text);
  linnet_wizard_frame_set_next (self->frame, _ ("_Start Chatting"), "wizard.next");
  gtk_widget_set_visible (self->icon, FALSE);
  gtk_widget_set_visible (GTK_WIDGET (self->bar), TRUE);
  gtk_widget_set_visible (self->error_box, FALSE);
  gtk_widget_set_visible (self->questions_group, TRUE);
  gtk_progress_bar_set_fraction (self->bar, CLAMP (fraction, 0, 1));
}

void
linnet_wizard_ready_set_loaded (LinnetWizardReady *self, const char *error)
{
  g_autofree char *text = NULL;

  g_return_if_fail (LINNET_IS_WIZARD_READY (self));

  /* Translators: %s is the name of a model. */
  text = g_strdup_printf (error == NULL ? _ ("%s is ready") : _ ("%s cannot be opened"),
                          self->title != NULL ? self->title : "");
  linnet_wizard_frame_set_heading (self->frame, text);
  linnet_wizard_frame_set_next (self->frame, error == NULL ? _ ("_Start Chatting") : NULL,
                                "wizard.next");
  gtk_label_set_label (self->error_label, error != NULL ? error : "");
  gtk_widget_set_visible (self->error_box, error != NULL);
  gtk_widget_set_visible (self->icon, error == NULL);
  gtk_widget_set_visible (GTK_WIDGET (self->bar), FALSE);
  gtk_widget_set_visible (self->questions_group, error == NULL);
  gtk_accessible_announce (GTK_ACCESSIBLE (self), error != NULL ? error : text,
                           GTK_ACCESSIBLE_ANNOUNCEMENT_PRIORITY_MEDIUM);
}

const char *
linnet_wizard_ready_get_question (LinnetWizardReady *self)
{
  g_return_val_if_fail (LINNET_IS_WIZARD_READY (self), NULL);

  return self->question;
}
