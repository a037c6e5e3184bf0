/* A leg's life: made, linked, read, ended. */
#include "bridge/leg/leg.h"

#include "base/random.h"
#include "bridge/worker/worker.h"

#include <string.h>

enum { DEFAULT_CLOCK_RATE = 48000 };

cg_leg *cg_leg_new(cg_leg_id id, uint32_t slot, const cg_ice_credentials *local, uint32_t ssrc, int64_t now_us)
{
    cg_leg *leg = g_new0(cg_leg, 1);
    leg->id = id;
    leg->slot = slot;
    leg->selected = -1;
    leg->gather_deadline_us = INT64_MAX;
    leg->heard_us = now_us;
    leg->flow_from = leg->flow_to = true;
    cg_ice_lite_init(&leg->ice, local);
    /* Half of the sequence space as room, so that the first wrap, where SRTP's roll-over counters could be guessed
     * apart if the first packets are lost, is far away (RFC 3711 section 3.3.1). */
    uint16_t sequence = (uint16_t) (cg_random_u32() & 0x7fff);
    cg_rtp_rewriter_init(&leg->stream, ssrc, sequence, cg_random_u32(), DEFAULT_CLOCK_RATE);
    return leg;
}

static void unlink_partner(cg_worker *worker, cg_leg *leg)
{
    if (leg->partner == NULL)
        return;
    cg_leg_drop_transcoder(worker, leg);
    cg_leg_drop_transcoder(worker, leg->partner);
    leg->partner->partner = NULL;
    leg->partner = NULL;
}

void cg_leg_update_links(cg_worker *worker, cg_leg *leg)
{
    cg_leg *partner = leg->partner;
    if (partner == NULL || !leg->described || !partner->described)
        return;
    cg_media_map_choose(&leg->media, &partner->media);
    cg_media_map_choose(&partner->media, &leg->media);
    cg_media_link_init(&leg->to_partner, &leg->media, &partner->media);
    cg_media_link_init(&partner->to_partner, &partner->media, &leg->media);
    cg_leg_update_transcoder(worker, leg);
    cg_leg_update_transcoder(worker, partner);
    cg_leg_keys_update(leg);
    cg_leg_keys_update(partner);
}

void cg_leg_link(cg_worker *worker, cg_leg *a, cg_leg *b)
{
    if (a != NULL)
        unlink_partner(worker, a);
    if (b != NULL)
        unlink_partner(worker, b);
    if (a == NULL || b == NULL || a == b)
        return;
    a->partner = b;
    b->partner = a;
    a->stats.packets_translated = b->stats.packets_translated = 0;
    cg_leg_update_links(worker, a);
}

cg_leg_stats cg_leg_read_stats(const cg_leg *leg)
{
    cg_leg_stats stats = leg->stats;
    int64_t lost = leg->lost_before + cg_reception_lost(&leg->reception);
    stats.packets_lost = lost > 0 ? (uint64_t) lost : 0;
    stats.packets_lost_remote = leg->rtcp.lost_remote > 0 ? (uint64_t) leg->rtcp.lost_remote : 0;
    stats.jitter_us = cg_reception_jitter_us(&leg->reception);
    stats.jitter_remote_us = leg->rtcp.jitter_remote_us;
    stats.round_trip_us = leg->rtcp.round_trip_us;
    return stats;
}

void cg_leg_count_lost(cg_worker *worker, cg_leg *leg)
{
    uint64_t lost = cg_leg_read_stats(leg).packets_lost;
    if (lost <= leg->lost_counted)
        return;
    cg_counter_add(&worker->counters.packets_lost, lost - leg->lost_counted);
    leg->lost_counted = lost;
}

void cg_leg_tell(cg_worker *worker, const cg_leg *leg, cg_leg_event_kind kind)
{
    cg_leg_event event = {.kind = kind, .leg = leg->id};
    if (kind == CG_LEG_EVENT_CONNECTED || kind == CG_LEG_EVENT_STATS)
        event.stats = cg_leg_read_stats(leg);
    if ((kind == CG_LEG_EVENT_CONNECTED || kind == CG_LEG_EVENT_MOVED) && cg_leg_path_out(leg) != NULL)
        cg_path_format(cg_leg_path_out(leg), event.peer);
    cg_events_post(worker->config.events, &event);
}

void cg_leg_finish(cg_worker *worker, cg_leg *leg, cg_leg_end end, int64_t now_us)
{
    cg_leg_event event = {.kind = CG_LEG_EVENT_ENDED, .leg = leg->id, .end = end, .stats = cg_leg_read_stats(leg)};
    cg_leg_count_lost(worker, leg);
    if (leg->state == CG_LEG_CONNECTED)
        cg_leg_send_report(worker, leg, true, now_us);
    if (leg->state == CG_LEG_HANDSHAKING)
        cg_dtls_pool_cancel(worker->pool, leg->id);
    unlink_partner(worker, leg);
    cg_leg_set_music(worker, leg, NULL, now_us);
    for (unsigned i = 0; i < CG_LEG_PATHS; i++)
        if (leg->paths[i].used)
            cg_leg_drop_path(worker, leg, i);
    cg_ice_agent_close(leg->agent);
    cg_leg_table_remove_ufrags(worker->legs, leg);
    cg_leg_table_remove(worker->legs, leg);
    cg_srtp_session_free(leg->srtp);
    cg_leg_free_rtp(leg);
    cg_leg_keys_clear(leg);
    g_free(leg);
    cg_counter_set(&worker->counters.legs, cg_counter_read(&worker->counters.legs) - 1);
    cg_events_post(worker->config.events, &event);
}
