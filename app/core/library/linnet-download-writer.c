/* SPDX-License-Identifier: GPL-3.0-or-later
 * The writer thread of a LinnetPart: writes, hashes and keeps the journal, as the commands come,
 * and answers through the main loop. */
#include "library/linnet-download-part-private.h"

#include <string.h>

#define HASH_SLICE_BYTES (1024 * 1024)
#define SAVE_INTERVAL_US G_USEC_PER_SEC

typedef enum {
  ANSWER_VERIFYING,
  ANSWER_OPENED,
  ANSWER_WRITTEN,
  ANSWER_FINISHED,
  ANSWER_DAMAGED,
  ANSWER_DISCARDED,
  ANSWER_FAILED,
} AnswerKind;

typedef struct {
  LinnetPart *part; /* a reference */
  AnswerKind kind;
  int serial;
  guint64 number;
  char *sha256;
  LinnetJournal *journal;
  GError *error;
} Answer;

/* Answers. */

static void
answer_free (gpointer data)
{
  Answer *self = data;

  linnet_part_unref (self->part);
  g_free (self->sha256);
  linnet_journal_free (self->journal);
  g_clear_error (&self->error);
  g_free (self);
}

static gboolean
answer_cb (gpointer data)
{
  const Answer *answer = data;
  LinnetPart *part = answer->part;

  if (part->is_freed || answer->serial != g_atomic_int_get (&part->serial))
    return G_SOURCE_REMOVE;
  switch (answer->kind) {
  case ANSWER_VERIFYING:
    part->events.verifying (part->user_data);
    break;
  case ANSWER_OPENED:
    part->events.opened (part->user_data, answer->journal);
    break;
  case ANSWER_WRITTEN:
    part->events.written (part->user_data, (gsize) answer->number);
    break;
  case ANSWER_FINISHED:
    part->events.finished (part->user_data, answer->sha256, answer->number);
    break;
  case ANSWER_DAMAGED:
    part->events.damaged (part->user_data, answer->journal);
    break;
  case ANSWER_DISCARDED:
    part->events.discarded (part->user_data);
    break;
  case ANSWER_FAILED:
    part->events.failed (part->user_data, answer->error);
    break;
  default:
    g_assert_not_reached ();
  }
  return G_SOURCE_REMOVE;
}

static Answer *
answer_new (LinnetPart *part, AnswerKind kind, int serial)
{
  Answer *self = g_new0 (Answer, 1);

  self->part = g_atomic_rc_box_acquire (part);
  self->kind = kind;
  self->serial = serial;
  return self;
}

static void
answer_send (Answer *self)
{
  g_autoptr (GSource) source = g_idle_source_new ();
  GMainContext *context = self->part->context;

  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, answer_cb, self, answer_free);
  g_source_attach (source, context);
}

static void
answer_simply (LinnetPart *part, AnswerKind kind, int serial)
{
  answer_send (answer_new (part, kind, serial));
}

static void
answer_with_journal (LinnetPart *part, AnswerKind kind, int serial)
{
  Answer *answer = answer_new (part, kind, serial);

  answer->journal = linnet_journal_copy (part->journal);
  answer_send (answer);
}

static void
answer_finished (LinnetPart *part, int serial, const char *sha256, guint64 bytes)
{
  Answer *answer = answer_new (part, ANSWER_FINISHED, serial);

  answer->sha256 = g_strdup (sha256);
  answer->number = bytes;
  answer_send (answer);
}

/* Takes error. */
static void
answer_failed (LinnetPart *part, int serial, GError *error)
{
  Answer *answer = answer_new (part, ANSWER_FAILED, serial);

  answer->error = error;
  part->has_failed = TRUE;
  answer_send (answer);
}

/* Commands. */

static gboolean
is_stale (LinnetPart *self, int serial)
{
  return serial != g_atomic_int_get (&self->serial);
}

static void
forget_sum (LinnetPart *self)
{
  g_checksum_reset (self->sum);
  self->n_hashed = 0;
}

static void
throw_away (LinnetPart *self)
{
  linnet_disk_remove (self->folder, self->name, FALSE);
  g_clear_pointer (&self->disk, linnet_disk_close);
  self->is_unsaved = FALSE;
}

/* What the system had taken did not reach the disk. Only what the journal there claims did: it is
 * read again when the part is opened next, and the rest is fetched again. */
static void
lose (LinnetPart *self)
{
  g_autoptr (LinnetJournal) kept = linnet_disk_load (self->disk);

  if (kept == NULL)
    throw_away (self);
  g_clear_pointer (&self->disk, linnet_disk_close);
  self->is_unsaved = FALSE;
}

static gboolean
save_journal (LinnetPart *self, GError **error)
{
  self->saved_us = g_get_monotonic_time ();
  self->is_unsaved = FALSE;
  if (self->disk == NULL || self->journal->bytes == 0)
    return TRUE;
  if (!linnet_disk_flush (self->disk, error)) {
    lose (self);
    return FALSE;
  }
  /* What a full disk does not take is claimed by nobody: fewer bytes are continued later. */
  linnet_disk_save (self->disk, self->journal);
  return TRUE;
}

/* In the midst of fetching. */
static void
save_or_fail (LinnetPart *self)
{
  GError *error = NULL;

  if (!save_journal (self, &error))
    answer_failed (self, self->opened_serial, error);
}

static guint64
contiguous_bytes (const GArray *ranges)
{
  guint64 start, end;

  if (!linnet_ranges_find_gap (ranges, 0, G_MAXUINT64, &start, &end))
    return 0;
  return start;
}

/* Hashes a slice of what lies behind the hash and is not in memory any more. */
static gboolean
hash_slice (LinnetPart *self, GError **error)
{
  guint64 end = contiguous_bytes (self->journal->ranges);
  gsize n_bytes = (gsize) MIN (end - self->n_hashed, HASH_SLICE_BYTES);
  g_autofree guint8 *slice = g_malloc (n_bytes);

  if (!linnet_disk_read (self->disk, self->n_hashed, slice, n_bytes, error))
    return FALSE;
  g_checksum_update (self->sum, slice, (gssize) n_bytes);
  self->n_hashed += n_bytes;
  return TRUE;
}

static gboolean
is_hash_behind (LinnetPart *self)
{
  return self->disk != NULL && !self->has_failed &&
         self->n_hashed < contiguous_bytes (self->journal->ranges);
}

static gboolean
continues (const LinnetJournal *journal, const LinnetPartCommand *command)
{
  if (journal->bytes == 0 || (command->bytes != 0 && command->bytes != journal->bytes))
    return FALSE;
  if (command->sha256 != NULL)
    return g_strcmp0 (journal->sha256, command->sha256) == 0;
  return journal->sha256 == NULL && journal->etag != NULL && journal->sources->len == 1 &&
         g_strcmp0 (journal->sources->pdata[0], command->text) == 0;
}

static void
set_journal (LinnetPart *self, LinnetJournal *journal)
{
  g_clear_pointer (&self->journal, linnet_journal_free);
  self->journal = journal;
  forget_sum (self);
}

/* The finished file may be there from an earlier time. TRUE: it is, or is looked at no longer. */
static gboolean
find_finished (LinnetPart *self, const LinnetPartCommand *command)
{
  g_autofree char *sha256 = NULL;

  if (command->sha256 == NULL ||
      !linnet_disk_has_final (command->folder, command->name, command->bytes))
    return FALSE;
  answer_simply (self, ANSWER_VERIFYING, command->serial);
  sha256 = linnet_disk_hash_final (command->folder, command->name, &self->serial, command->serial);
  if (is_stale (self, command->serial))
    return TRUE;
  if (g_strcmp0 (sha256, command->sha256) != 0)
    return FALSE;
  linnet_disk_remove (command->folder, command->name, FALSE);
  answer_finished (self, command->serial, sha256,
                   linnet_disk_get_final_bytes (command->folder, command->name));
  return TRUE;
}

static gboolean
open_disk (LinnetPart *self, const LinnetPartCommand *command, GError **error)
{
  g_autoptr (LinnetJournal) journal = NULL;

  g_set_str (&self->folder, command->folder);
  g_set_str (&self->name, command->name);
  self->disk = linnet_disk_open (command->folder, command->name, error);
  if (self->disk == NULL)
    return FALSE;
  journal = linnet_disk_load (self->disk);
  if (journal != NULL && continues (journal, command)) {
    set_journal (self, g_steal_pointer (&journal));
  } else {
    set_journal (self, linnet_journal_new (command->sha256, command->bytes));
    if (!linnet_disk_empty (self->disk, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
make_room (LinnetPart *self, guint64 n_further_bytes, GError **error)
{
  guint64 n_missing = self->journal->bytes - linnet_ranges_sum (self->journal->ranges);

  return linnet_disk_check_room (self->folder, n_missing + n_further_bytes, error) &&
         linnet_disk_set_size (self->disk, self->journal->bytes, error);
}

/* A part without a byte in it is of no use to anyone. */
static void
tidy_up (LinnetPart *self)
{
  if (self->disk == NULL)
    return;
  if (self->journal->ranges->len == 0)
    throw_away (self);
  else if (self->is_unsaved)
    (void) save_journal (self, NULL);
}

static void
do_open (LinnetPart *self, const LinnetPartCommand *command)
{
  GError *error = NULL;

  self->has_failed = FALSE;
  self->opened_serial = command->serial;
  /* Someone may have tidied up while this was at rest. */
  if (self->disk != NULL && !linnet_disk_is_in_place (self->disk))
    g_clear_pointer (&self->disk, linnet_disk_close);
  if (self->disk == NULL) {
    if (find_finished (self, command))
      return;
    if (!open_disk (self, command, &error)) {
      g_clear_pointer (&self->disk, linnet_disk_close);
      answer_failed (self, command->serial, error);
      return;
    }
  }
  if (self->journal->bytes > 0 && !make_room (self, command->number, &error)) {
    tidy_up (self);
    answer_failed (self, command->serial, error);
    return;
  }
  answer_with_journal (self, ANSWER_OPENED, command->serial);
}

static void
do_set_size (LinnetPart *self, const LinnetPartCommand *command)
{
  GError *error = NULL;

  self->journal->bytes = command->bytes;
  g_set_str (&self->journal->etag, command->text);
  if (!make_room (self, command->number, &error))
    answer_failed (self, command->serial, error);
}

/* Bytes that are there already stay as they are: they may be in the hash. */
static void
do_write (LinnetPart *self, const LinnetPartCommand *command)
{
  gsize length;
  const guint8 *bytes = g_bytes_get_data (command->data, &length);
  guint64 begin = command->number, stop = begin + length, start, end;
  guint source = linnet_journal_add_source (self->journal, command->text);
  Answer *answer;

  while (linnet_ranges_find_gap (self->journal->ranges, begin, stop, &start, &end)) {
    gsize n_bytes = (gsize) (end - start);
    const guint8 *piece = bytes + (start - command->number);
    GError *error = NULL;

    if (!linnet_disk_write (self->disk, start, piece, n_bytes, &error)) {
      answer_failed (self, command->serial, error);
      return;
    }
    linnet_ranges_add (self->journal->ranges, start, end, source);
    if (start == self->n_hashed) {
      g_checksum_update (self->sum, piece, (gssize) n_bytes);
      self->n_hashed = end;
    }
    self->is_unsaved = TRUE;
    begin = end;
  }
  answer = answer_new (self, ANSWER_WRITTEN, command->serial);
  answer->number = length;
  answer_send (answer);
}

static gboolean
start_over (LinnetPart *self, GError **error)
{
  set_journal (self, linnet_journal_new (self->journal->sha256, self->journal->bytes));
  self->is_unsaved = FALSE;
  return linnet_disk_empty (self->disk, error) &&
         linnet_disk_set_size (self->disk, self->journal->bytes, error);
}

static void
do_reset (LinnetPart *self, const LinnetPartCommand *command)
{
  GError *error = NULL;

  if (!start_over (self, &error))
    answer_failed (self, command->serial, error);
}

static void
do_finish (LinnetPart *self, const LinnetPartCommand *command)
{
  g_autoptr (GChecksum) sum = NULL;
  GError *error = NULL;

  while (is_hash_behind (self)) {
    if (is_stale (self, command->serial))
      return;
    if (!hash_slice (self, &error)) {
      answer_failed (self, command->serial, error);
      return;
    }
  }
  sum = g_checksum_copy (self->sum);
  if (self->n_hashed != self->journal->bytes ||
      linnet_disk_get_size (self->disk) != self->journal->bytes ||
      (self->journal->sha256 != NULL &&
       strcmp (g_checksum_get_string (sum), self->journal->sha256) != 0)) {
    throw_away (self);
    answer_with_journal (self, ANSWER_DAMAGED, command->serial);
    return;
  }
  if (!linnet_disk_flush (self->disk, &error)) {
    lose (self);
    answer_failed (self, command->serial, error);
    return;
  }
  if (!linnet_disk_place (self->disk, &error)) {
    answer_failed (self, command->serial, error);
    return;
  }
  g_clear_pointer (&self->disk, linnet_disk_close);
  self->is_unsaved = FALSE;
  answer_finished (self, command->serial, g_checksum_get_string (sum), self->journal->bytes);
}

static void
do_discard (LinnetPart *self, const LinnetPartCommand *command)
{
  if (self->disk == NULL && g_file_test (command->folder, G_FILE_TEST_IS_DIR)) {
    g_set_str (&self->folder, command->folder);
    g_set_str (&self->name, command->name);
    /* Not from under another program that has it. */
    self->disk = linnet_disk_open (command->folder, command->name, NULL);
  }
  if (self->disk != NULL) {
    linnet_disk_remove (self->folder, self->name, command->is_finished);
    g_clear_pointer (&self->disk, linnet_disk_close);
    self->is_unsaved = FALSE;
  }
  answer_simply (self, ANSWER_DISCARDED, command->serial);
}

static void
do_command (LinnetPart *self, const LinnetPartCommand *command)
{
  gboolean is_ready = self->disk != NULL && !self->has_failed;

  switch (command->kind) {
  case LINNET_PART_COMMAND_OPEN:
    do_open (self, command);
    break;
  case LINNET_PART_COMMAND_SET_SIZE:
    if (is_ready)
      do_set_size (self, command);
    break;
  case LINNET_PART_COMMAND_WRITE:
    if (is_ready)
      do_write (self, command);
    break;
  case LINNET_PART_COMMAND_RESET:
    if (is_ready)
      do_reset (self, command);
    break;
  case LINNET_PART_COMMAND_FINISH:
    if (is_ready)
      do_finish (self, command);
    break;
  case LINNET_PART_COMMAND_DISCARD:
    do_discard (self, command);
    break;
  case LINNET_PART_COMMAND_STOP:
  case LINNET_PART_COMMAND_QUIT:
    tidy_up (self);
    break;
  default:
    g_assert_not_reached ();
  }
}

/* The time until the next command is used. */
static LinnetPartCommand *
next_command (LinnetPart *self)
{
  for (;;) {
    LinnetPartCommand *command = g_async_queue_try_pop (self->commands);
    gint64 due_us = self->saved_us + SAVE_INTERVAL_US;

    if (command != NULL)
      return command;
    if (self->is_unsaved && g_get_monotonic_time () >= due_us) {
      save_or_fail (self);
    } else if (is_hash_behind (self)) {
      GError *error = NULL;

      if (!hash_slice (self, &error))
        answer_failed (self, self->opened_serial, error);
    } else if (self->is_unsaved) {
      gint64 wait_us = MAX (due_us - g_get_monotonic_time (), 1);

      command = g_async_queue_timeout_pop (self->commands, (guint64) wait_us);
      if (command != NULL)
        return command;
    } else {
      return g_async_queue_pop (self->commands);
    }
  }
}

gpointer
linnet_part_writer_thread (gpointer data)
{
  LinnetPart *self = data;
  gboolean goes_on = TRUE;

  self->sum = g_checksum_new (G_CHECKSUM_SHA256);
  while (goes_on) {
    LinnetPartCommand *command = next_command (self);

    do_command (self, command);
    if (self->is_unsaved && g_get_monotonic_time () >= self->saved_us + SAVE_INTERVAL_US)
      save_or_fail (self);
    goes_on = command->kind != LINNET_PART_COMMAND_QUIT;
    linnet_part_command_free (command);
  }
  /* At once, and not when the last answer is gone: another part may wait for the lock. */
  g_clear_pointer (&self->disk, linnet_disk_close);
  linnet_part_unref (self);
  return NULL;
}
