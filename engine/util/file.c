/* SPDX-License-Identifier: GPL-3.0-or-later
 * Files that are read from the start, or written whole, on POSIX systems and Windows. */
#include "util/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#ifdef _WIN32
#include <fcntl.h>
#include <io.h>
#include <windows.h>
#else
#include <fcntl.h>
#include <unistd.h>
#endif
#include <sys/stat.h>

#include "util/error.h"

const char *
lm_path_get_name (const char *path)
{
  const char *name = path;

  for (const char *c = path; *c != '\0'; c++) {
    if (*c == '/')
      name = c + 1;
#ifdef _WIN32
    if (*c == '\\' || *c == ':')
      name = c + 1;
#endif
  }
  return *name == '\0' ? path : name;
}

static lm_status
fail_io (const char *path, int code, const char *what, lm_error *error)
{
  const char *name = lm_path_get_name (path);

  return lm_fail (error, LM_ERROR_IO, name, code, "‘%s’ cannot be %s (error %d).", name, what,
                  code);
}

#ifdef _WIN32

#define MAX_PATH_WIDE 32768 /* the longest path Windows knows */

/* −1 and errno, as open() does. */
static int
open_descriptor (const char *path, int flags, int mode)
{
  wchar_t *wide = malloc (MAX_PATH_WIDE * sizeof *wide);
  int descriptor = -1;

  errno = wide == NULL ? ENOMEM : ENOENT;
  if (wide != NULL &&
      MultiByteToWideChar (CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, wide, MAX_PATH_WIDE) > 0)
    descriptor = _wopen (wide, flags | _O_BINARY | _O_NOINHERIT, mode);
  free (wide);
  return descriptor;
}

static int
open_for_reading (const char *path)
{
  return open_descriptor (path, _O_RDONLY, 0);
}

static int
open_temporary (char *temporary)
{
  size_t length = strlen (temporary);

  for (unsigned attempt = 0; attempt < 100; attempt++) {
    int descriptor;

    snprintf (temporary + length - 6, 7, "%06lx",
              (GetCurrentProcessId () * 7919 + GetTickCount () + attempt) & 0xffffff);
    descriptor = open_descriptor (temporary, _O_RDWR | _O_CREAT | _O_EXCL, _S_IREAD | _S_IWRITE);
    if (descriptor >= 0 || errno != EEXIST)
      return descriptor;
  }
  return -1;
}

static int
flush_to_disk (int descriptor)
{
  return _commit (descriptor);
}

static int
move (const char *from, const char *to)
{
  wchar_t *wide = malloc (2 * MAX_PATH_WIDE * sizeof *wide);
  int result = -1;

  errno = wide == NULL ? ENOMEM : EACCES;
  if (wide != NULL && MultiByteToWideChar (CP_UTF8, 0, from, -1, wide, MAX_PATH_WIDE) > 0 &&
      MultiByteToWideChar (CP_UTF8, 0, to, -1, wide + MAX_PATH_WIDE, MAX_PATH_WIDE) > 0 &&
      MoveFileExW (wide, wide + MAX_PATH_WIDE, MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH))
    result = 0;
  free (wide);
  return result;
}

static void
delete_file (const char *path)
{
  wchar_t *wide = malloc (MAX_PATH_WIDE * sizeof *wide);

  if (wide != NULL && MultiByteToWideChar (CP_UTF8, 0, path, -1, wide, MAX_PATH_WIDE) > 0)
    DeleteFileW (wide);
  free (wide);
}

#else

static int
open_for_reading (const char *path)
{
  /* O_NONBLOCK: a pipe must not keep us waiting for a writer. */
  return open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

static int
open_temporary (char *temporary)
{
  return mkstemp (temporary);
}

static int
flush_to_disk (int descriptor)
{
  return fsync (descriptor);
}

static int
move (const char *from, const char *to)
{
  return rename (from, to);
}

static void
delete_file (const char *path)
{
  unlink (path);
}

#endif

FILE *
lm_file_open (const char *path, lm_error *error)
{
  int descriptor = open_for_reading (path);
  struct stat information;
  FILE *stream = NULL;
  int code = 0;

  if (descriptor < 0 || fstat (descriptor, &information) != 0)
    code = errno;
  else if (!S_ISREG (information.st_mode))
    code = S_ISDIR (information.st_mode) ? EISDIR : EINVAL;
  else if ((stream = fdopen (descriptor, "rb")) == NULL)
    code = errno;
  if (stream == NULL) {
    if (descriptor >= 0)
      close (descriptor);
    fail_io (path, code, "read", error);
  }
  return stream;
}

lm_status
lm_new_file_open (lm_new_file *file, const char *path, lm_error *error)
{
  static const char suffix[] = ".XXXXXX";
  size_t length = strlen (path);
  int descriptor;

  *file = (lm_new_file) {
    .path = malloc (length + 1),
    .temporary = malloc (length + sizeof suffix),
  };
  if (file->path == NULL || file->temporary == NULL) {
    lm_new_file_discard (file);
    return lm_fail (error, LM_ERROR_MEMORY, NULL, 0, "There is not enough memory.");
  }
  memcpy (file->path, path, length + 1);
  memcpy (file->temporary, path, length);
  memcpy (file->temporary + length, suffix, sizeof suffix);
  descriptor = open_temporary (file->temporary);
  if (descriptor >= 0) {
    file->exists = true;
    file->stream = fdopen (descriptor, "wb");
  }
  if (file->stream == NULL) {
    int code = errno;

    if (descriptor >= 0)
      close (descriptor);
    lm_new_file_discard (file);
    return fail_io (path, code, "written", error);
  }
  return LM_OK;
}

bool
lm_new_file_write (lm_new_file *file, const void *data, size_t n_bytes)
{
  if (file->code == 0 && fwrite (data, 1, n_bytes, file->stream) != n_bytes)
    file->code = errno != 0 ? errno : EIO;
  return file->code == 0;
}

lm_status
lm_new_file_commit (lm_new_file *file, lm_error *error)
{
  lm_status status = LM_OK;

  if (file->code == 0 && (fflush (file->stream) != 0 || flush_to_disk (fileno (file->stream)) != 0))
    file->code = errno;
  if (fclose (file->stream) != 0 && file->code == 0)
    file->code = errno;
  file->stream = NULL;
  if (file->code == 0) {
    if (move (file->temporary, file->path) == 0)
      file->exists = false;
    else
      file->code = errno;
  }
  if (file->exists)
    status = fail_io (file->path, file->code, "written", error);
  lm_new_file_discard (file);
  return status;
}

void
lm_new_file_discard (lm_new_file *file)
{
  if (file->stream != NULL)
    fclose (file->stream);
  if (file->exists)
    delete_file (file->temporary);
  free (file->path);
  free (file->temporary);
  *file = (lm_new_file) { 0 };
}
