/* A sliding window in blocks: the least and the most of each. */
#include "bridge/jitter_delay.h"

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

int64_t cg_jitter_delay_least(const cg_jitter_delay *delay)
{
    g_assert(delay->used > 0);
    int64_t least = delay->least[0];
    for (unsigned i = 1; i < delay->used; i++)
        least = MIN(least, delay->least[i]);
    return least;
}

int64_t cg_jitter_delay_spread(const cg_jitter_delay *delay)
{
    g_assert(delay->used > 0);
    int64_t most = delay->most[0];
    for (unsigned i = 1; i < delay->used; i++)
        most = MAX(most, delay->most[i]);
    return most - cg_jitter_delay_least(delay);
}
