/* From whom a leg without ICE takes media (symmetric RTP, RFC 4961): no I/O, `now` comes in.
 *
 * Plain RTP proves nothing, so whoever guesses our port could inject media, or have it sent to them ("RTP bleed"). What
 * was signalled decides: packets from the signalled address win, the first of them locks the port, and a locked latch
 * never moves to anybody but the very address and port that was signalled. Where peers sit behind a NAT and signal
 * addresses of no use, the operator may let the first valid packet win, within a short time after the description. */
#pragma once

#include "bridge/transport/path.h"

typedef struct {
    cg_path signalled; /* port 0: nowhere */
    cg_path remote;    /* where media goes; the signalled one until locked */
    bool locked;
    int64_t first_wins_until_us; /* anybody may lock before; 0: nobody but the signalled address */
} cg_rtp_latch;

/* A description names `signalled`. One that it has not named before unlocks the latch; the same one gives who has not
 * been heard yet its time anew. */
void cg_rtp_latch_signal(cg_rtp_latch *latch, const cg_path *signalled, int64_t first_wins_until_us);

/* Whether a packet from there may be taken. */
bool cg_rtp_latch_allows(const cg_rtp_latch *latch, const cg_path *from, int64_t now_us);

/* A packet from there was taken, after it was found valid. True if media goes to another place from now on. */
bool cg_rtp_latch_lock(cg_rtp_latch *latch, const cg_path *from);
