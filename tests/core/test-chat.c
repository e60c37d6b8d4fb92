/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetChat: what sending, stopping and clearing do to the conversation. */
#include <string.h>

#include "chat/linnet-chat.h"

#include "fixture.h"

#define QUESTION "介绍一下你自己，越详细越好。"

/* A chat and a log of its signals, in order. */
typedef struct {
  LinnetEngine *engine;
  LinnetChat *chat;
  GString *log;
  char *taken_back;
  LinnetGenerationStats stats;
} Fixture;

static void
taken_back_cb (LinnetChat *chat, const char *question, Fixture *fixture)
{
  g_assert_false (linnet_chat_get_busy (chat));
  g_string_append (fixture->log, "taken-back ");
  g_set_str (&fixture->taken_back, question);
}

static void
failed_cb (LinnetChat *chat, const GError *error, Fixture *fixture)
{
  g_assert_error (error, LINNET_ENGINE_ERROR, LINNET_ENGINE_ERROR_CONTEXT);
  g_string_append (fixture->log, "failed ");
}

static void
finished_cb (LinnetChat *chat, LinnetGeneration *generation, Fixture *fixture)
{
  g_assert_false (linnet_chat_get_busy (chat));
  g_assert_null (linnet_chat_get_generation (chat));
  linnet_generation_get_stats (generation, &fixture->stats);
  g_string_append (fixture->log, "finished ");
}

static void
busy_cb (LinnetChat *chat, GParamSpec *pspec, Fixture *fixture)
{
  g_string_append (fixture->log, linnet_chat_get_busy (chat) ? "busy " : "idle ");
}

static void
fixture_init (Fixture *fixture, guint n_ctx, guint max_tokens)
{
  const LinnetGenerationOptions options = fixture_greedy (max_tokens);

  *fixture = (Fixture) { .engine = fixture_engine_new (0, n_ctx), .log = g_string_new (NULL) };
  fixture->chat = linnet_chat_new (fixture->engine);
  linnet_chat_set_options (fixture->chat, &options);
  g_signal_connect (fixture->chat, "taken-back", G_CALLBACK (taken_back_cb), fixture);
  g_signal_connect (fixture->chat, "failed", G_CALLBACK (failed_cb), fixture);
  g_signal_connect (fixture->chat, "finished", G_CALLBACK (finished_cb), fixture);
  g_signal_connect (fixture->chat, "notify::busy", G_CALLBACK (busy_cb), fixture);
}

static void
fixture_clear (Fixture *fixture)
{
  fixture_assert_finalized (fixture->chat);
  fixture_assert_finalized (fixture->engine);
  g_string_free (fixture->log, TRUE);
  g_free (fixture->taken_back);
}

static gboolean
is_idle (gpointer data)
{
  return g_str_has_suffix (((Fixture *) data)->log->str, "finished ");
}

static void
wait_until_finished (Fixture *fixture)
{
  fixture_wait (is_idle, fixture);
}

static guint
get_n_messages (Fixture *fixture)
{
  return g_list_model_get_n_items (G_LIST_MODEL (linnet_chat_get_conversation (fixture->chat)));
}

static LinnetMessage *
get_message (Fixture *fixture, guint position)
{
  return g_list_model_get_item (G_LIST_MODEL (linnet_chat_get_conversation (fixture->chat)),
                                position);
}

static void
append_cb (LinnetGeneration *generation, const char *chunk, GString *text)
{
  g_string_append (text, chunk);
}

static void
test_send (void)
{
  g_autoptr (LinnetMessage) question = NULL;
  g_autoptr (LinnetMessage) answer = NULL;
  g_autoptr (GString) text = g_string_new (NULL);
  Fixture fixture;

  if (fixture_get_demo_model () == NULL)
    return;
  fixture_init (&fixture, 512, 32);
  g_assert_false (linnet_chat_send (fixture.chat, ""));
  g_assert_false (linnet_chat_send (fixture.chat, " \n\t　"));
  g_assert_true (linnet_chat_send (fixture.chat, QUESTION));
  g_assert_false (linnet_chat_send (fixture.chat, QUESTION));
  g_signal_connect (linnet_chat_get_generation (fixture.chat), "text", G_CALLBACK (append_cb),
                    text);

  g_assert_cmpuint (get_n_messages (&fixture), ==, 2);
  question = get_message (&fixture, 0);
  answer = get_message (&fixture, 1);
  g_assert_cmpint (linnet_message_get_role (question), ==, LINNET_ROLE_USER);
  g_assert_cmpstr (linnet_message_get_text (question), ==, QUESTION);
  g_assert_true (linnet_message_get_complete (question));
  g_assert_cmpint (linnet_message_get_role (answer), ==, LINNET_ROLE_ASSISTANT);
  g_assert_cmpstr (linnet_message_get_text (answer), ==, "");
  g_assert_false (linnet_message_get_complete (answer));

  wait_until_finished (&fixture);
  g_assert_cmpstr (fixture.log->str, ==, "busy idle finished ");
  g_assert_cmpstr (linnet_message_get_text (answer), ==, text->str);
  g_assert_cmpuint (text->len, >, 0);
  g_assert_true (linnet_message_get_complete (answer));
  g_assert_cmpuint (get_n_messages (&fixture), ==, 2);
  fixture_clear (&fixture);
}

static void
test_second_question (void)
{
  Fixture fixture;

  if (fixture_get_demo_model () == NULL)
    return;
  fixture_init (&fixture, 1024, 16);
  g_assert_true (linnet_chat_send (fixture.chat, QUESTION));
  wait_until_finished (&fixture);
  g_string_truncate (fixture.log, 0);
  g_assert_true (linnet_chat_send (fixture.chat, "谢谢！"));
  wait_until_finished (&fixture);
  g_assert_cmpuint (get_n_messages (&fixture), ==, 4);
  g_assert_cmpuint (fixture.stats.reused_tokens, >, 10);
  fixture_clear (&fixture);
}

static void
test_system_prompt (void)
{
  Fixture fixture;
  guint n_without;

  if (fixture_get_demo_model () == NULL)
    return;
  fixture_init (&fixture, 1024, 1);
  g_assert_true (linnet_chat_send (fixture.chat, QUESTION));
  wait_until_finished (&fixture);
  n_without = fixture.stats.prefill_tokens + fixture.stats.reused_tokens;
  linnet_chat_clear (fixture.chat);
  linnet_chat_set_system_prompt (fixture.chat, "");
  g_assert_null (linnet_chat_get_system_prompt (fixture.chat));
  linnet_chat_set_system_prompt (fixture.chat, "你是一位耐心的老师，回答要简短，并且用中文。");
  g_string_truncate (fixture.log, 0);
  g_assert_true (linnet_chat_send (fixture.chat, QUESTION));
  g_assert_cmpuint (get_n_messages (&fixture), ==, 2);
  wait_until_finished (&fixture);
  g_assert_cmpuint (fixture.stats.prefill_tokens + fixture.stats.reused_tokens, >=, n_without + 10);
  fixture_clear (&fixture);
}

static void
test_failure_takes_back (void)
{
  g_autofree char *question = fixture_make_long_question (3000);
  Fixture fixture;

  if (fixture_get_demo_model () == NULL)
    return;
  fixture_init (&fixture, 256, 8);
  g_assert_true (linnet_chat_send (fixture.chat, QUESTION));
  wait_until_finished (&fixture);
  g_string_truncate (fixture.log, 0);
  g_assert_true (linnet_chat_send (fixture.chat, question));
  g_assert_cmpuint (get_n_messages (&fixture), ==, 4);
  wait_until_finished (&fixture);
  g_assert_cmpstr (fixture.log->str, ==, "busy idle taken-back failed finished ");
  g_assert_cmpstr (fixture.taken_back, ==, question);
  g_assert_cmpuint (get_n_messages (&fixture), ==, 2);
  fixture_clear (&fixture);
}

static void
test_stop_before_text_takes_back (void)
{
  Fixture fixture;

  if (fixture_get_demo_model () == NULL)
    return;
  fixture_init (&fixture, 256, 0);
  g_assert_true (linnet_chat_send (fixture.chat, QUESTION));
  linnet_chat_stop (fixture.chat);
  wait_until_finished (&fixture);
  g_assert_cmpstr (fixture.log->str, ==, "busy idle taken-back finished ");
  g_assert_cmpstr (fixture.taken_back, ==, QUESTION);
  g_assert_cmpuint (get_n_messages (&fixture), ==, 0);
  linnet_chat_stop (fixture.chat);
  fixture_clear (&fixture);
}

static gboolean
has_text (gpointer message)
{
  return linnet_message_get_text (message)[0] != '\0';
}

static void
test_stop_keeps_text (void)
{
  g_autoptr (LinnetMessage) answer = NULL;
  Fixture fixture;

  if (fixture_get_demo_model () == NULL)
    return;
  fixture_init (&fixture, 2048, 0);
  g_assert_true (linnet_chat_send (fixture.chat, QUESTION));
  answer = get_message (&fixture, 1);
  fixture_wait (has_text, answer);
  linnet_chat_stop (fixture.chat);
  wait_until_finished (&fixture);
  g_assert_cmpstr (fixture.log->str, ==, "busy idle finished ");
  g_assert_cmpuint (get_n_messages (&fixture), ==, 2);
  g_assert_true (linnet_message_get_complete (answer));
  fixture_clear (&fixture);
}

static void
test_clear (void)
{
  g_autoptr (LinnetMessage) answer = NULL;
  g_autofree char *text = NULL;
  Fixture fixture;

  if (fixture_get_demo_model () == NULL)
    return;
  fixture_init (&fixture, 2048, 0);
  g_assert_true (linnet_chat_send (fixture.chat, QUESTION));
  answer = get_message (&fixture, 1);
  fixture_wait (has_text, answer);
  text = g_strdup (linnet_message_get_text (answer));
  /* Time for more text, which is on its way when the chat is cleared. */
  g_usleep (200000);
  linnet_chat_clear (fixture.chat);
  g_assert_cmpuint (get_n_messages (&fixture), ==, 0);
  g_assert_true (linnet_chat_get_busy (fixture.chat));
  wait_until_finished (&fixture);
  g_assert_cmpstr (fixture.log->str, ==, "busy idle finished ");
  g_assert_cmpuint (get_n_messages (&fixture), ==, 0);
  g_assert_cmpstr (linnet_message_get_text (answer), ==, text);
  g_assert_true (linnet_message_get_complete (answer));
  fixture_clear (&fixture);
}

static void
send_again_cb (LinnetChat *chat, LinnetGeneration *generation, guint *n_left)
{
  if (*n_left > 0) {
    (*n_left)--;
    g_assert_true (linnet_chat_send (chat, "再说一遍。"));
  }
}

static gboolean
has_eight_messages (gpointer data)
{
  return get_n_messages (data) == 8 && !linnet_chat_get_busy (((Fixture *) data)->chat);
}

static void
test_send_in_handler (void)
{
  Fixture fixture;
  guint n_left = 3;

  if (fixture_get_demo_model () == NULL)
    return;
  fixture_init (&fixture, 512, 4);
  g_signal_connect (fixture.chat, "finished", G_CALLBACK (send_again_cb), &n_left);
  g_assert_true (linnet_chat_send (fixture.chat, QUESTION));
  fixture_wait (has_eight_messages, &fixture);
  g_assert_cmpuint (n_left, ==, 0);
  fixture_clear (&fixture);
}

static void
test_without_model (void)
{
  LinnetEngine *engine = linnet_engine_new ();
  LinnetChat *chat = linnet_chat_new (engine);

  g_assert_false (linnet_chat_send (chat, QUESTION));
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (linnet_chat_get_conversation (chat))),
                    ==, 0);
  fixture_assert_finalized (chat);
  fixture_assert_finalized (engine);
}

static void
test_dispose_while_answering (void)
{
  g_autoptr (LinnetMessage) answer = NULL;
  g_autoptr (LinnetGeneration) generation = NULL;
  g_autofree char *text = NULL;
  Fixture fixture;

  if (fixture_get_demo_model () == NULL)
    return;
  fixture_init (&fixture, 2048, 0);
  g_assert_true (linnet_chat_send (fixture.chat, QUESTION));
  answer = get_message (&fixture, 1);
  generation = g_object_ref (linnet_chat_get_generation (fixture.chat));
  fixture_wait (has_text, answer);
  text = g_strdup (linnet_message_get_text (answer));
  fixture_clear (&fixture);
  g_assert_cmpint (linnet_generation_get_phase (generation), ==, LINNET_GENERATION_FINISHED);
  g_assert_cmpstr (linnet_message_get_text (answer), ==, text);
  g_assert_true (linnet_message_get_complete (answer));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/chat/send", test_send);
  g_test_add_func ("/chat/second-question", test_second_question);
  g_test_add_func ("/chat/system-prompt", test_system_prompt);
  g_test_add_func ("/chat/failure-takes-back", test_failure_takes_back);
  g_test_add_func ("/chat/stop-before-text-takes-back", test_stop_before_text_takes_back);
  g_test_add_func ("/chat/stop-keeps-text", test_stop_keeps_text);
  g_test_add_func ("/chat/clear", test_clear);
  g_test_add_func ("/chat/send-in-handler", test_send_in_handler);
  g_test_add_func ("/chat/without-model", test_without_model);
  g_test_add_func ("/chat/dispose-while-answering", test_dispose_while_answering);
  return g_test_run ();
}
