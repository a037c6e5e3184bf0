/* A sliding window in blocks: the least and the most of each. */
#include "bridge/audio/jitter_delay.h"

#include <glib.h>

enum { BLOCK_US = 400000 };

static void begin_block(cg_jitter_delay *delay, int64_t transit_us, int64_t now_us)
{
    delay->current = delay->used == 0 ? 0 : (delay->current + 1) % CG_JITTER_BLOCKS;
    delay->used = MIN(delay->used + 1, (unsigned) CG_JITTER_BLOCKS);
    delay->least[delay->current] = delay->most[delay->current] = transit_us;
    delay->block_end_us = now_us + BLOCK_US;
}

void cg_jitter_delay_note(cg_jitter_delay *delay, int64_t transit_us, int64_t now_us)
{
    if (delay->used == 0 || now_us >= delay->block_end_us)
        begin_block(delay, transit_us, now_us);
    delay->least[delay->current] = MIN(delay->least[delay->current], transit_us);
    delay->most[delay->current] = MAX(delay->most[delay->current], transit_us);
}

/* From the newest block back to the first that was faster by more than the limit. A hiccup leaves packets in its block
 * that are on time again, so it cuts nothing off for longer than it lasts. */
cg_jitter_range cg_jitter_delay_range(const cg_jitter_delay *delay, int64_t limit_us)
{
    g_assert(delay->used > 0);
    int64_t newest = delay->least[delay->current], least = newest, most = delay->most[delay->current];
    for (unsigned back = 1; back < delay->used; back++) {
        unsigned i = (delay->current + CG_JITTER_BLOCKS - back) % CG_JITTER_BLOCKS;
        if (newest - delay->least[i] > limit_us)
            break;
        least = MIN(least, delay->least[i]);
        most = MAX(most, delay->most[i]);
    }
    return (cg_jitter_range){.least_us = least, .spread_us = most - least};
}
