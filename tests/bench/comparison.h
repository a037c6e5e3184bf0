/* One target under the load: set up, measured, ended; and what came of it, over as many rounds as there were. */
#pragma once

#include "tests/bench/process_usage.h"
#include "tests/bench/target.h"

#include <stdbool.h>

typedef struct {
    const target *target;
    unsigned rounds;                              /* counts so far */
    unsigned calls, up;                           /* asked for, and with media both ways, in all rounds */
    double setup_s;                               /* for all of them */
    GArray *setup_ms;                             /* samples.h: from the first message to media both ways, each call */
    uint64_t sent, received, reordered, repeated; /* packets */
    uint64_t stalls, dropped;                     /* the load's own */
    GArray *latency_us;                           /* samples.h: one way through the server, each packet */
    cpu_reading cpu;                              /* of the server, while packets were counted */
    GArray *cpu_us;                               /* samples.h: per packet, each round */
    double measured_s, load_cpu_s;                /* wall clock, and what the load itself used of it */
    GArray *memory;                               /* samples.h: bytes per call, each round */
    cpu_reading begun_cpu;                        /* of the count under way */
    double begun_own_s;
    int64_t begun_us;
} comparison;

comparison *comparison_new(const target *compared);
void comparison_free(comparison *c);

/* One round of `seconds`; adds to `c`. */
void comparison_run(comparison *c, const target_world *world, unsigned seconds);

/* The parts of it, for who does more in between: the target's state, with the first `calls` of the world's up ... */
void *comparison_start(comparison *c, const target_world *world, unsigned calls);
/* ... more of them, from number `first` on; false if some did not come up ... */
bool comparison_set_up(comparison *c, const target_world *world, void *state, unsigned first, unsigned calls);
/* ... one count of `seconds`, or of what happens between begin and end ... */
void comparison_measure(comparison *c, const target_world *world, void *state, unsigned seconds);
void comparison_begin(comparison *c, const target_world *world, void *state);
void comparison_end(comparison *c, const target_world *world, void *state);
/* ... and the end. */
void comparison_stop(comparison *c, const target_world *world, void *state);

/* It did not bring all calls up, or lost one packet in a hundred: then figures per packet say nothing. */
bool comparison_is_overloaded(const comparison *c);

/* Microseconds of the server's CPU per packet that arrived. */
cpu_time comparison_cpu(const comparison *c);
double comparison_memory(const comparison *c); /* bytes per call */
/* Of a core that the server used. */
double comparison_server_load(const comparison *c);
