/* The numbered messages of a session: numbering, sending, replay, and what falls out. */
#include "signaling/replay.h"

#include <string.h>

static bool push(cg_replay *replay, size_t size)
{
    g_autofree char *text = g_strnfill(size, 'x');

    return cg_replay_push(replay, cg_message_new(text, size));
}

/* Sends all there is to send; the numbers it sent, as text. */
static char *send_all(cg_replay *replay)
{
    GString *sent = g_string_new(NULL);
    const cg_message *message;

    while ((message = cg_replay_peek(replay))) {
        g_string_append_printf(sent, "%s%" G_GUINT64_FORMAT, sent->len ? " " : "", message->seq);
        cg_replay_sent(replay);
    }
    g_assert_cmpuint(replay->unsent_bytes, ==, 0);
    return g_string_free(sent, FALSE);
}

static void assert_sends(cg_replay *replay, const char *expected)
{
    g_autofree char *sent = send_all(replay);

    g_assert_cmpstr(sent, ==, expected);
}

static void test_message(void)
{
    cg_message *message = cg_message_new("text", 4);
    uintptr_t headroom = (uintptr_t) cg_message_text(message) - (uintptr_t) message->bytes;

    g_assert_cmpuint(message->size, ==, 4);
    g_assert_cmpmem(cg_message_text(message), message->size, "text", 4);
    g_assert_cmpuint(headroom, ==, CG_MESSAGE_HEADROOM);
    g_free(message);
}

static void test_numbers_and_replay(void)
{
    cg_replay replay;

    cg_replay_init(&replay, 1000, true);
    g_assert_cmpuint(cg_replay_next_seq(&replay), ==, 1);
    assert_sends(&replay, "");
    for (int i = 0; i < 5; i++)
        g_assert_true(push(&replay, 10));
    g_assert_cmpuint(cg_replay_next_seq(&replay), ==, 6);
    g_assert_cmpuint(replay.unsent_bytes, ==, 50);
    assert_sends(&replay, "1 2 3 4 5");
    assert_sends(&replay, "");

    g_assert_true(cg_replay_rewind(&replay, 3));
    g_assert_cmpuint(replay.unsent_bytes, ==, 20);
    g_assert_true(push(&replay, 10));
    assert_sends(&replay, "4 5 6");
    g_assert_true(cg_replay_rewind(&replay, 0));
    assert_sends(&replay, "1 2 3 4 5 6");
    g_assert_true(cg_replay_rewind(&replay, 6)); /* nothing missed */
    assert_sends(&replay, "");
    g_assert_false(cg_replay_rewind(&replay, 7)); /* cannot have been seen */
    g_assert_false(cg_replay_rewind(&replay, UINT64_MAX));
    g_assert_true(push(&replay, 10));
    assert_sends(&replay, "7");
    cg_replay_finish(&replay);
}

/* In the middle of sending: the cursor goes back, nothing is lost or doubled. */
static void test_rewind_half_sent(void)
{
    cg_replay replay;

    cg_replay_init(&replay, 1000, true);
    for (int i = 0; i < 6; i++)
        push(&replay, 10);
    for (int i = 0; i < 3; i++)
        cg_replay_sent(&replay);
    g_assert_true(cg_replay_rewind(&replay, 1));
    assert_sends(&replay, "2 3 4 5 6");
    cg_replay_finish(&replay);
}

static void test_outgrown(void)
{
    cg_replay replay;

    cg_replay_init(&replay, 50, true);
    for (int i = 0; i < 5; i++)
        g_assert_true(push(&replay, 10));
    assert_sends(&replay, "1 2 3 4 5");
    g_assert_true(push(&replay, 10)); /* 1 falls out, it had been sent */
    g_assert_false(cg_replay_rewind(&replay, 0));
    g_assert_cmpuint(cg_replay_peek(&replay)->seq, ==, 6); /* a refused rewind changes nothing */
    g_assert_true(cg_replay_rewind(&replay, 1));
    assert_sends(&replay, "2 3 4 5 6");

    for (int i = 0; i < 5; i++)
        g_assert_true(push(&replay, 10));
    g_assert_false(push(&replay, 10)); /* 7 falls out unsent */
    assert_sends(&replay, "8 9 10 11 12");
    g_assert_false(cg_replay_rewind(&replay, 6));
    g_assert_true(cg_replay_rewind(&replay, 7)); /* a peer that had it all the same may go on */
    assert_sends(&replay, "8 9 10 11 12");
    cg_replay_finish(&replay);
}

/* One message larger than the whole bound still goes out. */
static void test_giant(void)
{
    cg_replay replay;

    cg_replay_init(&replay, 50, true);
    g_assert_true(push(&replay, 500));
    assert_sends(&replay, "1");
    g_assert_true(push(&replay, 600));
    g_assert_cmpuint(replay.messages.length, ==, 1);
    g_assert_cmpuint(replay.bytes, ==, 600);
    assert_sends(&replay, "2");
    cg_replay_finish(&replay);
}

/* For a client that does not resume, what was sent is not kept. */
static void test_not_kept(void)
{
    cg_replay replay;

    cg_replay_init(&replay, 1000, false);
    for (int i = 0; i < 4; i++)
        push(&replay, 10);
    cg_replay_sent(&replay);
    g_assert_cmpuint(replay.messages.length, ==, 3);
    assert_sends(&replay, "2 3 4");
    g_assert_cmpuint(replay.messages.length, ==, 0);
    g_assert_cmpuint(replay.bytes, ==, 0);
    g_assert_false(cg_replay_rewind(&replay, 3));
    g_assert_true(cg_replay_rewind(&replay, 4));
    cg_replay_finish(&replay);
}

/* What the peer has seen goes, what it has not been sent stays; a resume from before that is refused, not cut short. */
static void test_release(void)
{
    cg_replay replay;

    cg_replay_init(&replay, 1000, true);
    g_assert_cmpuint(cg_replay_sent_seq(&replay), ==, 0);
    for (int i = 0; i < 5; i++)
        push(&replay, 10);
    g_assert_cmpuint(cg_replay_sent_seq(&replay), ==, 0);
    for (int i = 0; i < 4; i++)
        cg_replay_sent(&replay);
    g_assert_cmpuint(cg_replay_sent_seq(&replay), ==, 4);
    cg_replay_release(&replay, 2);
    g_assert_cmpuint(replay.bytes, ==, 30);
    g_assert_false(cg_replay_rewind(&replay, 1));
    g_assert_true(cg_replay_rewind(&replay, 2));
    assert_sends(&replay, "3 4 5");
    cg_replay_release(&replay, UINT64_MAX);
    g_assert_cmpuint(replay.bytes, ==, 0);
    g_assert_cmpuint(cg_replay_sent_seq(&replay), ==, 5);
    push(&replay, 10);
    cg_replay_release(&replay, UINT64_MAX); /* 6 is not sent */
    assert_sends(&replay, "6");
    cg_replay_finish(&replay);
}

static void test_steal(void)
{
    cg_replay replay;

    cg_replay_init(&replay, 1000, true);
    g_assert_null(cg_replay_steal(&replay));
    for (int i = 0; i < 4; i++)
        push(&replay, 10);
    cg_replay_sent(&replay);
    for (uint64_t seq = 2; seq <= 4; seq++) {
        g_autofree cg_message *message = cg_replay_steal(&replay);
        g_assert_cmpuint(message->seq, ==, seq);
    }
    g_assert_null(cg_replay_steal(&replay));
    g_assert_cmpuint(replay.bytes, ==, 0);
    g_assert_cmpuint(replay.unsent_bytes, ==, 0);
    cg_replay_finish(&replay);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/replay/message", test_message);
    g_test_add_func("/replay/numbers-and-replay", test_numbers_and_replay);
    g_test_add_func("/replay/rewind-half-sent", test_rewind_half_sent);
    g_test_add_func("/replay/outgrown", test_outgrown);
    g_test_add_func("/replay/giant", test_giant);
    g_test_add_func("/replay/not-kept", test_not_kept);
    g_test_add_func("/replay/release", test_release);
    g_test_add_func("/replay/steal", test_steal);
    return g_test_run();
}
