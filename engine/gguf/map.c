/* SPDX-License-Identifier: GPL-3.0-or-later
 * A file mapped read-only, on POSIX systems and Windows. */
#include "gguf/map.h"

#include <errno.h>
#include <string.h>

#ifdef _WIN32
#include <windows.h>
#else
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

#include "util/error.h"
#include "util/file.h"

#define MAX_READ (1u << 30) /* bytes of one call: fewer than any system's limit */

static lm_status
fail_io (const char *path, int code, lm_error *error)
{
  const char *name = lm_path_get_name (path);

  switch (code) {
  case ENOENT:
    return lm_fail (error, LM_ERROR_IO, name, code, "There is no file ‘%s’.", name);
  case EACCES:
    return lm_fail (error, LM_ERROR_IO, name, code, "‘%s’ may not be read.", name);
  case EISDIR:
    return lm_fail (error, LM_ERROR_IO, name, code, "‘%s’ is a folder, not a file.", name);
  case ENOMEM:
    return lm_fail (error, LM_ERROR_MEMORY, name, 0, "There is no room to map ‘%s’.", name);
  default:
    return lm_fail (error, LM_ERROR_IO, name, code, "‘%s’ cannot be read (error %d).", name, code);
  }
}

static lm_status
check_size (const char *path, uint64_t bytes, lm_error *error)
{
  const char *name = lm_path_get_name (path);

  if (bytes == 0)
    return lm_fail (error, LM_ERROR_TRUNCATED, name, 0, "‘%s’ is empty.", name);
  if (bytes > PTRDIFF_MAX)
    return lm_fail (error, LM_ERROR_MEMORY, name, INT64_MAX, "‘%s’ is too large for this system.",
                    name);
  return LM_OK;
}

static lm_status
fail_read (int code, lm_error *error)
{
  return lm_fail (error, LM_ERROR_IO, NULL, code, "The file cannot be read (error %d).", code);
}

#ifdef _WIN32

static int
errno_of_windows (DWORD code)
{
  switch (code) {
  case ERROR_FILE_NOT_FOUND:
  case ERROR_PATH_NOT_FOUND:
  case ERROR_INVALID_NAME:
    return ENOENT;
  case ERROR_ACCESS_DENIED:
  case ERROR_SHARING_VIOLATION:
    return EACCES;
  case ERROR_NOT_ENOUGH_MEMORY:
  case ERROR_COMMITMENT_LIMIT:
    return ENOMEM;
  default:
    return EIO;
  }
}

static HANDLE
open_file (const char *path)
{
  wchar_t wide[32768]; /* the longest path Windows knows */

  if (MultiByteToWideChar (CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, wide, 32768) == 0) {
    SetLastError (ERROR_INVALID_NAME);
    return INVALID_HANDLE_VALUE;
  }
  return CreateFileW (wide, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_DELETE, NULL, OPEN_EXISTING,
                      FILE_ATTRIBUTE_NORMAL | FILE_FLAG_BACKUP_SEMANTICS, NULL);
}

lm_status
lm_map_open (const char *path, lm_mapping *mapping, lm_error *error)
{
  HANDLE file = open_file (path);
  HANDLE section = NULL;
  BY_HANDLE_FILE_INFORMATION information;
  void *address = NULL;
  uint64_t bytes = 0;
  lm_status status = LM_OK;

  *mapping = (lm_mapping) { 0 };
  if (file == INVALID_HANDLE_VALUE)
    return fail_io (path, errno_of_windows (GetLastError ()), error);
  if (!GetFileInformationByHandle (file, &information))
    status = fail_io (path, errno_of_windows (GetLastError ()), error);
  else if (information.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY)
    status = fail_io (path, EISDIR, error);
  if (status == LM_OK) {
    bytes = (uint64_t) information.nFileSizeHigh << 32 | information.nFileSizeLow;
    status = check_size (path, bytes, error);
  }
  if (status == LM_OK) {
    section = CreateFileMappingW (file, NULL, PAGE_READONLY, 0, 0, NULL);
    if (section != NULL)
      address = MapViewOfFile (section, FILE_MAP_READ, 0, 0, 0);
    if (address == NULL)
      status = fail_io (path, errno_of_windows (GetLastError ()), error);
  }
  if (section != NULL)
    CloseHandle (section);
  if (status == LM_OK)
    *mapping = (lm_mapping) { address, (size_t) bytes, (intptr_t) file };
  else
    CloseHandle (file);
  return status;
}

void
lm_map_close (lm_mapping *mapping)
{
  if (mapping->address != NULL) {
    UnmapViewOfFile (mapping->address);
    CloseHandle ((HANDLE) mapping->file);
  }
  *mapping = (lm_mapping) { 0 };
}

/* Of at most n bytes; *n_read: how many, 0 at the end of the file. */
static lm_status
read_some (const lm_mapping *mapping,
           uint64_t offset,
           size_t n,
           void *buffer,
           size_t *n_read,
           lm_error *error)
{
  OVERLAPPED at = { .Offset = (DWORD) offset, .OffsetHigh = (DWORD) (offset >> 32) };
  DWORD done = 0;

  if (!ReadFile ((HANDLE) mapping->file, buffer, (DWORD) (n < MAX_READ ? n : MAX_READ), &done,
                 &at) &&
      GetLastError () != ERROR_HANDLE_EOF)
    return fail_read (errno_of_windows (GetLastError ()), error);
  *n_read = done;
  return LM_OK;
}

lm_status
lm_map_keep (const lm_mapping *mapping, size_t n, lm_error *error)
{
  (void) mapping;
  (void) n;
  (void) error;
  return LM_OK;
}

#else

lm_status
lm_map_open (const char *path, lm_mapping *mapping, lm_error *error)
{
  /* O_NONBLOCK: a pipe must not keep us waiting for a writer. */
  int file = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  struct stat information;
  void *address = MAP_FAILED;
  lm_status status = LM_OK;

  *mapping = (lm_mapping) { 0 };
  if (file < 0)
    return fail_io (path, errno, error);
  if (fstat (file, &information) != 0)
    status = fail_io (path, errno, error);
  else if (!S_ISREG (information.st_mode))
    status = fail_io (path, S_ISDIR (information.st_mode) ? EISDIR : EINVAL, error);
  if (status == LM_OK)
    status = check_size (path, (uint64_t) information.st_size, error);
  if (status == LM_OK) {
    address = mmap (NULL, (size_t) information.st_size, PROT_READ, MAP_PRIVATE, file, 0);
    if (address == MAP_FAILED)
      status = fail_io (path, errno, error);
  }
  if (status == LM_OK)
    *mapping = (lm_mapping) { address, (size_t) information.st_size, file };
  else
    close (file);
  return status;
}

void
lm_map_close (lm_mapping *mapping)
{
  if (mapping->address != NULL) {
    munmap (mapping->address, mapping->bytes);
    close ((int) mapping->file);
  }
  *mapping = (lm_mapping) { 0 };
}

/* Of at most n bytes; *n_read: how many, 0 at the end of the file. */
static lm_status
read_some (const lm_mapping *mapping,
           uint64_t offset,
           size_t n,
           void *buffer,
           size_t *n_read,
           lm_error *error)
{
  ssize_t done;

  do
    done = pread ((int) mapping->file, buffer, n < MAX_READ ? n : MAX_READ, (off_t) offset);
  while (done < 0 && errno == EINTR);
  if (done < 0)
    return fail_read (errno, error);
  *n_read = (size_t) done;
  return LM_OK;
}

lm_status
lm_map_keep (const lm_mapping *mapping, size_t n, lm_error *error)
{
  size_t page = (size_t) sysconf (_SC_PAGESIZE), n_mapped = (n + page - 1) / page * page;
  size_t n_read = n_mapped < mapping->bytes ? n_mapped : mapping->bytes;
  void *memory = mmap (mapping->address, n_mapped, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  lm_status status;

  if (memory == MAP_FAILED)
    return lm_fail (error, LM_ERROR_MEMORY, NULL, (int64_t) n, "There is not enough memory.");
  status = lm_map_read (mapping, 0, n_read, memory, error);
  (void) mprotect (memory, n_mapped, PROT_READ); /* nobody writes to it anyway */
  return status;
}

#endif

lm_status
lm_map_read (const lm_mapping *mapping, uint64_t offset, size_t n, void *buffer, lm_error *error)
{
  for (size_t done = 0, got = 0; done < n; done += got) {
    if (read_some (mapping, offset + done, n - done, (char *) buffer + done, &got, error) != LM_OK)
      return LM_ERROR_IO;
    if (got == 0)
      return lm_fail (error, LM_ERROR_TRUNCATED, NULL, (int64_t) (n - done),
                      "The file has become shorter.");
  }
  return LM_OK;
}
