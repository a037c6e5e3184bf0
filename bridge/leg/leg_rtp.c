/* A leg without ICE and DTLS: a phone or trunk, RTP/AVP (RFC 3551) or SRTP with keys from the descriptions (RFC 4568).
 * It is connected when it is described; where its media comes from and goes to is the latch's business (rtp_latch.h).
 * From there on it is a leg as any. */
#include "bridge/leg/leg.h"

#include "base/random.h"
#include "bridge/rtp/rtcp.h"
#include "bridge/rtp/rtp.h"
#include "bridge/worker/worker.h"

#include <string.h>

cg_leg *cg_leg_new_rtp(cg_worker *worker, cg_leg_id id, uint32_t slot, const int fds[static CG_RTP_PORT_COUNT],
                       uint32_t ssrc, int64_t now_us)
{
    cg_leg *leg = cg_leg_new(id, slot, &(cg_ice_credentials){0}, ssrc, now_us);
    leg->rtp = g_new0(cg_leg_rtp, 1);
    for (unsigned i = 0; i < CG_RTP_PORT_COUNT; i++)
        leg->rtp->fds[i] = fds[i];
    cg_rtp_sockets_add(worker->rtp, fds, id);
    return leg;
}

void cg_leg_free_rtp(cg_leg *leg)
{
    if (leg->rtp == NULL)
        return;
    cg_rtp_ports_close(leg->rtp->fds);
    explicit_bzero(&leg->rtp->keys, sizeof leg->rtp->keys);
    g_free(leg->rtp);
}

/* A leg of plain RTP has one path at a time, or none if its peer said that it is nowhere. */
static void set_path(cg_worker *worker, cg_leg *leg, const cg_path *path, int64_t now_us)
{
    if (leg->selected >= 0 && cg_path_equal(cg_leg_path_out(leg), path))
        return;
    if (leg->selected >= 0)
        cg_leg_drop_path(worker, leg, (unsigned) leg->selected);
    if (path->port != 0)
        cg_leg_select_path(worker, leg, cg_leg_take_path(worker, leg, path, now_us), now_us);
}

static void become_connected(cg_worker *worker, cg_leg *leg, int64_t now_us)
{
    leg->state = CG_LEG_CONNECTED;
    cg_rtcp_session_schedule(&leg->rtcp, cg_random_u32(), now_us);
    cg_leg_tell(worker, leg, CG_LEG_EVENT_CONNECTED);
}

/* The keys of both descriptions, if they have any. False if libsrtp does not take them. */
static bool set_keys(cg_leg *leg, const cg_media_description *local, const cg_media_description *remote)
{
    cg_srtp_keys keys = {0}, *kept = &leg->rtp->keys;
    bool secure = local->crypto_count == 1 && remote->crypto_count == 1, works = true;
    if (secure) {
        keys.profile = local->crypto[0].profile;
        memcpy(keys.local, local->crypto[0].master, sizeof keys.local);
        memcpy(keys.remote, remote->crypto[0].master, sizeof keys.remote);
    }
    if (secure && leg->srtp != NULL)
        works = cg_srtp_session_rekey(leg->srtp, kept, &keys);
    else if (secure)
        works = (leg->srtp = cg_srtp_session_new(&keys)) != NULL;
    else
        g_clear_pointer(&leg->srtp, cg_srtp_session_free);
    *kept = keys;
    explicit_bzero(&keys, sizeof keys);
    return works;
}

void cg_leg_describe_rtp(cg_worker *worker, cg_leg *leg, const cg_media_description *local,
                         const cg_media_description *remote, int64_t now_us)
{
    cg_leg_rtp *rtp = leg->rtp;
    if (!set_keys(leg, local, remote)) {
        cg_leg_finish(worker, leg, CG_LEG_END_SRTP_FAILED, now_us);
        return;
    }
    int64_t window_end_us = worker->config.rtp_latch_window_us > 0 ? now_us + worker->config.rtp_latch_window_us : 0;
    rtp->mux = local->rtp.mux && remote->rtp.mux;
    cg_path media = cg_rtp_path(rtp->fds[CG_RTP_PORT_MEDIA], &remote->rtp.media);
    cg_path rtcp = cg_rtp_path(rtp->fds[CG_RTP_PORT_RTCP], &remote->rtp.rtcp);
    cg_rtp_latch_signal(&rtp->latch[CG_RTP_PORT_MEDIA], &media, window_end_us);
    cg_rtp_latch_signal(&rtp->latch[CG_RTP_PORT_RTCP], &rtcp, window_end_us);
    set_path(worker, leg, &rtp->latch[CG_RTP_PORT_MEDIA].remote, now_us);
    leg->heard_us = now_us; /* whoever was held, and silent, has its time anew */
    if (leg->state == CG_LEG_OPEN)
        become_connected(worker, leg, now_us);
    cg_worker_schedule(worker, leg);
}

const cg_path *cg_leg_report_path(const cg_leg *leg)
{
    if (leg->rtp == NULL || leg->rtp->mux)
        return cg_leg_path_out(leg);
    const cg_path *path = &leg->rtp->latch[CG_RTP_PORT_RTCP].remote;
    return path->port != 0 ? path : NULL;
}

static bool is_negotiated(const cg_leg *leg, const cg_datagram *datagram)
{
    cg_rtp_header header;
    return cg_rtp_parse(datagram->data, datagram->size, &header) &&
           leg->media.codec_of[header.payload_type] != CG_CODEC_COUNT;
}

/* Only what makes sense as a packet of this stream may lock the latch. False if the datagram is a stranger's. */
static bool latch_media(cg_worker *worker, cg_leg *leg, const cg_datagram *datagram, int64_t now_us)
{
    cg_rtp_latch *latch = &leg->rtp->latch[CG_RTP_PORT_MEDIA];
    if (latch->locked && cg_path_equal(&datagram->path, &latch->remote))
        return leg->selected >= 0;
    if (!cg_rtp_latch_allows(latch, &datagram->path, now_us) || !is_negotiated(leg, datagram))
        return false;
    cg_rtp_latch_lock(latch, &datagram->path);
    set_path(worker, leg, &datagram->path, now_us);
    return leg->selected >= 0;
}

/* With keys, what locks the latch has proved that it is the peer's. */
static void receive_secure(cg_worker *worker, cg_leg *leg, cg_datagram *datagram, int64_t now_us)
{
    cg_rtp_latch *latch = &leg->rtp->latch[CG_RTP_PORT_MEDIA];
    cg_path from = datagram->path;
    if (leg->selected < 0 || !cg_rtp_latch_allows(latch, &from, now_us))
        cg_worker_drop(worker, CG_DROP_UNKNOWN_SOURCE, &from, now_us);
    else if (cg_leg_receive_rtp(worker, leg, (unsigned) leg->selected, datagram->data, datagram->size, now_us) &&
             cg_rtp_latch_lock(latch, &from))
        set_path(worker, leg, &from, now_us);
}

static void receive_media(cg_worker *worker, cg_leg *leg, cg_datagram *datagram, int64_t now_us)
{
    if (leg->srtp != NULL)
        receive_secure(worker, leg, datagram, now_us);
    else if (latch_media(worker, leg, datagram, now_us))
        cg_leg_receive_rtp(worker, leg, (unsigned) leg->selected, datagram->data, datagram->size, now_us);
    else
        cg_worker_drop(worker, CG_DROP_UNKNOWN_SOURCE, &datagram->path, now_us);
}

static void receive_report(cg_worker *worker, cg_leg *leg, cg_datagram *datagram, cg_rtp_latch *latch, int64_t now_us)
{
    if (leg->selected < 0 || !cg_rtp_latch_allows(latch, &datagram->path, now_us)) {
        cg_worker_drop(worker, CG_DROP_UNKNOWN_SOURCE, &datagram->path, now_us);
        return;
    }
    bool taken = cg_leg_receive_rtcp(worker, leg, (unsigned) leg->selected, datagram->data, datagram->size, now_us);
    if (taken && latch == &leg->rtp->latch[CG_RTP_PORT_RTCP])
        cg_rtp_latch_lock(latch, &datagram->path);
}

void cg_leg_receive_plain(cg_worker *worker, cg_leg *leg, cg_rtp_port port, cg_datagram *datagram, int64_t now_us)
{
    bool is_rtcp = cg_rtcp_is_rtcp(datagram->data, datagram->size);
    if (datagram->size == 0)
        cg_worker_drop(worker, CG_DROP_MALFORMED, &datagram->path, now_us);
    else if (leg->state != CG_LEG_CONNECTED)
        cg_worker_drop(worker, CG_DROP_UNKNOWN_SOURCE, &datagram->path, now_us);
    else if (port == CG_RTP_PORT_MEDIA && !is_rtcp)
        receive_media(worker, leg, datagram, now_us);
    else if (is_rtcp && (port == CG_RTP_PORT_RTCP || leg->rtp->mux))
        receive_report(worker, leg, datagram, &leg->rtp->latch[port], now_us);
    else
        cg_worker_drop(worker, CG_DROP_MALFORMED, &datagram->path, now_us);
}
