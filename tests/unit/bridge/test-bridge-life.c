/* The life of legs: timeouts, consent, ICE restart, a peer that moves, RTCP, closing, many legs. */
#include "tests/unit/bridge/bridge_world.h"

#include "base/clock.h"

#include <string.h>

static void test_ice_timeout(void)
{
    cg_bridge_config config = {.setup_timeout_ms = 100};
    world *w = world_new(&config);
    world_caller *a = world_open(w, NULL);
    world_run(w, 150); /* a leg that waits for an answer has all the time */
    g_assert_cmpuint(world_count(w, a, CG_LEG_EVENT_ENDED), ==, 0);
    webrtc_peer_set_checks(a->peer, false);
    world_describe(w, a);
    WORLD_WAIT(w, world_count(w, a, CG_LEG_EVENT_ENDED) == 1);
    world_assert_ended(w, a, CG_LEG_END_ICE_TIMEOUT);
    world_free(w);
}

static void test_dtls_timeout(void)
{
    cg_bridge_config config = {.setup_timeout_ms = 300};
    world *w = world_new(&config);
    world_caller *a = world_open(w, &(webrtc_peer_config){.mute_dtls = true});
    world_describe(w, a);
    WORLD_WAIT(w, world_count(w, a, CG_LEG_EVENT_ENDED) == 1);
    world_assert_ended(w, a, CG_LEG_END_DTLS_TIMEOUT);
    world_free(w);
}

static void test_consent(void)
{
    /* Long enough for a busy machine, on which this thread may stand still for a while. */
    cg_bridge_config config = {.consent_warning_ms = 800, .consent_timeout_ms = 2500};
    world *w = world_new(&config);
    world_caller *a = world_connect(w, &(webrtc_peer_config){.check_interval_ms = 50});
    world_run(w, 1000);
    g_assert_cmpuint(world_count(w, a, CG_LEG_EVENT_INTERRUPTED), ==, 0);
    webrtc_peer_set_checks(a->peer, false);
    WORLD_WAIT(w, world_count(w, a, CG_LEG_EVENT_INTERRUPTED) == 1);
    webrtc_peer_set_checks(a->peer, true);
    WORLD_WAIT(w, world_count(w, a, CG_LEG_EVENT_RECOVERED) == 1);
    webrtc_peer_set_checks(a->peer, false);
    for (uint16_t i = 0; i < 100; i++) { /* media is a sign of life as well */
        world_send_audio(w, a, i, 1);
        world_run(w, 10);
    }
    g_assert_cmpuint(world_count(w, a, CG_LEG_EVENT_INTERRUPTED), ==, 1);
    WORLD_WAIT(w, world_count(w, a, CG_LEG_EVENT_ENDED) == 1);
    g_assert_cmpuint(world_count(w, a, CG_LEG_EVENT_INTERRUPTED), ==, 2);
    world_assert_ended(w, a, CG_LEG_END_CONSENT_LOST);
    world_free(w);
}

/* Firefox's checks carry USE-CANDIDATE only while it nominates; some stacks never do. */
static void test_without_nomination(void)
{
    world *w = world_new(NULL);
    world_caller *a = world_connect(w, &(webrtc_peer_config){.nominate_once = true, .check_interval_ms = 20});
    world_caller *b = world_connect(w, &(webrtc_peer_config){.never_nominate = true, .check_interval_ms = 20});
    cg_bridge_link(w->bridge, a->leg, b->leg);
    world_send_audio(w, a, 1, 10);
    world_send_audio(w, b, 1, 10);
    WORLD_WAIT(w, a->packets->len == 10 && b->packets->len == 10);
    g_assert_cmpuint(world_count(w, a, CG_LEG_EVENT_MOVED), ==, 0);
    world_free(w);
}

static void test_checks_before_description(void)
{
    world *w = world_new(NULL);
    world_caller *a = world_open(w, NULL);
    world_describe_peer(w, a);
    WORLD_WAIT(w, webrtc_peer_get_counts(a->peer)->checks_answered >= 3);
    g_assert_false(webrtc_peer_is_connected(a->peer));
    webrtc_peer_set_checks(a->peer, false); /* those that came must do */
    world_describe(w, a);
    WORLD_WAIT(w, world_count(w, a, CG_LEG_EVENT_CONNECTED) == 1);
    world_free(w);
}

static void test_move(void)
{
    world *w = world_new(NULL);
    world_caller *a, *b;
    world_call(w, &a, &b);
    world_send_audio(w, b, 1, 5);
    WORLD_WAIT(w, a->packets->len == 5);
    g_autofree char *before = g_strdup(world_event(w, a, CG_LEG_EVENT_CONNECTED)->peer);
    webrtc_peer_move(a->peer);
    WORLD_WAIT(w, world_count(w, a, CG_LEG_EVENT_MOVED) == 1);
    g_assert_cmpstr(world_event(w, a, CG_LEG_EVENT_MOVED)->peer, !=, before);
    world_send_audio(w, b, 6, 5);
    world_send_audio(w, a, 1, 5);
    WORLD_WAIT(w, a->packets->len == 10 && b->packets->len == 5);
    world_free(w);
}

/* A peer that does not nominate anew is followed once the old address is silent and its media comes from the new. */
static void test_move_without_nomination(void)
{
    world *w = world_new(NULL);
    world_caller *a = world_connect(w, &(webrtc_peer_config){.never_nominate = true});
    world_caller *b = world_connect(w, NULL);
    cg_bridge_link(w->bridge, a->leg, b->leg);
    webrtc_peer_move(a->peer);
    WORLD_WAIT(w, webrtc_peer_is_connected(a->peer));
    for (uint16_t i = 0; world_count(w, a, CG_LEG_EVENT_MOVED) == 0; i++) {
        g_assert_cmpuint(i, <, 500);
        world_send_audio(w, a, i, 1);
        world_run(w, 10);
    }
    world_forget_packets(a);
    world_send_audio(w, b, 1, 5);
    WORLD_WAIT(w, a->packets->len == 5);
    world_free(w);
}

static void test_ice_restart(void)
{
    world *w = world_new(NULL);
    world_caller *a, *b;
    world_call(w, &a, &b);
    cg_ice_credentials old = a->local.ice;
    cg_bridge_leg_restart(w->bridge, a->leg, &a->local.ice);
    g_assert_cmpstr(a->local.ice.ufrag, !=, old.ufrag);
    /* Until the peer has heard of it, its checks with the old credentials are answered. */
    unsigned answered = webrtc_peer_get_counts(a->peer)->checks_answered;
    WORLD_WAIT(w, webrtc_peer_get_counts(a->peer)->checks_answered >= answered + 2);
    webrtc_peer_restart_ice(a->peer);
    webrtc_peer_move(a->peer);
    world_describe_peer(w, a);
    world_describe_bridge(w, a);
    WORLD_WAIT(w, world_count(w, a, CG_LEG_EVENT_MOVED) == 1);
    world_send_audio(w, a, 1, 5);
    world_send_audio(w, b, 1, 5);
    WORLD_WAIT(w, a->packets->len == 5 && b->packets->len == 5);
    /* The old ones are worth nothing now. */
    uint64_t rejected = world_stats(w).stun_rejected;
    cg_ice_credentials fresh = a->local.ice;
    a->local.ice = old;
    world_describe_peer(w, a);
    WORLD_WAIT(w, world_stats(w).stun_rejected >= rejected + 2);
    a->local.ice = fresh;
    world_describe_peer(w, a);
    answered = webrtc_peer_get_counts(a->peer)->checks_answered;
    WORLD_WAIT(w, webrtc_peer_get_counts(a->peer)->checks_answered > answered);
    g_assert_cmpuint(world_count(w, a, CG_LEG_EVENT_CONNECTED), ==, 1);
    world_free(w);
}

static const cg_rtcp_report *last_report(const world_caller *caller)
{
    g_assert_cmpuint(caller->reports->len, >, 0);
    return &g_array_index(caller->reports, cg_rtcp_report, caller->reports->len - 1);
}

/* Closing says BYE with the last figures: what was sent, and what was lost on the way here. */
static void test_reports_and_bye(void)
{
    world *w = world_new(NULL);
    world_caller *a, *b;
    world_call(w, &a, &b);
    world_send_audio(w, a, 1, 10);
    world_send_audio(w, a, 15, 6); /* 11 to 14 are lost */
    WORLD_WAIT(w, b->packets->len == 16);
    cg_rtcp_report sent = {.ssrc = webrtc_peer_description(b->peer)->ssrc,
                           .has_block = true,
                           .block = {.ssrc = b->local.ssrc, .cumulative_lost = 4, .jitter = 480}};
    webrtc_peer_send_rtcp(b->peer, &sent);
    WORLD_WAIT(w, world_stats(w).packets_received == 17); /* what is asked meanwhile may be done first */
    cg_bridge_leg_close(w->bridge, a->leg);
    WORLD_WAIT(w, world_count(w, a, CG_LEG_EVENT_ENDED) == 1 && a->reports->len > 0);
    world_assert_ended(w, a, CG_LEG_END_CLOSED);
    const cg_rtcp_report *report = last_report(a);
    g_assert_true(report->bye);
    g_assert_cmphex(report->ssrc, ==, a->local.ssrc);
    const cg_leg_stats *stats = &world_event(w, a, CG_LEG_EVENT_ENDED)->stats;
    g_assert_cmpuint(stats->packets_received, ==, 16);
    g_assert_cmpuint(stats->packets_lost, ==, 4);
    g_assert_cmpuint(stats->handshake_us, >, 0);
    g_assert_cmpuint(world_stats(w).packets_lost, ==, 4);
    cg_bridge_leg_close(w->bridge, b->leg);
    WORLD_WAIT(w, world_count(w, b, CG_LEG_EVENT_ENDED) == 1 && b->reports->len > 0);
    report = last_report(b);
    g_assert_true(report->bye && report->has_sender_info);
    g_assert_cmpuint(report->packets, ==, 16);
    g_assert_cmpuint(report->octets, ==, 16 * 40);
    stats = &world_event(w, b, CG_LEG_EVENT_ENDED)->stats;
    g_assert_cmpuint(stats->packets_sent, ==, 16);
    g_assert_cmpuint(stats->packets_lost_remote, ==, 4);
    g_assert_cmpuint(stats->jitter_remote_us, ==, 10000);
    world_free(w);
}

/* The regular reports come within 1.25 to 7.5 s; a peer that answers them tells us the round trip. */
static void test_regular_reports(void)
{
    world *w = world_new(NULL);
    world_caller *a, *b;
    world_call(w, &a, &b);
    uint16_t sequence = 1;
    for (; a->reports->len == 0; sequence++) {
        g_assert_cmpuint(sequence, <, 1000);
        world_send_audio(w, b, sequence, 1);
        world_send_audio(w, a, sequence, 1);
        world_run(w, 8);
    }
    const cg_rtcp_report *report = last_report(a);
    g_assert_true(report->has_sender_info && report->has_block && !report->bye);
    g_assert_cmphex(report->block.ssrc, ==, webrtc_peer_description(a->peer)->ssrc);
    g_assert_cmpuint(report->block.highest & 0xffff, >, 10);
    cg_rtcp_report answer = {
        .ssrc = webrtc_peer_description(a->peer)->ssrc,
        .has_block = true,
        .block = {.ssrc = a->local.ssrc, .last_sender_report = (uint32_t) (report->ntp >> 16), .delay = 0}};
    webrtc_peer_send_rtcp(a->peer, &answer);
    cg_bridge_leg_stats(w->bridge, a->leg);
    WORLD_WAIT(w, world_count(w, a, CG_LEG_EVENT_STATS) == 1);
    for (unsigned i = 2; world_event(w, a, CG_LEG_EVENT_STATS)->stats.round_trip_us == 0; i++) {
        g_assert_cmpuint(i, <, 100);
        cg_bridge_leg_stats(w->bridge, a->leg);
        WORLD_WAIT(w, world_count(w, a, CG_LEG_EVENT_STATS) == i);
    }
    g_assert_cmpuint(world_event(w, a, CG_LEG_EVENT_STATS)->stats.round_trip_us, <, 5000000);
    world_free(w);
}

static void test_no_room(void)
{
    cg_bridge_config config = {.max_legs = 2};
    world *w = world_new(&config);
    cg_media_description local;
    world_caller *a = world_open(w, NULL), *b = world_open(w, NULL);
    g_assert_cmpuint(cg_bridge_leg_open(w->bridge, 0, CG_LEG_ANSWERS, &local), ==, 0);
    cg_leg_id gone = a->leg;
    world_close(w, a);
    a = world_open(w, NULL);
    g_assert_cmpuint(a->leg, !=, gone);
    cg_bridge_leg_close(w->bridge, gone); /* the id of a leg that is gone means nobody, not who has its place */
    cg_bridge_link(w->bridge, gone, b->leg);
    world_describe(w, a);
    WORLD_WAIT(w, webrtc_peer_is_connected(a->peer));
    g_assert_cmpuint(world_count(w, a, CG_LEG_EVENT_ENDED), ==, 0);
    world_free(w);
}

static void close_in_every_state(world *w, unsigned round)
{
    world_caller *a = world_open(w, NULL);
    cg_leg_id leg = a->leg;
    if (round % 5 >= 1)
        world_describe(w, a);
    if (round % 5 == 2)
        WORLD_WAIT(w, webrtc_peer_get_counts(a->peer)->checks_answered > 0); /* in the handshake */
    if (round % 5 >= 3)
        WORLD_WAIT(w, webrtc_peer_is_connected(a->peer));
    if (round % 5 == 4) {
        cg_bridge_leg_send_digits(w->bridge, leg, "123");
        cg_bridge_link(w->bridge, leg, 0);
    }
    cg_bridge_leg_close(w->bridge, leg);
    world_close(w, a); /* closed twice, ended once */
    for (unsigned i = 0, ended = 0; i < w->events->len; i++) {
        const cg_leg_event *event = &g_array_index(w->events, cg_leg_event, i);
        ended += event->leg == leg && event->kind == CG_LEG_EVENT_ENDED;
        g_assert_cmpuint(ended, <=, 1);
    }
    g_array_set_size(w->events, 0);
}

/* Memory after 1,000 legs is where it was after the first hundred. */
static void test_thousand_legs(void)
{
    world *w = world_new(NULL);
    size_t early = 0;
    for (unsigned i = 0; i < 1000; i++) {
        close_in_every_state(w, i);
        if (i == 100)
            early = world_memory();
    }
    world_run(w, 50);
    world_assert_memory(early);
    g_assert_cmpuint(world_stats(w).legs, ==, 0);
    g_assert_cmpuint(cg_bridge_handshake_queue_depth(w->bridge), ==, 0);
    world_free(w);
}

/* Freed in the middle of everything: no event comes afterwards. */
static void test_free_while_busy(void)
{
    for (unsigned i = 0; i < 20; i++) {
        world *w = world_new(NULL);
        world_caller *a = world_open(w, NULL), *b = world_open(w, NULL);
        world_describe(w, a);
        world_describe(w, b);
        for (unsigned n = 0; n < i; n++)
            world_step(w, 1);
        cg_bridge_free(w->bridge);
        w->bridge = NULL;
        unsigned events = w->events->len;
        cg_mailbox_deliver(w->control, NULL);
        g_assert_cmpuint(w->events->len, ==, events);
        world_free(w);
    }
}

static void test_configuration_errors(void)
{
    static const char *const wrong[] = {"127.0.0.1", "localhost", NULL}, *const foreign[] = {"192.0.2.1", NULL};
    cg_mailbox *control = cg_mailbox_new();
    const cg_bridge_config bad[] = {
        {.addresses = wrong}, {.addresses = foreign}, {.advertise = wrong}, {.udp_port = 65535, .workers = 2}};
    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *error = NULL;
        g_assert_null(cg_bridge_new(&bad[i], control, NULL, NULL, &error));
        g_assert_nonnull(error);
        g_test_message("%s", error);
    }
    cg_mailbox_free(control);
}

static unsigned admit(world *w)
{
    unsigned worker;
    g_assert_cmpint(cg_bridge_admit(w->bridge, CG_ANY_WORKER, &worker), ==, CG_ADMISSION_GRANTED);
    return worker;
}

/* A new call goes where the fewest legs are; workers have ports of their own. */
static void test_workers(void)
{
    cg_bridge_config config = {.workers = 2};
    world *w = world_new(&config);
    cg_media_description local;
    size_t count[2];
    const cg_candidate *candidates[2];
    g_assert_cmpuint(cg_bridge_worker_count(w->bridge), ==, 2);
    for (unsigned i = 0; i < 2; i++)
        candidates[i] = cg_bridge_candidates(w->bridge, i, &count[i]);
    g_assert_cmpuint(count[0], ==, count[1]);
    g_assert_cmpuint(((struct sockaddr_in *) &candidates[0][count[0] - 1].address)->sin_port, !=,
                     ((struct sockaddr_in *) &candidates[1][count[1] - 1].address)->sin_port);
    world_caller *a = world_open(w, NULL);
    g_assert_cmpuint(admit(w), ==, 1);
    g_assert_cmpuint(cg_bridge_leg_open(w->bridge, 1, CG_LEG_ANSWERS, &local), !=, 0);
    g_assert_cmpuint(cg_bridge_leg_open(w->bridge, 1, CG_LEG_ANSWERS, &local), !=, 0);
    g_assert_cmpuint(admit(w), ==, 0);
    world_close(w, a);
    g_assert_cmpuint(world_stats(w).legs, ==, 0);
    world_free(w);
}

/* Load that is expected of a pair and not measured yet. */
static double pending(world *w)
{
    double expected, measured = cg_bridge_worker_load(w->bridge, 0, &expected);
    return expected - measured;
}

static bool measures(world *w)
{
    double expected;
    cg_bridge_tick(w->bridge, g_get_monotonic_time());
    return cg_bridge_worker_load(w->bridge, 0, &expected) > 0;
}

static bool settles(world *w, double before)
{
    return measures(w) && pending(w) < before / 2;
}

/* The worker answers what it is asked; a leg that is expected counts until it is measured, or gone. */
static void test_load(void)
{
    world *w = world_new(&(cg_bridge_config){.load_limit_percent = 80});
    world_caller *a = world_open(w, NULL), *b = world_open(w, NULL);
    g_assert_cmpfloat(pending(w), ==, 0);
    cg_bridge_leg_expect(w->bridge, a->leg);
    cg_bridge_leg_expect(w->bridge, b->leg);
    double both = pending(w);
    g_assert_cmpfloat(both, >, 0);
    world_close(w, b);
    g_assert_cmpfloat_with_epsilon(pending(w), both / 2, 1e-9);
    WORLD_WAIT(w, measures(w));
    g_assert_cmpfloat_with_epsilon(pending(w), both / 2, 1e-9);
    world_describe(w, a);
    WORLD_WAIT(w, settles(w, both / 2));
    g_assert_cmpuint(world_count(w, a, CG_LEG_EVENT_CONNECTED), ==, 1);
    world_close(w, a);
    g_assert_cmpfloat(pending(w), ==, 0);
    world_free(w);
}

int main(int argc, char **argv)
{
    world_init_tests(&argc, &argv);
    g_test_add_func("/bridge/life/ice-timeout", test_ice_timeout);
    g_test_add_func("/bridge/life/dtls-timeout", test_dtls_timeout);
    g_test_add_func("/bridge/life/load", test_load);
    g_test_add_func("/bridge/life/consent", test_consent);
    g_test_add_func("/bridge/life/without-nomination", test_without_nomination);
    g_test_add_func("/bridge/life/checks-before-description", test_checks_before_description);
    g_test_add_func("/bridge/life/move", test_move);
    g_test_add_func("/bridge/life/move-without-nomination", test_move_without_nomination);
    g_test_add_func("/bridge/life/ice-restart", test_ice_restart);
    g_test_add_func("/bridge/life/reports-and-bye", test_reports_and_bye);
    g_test_add_func("/bridge/life/regular-reports", test_regular_reports);
    g_test_add_func("/bridge/life/no-room", test_no_room);
    g_test_add_func("/bridge/life/workers", test_workers);
    g_test_add_func("/bridge/life/thousand-legs", test_thousand_legs);
    g_test_add_func("/bridge/life/free-while-busy", test_free_while_busy);
    g_test_add_func("/bridge/life/configuration-errors", test_configuration_errors);
    return g_test_run();
}
