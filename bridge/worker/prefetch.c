/* Step by step for the whole batch: each step follows pointers that the one before has asked for. */
#include "bridge/worker/prefetch.h"

#include "bridge/rtp/rtp.h"

enum { LINE = 64, RTP_FIRST = 128 };

static void prefetch_object(const void *object, size_t size)
{
    for (size_t at = 0; at < size; at += LINE)
        __builtin_prefetch((const uint8_t *) object + at);
}

static void prefetch_leg(const cg_leg *leg)
{
    prefetch_object(&leg->srtp, offsetof(cg_leg, rtcp) - offsetof(cg_leg, srtp));
    __builtin_prefetch(&leg->stats);
}

/* The legs the datagrams came from; NULL for those that are nobody's, or no media. */
static void find_legs(const cg_worker *worker, const cg_datagram *datagrams, size_t count,
                      cg_leg *ret_legs[static CG_UDP_BATCH])
{
    for (size_t i = 0; i < count; i++)
        cg_leg_table_prefetch_path(worker->legs, &datagrams[i].path);
    for (size_t i = 0; i < count; i++) {
        unsigned path;
        bool media = datagrams[i].size > 0 && datagrams[i].data[0] >= RTP_FIRST;
        ret_legs[i] = media ? cg_leg_table_find_path(worker->legs, &datagrams[i].path, &path) : NULL;
        if (ret_legs[i] != NULL)
            prefetch_leg(ret_legs[i]);
    }
}

void cg_prefetch_batch(const cg_worker *worker, const cg_datagram *datagrams, size_t count)
{
    cg_leg *legs[CG_UDP_BATCH];
    if (count < 2)
        return;
    find_legs(worker, datagrams, count, legs);
    for (size_t i = 0; i < count; i++) {
        if (legs[i] == NULL)
            continue;
        if (legs[i]->srtp != NULL)
            __builtin_prefetch(legs[i]->srtp);
        if (legs[i]->partner != NULL)
            prefetch_leg(legs[i]->partner);
    }
    for (size_t i = 0; i < count; i++) {
        if (legs[i] == NULL || legs[i]->srtp == NULL)
            continue;
        cg_srtp_session_prefetch(legs[i]->srtp);
        if (legs[i]->partner != NULL && legs[i]->partner->srtp != NULL)
            cg_srtp_session_prefetch(legs[i]->partner->srtp);
    }
}
