/* When a worker looks for packets again. A wake-up costs as much as several packets, so it waits until there is a batch
 * of them, but never long: a packet that comes after silence is looked at at once, and at a high rate the batch is
 * there soon. Without I/O; times are monotonic microseconds. */
#pragma once

#include <stdint.h>

typedef struct {
    int64_t counted_us; /* when packets were last counted */
    double distance_us; /* between two of them, smoothed */
} cg_pacing;

/* What a packet waits at the most, and at the least when packets come all the time. */
#define CG_PACING_MAX_WAIT_US 800
#define CG_PACING_MIN_WAIT_US 200
#define CG_PACING_BATCH 16 /* packets that are worth a wake-up */

/* The worker has looked, at `now_us`, after it had got `packets` since the time before. Returns when to look again;
 * that may be past by then. */
int64_t cg_pacing_polled(cg_pacing *pacing, unsigned packets, int64_t now_us);
