/* The peer does the protocol; here is only when it speaks. */
#include "tests/bench/talker.h"

#include <glib.h>
#include <limits.h>

enum { SETUP_TICK_US = 5000, TICK_US = 100000 };

static void on_rtp(webrtc_peer *peer, const cg_rtp_header *header, const uint8_t *packet, void *user)
{
    ((talker *) user)->received++;
}

static void notice_connection(talker *t, int64_t now_us)
{
    if (webrtc_peer_has_failed(t->peer))
        bench_fail("a DTLS handshake failed");
    if (t->connected_us != 0 || !webrtc_peer_is_connected(t->peer))
        return;
    t->connected_us = now_us;
    t->next_send_us = now_us;
    t->source.next_us = now_us;
}

static void readable(bench_source *source, int64_t now_us)
{
    talker *t = source->user;
    webrtc_peer_receive(t->peer, now_us);
    if (t->heard_us == 0 && t->received > 0)
        t->heard_us = now_us;
    notice_connection(t, now_us);
}

static void send_packet(talker *t)
{
    static const uint8_t payload[TALKER_PAYLOAD];
    webrtc_peer_packet packet = {
        .payload_type = webrtc_peer_description(t->peer)->formats[0].payload_type,
        .marker = t->sequence == 0,
        .sequence = t->sequence,
        .timestamp = t->sequence * 960u,
        .payload = payload,
        .payload_size = sizeof payload,
    };
    t->sent += webrtc_peer_send_rtp(t->peer, &packet);
    t->sequence++;
}

static int64_t tick(bench_source *source, int64_t now_us)
{
    talker *t = source->user;
    webrtc_peer_tick(t->peer, now_us);
    if (t->connected_us == 0)
        return now_us + SETUP_TICK_US;
    if (t->left > 0 && t->next_send_us <= now_us) {
        send_packet(t);
        t->left--;
        t->next_send_us += (1 + (now_us - t->next_send_us) / t->interval_us) * t->interval_us;
    }
    return t->left > 0 ? MIN(t->next_send_us, now_us + TICK_US) : now_us + TICK_US;
}

talker *talker_new(bench_loop *loop, peer_identity *identity, int64_t interval_us)
{
    talker *t = g_new0(talker, 1);
    webrtc_peer_config config = {.address = "127.0.0.1", .identity = identity, .on_rtp = on_rtp, .user = t};
    t->loop = loop;
    t->interval_us = interval_us;
    t->left = UINT_MAX;
    t->peer = webrtc_peer_new(&config);
    t->source = (bench_source){.fd = webrtc_peer_fd(t->peer), .readable = readable, .tick = tick, .user = t};
    bench_loop_add(loop, &t->source);
    return t;
}

void talker_free(talker *t)
{
    if (t == NULL)
        return;
    bench_loop_remove(t->loop, &t->source);
    webrtc_peer_free(t->peer);
    g_free(t);
}

void talker_send(talker *t, unsigned packets, int64_t interval_us, int64_t first_us)
{
    t->left = packets;
    t->interval_us = interval_us;
    t->next_send_us = first_us;
    t->source.next_us = first_us;
}
