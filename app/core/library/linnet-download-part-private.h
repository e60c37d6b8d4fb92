/* SPDX-License-Identifier: GPL-3.0-or-later
 * The inside of a LinnetPart: linnet-download-part.c is its main thread's side, and
 * linnet-download-writer.c its writer thread's. */
#pragma once

#include "library/linnet-download-disk.h"

G_BEGIN_DECLS

typedef enum {
  LINNET_PART_COMMAND_OPEN,
  LINNET_PART_COMMAND_SET_SIZE,
  LINNET_PART_COMMAND_WRITE,
  LINNET_PART_COMMAND_RESET,
  LINNET_PART_COMMAND_FINISH,
  LINNET_PART_COMMAND_STOP,
  LINNET_PART_COMMAND_DISCARD,
  LINNET_PART_COMMAND_QUIT,
} LinnetPartCommandKind;

typedef struct {
  LinnetPartCommandKind kind;
  int serial;
  guint64 number; /* an offset, a size, room that is needed besides */
  char *folder, *name, *sha256;
  char *text; /* a URL or an ETag */
  GBytes *data;
  guint64 bytes;
  gboolean is_finished;
} LinnetPartCommand;

struct _LinnetPart {
  GAsyncQueue *commands; /* LinnetPartCommand */
  GMainContext *context;
  int serial; /* atomic: answers to older ones are dropped, and their long work is given up */

  /* Main thread. */
  LinnetPartEvents events;
  gpointer user_data;
  gboolean is_freed;

  /* Writer thread. */
  LinnetDisk *disk; /* NULL: not open */
  char *folder, *name;
  LinnetJournal *journal;
  GChecksum *sum;
  guint64 n_hashed; /* bytes from the beginning */
  gint64 saved_us;
  int opened_serial; /* of the last open: what happens between commands is told to who asked for it
                      */
  gboolean is_unsaved;
  gboolean has_failed; /* what comes until the next open is dropped */
};

void linnet_part_command_free (LinnetPartCommand *self);
/* Any thread. */
void linnet_part_unref (LinnetPart *self);
/* data: a reference to the part, which is given up at the end. */
gpointer linnet_part_writer_thread (gpointer data);

G_END_DECLS
