/* Clocks and their text. */
#include <string.h>

#include <glib.h>

#include "base/clock.h"

static void test_format(void)
{
    static const struct {
        int64_t wall_ms;
        const char *text;
    } cases[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {1, "1970-01-01T00:00:00.001Z"},
        {INT64_C(1769860800123), "2026-01-31T12:00:00.123Z"},
        {INT64_C(951782400000), "2000-02-29T00:00:00.000Z"},
        {INT64_C(1483228799999), "2016-12-31T23:59:59.999Z"},
        {INT64_C(2147483648000), "2038-01-19T03:14:08.000Z"},
        {INT64_C(253402300799999), "9999-12-31T23:59:59.999Z"},
        /* Beyond four digits of year, and before the epoch: the nearest there is, never more than the buffer. */
        {INT64_C(253402300800000), "9999-12-31T23:59:59.999Z"},
        {INT64_MAX, "9999-12-31T23:59:59.999Z"},
        {-1, "1970-01-01T00:00:00.000Z"},
        {INT64_MIN, "1970-01-01T00:00:00.000Z"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        char text[25];
        cg_clock_format(cases[i].wall_ms, text);
        g_assert_cmpstr(text, ==, cases[i].text);
    }
}

static void test_monotonic(void)
{
    int64_t last = cg_clock_monotonic_us();
    for (int i = 0; i < 1000; i++) {
        int64_t now = cg_clock_monotonic_us();
        g_assert_cmpint(now, >=, last);
        last = now;
    }
    g_assert_cmpint(ABS(g_get_monotonic_time() - cg_clock_monotonic_us()), <, 10 * G_USEC_PER_SEC);
}

static void test_sleep(void)
{
    int64_t until = cg_clock_monotonic_us() + 2000;
    cg_clock_sleep_until(until);
    g_assert_cmpint(cg_clock_monotonic_us(), >=, until);
    cg_clock_sleep_until(until); /* past */
    cg_clock_sleep_until(0);
}

static void test_wall(void)
{
    g_assert_cmpint(ABS(g_get_real_time() / 1000 - cg_clock_wall_ms()), <, 10000);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/clock/format", test_format);
    g_test_add_func("/clock/monotonic", test_monotonic);
    g_test_add_func("/clock/sleep", test_sleep);
    g_test_add_func("/clock/wall", test_wall);
    return g_test_run();
}
