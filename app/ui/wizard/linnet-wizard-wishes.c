/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetWizardWishes: what someone wants a model for. */
#include "config.h"

#include <glib/gi18n.h>

#include "wizard/linnet-radio-list.h"
#include "wizard/linnet-wizard-wishes.h"

struct _LinnetWizardWishes {
  AdwNavigationPage parent_instance;

  LinnetWizardFrame *frame;
  GtkCheckButton *chat_check;
  GtkCheckButton *writing_check;
  GtkCheckButton *code_check;
  GtkCheckButton *reasoning_check;
  AdwComboRow *wait_row;
  AdwSwitchRow *quiet_row;
  AdwExpanderRow *languages_row;

  GPtrArray *language_rows; /* AdwSwitchRow, borrowed: the expander has them */
  GStrv languages;          /* wanted */
  gboolean is_setting;      /* changes are not the person's */
};

G_DEFINE_FINAL_TYPE (LinnetWizardWishes, linnet_wizard_wishes, ADW_TYPE_NAVIGATION_PAGE)

enum { SIGNAL_CHANGED, N_SIGNALS };
static guint signals[N_SIGNALS];

/* In the order of the row's texts. */
static const double waits[] = { 0, 10, 30, 60, LINNET_WISHES_LONGEST_WAIT };
#define DEFAULT_WAIT 0

/* What speakers call their language: the same in every translation. */
static const struct {
  const char *code;
  const char *name;
} language_names[] = {
  { "ar", "العربية" },   { "bn", "বাংলা" },      { "cs", "Čeština" },    { "de", "Deutsch" },
  { "en", "English" },   { "es", "Español" },    { "fa", "فارسی" },      { "fr", "Français" },
  { "he", "עברית" },     { "hi", "हिन्दी" },      { "id", "Indonesia" },  { "it", "Italiano" },
  { "ja", "日本語" },    { "km", "ខ្មែរ" },       { "ko", "한국어" },     { "lo", "ລາວ" },
  { "ms", "Melayu" },    { "my", "မြန်မာ" },      { "nl", "Nederlands" }, { "pl", "Polski" },
  { "pt", "Português" }, { "ru", "Русский" },    { "th", "ไทย" },        { "tl", "Tagalog" },
  { "tr", "Türkçe" },    { "uk", "Українська" }, { "ur", "اردو" },       { "vi", "Tiếng Việt" },
  { "yue", "粵語" },     { "zh", "中文" },
};

static const char *
get_language_name (const char *code)
{
  for (guint i = 0; i < G_N_ELEMENTS (language_names); i++)
    if (g_str_equal (language_names[i].code, code))
      return language_names[i].name;
  return code;
}

/* The language of the locale: "zh" of "zh_CN.UTF-8". Transfer full. */
static char *
dup_locale_language (void)
{
  const char *name = g_get_language_names ()[0];
  gsize length = strcspn (name, "_.@-");

  if (g_str_equal (name, "C") || g_str_has_prefix (name, "POSIX") || length == 0)
    return g_strdup ("en");
  return g_strndup (name, length);
}

static GtkCheckButton *
get_task_check (LinnetWizardWishes *self, LinnetTask task)
{
  switch (task) {
  case LINNET_TASK_WRITING:
    return self->writing_check;
  case LINNET_TASK_CODE:
    return self->code_check;
  case LINNET_TASK_REASONING:
    return self->reasoning_check;
  case LINNET_TASK_CHAT:
  case LINNET_N_TASKS:
  default:
    return self->chat_check;
  }
}

/* The languages wanted, below the row that holds them all. */
static void
show_languages (LinnetWizardWishes *self)
{
  g_autoptr (GString) names = g_string_new (NULL);

  for (guint i = 0; self->languages[i] != NULL; i++)
    g_string_append_printf (names, "%s%s", i > 0 ? ", " : "",
                            get_language_name (self->languages[i]));
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self->languages_row),
                                 names->len > 0 ? names->str : _ ("Any language"));
}

static void
changed_cb (LinnetWizardWishes *self)
{
  if (!self->is_setting)
    g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
}

static void
languages_changed_cb (LinnetWizardWishes *self)
{
  g_autoptr (GStrvBuilder) builder = NULL;

  if (self->is_setting)
    return;
  builder = g_strv_builder_new ();
  for (guint i = 0; i < self->language_rows->len; i++) {
    AdwSwitchRow *row = self->language_rows->pdata[i];

    if (adw_switch_row_get_active (row))
      g_strv_builder_add (builder, g_object_get_data (G_OBJECT (row), "code"));
  }
  g_strfreev (self->languages);
  self->languages = g_strv_builder_end (builder);
  show_languages (self);
  changed_cb (self);
}

static void
linnet_wizard_wishes_dispose (GObject *object)
{
  /* Before the template lets go of it, which AdwNavigationPage would not notice. */
  adw_navigation_page_set_child (ADW_NAVIGATION_PAGE (object), NULL);
  gtk_widget_dispose_template (GTK_WIDGET (object), LINNET_TYPE_WIZARD_WISHES);

  G_OBJECT_CLASS (linnet_wizard_wishes_parent_class)->dispose (object);
}

static void
linnet_wizard_wishes_finalize (GObject *object)
{
  LinnetWizardWishes *self = LINNET_WIZARD_WISHES (object);

  g_ptr_array_unref (self->language_rows);
  g_strfreev (self->languages);

  G_OBJECT_CLASS (linnet_wizard_wishes_parent_class)->finalize (object);
}

static void
linnet_wizard_wishes_class_init (LinnetWizardWishesClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = linnet_wizard_wishes_dispose;
  object_class->finalize = linnet_wizard_wishes_finalize;

  signals[SIGNAL_CHANGED] = g_signal_new ("changed", LINNET_TYPE_WIZARD_WISHES, G_SIGNAL_RUN_LAST,
                                          0, NULL, NULL, NULL, G_TYPE_NONE, 0);

  g_type_ensure (LINNET_TYPE_WIZARD_FRAME);
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/linnet_chat/Linnet/linnet-wizard-wishes.ui");
  gtk_widget_class_bind_template_child (widget_class, LinnetWizardWishes, frame);
  gtk_widget_class_bind_template_child (widget_class, LinnetWizardWishes, chat_check);
  gtk_widget_class_bind_template_child (widget_class, LinnetWizardWishes, writing_check);
  gtk_widget_class_bind_template_child (widget_class, LinnetWizardWishes, code_check);
  gtk_widget_class_bind_template_child (widget_class, LinnetWizardWishes, reasoning_check);
  gtk_widget_class_bind_template_child (widget_class, LinnetWizardWishes, wait_row);
  gtk_widget_class_bind_template_child (widget_class, LinnetWizardWishes, quiet_row);
  gtk_widget_class_bind_template_child (widget_class, LinnetWizardWishes, languages_row);
}

static void
linnet_wizard_wishes_init (LinnetWizardWishes *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));

  self->language_rows = g_ptr_array_new ();
  adw_combo_row_set_selected (self->wait_row, DEFAULT_WAIT);
  for (LinnetTask task = LINNET_TASK_CHAT; task < LINNET_N_TASKS; task++) {
    g_signal_connect_object (get_task_check (self, task), "notify::active", G_CALLBACK (changed_cb),
                             self, G_CONNECT_SWAPPED);
    linnet_radio_list_watch (get_task_check (self, task));
  }
  g_signal_connect_object (self->wait_row, "notify::selected", G_CALLBACK (changed_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->quiet_row, "notify::active", G_CALLBACK (changed_cb), self,
                           G_CONNECT_SWAPPED);
  linnet_radio_list_set_up (
      GTK_LIST_BOX (gtk_widget_get_ancestor (GTK_WIDGET (self->chat_check), GTK_TYPE_LIST_BOX)));
  linnet_wizard_wishes_set_offered (self, (const char *const[]) { "en", "zh", NULL });
}

GtkWidget *
linnet_wizard_wishes_new (void)
{
  return g_object_new (LINNET_TYPE_WIZARD_WISHES, NULL);
}

LinnetWizardFrame *
linnet_wizard_wishes_get_frame (LinnetWizardWishes *self)
{
  g_return_val_if_fail (LINNET_IS_WIZARD_WISHES (self), NULL);

  return self->frame;
}

static void
add_language (LinnetWizardWishes *self, const char *code)
{
  GtkWidget *row = adw_switch_row_new ();

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), get_language_name (code));
  g_object_set_data_full (G_OBJECT (row), "code", g_strdup (code), g_free);
  adw_switch_row_set_active (ADW_SWITCH_ROW (row),
                             self->languages != NULL &&
                                 g_strv_contains ((const char *const *) self->languages, code));
  g_signal_connect_object (row, "notify::active", G_CALLBACK (languages_changed_cb), self,
                           G_CONNECT_SWAPPED);
  gtk_accessible_update_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  get_language_name (code), -1);
  adw_expander_row_add_row (self->languages_row, row);
  g_ptr_array_add (self->language_rows, row);
}

void
linnet_wizard_wishes_set_offered (LinnetWizardWishes *self, const char *const *languages)
{
  g_return_if_fail (LINNET_IS_WIZARD_WISHES (self));
  g_return_if_fail (languages != NULL);

  self->is_setting = TRUE;
  for (guint i = 0; i < self->language_rows->len; i++)
    adw_expander_row_remove (self->languages_row, self->language_rows->pdata[i]);
  g_ptr_array_set_size (self->language_rows, 0);
  if (self->languages == NULL) {
    self->languages = g_new0 (char *, 2);
    self->languages[0] = dup_locale_language ();
  }
  for (guint i = 0; languages[i] != NULL; i++)
    add_language (self, languages[i]);
  show_languages (self);
  self->is_setting = FALSE;
}

void
linnet_wizard_wishes_get (LinnetWizardWishes *self, LinnetWishes *wishes)
{
  g_return_if_fail (LINNET_IS_WIZARD_WISHES (self));
  g_return_if_fail (wishes != NULL);

  *wishes = (LinnetWishes) { .task = LINNET_TASK_CHAT };
  for (LinnetTask task = LINNET_TASK_CHAT; task < LINNET_N_TASKS; task++)
    if (gtk_check_button_get_active (get_task_check (self, task)))
      wishes->task = task;
  wishes->wait_seconds =
      waits[MIN (adw_combo_row_get_selected (self->wait_row), G_N_ELEMENTS (waits) - 1)];
  wishes->quiet = adw_switch_row_get_active (self->quiet_row);
  wishes->languages = self->languages[0] != NULL ? (const char **) self->languages : NULL;
}

void
linnet_wizard_wishes_set (LinnetWizardWishes *self, const LinnetWishes *wishes)
{
  g_return_if_fail (LINNET_IS_WIZARD_WISHES (self));
  g_return_if_fail (wishes != NULL);

  self->is_setting = TRUE;
  gtk_check_button_set_active (get_task_check (self, wishes->task), TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (waits); i++)
    if (waits[i] == wishes->wait_seconds)
      adw_combo_row_set_selected (self->wait_row, i);
  adw_switch_row_set_active (self->quiet_row, wishes->quiet);
  if (wishes->languages != NULL) {
    g_strfreev (self->languages);
    self->languages = g_strdupv ((char **) wishes->languages);
  }
  for (guint i = 0; i < self->language_rows->len; i++) {
    AdwSwitchRow *row = self->language_rows->pdata[i];

    adw_switch_row_set_active (row, g_strv_contains ((const char *const *) self->languages,
                                                     g_object_get_data (G_OBJECT (row), "code")));
  }
  show_languages (self);
  self->is_setting = FALSE;
}
