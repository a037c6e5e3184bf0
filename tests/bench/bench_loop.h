/* One poll loop for everything a benchmark plays: WebSocket clients, WebRTC peers, senders of plain datagrams. Single
 * threaded; timers are as exact as the kernel allows, because packets that bunch up would share wake-ups at the gateway
 * and flatter it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct bench_loop bench_loop;
typedef struct bench_source bench_source;

/* Embedded in what it serves; its owner must remove it, and not from inside these two. */
struct bench_source {
    int fd;
    void (*readable)(bench_source *source, int64_t now_us);
    int64_t (*tick)(bench_source *source, int64_t now_us); /* returns when it wants the next; NULL: none wanted */
    int64_t next_us;                                       /* monotonic; of the next tick */
    void *user;
};

bench_loop *bench_loop_new(void);
void bench_loop_free(bench_loop *loop);

void bench_loop_add(bench_loop *loop, bench_source *source);
void bench_loop_remove(bench_loop *loop, bench_source *source);

/* Runs until `condition` holds; false if it does not within `timeout_us`. */
bool bench_loop_until(bench_loop *loop, bool (*condition)(void *user), void *user, int64_t timeout_us);
/* Runs for that long. */
void bench_loop_run(bench_loop *loop, int64_t duration_us);

/* Says why and ends the process; the processes it started end with it. */
void bench_fail(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));
