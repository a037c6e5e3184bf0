/* The bridge as the control thread sees it: its workers, how it begins and ends. Legs are in bridge_legs.c. */
#include "bridge/bridge.h"

#include "base/clock.h"
#include "bridge/bridge_internal.h"
#include "bridge/bridge_ports.h"
#include "bridge/bridge_stats.h"
#include "bridge/worker/admission.h"
#include "bridge/worker/worker_load.h"
#include "bridge/worker/worker_mail.h"
#include "bridge/worker/worker_tcp.h"

#include <string.h>

enum {
    DEFAULT_MAX_LEGS = 4096,
    DEFAULT_HANDSHAKE_QUEUE = 1024,
    DEFAULT_SETUP_MS = 15000,
    DEFAULT_WARNING_MS = 10000,
    DEFAULT_CONSENT_MS = 30000,
    DEFAULT_TCP_CLAIM_MS = 5000,
    DEFAULT_GATHER_MS = 1000,
    DEFAULT_RTP_TIMEOUT_MS = 60000,
    DEFAULT_RTP_PORT_MIN = 20000,
    DEFAULT_RTP_PORT_MAX = 29999,
};

const char *cg_leg_end_name(cg_leg_end end)
{
    static const char *const names[] = {
        [CG_LEG_END_NONE] = "none",
        [CG_LEG_END_CLOSED] = "closed",
        [CG_LEG_END_ICE_TIMEOUT] = "ice_timeout",
        [CG_LEG_END_DTLS_TIMEOUT] = "dtls_timeout",
        [CG_LEG_END_DTLS_FAILED] = "dtls_failed",
        [CG_LEG_END_FINGERPRINT_MISMATCH] = "fingerprint_mismatch",
        [CG_LEG_END_CONSENT_LOST] = "consent_lost",
        [CG_LEG_END_MEDIA_TIMEOUT] = "media_timeout",
        [CG_LEG_END_SRTP_FAILED] = "srtp_failed",
    };
    g_assert((unsigned) end < G_N_ELEMENTS(names));
    return names[end];
}

void cg_bridge_cname(uint32_t ssrc, char ret_cname[static CG_CNAME_SIZE])
{
    g_snprintf(ret_cname, CG_CNAME_SIZE, "cg-%08x", ssrc);
}

static void on_event(const cg_leg_event *event, void *user)
{
    cg_bridge *bridge = user;
    cg_bridge_note_event(bridge, event);
    bridge->on_event(event, bridge->user); /* may free the bridge */
}

static unsigned or_default(unsigned value, unsigned fallback)
{
    return value != 0 ? value : fallback;
}

static void add_candidates(const cg_bridge *bridge, cg_bridge_worker *to)
{
    uint16_t ipv4_port = to->worker->ipv4 != NULL ? cg_udp_port(to->worker->ipv4) : 0;
    uint16_t ipv6_port = to->worker->ipv6 != NULL ? cg_udp_port(to->worker->ipv6) : 0;
    size_t count = cg_addresses_candidates(&bridge->addresses, false, ipv4_port, ipv6_port, to->candidates);
    if (bridge->acceptor != NULL)
        count += cg_addresses_candidates(&bridge->addresses, true, cg_tcp_acceptor_port(bridge->acceptor, AF_INET),
                                         cg_tcp_acceptor_port(bridge->acceptor, AF_INET6), to->candidates + count);
    to->candidate_count = count;
}

static bool add_worker(cg_bridge *bridge, const cg_bridge_config *config, unsigned index, char **ret_error)
{
    cg_bridge_worker *added = &bridge->workers[index];
    cg_worker_config worker_config = {
        .index = index,
        .max_legs = or_default(config->max_legs, DEFAULT_MAX_LEGS),
        .setup_timeout_us = (int64_t) or_default(config->setup_timeout_ms, DEFAULT_SETUP_MS) * 1000,
        .consent_warning_us = (int64_t) or_default(config->consent_warning_ms, DEFAULT_WARNING_MS) * 1000,
        .consent_timeout_us = (int64_t) or_default(config->consent_timeout_ms, DEFAULT_CONSENT_MS) * 1000,
        .rtp_timeout_us = (int64_t) or_default(config->rtp_timeout_ms, DEFAULT_RTP_TIMEOUT_MS) * 1000,
        .rtp_latch_window_us = (int64_t) config->rtp_latch_window_ms * 1000,
        .addresses = &bridge->addresses,
        .port = config->udp_port == 0 ? 0 : (uint16_t) (config->udp_port + index),
        .tcp = bridge->acceptor != NULL,
        .servers = config->ice == CG_ICE_FULL ? &bridge->servers : NULL,
        .gather_timeout_us = (int64_t) or_default(config->gather_timeout_ms, DEFAULT_GATHER_MS) * 1000,
        .events = bridge->events,
    };
    added->worker = cg_worker_new(&worker_config, ret_error);
    if (added->worker == NULL)
        return false;
    bridge->worker_count++;
    added->generations = g_new0(uint32_t, worker_config.max_legs);
    added->expectations = g_new0(uint8_t, worker_config.max_legs);
    added->room.max_legs = worker_config.max_legs;
    cg_load_init(&added->room.load, config->load_limit_percent);
    added->free_slots = g_queue_new();
    for (unsigned slot = 0; slot < worker_config.max_legs; slot++)
        g_queue_push_tail(added->free_slots, GUINT_TO_POINTER(slot));
    add_candidates(bridge, added);
    return true;
}

static unsigned workers_wanted(const cg_bridge_config *config)
{
    return MIN(or_default(config->workers, g_get_num_processors()), CG_MAX_WORKERS);
}

static bool check(const cg_bridge_config *config, cg_addresses *ret_addresses, cg_ice_servers *ret_servers,
                  char **ret_error)
{
    unsigned wanted = workers_wanted(config);
    if (config->ice == CG_ICE_LITE && config->udp_port != 0 && config->udp_port + wanted - 1 > UINT16_MAX) {
        *ret_error = g_strdup_printf("%u workers have no room above UDP port %u", wanted, config->udp_port);
        return false;
    }
    return cg_ice_servers_read(&config->servers, ret_servers, ret_error) &&
           cg_addresses_read(config->addresses, config->advertise, ret_addresses, ret_error);
}

bool cg_bridge_check(const cg_bridge_config *config, char **ret_error)
{
    cg_addresses addresses;
    cg_ice_servers servers;
    cg_rtp_host rtp;
    return check(config, &addresses, &servers, ret_error) &&
           cg_rtp_host_init(&rtp, config->rtp_addresses, &addresses, ret_error);
}

static void hand_over(unsigned worker, cg_tcp_connection *connection, unsigned place, void *user)
{
    cg_bridge *bridge = user;
    cg_worker_post_connection(bridge->workers[worker].worker, connection, bridge->acceptor, place);
}

static bool add_acceptor(cg_bridge *bridge, const cg_bridge_config *config, char **ret_error)
{
    if (config->tcp_port == 0 && !config->tcp_any_port)
        return true;
    cg_tcp_acceptor_config acceptor_config = {
        .addresses = &bridge->addresses,
        .port = config->tcp_port,
        .worker_count = workers_wanted(config),
        .claim_timeout_us = (int64_t) or_default(config->tcp_claim_timeout_ms, DEFAULT_TCP_CLAIM_MS) * 1000,
        .events = bridge->events,
        .hand_over = hand_over,
        .user = bridge,
    };
    bridge->acceptor = cg_tcp_acceptor_new(&acceptor_config, ret_error);
    return bridge->acceptor != NULL;
}

static bool add_workers(cg_bridge *bridge, const cg_bridge_config *config, char **ret_error)
{
    for (unsigned i = 0; i < workers_wanted(config); i++)
        if (!add_worker(bridge, config, i, ret_error))
            return false;
    return true;
}

static bool add_pool(cg_bridge *bridge, const cg_bridge_config *config, char **ret_error)
{
    if (!cg_srtp_global_init()) {
        *ret_error = g_strdup("libsrtp cannot be initialised");
        return false;
    }
    cg_dtls_pool_config pool_config = {
        .threads = or_default(config->handshake_threads, 1),
        .queue_limit = or_default(config->handshake_queue, DEFAULT_HANDSHAKE_QUEUE),
        .timeout_ms = or_default(config->setup_timeout_ms, DEFAULT_SETUP_MS),
        .on_event = cg_worker_dtls_event,
    };
    bridge->handshake_limit = pool_config.queue_limit;
    bridge->pool = cg_dtls_pool_new(&pool_config, ret_error);
    return bridge->pool != NULL;
}

cg_bridge *cg_bridge_new(const cg_bridge_config *config, cg_mailbox *control,
                         void (*handler)(const cg_leg_event *event, void *user), void *user, char **ret_error)
{
    cg_bridge *bridge = g_new0(cg_bridge, 1);
    bridge->on_event = handler;
    bridge->user = user;
    bridge->events = cg_events_new(control, on_event, bridge);
    bridge->ice = config->ice;
    bridge->rtp.port_min = (uint16_t) or_default(config->rtp_port_min, DEFAULT_RTP_PORT_MIN);
    bridge->rtp.port_max = (uint16_t) or_default(config->rtp_port_max, DEFAULT_RTP_PORT_MAX);
    if (!check(config, &bridge->addresses, &bridge->servers, ret_error) ||
        !cg_rtp_host_init(&bridge->rtp, config->rtp_addresses, &bridge->addresses, ret_error) ||
        !add_acceptor(bridge, config, ret_error) || !add_workers(bridge, config, ret_error) ||
        !add_pool(bridge, config, ret_error)) {
        cg_bridge_free(bridge);
        return NULL;
    }
    for (unsigned i = 0; i < bridge->worker_count; i++)
        cg_worker_start(bridge->workers[i].worker, bridge->pool);
    if (bridge->acceptor != NULL)
        cg_tcp_acceptor_start(bridge->acceptor);
    return bridge;
}

/* The acceptor stops first, since it posts to workers' mailboxes; then the workers, since they ask the pool and settle
 * with the acceptor; then the pool, since it posts to their mailboxes; then all of it goes. */
void cg_bridge_free(cg_bridge *bridge)
{
    if (bridge == NULL)
        return;
    cg_tcp_acceptor_stop(bridge->acceptor);
    for (unsigned i = 0; i < bridge->worker_count; i++)
        cg_worker_stop(bridge->workers[i].worker);
    if (bridge->pool != NULL)
        cg_dtls_pool_free(bridge->pool);
    for (unsigned i = 0; i < bridge->worker_count; i++) {
        cg_worker_free(bridge->workers[i].worker);
        g_free(bridge->workers[i].generations);
        g_free(bridge->workers[i].expectations);
        g_queue_free(bridge->workers[i].free_slots);
    }
    cg_tcp_acceptor_free(bridge->acceptor);
    cg_events_close(bridge->events);
    g_free(bridge);
}

cg_admission cg_bridge_admit(const cg_bridge *bridge, unsigned near, unsigned *ret_worker)
{
    const cg_worker_room *rooms[CG_MAX_WORKERS];
    for (unsigned i = 0; i < bridge->worker_count; i++)
        rooms[i] = &bridge->workers[i].room;
    cg_handshake_room handshakes = {(unsigned) cg_dtls_pool_depth(bridge->pool), bridge->handshake_limit};
    return cg_admission_choose(rooms, bridge->worker_count, handshakes, cg_clock_monotonic_us(), near, ret_worker);
}

void cg_bridge_tick(cg_bridge *bridge, int64_t now_us)
{
    for (unsigned i = 0; i < bridge->worker_count; i++)
        cg_worker_measure(bridge->workers[i].worker, &bridge->workers[i].room.load, now_us);
}

const cg_rtp_host *cg_bridge_rtp_host(const cg_bridge *bridge)
{
    return &bridge->rtp;
}

cg_ice_mode cg_bridge_ice(const cg_bridge *bridge)
{
    return bridge->ice;
}

const cg_candidate *cg_bridge_candidates(const cg_bridge *bridge, unsigned worker, size_t *ret_count)
{
    g_assert(worker < bridge->worker_count);
    *ret_count = bridge->workers[worker].candidate_count;
    return bridge->workers[worker].candidates;
}

const cg_addresses *cg_bridge_addresses(const cg_bridge *bridge)
{
    return &bridge->addresses;
}

uint16_t cg_bridge_udp_port(const cg_bridge *bridge, unsigned worker)
{
    g_assert(worker < bridge->worker_count);
    const cg_worker *of = bridge->workers[worker].worker;
    const cg_udp *udp = of->ipv4 != NULL ? of->ipv4 : of->ipv6;
    return udp != NULL ? cg_udp_port(udp) : 0;
}

uint16_t cg_bridge_tcp_port(const cg_bridge *bridge)
{
    uint16_t port = bridge->acceptor != NULL ? cg_tcp_acceptor_port(bridge->acceptor, AF_INET) : 0;
    return port != 0 || bridge->acceptor == NULL ? port : cg_tcp_acceptor_port(bridge->acceptor, AF_INET6);
}

unsigned cg_bridge_worker_count(const cg_bridge *bridge)
{
    return bridge->worker_count;
}

void cg_bridge_worker_stats(const cg_bridge *bridge, unsigned worker, cg_worker_stats *ret_stats)
{
    g_assert(worker < bridge->worker_count);
    cg_worker *read = bridge->workers[worker].worker;
    cg_worker_counters_read(&read->counters, ret_stats);
    ret_stats->mailbox_depth = cg_mailbox_depth(read->mailbox);
}

double cg_bridge_worker_load(const cg_bridge *bridge, unsigned worker, double *ret_expected)
{
    g_assert(worker < bridge->worker_count);
    const cg_load *load = &bridge->workers[worker].room.load;
    *ret_expected = cg_load_expected(load);
    return cg_load_measured(load);
}

void cg_bridge_tcp_stats(const cg_bridge *bridge, cg_tcp_stats *ret_stats)
{
    *ret_stats = (cg_tcp_stats){0};
    if (bridge->acceptor != NULL)
        cg_tcp_acceptor_read_stats(bridge->acceptor, ret_stats);
}

size_t cg_bridge_handshake_queue_depth(const cg_bridge *bridge)
{
    return cg_dtls_pool_depth(bridge->pool);
}
