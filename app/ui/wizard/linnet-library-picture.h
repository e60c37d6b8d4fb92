/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetLibraryPicture: how fast the books come from the library: memory bandwidth as carts that
 * bring books from the shelves (memory) to the desk (processor), beside a typical computer's and a
 * graphics card's. One book is ten gigabytes a second. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define LINNET_TYPE_LIBRARY_PICTURE (linnet_library_picture_get_type ())
G_DECLARE_FINAL_TYPE (
    LinnetLibraryPicture, linnet_library_picture, LINNET, LIBRARY_PICTURE, GtkWidget)

GtkWidget *linnet_library_picture_new (void);

/* bandwidth: bytes a second; 0: not known yet, and this computer's cart waits at the shelves. When
 * it becomes known the carts roll to the desk, once, where animations are wanted. */
void linnet_library_picture_set_bandwidth (LinnetLibraryPicture *self, double bandwidth);
double linnet_library_picture_get_bandwidth (LinnetLibraryPicture *self);

G_END_DECLS
