/* What the bridge does with what it should not get: wrong integrity, wrong fingerprint, garbage, replays, media before
 * keys, strangers, thieves. Each is dropped and counted, gets no answer, and the call goes on. */
#include "tests/unit/bridge/bridge_world.h"

#include <string.h>
#include <unistd.h>

static webrtc_peer_packet audio(uint16_t sequence)
{
    static const uint8_t payload[40];
    return (webrtc_peer_packet){.payload_type = 111,
                                .sequence = sequence,
                                .timestamp = sequence * 960u,
                                .payload = payload,
                                .payload_size = sizeof payload};
}

static void send_audio(world *w, world_caller *from, uint16_t sequence)
{
    webrtc_peer_packet packet = audio(sequence);
    g_assert_true(webrtc_peer_send_rtp(from->peer, &packet));
    world_step(w, 1);
}

static void test_wrong_integrity(void)
{
    world *w = world_new(NULL);
    world_caller *a = world_open(w, NULL);
    cg_media_description right = a->local;
    g_strlcpy(a->local.ice.pwd, "not-the-password-of-this-leg", sizeof a->local.ice.pwd);
    world_describe_peer(w, a);
    WORLD_WAIT(w, world_stats(w).stun_rejected >= 3);
    g_assert_cmpuint(webrtc_peer_get_counts(a->peer)->datagrams_received, ==, 0);
    a->local = right;
    g_strlcpy(a->local.ice.ufrag, "stranger", sizeof a->local.ice.ufrag);
    world_describe_peer(w, a);
    uint64_t rejected = world_stats(w).stun_rejected;
    WORLD_WAIT(w, world_stats(w).stun_rejected >= rejected + 3);
    g_assert_cmpuint(webrtc_peer_get_counts(a->peer)->datagrams_received, ==, 0);
    a->local = right;
    world_describe(w, a); /* and with the right ones it works */
    WORLD_WAIT(w, webrtc_peer_is_connected(a->peer));
    world_free(w);
}

static void assert_ended(const world *w, const world_caller *caller, cg_leg_end end)
{
    g_assert_cmpuint(world_count(w, caller, CG_LEG_EVENT_ENDED), ==, 1);
    g_assert_cmpstr(cg_leg_end_name(world_event(w, caller, CG_LEG_EVENT_ENDED)->end), ==, cg_leg_end_name(end));
}

static void test_wrong_fingerprint(void)
{
    world *w = world_new(NULL);
    world_caller *a = world_open(w, NULL);
    webrtc_peer_description(a->peer)->fingerprint.digest[31] ^= 1;
    world_describe(w, a);
    WORLD_WAIT(w, world_count(w, a, CG_LEG_EVENT_ENDED) == 1);
    assert_ended(w, a, CG_LEG_END_FINGERPRINT_MISMATCH);
    g_assert_cmpuint(world_count(w, a, CG_LEG_EVENT_CONNECTED), ==, 0);
    g_assert_cmpuint(world_stats(w).handshakes_failed, ==, 1);
    g_assert_cmpuint(world_logged(w, "leg.handshake_failed", a->leg), ==, 1);
    cg_bridge_leg_close(w->bridge, a->leg); /* a leg that is gone ignores what it is told */
    world_run(w, 30);
    g_assert_cmpuint(world_count(w, a, CG_LEG_EVENT_ENDED), ==, 1);
    world_free(w);
}

static void test_changed_fingerprint(void)
{
    world *w = world_new(NULL);
    world_caller *a = world_connect(w, NULL);
    world_describe_bridge(w, a);
    world_run(w, 20);
    g_assert_cmpuint(world_count(w, a, CG_LEG_EVENT_ENDED), ==, 0);
    webrtc_peer_description(a->peer)->fingerprint.digest[0] ^= 1;
    world_describe_bridge(w, a);
    WORLD_WAIT(w, world_count(w, a, CG_LEG_EVENT_ENDED) == 1);
    assert_ended(w, a, CG_LEG_END_FINGERPRINT_MISMATCH);
    world_free(w);
}

/* Every first octet, many lengths, from a known and from an unknown address. */
static void test_garbage(void)
{
    world *w = world_new(NULL);
    world_caller *a, *b;
    world_call(w, &a, &b);
    world_caller *stranger = world_open(w, NULL);
    webrtc_peer_set_checks(stranger->peer, false);
    world_describe(w, stranger);
    for (unsigned i = 0; i < 256; i++) {
        uint8_t bytes[1500];
        size_t size = i * 5 % sizeof bytes;
        for (size_t n = 0; n < size; n++)
            bytes[n] = (uint8_t) g_random_int();
        bytes[0] = (uint8_t) i;
        webrtc_peer_send_raw(a->peer, bytes, size);
        webrtc_peer_send_raw(stranger->peer, bytes, size);
        world_step(w, 0);
    }
    static const uint8_t huge[4000] = {0x80};
    webrtc_peer_send_raw(a->peer, huge, sizeof huge);
    for (uint16_t i = 1; i <= 10; i++)
        send_audio(w, a, i);
    WORLD_WAIT(w, b->packets->len == 10);
    g_assert_cmpuint(world_stats(w).dropped_malformed, >, 0);
    g_assert_cmpuint(world_stats(w).dropped_unknown_source, >=, 250);
    g_assert_cmpuint(world_stats(w).dropped_unauthenticated, >, 0);
    g_assert_cmpuint(webrtc_peer_get_counts(stranger->peer)->datagrams_received, ==, 0);
    g_assert_cmpuint(world_count(w, a, CG_LEG_EVENT_ENDED), ==, 0);
    world_free(w);
}

static void test_replay(void)
{
    world *w = world_new(NULL);
    world_caller *a, *b;
    uint8_t datagram[2048];
    world_call(w, &a, &b);
    webrtc_peer_packet packet = audio(1);
    size_t size = webrtc_peer_protect_rtp(a->peer, &packet, datagram);
    for (unsigned i = 0; i < 5; i++)
        webrtc_peer_send_raw(a->peer, datagram, size);
    send_audio(w, a, 2);
    WORLD_WAIT(w, b->packets->len == 2);
    g_assert_cmpuint(world_stats(w).dropped_replayed, ==, 4);
    datagram[size - 1] ^= 1;
    webrtc_peer_send_raw(a->peer, datagram, size);
    packet = audio(3);
    size = webrtc_peer_protect_rtp(a->peer, &packet, datagram);
    datagram[size - 12] ^= 1;
    webrtc_peer_send_raw(a->peer, datagram, size);
    send_audio(w, a, 4);
    WORLD_WAIT(w, b->packets->len == 3);
    g_assert_cmpuint(world_stats(w).dropped_unauthenticated, >=, 1);
    world_free(w);
}

static void test_media_before_keys(void)
{
    static const uint8_t rtp[60] = {0x80, 111, 0, 1}, rtcp[60] = {0x80, 201, 0, 1};
    world *w = world_new(NULL);
    world_caller *a = world_open(w, NULL);
    world_describe_peer(w, a); /* checks are answered, but there is no remote description yet: no handshake */
    WORLD_WAIT(w, webrtc_peer_get_counts(a->peer)->checks_answered > 0);
    webrtc_peer_send_raw(a->peer, rtp, sizeof rtp);
    webrtc_peer_send_raw(a->peer, rtcp, sizeof rtcp);
    WORLD_WAIT(w, world_stats(w).dropped_no_keys == 2);
    world_describe(w, a);
    WORLD_WAIT(w, webrtc_peer_is_connected(a->peer));
    world_free(w);
}

/* A forged DTLS alert, from an address that proved nothing and from one of another leg, does not reach a handshake. */
static void test_dtls_from_elsewhere(void)
{
    static const uint8_t alert[] = {21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 40};
    world *w = world_new(NULL);
    world_caller *other = world_connect(w, NULL), *stranger = world_open(w, NULL);
    webrtc_peer_set_checks(stranger->peer, false);
    world_describe(w, stranger);
    world_caller *a = world_open(w, NULL);
    world_describe(w, a);
    for (unsigned i = 0; !webrtc_peer_is_connected(a->peer); i++) {
        g_assert_cmpuint(i, <, 5000);
        webrtc_peer_send_raw(stranger->peer, alert, sizeof alert);
        webrtc_peer_send_raw(other->peer, alert, sizeof alert);
        world_step(w, 1);
    }
    WORLD_WAIT(w, world_count(w, a, CG_LEG_EVENT_CONNECTED) == 1);
    g_assert_cmpuint(world_stats(w).dropped_unknown_source, >, 0);
    cg_bridge_leg_stats(w->bridge, other->leg);
    WORLD_WAIT(w, world_count(w, other, CG_LEG_EVENT_STATS) == 1);
    g_assert_cmpuint(world_event(w, other, CG_LEG_EVENT_STATS)->stats.dropped_other, >, 0);
    g_assert_cmpuint(world_count(w, other, CG_LEG_EVENT_ENDED), ==, 0);
    world_free(w);
}

/* Media of one leg from the validated address of another finds the other's keys. */
static void test_media_from_elsewhere(void)
{
    world *w = world_new(NULL);
    world_caller *a, *b, *c = world_connect(w, NULL);
    uint8_t datagram[2048];
    world_call(w, &a, &b);
    webrtc_peer_packet packet = audio(1);
    size_t size = webrtc_peer_protect_rtp(a->peer, &packet, datagram);
    webrtc_peer_send_raw(c->peer, datagram, size);
    WORLD_WAIT(w, world_stats(w).dropped_unauthenticated == 1);
    g_assert_cmpuint(b->packets->len, ==, 0);
    cg_bridge_leg_stats(w->bridge, c->leg);
    WORLD_WAIT(w, world_count(w, c, CG_LEG_EVENT_STATS) == 1);
    g_assert_cmpuint(world_event(w, c, CG_LEG_EVENT_STATS)->stats.dropped_unauthenticated, ==, 1);
    world_free(w);
}

/* A path in live use stays with its leg, even if a valid check for another leg comes on it (whoever has a leg of his
 * own and writes a false source address could do that). */
static void test_path_theft(void)
{
    world *w = world_new(NULL);
    world_caller *a, *b;
    world_call(w, &a, &b);
    world_caller *thief = world_open(w, NULL);
    g_assert_cmpint(dup2(webrtc_peer_fd(a->peer), webrtc_peer_fd(thief->peer)), >=, 0); /* writes from a's address */
    cg_worker_stats before = world_stats(w);
    world_describe(w, thief);
    WORLD_WAIT(w, world_stats(w).stun_rejected >= before.stun_rejected + 3);
    g_assert_cmpuint(world_stats(w).handshakes_done, ==, 2);
    for (uint16_t i = 1; i <= 10; i++) {
        send_audio(w, a, i);
        send_audio(w, b, i);
    }
    WORLD_WAIT(w, b->packets->len == 10);
    world_free(w);
}

/* An alert from the validated address itself, forged or not: the pool decides whether it counts; the leg ends once,
 * by then or by the timeout. */
static void test_dtls_alert_from_peer(void)
{
    static const uint8_t alert[] = {21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 40};
    cg_bridge_config config = {.setup_timeout_ms = 700};
    world *w = world_new(&config);
    world_caller *a = world_open(w, &(webrtc_peer_config){.mute_dtls = true});
    world_describe(w, a);
    WORLD_WAIT(w, webrtc_peer_get_counts(a->peer)->checks_answered > 0);
    webrtc_peer_send_raw(a->peer, alert, sizeof alert);
    WORLD_WAIT(w, world_count(w, a, CG_LEG_EVENT_ENDED) == 1);
    cg_leg_end end = world_event(w, a, CG_LEG_EVENT_ENDED)->end;
    g_assert_true(end == CG_LEG_END_DTLS_FAILED || end == CG_LEG_END_DTLS_TIMEOUT);
    world_free(w);
}

/* A peer with keys that floods: what is beyond its budget does not reach the partner. */
static void test_flood(void)
{
    world *w = world_new(NULL);
    world_caller *a, *b;
    world_call(w, &a, &b);
    for (unsigned i = 1; i <= 4000; i++) {
        webrtc_peer_packet packet = audio((uint16_t) i);
        webrtc_peer_send_rtp(a->peer, &packet);
        if (i % 50 == 0)
            world_step(w, 1);
    }
    WORLD_WAIT(w, world_stats(w).packets_received + world_stats(w).dropped_too_many >= 3000);
    g_assert_cmpuint(world_stats(w).dropped_too_many, >, 500);
    g_assert_cmpuint(world_stats(w).packets_forwarded, >=, 1000);
    world_run(w, 50);
    unsigned before = b->packets->len;
    send_audio(w, a, 4001);
    WORLD_WAIT(w, b->packets->len == before + 1);
    world_free(w);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/bridge/hostile/wrong-integrity", test_wrong_integrity);
    g_test_add_func("/bridge/hostile/wrong-fingerprint", test_wrong_fingerprint);
    g_test_add_func("/bridge/hostile/changed-fingerprint", test_changed_fingerprint);
    g_test_add_func("/bridge/hostile/garbage", test_garbage);
    g_test_add_func("/bridge/hostile/replay", test_replay);
    g_test_add_func("/bridge/hostile/media-before-keys", test_media_before_keys);
    g_test_add_func("/bridge/hostile/dtls-from-elsewhere", test_dtls_from_elsewhere);
    g_test_add_func("/bridge/hostile/media-from-elsewhere", test_media_from_elsewhere);
    g_test_add_func("/bridge/hostile/path-theft", test_path_theft);
    g_test_add_func("/bridge/hostile/dtls-alert", test_dtls_alert_from_peer);
    g_test_add_func("/bridge/hostile/flood", test_flood);
    return g_test_run();
}
