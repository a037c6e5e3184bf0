/* How many calls one worker bears, and what a gateway's latency is when it is half busy. */
#pragma once

#include "tests/bench/report.h"
#include "tests/bench/target.h"

#include <glib.h>

/* Tries up to `world->calls` calls on the gateway; then the latency of every target in `targets` (of target) that has
 * half of a core's load. Adds sections and verdicts. */
void measure_capacity(target_world *world, const GPtrArray *targets, bench_report *report);
