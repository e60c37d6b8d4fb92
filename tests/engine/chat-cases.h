/* SPDX-License-Identifier: GPL-3.0-or-later
 * The conversations and templates of tests/data/chat, and renderings kept whole. The formats are
 * described in tests/data/chat/make.py. */
#pragma once

#include "chat/chat.h"

/* The whole file and a NUL, to be freed; NULL if it cannot be read. length: NULL allowed. */
char *chat_read_file (const char *path, size_t *length);
/* FOLDER/NAME and a suffix, to be freed. */
char *chat_path (const char *folder, const char *name, const char *suffix);

typedef struct {
  char *name;
  bool add_prompt;
  lm_message *messages; /* texts in data */
  size_t n_messages;
} chat_case;

typedef struct {
  char *data;
  chat_case *cases;
  size_t n_cases;
} chat_cases;

/* False, with nothing to clear, when the file is missing or not as described. */
bool chat_cases_read (chat_cases *cases, const char *path);
void chat_cases_clear (chat_cases *cases);

/* A line of templates.txt; the strings lie in the text it was read from. */
typedef struct {
  char *name;
  char *family;
  bool is_known;
  const char *bos;
  const char *eos;
} chat_template_line;

/* Takes the line at *text, which is changed and moves on; false at the end or at a bad line. */
bool chat_template_line_read (chat_template_line *line, char **text);

/* A rendering; zero-initialise. */
typedef struct {
  char *text;
  char *kinds; /* for each byte 'm', markup, or 't', text of a message */
  size_t length;
} chat_output;

/* Renders, replacing what output holds. */
lm_status chat_output_render (chat_output *output,
                              const lm_chat_template *chat,
                              const lm_message *messages,
                              size_t n_messages,
                              bool add_prompt,
                              lm_error *error);
void chat_output_clear (chat_output *output);
