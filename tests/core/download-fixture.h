/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the tests of LinnetDownload share: a registry with one file, a folder, and what to say of
 * both afterwards. */
#pragma once

#include "library/linnet-download.h"

#include "fixture.h"
#include "registry.h"

G_BEGIN_DECLS

#define FILE_NAME   "a.gguf"
#define FILE_BYTES  (3 * 1024 * 1024 + 12345)
#define RANGE_BYTES (512 * 1024)

typedef struct {
  Registry *registry; /* owned; NULL: the test is skipped */
  char *folder;
  char *url, *cdn_url; /* of the file, on the first host and on the other */
  char *sha256;
} Fixture;

void fixture_set_up (Fixture *self, gconstpointer data);
/* With a registry that is given away, or NULL. */
void fixture_set_up_with (Fixture *self, Registry *registry);
void fixture_tear_down (Fixture *self, gconstpointer data);
/* test: void (Fixture *, gconstpointer); */
#define fixture_add(path, data, test)                                                              \
  g_test_add (path, Fixture, data, fixture_set_up, test, fixture_tear_down)

/* Adds a file of random bytes to the registry at /files/name; returns its sha256. */
char *fixture_add_file (Fixture *self, const char *name, guint n_bytes, guint seed);
/* Adds a rule, in JSON with ' for ". */
void fixture_add_rule (Fixture *self, const char *rule);
/* Options of the server: so slow that there is time to interfere, and as fast as can be. */
#define SLOWLY "{'rate': 1500000}"
#define FAST   "{'rate': 0}"

/* JSON with ' for ", to /_control/what. */
void fixture_control (Fixture *self, const char *what, const char *json);

/* Quick to give up. url2: NULL: one source. */
LinnetDownload *fixture_download_new (
    Fixture *self, const char *url, const char *url2, guint64 bytes, const char *sha256);
/* Of the fixture's file, all of which is known beforehand. */
LinnetDownload *fixture_download_new_plain (Fixture *self);
/* Starts it and waits for its end. */
LinnetDownloadState fixture_download (LinnetDownload *download);
/* Cancels it and waits until what was fetched is gone. */
void fixture_cancel (LinnetDownload *download);
void fixture_wait_for_end (LinnetDownload *download);
/* Waits until so many bytes are there. */
void fixture_wait_for_bytes (LinnetDownload *download, guint64 n_bytes);

void fixture_assert_done (Fixture *self, LinnetDownload *download);
/* NULL: there is none. */
char *fixture_hash (Fixture *self, const char *name);
gboolean fixture_has (Fixture *self, const char *name);
/* Neither the file nor a part of it. */
void fixture_assert_nothing_left (Fixture *self);
/* Ranges that the journal claims. */
JsonArray *fixture_read_journal (Fixture *self);
/* Bytes that requests to a host brought. */
guint64 fixture_count_sent (Fixture *self, const char *host);
/* No request asked for what is in ranges. */
void fixture_assert_not_asked_again (Fixture *self, JsonArray *ranges);

G_END_DECLS
