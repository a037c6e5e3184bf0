/* How late packets come, compared to the fastest ones of the last seconds. A sender's clock that runs faster or slower
 * than ours moves the fastest ones along, which is how its drift is followed. */
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
/* There must have been a packet. */
int64_t cg_jitter_delay_least(const cg_jitter_delay *delay);
int64_t cg_jitter_delay_spread(const cg_jitter_delay *delay); /* of the latest over the fastest */
