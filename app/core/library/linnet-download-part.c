/* SPDX-License-Identifier: GPL-3.0-or-later
 * The main thread's side of a LinnetPart: commands to the writer thread, which lives as long as the
 * part. */
#include "library/linnet-download-part-private.h"

void
linnet_part_command_free (LinnetPartCommand *self)
{
  g_free (self->folder);
  g_free (self->name);
  g_free (self->sha256);
  g_free (self->text);
  g_clear_pointer (&self->data, g_bytes_unref);
  g_free (self);
}

static void
part_clear (gpointer data)
{
  LinnetPart *self = data;

  g_async_queue_unref (self->commands);
  g_main_context_unref (self->context);
  g_clear_pointer (&self->disk, linnet_disk_close);
  g_clear_pointer (&self->journal, linnet_journal_free);
  g_clear_pointer (&self->sum, g_checksum_free);
  g_free (self->folder);
  g_free (self->name);
}

void
linnet_part_unref (LinnetPart *self)
{
  g_atomic_rc_box_release_full (self, part_clear);
}

LinnetPart *
linnet_part_new (const LinnetPartEvents *events, gpointer user_data)
{
  LinnetPart *self = g_atomic_rc_box_new0 (LinnetPart);

  self->commands = g_async_queue_new_full ((GDestroyNotify) linnet_part_command_free);
  self->context = g_main_context_ref_thread_default ();
  self->events = *events;
  self->user_data = user_data;
  g_thread_unref (
      g_thread_new ("download", linnet_part_writer_thread, g_atomic_rc_box_acquire (self)));
  return self;
}

static LinnetPartCommand *
command_new (LinnetPart *self, LinnetPartCommandKind kind)
{
  LinnetPartCommand *command = g_new0 (LinnetPartCommand, 1);

  command->kind = kind;
  command->serial = g_atomic_int_get (&self->serial);
  return command;
}

static void
send_simply (LinnetPart *self, LinnetPartCommandKind kind)
{
  g_async_queue_push (self->commands, command_new (self, kind));
}

void
linnet_part_free (LinnetPart *self)
{
  if (self == NULL)
    return;
  g_atomic_int_inc (&self->serial);
  self->is_freed = TRUE;
  send_simply (self, LINNET_PART_COMMAND_QUIT);
  linnet_part_unref (self);
}

void
linnet_part_open (LinnetPart *self, const LinnetPartRequest *request)
{
  LinnetPartCommand *command;

  g_atomic_int_inc (&self->serial);
  command = command_new (self, LINNET_PART_COMMAND_OPEN);
  command->folder = g_strdup (request->folder);
  command->name = g_strdup (request->name);
  command->sha256 = g_strdup (request->sha256);
  command->bytes = request->bytes;
  command->text = g_strdup (request->url);
  command->number = request->n_further_bytes;
  g_async_queue_push (self->commands, command);
}

void
linnet_part_set_size (LinnetPart *self, guint64 bytes, const char *etag)
{
  LinnetPartCommand *command = command_new (self, LINNET_PART_COMMAND_SET_SIZE);

  command->bytes = bytes;
  command->text = g_strdup (etag);
  g_async_queue_push (self->commands, command);
}

void
linnet_part_write (LinnetPart *self, guint64 offset, GBytes *data, const char *url)
{
  LinnetPartCommand *command = command_new (self, LINNET_PART_COMMAND_WRITE);

  command->number = offset;
  command->data = g_bytes_ref (data);
  command->text = g_strdup (url);
  g_async_queue_push (self->commands, command);
}

void
linnet_part_reset (LinnetPart *self)
{
  send_simply (self, LINNET_PART_COMMAND_RESET);
}

void
linnet_part_finish (LinnetPart *self)
{
  send_simply (self, LINNET_PART_COMMAND_FINISH);
}

void
linnet_part_stop (LinnetPart *self)
{
  g_atomic_int_inc (&self->serial);
  send_simply (self, LINNET_PART_COMMAND_STOP);
}

void
linnet_part_discard (LinnetPart *self, const LinnetPartRequest *request, gboolean is_finished)
{
  LinnetPartCommand *command;

  g_atomic_int_inc (&self->serial);
  command = command_new (self, LINNET_PART_COMMAND_DISCARD);
  command->folder = g_strdup (request->folder);
  command->name = g_strdup (request->name);
  command->is_finished = is_finished;
  g_async_queue_push (self->commands, command);
}
