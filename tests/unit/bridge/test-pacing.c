/* Pacing: how long a worker waits for a batch, at all rates. */
#include "bridge/worker/pacing.h"

#include <glib.h>

/* Lets packets come evenly at `rate` per second for a second; each poll gets what came since the one before. Returns
 * the wait in force in the end. */
static int64_t run(cg_pacing *pacing, double rate, int64_t *now_us)
{
    int64_t end_us = *now_us + 1000000, next_us = *now_us, polled_us = *now_us;
    double taken_us = (double) *now_us, distance_us = 1e6 / rate;
    while (*now_us < end_us) {
        unsigned packets = (unsigned) (((double) *now_us - taken_us) / distance_us);
        taken_us += packets * distance_us;
        polled_us = *now_us;
        next_us = cg_pacing_polled(pacing, packets, polled_us);
        *now_us = MAX(next_us, (int64_t) (taken_us + distance_us) + 1); /* it sleeps until there is one */
    }
    return next_us - polled_us;
}

static void test_rates(void)
{
    static const struct {
        double rate;
        int64_t wait_us; /* about */
    } cases[] = {
        {100, 800}, {5000, 800}, {20000, 800}, {40000, 400}, {64000, 250}, {100000, 200}, {400000, 200},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        cg_pacing pacing = {0};
        int64_t now_us = 1000000;
        int64_t wait_us = run(&pacing, cases[i].rate, &now_us);
        g_assert_cmpint(ABS(wait_us - cases[i].wait_us), <=, cases[i].wait_us / 10);
    }
}

/* It follows the rate up and down, and an hour of silence is not worse than a millisecond of it. */
static void test_change(void)
{
    cg_pacing pacing = {0};
    int64_t now_us = 0;
    g_assert_cmpint(run(&pacing, 100, &now_us), ==, CG_PACING_MAX_WAIT_US);
    g_assert_cmpint(run(&pacing, 100000, &now_us), ==, CG_PACING_MIN_WAIT_US);
    now_us += INT64_C(3600000000);
    cg_pacing_polled(&pacing, 1, now_us);
    g_assert_cmpint(run(&pacing, 100000, &now_us), ==, CG_PACING_MIN_WAIT_US);
    g_assert_cmpint(run(&pacing, 1000, &now_us), ==, CG_PACING_MAX_WAIT_US);
}

/* Polls that found nothing (mail, timers) say nothing about the rate. */
static void test_empty(void)
{
    cg_pacing pacing = {0};
    int64_t now_us = 0;
    run(&pacing, 50000, &now_us);
    double distance_us = pacing.distance_us;
    for (int i = 0; i < 1000; i++)
        cg_pacing_polled(&pacing, 0, now_us += 10);
    g_assert_cmpfloat(pacing.distance_us, ==, distance_us);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pacing/rates", test_rates);
    g_test_add_func("/pacing/change", test_change);
    g_test_add_func("/pacing/empty", test_empty);
    return g_test_run();
}
