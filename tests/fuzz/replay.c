/* SPDX-License-Identifier: GPL-3.0-or-later
 * Runs a fuzz target over its corpus, so that the normal tests replay it without libFuzzer: each
 * file whole, and each small one cut off after every byte. Prints TAP; a crash is the failure. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Files up to this many bytes are also replayed truncated. */
#define MAX_TRUNCATED_BYTES 4096

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static int
compare_names (const void *a, const void *b)
{
  return strcmp (*(char *const *) a, *(char *const *) b);
}

/* The names in a folder that do not begin with a dot, sorted; NULL if it cannot be read. */
static char **
list_folder (const char *path, size_t *n_names)
{
  DIR *folder = opendir (path);
  char **names = NULL;
  size_t n = 0;

  *n_names = 0;
  if (folder == NULL)
    return NULL;
  for (struct dirent *entry = readdir (folder); entry != NULL; entry = readdir (folder)) {
    char **longer;

    if (entry->d_name[0] == '.')
      continue;
    longer = realloc (names, (n + 1) * sizeof *names);
    if (longer == NULL)
      abort ();
    names = longer;
    names[n] = strdup (entry->d_name);
    if (names[n] == NULL)
      abort ();
    n++;
  }
  closedir (folder);
  if (n > 0)
    qsort (names, n, sizeof *names, compare_names);
  *n_names = n;
  return names;
}

/* The bytes of a file in an allocation of exactly their size (of one byte for none). */
static uint8_t *
read_whole (const char *path, size_t *size)
{
  FILE *file = fopen (path, "rb");
  uint8_t *data = NULL;
  long length = -1;

  if (file != NULL && fseek (file, 0, SEEK_END) == 0)
    length = ftell (file);
  if (length >= 0 && fseek (file, 0, SEEK_SET) == 0)
    data = malloc (length > 0 ? (size_t) length : 1);
  if (data != NULL && fread (data, 1, (size_t) length, file) != (size_t) length) {
    free (data);
    data = NULL;
  }
  if (file != NULL)
    fclose (file);
  *size = data != NULL ? (size_t) length : 0;
  return data;
}

/* A copy of its own for each run: a read past the end is then seen by the address sanitizer. */
static void
run_copy (const uint8_t *data, size_t size)
{
  uint8_t *copy = malloc (size > 0 ? size : 1);

  if (copy == NULL)
    abort ();
  memcpy (copy, data, size);
  LLVMFuzzerTestOneInput (copy, size);
  free (copy);
}

static int
replay_file (const char *folder, const char *name)
{
  size_t path_size = strlen (folder) + strlen (name) + 2;
  char *path = malloc (path_size);
  uint8_t *data;
  size_t size;

  if (path == NULL)
    abort ();
  snprintf (path, path_size, "%s/%s", folder, name);
  data = read_whole (path, &size);
  free (path);
  if (data == NULL)
    return 0;
  run_copy (data, size);
  for (size_t cut = 0; size <= MAX_TRUNCATED_BYTES && cut < size; cut++)
    run_copy (data, cut);
  free (data);
  return 1;
}

int
main (int argc, char **argv)
{
  size_t n_names;
  char **names;
  int n_failed = 0;

  setvbuf (stdout, NULL, _IOLBF, 0);
  if (argc != 2) {
    fprintf (stderr, "Usage: %s FOLDER\n", argv[0]);
    return 2;
  }
  names = list_folder (argv[1], &n_names);
  if (n_names == 0) {
    printf ("Bail out! no files in %s\n", argv[1]);
    return 1;
  }
  printf ("1..%zu\n", n_names);
  for (size_t i = 0; i < n_names; i++) {
    int done = replay_file (argv[1], names[i]);

    n_failed += !done;
    printf ("%s %zu - %s\n", done ? "ok" : "not ok", i + 1, names[i]);
    free (names[i]);
  }
  free (names);
  return n_failed > 0;
}
