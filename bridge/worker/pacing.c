/* The distance of packets, and what it makes of the wait. */
#include "bridge/worker/pacing.h"

#include <glib.h>

#define SMOOTHING 0.125 /* of the new sample */

int64_t cg_pacing_polled(cg_pacing *pacing, unsigned packets, int64_t now_us)
{
    if (packets > 0) {
        double sample = (double) (now_us - pacing->counted_us) / packets;
        pacing->distance_us += SMOOTHING * (MIN(sample, CG_PACING_MAX_WAIT_US) - pacing->distance_us);
        pacing->counted_us = now_us;
    }
    double wait_us = CLAMP(CG_PACING_BATCH * pacing->distance_us, CG_PACING_MIN_WAIT_US, CG_PACING_MAX_WAIT_US);
    return now_us + (int64_t) wait_us;
}
