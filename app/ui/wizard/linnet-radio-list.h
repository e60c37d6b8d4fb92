/* SPDX-License-Identifier: GPL-3.0-or-later
 * A list box of rows with a radio button each, as the keyboard wants it. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Up and Down choose the row above and below, as in any group of radio buttons: left to itself, a
 * list box would take the keys for its rows. */
void linnet_radio_list_set_up (GtkListBox *list);
/* check: the radio button of a row that is in the list, or will be. Tab reaches the one that is
 * active. */
void linnet_radio_list_watch (GtkCheckButton *check);

G_END_DECLS
