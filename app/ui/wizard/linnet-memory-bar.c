/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetMemoryBar: the computer's memory as one bar. Lengths are in pixels. */
#include "config.h"

#include <adwaita.h>
#include <glib/gi18n.h>

#include "wizard/linnet-memory-bar.h"

#define HEIGHT     14
#define MIN_WIDTH  120
#define NAT_WIDTH  400
#define OVERFLOW   0.12F /* of the width, for what does not fit */
#define LEAST_PART 3     /* so that something little can be seen */

struct _LinnetMemoryBar {
  GtkWidget parent_instance;

  guint64 total;
  guint64 used;
  guint64 model;
};

G_DEFINE_FINAL_TYPE (LinnetMemoryBar, linnet_memory_bar, GTK_TYPE_WIDGET)

static gboolean
is_too_much (LinnetMemoryBar *self)
{
  return self->model > self->total || self->used > self->total - self->model;
}

static void
fill (GtkSnapshot *snapshot, const GdkRGBA *color, float x, float width)
{
  gtk_snapshot_append_color (snapshot, color, &GRAPHENE_RECT_INIT (x, 0, width, HEIGHT));
}

static void
linnet_memory_bar_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  static const GdkRGBA red = { 0.88F, 0.11F, 0.14F, 1 };
  LinnetMemoryBar *self = LINNET_MEMORY_BAR (widget);
  const float width = (float) gtk_widget_get_width (widget);
  const gboolean too_much = is_too_much (self);
  const float bar = too_much ? width * (1 - OVERFLOW) : width;
  const float total = (float) MAX (self->total, 1);
  const float used = bar * MIN ((float) self->used / total, 1);
  const float model = too_much
                          ? width - used
                          : CLAMP (bar * (float) self->model / total,
                                   self->model > 0 ? LEAST_PART : 0, MAX (LEAST_PART, bar - used));
  AdwStyleManager *style = adw_style_manager_get_for_display (gtk_widget_get_display (widget));
  g_autoptr (GdkRGBA) accent = adw_style_manager_get_accent_color_rgba (style);
  GskRoundedRect outline;
  GdkRGBA ink, part;

  gtk_widget_get_color (widget, &ink);
  gsk_rounded_rect_init_from_rect (&outline, &GRAPHENE_RECT_INIT (0, 0, width, HEIGHT), HEIGHT / 2);
  gtk_snapshot_save (snapshot);
  if (gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL) {
    gtk_snapshot_translate (snapshot, &GRAPHENE_POINT_INIT (width, 0));
    gtk_snapshot_scale (snapshot, -1, 1);
  }
  gtk_snapshot_push_rounded_clip (snapshot, &outline);
  part = ink;
  part.alpha *= 0.12F;
  fill (snapshot, &part, 0, width);
  part.alpha = ink.alpha * 0.35F;
  fill (snapshot, &part, 0, used);
  fill (snapshot, too_much ? &red : accent, used, model);
  if (too_much) /* the memory's end */
    fill (snapshot, &ink, bar - 1, 2);
  gtk_snapshot_pop (snapshot);
  gtk_snapshot_restore (snapshot);
}

static void
linnet_memory_bar_measure (GtkWidget *widget,
                           GtkOrientation orientation,
                           int for_size,
                           int *minimum,
                           int *natural,
                           int *minimum_baseline,
                           int *natural_baseline)
{
  if (orientation == GTK_ORIENTATION_HORIZONTAL) {
    *minimum = MIN_WIDTH;
    *natural = NAT_WIDTH;
  } else
    *minimum = *natural = HEIGHT;
}

static void
linnet_memory_bar_class_init (LinnetMemoryBarClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  widget_class->snapshot = linnet_memory_bar_snapshot;
  widget_class->measure = linnet_memory_bar_measure;
  gtk_widget_class_set_css_name (widget_class, "memorybar");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
}

static void
linnet_memory_bar_init (LinnetMemoryBar *self)
{
}

GtkWidget *
linnet_memory_bar_new (void)
{
  return g_object_new (LINNET_TYPE_MEMORY_BAR, NULL);
}

void
linnet_memory_bar_set_bytes (LinnetMemoryBar *self, guint64 total, guint64 used, guint64 model)
{
  g_autofree char *total_text = NULL;
  g_autofree char *used_text = NULL;
  g_autofree char *model_text = NULL;
  g_autofree char *text = NULL;

  g_return_if_fail (LINNET_IS_MEMORY_BAR (self));

  self->total = total;
  self->used = used;
  self->model = model;
  total_text = g_format_size_full (total, G_FORMAT_SIZE_IEC_UNITS);
  used_text = g_format_size_full (used, G_FORMAT_SIZE_IEC_UNITS);
  model_text = g_format_size_full (model, G_FORMAT_SIZE_IEC_UNITS);
  text = g_strdup_printf (is_too_much (self)
                              ? _ ("Of %s of memory, %s are in use. The model’s %s do not fit in.")
                              : _ ("Of %s of memory, %s are in use. The model would take %s."),
                          total_text, used_text, model_text);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Memory"), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, text, -1);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}
