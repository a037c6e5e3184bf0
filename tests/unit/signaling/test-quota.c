/* Token buckets and counters. */
#include "signaling/quota.h"

#include <glib.h>

#define SECOND INT64_C(1000000)

static void test_bucket(void)
{
    const cg_rate rate = {.per_second = 10, .burst = 3};
    cg_bucket bucket;

    cg_bucket_init(&bucket, &rate, 5 * SECOND);
    for (int i = 0; i < 3; i++)
        g_assert_true(cg_bucket_take(&bucket, &rate, 5 * SECOND));
    g_assert_false(cg_bucket_take(&bucket, &rate, 5 * SECOND));
    g_assert_false(cg_bucket_take(&bucket, &rate, 5 * SECOND + SECOND / 20)); /* half a token */
    g_assert_true(cg_bucket_take(&bucket, &rate, 5 * SECOND + SECOND / 10));
    g_assert_false(cg_bucket_take(&bucket, &rate, 5 * SECOND + SECOND / 10));
    for (int i = 0; i < 3; i++) /* never more than the burst, however long it waited */
        g_assert_true(cg_bucket_take(&bucket, &rate, 3600 * SECOND));
    g_assert_false(cg_bucket_take(&bucket, &rate, 3600 * SECOND));
}

/* The sustained rate holds over many small steps. */
static void test_bucket_sustained(void)
{
    const cg_rate rate = {.per_second = 20, .burst = 20};
    cg_bucket bucket;
    int taken = 0;

    cg_bucket_init(&bucket, &rate, 0);
    for (int64_t now = 0; now <= 10 * SECOND; now += 1000)
        taken += cg_bucket_take(&bucket, &rate, now);
    g_assert_cmpint(taken, >=, 219);
    g_assert_cmpint(taken, <=, 220);
}

/* A clock that stands still or is read out of order gives nothing away. */
static void test_bucket_time_backwards(void)
{
    const cg_rate rate = {.per_second = 1000, .burst = 1};
    cg_bucket bucket;

    cg_bucket_init(&bucket, &rate, SECOND);
    g_assert_true(cg_bucket_take(&bucket, &rate, SECOND));
    g_assert_false(cg_bucket_take(&bucket, &rate, 0));
}

static void test_counters(void)
{
    cg_counters *counters = cg_counters_new();

    g_assert_cmpuint(cg_counters_get(counters, "a"), ==, 0);
    cg_counters_enter(counters, "a");
    cg_counters_enter(counters, "a");
    cg_counters_enter(counters, "b");
    g_assert_cmpuint(cg_counters_get(counters, "a"), ==, 2);
    g_assert_cmpuint(cg_counters_get(counters, "b"), ==, 1);
    cg_counters_leave(counters, "a");
    cg_counters_leave(counters, "a");
    g_assert_cmpuint(cg_counters_get(counters, "a"), ==, 0);
    g_assert_cmpuint(cg_counters_get(counters, "b"), ==, 1);
    cg_counters_leave(counters, "b");
    cg_counters_free(counters);
    cg_counters_free(NULL);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/quota/bucket", test_bucket);
    g_test_add_func("/quota/bucket-sustained", test_bucket_sustained);
    g_test_add_func("/quota/bucket-time-backwards", test_bucket_time_backwards);
    g_test_add_func("/quota/counters", test_counters);
    return g_test_run();
}
