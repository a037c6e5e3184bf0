/* The load of a worker from made-up samples: what it takes to be refused a call, and to be given one again. */
#include "bridge/worker/load.h"

#include <glib.h>

#define STEP_US 250000
#define SECOND_US 1000000

typedef struct {
    cg_load load;
    cg_load_sample sample; /* the last one given */
} fixture;

static void set_up(fixture *f, gconstpointer limit)
{
    cg_load_init(&f->load, (unsigned) GPOINTER_TO_UINT(limit));
    f->sample = (cg_load_sample){.at_us = 77 * SECOND_US, .cpu_us = 5000, .packets = 100, .drops = 3};
    cg_load_add(&f->load, &f->sample);
}

static void tear_down(fixture *f, gconstpointer limit)
{
}

/* Busy for that share of so many seconds. */
static void work(fixture *f, double share, double seconds)
{
    for (int i = 0; i < seconds * SECOND_US / STEP_US; i++) {
        f->sample.at_us += STEP_US;
        f->sample.cpu_us += (uint64_t) (share * STEP_US);
        cg_load_add(&f->load, &f->sample);
    }
}

static cg_load_verdict check(const fixture *f)
{
    return cg_load_check(&f->load, f->sample.at_us);
}

static void begin_calls(fixture *f, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        cg_load_call_admitted(&f->load);
        cg_load_call_began(&f->load);
    }
}

#define assert_near(value, expected) g_assert_cmpfloat_with_epsilon(value, expected, 0.005)

/* What was counted before the first sample says nothing. */
static void test_smoothed(fixture *f, gconstpointer limit)
{
    g_assert_cmpfloat(cg_load_measured(&f->load), ==, 0);
    work(f, 0.6, 1);
    assert_near(cg_load_measured(&f->load), 0.6 * 0.632);
    work(f, 0.6, 9);
    assert_near(cg_load_measured(&f->load), 0.6);
    work(f, 0, 1);
    assert_near(cg_load_measured(&f->load), 0.6 * 0.368);
}

/* However rarely it is asked: ten seconds are ten seconds. */
static void test_any_interval(fixture *f, gconstpointer limit)
{
    f->sample.at_us += 10 * SECOND_US;
    f->sample.cpu_us += 6 * SECOND_US;
    cg_load_add(&f->load, &f->sample);
    assert_near(cg_load_measured(&f->load), 0.6);
    cg_load_add(&f->load, &f->sample); /* no time has passed */
    assert_near(cg_load_measured(&f->load), 0.6);
}

static void test_hysteresis(fixture *f, gconstpointer limit)
{
    g_assert_cmpint(check(f), ==, CG_LOAD_ADMIT);
    work(f, 0.78, 20);
    g_assert_cmpint(check(f), ==, CG_LOAD_ADMIT);
    work(f, 0.85, 20);
    g_assert_cmpint(check(f), ==, CG_LOAD_BUSY);
    work(f, 0.75, 20);
    g_assert_cmpint(check(f), ==, CG_LOAD_BUSY);
    work(f, 0.70, 20);
    g_assert_cmpint(check(f), ==, CG_LOAD_ADMIT);
    work(f, 0.78, 20);
    g_assert_cmpint(check(f), ==, CG_LOAD_ADMIT);
}

/* A burst between two samples ends where its media would be too much, not at the first sample that shows it. */
static void test_burst(fixture *f, gconstpointer limit)
{
    unsigned admitted = 0;
    work(f, 0.4, 20);
    for (; check(f) == CG_LOAD_ADMIT && admitted < 500; admitted++)
        cg_load_call_admitted(&f->load);
    g_assert_cmpuint(admitted, >, 190); /* (80 - 40) % at 0.2 % each */
    g_assert_cmpuint(admitted, <, 205);
    cg_load_call_ended(&f->load, false);
    g_assert_cmpint(check(f), ==, CG_LOAD_ADMIT);
}

/* What a call costs is learned from those that run. */
static void test_learned(fixture *f, gconstpointer limit)
{
    begin_calls(f, 100);
    work(f, 0.1, 60); /* 0.1 % each: half of what is assumed at first */
    unsigned admitted = 0;
    for (; check(f) == CG_LOAD_ADMIT && admitted < 5000; admitted++)
        cg_load_call_admitted(&f->load);
    g_assert_cmpuint(admitted, >, 690);
    g_assert_cmpuint(admitted, <, 710);
}

/* Calls that come up cost more than those that talk, and are not taken for them. */
static void test_not_learned_from_beginners(fixture *f, gconstpointer limit)
{
    begin_calls(f, 10);
    work(f, 0.02, 10);
    begin_calls(f, 100);
    work(f, 0.4, 0.25);
    g_assert_cmpfloat(cg_load_expected(&f->load), <, 0.4);
}

/* From admission over the start of its media until it is all measured, a call counts once. */
static void test_handed_over(fixture *f, gconstpointer limit)
{
    for (unsigned i = 0; i < 100; i++)
        cg_load_call_admitted(&f->load);
    work(f, 0, 30); /* they ring */
    assert_near(cg_load_expected(&f->load), 0.2);
    for (unsigned i = 0; i < 100; i++)
        cg_load_call_began(&f->load);
    for (unsigned i = 0; i < 20; i++) {
        work(f, 0.2, 0.25);
        assert_near(cg_load_expected(&f->load), 0.2);
    }
    assert_near(cg_load_measured(&f->load), 0.2);
    for (unsigned i = 0; i < 100; i++)
        cg_load_call_ended(&f->load, true);
    work(f, 0, 20);
    assert_near(cg_load_expected(&f->load), 0);
}

/* As many translated calls as fit begin before there is a measurement of any; it then shows what was counted on. */
static void test_translated(fixture *f, gconstpointer limit)
{
    unsigned begun = 0;
    for (; check(f) == CG_LOAD_ADMIT && begun < 1000; begun++) {
        begin_calls(f, 1);
        cg_load_translation_began(&f->load);
    }
    g_assert_cmpuint(begun, >, 110); /* 80 % at 0.2 + 0.5 % each */
    g_assert_cmpuint(begun, <, 116);
    for (unsigned i = 0; i < 20; i++) {
        work(f, begun * 0.007, 0.25);
        g_assert_cmpfloat_with_epsilon(cg_load_expected(&f->load), begun * 0.007, 0.05);
    }
    g_assert_cmpint(check(f), ==, CG_LOAD_BUSY);
    for (unsigned i = 0; i < begun; i++)
        cg_load_call_ended(&f->load, true);
    work(f, 0, 20);
    assert_near(cg_load_expected(&f->load), 0);
    g_assert_cmpint(check(f), ==, CG_LOAD_ADMIT);
}

static void test_drops(fixture *f, gconstpointer limit)
{
    f->sample.packets += 10000;
    f->sample.drops += 5; /* one in 2000: a moment's hitch */
    work(f, 0.1, 0.25);
    g_assert_cmpint(check(f), ==, CG_LOAD_ADMIT);
    f->sample.drops += 50;
    work(f, 0.1, 0.25);
    g_assert_cmpint(check(f), ==, CG_LOAD_DROPPING);
    work(f, 0.1, 20);
    g_assert_cmpint(check(f), ==, CG_LOAD_ADMIT);
}

static void test_late(fixture *f, gconstpointer limit)
{
    f->sample.lag_us = 400000;
    work(f, 0.1, 0.25);
    g_assert_cmpint(check(f), ==, CG_LOAD_ADMIT);
    f->sample.lag_us = 1200000;
    work(f, 0.1, 0.25);
    g_assert_cmpint(check(f), ==, CG_LOAD_LATE);
    f->sample.lag_us = 0;
    work(f, 0.1, 2);
    g_assert_cmpint(check(f), ==, CG_LOAD_LATE);
    work(f, 0.1, 2);
    g_assert_cmpint(check(f), ==, CG_LOAD_ADMIT);
    /* Who does not answer at all is late before the answer. */
    cg_load_unanswered(&f->load, f->sample.at_us, 100000);
    g_assert_cmpint(check(f), ==, CG_LOAD_ADMIT);
    cg_load_unanswered(&f->load, f->sample.at_us, 1600000);
    g_assert_cmpint(check(f), ==, CG_LOAD_LATE);
}

/* Now and then is somebody else's turn; always is too little of a core. */
static void test_late_on_average(fixture *f, gconstpointer limit)
{
    f->sample.lag_us = 480000;
    work(f, 0.1, 0.25);
    f->sample.lag_us = 80000;
    work(f, 0.1, 10);
    g_assert_cmpint(check(f), ==, CG_LOAD_ADMIT);
    f->sample.lag_us = 240000;
    work(f, 0.1, 10);
    g_assert_cmpint(check(f), ==, CG_LOAD_LATE);
    f->sample.lag_us = 80000;
    work(f, 0.1, 10);
    g_assert_cmpint(check(f), ==, CG_LOAD_ADMIT);
}

static void test_no_limit(fixture *f, gconstpointer limit)
{
    f->sample.drops += 1000;
    f->sample.lag_us = SECOND_US;
    work(f, 1, 20);
    g_assert_cmpint(check(f), ==, CG_LOAD_ADMIT);
    assert_near(cg_load_measured(&f->load), 1);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(fixture *f, gconstpointer limit);
        unsigned limit;
    } tests[] = {
        {"/load/smoothed", test_smoothed, 80},
        {"/load/any-interval", test_any_interval, 80},
        {"/load/hysteresis", test_hysteresis, 80},
        {"/load/burst", test_burst, 80},
        {"/load/learned", test_learned, 80},
        {"/load/not-learned-from-beginners", test_not_learned_from_beginners, 80},
        {"/load/handed-over", test_handed_over, 80},
        {"/load/translated", test_translated, 80},
        {"/load/drops", test_drops, 80},
        {"/load/late", test_late, 80},
        {"/load/late-on-average", test_late_on_average, 80},
        {"/load/no-limit", test_no_limit, 0},
    };
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].name, fixture, GUINT_TO_POINTER(tests[i].limit), set_up, tests[i].run, tear_down);
    return g_test_run();
}
