/* SPDX-License-Identifier: GPL-3.0-or-later
 * The files of one download in its folder. */
#include "library/linnet-download-disk.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define HASH_SLICE_BYTES (1024 * 1024)
/* That a download leaves free, for everything else that wants to write. */
#define SPARE_BYTES    (G_GUINT64_CONSTANT (32) * 1024 * 1024)
#define MAX_NAME_BYTES 200
/* Another part of this program may be about to let go of the file. */
#define N_LOCK_TRIES 40
#define LOCK_TRY_US  50000

struct _LinnetDisk {
  char *folder, *path, *final, *journal;
  int fd;
};

static char *
build_path (const char *folder, const char *name, const char *ending)
{
  g_autofree char *file = g_strconcat (name, ending, NULL);

  return g_build_filename (folder, file, NULL);
}

/* No server has a say in where a file comes to lie. */
static gboolean
is_plain_name (const char *name)
{
  if (name[0] == '\0' || name[0] == '.' || strlen (name) > MAX_NAME_BYTES ||
      !g_utf8_validate (name, -1, NULL))
    return FALSE;
  for (const char *c = name; *c != '\0'; c++)
    if (*c == '/' || *c == '\\' || g_ascii_iscntrl (*c))
      return FALSE;
  return TRUE;
}

gboolean
linnet_disk_is_in_place (LinnetDisk *self)
{
  struct stat there, here;

  return fstat (self->fd, &here) == 0 && lstat (self->path, &there) == 0 &&
         here.st_ino == there.st_ino && here.st_dev == there.st_dev;
}

static gboolean
open_part (LinnetDisk *self, GError **error)
{
  self->fd = g_open (self->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
  if (self->fd >= 0)
    return TRUE;
  linnet_download_set_disk_error (error, errno, self->folder);
  return FALSE;
}

/* Two that write to the same part would spoil it. */
static gboolean
open_locked (LinnetDisk *self, const char *name, GError **error)
{
  for (guint i = 0; i < N_LOCK_TRIES; i++) {
    if (!open_part (self, error))
      return FALSE;
    if (flock (self->fd, LOCK_EX | LOCK_NB) == 0 && linnet_disk_is_in_place (self))
      return TRUE;
    close (self->fd);
    self->fd = -1;
    g_usleep (LOCK_TRY_US);
  }
  linnet_download_set_busy_error (error, name);
  return FALSE;
}

LinnetDisk *
linnet_disk_open (const char *folder, const char *name, GError **error)
{
  LinnetDisk *self;

  if (!is_plain_name (name)) {
    linnet_download_set_name_error (error, name);
    return NULL;
  }
  if (g_mkdir_with_parents (folder, 0755) != 0) {
    linnet_download_set_disk_error (error, errno, folder);
    return NULL;
  }
  self = g_new0 (LinnetDisk, 1);
  self->fd = -1;
  self->folder = g_strdup (folder);
  self->final = build_path (folder, name, "");
  self->path = build_path (folder, name, ".part");
  self->journal = build_path (folder, name, ".part.json");
  if (!open_locked (self, name, error)) {
    linnet_disk_close (self);
    return NULL;
  }
  return self;
}

void
linnet_disk_close (LinnetDisk *self)
{
  if (self->fd >= 0)
    close (self->fd);
  g_free (self->folder);
  g_free (self->path);
  g_free (self->final);
  g_free (self->journal);
  g_free (self);
}

LinnetJournal *
linnet_disk_load (LinnetDisk *self)
{
  g_autoptr (LinnetJournal) journal = linnet_journal_load (self->journal);

  if (journal == NULL || linnet_disk_get_size (self) != journal->bytes)
    return NULL;
  return g_steal_pointer (&journal);
}

gboolean
linnet_disk_flush (LinnetDisk *self, GError **error)
{
#ifdef __APPLE__
  gboolean is_done = fsync (self->fd) == 0;
#else
  gboolean is_done = fdatasync (self->fd) == 0;
#endif

  if (!is_done)
    linnet_download_set_disk_error (error, errno, self->folder);
  return is_done;
}

void
linnet_disk_save (LinnetDisk *self, const LinnetJournal *journal)
{
  g_autoptr (GError) error = NULL;

  if (!linnet_journal_save (journal, self->journal, &error))
    g_debug ("the journal %s is not kept: %s", self->journal, error->message);
}

gboolean
linnet_disk_empty (LinnetDisk *self, GError **error)
{
  if ((g_unlink (self->journal) != 0 && errno != ENOENT) || ftruncate (self->fd, 0) != 0) {
    linnet_download_set_disk_error (error, errno, self->folder);
    return FALSE;
  }
  return TRUE;
}

gboolean
linnet_disk_set_size (LinnetDisk *self, guint64 bytes, GError **error)
{
  if (linnet_disk_get_size (self) == bytes)
    return TRUE;
  if (bytes > G_MAXINT64 || ftruncate (self->fd, (off_t) bytes) != 0) {
    linnet_download_set_disk_error (error, bytes > G_MAXINT64 ? EFBIG : errno, self->folder);
    return FALSE;
  }
  return TRUE;
}

guint64
linnet_disk_get_size (LinnetDisk *self)
{
  struct stat status;

  return fstat (self->fd, &status) == 0 ? (guint64) status.st_size : 0;
}

gboolean
linnet_disk_read (LinnetDisk *self, guint64 offset, guint8 *bytes, gsize n_bytes, GError **error)
{
  while (n_bytes > 0) {
    gssize n = pread (self->fd, bytes, n_bytes, (off_t) offset);

    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0) {
      linnet_download_set_disk_error (error, n < 0 ? errno : EIO, self->folder);
      return FALSE;
    }
    bytes += n;
    offset += (guint64) n;
    n_bytes -= (gsize) n;
  }
  return TRUE;
}

gboolean
linnet_disk_write (
    LinnetDisk *self, guint64 offset, const guint8 *bytes, gsize n_bytes, GError **error)
{
  while (n_bytes > 0) {
    gssize n = pwrite (self->fd, bytes, n_bytes, (off_t) offset);

    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0) {
      linnet_download_set_disk_error (error, n < 0 ? errno : ENOSPC, self->folder);
      return FALSE;
    }
    bytes += n;
    offset += (guint64) n;
    n_bytes -= (gsize) n;
  }
  return TRUE;
}

/* That the name lasts is up to the folder. Not all file systems can be asked. */
static void
flush_folder (const char *folder)
{
  int fd = g_open (folder, O_RDONLY | O_CLOEXEC, 0);

  if (fd < 0)
    return;
  (void) fsync (fd);
  close (fd);
}

gboolean
linnet_disk_place (LinnetDisk *self, GError **error)
{
  g_autofree char *aside = g_strconcat (self->journal, LINNET_JOURNAL_ASIDE, NULL);

  if (g_rename (self->path, self->final) != 0) {
    linnet_download_set_disk_error (error, errno, self->folder);
    return FALSE;
  }
  flush_folder (self->folder);
  (void) g_unlink (self->journal);
  /* Of a program that crashed while it wrote one. */
  (void) g_unlink (aside);
  return TRUE;
}

gboolean
linnet_disk_check_room (const char *folder, guint64 n_bytes, GError **error)
{
  g_autoptr (GFile) file = g_file_new_for_path (folder);
  g_autoptr (GFileInfo) info =
      g_file_query_filesystem_info (file, G_FILE_ATTRIBUTE_FILESYSTEM_FREE, NULL, NULL);
  guint64 n_free;

  /* Not all file systems tell; the first write that fails does. */
  if (info == NULL || !g_file_info_has_attribute (info, G_FILE_ATTRIBUTE_FILESYSTEM_FREE))
    return TRUE;
  n_free = g_file_info_get_attribute_uint64 (info, G_FILE_ATTRIBUTE_FILESYSTEM_FREE);
  if (n_bytes == 0 || (n_free > SPARE_BYTES && n_bytes <= n_free - SPARE_BYTES))
    return TRUE;
  linnet_download_set_room_error (error, n_bytes, n_free);
  return FALSE;
}

void
linnet_disk_remove (const char *folder, const char *name, gboolean is_finished)
{
  const char *endings[] = { ".part.json" LINNET_JOURNAL_ASIDE, ".part.json", ".part", "" };

  if (!is_plain_name (name))
    return;
  for (guint i = 0; i < G_N_ELEMENTS (endings) - (is_finished ? 0 : 1); i++) {
    g_autofree char *path = build_path (folder, name, endings[i]);

    (void) g_unlink (path);
  }
}

guint64
linnet_disk_get_final_bytes (const char *folder, const char *name)
{
  g_autofree char *path = build_path (folder, name, "");
  struct stat status;

  return stat (path, &status) == 0 ? (guint64) status.st_size : 0;
}

gboolean
linnet_disk_has_final (const char *folder, const char *name, guint64 bytes)
{
  g_autofree char *path = build_path (folder, name, "");
  struct stat status;

  return is_plain_name (name) && lstat (path, &status) == 0 && S_ISREG (status.st_mode) &&
         (bytes == 0 || (guint64) status.st_size == bytes);
}

char *
linnet_disk_hash_final (const char *folder, const char *name, const int *serial, int wanted_serial)
{
  g_autofree char *path = build_path (folder, name, "");
  g_autofree guint8 *slice = g_malloc (HASH_SLICE_BYTES);
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  int fd = g_open (path, O_RDONLY | O_CLOEXEC, 0);
  gssize n = -1;

  if (fd < 0)
    return NULL;
  while (g_atomic_int_get (serial) == wanted_serial && (n = read (fd, slice, HASH_SLICE_BYTES)) > 0)
    g_checksum_update (sum, slice, n);
  close (fd);
  return n == 0 ? g_strdup (g_checksum_get_string (sum)) : NULL;
}
