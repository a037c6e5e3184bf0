/* Legs without a common codec: peers that speak tones in theirs hear each other's in their own, through real packets
 * and the bridge's own clock. */
#include "tests/unit/bridge/party.h"

#include "bridge/dtmf/dtmf_event.h"

#include <string.h>

enum { PACKETS_PER_SECOND = 50 };

static void test_pair(gconstpointer data)
{
    cg_codec first = GPOINTER_TO_UINT(data) / CG_CODEC_COUNT, second = GPOINTER_TO_UINT(data) % CG_CODEC_COUNT;
    world *w = world_new(NULL);
    party a = party_new(w, first, 500), b = party_new(w, second, 1100);
    cg_bridge_link(w->bridge, a.caller->leg, b.caller->leg);
    party_talk(w, &a, &b, 70);
    party_assert_stream(&a);
    party_assert_spurt(&a);
    party_assert_stream(&b);
    party_assert_spurt(&b);
    party_assert_hears(&a, 1100, 0.95);
    party_assert_hears(&b, 500, 0.95);
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
    party_talk(w, &a, &b, 150);
    party_assert_stream(&a);
    party_assert_spurt(&a);
    party_assert_stream(&b);
    party_assert_spurt(&b);
    party_assert_hears(&a, 1100, 0.6);
    party_assert_hears(&b, 500, 0.6);
    party_end(&a);
    party_end(&b);
    world_free(w);
}

/* A key of 100 ms, as a browser sends it: in place of speech, under numbers of its own stream. */
static void press(party *p, uint8_t code)
{
    uint32_t step = cg_codec_get_info(p->codec)->clock_rate / PACKETS_PER_SECOND;
    for (unsigned i = 1; i <= 7; i++) {
        unsigned steps = MIN(i, 5u);
        cg_dtmf_event event = {.code = code, .end = i >= 5, .volume = 10, .duration = (uint16_t) (steps * step)};
        uint8_t payload[CG_DTMF_EVENT_SIZE];
        cg_dtmf_event_write(payload, &event);
        webrtc_peer_packet packet = {.payload_type = PARTY_EVENTS,
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
        if (packet->header.payload_type != PARTY_EVENTS || (keys->len > 0 && packet->header.timestamp == timestamp))
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
    party_talk(w, &a, &b, 20);
    press(&a, 1);
    press(&b, 2);
    party_talk(w, &a, &b, 30);
    press(&a, 3);
    party_talk(w, &a, &b, 30);
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

static uint64_t translated_of(world *w, const party *speaker)
{
    unsigned told = world_count(w, speaker->caller, CG_LEG_EVENT_STATS);
    cg_bridge_leg_stats(w->bridge, speaker->caller->leg);
    WORLD_WAIT(w, world_count(w, speaker->caller, CG_LEG_EVENT_STATS) > told);
    return world_event(w, speaker->caller, CG_LEG_EVENT_STATS)->stats.packets_translated;
}

/* B takes both codecs and is spoken to in A's; what it says in the other is translated all the same. */
static void test_other_codec(void)
{
    cg_format both[] = {party_formats[CG_CODEC_PCMU], party_formats[CG_CODEC_OPUS]};
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
    party_talk(w, &a, &b, 20);
    g_assert_cmpuint(world_stats(w).transcoded_legs, ==, 0);
    world_forget_packets(a.caller);
    cg_encoder_free(b.encoder);
    b.codec = CG_CODEC_OPUS;
    b.encoder = cg_encoder_new(CG_CODEC_OPUS, 8000, &(cg_opus_wishes){0});
    party_talk(w, &a, &b, 60);
    party_assert_hears(&a, 1100, 0.9);
    g_assert_cmpuint(world_stats(w).transcoded_legs, ==, 1);
    /* And back: what passes as it is passes alone. */
    cg_encoder_free(b.encoder);
    b.codec = CG_CODEC_PCMU;
    b.encoder = cg_encoder_new(CG_CODEC_PCMU, 8000, &(cg_opus_wishes){0});
    party_talk(w, &a, &b, 5);
    uint64_t made = world_stats(w).packets_transcoded;
    party_talk(w, &a, &b, 20);
    g_assert_cmpuint(world_stats(w).packets_transcoded, ==, made);
    g_assert_cmpuint(translated_of(w, &b), ==, made);
    g_assert_cmpuint(translated_of(w, &a), ==, 0);
    cg_bridge_link(w->bridge, a.caller->leg, 0);
    cg_bridge_link(w->bridge, a.caller->leg, b.caller->leg); /* a new partner, as far as they know */
    g_assert_cmpuint(translated_of(w, &b), ==, 0);
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
    party_talk(w, &a, &b, 20);
    cg_bridge_leg_set_flow(w->bridge, b.caller->leg, false, false);
    world_run(w, 100);
    world_forget_packets(a.caller);
    world_forget_packets(b.caller);
    for (unsigned i = 0; i < 20; i++) {
        party_say(&a);
        world_step(w, 5);
    }
    world_run(w, 100);
    g_assert_cmpuint(b.caller->packets->len, ==, 0);
    cg_bridge_leg_set_flow(w->bridge, b.caller->leg, true, true);
    party_talk(w, &a, &b, 40);
    party_assert_hears(&b, 500, 0.9);
    webrtc_peer_description(a.caller->peer)->formats[0] = party_formats[CG_CODEC_PCMA];
    a.caller->local.formats[0] = party_formats[CG_CODEC_PCMA];
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
