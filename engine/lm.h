/* SPDX-License-Identifier: GPL-3.0-or-later
 * Linnet's inference engine: the one public header.
 *
 * Two nouns. A *model* is a GGUF file made ready: immutable once open, shareable between threads.
 * A *session* is one timeline of tokens on a model: it owns the KV cache and the logits, and is
 * used by one thread at a time (only lm_session_cancel() may be called from another).
 *
 * The engine prints nothing, reads no environment, never exits and has no mutable global. Whatever
 * can fail returns an lm_status (or NULL) and fills the optional lm_error.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Errors ------------------------------------------------------------------------------- */

typedef enum {
  LM_OK = 0,
  LM_ERROR_IO,           /* the file cannot be opened or read; number: errno */
  LM_ERROR_FORMAT,       /* not a GGUF file, or a damaged one; subject: the part at fault */
  LM_ERROR_TRUNCATED,    /* the file ends too early; number: bytes missing, 0 if unknown */
  LM_ERROR_ARCHITECTURE, /* an architecture the engine does not know; subject: its name */
  LM_ERROR_TENSOR,       /* a tensor is missing or has a wrong shape; subject: its name */
  LM_ERROR_TYPE,         /* a tensor type the engine does not know; subject: the tensor */
  LM_ERROR_TOKENIZER,    /* an unknown or inconsistent tokenizer; subject: its name */
  LM_ERROR_MEMORY,       /* not enough memory; number: bytes asked for, 0 if unknown */
  LM_ERROR_CONTEXT,      /* the text is longer than the context; number: tokens over */
  LM_ERROR_CANCELLED,    /* lm_session_cancel(), or a progress callback, said stop */
  LM_ERROR_STATE,        /* a saved session does not fit; subject: see lm_session_restore() */
  LM_ERROR_ARGUMENT,     /* the caller broke a rule written in this header */
} lm_status;

/* Filled by a failing call when the caller passes one; untouched on success. */
typedef struct {
  lm_status code;
  int64_t number;    /* see lm_status */
  char subject[96];  /* see lm_status; valid UTF-8, cut to fit, "" when there is none */
  char message[256]; /* a whole English sentence, for logs and for whoever has no translation */
} lm_error;

/* ---- Models ------------------------------------------------------------------------------- */

typedef struct lm_model lm_model;
typedef int32_t lm_token;

/* The levels of instructions that this computer can compute with, best first; "reference", plain C,
 * is always the last. Writes at most capacity names to names (NULL with 0 to count) and returns how
 * many there are. The names live for ever. */
size_t lm_cpu_levels (const char **names, size_t capacity);

/* Work done and in all, in arbitrary units; return false to cancel. Called on the calling
 * thread. */
typedef bool (*lm_progress_fn) (uint64_t done, uint64_t total, void *user_data);

/* How much of a file to make ready. Each level includes the one before. */
typedef enum {
  LM_OPEN_FULL = 0,  /* everything: sessions can be made */
  LM_OPEN_TOKENIZER, /* metadata and tokenizer: lm_tokenize(), lm_chat_…; any architecture */
  LM_OPEN_METADATA,  /* the GGUF directory only: inspection, lm_model_memory() */
} lm_open_level;

typedef struct {
  lm_open_level level;
  int n_threads;           /* that decoding uses, the caller included; 0: the engine's choice */
  int n_threads_prefill;   /* that prefill uses; 0: the engine's choice */
  const char *cpu_level;   /* instructions to compute with, see lm_cpu_levels(); NULL: the best */
  lm_progress_fn progress; /* NULL allowed */
  void *user_data;
} lm_model_options;

/* Opens a GGUF file (any part of a split one: its siblings are found beside it). path: in the
 * file system's encoding (UTF-8 on Windows). options: NULL for the defaults. Returns NULL on
 * failure. Free with lm_model_close(), after every session made on it. */
lm_model *lm_model_open (const char *path, const lm_model_options *options, lm_error *error);
void lm_model_close (lm_model *model); /* NULL allowed */

/* The chat template families that the engine renders itself; see lm_chat_render(). */
typedef enum {
  LM_CHAT_CHATML = 0, /* also the fallback */
  LM_CHAT_QWEN,
  LM_CHAT_LLAMA2,
  LM_CHAT_LLAMA3,
  LM_CHAT_MISTRAL,
  LM_CHAT_GEMMA,
  LM_CHAT_PHI3,
  LM_CHAT_ZEPHYR,
  LM_CHAT_DEEPSEEK,
} lm_chat_family;

/* All strings live as long as the model; none is NULL. Zero where the file does not say. */
typedef struct {
  const char *name;         /* general.name, or "" */
  const char *architecture; /* "llama", "qwen2", "qwen3", … as in the file */
  const char *quantisation; /* "Q4_K_M", …: as the file says, else its commonest type */
  uint64_t n_parameters;
  uint64_t file_bytes; /* all parts together */
  uint32_t n_vocab;
  uint32_t n_layers;
  uint32_t n_embd;
  uint32_t n_ctx_train; /* the context length it was trained for, in tokens */
  uint32_t n_heads;
  uint32_t n_kv_heads;
  lm_chat_family chat_family;
  bool chat_is_fallback; /* the file's template is missing or of no family above */
  const char *cpu_level; /* what it computes with, one of lm_cpu_levels() */
} lm_model_info;

const lm_model_info *lm_model_get_info (const lm_model *model);

/* Metadata and tensors in file order, for inspection. The strings live as long as the model. */
size_t lm_model_get_n_metadata (const lm_model *model);
typedef struct {
  const char *key;
  const char *type;    /* "u32", "string", "array[f32]", … */
  uint64_t n_elements; /* of an array; 1 otherwise */
} lm_metadata;
void lm_model_get_metadata (const lm_model *model, size_t index, lm_metadata *metadata);
/* Writes element of entry index (0 unless an array) as text into buffer, always terminated, and
 * returns the bytes the whole text has (as snprintf does). Invalid UTF-8 is replaced. */
size_t lm_model_format_metadata (
    const lm_model *model, size_t index, uint64_t element, char *buffer, size_t size);

size_t lm_model_get_n_tensors (const lm_model *model);
typedef struct {
  const char *name;
  const char *type; /* "F16", "Q4_K", … */
  uint32_t n_dims;
  uint64_t shape[4]; /* shape[0] is the row length; 1 beyond n_dims */
  uint64_t bytes;
} lm_tensor_info;
void lm_model_get_tensor (const lm_model *model, size_t index, lm_tensor_info *tensor);

/* How the keys and values of a session are kept. */
typedef enum {
  LM_KV_F16 = 0, /* as halves */
  LM_KV_Q8_0,    /* as 8-bit integers, 32 of which share a scale: little more than half the memory;
                  * only for heads of a multiple of 32 values, which nearly all models have */
} lm_kv_type;

/* Bytes that a load and a session of n_ctx tokens will take. Works on any level of open model, so
 * it can be asked before anything big is read. Embeddings beside an output matrix of their own are
 * not counted: they stay in the file, of which only the rows of the words in use are read.
 * LM_ERROR_ARGUMENT, subject "kv_type": the model's heads, of number values, do not fit it. */
typedef struct {
  uint64_t weights;
  uint64_t kv_cache;
  uint64_t scratch; /* activations, logits, tokenizer tables */
  uint64_t total;
} lm_memory;
lm_status lm_model_memory (
    const lm_model *model, uint32_t n_ctx, lm_kv_type kv_type, lm_memory *memory, lm_error *error);

/* What one token costs: against the speeds that the probes below find, it says how much of the
 * computer a measured speed makes use of. Any level of open model that knows the architecture.
 * Errors as lm_model_memory(). */
typedef struct {
  uint64_t weight_bytes; /* of every matrix that a decoded token is multiplied with */
  uint64_t kv_bytes;     /* of a KV cache of kv_type, for each token that is in the context */
  uint64_t prefill_macs; /* multiply-adds with weights for each token of a prompt; the output
                          * matrix, which only the last one needs, and attention are not in it */
} lm_model_work;
lm_status
lm_model_get_work (const lm_model *model, lm_kv_type kv_type, lm_model_work *work, lm_error *error);

/* ---- Plans: models that are not here yet ---------------------------------------------------- */

/* The numbers that shape a model, as its publisher states them. */
typedef struct {
  const char *architecture; /* "llama", "qwen2", "qwen3" */
  uint32_t n_vocab;
  uint32_t n_embd;
  uint32_t n_layers;
  uint32_t n_ff;
  uint32_t n_heads;
  uint32_t n_kv_heads; /* divides n_heads */
  uint32_t head_dim;   /* even */
} lm_shape;

/* Those of an open model, at any level. Errors as lm_model_memory(). */
lm_status lm_model_get_shape (const lm_model *model, lm_shape *shape, lm_error *error);

/* Bytes of a row of n_cols weights of the type, named as lm_tensor_info does; 0: an unknown type,
 * or n_cols is not whole blocks of it. */
uint64_t lm_type_row_bytes (const char *type, uint64_t n_cols);

/* What lm_model_memory() will say of a file with that shape, opened with these options (NULL for
 * the defaults), whose weights, those that stay in memory, have weight_bytes.
 * LM_ERROR_ARCHITECTURE; LM_ERROR_ARGUMENT as there, or subject "shape": it cannot be. */
lm_status lm_plan_memory (const lm_shape *shape,
                          uint64_t weight_bytes,
                          uint32_t n_ctx,
                          lm_kv_type kv_type,
                          const lm_model_options *options,
                          lm_memory *memory,
                          lm_error *error);

/* ---- Tokens ------------------------------------------------------------------------------- */

enum {
  LM_TOKENIZE_ADD_SPECIAL = 1 << 0,   /* add BOS (and EOS) where the model's metadata asks for it */
  LM_TOKENIZE_PARSE_SPECIAL = 1 << 1, /* text such as "<|im_end|>" becomes the control token */
};

/* Tokens of length bytes of text (any bytes; invalid UTF-8 survives a round trip). Writes at most
 * capacity of them to tokens (NULL with 0 to count) and the whole number to n_tokens.
 * LM_ERROR_MEMORY, LM_ERROR_TOKENIZER (the file has none). */
lm_status lm_tokenize (const lm_model *model,
                       const char *text,
                       size_t length,
                       unsigned flags,
                       lm_token *tokens,
                       size_t capacity,
                       size_t *n_tokens,
                       lm_error *error);

/* The bytes a token stands for; they may be part of a UTF-8 character. A control token gives its
 * name ("<|im_end|>"). Never NULL, "" for an id out of range; lives as long as the model. */
const char *lm_token_bytes (const lm_model *model, lm_token token, size_t *length);
bool lm_token_is_control (const lm_model *model, lm_token token);
/* Whether token ends an answer: EOS, EOT and the stop tokens of the chat family. */
bool lm_token_is_end (const lm_model *model, lm_token token);

/* ---- Chat --------------------------------------------------------------------------------- */

typedef enum { LM_ROLE_SYSTEM, LM_ROLE_USER, LM_ROLE_ASSISTANT } lm_role;

typedef struct {
  lm_role role;
  const char *text; /* UTF-8, not terminated */
  size_t length;
} lm_message;

/* The conversation in the model's own template. With add_prompt the header of the answer to come
 * is added. Writes at most capacity bytes (no terminator) and the whole length to length.
 * LM_ERROR_ARGUMENT: an order of roles the family's template refuses (subject says which). */
lm_status lm_chat_render (const lm_model *model,
                          const lm_message *messages,
                          size_t n_messages,
                          bool add_prompt,
                          char *text,
                          size_t capacity,
                          size_t *length,
                          lm_error *error);

/* The same as tokens. The template's own markup becomes control tokens; what the messages hold
 * never does, whatever it says. tokens, capacity, n_tokens as in lm_tokenize(). */
lm_status lm_chat_tokenize (const lm_model *model,
                            const lm_message *messages,
                            size_t n_messages,
                            bool add_prompt,
                            lm_token *tokens,
                            size_t capacity,
                            size_t *n_tokens,
                            lm_error *error);

/* ---- Sessions ----------------------------------------------------------------------------- */

/* The thread that calls sync, append or score computes along with the model's own. On Windows and
 * macOS its quality of service is raised, and stays so: it would be slowed down while the program
 * is in the background. */

typedef struct lm_session lm_session;

typedef struct {
  uint32_t n_ctx; /* tokens the KV cache holds; 0: the trained length, 4096 at most */
  lm_kv_type kv_type;
} lm_session_options;

/* model must outlive the session; it must be open at LM_OPEN_FULL. NULL on failure:
 * LM_ERROR_MEMORY, LM_ERROR_ARGUMENT (as lm_model_memory()). */
lm_session *lm_session_new (lm_model *model, const lm_session_options *options, lm_error *error);
void lm_session_free (lm_session *session); /* NULL allowed */

/* Called while sync or score works: tokens done and in all, of those that needed computing. */
void lm_session_set_progress (lm_session *session, lm_progress_fn progress, void *user_data);

/* Makes the timeline equal to tokens: the common prefix is kept, what differs is rolled back, the
 * rest is prefilled. Afterwards lm_session_get_logits() belongs to the last token. n_tokens > 0.
 * LM_ERROR_CONTEXT (nothing is changed), LM_ERROR_CANCELLED (what was computed is kept, and a
 * later sync goes on from there). */
lm_status
lm_session_sync (lm_session *session, const lm_token *tokens, size_t n_tokens, lm_error *error);

/* Adds one token and computes its logits: a decode step. Errors as lm_session_sync(). */
lm_status lm_session_append (lm_session *session, lm_token token, lm_error *error);
/* lm_session_advance(), which may do several steps at once, is with the sampling below. */

/* Like lm_session_sync() from an empty timeline, but gives the logits after every token: position
 * counts from 0, logits has n_vocab values and is valid during the call. Return false to stop. */
typedef bool (*lm_logits_fn) (size_t position, const float *logits, void *user_data);
lm_status lm_session_score (lm_session *session,
                            const lm_token *tokens,
                            size_t n_tokens,
                            lm_logits_fn on_logits,
                            void *user_data,
                            lm_error *error);

/* Logits after the last token: n_vocab values, valid until the next call; NULL if there are
 * none. */
const float *lm_session_get_logits (const lm_session *session);
/* The timeline: tokens in the KV cache, valid until the next call. */
const lm_token *lm_session_get_tokens (const lm_session *session, size_t *n_tokens);
uint32_t lm_session_get_n_ctx (const lm_session *session);

/* Writes the timeline and its KV cache to a file, about lm_memory's kv_cache × tokens / n_ctx
 * bytes, readable by its owner alone. What is at path stays until the new file is whole and on the
 * disk. path: as for lm_model_open(). LM_ERROR_IO, LM_ERROR_MEMORY. */
lm_status lm_session_save (const lm_session *session, const char *path, lm_error *error);

/* Makes the timeline what was saved, so that a later sync finds its beginning computed; there are
 * no logits until then. Whatever the file holds, nothing worse happens than that the session is
 * empty afterwards, and usable, which it is after every failure: LM_ERROR_IO; LM_ERROR_FORMAT (no
 * saved session at all); LM_ERROR_STATE, subject: "model" (another model, or level of
 * instructions), "version" (of the file), "kv_type" (the session keeps another), "context" (number:
 * tokens that it is too long), "damage" (it is not what was written); LM_ERROR_MEMORY. */
lm_status lm_session_restore (lm_session *session, const char *path, lm_error *error);

/* Stops the running call, and every later one, with LM_ERROR_CANCELLED until lm_session_resume().
 * Any thread; acts within 50 ms. */
void lm_session_cancel (lm_session *session);
void lm_session_resume (lm_session *session);

/* Since the session was made or the statistics were reset. */
typedef struct {
  uint64_t prefill_tokens;
  uint64_t decode_tokens;
  double prefill_seconds;
  double decode_seconds;
  uint64_t reused_tokens;   /* that a sync found in the KV cache */
  uint64_t drafted_tokens;  /* that lm_session_advance() computed ahead … */
  uint64_t accepted_tokens; /* … and that sampling chose as well: part of decode_tokens */
} lm_session_stats;
void lm_session_get_stats (const lm_session *session, lm_session_stats *stats);
void lm_session_reset_stats (lm_session *session);

/* ---- Sampling ----------------------------------------------------------------------------- */

/* Zero-initialised means greedy. Applied in this order: penalties over the last penalty_window
 * tokens, top-k, top-p, min-p, temperature. */
typedef struct {
  float temperature;        /* 0: greedy */
  int32_t top_k;            /* 0: off */
  float top_p;              /* 0 or 1: off */
  float min_p;              /* 0: off */
  float repetition_penalty; /* 0 or 1: off */
  float presence_penalty;   /* 0: off */
  float frequency_penalty;  /* 0: off */
  int32_t penalty_window;   /* tokens looked back on; 0: 64, −1: the whole timeline */
  uint64_t seed;
} lm_sampling;

/* Chooses the next token from the session's logits (which it leaves as they are). The random
 * number depends on the seed and the position only. LM_ERROR_ARGUMENT: there are no logits. */
lm_status lm_session_sample (lm_session *session,
                             const lm_sampling *sampling,
                             lm_token *token,
                             lm_error *error);

/* Prompt lookup: where the text's last tokens stood in it before, what followed them is computed
 * along with the next token, for little more than the price of one. */
typedef enum {
  LM_LOOKUP_ADAPTIVE = 0, /* where it has proved to pay on this computer and in this text */
  LM_LOOKUP_OFF,
  LM_LOOKUP_ALWAYS, /* whatever it costs: for tests and measurements */
} lm_lookup_mode;
void lm_session_set_lookup (lm_session *session, lm_lookup_mode mode);

/* lm_session_append() of token, and then of those tokens that lm_session_sample() with the same
 * sampling would choose next, as far as lookup foresees them: n_more of them, 0 … capacity, written
 * to more. Which tokens come and what their logits are does not depend on the mode, only how many
 * come at once. None of them ends an answer (lm_token_is_end()). Afterwards the timeline ends with
 * the last of them. Errors as lm_session_append(), and then n_more is 0. */
lm_status lm_session_advance (lm_session *session,
                              lm_token token,
                              const lm_sampling *sampling,
                              lm_token *more,
                              size_t capacity,
                              size_t *n_more,
                              lm_error *error);

/* ---- Probes ------------------------------------------------------------------------------- */

/* What this computer can do, measured. Zero-initialised is fine. */
typedef struct {
  int n_threads;           /* 0: those that a model opened with 0 decodes with */
  double seconds;          /* to measure for, 10 at most; 0: one second */
  const char *cpu_level;   /* of lm_probe_int8_peak(), see lm_cpu_levels(); NULL: the best */
  const lm_model *model;   /* of lm_read_probe_open(): open in full and at rest; NULL: none */
  lm_progress_fn progress; /* NULL allowed */
  void *user_data;
} lm_probe_options;

/* How fast threads together read memory that is in no cache, at the moments at which it is asked:
 * a computer is not the same from one to the next, so that what is held against this is to be
 * measured in the same moments. Reads round and round LM_PROBE_BYTES with the widest loads there
 * are, with or without prefetch. With a model it is the memory that its weights are in, from one
 * end to the other and over again: what decoding with this very model can come to at most, for a
 * computer may read gigabytes more slowly than LM_PROBE_BYTES. One thread uses it at a time. */
#define LM_PROBE_BYTES ((uint64_t) 512 << 20)
typedef struct lm_read_probe lm_read_probe;

/* Takes options.seconds to find out how memory is read fastest. The model has to outlive the probe.
 * options: NULL for the defaults. NULL: LM_ERROR_MEMORY, LM_ERROR_CANCELLED, LM_ERROR_ARGUMENT. */
lm_read_probe *lm_read_probe_open (const lm_probe_options *options, lm_error *error);
void lm_read_probe_close (lm_read_probe *probe); /* NULL allowed */

/* Reads as many bytes, or a few more, going on where it ended the last time. Returns how many;
 * took: the seconds that it was. */
uint64_t lm_read_probe_look (lm_read_probe *probe, uint64_t bytes, double *took);

/* The rate, in multiply-adds a second, at which threads together multiply 8-bit integers that are
 * in registers already, with the level's instructions for that: the median of twelve passes.
 * options and errors as above; a level that this computer lacks is LM_ERROR_ARGUMENT. */
lm_status
lm_probe_int8_peak (const lm_probe_options *options, double *macs_per_second, lm_error *error);

/* What a model's weights of one type are multiplied with tokens at. */
typedef struct {
  const char *type; /* in: as GGUF names tensor types, "Q4_K" */
  double decode;    /* bytes of weights a second, one token at a time, weights in no cache */
  double prefill;   /* multiply-adds a second, many tokens at a time */
} lm_kernel_speed;

/* And what they come from. */
typedef struct {
  double read_bandwidth; /* bytes a second that the threads of decoding read together */
  double spread;         /* of that, the part by which its slowest passes lie below its fastest:
                          * how unsteady the memory was while it was measured, 0 … 1 */
  unsigned n_threads;    /* of decoding */
} lm_memory_speed;

/* Multiplies made-up matrices of n_speeds types as a model of such weights would: laid out, cut
 * into tasks, and the tokens made ready, by the same code. The memory and the types take turns, in
 * passes of a few milliseconds, so that what befalls the computer meanwhile befalls all of them
 * alike, and nine in ten passes are no faster than what is told. options as above; cpu_level is
 * what it computes with, n_threads 0 is what a model opened with 0 uses, and the first fifth of the
 * time goes to the memory alone. memory_bytes: what to take for weights, which should be more than
 * the caches hold, LM_PROBE_LEAST_BYTES at least; 0: twice that. Errors as above, and
 * LM_ERROR_TYPE: the engine does not know a type (subject). */
#define LM_PROBE_LEAST_BYTES ((uint64_t) 64 << 20)
lm_status lm_probe_kernels (const lm_probe_options *options,
                            uint64_t memory_bytes,
                            lm_kernel_speed *speeds,
                            size_t n_speeds,
                            lm_memory_speed *memory,
                            lm_error *error);

#ifdef __cplusplus
}
#endif
