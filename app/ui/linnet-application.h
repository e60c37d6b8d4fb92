/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetApplication: the life of the program, the app.* actions and the command line. */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define LINNET_TYPE_APPLICATION (linnet_application_get_type ())
G_DECLARE_FINAL_TYPE (LinnetApplication, linnet_application, LINNET, APPLICATION, AdwApplication)

LinnetApplication *linnet_application_new (void);

/* The folder of installed data, or what LINNET_DATA_DIR says. Static. */
const char *linnet_application_get_data_dir (void);

G_END_DECLS
