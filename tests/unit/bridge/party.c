/* Packets by the test's clock: what is late is said at once. */
#include "tests/unit/bridge/party.h"

#include "tests/unit/bridge/sound.h"

enum { PACKET_MS = 20, PACKET_US = PACKET_MS * 1000 };

const cg_format party_formats[CG_CODEC_COUNT] = {
    [CG_CODEC_OPUS] = {.codec = CG_CODEC_OPUS, .payload_type = 111, .fmtp = "minptime=10;useinbandfec=1"},
    [CG_CODEC_G722] = {.codec = CG_CODEC_G722, .payload_type = 9},
    [CG_CODEC_PCMU] = {.codec = CG_CODEC_PCMU, .payload_type = 0},
    [CG_CODEC_PCMA] = {.codec = CG_CODEC_PCMA, .payload_type = 8},
};

party party_new(world *w, cg_codec codec, double tone)
{
    cg_format offered[] = {
        party_formats[codec],
        {.codec = codec == CG_CODEC_OPUS ? CG_CODEC_TELEPHONE_EVENT_48000 : CG_CODEC_TELEPHONE_EVENT_8000,
         .payload_type = PARTY_EVENTS,
         .fmtp = "0-15"}};
    uint32_t rate = cg_codec_pcm_rate(codec) != 0 ? cg_codec_pcm_rate(codec) : PARTY_RATE;
    return (party){
        .caller = world_connect(w, &(webrtc_peer_config){.formats = offered, .format_count = 2}),
        .codec = codec,
        .rate = rate,
        .encoder = cg_encoder_new(codec, rate, &(cg_opus_wishes){.fec = true}),
        .tone = tone,
        .sequence = 65530,
        .timestamp = 0xfffff000,
    };
}

void party_say(party *p)
{
    int16_t pcm[PARTY_RATE / 1000 * PACKET_MS];
    uint8_t payload[CG_CODEC_MAX_PAYLOAD];
    size_t count = p->rate / 1000 * PACKET_MS;
    sound_tone(pcm, count, p->rate, p->tone, p->said);
    size_t size = cg_encoder_encode(p->encoder, pcm, count, payload);
    webrtc_peer_packet packet = {.payload_type = party_formats[p->codec].payload_type,
                                 .sequence = p->sequence,
                                 .timestamp = p->timestamp,
                                 .payload = payload,
                                 .payload_size = size};
    if (p->lose_one_in == 0 || p->sequence % p->lose_one_in != 0)
        g_assert_true(webrtc_peer_send_rtp(p->caller->peer, &packet));
    p->sequence++;
    p->timestamp += cg_codec_get_info(p->codec)->clock_rate / 1000 * PACKET_MS;
    p->said += count;
}

void party_talk(world *w, party *a, party *b, unsigned packets)
{
    unsigned wanted_a = a->caller->packets->len + packets, wanted_b = b->caller->packets->len + packets;
    int64_t end_us = g_get_monotonic_time() + 20 * G_TIME_SPAN_SECOND;
    a->next_us = b->next_us = g_get_monotonic_time();
    while (a->caller->packets->len < wanted_a || b->caller->packets->len < wanted_b) {
        int64_t now_us = g_get_monotonic_time();
        g_assert_cmpint(now_us, <, end_us);
        for (party *p = a;; p = b) {
            for (; p->next_us <= now_us; p->next_us += PACKET_US)
                party_say(p);
            if (p == b)
                break;
        }
        world_step(w, 2);
    }
}

/* What the party heard, decoded packet by packet; returns how many samples. */
static size_t decode_heard(const party *p, int16_t *ret_pcm, size_t room)
{
    cg_decoder *decoder = cg_decoder_new(p->codec, p->rate);
    size_t count = 0;
    for (unsigned i = 0; i < p->caller->packets->len; i++) {
        const world_packet *packet = world_packet_at(p->caller, i);
        if (packet->header.payload_type == PARTY_EVENTS)
            continue;
        g_assert_cmpuint(packet->header.payload_type, ==, party_formats[p->codec].payload_type);
        g_assert_cmpuint(room - count, >=, CG_CODEC_MAX_SAMPLES);
        size_t decoded = cg_decoder_decode(decoder, packet->data + packet->header.payload_offset,
                                           packet->header.payload_size, ret_pcm + count);
        g_assert_cmpuint(decoded, ==, p->rate / 1000 * PACKET_MS);
        count += decoded;
    }
    cg_decoder_free(decoder);
    return count;
}

void party_assert_stream(const party *p)
{
    uint32_t step = cg_codec_get_info(p->codec)->clock_rate / 1000 * PACKET_MS;
    const cg_rtp_header *first = &world_packet_at(p->caller, 0)->header;
    for (unsigned i = 1; i < p->caller->packets->len; i++) {
        const cg_rtp_header *header = &world_packet_at(p->caller, i)->header;
        const cg_rtp_header *before = &world_packet_at(p->caller, i - 1)->header;
        g_assert_cmphex(header->ssrc, ==, p->caller->local.ssrc);
        g_assert_cmpuint((uint16_t) (header->sequence - first->sequence), ==, i);
        g_assert_cmpuint(header->timestamp - before->timestamp, >=, step); /* more where the machine stood still */
    }
}

void party_assert_spurt(const party *p)
{
    for (unsigned i = 0; i < p->caller->packets->len; i++)
        g_assert_cmpint(world_packet_at(p->caller, i)->header.marker, ==, i == 0);
}

void party_assert_hears(const party *p, double tone, double share)
{
    static int16_t pcm[PARTY_RATE * 8];
    size_t count = decode_heard(p, pcm, G_N_ELEMENTS(pcm)), tenth = p->rate / 10;
    unsigned heard = 0, all = 0;
    for (size_t at = 2 * tenth; at + tenth <= count; at += tenth, all++)
        heard += sound_share(pcm + at, tenth, p->rate, tone) >= share && sound_level(pcm + at, tenth) > 5000;
    if (heard * 2 <= all)
        g_error("%.0f Hz in %u of %u tenths only", tone, heard, all);
}

void party_end(party *p)
{
    cg_encoder_free(p->encoder);
}
