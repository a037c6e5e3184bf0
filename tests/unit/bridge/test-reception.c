/* Reception statistics: RFC 3550 appendix A.1 (extended sequence numbers), A.3 (loss), A.8 (jitter). */
#include "bridge/rtp/reception.h"

#include <glib.h>

static cg_reception started(uint16_t sequence)
{
    cg_reception reception;
    cg_reception_start(&reception, 1);
    cg_reception_count(&reception, sequence);
    return reception;
}

static void test_nothing_yet(void)
{
    cg_reception reception;
    cg_reception_start(&reception, 1);
    g_assert_cmpint(cg_reception_lost(&reception), ==, 0);
    g_assert_cmpuint(cg_reception_jitter_us(&reception), ==, 0);
}

static void test_extended_sequence(void)
{
    static const struct {
        uint16_t sequence;
        uint32_t extended;
    } steps[] = {
        {65534, 65536 + 65534},
        {65535, 65536 + 65535},
        {0, 131072},
        {2, 131074},
        {1, 131073},
        {65533, 65536 + 65533},
        {3, 131075},
        {32770, 131072 + 32770},
        {0, 131072 + 65536},
        {65535, 131072 + 65535},
    };
    cg_reception reception;
    cg_reception_start(&reception, 1);
    for (unsigned i = 0; i < G_N_ELEMENTS(steps); i++)
        g_assert_cmpuint(cg_reception_count(&reception, steps[i].sequence), ==, steps[i].extended);
    g_assert_cmpuint(cg_reception_make_report(&reception).highest, ==, 131072);
}

/* Three packets of eight are lost in the first interval, none in the second, all but one of 255 in the third. */
static void test_loss(void)
{
    cg_reception reception = started(65530);
    for (unsigned i = 1; i < 8; i++)
        if (i != 2 && i != 5 && i != 6)
            cg_reception_count(&reception, (uint16_t) (65530 + i));
    cg_reception_report report = cg_reception_make_report(&reception);
    g_assert_cmpuint(report.fraction_lost, ==, 3 * 256 / 8);
    g_assert_cmpint(report.cumulative_lost, ==, 3);
    g_assert_cmpuint(report.highest, ==, 65537);
    cg_reception_count(&reception, 2);
    cg_reception_count(&reception, 3);
    report = cg_reception_make_report(&reception);
    g_assert_cmpuint(report.fraction_lost, ==, 0);
    g_assert_cmpint(report.cumulative_lost, ==, 3);
    cg_reception_count(&reception, 258);
    report = cg_reception_make_report(&reception);
    g_assert_cmpuint(report.fraction_lost, ==, 254 * 256 / 255);
    g_assert_cmpint(report.cumulative_lost, ==, 257);
    report = cg_reception_make_report(&reception); /* nothing expected, nothing lost */
    g_assert_cmpuint(report.fraction_lost, ==, 0);
}

static void test_reordering(void)
{
    cg_reception reception = started(10);
    cg_reception_count(&reception, 12);
    g_assert_cmpint(cg_reception_lost(&reception), ==, 1);
    cg_reception_count(&reception, 11);
    g_assert_cmpint(cg_reception_lost(&reception), ==, 0);
    cg_reception_count(&reception, 9); /* overtaken by the first */
    g_assert_cmpint(cg_reception_lost(&reception), ==, 0);
    g_assert_cmpuint(cg_reception_make_report(&reception).fraction_lost, ==, 0);
}

static void test_late_packets_do_not_go_negative(void)
{
    cg_reception reception = started(10);
    cg_reception_count(&reception, 14);
    g_assert_cmpuint(cg_reception_make_report(&reception).fraction_lost, ==, 3 * 256 / 5);
    for (uint16_t i = 11; i < 14; i++)
        cg_reception_count(&reception, i);
    cg_reception_report report = cg_reception_make_report(&reception);
    g_assert_cmpuint(report.fraction_lost, ==, 0);
    g_assert_cmpint(report.cumulative_lost, ==, 0);
}

/* Section 6.4.1: 24 bits, clamped and not wrapped (appendix A.3). */
static void test_cumulative_is_clamped(void)
{
    cg_reception reception = started(0);
    for (unsigned i = 1; i <= 300; i++)
        cg_reception_count(&reception, (uint16_t) (i * 32767));
    g_assert_cmpint(cg_reception_lost(&reception), >, 0x7fffff);
    g_assert_cmpint(cg_reception_make_report(&reception).cumulative_lost, ==, 0x7fffff);
}

/* Appendix A.8, J += (|D| - J) / 16 in its integer form, reckoned by hand: D = 80, 80, 0 at 8 kHz. */
static void test_jitter(void)
{
    cg_reception reception = started(0);
    cg_reception_time(&reception, 0, 8000, 1000000);
    g_assert_cmpuint(cg_reception_make_report(&reception).jitter, ==, 0);
    cg_reception_time(&reception, 160, 8000, 1030000); /* 10 ms late */
    g_assert_cmpuint(reception.jitter_q4, ==, 80);
    cg_reception_time(&reception, 320, 8000, 1040000); /* in time again */
    g_assert_cmpuint(reception.jitter_q4, ==, 80 + 80 - 5);
    cg_reception_time(&reception, 480, 8000, 1060000);
    g_assert_cmpuint(reception.jitter_q4, ==, 155 - 10);
    g_assert_cmpuint(cg_reception_make_report(&reception).jitter, ==, 145 / 16);
    g_assert_cmpuint(cg_reception_jitter_us(&reception), ==, 145 / 16 * 125);
}

static void test_jitter_over_wraps(void)
{
    cg_reception reception = started(0);
    int64_t now_us = INT64_C(31536000) * 1000000 * 50; /* a machine up for fifty years */
    for (uint32_t timestamp = 0xffffffffu - 1919; timestamp != 1920 * 5; timestamp += 960, now_us += 20000)
        cg_reception_time(&reception, timestamp, 48000, now_us);
    g_assert_cmpuint(reception.jitter_q4, ==, 0);
    cg_reception_time(&reception, 0, 8000, now_us); /* another codec: another clock, reckoned anew */
    g_assert_cmpuint(reception.jitter_q4, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/reception/nothing-yet", test_nothing_yet);
    g_test_add_func("/reception/extended-sequence", test_extended_sequence);
    g_test_add_func("/reception/loss", test_loss);
    g_test_add_func("/reception/reordering", test_reordering);
    g_test_add_func("/reception/late-packets", test_late_packets_do_not_go_negative);
    g_test_add_func("/reception/cumulative-is-clamped", test_cumulative_is_clamped);
    g_test_add_func("/reception/jitter", test_jitter);
    g_test_add_func("/reception/jitter-over-wraps", test_jitter_over_wraps);
    return g_test_run();
}
