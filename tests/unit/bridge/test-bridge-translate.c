/* Legs without a common codec: peers that speak tones in theirs hear each other's in their own, through real packets
 * and the bridge's own clock. */
#include "tests/unit/bridge/bridge_world.h"
#include "tests/unit/bridge/sound.h"

#include "bridge/codec.h"
#include "bridge/dtmf_event.h"

#include <string.h>

enum { PACKET_MS = 20, PACKET_US = PACKET_MS * 1000, RATE = 16000, EVENTS = 101 };

static const cg_format formats[] = {
    [CG_CODEC_OPUS] = {.codec = CG_CODEC_OPUS, .payload_type = 111, .fmtp = "minptime=10;useinbandfec=1"},
    [CG_CODEC_G722] = {.codec = CG_CODEC_G722, .payload_type = 9},
    [CG_CODEC_PCMU] = {.codec = CG_CODEC_PCMU, .payload_type = 0},
    [CG_CODEC_PCMA] = {.codec = CG_CODEC_PCMA, .payload_type = 8},
};

/* A party that says a tone in its codec, a packet every 20 ms. */
typedef struct {
    world_caller *caller;
    cg_codec codec;
    uint32_t rate; /* of what it says, Hz */
    cg_encoder *encoder;
    double tone;
    size_t said; /* samples */
    uint16_t sequence;
    uint32_t timestamp;
    unsigned lose_one_in; /* 0: none */
    int64_t next_us;
} party;

static party party_new(world *w, cg_codec codec, double tone)
{
    cg_format offered[] = {
        formats[codec],
        {.codec = codec == CG_CODEC_OPUS ? CG_CODEC_TELEPHONE_EVENT_48000 : CG_CODEC_TELEPHONE_EVENT_8000,
         .payload_type = EVENTS,
         .fmtp = "0-15"}};
    uint32_t rate = cg_codec_pcm_rate(codec) != 0 ? cg_codec_pcm_rate(codec) : RATE;
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

static void say(party *p)
{
    int16_t pcm[RATE / 1000 * PACKET_MS];
    uint8_t payload[CG_CODEC_MAX_PAYLOAD];
    size_t count = p->rate / 1000 * PACKET_MS;
    sound_tone(pcm, count, p->rate, p->tone, p->said);
    size_t size = cg_encoder_encode(p->encoder, pcm, count, payload);
    webrtc_peer_packet packet = {.payload_type = formats[p->codec].payload_type,
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

/* Both talk at their pace until each has `packets` more than now. */
static void talk(world *w, party *a, party *b, unsigned packets)
{
    unsigned wanted_a = a->caller->packets->len + packets, wanted_b = b->caller->packets->len + packets;
    int64_t end_us = g_get_monotonic_time() + 20 * G_TIME_SPAN_SECOND;
    a->next_us = b->next_us = g_get_monotonic_time();
    while (a->caller->packets->len < wanted_a || b->caller->packets->len < wanted_b) {
        int64_t now_us = g_get_monotonic_time();
        g_assert_cmpint(now_us, <, end_us);
        for (party *p = a;; p = b) {
            for (; p->next_us <= now_us; p->next_us += PACKET_US)
                say(p);
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
        if (packet->header.payload_type == EVENTS)
            continue;
        g_assert_cmpuint(packet->header.payload_type, ==, formats[p->codec].payload_type);
        g_assert_cmpuint(room - count, >=, CG_CODEC_MAX_SAMPLES);
        size_t decoded = cg_decoder_decode(decoder, packet->data + packet->header.payload_offset,
                                           packet->header.payload_size, ret_pcm + count);
        g_assert_cmpuint(decoded, ==, p->rate / 1000 * PACKET_MS);
        count += decoded;
    }
    cg_decoder_free(decoder);
    return count;
}

/* One stream, whose numbers go on without a gap, and its time with them. */
static void assert_stream(const party *p)
{
    uint32_t step = cg_codec_get_info(p->codec)->clock_rate / 1000 * PACKET_MS;
    const cg_rtp_header *first = &world_packet_at(p->caller, 0)->header;
    g_assert_true(first->marker);
    for (unsigned i = 1; i < p->caller->packets->len; i++) {
        const cg_rtp_header *header = &world_packet_at(p->caller, i)->header;
        const cg_rtp_header *before = &world_packet_at(p->caller, i - 1)->header;
        g_assert_cmphex(header->ssrc, ==, p->caller->local.ssrc);
        g_assert_false(header->marker);
        g_assert_cmpuint((uint16_t) (header->sequence - first->sequence), ==, i);
        g_assert_cmpuint(header->timestamp - before->timestamp, >=, step); /* more where the machine stood still */
    }
}

/* `tone` and hardly anything else, in most tenths of a second after the second: how well it sounds, in a time that no
 * busy machine disturbs, is test-transcoder's business. */
static void assert_hears(const party *p, double tone, double share)
{
    static int16_t pcm[RATE * 8];
    size_t count = decode_heard(p, pcm, G_N_ELEMENTS(pcm)), tenth = p->rate / 10;
    unsigned heard = 0, all = 0;
    for (size_t at = 2 * tenth; at + tenth <= count; at += tenth, all++)
        heard += sound_share(pcm + at, tenth, p->rate, tone) >= share && sound_level(pcm + at, tenth) > 5000;
    if (heard * 2 <= all)
        g_error("%.0f Hz in %u of %u tenths only", tone, heard, all);
}

static void party_end(party *p)
{
    cg_encoder_free(p->encoder);
}

static void test_pair(gconstpointer data)
{
    cg_codec first = GPOINTER_TO_UINT(data) / CG_CODEC_COUNT, second = GPOINTER_TO_UINT(data) % CG_CODEC_COUNT;
    world *w = world_new(NULL);
    party a = party_new(w, first, 500), b = party_new(w, second, 1100);
    cg_bridge_link(w->bridge, a.caller->leg, b.caller->leg);
    talk(w, &a, &b, 70);
    assert_stream(&a);
    assert_stream(&b);
    assert_hears(&a, 1100, 0.95);
    assert_hears(&b, 500, 0.95);
    cg_worker_stats stats = world_stats(w);
    g_assert_cmpuint(stats.transcoded_legs, ==, 2);
    g_assert_cmpuint(stats.packets_transcoded, >=, 140);
    g_assert_cmpuint(stats.packets_forwarded, ==, 0);
    g_assert_cmpuint(stats.dropped_not_negotiated, ==, 0);
    world_close(w, a.caller);
    g_assert_cmpuint(world_stats(w).transcoded_legs, ==, 0);
    party_end(&a);
    party_end(&b);
    world_free(w);
}

/* One packet in twenty is lost on both ways in: the tones go on. */
static void test_loss(void)
{
    world *w = world_new(NULL);
    party a = party_new(w, CG_CODEC_OPUS, 500), b = party_new(w, CG_CODEC_PCMU, 1100);
    a.lose_one_in = b.lose_one_in = 20;
    cg_bridge_link(w->bridge, a.caller->leg, b.caller->leg);
    talk(w, &a, &b, 150);
    assert_stream(&a);
    assert_stream(&b);
    assert_hears(&a, 1100, 0.6);
    assert_hears(&b, 500, 0.6);
    party_end(&a);
    party_end(&b);
    world_free(w);
}

/* A key of 100 ms, as a browser sends it: in place of speech, under numbers of its own stream. */
static void press(party *p, uint8_t code)
{
    uint32_t step = cg_codec_get_info(p->codec)->clock_rate / 1000 * PACKET_MS;
    for (unsigned i = 1; i <= 7; i++) {
        unsigned steps = MIN(i, 5u);
        cg_dtmf_event event = {.code = code, .end = i >= 5, .volume = 10, .duration = (uint16_t) (steps * step)};
        uint8_t payload[CG_DTMF_EVENT_SIZE];
        cg_dtmf_event_write(payload, &event);
        webrtc_peer_packet packet = {.payload_type = EVENTS,
                                     .marker = i == 1,
                                     .sequence = p->sequence++,
                                     .timestamp = p->timestamp,
                                     .payload = payload,
                                     .payload_size = sizeof payload};
        g_assert_true(webrtc_peer_send_rtp(p->caller->peer, &packet));
    }
    p->timestamp += 5 * step;
}

/* The keys heard: one for every timestamp of events. */
static char *keys_heard(const party *p)
{
    GString *keys = g_string_new(NULL);
    uint32_t timestamp = 0;
    for (unsigned i = 0; i < p->caller->packets->len; i++) {
        const world_packet *packet = world_packet_at(p->caller, i);
        if (packet->header.payload_type != EVENTS || (keys->len > 0 && packet->header.timestamp == timestamp))
            continue;
        timestamp = packet->header.timestamp;
        g_string_append_c(keys, cg_dtmf_digit(packet->data[packet->header.payload_offset]));
    }
    return g_string_free(keys, FALSE);
}

static void assert_keys(const party *p, const char *expected)
{
    g_autofree char *heard = keys_heard(p);
    g_assert_cmpstr(heard, ==, expected);
}

/* A key pressed is a key heard once, and told once; with a pair of clocks and with a common one. */
static void test_keys(gconstpointer data)
{
    world *w = world_new(NULL);
    party a = party_new(w, GPOINTER_TO_UINT(data), 500), b = party_new(w, CG_CODEC_PCMU, 1100);
    cg_bridge_link(w->bridge, a.caller->leg, b.caller->leg);
    talk(w, &a, &b, 20);
    press(&a, 1);
    press(&b, 2);
    talk(w, &a, &b, 30);
    press(&a, 3);
    talk(w, &a, &b, 30);
    assert_keys(&b, "13");
    assert_keys(&a, "2");
    g_autofree char *told = world_digits(w, a.caller);
    g_assert_cmpstr(told, ==, "13");
    g_assert_cmpuint(world_stats(w).dropped_not_negotiated, ==, 0);
    for (unsigned i = 1; i < b.caller->packets->len; i++) {
        const cg_rtp_header *one = &world_packet_at(b.caller, i - 1)->header,
                            *next = &world_packet_at(b.caller, i)->header;
        g_assert_cmpuint((uint16_t) (next->sequence - one->sequence), ==, 1);
        g_assert_cmpint((int32_t) (next->timestamp - one->timestamp), >=, 0);
    }
    party_end(&a);
    party_end(&b);
    world_free(w);
}

/* B takes both codecs and is spoken to in A's; what it says in the other is translated all the same. */
static void test_other_codec(void)
{
    cg_format both[] = {formats[CG_CODEC_PCMU], formats[CG_CODEC_OPUS]};
    world *w = world_new(NULL);
    party a = party_new(w, CG_CODEC_PCMU, 500);
    party b = {
        .caller = world_connect(w, &(webrtc_peer_config){.formats = both, .format_count = 2}),
        .codec = CG_CODEC_PCMU,
        .rate = 8000,
        .encoder = cg_encoder_new(CG_CODEC_PCMU, 8000, &(cg_opus_wishes){0}),
        .tone = 1100,
    };
    cg_bridge_link(w->bridge, a.caller->leg, b.caller->leg);
    talk(w, &a, &b, 20);
    g_assert_cmpuint(world_stats(w).transcoded_legs, ==, 0);
    world_forget_packets(a.caller);
    cg_encoder_free(b.encoder);
    b.codec = CG_CODEC_OPUS;
    b.encoder = cg_encoder_new(CG_CODEC_OPUS, 8000, &(cg_opus_wishes){0});
    talk(w, &a, &b, 60);
    assert_hears(&a, 1100, 0.9);
    g_assert_cmpuint(world_stats(w).transcoded_legs, ==, 1);
    /* And back: what passes as it is passes alone. */
    cg_encoder_free(b.encoder);
    b.codec = CG_CODEC_PCMU;
    b.encoder = cg_encoder_new(CG_CODEC_PCMU, 8000, &(cg_opus_wishes){0});
    talk(w, &a, &b, 5);
    uint64_t made = world_stats(w).packets_transcoded;
    talk(w, &a, &b, 20);
    g_assert_cmpuint(world_stats(w).packets_transcoded, ==, made);
    party_end(&a);
    party_end(&b);
    world_free(w);
}

/* Hold stops it and resume goes on; a codec that both have from then on ends it. */
static void test_renegotiation(void)
{
    world *w = world_new(NULL);
    party a = party_new(w, CG_CODEC_OPUS, 500), b = party_new(w, CG_CODEC_PCMA, 1100);
    cg_bridge_link(w->bridge, a.caller->leg, b.caller->leg);
    talk(w, &a, &b, 20);
    cg_bridge_leg_set_flow(w->bridge, b.caller->leg, false, false);
    world_run(w, 100);
    world_forget_packets(a.caller);
    world_forget_packets(b.caller);
    for (unsigned i = 0; i < 20; i++) {
        say(&a);
        world_step(w, 5);
    }
    world_run(w, 100);
    g_assert_cmpuint(b.caller->packets->len, ==, 0);
    cg_bridge_leg_set_flow(w->bridge, b.caller->leg, true, true);
    talk(w, &a, &b, 40);
    assert_hears(&b, 500, 0.9);
    webrtc_peer_description(a.caller->peer)->formats[0] = formats[CG_CODEC_PCMA];
    a.caller->local.formats[0] = formats[CG_CODEC_PCMA];
    world_describe_bridge(w, a.caller);
    WORLD_WAIT(w, world_stats(w).transcoded_legs == 0);
    party_end(&a);
    party_end(&b);
    world_free(w);
}

int main(int argc, char **argv)
{
    static const cg_codec all[] = {CG_CODEC_OPUS, CG_CODEC_G722, CG_CODEC_PCMU, CG_CODEC_PCMA};
    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(all); i++)
        for (unsigned j = i + 1; j < G_N_ELEMENTS(all); j++) {
            g_autofree char *name = g_strdup_printf("/bridge-translate/%s-and-%s", cg_codec_get_info(all[i])->name,
                                                    cg_codec_get_info(all[j])->name);
            g_test_add_data_func(name, GUINT_TO_POINTER(all[i] * CG_CODEC_COUNT + all[j]), test_pair);
        }
    g_test_add_func("/bridge-translate/loss", test_loss);
    g_test_add_data_func("/bridge-translate/keys-across-clocks", GUINT_TO_POINTER(CG_CODEC_OPUS), test_keys);
    g_test_add_data_func("/bridge-translate/keys-at-one-clock", GUINT_TO_POINTER(CG_CODEC_PCMA), test_keys);
    g_test_add_func("/bridge-translate/other-codec", test_other_codec);
    g_test_add_func("/bridge-translate/renegotiation", test_renegotiation);
    return g_test_run();
}
