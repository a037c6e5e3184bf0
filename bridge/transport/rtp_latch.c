/* Latching to where plain RTP comes from. */
#include "bridge/transport/rtp_latch.h"

#include <string.h>

void cg_rtp_latch_signal(cg_rtp_latch *latch, const cg_path *signalled, int64_t first_wins_until_us)
{
    if (cg_path_equal(&latch->signalled, signalled)) {
        if (!latch->locked) /* early media was described, and the phone begins to talk when it answers */
            latch->first_wins_until_us = first_wins_until_us;
        return;
    }
    *latch = (cg_rtp_latch){.signalled = *signalled, .remote = *signalled, .first_wins_until_us = first_wins_until_us};
}

static bool same_host(const cg_path *a, const cg_path *b)
{
    return a->ipv6 == b->ipv6 && a->scope == b->scope && memcmp(a->remote, b->remote, sizeof a->remote) == 0;
}

bool cg_rtp_latch_allows(const cg_rtp_latch *latch, const cg_path *from, int64_t now_us)
{
    if (cg_path_equal(from, &latch->signalled))
        return true;
    if (latch->locked)
        return cg_path_equal(from, &latch->remote);
    return same_host(from, &latch->signalled) || now_us < latch->first_wins_until_us;
}

bool cg_rtp_latch_lock(cg_rtp_latch *latch, const cg_path *from)
{
    bool moved = !cg_path_equal(from, &latch->remote);
    latch->locked = true;
    latch->remote = *from;
    return moved;
}
