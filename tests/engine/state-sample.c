/* SPDX-License-Identifier: GPL-3.0-or-later
 * Saved sessions of a tiny model, for tests and fuzzing. */
#include "state-sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gguf/gguf.h"
#include "model/state.h"
#include "synth.h"
#include "util/hash.h"

lm_session *
state_sample_open (uint64_t seed,
                   const char *cpu_level,
                   const lm_session_options *options,
                   lm_model **model)
{
  char path[] = "/tmp/linnet-state-XXXXXX";
  const lm_model_options model_options = { .n_threads = 1, .cpu_level = cpu_level };
  int fd = mkstemp (path);

  *model = NULL;
  if (fd < 0)
    return NULL;
  close (fd);
  if (synth_write (path, "qwen2", LM_TYPE_Q8_0, &(synth_options) { .seed = seed }))
    *model = lm_model_open (path, &model_options, NULL);
  unlink (path);
  return *model == NULL ? NULL : lm_session_new (*model, options, NULL);
}

void
state_sample_close (lm_session *session, lm_model *model)
{
  lm_session_free (session);
  lm_model_close (model);
}

unsigned char *
state_sample_save (const lm_session *session, size_t *n_bytes)
{
  char path[] = "/tmp/linnet-state-XXXXXX";
  int fd = mkstemp (path);
  unsigned char *bytes = NULL;
  FILE *file;
  long length = -1;

  if (fd < 0)
    return NULL;
  close (fd);
  if (lm_session_save (session, path, NULL) == LM_OK && (file = fopen (path, "rb")) != NULL) {
    if (fseek (file, 0, SEEK_END) == 0)
      length = ftell (file);
    rewind (file);
    bytes = length > 0 ? malloc ((size_t) length) : NULL;
    if (bytes != NULL && fread (bytes, 1, (size_t) length, file) != (size_t) length) {
      free (bytes);
      bytes = NULL;
    }
    fclose (file);
  }
  unlink (path);
  *n_bytes = bytes != NULL ? (size_t) length : 0;
  return bytes;
}

lm_status
state_sample_restore (lm_session *session,
                      const unsigned char *bytes,
                      size_t n_bytes,
                      lm_error *error)
{
  /* An empty buffer is no stream: a stream that is at its end stands for it. */
  FILE *stream = fmemopen ((void *) (uintptr_t) bytes, n_bytes > 0 ? n_bytes : 1, "rb");
  lm_status status;

  if (stream == NULL)
    abort ();
  if (n_bytes == 0)
    fgetc (stream);
  status = lm_state_read (session, stream, error);
  fclose (stream);
  return status;
}

void
state_sample_sign (unsigned char *bytes, size_t n_bytes)
{
  uint64_t checksum;
  lm_hash hash;

  if (n_bytes < sizeof checksum)
    return;
  lm_hash_init (&hash);
  lm_hash_add (&hash, bytes, n_bytes - sizeof checksum);
  checksum = lm_hash_get (&hash);
  memcpy (bytes + n_bytes - sizeof checksum, &checksum, sizeof checksum);
}
