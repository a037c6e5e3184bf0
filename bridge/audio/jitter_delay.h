/* How late packets come, compared to the fastest ones of the last seconds. A sender's clock that runs faster or slower
 * than ours moves the fastest ones along, which is how its drift is followed. Where all of them come later than before
 * by more than can be waited for, as over another way, or from a sender that stood still and does not make up for it,
 * those before are forgotten at once. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define CG_JITTER_BLOCKS 10

typedef struct {
    int64_t least[CG_JITTER_BLOCKS], most[CG_JITTER_BLOCKS]; /* transit within a block of time, us */
    unsigned used;                                           /* blocks that have been begun */
    unsigned current;
    int64_t block_end_us;
} cg_jitter_delay;

/* `transit_us` is arrival minus media time, with any constant added. */
void cg_jitter_delay_note(cg_jitter_delay *delay, int64_t transit_us, int64_t now_us);

typedef struct {
    int64_t least_us;  /* transit of the fastest */
    int64_t spread_us; /* of the latest over it */
} cg_jitter_range;

/* There must have been a packet. `limit_us`: by which the fastest may become slower. */
cg_jitter_range cg_jitter_delay_range(const cg_jitter_delay *delay, int64_t limit_us);
