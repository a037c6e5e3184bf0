/* Budgets, and drops that are counted always and logged now and then. */
#include "bridge/bridge_stats.h"
#include "bridge/worker/budget.h"
#include "bridge/worker/drop.h"

#include "base/log.h"

#include <glib.h>
#include <string.h>

static void test_budget(void)
{
    static const cg_budget_limit limit = {.burst = 3, .earning_us = 100};
    cg_budget budget = {0};
    for (unsigned i = 0; i < 3; i++)
        g_assert_true(cg_budget_take(&budget, &limit, 1000));
    g_assert_false(cg_budget_take(&budget, &limit, 1099));
    g_assert_true(cg_budget_take(&budget, &limit, 1150));
    g_assert_false(cg_budget_take(&budget, &limit, 1199)); /* earnings do not begin anew with a taking */
    g_assert_true(cg_budget_take(&budget, &limit, 1200));
    for (unsigned i = 0; i < 3; i++)
        g_assert_true(cg_budget_take(&budget, &limit, INT64_C(1) << 60));
    g_assert_false(cg_budget_take(&budget, &limit, INT64_C(1) << 60));
}

static void ignore_event(const cg_leg_event *event, void *user)
{
    g_assert_not_reached();
}

typedef struct {
    cg_mailbox *control;
    cg_events *events;
    GPtrArray *lines;
} fixture;

static void keep_line(const char *line, void *user)
{
    g_ptr_array_add(user, g_strdup(line));
}

static fixture fixture_new(void)
{
    fixture f = {.control = cg_mailbox_new(), .lines = g_ptr_array_new_with_free_func(g_free)};
    f.events = cg_events_new(f.control, ignore_event, NULL);
    cg_log_set_sink(keep_line, f.lines);
    return f;
}

static void fixture_clear(fixture *f)
{
    cg_log_set_sink(NULL, NULL);
    cg_mailbox_free(f->control);
    g_ptr_array_unref(f->lines);
}

/* Who drops packets must not wait for the log: a line is written when the control thread gets to it, even if the bridge
 * is no more by then. */
static void test_log(void)
{
    fixture f = fixture_new();
    const GPtrArray *lines = f.lines;
    cg_worker_counters counters = {0};
    cg_drop_log log = {.events = f.events};
    cg_path from = {.remote = {192, 0, 2, 1}, .port = 9};
    for (unsigned i = 0; i < 1000; i++)
        cg_drop(&counters, &log, CG_DROP_REPLAYED, &from, 1 + i);
    cg_drop(&counters, &log, CG_DROP_MALFORMED, &from, 1001);
    cg_drop(&counters, &log, CG_DROP_REPLAYED, &from, 10000001);
    cg_events_close(f.events);
    g_assert_cmpuint(lines->len, ==, 0);
    cg_mailbox_deliver(f.control, NULL);
    g_assert_cmpuint(lines->len, ==, 3);
    g_assert_nonnull(strstr(lines->pdata[0], "192.0.2.1:9"));
    g_assert_nonnull(strstr(lines->pdata[0], "replayed"));
    g_assert_nonnull(strstr(lines->pdata[1], "malformed"));
    g_assert_nonnull(strstr(lines->pdata[2], "1000")); /* those since the first line, and this one */
    g_assert_cmpuint(cg_counter_read(&counters.dropped_replayed), ==, 1001);
    g_assert_cmpuint(cg_counter_read(&counters.dropped_malformed), ==, 1);
    fixture_clear(&f);
}

static void test_digits(void)
{
    fixture f = fixture_new();
    cg_drop_log log = {.events = f.events};
    cg_drop_digits(&log, 7, 3, 1);
    cg_drop_digits(&log, 7, 1, 2);
    cg_drop_digits(&log, 8, 1, 10000001);
    cg_events_close(f.events);
    cg_mailbox_deliver(f.control, NULL);
    g_assert_cmpuint(f.lines->len, ==, 2);
    g_assert_true(g_str_has_suffix(f.lines->pdata[0], " info digits.dropped media=7 digits=3"));
    g_assert_true(g_str_has_suffix(f.lines->pdata[1], " info digits.dropped media=8 digits=2"));
    fixture_clear(&f);
}

/* A line that nobody wants is not even posted; one that is not delivered is discarded with all it owns. */
static void test_log_not_written(void)
{
    fixture f = fixture_new();
    cg_log_set_level(CG_LOG_WARNING);
    CG_EVENTS_LOG(f.events, "not.wanted", CG_LOG_NUMBER("number", 1));
    cg_log_set_level(CG_LOG_INFO);
    g_assert_cmpuint(cg_mailbox_depth(f.control), ==, 0);
    CG_EVENTS_LOG(f.events, "not.delivered", CG_LOG_TEXT("text", "x"), CG_LOG_NUMBER("number", 1));
    g_assert_cmpuint(cg_mailbox_depth(f.control), ==, 1);
    cg_events_close(f.events);
    g_assert_cmpuint(f.lines->len, ==, 0);
    fixture_clear(&f);
}

static void test_every_reason(void)
{
    fixture f = fixture_new();
    cg_worker_counters counters = {0};
    cg_drop_log log = {.events = f.events};
    cg_path from = {0};
    cg_worker_stats stats;
    for (unsigned reason = 0; reason < CG_DROP_COUNT; reason++)
        for (unsigned i = 0; i <= reason; i++)
            cg_drop(&counters, &log, (cg_drop_reason) reason, &from, 1);
    cg_worker_counters_read(&counters, &stats);
    g_assert_cmpuint(stats.stun_rejected, ==, CG_DROP_CHECK_REFUSED + 1);
    g_assert_cmpuint(stats.dropped_unknown_source, ==, CG_DROP_UNKNOWN_SOURCE + 1);
    g_assert_cmpuint(stats.dropped_unauthenticated, ==, CG_DROP_UNAUTHENTICATED + 1);
    g_assert_cmpuint(stats.dropped_replayed, ==, CG_DROP_REPLAYED + 1);
    g_assert_cmpuint(stats.dropped_malformed, ==, CG_DROP_MALFORMED + 1);
    g_assert_cmpuint(stats.dropped_not_negotiated, ==, CG_DROP_NOT_NEGOTIATED + 1);
    g_assert_cmpuint(stats.dropped_no_keys, ==, CG_DROP_NO_KEYS + 1);
    g_assert_cmpuint(stats.dropped_too_many, ==, CG_DROP_TOO_MANY + 1);
    g_assert_cmpuint(cg_mailbox_depth(f.control), ==, CG_DROP_COUNT);
    cg_events_close(f.events);
    fixture_clear(&f);
}

static void test_handshake_buckets(void)
{
    cg_worker_counters counters = {0};
    cg_worker_stats stats;
    static const uint64_t expected[] = {1, 2, 2, 2, 2, 2, 2, 3};
    cg_worker_counters_handshake(&counters, 10000);
    cg_worker_counters_handshake(&counters, 10001);
    cg_worker_counters_handshake(&counters, 1000001);
    cg_worker_counters_read(&counters, &stats);
    for (unsigned i = 0; i < 8; i++)
        g_assert_cmpuint(stats.handshake_bucket[i], ==, expected[i]);
    g_assert_cmpuint(stats.handshakes_done, ==, 3);
    g_assert_cmpuint(stats.handshake_us_sum, ==, 1020002);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/budget", test_budget);
    g_test_add_func("/drop/log", test_log);
    g_test_add_func("/drop/digits", test_digits);
    g_test_add_func("/drop/log-not-written", test_log_not_written);
    g_test_add_func("/drop/every-reason", test_every_reason);
    g_test_add_func("/stats/handshake-buckets", test_handshake_buckets);
    return g_test_run();
}
