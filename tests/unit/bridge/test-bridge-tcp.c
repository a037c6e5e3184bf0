/* Legs over TCP, from end to end: calls, connections that break and come back, peers that do not read, and those who
 * connect and say nothing or nonsense. */
#include "tests/unit/bridge/bridge_world.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const webrtc_peer_config over_tcp = {.tcp = true}, over_tcp6 = {.tcp = true, .address = "::1"};

static world *world_with_tcp(void)
{
    cg_bridge_config config = {.tcp_any_port = true, .workers = 2};
    return world_new(&config);
}

static void send_audio(world *w, world_caller *from, uint16_t sequence)
{
    static const uint8_t payload[400];
    webrtc_peer_packet packet = {.payload_type = 111,
                                 .sequence = sequence,
                                 .timestamp = sequence * 960u,
                                 .payload = payload,
                                 .payload_size = sizeof payload};
    g_assert_true(webrtc_peer_send_rtp(from->peer, &packet));
    world_step(w, 1);
}

static void assert_talk(world *w, world_caller *a, world_caller *b, uint16_t first)
{
    world_forget_packets(a);
    world_forget_packets(b);
    for (uint16_t i = 0; i < 20; i++) {
        send_audio(w, a, first + i);
        send_audio(w, b, first + i);
    }
    WORLD_WAIT(w, a->packets->len == 20 && b->packets->len == 20);
}

static uint64_t refused(const world *w, cg_tcp_refusal refusal)
{
    cg_tcp_stats stats;
    cg_bridge_tcp_stats(w->bridge, &stats);
    return stats.refused[refusal];
}

static uint64_t connections(const world *w)
{
    uint64_t count = 0;
    for (unsigned i = 0; i < cg_bridge_worker_count(w->bridge); i++) {
        cg_worker_stats stats;
        cg_bridge_worker_stats(w->bridge, i, &stats);
        count += stats.tcp_connections;
    }
    return count;
}

static void test_calls(void)
{
    static const struct {
        const webrtc_peer_config *a, *b;
    } cases[] = {{&over_tcp, &over_tcp}, {&over_tcp, NULL}, {NULL, &over_tcp6}, {&over_tcp6, &over_tcp}};
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        world *w = world_with_tcp();
        world_caller *a = world_connect(w, cases[i].a), *b = world_connect(w, cases[i].b);
        g_assert_cmpuint(connections(w), ==, (cases[i].a != NULL) + (cases[i].b != NULL));
        g_assert_true(g_str_has_suffix(world_event(w, b, CG_LEG_EVENT_CONNECTED)->peer, "/tcp") ==
                      (cases[i].b != NULL));
        cg_bridge_link(w->bridge, a->leg, b->leg);
        assert_talk(w, a, b, 1);
        cg_bridge_leg_send_digits(w->bridge, b->leg, "12");
        world_forget_packets(b);
        WORLD_WAIT(w, b->packets->len > 10);
        cg_bridge_leg_close(w->bridge, a->leg);
        cg_bridge_leg_close(w->bridge, b->leg);
        WORLD_WAIT(w, connections(w) == 0); /* they go with their legs */
        if (cases[i].a != NULL)
            WORLD_WAIT(w, webrtc_peer_is_closed(a->peer));
        world_free(w);
    }
}

static void ignore_event(const cg_leg_event *event, void *user)
{
}

static void test_port_taken(void)
{
    static const char *const loopback[] = {"127.0.0.1", NULL};
    world *w = world_with_tcp();
    size_t count;
    const cg_candidate *last = cg_bridge_candidates(w->bridge, 0, &count);
    last += count - 1;
    g_assert_true(last->tcp);
    cg_bridge_config config = {.addresses = loopback, .workers = 1};
    config.tcp_port = ntohs(((const struct sockaddr_in *) &last->address)->sin_port); /* as in sockaddr_in6 */
    g_autofree char *error = NULL;
    g_autofree char *expected =
        g_strdup_printf("media.tcp_port: cannot bind TCP port %u: %s", config.tcp_port, g_strerror(EADDRINUSE));
    g_assert_null(cg_bridge_new(&config, w->control, ignore_event, NULL, &error));
    g_assert_cmpstr(error, ==, expected);
    world_free(w);
}

/* The ufrag tells the acceptor which worker has the leg. */
static void test_other_worker(void)
{
    world *w = world_with_tcp();
    world_caller *a = world_open(w, &over_tcp);
    cg_bridge_leg_close(w->bridge, a->leg);
    a->leg = cg_bridge_leg_open(w->bridge, 1, CG_LEG_ANSWERS, &a->local);
    world_describe(w, a);
    WORLD_WAIT(w, world_count(w, a, CG_LEG_EVENT_CONNECTED) == 1 && webrtc_peer_is_connected(a->peer));
    g_assert_cmpuint(world_stats(w).tcp_connections, ==, 0);
    g_assert_cmpuint(connections(w), ==, 1);
    world_free(w);
}

static void test_restart(void)
{
    world *w = world_with_tcp();
    world_caller *a = world_connect(w, &over_tcp), *b = world_connect(w, &over_tcp);
    cg_bridge_link(w->bridge, a->leg, b->leg);
    webrtc_peer_restart_ice(a->peer);
    cg_bridge_leg_restart(w->bridge, a->leg, &a->local.ice);
    unsigned answered = webrtc_peer_get_counts(a->peer)->checks_answered;
    world_describe(w, a); /* on the connection that there is */
    WORLD_WAIT(w, webrtc_peer_get_counts(a->peer)->checks_answered > answered + 2);
    assert_talk(w, a, b, 1);
    g_assert_cmpuint(connections(w), ==, 2);
    world_free(w);
}

/* A connection that is cut in a call, by the peer or by what it says on it, takes its path with it, no more: the next
 * one carries on. */
static void test_cut_and_back(void)
{
    static const uint8_t too_long[] = {0xff, 0xff, 1, 2, 3};
    world *w = world_with_tcp();
    world_caller *a = world_connect(w, &over_tcp), *b = world_connect(w, NULL);
    cg_bridge_link(w->bridge, a->leg, b->leg);
    assert_talk(w, a, b, 1);
    webrtc_peer_move(a->peer);
    WORLD_WAIT(w, world_count(w, a, CG_LEG_EVENT_MOVED) == 1 && connections(w) == 1);
    assert_talk(w, a, b, 100);
    webrtc_peer_send_octets(a->peer, too_long, sizeof too_long);
    WORLD_WAIT(w, webrtc_peer_is_closed(a->peer) && connections(w) == 0);
    g_assert_cmpuint(world_stats(w).dropped_malformed, ==, 1);
    webrtc_peer_move(a->peer);
    WORLD_WAIT(w, world_count(w, a, CG_LEG_EVENT_MOVED) == 2);
    assert_talk(w, a, b, 200);
    g_assert_cmpuint(world_count(w, a, CG_LEG_EVENT_ENDED), ==, 0);
    world_free(w);
}

/* The connection is gone and nothing comes back: consent runs out, as with UDP. */
static void test_cut_for_good(void)
{
    cg_bridge_config config = {.tcp_any_port = true, .consent_warning_ms = 200, .consent_timeout_ms = 500};
    world *w = world_new(&config);
    world_caller *a = world_connect(w, &over_tcp);
    shutdown(webrtc_peer_fd(a->peer), SHUT_RDWR);
    WORLD_WAIT(w, connections(w) == 0 && world_count(w, a, CG_LEG_EVENT_ENDED) == 1);
    g_assert_cmpint(world_event(w, a, CG_LEG_EVENT_ENDED)->end, ==, CG_LEG_END_CONSENT_LOST);
    world_free(w);
}

/* What a peer does not read is dropped for it, and nobody else notices. Frames stay whole: what it reads later is in
 * order and authentic. */
static void test_never_reads(void)
{
    static const int small = 2048;
    world *w = world_with_tcp();
    world_caller *deaf = world_open(w, &over_tcp), *talker = world_connect(w, NULL);
    setsockopt(webrtc_peer_fd(deaf->peer), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    world_describe(w, deaf);
    WORLD_WAIT(w, webrtc_peer_is_connected(deaf->peer) && world_count(w, deaf, CG_LEG_EVENT_CONNECTED) == 1);
    cg_bridge_link(w->bridge, talker->leg, deaf->leg);
    webrtc_peer *kept = g_steal_pointer(&deaf->peer); /* the world does not read for it */
    uint16_t sequence = 0;
    while (world_stats(w).tcp_dropped < 50 && sequence < 3000)
        send_audio(w, talker, ++sequence);
    g_assert_cmpuint(world_stats(w).tcp_dropped, >=, 50);
    uint64_t answered = webrtc_peer_get_counts(talker->peer)->checks_answered;
    WORLD_WAIT(w, webrtc_peer_get_counts(talker->peer)->checks_answered > answered);
    deaf->peer = kept;
    WORLD_WAIT(w, deaf->packets->len > 50);
    uint64_t dropped = world_stats(w).tcp_dropped;
    unsigned before = deaf->packets->len;
    world_run(w, 50); /* the queue drains */
    send_audio(w, talker, ++sequence);
    WORLD_WAIT(w, deaf->packets->len > before);
    g_assert_cmpuint(webrtc_peer_get_counts(deaf->peer)->packets_refused, ==, 0);
    g_assert_cmpuint(world_stats(w).tcp_dropped, <=, dropped + 1);
    world_free(w);
}

/* --- strangers --- */

static int connect_stranger(const world *w)
{
    size_t count;
    const cg_candidate *candidates = cg_bridge_candidates(w->bridge, 0, &count);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    for (size_t i = 0; i < count; i++)
        if (candidates[i].tcp && candidates[i].address.ss_family == AF_INET) {
            g_assert_cmpint(connect(fd, (struct sockaddr *) &candidates[i].address, sizeof(struct sockaddr_in)), ==, 0);
            return fd;
        }
    g_error("no TCP candidate");
}

static bool is_closed(int fd)
{
    uint8_t octet;
    ssize_t size = recv(fd, &octet, 1, MSG_DONTWAIT);
    return size == 0 || (size < 0 && errno == ECONNRESET);
}

static void test_garbage(void)
{
    static const struct {
        const char *octets;
        size_t size;
    } cases[] = {
        {"GET / HTTP/1.1\r\nHost: example\r\n\r\n", 34},
        {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11}, /* TLS */
        {"\xff\xff", 2},
        {"\0\4\x80\x6f\0\1", 6}, /* RTP before any check */
        {"\0\x14\0\1\0\0\x21\x12\xa4\x42"
         "0123456789ab",
         22}, /* Binding without credentials */
        {"\0\x14\1\1\0\0\x21\x12\xa4\x42"
         "0123456789ab",
         22}, /* a response */
    };
    world *w = world_with_tcp();
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        int fd = connect_stranger(w);
        g_assert_cmpint(send(fd, cases[i].octets, cases[i].size, MSG_NOSIGNAL), ==, (ssize_t) cases[i].size);
        WORLD_WAIT(w, is_closed(fd));
        close(fd);
        WORLD_WAIT(w, refused(w, CG_TCP_REFUSED_MALFORMED) == i + 1);
    }
    world_connect(w, &over_tcp); /* others do not notice */
    world_free(w);
}

static void test_wrong_check(void)
{
    static const char *const ufrags[] = {"Bnobody0", "Anobody0", "/nobody0"}; /* workers 1, 0, 63: not there */
    world *w = world_with_tcp();
    for (unsigned i = 0; i < G_N_ELEMENTS(ufrags); i++) {
        world_caller *a = world_open(w, &over_tcp);
        g_strlcpy(a->local.ice.ufrag, ufrags[i], sizeof a->local.ice.ufrag);
        world_describe_peer(w, a);
        WORLD_WAIT(w, webrtc_peer_is_closed(a->peer) && refused(w, CG_TCP_REFUSED_CHECK) == i + 1);
        g_assert_cmpuint(webrtc_peer_get_counts(a->peer)->datagrams_received, ==, 0);
    }
    world_caller *a = world_open(w, &over_tcp);
    g_strlcpy(a->local.ice.pwd, "not-the-password-of-this-leg", sizeof a->local.ice.pwd);
    world_describe_peer(w, a);
    WORLD_WAIT(w, webrtc_peer_is_closed(a->peer) && refused(w, CG_TCP_REFUSED_CHECK) == G_N_ELEMENTS(ufrags) + 1);
    WORLD_WAIT(w, connections(w) == 0);
    world_free(w);
}

/* A check for another leg on a connection of this one is refused: a connection belongs to one leg. */
static void test_other_leg(void)
{
    world *w = world_with_tcp();
    world_caller *a = world_connect(w, &over_tcp), *b = world_connect(w, NULL), *other = world_open(w, NULL);
    cg_bridge_link(w->bridge, a->leg, b->leg);
    cg_media_description own = a->local;
    a->local.ice = other->local.ice;
    uint64_t rejected = world_stats(w).stun_rejected;
    world_describe_peer(w, a);
    WORLD_WAIT(w, world_stats(w).stun_rejected > rejected);
    a->local = own;
    world_describe_peer(w, a);
    assert_talk(w, a, b, 1);
    g_assert_cmpuint(connections(w), ==, 1);
    world_free(w);
}

/* Silent, or an octet now and then: both are over when the time is. */
static void test_slow(void)
{
    cg_bridge_config config = {.tcp_any_port = true, .tcp_claim_timeout_ms = 300};
    world *w = world_new(&config);
    int silent = connect_stranger(w), slow = connect_stranger(w), gone = connect_stranger(w);
    close(gone);
    WORLD_WAIT(w, refused(w, CG_TCP_REFUSED_CLOSED) == 1);
    static const uint8_t check[] = {0, 100, 0, 1, 0, 80, 0x21, 0x12, 0xa4, 0x42};
    for (unsigned i = 0; !is_closed(slow); i++) {
        send(slow, i < sizeof check ? check + i : (const uint8_t *) "", 1, MSG_NOSIGNAL);
        world_run(w, 20);
        g_assert_cmpuint(i, <, sizeof check + 90); /* the frame is never whole */
    }
    WORLD_WAIT(w, is_closed(silent));
    WORLD_WAIT(w, refused(w, CG_TCP_REFUSED_TIMEOUT) == 2);
    close(silent);
    close(slow);
    world_connect(w, &over_tcp);
    world_free(w);
}

static void test_one_address_has_a_limit(void)
{
    enum { MOST = 64 };
    cg_bridge_config config = {.tcp_any_port = true, .tcp_claim_timeout_ms = 1000};
    int fds[MOST + 1];
    world *w = world_new(&config);
    for (unsigned i = 0; i <= MOST; i++)
        fds[i] = connect_stranger(w);
    WORLD_WAIT(w, refused(w, CG_TCP_REFUSED_NETWORK) == 1);
    world_caller *late = world_open(w, &over_tcp);
    world_describe(w, late);
    WORLD_WAIT(w, webrtc_peer_is_closed(late->peer));
    WORLD_WAIT(w, refused(w, CG_TCP_REFUSED_TIMEOUT) == MOST);
    webrtc_peer_move(late->peer); /* it tries again, now that there is room */
    WORLD_WAIT(w, webrtc_peer_is_connected(late->peer));
    for (unsigned i = 0; i <= MOST; i++)
        close(fds[i]);
    world_free(w);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/bridge/tcp/calls", test_calls);
    g_test_add_func("/bridge/tcp/port-taken", test_port_taken);
    g_test_add_func("/bridge/tcp/other-worker", test_other_worker);
    g_test_add_func("/bridge/tcp/restart", test_restart);
    g_test_add_func("/bridge/tcp/cut-and-back", test_cut_and_back);
    g_test_add_func("/bridge/tcp/cut-for-good", test_cut_for_good);
    g_test_add_func("/bridge/tcp/never-reads", test_never_reads);
    g_test_add_func("/bridge/tcp/garbage", test_garbage);
    g_test_add_func("/bridge/tcp/wrong-check", test_wrong_check);
    g_test_add_func("/bridge/tcp/other-leg", test_other_leg);
    g_test_add_func("/bridge/tcp/slow", test_slow);
    g_test_add_func("/bridge/tcp/limit", test_one_address_has_a_limit);
    return g_test_run();
}
