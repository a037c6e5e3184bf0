/* The measurements, one file each. Every one has a gateway of its own and adds a section to the report. */
#pragma once

#include "tests/bench/report.h"

typedef struct {
    const char *program;       /* the gateway */
    unsigned invites;          /* calls rung one after another */
    unsigned setups;           /* calls whose media is timed */
    unsigned idle_clients;     /* registered, for memory; at least twice held_calls */
    unsigned held_calls;       /* running at once, for memory */
    unsigned forwarding_calls; /* running at once, for CPU */
    unsigned forwarding_s;     /* for that long, and the floor for as long */
    unsigned crowd;            /* registered clients that do nothing, for CPU and memory */
    unsigned crowd_s;          /* for that long, and the floor for as long */
    unsigned strangers;        /* INVITEs of those whom no trunk knows, for CPU */
} measure_options;

void measure_signalling(const measure_options *options, bench_report *report);
void measure_setup(const measure_options *options, bench_report *report);
void measure_memory(const measure_options *options, bench_report *report);
void measure_forwarding(const measure_options *options, bench_report *report);
void measure_idle(const measure_options *options, bench_report *report);
void measure_strangers(const measure_options *options, bench_report *report);
