/* Legs with a full ICE agent each: they connect in both roles, carry media, restart, lose their peers and give back all
 * that they took. The agents' servers are real ones in the browser tests; here there is a silent one at the most. */
#include "tests/unit/bridge/bridge_world.h"

#include <dirent.h>
#include <string.h>
#include <unistd.h>

static world *new_world(cg_bridge_config config)
{
    config.ice = CG_ICE_FULL;
    return world_new(&config);
}

/* One peer controls, the other leaves that to us; one is reached over IPv4, the other over IPv6. */
static void test_call(void)
{
    world *w = new_world((cg_bridge_config){0});
    world_caller *a = world_connect(w, NULL);
    world_caller *b = world_connect(w, &(webrtc_peer_config){.address = "::1", .controlled = true});
    cg_bridge_link(w->bridge, a->leg, b->leg);
    world_send_audio(w, a, 1, 50);
    world_send_audio(w, b, 1, 50);
    WORLD_WAIT(w, a->packets->len == 50 && b->packets->len == 50);
    g_assert_cmphex(world_packet_at(a, 0)->header.ssrc, ==, a->local.ssrc);
    g_assert_true(g_str_has_prefix(world_event(w, a, CG_LEG_EVENT_CONNECTED)->peer, "127.0.0.1:"));
    g_assert_true(g_str_has_prefix(world_event(w, b, CG_LEG_EVENT_CONNECTED)->peer, "[::1]:"));
    g_assert_cmpuint(world_count(w, a, CG_LEG_EVENT_MOVED), ==, 0);
    cg_bridge_leg_send_digits(w->bridge, b->leg, "1"); /* packets of our own making */
    WORLD_WAIT(w, b->packets->len > 50);
    world_close(w, a);
    g_assert_cmpuint(world_event(w, b, CG_LEG_EVENT_CONNECTED)->stats.handshake_us, >, 0);
    world_close(w, b);
    g_assert_cmpuint(world_stats(w).packets_forwarded, ==, 100);
    g_assert_cmpuint(world_stats(w).send_failures, ==, 0);
    world_free(w);
}

static unsigned port_of(const cg_candidate *candidate)
{
    return ntohs(((const struct sockaddr_in *) &candidate->address)->sin_port);
}

/* Without servers a leg's candidates are its hosts', from the ports given, and all there at once. */
static void test_gathering(void)
{
    world *w = new_world((cg_bridge_config){.servers.agent_ports = "47000-47009"});
    world_caller *a = world_open(w, NULL);
    WORLD_WAIT(w, world_count(w, a, CG_LEG_EVENT_GATHERED) == 1);
    g_assert_cmpuint(world_count(w, a, CG_LEG_EVENT_CANDIDATE), ==, 2); /* 127.0.0.1 and ::1 */
    const cg_candidate *candidate = world_candidate(w, a, CG_CANDIDATE_HOST);
    g_assert_cmpuint(port_of(candidate), >=, 47000);
    g_assert_cmpuint(port_of(candidate), <=, 47009);
    g_assert_cmpuint(candidate->priority >> 24, >, 0);
    g_assert_cmpstr(candidate->foundation, !=, "");
    size_t count;
    cg_bridge_candidates(w->bridge, 0, &count);
    g_assert_cmpuint(count, ==, 0); /* there is no socket of the worker's */
    world_free(w);
}

/* All ports taken: the leg says so and ends as one that nobody reaches. */
static void test_no_port(void)
{
    world *w = new_world((cg_bridge_config){.servers.agent_ports = "47020-47020", .setup_timeout_ms = 100});
    world_caller *a = world_open(w, NULL), *b = world_open(w, NULL);
    WORLD_WAIT(w, world_count(w, a, CG_LEG_EVENT_GATHERED) == 1 && world_count(w, b, CG_LEG_EVENT_GATHERED) == 1);
    g_assert_nonnull(world_candidate(w, a, CG_CANDIDATE_HOST));
    world_describe_bridge(w, b);
    WORLD_WAIT(w, world_count(w, b, CG_LEG_EVENT_ENDED) == 1);
    world_assert_ended(w, b, CG_LEG_END_ICE_TIMEOUT);
    world_free(w);
}

/* A socket that takes everything and answers nothing; "127.0.0.1:PORT". */
static char *silent_server(int *ret_fd)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    *ret_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    g_assert(bind(*ret_fd, (struct sockaddr *) &address, size) == 0);
    g_assert(getsockname(*ret_fd, (struct sockaddr *) &address, &size) == 0);
    return g_strdup_printf("127.0.0.1:%u", ntohs(address.sin_port));
}

/* Servers that do not answer delay nothing but what they would have added, and closing does not wait for them. */
static void test_silent_servers(void)
{
    int stun_fd, turn_fd;
    g_autofree char *stun = silent_server(&stun_fd), *turn = silent_server(&turn_fd);
    g_autofree char *uri = g_strconcat("turn:", turn, NULL);
    world *w = new_world((cg_bridge_config){
        .servers = {.stun_server = stun, .turn_servers = (const char *const[]){uri, NULL}, .turn_secret = "secret"},
        .gather_timeout_ms = 50});
    world_caller *a = world_connect(w, NULL);
    WORLD_WAIT(w, world_count(w, a, CG_LEG_EVENT_GATHER_LATE) == 1);
    g_assert_cmpuint(world_count(w, a, CG_LEG_EVENT_GATHERED), ==, 0);
    world_caller *b = world_open(w, NULL);
    for (unsigned i = 0; i < 20; i++) { /* at every moment of the lookup that libnice makes first */
        for (unsigned n = 0; n < i; n++)
            world_step(w, 0);
        world_close(w, b);
        b = world_open(w, NULL);
    }
    world_close(w, a);
    world_free(w);
    close(stun_fd);
    close(turn_fd);
}

static void test_ice_restart(void)
{
    world *w = new_world((cg_bridge_config){0});
    world_caller *a, *b;
    world_call(w, &a, &b);
    world_send_audio(w, a, 1, 5);
    WORLD_WAIT(w, b->packets->len == 5);
    g_autofree char *before = g_strdup(world_event(w, a, CG_LEG_EVENT_CONNECTED)->peer);
    webrtc_peer_move(a->peer);
    webrtc_peer_restart_ice(a->peer);
    cg_bridge_leg_restart(w->bridge, a->leg, &a->local.ice);
    world_describe_bridge(w, a);
    world_describe_peer(w, a);
    WORLD_WAIT(w, world_count(w, a, CG_LEG_EVENT_MOVED) == 1);
    g_assert_cmpstr(world_event(w, a, CG_LEG_EVENT_MOVED)->peer, !=, before);
    world_send_audio(w, a, 6, 5);
    world_send_audio(w, b, 1, 5);
    WORLD_WAIT(w, a->packets->len == 5 && b->packets->len == 10);
    g_assert_cmpuint(world_count(w, a, CG_LEG_EVENT_CONNECTED), ==, 1);
    world_free(w);
}

/* The pair in use serves while a restart goes nowhere: a failed one is no end. */
static void test_restart_in_vain(void)
{
    world *w = new_world((cg_bridge_config){0});
    world_caller *a, *b;
    world_call(w, &a, &b);
    webrtc_peer_set_checks(a->peer, false);
    cg_bridge_leg_restart(w->bridge, a->leg, &a->local.ice);
    webrtc_peer_restart_ice(a->peer);
    world_describe_bridge(w, a);
    for (uint16_t i = 1; i <= 50; i++) {
        world_send_audio(w, a, i, 1);
        world_send_audio(w, b, i, 1);
    }
    WORLD_WAIT(w, a->packets->len == 50 && b->packets->len == 50);
    g_assert_cmpuint(world_count(w, a, CG_LEG_EVENT_ENDED), ==, 0);
    world_free(w);
}

/* The peer of the leg answers nothing where the leg now looks for it. */
static void restart_towards_nobody(world *w, world_caller *caller)
{
    cg_candidate nowhere = {.priority = 1, .foundation = "1"};
    struct sockaddr_in *in4 = (struct sockaddr_in *) &nowhere.address;
    *in4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(9)};
    webrtc_peer_set_checks(caller->peer, false);
    webrtc_peer_restart_ice(caller->peer);
    cg_bridge_leg_restart(w->bridge, caller->leg, &caller->local.ice);
    world_describe_bridge(w, caller);
    cg_bridge_leg_add_candidate(w->bridge, caller->leg, &nowhere);
}

/* Silence is told of where there should be sound, and is the end when checks are not answered either. */
static void test_consent(void)
{
    world *w = new_world((cg_bridge_config){.consent_warning_ms = 500, .consent_timeout_ms = 1000});
    world_caller *a, *b;
    world_call(w, &a, &b);
    webrtc_peer_description(b->peer)->direction = CG_DIRECTION_RECVONLY;
    world_describe_bridge(w, b);
    WORLD_WAIT(w, world_count(w, a, CG_LEG_EVENT_INTERRUPTED) == 1);
    world_send_audio(w, a, 1, 1);
    WORLD_WAIT(w, world_count(w, a, CG_LEG_EVENT_RECOVERED) == 1);
    WORLD_WAIT(w, world_count(w, a, CG_LEG_EVENT_INTERRUPTED) == 2);
    world_run(w, 1500);
    g_assert_cmpuint(world_count(w, a, CG_LEG_EVENT_ENDED) + world_count(w, b, CG_LEG_EVENT_ENDED), ==, 0);
    g_assert_cmpuint(world_count(w, b, CG_LEG_EVENT_INTERRUPTED), ==, 0);
    restart_towards_nobody(w, a);
    WORLD_WAIT(w, world_count(w, a, CG_LEG_EVENT_ENDED) == 1);
    g_assert_cmpuint(world_logged(w, "leg.ice_failed", a->leg), ==, 1);
    world_assert_ended(w, a, CG_LEG_END_CONSENT_LOST);
    world_free(w);
}

static void test_timeouts(void)
{
    world *w = new_world((cg_bridge_config){.setup_timeout_ms = 300});
    world_caller *a = world_open(w, NULL), *b = world_open(w, &(webrtc_peer_config){.mute_dtls = true});
    webrtc_peer_set_checks(a->peer, false);
    world_describe(w, a);
    world_describe(w, b);
    WORLD_WAIT(w, world_count(w, a, CG_LEG_EVENT_ENDED) == 1 && world_count(w, b, CG_LEG_EVENT_ENDED) == 1);
    world_assert_ended(w, a, CG_LEG_END_ICE_TIMEOUT);
    world_assert_ended(w, b, CG_LEG_END_DTLS_TIMEOUT);
    world_free(w);
}

/* The peer checks nothing before it is checked: only its candidate says where it is. It may come before the
 * description, and those of other credentials, or too many, do no harm. */
static void test_remote_candidates(void)
{
    world *w = new_world((cg_bridge_config){0});
    for (unsigned early = 0; early < 2; early++) {
        world_caller *a = world_open(w, &(webrtc_peer_config){.controlled = true, .check_interval_ms = 60000});
        cg_candidate candidate = {.priority = 1000, .foundation = "1"}, other = candidate;
        socklen_t size = sizeof candidate.address;
        g_assert(getsockname(webrtc_peer_fd(a->peer), (struct sockaddr *) &candidate.address, &size) == 0);
        other.address = candidate.address;
        g_strlcpy(other.ufrag, "other", sizeof other.ufrag);
        if (!early) {
            webrtc_peer_set_checks(a->peer, false);
            world_describe(w, a);
            world_run(w, 100);
            webrtc_peer_set_checks(a->peer, true);
        }
        cg_bridge_leg_add_candidate(w->bridge, a->leg, &other);
        cg_bridge_leg_add_candidate(w->bridge, a->leg, &candidate);
        for (unsigned i = 0; i < 2 * CG_ICE_MAX_REMOTE_CANDIDATES; i++) {
            ((struct sockaddr_in *) &other.address)->sin_port = htons((uint16_t) (20000 + i));
            cg_bridge_leg_add_candidate(w->bridge, a->leg, &other);
        }
        if (early)
            world_describe(w, a);
        WORLD_WAIT(w, world_count(w, a, CG_LEG_EVENT_CONNECTED) == 1);
        world_close(w, a);
    }
    world_free(w);
}

static unsigned open_descriptors(void)
{
    unsigned count = 0;
    DIR *directory = opendir("/proc/self/fd");
    while (readdir(directory) != NULL)
        count++;
    closedir(directory);
    return count;
}

static void close_in_every_state(world *w, unsigned round)
{
    world_caller *a = world_open(w, NULL);
    if (round % 4 >= 1)
        world_describe(w, a);
    if (round % 4 == 2)
        WORLD_WAIT(w, webrtc_peer_get_counts(a->peer)->checks_answered > 0); /* in the handshake */
    if (round % 4 == 3)
        WORLD_WAIT(w, webrtc_peer_is_connected(a->peer));
    cg_bridge_leg_close(w->bridge, a->leg);
    world_close(w, a);
    g_array_set_size(w->events, 0);
}

/* Memory and descriptors after 300 legs are where they were after the first. */
static void test_many_legs(void)
{
    world *w = new_world((cg_bridge_config){0});
    size_t early = 0;
    unsigned descriptors = UINT_MAX;
    for (unsigned i = 0; i < 300; i++) {
        close_in_every_state(w, i);
        if (i == 100)
            early = world_memory();
        descriptors = MIN(descriptors, open_descriptors());
    }
    WORLD_WAIT(w, open_descriptors() <= descriptors);
    world_assert_memory(early);
    g_assert_cmpuint(world_stats(w).legs, ==, 0);
    world_free(w);
}

/* Freed in the middle of everything: no event comes afterwards. */
static void test_free_while_busy(void)
{
    for (unsigned i = 0; i < 10; i++) {
        world *w = new_world((cg_bridge_config){0});
        world_caller *a = world_open(w, NULL), *b = world_open(w, NULL);
        world_describe(w, a);
        world_describe(w, b);
        for (unsigned n = 0; n < 2 * i; n++)
            world_step(w, 1);
        cg_bridge_free(w->bridge);
        w->bridge = NULL;
        unsigned events = w->events->len;
        cg_mailbox_deliver(w->control, NULL);
        g_assert_cmpuint(w->events->len, ==, events);
        world_free(w);
    }
}

int main(int argc, char **argv)
{
    world_init_tests(&argc, &argv);
    g_test_add_func("/bridge/full/call", test_call);
    g_test_add_func("/bridge/full/gathering", test_gathering);
    g_test_add_func("/bridge/full/no-port", test_no_port);
    g_test_add_func("/bridge/full/silent-servers", test_silent_servers);
    g_test_add_func("/bridge/full/ice-restart", test_ice_restart);
    g_test_add_func("/bridge/full/restart-in-vain", test_restart_in_vain);
    g_test_add_func("/bridge/full/consent", test_consent);
    g_test_add_func("/bridge/full/timeouts", test_timeouts);
    g_test_add_func("/bridge/full/remote-candidates", test_remote_candidates);
    g_test_add_func("/bridge/full/many-legs", test_many_legs);
    g_test_add_func("/bridge/full/free-while-busy", test_free_while_busy);
    return g_test_run();
}
