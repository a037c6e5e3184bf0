/* The loop that drives bridge events and peers, and the book in which they are kept. */
#include "tests/unit/bridge/bridge_world.h"

#include "base/clock.h"
#include "base/log.h"

#include <inttypes.h>
#include <malloc.h>
#include <poll.h>
#include <string.h>

static void on_event(const cg_leg_event *event, void *user)
{
    world *w = user;
    g_array_append_val(w->events, *event);
}

static void on_log_line(const char *line, void *user)
{
    world *w = user;
    g_assert_true(g_thread_self() == w->thread); /* a worker must not wait for the log */
    g_ptr_array_add(w->log, g_strdup(line));
}

unsigned world_logged(const world *w, const char *event, cg_leg_id leg)
{
    g_autofree char *head = g_strdup_printf(" %s media=%" PRIu64 " ", event, leg);
    unsigned count = 0;
    for (unsigned i = 0; i < w->log->len; i++)
        count += strstr(w->log->pdata[i], head) != NULL;
    return count;
}

world *world_new(const cg_bridge_config *config)
{
    static const char *const loopback[] = {"127.0.0.1", "::1", NULL};
    g_autofree char *error = NULL;
    cg_bridge_config used = config != NULL ? *config : (cg_bridge_config){0};
    if (used.workers == 0)
        used.workers = 1;
    if (used.addresses == NULL)
        used.addresses = loopback;
    world *w = g_new0(world, 1);
    webrtc_peer_global_init();
    w->events = g_array_new(FALSE, TRUE, sizeof(cg_leg_event));
    w->log = g_ptr_array_new_with_free_func(g_free);
    w->thread = g_thread_self();
    cg_log_set_sink(on_log_line, w);
    w->control = cg_mailbox_new();
    w->identity = peer_identity_new();
    w->bridge = cg_bridge_new(&used, w->control, on_event, w, &error);
    if (w->bridge == NULL)
        g_error("no bridge: %s", error);
    return w;
}

static void clear_caller(world_caller *caller)
{
    if (caller->peer == NULL)
        return;
    webrtc_peer_free(caller->peer);
    g_array_unref(caller->packets);
    g_array_unref(caller->reports);
    *caller = (world_caller){0};
}

void world_free(world *w)
{
    cg_bridge_free(w->bridge);
    for (unsigned i = 0; i < WORLD_MAX_CALLERS; i++)
        clear_caller(&w->callers[i]);
    cg_mailbox_free(w->control);
    peer_identity_free(w->identity);
    g_array_unref(w->events);
    cg_log_set_sink(NULL, NULL);
    g_ptr_array_unref(w->log);
    g_free(w);
}

void world_step(world *w, int ms)
{
    struct pollfd fds[WORLD_MAX_CALLERS + 1] = {{.fd = cg_mailbox_fd(w->control), .events = POLLIN}};
    unsigned count = 1;
    int64_t now_us = cg_clock_monotonic_us();
    for (unsigned i = 0; i < WORLD_MAX_CALLERS; i++) {
        if (w->callers[i].peer == NULL)
            continue;
        webrtc_peer_tick(w->callers[i].peer, now_us);
        fds[count++] = (struct pollfd){.fd = webrtc_peer_fd(w->callers[i].peer), .events = POLLIN};
    }
    poll(fds, count, ms);
    cg_mailbox_deliver(w->control, NULL);
    for (unsigned i = 0; i < WORLD_MAX_CALLERS; i++)
        if (w->callers[i].peer != NULL)
            webrtc_peer_receive(w->callers[i].peer, cg_clock_monotonic_us());
}

void world_run(world *w, int ms)
{
    int64_t end_us = g_get_monotonic_time() + ms * INT64_C(1000);
    while (g_get_monotonic_time() < end_us)
        world_step(w, 2);
}

static void on_rtp(webrtc_peer *peer, const cg_rtp_header *header, const uint8_t *data, void *user)
{
    world_caller *caller = user;
    world_packet packet = {.header = *header, .size = header->payload_offset + header->payload_size};
    g_assert_cmpuint(packet.size, <=, sizeof packet.data);
    memcpy(packet.data, data, packet.size);
    g_array_append_val(caller->packets, packet);
}

static void on_rtcp(webrtc_peer *peer, const cg_rtcp_report *report, void *user)
{
    world_caller *caller = user;
    g_array_append_val(caller->reports, *report);
}

world_caller *world_open(world *w, const webrtc_peer_config *config)
{
    world_caller *caller = w->callers;
    while (caller->peer != NULL)
        caller++;
    g_assert(caller < w->callers + WORLD_MAX_CALLERS);
    webrtc_peer_config used = config != NULL ? *config : (webrtc_peer_config){0};
    if (used.address == NULL)
        used.address = "127.0.0.1";
    if (used.check_interval_ms == 0)
        used.check_interval_ms = 100;
    used.identity = w->identity;
    used.on_rtp = on_rtp;
    used.on_rtcp = on_rtcp;
    used.user = caller;
    caller->peer = webrtc_peer_new(&used);
    caller->packets = g_array_new(FALSE, TRUE, sizeof(world_packet));
    caller->reports = g_array_new(FALSE, TRUE, sizeof(cg_rtcp_report));
    caller->leg = cg_bridge_leg_open(w->bridge, 0, used.controlled ? CG_LEG_OFFERS : CG_LEG_ANSWERS, &caller->local);
    g_assert_cmpuint(caller->leg, !=, 0);
    return caller;
}

static int family_of(const webrtc_peer *peer)
{
    struct sockaddr_storage own;
    socklen_t size = sizeof own;
    g_assert(getsockname(webrtc_peer_fd(peer), (struct sockaddr *) &own, &size) == 0);
    return own.ss_family;
}

static bool is_over_tcp(const webrtc_peer *peer)
{
    int type;
    socklen_t size = sizeof type;
    g_assert(getsockopt(webrtc_peer_fd(peer), SOL_SOCKET, SO_TYPE, &type, &size) == 0);
    return type == SOCK_STREAM;
}

const cg_candidate *world_candidate(const world *w, const world_caller *caller, cg_candidate_type type)
{
    int family = family_of(caller->peer);
    for (unsigned i = 0; i < w->events->len; i++) {
        const cg_leg_event *event = &g_array_index(w->events, cg_leg_event, i);
        if (event->leg == caller->leg && event->kind == CG_LEG_EVENT_CANDIDATE && event->candidate.type == type &&
            event->candidate.address.ss_family == family)
            return &event->candidate;
    }
    return NULL;
}

static struct sockaddr_storage gateway_address(world *w, const world_caller *caller)
{
    size_t count;
    const cg_candidate *candidates = cg_bridge_candidates(w->bridge, 0, &count);
    int family = family_of(caller->peer);
    bool tcp = is_over_tcp(caller->peer);
    if (cg_bridge_ice(w->bridge) == CG_ICE_FULL) {
        WORLD_WAIT(w, world_candidate(w, caller, CG_CANDIDATE_HOST) != NULL);
        return world_candidate(w, caller, CG_CANDIDATE_HOST)->address;
    }
    for (size_t i = 0; i < count; i++)
        if (candidates[i].address.ss_family == family && candidates[i].tcp == tcp)
            return candidates[i].address;
    g_error("the bridge has no candidate of that kind");
}

void world_describe_bridge(world *w, world_caller *caller)
{
    cg_bridge_leg_connect(w->bridge, caller->leg, &caller->local, webrtc_peer_description(caller->peer));
}

void world_describe_peer(world *w, world_caller *caller)
{
    struct sockaddr_storage address = gateway_address(w, caller);
    webrtc_peer_set_remote(caller->peer, &caller->local, &address);
}

void world_describe(world *w, world_caller *caller)
{
    const cg_media_description *peer = webrtc_peer_description(caller->peer);
    memcpy(caller->local.formats, peer->formats, sizeof peer->formats);
    caller->local.format_count = peer->format_count;
    memcpy(caller->local.extensions, peer->extensions, sizeof peer->extensions);
    caller->local.direction = CG_DIRECTION_SENDRECV;
    world_describe_bridge(w, caller);
    world_describe_peer(w, caller);
}

world_caller *world_connect(world *w, const webrtc_peer_config *config)
{
    world_caller *caller = world_open(w, config);
    world_describe(w, caller);
    WORLD_WAIT(w, webrtc_peer_is_connected(caller->peer) && world_count(w, caller, CG_LEG_EVENT_CONNECTED) == 1);
    return caller;
}

void world_call(world *w, world_caller **ret_a, world_caller **ret_b)
{
    *ret_a = world_connect(w, NULL);
    *ret_b = world_connect(w, NULL);
    cg_bridge_link(w->bridge, (*ret_a)->leg, (*ret_b)->leg);
}

void world_send_audio(world *w, world_caller *from, uint16_t sequence, unsigned count)
{
    static const uint8_t payload[40];
    for (unsigned i = 0; i < count; i++) {
        webrtc_peer_packet packet = {.payload_type = 111,
                                     .sequence = (uint16_t) (sequence + i),
                                     .timestamp = (sequence + i) * 960u,
                                     .payload = payload,
                                     .payload_size = sizeof payload};
        g_assert_true(webrtc_peer_send_rtp(from->peer, &packet));
        world_step(w, 1);
    }
}

void world_assert_ended(const world *w, const world_caller *caller, cg_leg_end end)
{
    g_assert_cmpuint(world_count(w, caller, CG_LEG_EVENT_ENDED), ==, 1);
    g_assert_cmpstr(cg_leg_end_name(world_event(w, caller, CG_LEG_EVENT_ENDED)->end), ==, cg_leg_end_name(end));
}

void world_close(world *w, world_caller *caller)
{
    cg_bridge_leg_close(w->bridge, caller->leg);
    WORLD_WAIT(w, world_count(w, caller, CG_LEG_EVENT_ENDED) == 1);
    clear_caller(caller);
}

unsigned world_count(const world *w, const world_caller *caller, cg_leg_event_kind kind)
{
    unsigned count = 0;
    for (unsigned i = 0; i < w->events->len; i++) {
        const cg_leg_event *event = &g_array_index(w->events, cg_leg_event, i);
        count += event->leg == caller->leg && event->kind == kind;
    }
    return count;
}

const cg_leg_event *world_event(const world *w, const world_caller *caller, cg_leg_event_kind kind)
{
    for (unsigned i = w->events->len; i > 0; i--) {
        const cg_leg_event *event = &g_array_index(w->events, cg_leg_event, i - 1);
        if (event->leg == caller->leg && event->kind == kind)
            return event;
    }
    g_error("no such event");
}

char *world_digits(const world *w, const world_caller *caller)
{
    GString *digits = g_string_new(NULL);
    for (unsigned i = 0; i < w->events->len; i++) {
        const cg_leg_event *event = &g_array_index(w->events, cg_leg_event, i);
        if (event->leg == caller->leg && event->kind == CG_LEG_EVENT_DIGIT)
            g_string_append_c(digits, event->digit);
    }
    return g_string_free(digits, FALSE);
}

const world_packet *world_packet_at(const world_caller *caller, unsigned index)
{
    g_assert_cmpuint(index, <, caller->packets->len);
    return &g_array_index(caller->packets, world_packet, index);
}

void world_forget_packets(world_caller *caller)
{
    g_array_set_size(caller->packets, 0);
}

cg_worker_stats world_stats(const world *w)
{
    cg_worker_stats stats;
    cg_bridge_worker_stats(w->bridge, 0, &stats);
    return stats;
}

void world_init_tests(int *argc, char ***argv)
{
    mallopt(M_ARENA_MAX, 1); /* so that mallinfo2 sees the worker's memory as well */
    g_test_init(argc, argv, NULL);
}

size_t world_memory(void)
{
    return mallinfo2().uordblks;
}

void world_assert_memory(size_t early)
{
    size_t late = world_memory();
    g_test_message("%zu bytes in use, %zu before", late, early);
    if (late > 0) /* 0 under AddressSanitizer, whose own leak check then decides */
        g_assert_cmpuint(late, <, early + 200000);
}
