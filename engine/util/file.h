/* SPDX-License-Identifier: GPL-3.0-or-later
 * Files that are read from the start, or written whole: the file of that name is the old one until
 * the new one is on the disk. */
#pragma once

#include <stdio.h>

#include "lm.h"

/* The last component of path. */
const char *lm_path_get_name (const char *path);

/* Opens a regular file for reading. NULL: LM_ERROR_IO (number: errno), subject: the last component
 * of path. Close with fclose(). */
FILE *lm_file_open (const char *path, lm_error *error);

typedef struct {
  FILE *stream;
  char *path;      /* owned: where it shall be */
  char *temporary; /* owned: where it is, beside path */
  bool exists;     /* there */
  int code;        /* errno of the first failure */
} lm_new_file;

/* Begins a file that shall be at path, readable by its owner alone. LM_ERROR_IO, LM_ERROR_MEMORY;
 * then file is cleared. */
lm_status lm_new_file_open (lm_new_file *file, const char *path, lm_error *error);
/* false: it failed, now or before, as lm_new_file_commit() will say. */
bool lm_new_file_write (lm_new_file *file, const void *data, size_t n_bytes);
/* Waits until all is on the disk and puts it in place of what is at path. LM_ERROR_IO: nothing is
 * left of it, and what is at path is as it was. file is cleared either way. */
lm_status lm_new_file_commit (lm_new_file *file, lm_error *error);
/* Gives it up. A cleared one allowed. */
void lm_new_file_discard (lm_new_file *file);
