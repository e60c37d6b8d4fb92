/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetLibraryPicture: how fast the books come from the library. Lengths are in pixels. */
#include "config.h"

#include <adwaita.h>
#include <glib/gi18n.h>
#include <math.h>

#include "wizard/linnet-library-picture.h"

#define TYPICAL_BANDWIDTH  30e9 /* two channels of DDR4, as the article has it */
#define GRAPHICS_BANDWIDTH 300e9
#define BYTES_PER_BOOK     10e9
#define MOST_BOOKS         60
#define BOOKS_PER_LAYER    15
#define ROLL_MS            2200

#define N_LANES      3
#define MIN_WIDTH    280
#define NAT_WIDTH    560
#define LABEL_HEIGHT 22
#define BOOK_WIDTH   6
#define BOOK_HEIGHT  16
#define MOST_LAYERS  (MOST_BOOKS / BOOKS_PER_LAYER)
#define WHEEL_RADIUS 4
#define CART_HEIGHT  (WHEEL_RADIUS * 2 + 4)
#define LANE_GAP     10
#define SHELF_WIDTH  46
#define DESK_WIDTH   58
#define SIDE_GAP     10
#define REST_AT      0.72 /* of the way: where the carts stand in the end */

/* A computer that books are brought to. */
typedef struct {
  const char *name;
  double bandwidth;
  gboolean is_own;
} Lane;

struct _LinnetLibraryPicture {
  GtkWidget parent_instance;

  AdwAnimation *roll;

  double bandwidth;
  double way; /* 0: at the shelves, 1: where the carts rest */
};

G_DEFINE_FINAL_TYPE (LinnetLibraryPicture, linnet_library_picture, GTK_TYPE_WIDGET)

/* Covers of books: colours that hold in light and dark. */
static const GdkRGBA covers[] = {
  { 0.21, 0.52, 0.89, 1 }, /* blue */
  { 0.90, 0.38, 0.00, 1 }, /* orange */
  { 0.15, 0.64, 0.41, 1 }, /* green */
  { 0.75, 0.11, 0.16, 1 }, /* red */
  { 0.57, 0.25, 0.67, 1 }, /* purple */
  { 0.83, 0.66, 0.06, 1 }, /* yellow */
};

static guint
count_books (double bandwidth)
{
  return (guint) CLAMP (lround (bandwidth / BYTES_PER_BOOK), bandwidth > 0 ? 1 : 0, MOST_BOOKS);
}

static void
get_lanes (LinnetLibraryPicture *self, Lane lanes[N_LANES])
{
  lanes[0] = (Lane) { _ ("This computer"), self->bandwidth, TRUE };
  lanes[1] = (Lane) { _ ("A typical computer"), TYPICAL_BANDWIDTH, FALSE };
  lanes[2] = (Lane) { _ ("A graphics card"), GRAPHICS_BANDWIDTH, FALSE };
}

static guint
count_layers (const Lane *lane)
{
  guint n_books = count_books (lane->bandwidth);

  return MAX (1, (n_books + BOOKS_PER_LAYER - 1) / BOOKS_PER_LAYER);
}

static int
lane_height (const Lane *lane)
{
  return LABEL_HEIGHT + (int) count_layers (lane) * (BOOK_HEIGHT + 1) + CART_HEIGHT;
}

static int
picture_height (LinnetLibraryPicture *self)
{
  Lane lanes[N_LANES];
  int height = LANE_GAP * (N_LANES - 1);

  get_lanes (self, lanes);
  for (guint i = 0; i < N_LANES; i++)
    height += lane_height (&lanes[i]);
  return height;
}

static GdkRGBA
fade (GdkRGBA color, float alpha)
{
  color.alpha *= alpha;
  return color;
}

static void
fill (GtkSnapshot *snapshot, const GdkRGBA *color, float x, float y, float w, float h, float radius)
{
  const graphene_rect_t bounds = GRAPHENE_RECT_INIT (x, y, w, h);
  GskRoundedRect outline;

  if (radius <= 0) {
    gtk_snapshot_append_color (snapshot, color, &bounds);
    return;
  }
  gsk_rounded_rect_init_from_rect (&outline, &bounds, radius);
  gtk_snapshot_push_rounded_clip (snapshot, &outline);
  gtk_snapshot_append_color (snapshot, color, &bounds);
  gtk_snapshot_pop (snapshot);
}

static void
draw_circle (GtkSnapshot *snapshot, const GdkRGBA *color, float x, float y, float radius)
{
  fill (snapshot, color, x - radius, y - radius, 2 * radius, 2 * radius, radius);
}

/* The n-th book standing on (x, bottom). Books differ a little, as books do. */
static void
draw_book (GtkSnapshot *snapshot, guint n, float x, float bottom)
{
  const float height = BOOK_HEIGHT - (float) (n * 7 % 4);

  fill (snapshot, &covers[n * 5 % G_N_ELEMENTS (covers)], x, bottom - height, BOOK_WIDTH - 1,
        height, 1);
}

/* The library: shelves full of books from top to bottom. */
static void
draw_shelves (GtkSnapshot *snapshot, const GdkRGBA *ink, float x, float height)
{
  const GdkRGBA wood = fade (*ink, 0.35F);
  const GdkRGBA back = fade (*ink, 0.07F);
  const int n_shelves = MAX (1, (int) height / (BOOK_HEIGHT + 9));
  const float step = height / (float) n_shelves;
  guint n = 0;

  fill (snapshot, &back, x, 0, SHELF_WIDTH, height, 3);
  for (int i = 0; i < n_shelves; i++) {
    float bottom = (float) (i + 1) * step;

    for (int j = 0; j < (SHELF_WIDTH - 8) / BOOK_WIDTH; j++, n++)
      if (n % 11 != 7) /* some are lent out */
        draw_book (snapshot, n, x + 4 + (float) (j * BOOK_WIDTH), bottom - 2);
    fill (snapshot, &wood, x, bottom - 2, SHELF_WIDTH, 2, 0);
  }
  fill (snapshot, &wood, x, 0, 2, height, 0);
  fill (snapshot, &wood, x + SHELF_WIDTH - 2, 0, 2, height, 0);
}

/* The processor: someone who reads at a desk. */
static void
draw_reader (
    GtkSnapshot *snapshot, const GdkRGBA *ink, const GdkRGBA *accent, float x, float height)
{
  const GdkRGBA wood = fade (*ink, 0.45F);
  const GdkRGBA skin = fade (*ink, 0.55F);
  const GdkRGBA paper = fade (*ink, 0.2F);
  const float top = height / 2;

  draw_circle (snapshot, &skin, x + 36, top - 32, 9);
  fill (snapshot, accent, x + 24, top - 21, 24, 21, 9);
  fill (snapshot, &wood, x, top, DESK_WIDTH, 4, 2);
  fill (snapshot, &wood, x + 5, top + 4, 3, 34, 0);
  fill (snapshot, &wood, x + DESK_WIDTH - 8, top + 4, 3, 34, 0);
  /* an open book */
  fill (snapshot, &paper, x + 4, top - 5, 10, 5, 1);
  fill (snapshot, &paper, x + 15, top - 5, 10, 5, 1);
}

static void
draw_text (GtkWidget *widget,
           GtkSnapshot *snapshot,
           const char *text,
           const GdkRGBA *color,
           gboolean bold,
           float x,
           float width)
{
  g_autoptr (PangoLayout) layout = gtk_widget_create_pango_layout (widget, text);
  g_autoptr (PangoAttrList) attributes = pango_attr_list_new ();

  pango_attr_list_insert (attributes, pango_attr_scale_new (0.9));
  if (bold)
    pango_attr_list_insert (attributes, pango_attr_weight_new (PANGO_WEIGHT_BOLD));
  pango_layout_set_attributes (layout, attributes);
  pango_layout_set_width (layout, (int) (width * PANGO_SCALE));
  pango_layout_set_height (layout, -1);
  pango_layout_set_ellipsize (layout, PANGO_ELLIPSIZE_END);
  gtk_snapshot_save (snapshot);
  gtk_snapshot_translate (snapshot, &GRAPHENE_POINT_INIT (x, 0));
  gtk_snapshot_append_layout (snapshot, layout, color);
  gtk_snapshot_restore (snapshot);
}

/* "This computer · 45 GB/s". Transfer full. */
static char *
describe_lane (const Lane *lane)
{
  if (lane->bandwidth <= 0)
    /* Translators: a computer whose memory is being measured. */
    return g_strdup_printf (_ ("%s · measuring…"), lane->name);
  /* Translators: a computer, and the gigabytes a second that its memory delivers. */
  return g_strdup_printf (_ ("%s · %.0f GB/s"), lane->name, lane->bandwidth / 1e9);
}

/* A lane from (left, 0) to (right, …): its name, the way and the cart. */
static void
draw_lane (LinnetLibraryPicture *self,
           GtkSnapshot *snapshot,
           const Lane *lane,
           const GdkRGBA *ink,
           const GdkRGBA *accent,
           float left,
           float right)
{
  g_autofree char *text = describe_lane (lane);
  const GdkRGBA road = fade (*ink, 0.2F);
  const GdkRGBA wheel = fade (*ink, 0.75F);
  const GdkRGBA cart = lane->is_own ? *accent : fade (*ink, 0.45F);
  const guint n_books = count_books (lane->bandwidth);
  const float bottom = (float) lane_height (lane) - 1;
  const float bed = bottom - CART_HEIGHT + 3;
  const float length = (float) MIN (MAX (n_books, 3), BOOKS_PER_LAYER) * BOOK_WIDTH + 8;
  const float way = lane->bandwidth > 0 ? (float) (self->way * REST_AT) : 0;
  const float x = left + MAX (0, right - left - length) * way;

  draw_text (GTK_WIDGET (self), snapshot, text, ink, lane->is_own, left, right - left);
  fill (snapshot, &road, left, bottom, right - left, 1, 0);
  fill (snapshot, &cart, x, bed, length, 3, 1.5F);
  fill (snapshot, &cart, x, bed - 9, 2, 10, 1); /* the handle */
  draw_circle (snapshot, &wheel, x + 9, bottom - WHEEL_RADIUS, WHEEL_RADIUS);
  draw_circle (snapshot, &wheel, x + length - 9, bottom - WHEEL_RADIUS, WHEEL_RADIUS);
  for (guint i = 0; i < n_books; i++)
    draw_book (snapshot, i, x + 4 + (float) (i % BOOKS_PER_LAYER) * BOOK_WIDTH,
               bed - (float) (i / BOOKS_PER_LAYER) * (BOOK_HEIGHT + 1));
}

static void
linnet_library_picture_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  LinnetLibraryPicture *self = LINNET_LIBRARY_PICTURE (widget);
  const float width = (float) gtk_widget_get_width (widget);
  const float height = (float) picture_height (self);
  const float left = SHELF_WIDTH + SIDE_GAP;
  const float right = width - DESK_WIDTH - SIDE_GAP;
  const gboolean is_rtl = gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL;
  g_autoptr (GdkRGBA) accent = NULL;
  AdwStyleManager *style = adw_style_manager_get_for_display (gtk_widget_get_display (widget));
  Lane lanes[N_LANES];
  GdkRGBA ink;

  gtk_widget_get_color (widget, &ink);
  accent = adw_style_manager_get_accent_color_rgba (style);
  get_lanes (self, lanes);

  gtk_snapshot_save (snapshot);
  draw_shelves (snapshot, &ink, is_rtl ? width - SHELF_WIDTH : 0, height);
  draw_reader (snapshot, &ink, accent, is_rtl ? 0 : width - DESK_WIDTH, height);
  for (guint i = 0; i < N_LANES; i++) {
    draw_lane (self, snapshot, &lanes[i], &ink, accent, is_rtl ? width - right : left,
               is_rtl ? width - left : right);
    gtk_snapshot_translate (snapshot,
                            &GRAPHENE_POINT_INIT (0, (float) (lane_height (&lanes[i]) + LANE_GAP)));
  }
  gtk_snapshot_restore (snapshot);
}

static void
linnet_library_picture_measure (GtkWidget *widget,
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
    *minimum = *natural = picture_height (LINNET_LIBRARY_PICTURE (widget));
}

static void
set_way (double value, gpointer user_data)
{
  LINNET_LIBRARY_PICTURE (user_data)->way = value;
  gtk_widget_queue_draw (user_data);
}

static void
update_description (LinnetLibraryPicture *self)
{
  g_autofree char *text = NULL;

  if (self->bandwidth > 0)
    text = g_strdup_printf (
        _ ("A picture: carts bring books from the shelves, which stand for memory, to a reader, "
           "who stands for the processor. This computer brings %.0f gigabytes a second; a typical "
           "computer %.0f, a graphics card %.0f."),
        self->bandwidth / 1e9, TYPICAL_BANDWIDTH / 1e9, GRAPHICS_BANDWIDTH / 1e9);
  else
    text = g_strdup (_ ("A picture: carts bring books from the shelves, which stand for memory, to "
                        "a reader, who stands for the processor. This computer’s speed is being "
                        "measured."));
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("How fast the books come from the library"),
                                  GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, text, -1);
}

static void
linnet_library_picture_dispose (GObject *object)
{
  LinnetLibraryPicture *self = LINNET_LIBRARY_PICTURE (object);

  if (self->roll != NULL)
    adw_animation_reset (self->roll);
  g_clear_object (&self->roll);

  G_OBJECT_CLASS (linnet_library_picture_parent_class)->dispose (object);
}

static void
linnet_library_picture_class_init (LinnetLibraryPictureClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = linnet_library_picture_dispose;
  widget_class->snapshot = linnet_library_picture_snapshot;
  widget_class->measure = linnet_library_picture_measure;
  gtk_widget_class_set_css_name (widget_class, "librarypicture");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
}

static void
linnet_library_picture_init (LinnetLibraryPicture *self)
{
  AdwAnimationTarget *target = adw_callback_animation_target_new (set_way, self, NULL);

  /* Takes the target; follows the system's wish for no animations. */
  self->roll = adw_timed_animation_new (GTK_WIDGET (self), 0, 1, ROLL_MS, target);
  adw_timed_animation_set_easing (ADW_TIMED_ANIMATION (self->roll), ADW_EASE_IN_OUT_CUBIC);
  update_description (self);
}

GtkWidget *
linnet_library_picture_new (void)
{
  return g_object_new (LINNET_TYPE_LIBRARY_PICTURE, NULL);
}

void
linnet_library_picture_set_bandwidth (LinnetLibraryPicture *self, double bandwidth)
{
  g_return_if_fail (LINNET_IS_LIBRARY_PICTURE (self));
  g_return_if_fail (bandwidth >= 0);

  if (self->bandwidth == bandwidth)
    return;
  self->bandwidth = bandwidth;
  update_description (self);
  adw_animation_reset (self->roll);
  if (bandwidth > 0)
    adw_animation_play (self->roll);
  gtk_widget_queue_resize (GTK_WIDGET (self));
}

double
linnet_library_picture_get_bandwidth (LinnetLibraryPicture *self)
{
  g_return_val_if_fail (LINNET_IS_LIBRARY_PICTURE (self), 0);

  return self->bandwidth;
}
