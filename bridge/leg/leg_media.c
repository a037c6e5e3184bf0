/* The packet path of media: SRTP in, unprotect, find the same codec on the linked leg, rewrite, protect, queue. It
 * allocates nothing and takes no lock; only events, which a peer can cause but rarely, are posted from here.
 *
 * Nothing of a packet is believed before it is authenticated. What is dropped on purpose is made invisible to the
 * partner's sequence numbers (cg_rtp_rewriter_skip); what was lost on the way here stays lost there. */
#include "bridge/leg/leg.h"

#include "bridge/rtp/red.h"
#include "bridge/rtp/rtp.h"
#include "bridge/worker/worker.h"

#include <string.h>

/* Authenticated packets: 500 a second, where audio has 100 at the most, and what a stalled network holds back. Others
 * cost no more than the look at them, and must not use up the peer's. */
static const cg_budget_limit packet_limit = {.burst = 1000, .earning_us = 2000};

/* A packet on its way through. */
typedef struct {
    uint8_t *data;
    size_t size;
    unsigned path; /* of the leg that it came from */
    cg_rtp_header header;
    cg_codec codec;
    uint32_t sequence; /* extended */
} media_packet;

static bool is_event(cg_codec codec)
{
    return codec == CG_CODEC_TELEPHONE_EVENT_48000 || codec == CG_CODEC_TELEPHONE_EVENT_8000;
}

void cg_leg_count_refused(cg_worker *worker, cg_leg *leg, unsigned path, cg_srtp_status status, int64_t now_us)
{
    const cg_path *from = &leg->paths[path].path;
    switch (status) {
    case CG_SRTP_UNAUTHENTICATED:
        leg->stats.dropped_unauthenticated++;
        cg_worker_drop(worker, CG_DROP_UNAUTHENTICATED, from, now_us);
        break;
    case CG_SRTP_REPLAYED:
        leg->stats.dropped_replayed++;
        cg_worker_drop(worker, CG_DROP_REPLAYED, from, now_us);
        break;
    default:
        leg->stats.dropped_other++;
        cg_worker_drop(worker, CG_DROP_MALFORMED, from, now_us);
        break;
    }
}

void cg_leg_count_no_keys(cg_worker *worker, cg_leg *leg, unsigned path, int64_t now_us)
{
    leg->stats.dropped_other++;
    cg_worker_drop(worker, CG_DROP_NO_KEYS, &leg->paths[path].path, now_us);
}

static void count_too_many(cg_worker *worker, cg_leg *leg, unsigned path, int64_t now_us)
{
    leg->stats.dropped_other++;
    cg_worker_drop(worker, CG_DROP_TOO_MANY, &leg->paths[path].path, now_us);
}

static void count_not_negotiated(cg_worker *worker, cg_leg *leg, unsigned path, int64_t now_us)
{
    leg->stats.dropped_other++;
    cg_worker_drop(worker, CG_DROP_NOT_NEGOTIATED, &leg->paths[path].path, now_us);
}

void cg_leg_send_rtp(cg_worker *worker, cg_leg *leg, uint8_t *data, size_t size, size_t payload_size)
{
    const cg_path *path = cg_leg_path_out(leg);
    if (path == NULL || cg_leg_protect_rtp(leg, data, &size) != CG_SRTP_OK) {
        leg->stats.dropped_other++;
        return;
    }
    cg_worker_send(worker, path, data, size);
    cg_rtcp_session_sent(&leg->rtcp, payload_size);
    leg->stats.packets_sent++;
    leg->stats.bytes_sent += size;
    cg_counter_add(&worker->counters.packets_sent, 1);
    cg_counter_add(&worker->counters.bytes_sent, size);
}

/* A peer may begin a new SSRC at any time and without a word in SDP. What it sent before stays counted. */
static void count_reception(cg_leg *leg, media_packet *packet, int64_t now_us)
{
    const cg_rtp_header *header = &packet->header;
    if (!leg->reception.started || leg->reception.ssrc != header->ssrc) {
        leg->lost_before += cg_reception_lost(&leg->reception);
        cg_reception_start(&leg->reception, header->ssrc);
        leg->keys.in = (cg_dtmf_receiver){0};
        if (leg->keys.listener != NULL)
            cg_dtmf_listener_restart(leg->keys.listener);
    }
    packet->sequence = cg_reception_count(&leg->reception, header->sequence);
    /* An event's packets share a timestamp: they say nothing about jitter. */
    if (!is_event(packet->codec))
        cg_reception_time(&leg->reception, header->timestamp, cg_codec_get_info(packet->codec)->clock_rate, now_us);
}

static void count_received(cg_worker *worker, cg_leg *leg, size_t size)
{
    leg->stats.packets_received++;
    leg->stats.bytes_received += size;
    cg_counter_add(&worker->counters.packets_received, 1);
    cg_counter_add(&worker->counters.bytes_received, size);
    if (!leg->heard_media) {
        leg->heard_media = true;
        cg_leg_tell(worker, leg, CG_LEG_EVENT_MEDIA);
    }
}

/* Leaves the primary block alone. */
static bool unwrap_red(const cg_leg *from, media_packet *packet)
{
    uint8_t *payload = packet->data + packet->header.payload_offset;
    uint8_t payload_type;
    size_t offset;
    if (!cg_red_find_primary(payload, packet->header.payload_size, &payload_type, &offset))
        return false;
    packet->codec = from->media.codec_of[payload_type];
    if (packet->codec == CG_CODEC_COUNT)
        return false;
    packet->header.payload_type = payload_type;
    packet->header.payload_size -= offset;
    memmove(payload, payload + offset, packet->header.payload_size);
    packet->size = packet->header.payload_offset + packet->header.payload_size;
    packet->data[0] &= (uint8_t) ~0x20; /* padding went with the end */
    return packet->header.payload_size > 0;
}

/* Gives the packet the numbers of the partner's formats. False if it has none for it. */
static bool renumber(const cg_leg *from, media_packet *packet)
{
    const uint8_t *map = from->to_partner.payload_type;
    if (packet->codec == CG_CODEC_RED && map[packet->header.payload_type] == CG_RED_DROP && !unwrap_red(from, packet))
        return false;
    if (map[packet->header.payload_type] == CG_RED_DROP)
        return false;
    if (packet->codec == CG_CODEC_RED &&
        !cg_red_map(packet->data + packet->header.payload_offset, packet->header.payload_size, map))
        return false;
    packet->header.payload_type = map[packet->header.payload_type];
    return true;
}

static bool translate(cg_worker *worker, cg_leg *from, const media_packet *packet, int64_t now_us)
{
    cg_transcoder_packet sound = {
        .codec = packet->codec,
        .ssrc = packet->header.ssrc,
        .sequence = packet->sequence,
        .timestamp = packet->header.timestamp,
        .payload = packet->data + packet->header.payload_offset,
        .size = packet->header.payload_size,
    };
    return cg_leg_translate(worker, from, &sound, now_us);
}

/* Whether the packet is the transcoder's. Speech that passes after all, because the peer changed its codec, lets it
 * rest. */
static bool is_translated(cg_leg *from, media_packet *packet)
{
    if (packet->codec == CG_CODEC_RED && !unwrap_red(from, packet))
        return false;
    if (!cg_codec_get_info(packet->codec)->speech)
        return cg_transcoder_due(from->transcoder) != INT64_MAX;
    if (from->to_partner.payload_type[packet->header.payload_type] == CG_RED_DROP)
        return true;
    cg_transcoder_pause(from->transcoder);
    return false;
}

/* Puts the packet into the partner's stream. False if it comes too late for it. */
static bool rewrite(const cg_leg *from, cg_leg *to, media_packet *packet, int64_t now_us)
{
    cg_rtp_source source = {.leg = from->id, .ssrc = packet->header.ssrc};
    cg_rtp_position position = {.sequence = packet->sequence, .timestamp = packet->header.timestamp};
    uint32_t clock_rate = is_event(packet->codec) ? 0 : cg_codec_get_info(packet->codec)->clock_rate;
    cg_rtp_place place;
    if (!cg_rtp_rewriter_place(&to->stream, source, position, clock_rate, now_us, &place))
        return false;
    packet->header.marker = packet->header.marker || place.first;
    packet->header.sequence = place.sequence;
    packet->header.timestamp = place.timestamp;
    packet->header.ssrc = to->stream.ssrc;
    size_t shift = cg_rtp_extension_map(packet->data, &packet->header, from->to_partner.extension);
    packet->data += shift;
    packet->size -= shift;
    cg_rtp_rewrite(packet->data, &packet->header);
    return true;
}

/* A key is heard in the place of the packet. */
static bool is_replaced(const cg_leg *from, const cg_leg *to, const media_packet *packet)
{
    return cg_dtmf_sender_is_sounding(&to->keys.out) || cg_leg_keys_is_muted(from) ||
           (is_event(packet->codec) && cg_leg_keys_is_replayed(from, packet->header.timestamp));
}

static void forward(cg_worker *worker, cg_leg *from, media_packet *packet, int64_t now_us)
{
    cg_leg *to = from->partner;
    if (to == NULL || to->state != CG_LEG_CONNECTED) {
        from->stats.dropped_other++;
        return;
    }
    bool passes = from->transcoder == NULL || !is_translated(from, packet);
    if (from->keys.listener != NULL)
        cg_leg_keys_hear_packet(worker, from, &packet->header, packet->sequence, packet->data, passes, now_us);
    if (!passes) {
        translate(worker, from, packet, now_us);
        return;
    }
    if (!cg_leg_may_flow(from, to) || is_replaced(from, to, packet)) {
        cg_rtp_rewriter_skip(&to->stream);
        return;
    }
    if (!renumber(from, packet)) {
        if (translate(worker, from, packet, now_us))
            return;
        cg_rtp_rewriter_skip(&to->stream);
        count_not_negotiated(worker, from, packet->path, now_us);
        return;
    }
    const uint8_t *payload = packet->data + packet->header.payload_offset;
    if (!rewrite(from, to, packet, now_us)) {
        from->stats.dropped_other++;
        return;
    }
    cg_leg_keys_follow(&to->keys, packet->codec, payload, packet->header.payload_size);
    cg_counter_add(&worker->counters.packets_forwarded, 1);
    cg_leg_send_rtp(worker, to, packet->data, packet->size, packet->header.payload_size);
}

bool cg_leg_receive_rtp(cg_worker *worker, cg_leg *leg, unsigned path, uint8_t *data, size_t size, int64_t now_us)
{
    if (leg->state != CG_LEG_CONNECTED) {
        cg_leg_count_no_keys(worker, leg, path, now_us);
        return false;
    }
    media_packet packet = {.data = data, .size = size, .path = path};
    cg_srtp_status status = cg_leg_unprotect_rtp(leg, data, &packet.size);
    if (status == CG_SRTP_OK && !cg_rtp_parse(data, packet.size, &packet.header))
        status = CG_SRTP_MALFORMED;
    if (status != CG_SRTP_OK) {
        cg_leg_count_refused(worker, leg, path, status, now_us);
        return false;
    }
    cg_leg_heard_media(worker, leg, path, now_us);
    if (!cg_budget_take(&leg->packet_budget, &packet_limit, now_us)) {
        count_too_many(worker, leg, path, now_us);
        return true;
    }
    packet.codec = leg->media.codec_of[packet.header.payload_type];
    if (packet.codec == CG_CODEC_COUNT) {
        count_not_negotiated(worker, leg, path, now_us);
        return true;
    }
    count_received(worker, leg, size);
    count_reception(leg, &packet, now_us);
    if (is_event(packet.codec))
        cg_leg_keys_receive_event(worker, leg, &packet.header, packet.data, now_us);
    forward(worker, leg, &packet, now_us);
    return true;
}
