/* A fork, so that it takes no time from the load. */
#include "tests/bench/flood.h"

#include "base/clock.h"
#include "tests/bench/bench_loop.h"

#include <glib.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STEP_US = 1000 };

/* Not secret, only different: xorshift. */
static void fill_random(uint8_t *data, size_t size, uint64_t *state)
{
    for (size_t i = 0; i < size; i++) {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        data[i] = (uint8_t) *state;
    }
}

static uint64_t flood(load_socket *socket, const flood_plan *plan)
{
    uint8_t random[LOAD_MAX_DATAGRAM];
    uint64_t sent = 0, seed = 88172645463325252u;
    int64_t start_us = cg_clock_monotonic_us(), now_us = start_us;
    while (now_us < start_us + plan->seconds * INT64_C(1000000)) {
        uint64_t due = (uint64_t) (now_us - start_us) * plan->per_second / 1000000;
        for (; sent < due; sent++) {
            if (plan->data == NULL)
                fill_random(random, plan->size, &seed);
            load_socket_send(socket, plan->first_source + (unsigned) (sent % plan->sources), &plan->to,
                             plan->data != NULL ? plan->data : random, plan->size);
        }
        load_socket_flush(socket);
        g_usleep(STEP_US);
        now_us = cg_clock_monotonic_us();
    }
    return sent;
}

flood_process flood_start(load_socket *socket, const flood_plan *plan)
{
    int ends[2];
    g_assert(pipe(ends) == 0);
    flood_process started = {.pid = fork(), .counter = ends[0]};
    g_assert(started.pid >= 0);
    if (started.pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        uint64_t sent = flood(socket, plan);
        _exit(write(ends[1], &sent, sizeof sent) == sizeof sent ? 0 : 1);
    }
    close(ends[1]);
    return started;
}

uint64_t flood_end(flood_process *started)
{
    uint64_t sent = 0;
    if (read(started->counter, &sent, sizeof sent) != sizeof sent)
        bench_fail("the flood ended early");
    waitpid(started->pid, NULL, 0);
    close(started->counter);
    return sent;
}
