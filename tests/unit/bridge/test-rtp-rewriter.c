/* Continuity of the outgoing stream: over wraps, losses, reordering, pauses, digits and changes of partner. */
#include "bridge/rtp/rtp_rewriter.h"

#include <glib.h>

enum { MS = 1000 };

static const cg_rtp_source alice = {.leg = 1, .ssrc = 0xa}, alice_again = {.leg = 1, .ssrc = 0xb},
                           bob = {.leg = 2, .ssrc = 0xa};

/* Places a packet and checks where; -1: dropped. */
static void expect(cg_rtp_rewriter *rewriter, cg_rtp_source source, uint32_t sequence, uint32_t timestamp,
                   int64_t now_us, int32_t expected_sequence, uint32_t expected_timestamp, bool first)
{
    cg_rtp_place place;
    cg_rtp_position position = {.sequence = sequence, .timestamp = timestamp};
    bool placed = cg_rtp_rewriter_place(rewriter, source, position, 48000, now_us, &place);
    g_assert_cmpint(placed, ==, expected_sequence >= 0);
    if (!placed)
        return;
    g_assert_cmpuint(place.sequence, ==, expected_sequence);
    g_assert_cmpuint(place.timestamp, ==, expected_timestamp);
    g_assert_cmpint(place.first, ==, first);
}

static cg_rtp_rewriter fresh(void)
{
    cg_rtp_rewriter rewriter;
    cg_rtp_rewriter_init(&rewriter, 0x5555, 100, 5000, 48000);
    return rewriter;
}

static void test_plain(void)
{
    cg_rtp_rewriter rewriter = fresh();
    expect(&rewriter, alice, 70000, 960000, 0, 100, 5000, true);
    expect(&rewriter, alice, 70001, 960960, 20 * MS, 101, 5960, false);
    expect(&rewriter, alice, 70004, 963840, 80 * MS, 104, 8840, false); /* a loss stays one */
    expect(&rewriter, alice, 70003, 962880, 81 * MS, 103, 7880, false); /* reordering stays */
    expect(&rewriter, alice, 69999, 959040, 82 * MS, -1, 0, false);     /* before the first: its number is not ours */
}

static void test_wraps(void)
{
    cg_rtp_rewriter rewriter;
    cg_rtp_rewriter_init(&rewriter, 1, 65535, 0xfffffff0, 48000);
    expect(&rewriter, alice, 65536 + 65535, 0xffffff00, 0, 65535, 0xfffffff0, true);
    expect(&rewriter, alice, 65536 + 65536, 0xffffff00 + 960, 20 * MS, 0, 0xfffffff0 + 960, false);
    expect(&rewriter, alice, 65536 + 65535 + 40000, 960, 21 * MS, 39999, 960 + 0xf0, false);
}

static void test_change_of_partner(void)
{
    cg_rtp_rewriter rewriter = fresh();
    expect(&rewriter, alice, 70000, 960000, 0, 100, 5000, true);
    expect(&rewriter, bob, 90000, 7, 500 * MS, 101, 5000 + 24000, true);
    expect(&rewriter, alice, 70001, 960960, 510 * MS, 102, 5000 + 24000 + 960, true); /* at least one packet time */
    expect(&rewriter, alice, 70000, 960000, 511 * MS, -1, 0, false);
    expect(&rewriter, alice_again, 100, 1, 1510 * MS, 103, 5000 + 24000 + 960 + 48000, true);
}

static void test_change_of_clock(void)
{
    cg_rtp_rewriter rewriter = fresh();
    cg_rtp_place place;
    expect(&rewriter, alice, 70000, 960000, 0, 100, 5000, true);
    g_assert_true(cg_rtp_rewriter_place(&rewriter, bob, (cg_rtp_position){1, 1}, 8000, 1000 * MS, &place));
    g_assert_cmpuint(place.timestamp, ==, 5000 + 8000);
    g_assert_cmpuint(cg_rtp_rewriter_timestamp_at(&rewriter, 1500 * MS), ==, 5000 + 8000 + 4000);
    g_assert_true(cg_rtp_rewriter_place(&rewriter, bob, (cg_rtp_position){2, 161}, 0, 1020 * MS, &place));
    g_assert_cmpuint(place.timestamp, ==, 5000 + 8000 + 160);
    g_assert_cmpuint(rewriter.clock_rate, ==, 8000);
}

/* More packets than half the sequence space may be left out: the stream's numbers, and with them SRTP's index at the
 * receiver, do not feel it. */
static void test_pause(void)
{
    cg_rtp_rewriter rewriter = fresh();
    expect(&rewriter, alice, 70000, 0, 0, 100, 5000, true);
    for (unsigned i = 0; i < 50000; i++)
        cg_rtp_rewriter_skip(&rewriter);
    expect(&rewriter, alice, 70000, 0, 1 * MS, -1, 0, false);
    expect(&rewriter, alice, 120001, 50001 * 960, INT64_C(1000020) * MS, 101, 5000 + 50001 * 960u, false);
    expect(&rewriter, alice, 120000, 50000 * 960, INT64_C(1000021) * MS, -1, 0, false);
    expect(&rewriter, alice, 120002, 50002 * 960, INT64_C(1000040) * MS, 102, 5000 + 50002 * 960u, false);
}

static void test_digits_between(void)
{
    cg_rtp_rewriter rewriter = fresh();
    expect(&rewriter, alice, 70000, 0, 0, 100, 5000, true);
    cg_rtp_place digit = cg_rtp_rewriter_insert(&rewriter, 40 * MS);
    g_assert_cmpuint(digit.sequence, ==, 101);
    g_assert_cmpuint(digit.timestamp, ==, 5000 + 1920);
    g_assert_cmpuint(cg_rtp_rewriter_insert_again(&rewriter), ==, 102);
    g_assert_cmpuint(rewriter.timestamp, ==, 5000 + 1920);
    expect(&rewriter, alice, 70000, 0, 150 * MS, -1, 0, false); /* its number is the digit's now */
    expect(&rewriter, alice, 70008, 8 * 960, 160 * MS, 103, 5000 + 8 * 960, false);
    digit = cg_rtp_rewriter_insert(&rewriter, 161 * MS);
    g_assert_cmpuint(digit.sequence, ==, 104);
    g_assert_cmpuint(digit.timestamp, ==, 5000 + 9 * 960); /* not onto the packet before */
}

/* A packet that was said before a key, and comes behind it, would turn the clock back; a source whose clock stood still
 * meanwhile is not late. */
static void test_late_behind_digits(void)
{
    cg_rtp_rewriter rewriter = fresh();
    expect(&rewriter, alice, 70000, 960000, 0, 100, 5000, true);
    cg_rtp_place digit = cg_rtp_rewriter_insert(&rewriter, 100 * MS);
    g_assert_cmpuint(digit.timestamp, ==, 5000 + 4800);
    expect(&rewriter, alice, 70003, 960000 + 3 * 960, 110 * MS, -1, 0, false);
    expect(&rewriter, alice, 70005, 960000 + 5 * 960, 111 * MS, 102, 5000 + 4800, false);
    expect(&rewriter, alice, 70006, 960000 + 6 * 960, 120 * MS, 103, 5000 + 5760, false);
    cg_rtp_rewriter_insert(&rewriter, 2000 * MS);
    expect(&rewriter, alice, 70007, 960000 + 7 * 960, 2020 * MS, 105, 5000 + 5760 + 48 * 1880 + 960, false);
    expect(&rewriter, alice, 70008, 960000 + 8 * 960, 2040 * MS, 106, 5000 + 5760 + 48 * 1880 + 1920, false);
}

static void test_digits_first(void)
{
    cg_rtp_rewriter rewriter = fresh();
    cg_rtp_place digit = cg_rtp_rewriter_insert(&rewriter, 0);
    g_assert_cmpuint(digit.sequence, ==, 100);
    g_assert_cmpuint(digit.timestamp, ==, 5000);
    expect(&rewriter, alice, 70000, 0, 100 * MS, 101, 5000 + 4800, true);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rewriter/plain", test_plain);
    g_test_add_func("/rewriter/wraps", test_wraps);
    g_test_add_func("/rewriter/change-of-partner", test_change_of_partner);
    g_test_add_func("/rewriter/change-of-clock", test_change_of_clock);
    g_test_add_func("/rewriter/pause", test_pause);
    g_test_add_func("/rewriter/digits-between", test_digits_between);
    g_test_add_func("/rewriter/late-behind-digits", test_late_behind_digits);
    g_test_add_func("/rewriter/digits-first", test_digits_first);
    return g_test_run();
}
