/* How a leg comes up: the descriptions, the connectivity checks, the DTLS handshake in the pool. The handshake begins
 * when both are there, a description with the peer's fingerprint and an address that a check has validated; either may
 * come first. */
#include "bridge/leg/leg.h"

#include "base/random.h"
#include "bridge/worker/worker.h"

#include <string.h>

/* A handshake takes some ten datagrams; with losses and repetitions a few dozen. Each costs the pool a copy. */
enum { MAX_HANDSHAKE_DATAGRAMS = 256 };

void cg_leg_start_handshake_if_ready(cg_worker *worker, cg_leg *leg)
{
    if (leg->state != CG_LEG_CHECKING || leg->selected < 0)
        return;
    leg->state = CG_LEG_HANDSHAKING;
    cg_dtls_pool_start(worker->pool, leg->id, &leg->remote, worker->mailbox);
}

void cg_leg_restart_ice(cg_worker *worker, cg_leg *leg, const cg_ice_credentials *local)
{
    if (strcmp(leg->ice.local.ufrag, local->ufrag) == 0)
        return;
    cg_ice_lite_restart(&leg->ice, local);
    if (leg->agent != NULL)
        cg_ice_agent_restart(leg->agent, local);
    else
        cg_leg_table_update_ufrags(worker->legs, leg);
}

static void describe_media(cg_worker *worker, cg_leg *leg, const cg_media_description *local,
                           const cg_media_description *remote)
{
    cg_media_map_init(&leg->media, local, remote);
    leg->described = true;
    cg_leg_update_links(worker, leg);
    cg_leg_keys_update(leg);
    if (!leg->stream.running && leg->media.speech != CG_CODEC_COUNT)
        leg->stream.clock_rate = cg_codec_get_info(leg->media.speech)->clock_rate;
}

void cg_leg_describe(cg_worker *worker, cg_leg *leg, const cg_media_description *local,
                     const cg_media_description *remote, int64_t now_us)
{
    if (leg->rtp != NULL) {
        describe_media(worker, leg, local, remote);
        cg_leg_describe_rtp(worker, leg, local, remote, now_us);
        return;
    }
    bool bound = leg->state == CG_LEG_HANDSHAKING || leg->state == CG_LEG_CONNECTED;
    if (bound && !cg_fingerprint_equal(&leg->remote, &remote->fingerprint)) {
        cg_leg_finish(worker, leg, CG_LEG_END_FINGERPRINT_MISMATCH, now_us);
        return;
    }
    cg_leg_restart_ice(worker, leg, &local->ice);
    cg_ice_lite_set_remote(&leg->ice, remote->ice.ufrag);
    if (leg->agent != NULL)
        cg_ice_agent_set_remote(leg->agent, &remote->ice);
    leg->remote = remote->fingerprint;
    describe_media(worker, leg, local, remote);
    if (leg->state == CG_LEG_OPEN) {
        leg->state = CG_LEG_CHECKING;
        leg->setup_deadline_us = now_us + worker->config.setup_timeout_us;
    }
    cg_leg_start_handshake_if_ready(worker, leg);
    cg_worker_schedule(worker, leg);
}

/* Nomination decides. Before it, the first address that was validated serves (a lite agent may have to wait for it
 * long: browsers nominate when they are content); after it, another only when the selected one has gone dead. */
static bool should_select(const cg_worker *worker, const cg_leg *leg, int index, bool nominated, int64_t now_us)
{
    if (nominated || leg->selected < 0)
        return true;
    int64_t silence = now_us - leg->paths[leg->selected].heard_us;
    return index != leg->selected && silence > worker->config.consent_warning_us;
}

static void accept_check(cg_worker *worker, cg_leg *leg, int index, bool nominated, int64_t now_us)
{
    if (should_select(worker, leg, index, nominated, now_us))
        cg_leg_select_path(worker, leg, index, now_us);
    cg_leg_heard(worker, leg, (unsigned) index, now_us);
    cg_leg_table_update_ufrags(worker->legs, leg); /* a nomination ends the time of the previous credentials */
    cg_leg_start_handshake_if_ready(worker, leg);
}

void cg_leg_receive_check(cg_worker *worker, cg_leg *leg, const cg_path *path, const uint8_t *data, size_t size,
                          int64_t now_us)
{
    struct sockaddr_storage from;
    uint8_t reply[CG_STUN_MAX_REPLY];
    size_t reply_size;
    cg_path_remote_address(path, &from);
    cg_ice_result result = cg_ice_lite_receive(&leg->ice, data, size, &from, reply, &reply_size);
    int index = result == CG_ICE_REJECTED ? -1 : cg_leg_take_path(worker, leg, path, now_us);
    if (index < 0)
        cg_worker_drop(worker, CG_DROP_CHECK_REFUSED, path, now_us);
    else
        accept_check(worker, leg, index, result == CG_ICE_NOMINATED, now_us);
    /* No answer where the path is refused: the peer must not think that it works. */
    if (reply_size > 0 && (index >= 0 || result == CG_ICE_REJECTED))
        cg_worker_send_copy(worker, path, reply, reply_size);
}

void cg_leg_receive_dtls(cg_worker *worker, cg_leg *leg, unsigned path, const uint8_t *data, size_t size,
                         int64_t now_us)
{
    if (leg->state == CG_LEG_HANDSHAKING && leg->handshake_datagrams++ < MAX_HANDSHAKE_DATAGRAMS)
        cg_dtls_pool_receive(worker->pool, leg->id, data, size);
    else if (leg->state == CG_LEG_CONNECTED)
        leg->stats.dropped_other++; /* as is usual: a repeated flight, the alert that closes */
    else
        cg_worker_drop(worker, CG_DROP_NOT_NEGOTIATED, &leg->paths[path].path, now_us);
}

static void connected(cg_worker *worker, cg_leg *leg, const cg_dtls_event *event, int64_t now_us)
{
    leg->srtp = cg_srtp_session_new(&event->keys);
    if (leg->srtp == NULL) {
        leg->state = CG_LEG_CHECKING; /* the pool is done with it */
        cg_leg_finish(worker, leg, CG_LEG_END_DTLS_FAILED, now_us);
        return;
    }
    leg->state = CG_LEG_CONNECTED;
    leg->stats.handshake_us = event->duration_us;
    leg->heard_us = now_us;
    cg_worker_counters_handshake(&worker->counters, event->duration_us);
    cg_rtcp_session_schedule(&leg->rtcp, cg_random_u32(), now_us);
    cg_leg_tell(worker, leg, CG_LEG_EVENT_CONNECTED);
    cg_worker_schedule(worker, leg);
}

static void failed(cg_worker *worker, cg_leg *leg, const cg_dtls_event *event, cg_leg_end end, int64_t now_us)
{
    char peer[CG_PATH_TEXT_SIZE] = "";
    if (cg_leg_path_out(leg) != NULL)
        cg_path_format(cg_leg_path_out(leg), peer);
    CG_EVENTS_LOG(worker->config.events, "leg.handshake_failed", CG_LOG_NUMBER("media", leg->id),
                  CG_LOG_TEXT("peer", peer), CG_LOG_TEXT("reason", cg_leg_end_name(end)),
                  CG_LOG_TEXT("detail", event->detail));
    cg_counter_add(&worker->counters.handshakes_failed, 1);
    leg->state = CG_LEG_CHECKING; /* the pool has forgotten it */
    cg_leg_finish(worker, leg, end, now_us);
}

void cg_leg_dtls_event(cg_worker *worker, cg_leg *leg, const cg_dtls_event *event, int64_t now_us)
{
    if (leg->state != CG_LEG_HANDSHAKING)
        return;
    switch (event->kind) {
    case CG_DTLS_SEND:
        if (cg_leg_path_out(leg) != NULL && event->size <= CG_UDP_MAX_DATAGRAM)
            cg_worker_send_copy(worker, cg_leg_path_out(leg), event->data, event->size);
        break;
    case CG_DTLS_DONE:
        connected(worker, leg, event, now_us);
        break;
    case CG_DTLS_FAILED:
        failed(worker, leg, event, CG_LEG_END_DTLS_FAILED, now_us);
        break;
    case CG_DTLS_FINGERPRINT_MISMATCH:
        failed(worker, leg, event, CG_LEG_END_FINGERPRINT_MISMATCH, now_us);
        break;
    case CG_DTLS_TIMED_OUT:
        failed(worker, leg, event, CG_LEG_END_DTLS_TIMEOUT, now_us);
        break;
    }
}
