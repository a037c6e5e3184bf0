/* One target under the load: set up, measured, ended; and what came of it, over as many rounds as there were. */
#pragma once

#include "tests/bench/process_usage.h"
#include "tests/bench/target.h"

typedef struct {
    const target *target;
    unsigned rounds;
    unsigned calls, up;                           /* asked for, and with media both ways, in all rounds */
    double setup_s;                               /* for all of them */
    GArray *setup_ms;                             /* samples.h: from the first message to media both ways, each call */
    uint64_t sent, received, reordered, repeated; /* packets */
    uint64_t stalls, dropped;                     /* the load's own */
    GArray *latency_us;                           /* samples.h: one way through the server, each packet */
    cpu_reading cpu;                              /* of the server, while packets were counted */
    GArray *cpu_us;                               /* samples.h: per packet, each round */
    double measured_s, load_cpu_s;                /* wall clock, and what the load itself used of it */
    double memory;                                /* bytes per call, summed over the rounds */
} comparison;

comparison *comparison_new(const target *compared);
void comparison_free(comparison *c);

/* One round of `seconds`; adds to `c`. */
void comparison_run(comparison *c, const target_world *world, unsigned seconds);

/* Microseconds of the server's CPU per packet that arrived. */
cpu_time comparison_cpu(const comparison *c);
double comparison_memory(const comparison *c); /* bytes per call */
/* Of a core that the server used. */
double comparison_server_load(const comparison *c);
