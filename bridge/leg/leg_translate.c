/* A leg's transcoder: made where its partner takes none of its codecs, fed with its packets, drained by its timer into
 * the partner's stream. */
#include "bridge/leg/leg.h"

#include "base/random.h"
#include "bridge/worker/worker.h"

#include <string.h>

/* What comes in that the partner cannot take as it is. False if there is nothing, or nothing to make of it. */
static bool plan(const cg_leg *from, const cg_leg *to, cg_transcoder_config *ret_config)
{
    bool any = false;
    *ret_config = (cg_transcoder_config){
        .to = to->media.speech,
        .wishes = to->media.opus,
        .ptime_ms = to->media.ptime_ms,
        .max_ptime_ms = to->media.max_ptime_ms,
    };
    for (unsigned i = 0; i < from->media.preference_count; i++) {
        cg_codec codec = from->media.preferences[i];
        if (to->media.payload_type_of[codec] != CG_MEDIA_NO_PAYLOAD_TYPE)
            continue;
        ret_config->from[codec] = true;
        any = true;
    }
    return any && to->media.speech != CG_CODEC_COUNT;
}

static bool same(const cg_transcoder_config *a, const cg_transcoder_config *b)
{
    return memcmp(a->from, b->from, sizeof a->from) == 0 && a->to == b->to && a->ptime_ms == b->ptime_ms &&
           a->max_ptime_ms == b->max_ptime_ms && a->wishes.fec == b->wishes.fec && a->wishes.dtx == b->wishes.dtx &&
           a->wishes.max_bitrate == b->wishes.max_bitrate;
}

static void make(cg_worker *worker, cg_leg *leg, const cg_transcoder_config *config)
{
    leg->transcoder = cg_transcoder_new(config, cg_random_u32());
    cg_transcoder_set_listener(leg->transcoder, leg->keys.listener);
    cg_counter_add(&worker->counters.transcoded_legs, 1);
}

void cg_leg_drop_transcoder(cg_worker *worker, cg_leg *leg)
{
    if (leg->transcoder == NULL)
        return;
    g_clear_pointer(&leg->transcoder, cg_transcoder_free);
    cg_counter_set(&worker->counters.transcoded_legs, cg_counter_read(&worker->counters.transcoded_legs) - 1);
    cg_worker_schedule(worker, leg);
}

void cg_leg_update_transcoder(cg_worker *worker, cg_leg *leg)
{
    cg_transcoder_config config;
    bool wanted = plan(leg, leg->partner, &config) && !cg_media_map_share_speech(&leg->media, &leg->partner->media);
    if (leg->transcoder != NULL && wanted && same(cg_transcoder_get_config(leg->transcoder), &config))
        return;
    cg_leg_drop_transcoder(worker, leg);
    if (wanted)
        make(worker, leg, &config);
}

/* Both sides share a codec, and yet the peer sends another of those it was answered with. */
static bool make_late(cg_worker *worker, cg_leg *leg, cg_codec codec)
{
    cg_transcoder_config config;
    if (!plan(leg, leg->partner, &config) || !config.from[codec])
        return false;
    make(worker, leg, &config);
    return true;
}

bool cg_leg_translate(cg_worker *worker, cg_leg *leg, const cg_transcoder_packet *packet, int64_t now_us)
{
    if (leg->transcoder == NULL && !make_late(worker, leg, packet->codec))
        return false;
    if (!cg_leg_may_flow(leg, leg->partner)) {
        cg_transcoder_pause(leg->transcoder);
        return true;
    }
    bool rested = cg_transcoder_due(leg->transcoder) == INT64_MAX;
    cg_transcoder_put(leg->transcoder, packet, now_us);
    if (rested)
        cg_worker_schedule(worker, leg);
    return true;
}

static void send_frame(cg_worker *worker, cg_leg *leg, const cg_transcoder_frame *made, int64_t now_us)
{
    cg_leg_frame frame = {
        .source = {.leg = leg->id, .ssrc = cg_transcoder_ssrc(leg->transcoder)},
        .position = {.sequence = made->sequence, .timestamp = made->timestamp},
        .codec = cg_transcoder_get_config(leg->transcoder)->to,
        .first = made->first,
        .payload = made->payload,
        .size = made->size,
    };
    cg_leg_keys_follow(&leg->partner->keys, frame.codec, frame.payload, frame.size);
    if (!cg_leg_send_frame(worker, leg->partner, &frame, now_us))
        return;
    leg->stats.packets_translated++;
    cg_counter_add(&worker->counters.packets_transcoded, 1);
}

void cg_leg_send_translated(cg_worker *worker, cg_leg *leg, int64_t now_us)
{
    cg_leg *to = leg->partner;
    cg_transcoder_frame frame;
    if (to->state != CG_LEG_CONNECTED || !cg_leg_may_flow(leg, to))
        cg_transcoder_pause(leg->transcoder);
    while (cg_transcoder_due(leg->transcoder) <= now_us) {
        if (!cg_transcoder_step(leg->transcoder, now_us, &frame))
            continue;
        if (cg_dtmf_sender_is_sounding(&to->keys.out) || cg_leg_keys_is_muted(leg))
            cg_rtp_rewriter_skip(&to->stream); /* a key replaces what is spoken meanwhile */
        else
            send_frame(worker, leg, &frame, now_us);
    }
}
