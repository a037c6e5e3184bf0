/* The bridge end to end on loopback: two WebRTC peers of another make (OpenSSL, libnice, libsrtp) connect, hear each
 * other byte for byte, hold, press keys, change partners. */
#include "tests/unit/bridge/bridge_world.h"

#include <string.h>

/* Sends `count` packets of 20 ms, each with its own payload, from `sequence` on. */
static void send_audio(world *w, world_caller *from, uint16_t sequence, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        uint16_t number = (uint16_t) (sequence + i);
        uint8_t payload[80];
        memset(payload, number, sizeof payload);
        webrtc_peer_packet packet = {.payload_type = 111,
                                     .sequence = number,
                                     .timestamp = (sequence + i) * 960u,
                                     .payload = payload,
                                     .payload_size = sizeof payload};
        g_assert_true(webrtc_peer_send_rtp(from->peer, &packet));
        world_step(w, 1);
    }
}

static void assert_payload(const world_packet *packet, uint8_t fill)
{
    uint8_t expected[80];
    memset(expected, fill, sizeof expected);
    g_assert_cmpmem(packet->data + packet->header.payload_offset, packet->header.payload_size, expected,
                    sizeof expected);
}

/* Every packet in order, under the stream's one SSRC, without gaps in sequence or time. */
static void assert_stream(const world_caller *caller, uint16_t first_fill)
{
    for (unsigned i = 0; i < caller->packets->len; i++) {
        const world_packet *packet = world_packet_at(caller, i), *first = world_packet_at(caller, 0);
        assert_payload(packet, (uint8_t) (first_fill + i));
        g_assert_cmphex(packet->header.ssrc, ==, caller->local.ssrc);
        g_assert_cmpuint(packet->header.payload_type, ==, 111);
        g_assert_cmpuint((uint16_t) (packet->header.sequence - first->header.sequence), ==, i);
        g_assert_cmpuint(packet->header.timestamp - first->header.timestamp, ==, 960 * i);
        g_assert_cmpint(packet->header.marker, ==, i == 0);
    }
}

static void test_audio_both_ways(void)
{
    world *w = world_new(NULL);
    world_caller *a, *b;
    world_call(w, &a, &b);
    send_audio(w, a, 65500, 100);
    send_audio(w, b, 7, 50);
    WORLD_WAIT(w, b->packets->len == 100 && a->packets->len == 50);
    assert_stream(b, (uint8_t) 65500);
    assert_stream(a, 7);
    g_assert_cmpuint(world_count(w, a, CG_LEG_EVENT_MEDIA), ==, 1);
    cg_worker_stats stats = world_stats(w);
    g_assert_cmpuint(stats.packets_forwarded, ==, 150);
    g_assert_cmpuint(stats.legs, ==, 2);
    g_assert_cmpuint(stats.handshakes_done, ==, 2);
    g_assert_cmpuint(stats.handshake_bucket[7], ==, 2);
    world_free(w);
}

static void test_ipv6(void)
{
    world *w = world_new(NULL);
    world_caller *a = world_connect(w, &(webrtc_peer_config){.address = "::1"});
    world_caller *b = world_connect(w, NULL);
    g_assert_true(g_str_has_prefix(world_event(w, a, CG_LEG_EVENT_CONNECTED)->peer, "[::1]:"));
    g_assert_true(g_str_has_prefix(world_event(w, b, CG_LEG_EVENT_CONNECTED)->peer, "127.0.0.1:"));
    cg_bridge_link(w->bridge, a->leg, b->leg);
    send_audio(w, a, 1, 20);
    send_audio(w, b, 1, 20);
    WORLD_WAIT(w, b->packets->len == 20 && a->packets->len == 20);
    world_free(w);
}

/* RFC 3264 section 5.1: each side is sent to under its own numbers; RFC 8285 ids likewise. */
static void test_numbers_per_leg(void)
{
    static const cg_format low[] = {{.codec = CG_CODEC_OPUS, .payload_type = 96},
                                    {.codec = CG_CODEC_RED, .payload_type = 97}};
    static const cg_format high[] = {{.codec = CG_CODEC_RED, .payload_type = 120},
                                     {.codec = CG_CODEC_OPUS, .payload_type = 121}};
    static const uint8_t extension[] = {0xbe, 0xde, 0, 2, 0x10, 0x55, 0x31, 7, 8, 0, 0, 0};
    static const uint8_t red[] = {0x80 | 96, 0x0f, 0x00, 0x02, 96, 'o', 'l', 'n', 'e', 'w'};
    static const uint8_t expected_red[] = {0x80 | 121, 0x0f, 0x00, 0x02, 121, 'o', 'l', 'n', 'e', 'w'};
    world *w = world_new(NULL);
    world_caller *a = world_open(w, &(webrtc_peer_config){.formats = low, .format_count = 2});
    world_caller *b = world_open(w, &(webrtc_peer_config){.formats = high, .format_count = 2});
    webrtc_peer_description(a->peer)->extensions[CG_EXTENSION_AUDIO_LEVEL] = 1;
    webrtc_peer_description(b->peer)->extensions[CG_EXTENSION_AUDIO_LEVEL] = 9;
    world_describe(w, a);
    world_describe(w, b);
    cg_bridge_link(w->bridge, a->leg, b->leg);
    WORLD_WAIT(w, webrtc_peer_is_connected(a->peer) && webrtc_peer_is_connected(b->peer) &&
                      world_stats(w).handshakes_done == 2);
    webrtc_peer_packet packet = {.payload_type = 97,
                                 .sequence = 1,
                                 .extension = extension,
                                 .extension_size = sizeof extension,
                                 .payload = red,
                                 .payload_size = sizeof red};
    g_assert_true(webrtc_peer_send_rtp(a->peer, &packet));
    WORLD_WAIT(w, b->packets->len == 1);
    const world_packet *got = world_packet_at(b, 0);
    g_assert_cmpuint(got->header.payload_type, ==, 120);
    g_assert_cmpmem(got->data + got->header.payload_offset, got->header.payload_size, expected_red, sizeof red);
    g_assert_cmpuint(got->header.extension_size, ==, sizeof extension);
    g_assert_cmphex(got->data[got->header.extension_offset + 4], ==, 0x90);
    g_assert_cmphex(got->data[got->header.extension_offset + 5], ==, 0x55);
    g_assert_cmphex(got->data[got->header.extension_offset + 6], ==, 0); /* id 3 was never negotiated */
    world_free(w);
}

static void test_not_negotiated(void)
{
    world *w = world_new(NULL);
    world_caller *a, *b;
    world_call(w, &a, &b);
    send_audio(w, a, 1, 5);
    webrtc_peer_packet packet = {
        .payload_type = 8, .sequence = 6, .timestamp = 6 * 960, .payload = (uint8_t[80]){0}, .payload_size = 80};
    webrtc_peer_send_rtp(a->peer, &packet);
    send_audio(w, a, 7, 5);
    WORLD_WAIT(w, b->packets->len == 10);
    g_assert_cmpuint(world_stats(w).dropped_not_negotiated, ==, 1);
    world_free(w);
}

/* Hold by SDP: B says sendonly, so A's audio no longer reaches it; on resume the stream goes on without a gap in its
 * sequence numbers, and with the time that has passed in its timestamps. */
static void test_hold_directions(void)
{
    world *w = world_new(NULL);
    world_caller *a, *b;
    world_call(w, &a, &b);
    send_audio(w, a, 1, 10);
    WORLD_WAIT(w, b->packets->len == 10);
    b->local.direction = CG_DIRECTION_RECVONLY;
    webrtc_peer_description(b->peer)->direction = CG_DIRECTION_SENDONLY;
    world_describe_bridge(w, b);
    cg_bridge_leg_stats(w->bridge, b->leg); /* when answered, the description has been taken */
    WORLD_WAIT(w, world_count(w, b, CG_LEG_EVENT_STATS) == 1);
    send_audio(w, a, 11, 10);
    send_audio(w, b, 1, 10);
    WORLD_WAIT(w, a->packets->len == 10);
    world_run(w, 20);
    g_assert_cmpuint(b->packets->len, ==, 10);
    b->local.direction = webrtc_peer_description(b->peer)->direction = CG_DIRECTION_SENDRECV;
    world_describe_bridge(w, b);
    cg_bridge_leg_stats(w->bridge, b->leg);
    WORLD_WAIT(w, world_count(w, b, CG_LEG_EVENT_STATS) == 2);
    send_audio(w, a, 21, 10);
    WORLD_WAIT(w, b->packets->len == 20);
    const world_packet *before = world_packet_at(b, 9), *after = world_packet_at(b, 10);
    assert_payload(after, 21);
    g_assert_cmpuint((uint16_t) (after->header.sequence - before->header.sequence), ==, 1);
    g_assert_cmpuint(after->header.timestamp - before->header.timestamp, ==, 11 * 960);
    world_free(w);
}

static void test_flow(void)
{
    world *w = world_new(NULL);
    world_caller *a, *b;
    world_call(w, &a, &b);
    cg_bridge_leg_set_flow(w->bridge, a->leg, false, true);
    cg_bridge_leg_stats(w->bridge, a->leg);
    WORLD_WAIT(w, world_count(w, a, CG_LEG_EVENT_STATS) == 1);
    send_audio(w, a, 1, 10);
    send_audio(w, b, 1, 10);
    WORLD_WAIT(w, a->packets->len == 10);
    cg_bridge_leg_stats(w->bridge, a->leg);
    WORLD_WAIT(w, world_count(w, a, CG_LEG_EVENT_STATS) == 2);
    g_assert_cmpuint(b->packets->len, ==, 0);
    g_assert_cmpuint(world_event(w, a, CG_LEG_EVENT_STATS)->stats.packets_received, ==, 10);
    cg_bridge_leg_set_flow(w->bridge, a->leg, true, false);
    cg_bridge_leg_stats(w->bridge, a->leg);
    WORLD_WAIT(w, world_count(w, a, CG_LEG_EVENT_STATS) == 3);
    send_audio(w, b, 11, 10);
    send_audio(w, a, 11, 10);
    WORLD_WAIT(w, b->packets->len == 10);
    g_assert_cmpuint(a->packets->len, ==, 10);
    world_free(w);
}

/* The peer hears one stream, whoever it is linked to. */
static void test_change_partner(void)
{
    world *w = world_new(NULL);
    world_caller *a, *b, *c = world_connect(w, NULL);
    world_call(w, &a, &b);
    send_audio(w, b, 60000, 10);
    WORLD_WAIT(w, a->packets->len == 10);
    cg_bridge_link(w->bridge, a->leg, c->leg);
    cg_bridge_leg_stats(w->bridge, a->leg);
    WORLD_WAIT(w, world_count(w, a, CG_LEG_EVENT_STATS) == 1);
    world_run(w, 100);
    send_audio(w, b, 60010, 5); /* no longer heard */
    send_audio(w, c, 123, 10);
    WORLD_WAIT(w, a->packets->len == 20);
    const world_packet *before = world_packet_at(a, 9), *after = world_packet_at(a, 10);
    assert_payload(after, 123);
    g_assert_cmphex(after->header.ssrc, ==, before->header.ssrc);
    g_assert_cmpuint((uint16_t) (after->header.sequence - before->header.sequence), ==, 1);
    g_assert_true(after->header.marker);
    uint32_t passed = after->header.timestamp - before->header.timestamp;
    g_assert_cmpuint(passed, >=, 4800);
    g_assert_cmpuint(passed, <, 48000 * 5);
    world_free(w);
}

/* A peer may change its SSRC without a word. */
static void test_new_ssrc(void)
{
    world *w = world_new(NULL);
    world_caller *a, *b;
    world_call(w, &a, &b);
    send_audio(w, a, 1, 10);
    uint8_t payload[80] = {0};
    for (unsigned i = 0; i < 20; i++) {
        webrtc_peer_packet packet = {.payload_type = 111,
                                     .sequence = (uint16_t) (40000 + i),
                                     .timestamp = i * 960,
                                     .ssrc = 1000 + i / 2,
                                     .payload = payload,
                                     .payload_size = sizeof payload};
        webrtc_peer_send_rtp(a->peer, &packet);
        world_step(w, 1);
    }
    WORLD_WAIT(w, b->packets->len == 30);
    for (unsigned i = 1; i < 30; i++) {
        const world_packet *packet = world_packet_at(b, i), *before = world_packet_at(b, i - 1);
        g_assert_cmpuint((uint16_t) (packet->header.sequence - before->header.sequence), ==, 1);
        g_assert_cmpint((int32_t) (packet->header.timestamp - before->header.timestamp), >, 0);
        g_assert_cmphex(packet->header.ssrc, ==, b->local.ssrc);
    }
    world_free(w);
}

/* One key as a browser sends it, at the clock of the event's payload type. */
static void press(world *w, world_caller *caller, uint8_t payload_type, uint8_t code, uint16_t *sequence,
                  uint32_t timestamp, unsigned lost)
{
    for (unsigned i = 1; i <= 8; i++) {
        uint16_t duration = (uint16_t) (MIN(i, 6) * 960);
        uint8_t payload[] = {code, (uint8_t) (i >= 6 ? 0x8a : 0x0a), (uint8_t) (duration >> 8), (uint8_t) duration};
        webrtc_peer_packet packet = {.payload_type = payload_type,
                                     .marker = i == 1,
                                     .sequence = (*sequence)++,
                                     .timestamp = timestamp,
                                     .payload = payload,
                                     .payload_size = sizeof payload};
        if (!(lost & 1u << i))
            webrtc_peer_send_rtp(caller->peer, &packet);
        world_step(w, 1);
    }
}

static void test_digits_from_peer(void)
{
    world *w = world_new(NULL);
    world_caller *a, *b;
    uint16_t sequence = 11;
    world_call(w, &a, &b);
    send_audio(w, a, 1, 10);
    press(w, a, 110, 1, &sequence, 11 * 960, 0);
    press(w, a, 110, 1, &sequence, 40 * 960, 1u << 6 | 1u << 7 | 1u << 8); /* all ends lost */
    press(w, a, 110, 11, &sequence, 60 * 960, 1u << 1 | 1u << 2);
    WORLD_WAIT(w, world_count(w, a, CG_LEG_EVENT_DIGIT) == 3);
    g_autofree char *digits = world_digits(w, a);
    g_assert_cmpstr(digits, ==, "11#");
    WORLD_WAIT(w, b->packets->len == 10 + 8 + 5 + 6);
    const world_packet *event = world_packet_at(b, 10);
    g_assert_cmpuint(event->header.payload_type, ==, 110);
    g_assert_true(event->header.marker);
    g_assert_cmpuint(event->header.timestamp - world_packet_at(b, 0)->header.timestamp, ==, 10 * 960);
    g_assert_cmpuint(event->data[event->header.payload_offset], ==, 1);
    world_free(w);
}

/* How many events (by timestamp) and which keys the peer heard. */
static char *heard_keys(const world_caller *caller, uint8_t payload_type)
{
    GString *keys = g_string_new(NULL);
    uint32_t timestamp = 0;
    for (unsigned i = 0; i < caller->packets->len; i++) {
        const world_packet *packet = world_packet_at(caller, i);
        if (packet->header.payload_type != payload_type || (keys->len > 0 && packet->header.timestamp == timestamp))
            continue;
        timestamp = packet->header.timestamp;
        g_string_append_printf(keys, "%u ", packet->data[packet->header.payload_offset]);
    }
    return g_string_free(keys, FALSE);
}

/* A takes events at 48 kHz only, B at 8 kHz only: B hears new ones, one for each key. */
static void test_digits_across_clocks(void)
{
    static const cg_format narrow[] = {{.codec = CG_CODEC_OPUS, .payload_type = 111},
                                       {.codec = CG_CODEC_TELEPHONE_EVENT_8000, .payload_type = 101}};
    world *w = world_new(NULL);
    uint16_t sequence = 1;
    world_caller *a = world_connect(w, NULL);
    world_caller *b = world_connect(w, &(webrtc_peer_config){.formats = narrow, .format_count = 2});
    cg_bridge_link(w->bridge, a->leg, b->leg);
    press(w, a, 110, 5, &sequence, 0, 0);
    press(w, a, 110, 5, &sequence, 20000, 0);
    WORLD_WAIT(w, b->packets->len == 14);
    world_run(w, 50);
    g_assert_cmpuint(b->packets->len, ==, 14);
    g_autofree char *keys = heard_keys(b, 101);
    g_assert_cmpstr(keys, ==, "5 5 ");
    const world_packet *last = world_packet_at(b, 6);
    g_assert_cmphex(last->data[last->header.payload_offset + 1] & 0x80, ==, 0x80);
    g_assert_cmpuint(last->data[last->header.payload_offset + 2] << 8 | last->data[last->header.payload_offset + 3], ==,
                     800); /* 100 ms at 8 kHz */
    world_free(w);
}

/* Digits of the gateway take the place of the partner's audio, in the same stream. */
static void test_digits_to_peer(void)
{
    world *w = world_new(NULL);
    world_caller *a, *b;
    uint16_t sequence = 1;
    world_call(w, &a, &b);
    send_audio(w, b, sequence, 10);
    cg_bridge_leg_send_digits(w->bridge, a->leg, "1*");
    int64_t end = g_get_monotonic_time() + 10 * G_TIME_SPAN_SECOND;
    g_autofree char *keys = heard_keys(a, 110);
    for (sequence = 11; g_get_monotonic_time() < end && strcmp(keys, "1 10 ") != 0; sequence++) {
        send_audio(w, b, sequence, 1);
        world_run(w, 10);
        g_free(keys);
        keys = heard_keys(a, 110);
    }
    g_assert_cmpstr(keys, ==, "1 10 ");
    world_run(w, 250);
    send_audio(w, b, sequence, 10);
    world_run(w, 50);
    unsigned events = 0;
    for (unsigned i = 1; i < a->packets->len; i++) {
        const world_packet *packet = world_packet_at(a, i), *before = world_packet_at(a, i - 1);
        g_assert_cmpuint((uint16_t) (packet->header.sequence - before->header.sequence), ==, 1);
        events += packet->header.payload_type == 110;
    }
    g_assert_cmpuint(events, ==, 14);
    g_assert_cmpuint(world_packet_at(a, a->packets->len - 1)->header.payload_type, ==, 111);
    world_free(w);
}

static uint64_t digits_dropped(world *w, const world_caller *caller)
{
    unsigned before = world_count(w, caller, CG_LEG_EVENT_STATS);
    cg_bridge_leg_stats(w->bridge, caller->leg);
    WORLD_WAIT(w, world_count(w, caller, CG_LEG_EVENT_STATS) == before + 1);
    return world_event(w, caller, CG_LEG_EVENT_STATS)->stats.digits_dropped;
}

/* Digits that find no room, or a peer that takes no events, are counted and, now and then, logged. */
static void test_digits_dropped(void)
{
    static const cg_format silent[] = {{.codec = CG_CODEC_OPUS, .payload_type = 111}};
    world *w = world_new(NULL);
    world_caller *a = world_connect(w, NULL);
    world_caller *b = world_connect(w, &(webrtc_peer_config){.formats = silent, .format_count = 1});
    g_autofree char *many = g_strnfill(100, '5');
    cg_bridge_leg_send_digits(w->bridge, a->leg, "12");
    g_assert_cmpuint(digits_dropped(w, a), ==, 0);
    g_assert_cmpuint(world_logged(w, "digits.dropped", a->leg), ==, 0);
    cg_bridge_leg_send_digits(w->bridge, a->leg, many);
    uint64_t dropped = digits_dropped(w, a);
    g_assert_cmpuint(dropped, >=, 36); /* of 64 places up to two are taken */
    g_assert_cmpuint(dropped, <=, 38);
    g_assert_cmpuint(digits_dropped(w, b), ==, 0);
    cg_bridge_leg_send_digits(w->bridge, b->leg, "1w2");
    g_assert_cmpuint(digits_dropped(w, b), ==, 2);
    g_assert_cmpuint(world_logged(w, "digits.dropped", a->leg), ==, 1);
    g_assert_cmpuint(world_logged(w, "digits.dropped", b->leg), ==, 0); /* too soon behind the other */
    world_free(w);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/bridge/audio-both-ways", test_audio_both_ways);
    g_test_add_func("/bridge/ipv6", test_ipv6);
    g_test_add_func("/bridge/numbers-per-leg", test_numbers_per_leg);
    g_test_add_func("/bridge/not-negotiated", test_not_negotiated);
    g_test_add_func("/bridge/hold-directions", test_hold_directions);
    g_test_add_func("/bridge/flow", test_flow);
    g_test_add_func("/bridge/change-partner", test_change_partner);
    g_test_add_func("/bridge/new-ssrc", test_new_ssrc);
    g_test_add_func("/bridge/digits/from-peer", test_digits_from_peer);
    g_test_add_func("/bridge/digits/across-clocks", test_digits_across_clocks);
    g_test_add_func("/bridge/digits/to-peer", test_digits_to_peer);
    g_test_add_func("/bridge/digits-dropped", test_digits_dropped);
    return g_test_run();
}
