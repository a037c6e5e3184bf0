/* epoll, and ticks by looking at every source that has them: some hundred comparisons per turn. */
#include "tests/bench/bench_loop.h"

#include "base/clock.h"

#include <errno.h>
#include <glib.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { MAX_EVENTS = 64, TIMER_SLACK_NS = 1000, LONGEST_WAIT_US = 100000 };

struct bench_loop {
    int epoll;
    GPtrArray *tickers; /* of bench_source; not owned */
};

bench_loop *bench_loop_new(void)
{
    bench_loop *loop = g_new0(bench_loop, 1);
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    g_assert(loop->epoll >= 0);
    loop->tickers = g_ptr_array_new();
    prctl(PR_SET_TIMERSLACK, TIMER_SLACK_NS); /* of 50 us else */
    return loop;
}

void bench_loop_free(bench_loop *loop)
{
    close(loop->epoll);
    g_ptr_array_unref(loop->tickers);
    g_free(loop);
}

void bench_loop_add(bench_loop *loop, bench_source *source)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = source};
    g_assert(epoll_ctl(loop->epoll, EPOLL_CTL_ADD, source->fd, &event) == 0);
    if (source->tick != NULL)
        g_ptr_array_add(loop->tickers, source);
}

void bench_loop_remove(bench_loop *loop, bench_source *source)
{
    g_assert(epoll_ctl(loop->epoll, EPOLL_CTL_DEL, source->fd, NULL) == 0);
    g_ptr_array_remove_fast(loop->tickers, source);
}

/* Returns when the next tick is due. */
static int64_t tick_due(bench_loop *loop, int64_t now_us)
{
    int64_t next_us = INT64_MAX;
    for (guint i = 0; i < loop->tickers->len; i++) {
        bench_source *source = loop->tickers->pdata[i];
        if (source->next_us <= now_us)
            source->next_us = source->tick(source, now_us);
        next_us = MIN(next_us, source->next_us);
    }
    return next_us;
}

static void step(bench_loop *loop, int64_t until_us)
{
    struct epoll_event events[MAX_EVENTS];
    int64_t now_us = cg_clock_monotonic_us();
    int64_t wake_us = MIN(tick_due(loop, now_us), until_us);
    int64_t wait_us = CLAMP(wake_us - now_us, 0, LONGEST_WAIT_US);
    struct timespec wait = {.tv_nsec = wait_us * 1000};
    int ready = epoll_pwait2(loop->epoll, events, MAX_EVENTS, &wait, NULL);
    now_us = cg_clock_monotonic_us();
    for (int i = 0; i < ready; i++) {
        bench_source *source = events[i].data.ptr;
        source->readable(source, now_us);
    }
}

bool bench_loop_until(bench_loop *loop, bool (*condition)(void *user), void *user, int64_t timeout_us)
{
    int64_t end_us = cg_clock_monotonic_us() + timeout_us;
    while (!condition(user)) {
        if (cg_clock_monotonic_us() >= end_us)
            return false;
        step(loop, end_us);
    }
    return true;
}

static bool never(void *user)
{
    return false;
}

void bench_loop_run(bench_loop *loop, int64_t duration_us)
{
    bench_loop_until(loop, never, NULL, duration_us);
}

void bench_fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "%s: ", program_invocation_short_name);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(1);
}
