/* The heap of deadlines: order, moving, cancelling, and callbacks that change it while it runs. */
#include "signaling/deadlines.h"

#define MANY 500

typedef struct {
    cg_deadline deadline;
    cg_deadlines *deadlines;
    GArray *log; /* of int64_t: when each fired, in order */
    int64_t again_at;
    cg_deadline *victim; /* cancelled when this one fires */
} waiter;

static void on_fire(cg_deadline *deadline, int64_t now_us)
{
    waiter *self = CG_CONTAINER_OF(deadline, waiter, deadline);

    g_assert_cmpuint(deadline->slot, ==, 0);
    g_assert_cmpint(deadline->at_us, <=, now_us);
    g_array_append_val(self->log, deadline->at_us);
    if (self->again_at)
        cg_deadlines_set(self->deadlines, deadline, self->again_at);
    if (self->victim)
        cg_deadlines_cancel(self->deadlines, self->victim);
}

typedef struct {
    cg_deadlines deadlines;
    GArray *log;
    waiter waiters[MANY];
} fixture;

static void set_up(fixture *f, const void *data)
{
    cg_deadlines_init(&f->deadlines);
    f->log = g_array_new(FALSE, FALSE, sizeof(int64_t));
    for (size_t i = 0; i < MANY; i++)
        f->waiters[i] = (waiter){.deadline = {.fire = on_fire}, .deadlines = &f->deadlines, .log = f->log};
}

static void tear_down(fixture *f, const void *data)
{
    g_array_unref(f->log);
    cg_deadlines_finish(&f->deadlines);
}

static int64_t fired(const fixture *f, guint i)
{
    return g_array_index(f->log, int64_t, i);
}

static void test_order(fixture *f, const void *data)
{
    g_assert_cmpint(cg_deadlines_next(&f->deadlines), ==, INT64_MAX);
    for (size_t i = 0; i < MANY; i++)
        cg_deadlines_set(&f->deadlines, &f->waiters[i].deadline, (int64_t) (i * 7919 % MANY)); /* 7919 is prime */
    g_assert_cmpint(cg_deadlines_next(&f->deadlines), ==, 0);
    cg_deadlines_run(&f->deadlines, MANY / 2);
    g_assert_cmpuint(f->log->len, ==, MANY / 2 + 1);
    for (guint i = 0; i < f->log->len; i++)
        g_assert_cmpint(fired(f, i), ==, i);
    g_assert_cmpint(cg_deadlines_next(&f->deadlines), ==, MANY / 2 + 1);
}

static void test_moved_and_cancelled(fixture *f, const void *data)
{
    for (size_t i = 0; i < MANY; i++)
        cg_deadlines_set(&f->deadlines, &f->waiters[i].deadline, 1000 + (int64_t) i);
    for (size_t i = 0; i < MANY; i += 2) /* earlier */
        cg_deadlines_set(&f->deadlines, &f->waiters[i].deadline, (int64_t) (MANY - i));
    for (size_t i = 1; i < MANY; i += 4) /* never */
        cg_deadlines_cancel(&f->deadlines, &f->waiters[i].deadline);
    cg_deadlines_cancel(&f->deadlines, &f->waiters[1].deadline); /* again: no effect */
    cg_deadlines_run(&f->deadlines, INT64_MAX);
    g_assert_cmpuint(f->log->len, ==, MANY / 2 + MANY / 4);
    for (guint i = 1; i < f->log->len; i++)
        g_assert_cmpint(fired(f, i - 1), <=, fired(f, i));
    g_assert_cmpint(cg_deadlines_next(&f->deadlines), ==, INT64_MAX);
}

static void test_set_again_into_the_past(fixture *f, const void *data)
{
    f->waiters[0].again_at = 1;
    cg_deadlines_set(&f->deadlines, &f->waiters[0].deadline, 1);
    cg_deadlines_run(&f->deadlines, 100);
    g_assert_cmpuint(f->log->len, ==, 1); /* and not for ever */
    g_assert_cmpint(cg_deadlines_next(&f->deadlines), ==, 1);
}

static void test_cancelled_by_another(fixture *f, const void *data)
{
    f->waiters[0].victim = &f->waiters[1].deadline;
    cg_deadlines_set(&f->deadlines, &f->waiters[0].deadline, 1);
    cg_deadlines_set(&f->deadlines, &f->waiters[1].deadline, 2);
    cg_deadlines_set(&f->deadlines, &f->waiters[2].deadline, 3);
    cg_deadlines_run(&f->deadlines, 100);
    g_assert_cmpuint(f->log->len, ==, 2);
    g_assert_cmpint(fired(f, 1), ==, 3);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/deadlines/order", fixture, NULL, set_up, test_order, tear_down);
    g_test_add("/deadlines/moved-and-cancelled", fixture, NULL, set_up, test_moved_and_cancelled, tear_down);
    g_test_add("/deadlines/set-again-into-the-past", fixture, NULL, set_up, test_set_again_into_the_past, tear_down);
    g_test_add("/deadlines/cancelled-by-another", fixture, NULL, set_up, test_cancelled_by_another, tear_down);
    return g_test_run();
}
