/* A datagram finds its leg (RFC 7983): connectivity checks by the ufrag they name, all else by the path it came on,
 * which a check must have validated before. Strangers get no answer and cost a look-up. */
#include "bridge/rtp/rtcp.h"
#include "bridge/worker/worker.h"

enum { DTLS_FIRST = 20, DTLS_LAST = 63, RTP_FIRST = 128, RTP_LAST = 191 };

static void receive_stun(cg_worker *worker, const cg_datagram *datagram, int64_t now_us)
{
    char ufrag[CG_ICE_UFRAG_MAX + 1];
    cg_leg *leg = NULL;
    cg_counter_add(&worker->counters.stun_requests, 1);
    if (cg_stun_peek_ufrag(datagram->data, datagram->size, ufrag))
        leg = cg_leg_table_find_ufrag(worker->legs, ufrag);
    if (leg == NULL)
        cg_worker_drop(worker, CG_DROP_CHECK_REFUSED, &datagram->path, now_us);
    else
        cg_leg_receive_check(worker, leg, &datagram->path, datagram->data, datagram->size, now_us);
}

void cg_worker_receive_from(cg_worker *worker, cg_leg *leg, unsigned path, cg_datagram *datagram, int64_t now_us)
{
    uint8_t first = datagram->data[0];
    if (first >= DTLS_FIRST && first <= DTLS_LAST)
        cg_leg_receive_dtls(worker, leg, path, datagram->data, datagram->size, now_us);
    else if (first < RTP_FIRST || first > RTP_LAST)
        cg_worker_drop(worker, CG_DROP_MALFORMED, &datagram->path, now_us);
    else if (cg_rtcp_is_rtcp(datagram->data, datagram->size))
        cg_leg_receive_rtcp(worker, leg, path, datagram->data, datagram->size, now_us);
    else
        cg_leg_receive_rtp(worker, leg, path, datagram->data, datagram->size, now_us);
}

void cg_worker_receive(cg_worker *worker, cg_datagram *datagram, int64_t now_us)
{
    unsigned path;
    if (datagram->size == 0) {
        cg_worker_drop(worker, CG_DROP_MALFORMED, &datagram->path, now_us);
        return;
    }
    if (cg_stun_is_message(datagram->data, datagram->size)) {
        receive_stun(worker, datagram, now_us);
        return;
    }
    cg_leg *leg = cg_leg_table_find_path(worker->legs, &datagram->path, &path);
    if (leg == NULL)
        cg_worker_drop(worker, CG_DROP_UNKNOWN_SOURCE, &datagram->path, now_us);
    else
        cg_worker_receive_from(worker, leg, path, datagram, now_us);
}
