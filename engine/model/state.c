/* SPDX-License-Identifier: GPL-3.0-or-later
 * Saving a session and restoring it: a header, the tokens, of each layer and head the keys and
 * values of the tokens, CHUNK positions at a time, and a checksum of all that. It is for the
 * computer that wrote it: numbers are in its byte order. */
#include "model/state.h"

#include <stdlib.h>
#include <string.h>

#include "model/session.h"
#include "util/error.h"
#include "util/file.h"
#include "util/hash.h"

#define VERSION         1
#define BYTE_ORDER_MARK 0x01020304
#define CHUNK           256 /* positions */

#define SAMPLE_BYTES 64

static const char MAGIC[8] = "LMSTATE";

/* Without padding. */
typedef struct {
  char magic[8];
  uint32_t version;
  uint32_t byte_order;
  uint64_t model;
  uint32_t kv_type; /* lm_kv_type */
  uint32_t row_bytes;
  uint64_t n_tokens;
} state_header;

_Static_assert (sizeof (state_header) == 40, "the header has no padding");

/* ---- Whose state it is -------------------------------------------------------------------- */

/* The beginning, the middle and the end: models that were trained further differ everywhere. */
static lm_status
add_samples (lm_hash *hash, const lm_gguf *gguf, const lm_gguf_tensor *tensor, lm_error *error)
{
  const char *data = tensor->data;
  size_t bytes = (size_t) tensor->bytes;
  size_t n = bytes < SAMPLE_BYTES ? bytes : SAMPLE_BYTES;
  const char *places[] = { data, data + (bytes - n) / 2, data + (bytes - n) };
  char sample[SAMPLE_BYTES];

  for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
    lm_status status = lm_gguf_copy (gguf, places[i], n, sample, error);

    if (status != LM_OK)
      return status;
    lm_hash_add (hash, sample, n);
  }
  return LM_OK;
}

lm_status
lm_state_identify (const lm_model *model, uint64_t *identity, lm_error *error)
{
  const lm_gguf *gguf = model->gguf;
  lm_status status = LM_OK;
  lm_hash hash;

  lm_hash_init (&hash);
  lm_hash_add (&hash, model->info.cpu_level, strlen (model->info.cpu_level) + 1);
  for (size_t i = 0; i < gguf->n_parts; i++) {
    uint64_t bytes = gguf->parts[i].bytes;

    lm_hash_add (&hash, &bytes, sizeof bytes);
    lm_hash_add (&hash, gguf->parts[i].address, lm_gguf_directory_bytes (gguf, &gguf->parts[i]));
  }
  for (size_t i = 0; i < gguf->n_tensors && status == LM_OK; i++)
    status = add_samples (&hash, gguf, &gguf->tensors[i], error);
  *identity = lm_hash_get (&hash);
  return status;
}

static state_header
make_header (const lm_session *session)
{
  state_header header = {
    .version = VERSION,
    .byte_order = BYTE_ORDER_MARK,
    .model = session->model->identity,
    .kv_type = (uint32_t) session->cache.type,
    .row_bytes = (uint32_t) lm_kv_cache_row_bytes (&session->cache),
    .n_tokens = session->n_tokens,
  };

  memcpy (header.magic, MAGIC, sizeof MAGIC);
  return header;
}

/* Room for a chunk's keys and values, in the order of the file; NULL: out of memory. */
static char *
alloc_chunk (const lm_session *session)
{
  return lm_aligned_alloc (2 * CHUNK, lm_kv_cache_row_bytes (&session->cache));
}

static uint32_t
chunk_length (size_t n_tokens, size_t first)
{
  return (uint32_t) (n_tokens - first < CHUNK ? n_tokens - first : CHUNK);
}

static lm_status
fail_memory (lm_error *error)
{
  return lm_fail (error, LM_ERROR_MEMORY, NULL, 0, "There is not enough memory.");
}

/* ---- Saving ------------------------------------------------------------------------------- */

static bool
write_bytes (lm_new_file *file, lm_hash *hash, const void *data, size_t n_bytes)
{
  lm_hash_add (hash, data, n_bytes);
  return lm_new_file_write (file, data, n_bytes);
}

static bool
write_head_rows (const lm_session *session,
                 uint32_t layer,
                 uint32_t head,
                 char *chunk,
                 lm_new_file *file,
                 lm_hash *hash)
{
  size_t row_bytes = lm_kv_cache_row_bytes (&session->cache);

  for (size_t first = 0; first < session->n_tokens; first += CHUNK) {
    uint32_t n = chunk_length (session->n_tokens, first);

    lm_kv_cache_read (&session->cache, layer, head, (uint32_t) first, n, chunk,
                      chunk + n * row_bytes);
    if (!write_bytes (file, hash, chunk, 2 * n * row_bytes))
      return false;
  }
  return true;
}

static void
write_state (const lm_session *session, char *chunk, lm_new_file *file)
{
  const lm_hparams *h = &session->model->hparams;
  state_header header = make_header (session);
  bool ok;
  lm_hash hash;
  uint64_t checksum;

  lm_hash_init (&hash);
  ok = write_bytes (file, &hash, &header, sizeof header) &&
       write_bytes (file, &hash, session->tokens, session->n_tokens * sizeof *session->tokens);
  for (uint32_t layer = 0; ok && layer < h->n_layers; layer++)
    for (uint32_t head = 0; ok && head < h->n_kv_heads; head++)
      ok = write_head_rows (session, layer, head, chunk, file, &hash);
  checksum = lm_hash_get (&hash);
  if (ok)
    lm_new_file_write (file, &checksum, sizeof checksum);
}

lm_status
lm_session_save (const lm_session *session, const char *path, lm_error *error)
{
  char *chunk = alloc_chunk (session);
  lm_new_file file;
  lm_status status;

  if (chunk == NULL)
    return fail_memory (error);
  status = lm_new_file_open (&file, path, error);
  if (status == LM_OK) {
    write_state (session, chunk, &file);
    status = lm_new_file_commit (&file, error);
  }
  lm_aligned_free (chunk);
  return status;
}

/* ---- Restoring ---------------------------------------------------------------------------- */

static lm_status
fail_damaged (lm_error *error)
{
  return lm_fail (error, LM_ERROR_STATE, "damage", 0, "The saved session is damaged.");
}

static bool
read_bytes (FILE *stream, lm_hash *hash, void *data, size_t n_bytes)
{
  if (fread (data, 1, n_bytes, stream) != n_bytes)
    return false;
  lm_hash_add (hash, data, n_bytes);
  return true;
}

/* Reads the header and compares it with what this session would write. */
static lm_status
read_header (
    const lm_session *session, FILE *stream, lm_hash *hash, state_header *header, lm_error *error)
{
  state_header own = make_header (session);

  *header = (state_header) { 0 };
  if (!read_bytes (stream, hash, header->magic, sizeof header->magic) ||
      memcmp (header->magic, MAGIC, sizeof MAGIC) != 0)
    return lm_fail (error, LM_ERROR_FORMAT, "magic", 0, "This is no saved session.");
  if (!read_bytes (stream, hash, (char *) header + sizeof header->magic,
                   sizeof *header - sizeof header->magic))
    return fail_damaged (error);
  if (header->version != own.version || header->byte_order != own.byte_order)
    return lm_fail (error, LM_ERROR_STATE, "version", 0,
                    "The session was saved by another version, or on another kind of computer.");
  if (header->model != own.model)
    return lm_fail (error, LM_ERROR_STATE, "model", 0,
                    "The session was saved with another model, or level of instructions.");
  if (header->kv_type != own.kv_type || header->row_bytes != own.row_bytes)
    return lm_fail (error, LM_ERROR_STATE, "kv_type", 0,
                    "The session was saved with another kind of KV cache.");
  if (header->n_tokens > session->n_ctx)
    return lm_fail (error, LM_ERROR_STATE, "context",
                    header->n_tokens - session->n_ctx < INT64_MAX
                        ? (int64_t) (header->n_tokens - session->n_ctx)
                        : INT64_MAX,
                    "The saved session is longer than the context of %u tokens.", session->n_ctx);
  return LM_OK;
}

/* n tokens that the vocabulary has. */
static bool
read_tokens (lm_session *session, size_t n, FILE *stream, lm_hash *hash)
{
  if (!read_bytes (stream, hash, session->tokens, n * sizeof *session->tokens))
    return false;
  for (size_t i = 0; i < n; i++)
    if (session->tokens[i] < 0 || (uint32_t) session->tokens[i] >= session->model->hparams.n_vocab)
      return false;
  return true;
}

static bool
read_head_rows (lm_session *session,
                uint32_t layer,
                uint32_t head,
                size_t n_tokens,
                char *chunk,
                FILE *stream,
                lm_hash *hash)
{
  size_t row_bytes = lm_kv_cache_row_bytes (&session->cache);

  for (size_t first = 0; first < n_tokens; first += CHUNK) {
    uint32_t n = chunk_length (n_tokens, first);

    if (!read_bytes (stream, hash, chunk, 2 * n * row_bytes))
      return false;
    lm_kv_cache_write (&session->cache, layer, head, (uint32_t) first, n, chunk,
                       chunk + n * row_bytes);
  }
  return true;
}

/* What follows the header. It goes where it belongs before the checksum is known: beyond the
 * timeline's end nothing in the tokens and the cache means anything. */
static bool
read_body (lm_session *session, size_t n_tokens, char *chunk, FILE *stream, lm_hash *hash)
{
  const lm_hparams *h = &session->model->hparams;
  uint64_t checksum;
  bool ok = read_tokens (session, n_tokens, stream, hash);

  for (uint32_t layer = 0; ok && layer < h->n_layers; layer++)
    for (uint32_t head = 0; ok && head < h->n_kv_heads; head++)
      ok = read_head_rows (session, layer, head, n_tokens, chunk, stream, hash);
  return ok && fread (&checksum, 1, sizeof checksum, stream) == sizeof checksum &&
         checksum == lm_hash_get (hash) && fgetc (stream) == EOF;
}

static void
make_empty (lm_session *session)
{
  session->n_tokens = 0;
  session->logits = NULL;
  lm_lookup_forget (&session->lookup);
}

lm_status
lm_state_read (lm_session *session, FILE *stream, lm_error *error)
{
  char *chunk = alloc_chunk (session);
  state_header header;
  lm_hash hash;
  lm_status status;

  make_empty (session);
  if (chunk == NULL)
    return fail_memory (error);
  lm_hash_init (&hash);
  status = read_header (session, stream, &hash, &header, error);
  if (status == LM_OK && !read_body (session, (size_t) header.n_tokens, chunk, stream, &hash))
    status = fail_damaged (error);
  if (status == LM_OK)
    session->n_tokens = (size_t) header.n_tokens;
  lm_aligned_free (chunk);
  return status;
}

lm_status
lm_session_restore (lm_session *session, const char *path, lm_error *error)
{
  FILE *stream = lm_file_open (path, error);
  lm_status status;

  if (stream == NULL) {
    make_empty (session);
    return LM_ERROR_IO;
  }
  status = lm_state_read (session, stream, error);
  fclose (stream);
  return status;
}
