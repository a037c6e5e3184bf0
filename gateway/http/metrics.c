/* Printing what the modules count. Nothing is counted here. */
#include "gateway/http/metrics.h"

#include "base/log.h"
#include "bridge/bridge_stats.h"
#include "gateway/http/metric.h"

#define GAUGE "gauge"
#define COUNTER "counter"

static void describe(GString *page, const char *name, const char *type, const char *help)
{
    g_autofree char *whole = g_strconcat("callgate_", name, NULL);
    cg_metric_describe(page, whole, type, help);
}

static void single(GString *page, const char *name, const char *type, const char *help, uint64_t value)
{
    describe(page, name, type, help);
    g_string_append_printf(page, "callgate_%s %" G_GUINT64_FORMAT "\n", name, value);
}

/* Microseconds as seconds, in Prometheus' base unit. */
static void seconds(GString *page, const char *name, const char *labels, uint64_t microseconds)
{
    char number[G_ASCII_DTOSTR_BUF_SIZE];
    g_ascii_formatd(number, sizeof number, "%.6f", (double) microseconds / 1e6);
    g_string_append_printf(page, "callgate_%s%s %s\n", name, labels, number);
}

static void print_sessions(GString *page, const cg_gateway *gateway)
{
    static const char *const reasons[] = {"origin",  "ip_limit", "account_limit", "token",
                                          "message", "rate",     "slow",          "draining"};
    cg_server_stats stats;
    cg_server_stats_read(gateway->server, &stats);
    single(page, "sessions", GAUGE, "Client sessions, attached or waiting to be resumed.", stats.sessions);
    single(page, "registered_clients", GAUGE, "Clients registered for incoming calls.",
           cg_presence_count(gateway->presence));
    single(page, "websockets", GAUGE, "Open WebSockets.", stats.sockets);
    single(page, "websockets_total", COUNTER, "WebSockets opened.", stats.sockets_total);
    single(page, "messages_received_total", COUNTER, "Client messages.", stats.messages_in_total);
    single(page, "messages_sent_total", COUNTER, "Messages to clients.", stats.messages_out_total);
    single(page, "heartbeat_timeouts_total", COUNTER, "Sockets that went silent.", stats.heartbeat_timeouts_total);
    single(page, "resumes_total", COUNTER, "Sessions resumed on a new socket.", stats.resumes_total);
    single(page, "resume_failures_total", COUNTER, "Resumes that had to start anew.", stats.resume_failures_total);
    single(page, "send_queue_bytes", GAUGE, "Bytes waiting to be sent to clients.", stats.send_queue_bytes);
    describe(page, "rejected_total", COUNTER, "Connections refused or closed, by reason.");
    for (size_t i = 0; i < G_N_ELEMENTS(reasons); i++)
        g_string_append_printf(page, "callgate_rejected_total{reason=\"%s\"} %" G_GUINT64_FORMAT "\n", reasons[i],
                               stats.rejected_total[i]);
}

static void print_calls(GString *page, const cg_gateway *gateway)
{
    static const char *const states[CG_CALL_STATE_COUNT] = {"ringing", "in-progress", "ended"};
    describe(page, "calls", GAUGE, "Calls by state; ended ones wait for their media to close.");
    for (cg_call_state state = 0; state < CG_CALL_STATE_COUNT; state++)
        g_string_append_printf(page, "callgate_calls{state=\"%s\"} %zu\n", states[state],
                               cg_calls_count_state(gateway->calls, state));
    single(page, "calls_created_total", COUNTER, "Calls placed.", gateway->calls->created_total);
    single(page, "calls_translated_total", COUNTER, "Calls answered between parties without a common codec.",
           gateway->calls->translated_total);
    describe(page, "calls_ended_total", COUNTER, "Calls ended, by reason.");
    for (cg_call_end end = CG_CALL_END_NONE + 1; end < CG_CALL_END_COUNT; end++)
        g_string_append_printf(page, "callgate_calls_ended_total{reason=\"%s\"} %" G_GUINT64_FORMAT "\n",
                               cg_call_end_get_info(end)->name, gateway->calls->ended_total[end]);
    describe(page, "calls_refused_total", COUNTER, "Calls refused for want of room, by reason.");
    for (cg_admission reason = CG_ADMISSION_GRANTED + 1; reason < CG_ADMISSION_COUNT; reason++)
        g_string_append_printf(page, "callgate_calls_refused_total{reason=\"%s\"} %" G_GUINT64_FORMAT "\n",
                               cg_admission_name(reason), gateway->calls->refused_total[reason]);
}

static void add_worker(cg_worker_stats *sum, const cg_worker_stats *one)
{
    /* Every member is a uint64_t, and all of them add up but the lag, of which the worst counts. */
    G_STATIC_ASSERT(sizeof *sum % sizeof(uint64_t) == 0);
    uint64_t lag = MAX(sum->loop_lag_us, one->loop_lag_us);
    uint64_t *to = (uint64_t *) sum;
    const uint64_t *from = (const uint64_t *) one;
    for (size_t i = 0; i < sizeof *sum / sizeof *to; i++)
        to[i] += from[i];
    sum->loop_lag_us = lag;
}

static void print_drops(GString *page, const cg_worker_stats *sum)
{
    const struct {
        const char *reason;
        uint64_t count;
    } drops[] = {
        {"unknown_source", sum->dropped_unknown_source},
        {"unauthenticated", sum->dropped_unauthenticated},
        {"replayed", sum->dropped_replayed},
        {"malformed", sum->dropped_malformed},
        {"not_negotiated", sum->dropped_not_negotiated},
        {"no_keys", sum->dropped_no_keys},
        {"too_many", sum->dropped_too_many},
    };
    describe(page, "media_packets_dropped_total", COUNTER, "Datagrams dropped, by reason.");
    for (size_t i = 0; i < G_N_ELEMENTS(drops); i++)
        g_string_append_printf(page, "callgate_media_packets_dropped_total{reason=\"%s\"} %" G_GUINT64_FORMAT "\n",
                               drops[i].reason, drops[i].count);
}

static void print_handshakes(GString *page, const cg_gateway *gateway, const cg_worker_stats *sum)
{
    static const char *const bounds[] = {"0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "+Inf"};
    describe(page, "handshake_seconds", "histogram", "DTLS handshakes, from first flight to keys.");
    for (size_t i = 0; i < G_N_ELEMENTS(bounds); i++)
        g_string_append_printf(page, "callgate_handshake_seconds_bucket{le=\"%s\"} %" G_GUINT64_FORMAT "\n", bounds[i],
                               sum->handshake_bucket[i]);
    seconds(page, "handshake_seconds_sum", "", sum->handshake_us_sum);
    g_string_append_printf(page, "callgate_handshake_seconds_count %" G_GUINT64_FORMAT "\n", sum->handshakes_done);
    single(page, "handshakes_failed_total", COUNTER, "DTLS handshakes that failed.", sum->handshakes_failed);
    single(page, "handshake_queue_depth", GAUGE, "Handshakes waiting or under way.",
           cg_bridge_handshake_queue_depth(gateway->bridge));
}

static void print_tcp(GString *page, const cg_gateway *gateway, const cg_worker_stats *sum)
{
    cg_tcp_stats stats;
    cg_bridge_tcp_stats(gateway->bridge, &stats);
    single(page, "media_connections", GAUGE, "TCP connections that carry, or may carry, media.", sum->tcp_connections);
    single(page, "media_connections_total", COUNTER,
           "TCP connections accepted for media, those refused later included.", stats.accepted);
    describe(page, "media_connections_refused_total", COUNTER, "TCP connections that came to no leg, by reason.");
    for (cg_tcp_refusal refusal = 0; refusal < CG_TCP_REFUSAL_COUNT; refusal++)
        g_string_append_printf(page, "callgate_media_connections_refused_total{reason=\"%s\"} %" G_GUINT64_FORMAT "\n",
                               cg_tcp_refusal_name(refusal), stats.refused[refusal]);
    single(page, "media_connection_packets_dropped_total", COUNTER,
           "Packets not sent because the client does not read its TCP connection.", sum->tcp_dropped);
}

static void print_media(GString *page, const cg_gateway *gateway, const cg_worker_stats *sum)
{
    single(page, "legs", GAUGE, "Media legs.", sum->legs);
    single(page, "media_packets_received_total", COUNTER, "Media datagrams received.", sum->packets_received);
    single(page, "media_packets_sent_total", COUNTER, "Media datagrams sent.", sum->packets_sent);
    single(page, "media_bytes_received_total", COUNTER, "Bytes of media datagrams received.", sum->bytes_received);
    single(page, "media_bytes_sent_total", COUNTER, "Bytes of media datagrams sent.", sum->bytes_sent);
    single(page, "media_packets_forwarded_total", COUNTER, "RTP packets passed from one leg to another.",
           sum->packets_forwarded);
    single(page, "transcoded_legs", GAUGE, "Legs whose speech is translated for the other party.",
           sum->transcoded_legs);
    single(page, "media_packets_transcoded_total", COUNTER, "RTP packets made by translating.",
           sum->packets_transcoded);
    single(page, "media_packets_lost_total", COUNTER, "RTP packets that clients sent and that did not arrive.",
           sum->packets_lost);
    single(page, "stun_requests_total", COUNTER, "Connectivity checks answered.", sum->stun_requests);
    single(page, "stun_rejected_total", COUNTER, "Connectivity checks refused.", sum->stun_rejected);
    single(page, "media_send_failures_total", COUNTER, "Datagrams that the system did not send.", sum->send_failures);
    print_drops(page, sum);
    print_tcp(page, gateway, sum);
    print_handshakes(page, gateway, sum);
}

static double read_load(const cg_bridge *bridge, unsigned worker)
{
    double expected;
    return cg_bridge_worker_load(bridge, worker, &expected);
}

static double read_expected_load(const cg_bridge *bridge, unsigned worker)
{
    double expected;
    cg_bridge_worker_load(bridge, worker, &expected);
    return expected;
}

static double read_receive_drops(const cg_bridge *bridge, unsigned worker)
{
    cg_worker_stats stats;
    cg_bridge_worker_stats(bridge, worker, &stats);
    return (double) stats.receive_drops;
}

static void print_workers(GString *page, const cg_gateway *gateway)
{
    static const struct {
        const char *name, *type, *help, *format;
        double (*read)(const cg_bridge *bridge, unsigned worker);
    } of_workers[] = {
        {"worker_load_ratio", GAUGE, "Share of a core that a media worker is busy, smoothed over a second.", "%.4f",
         read_load},
        {"worker_expected_load_ratio", GAUGE,
         "The same with the calls that have no media to be measured yet: what media.load_limit holds for.", "%.4f",
         read_expected_load},
        {"worker_receive_drops_total", COUNTER, "Datagrams that found a worker's receive buffer full.", "%.0f",
         read_receive_drops},
    };
    for (size_t what = 0; what < G_N_ELEMENTS(of_workers); what++) {
        describe(page, of_workers[what].name, of_workers[what].type, of_workers[what].help);
        for (unsigned i = 0; i < cg_bridge_worker_count(gateway->bridge); i++) {
            char number[G_ASCII_DTOSTR_BUF_SIZE];
            g_ascii_formatd(number, sizeof number, of_workers[what].format, of_workers[what].read(gateway->bridge, i));
            g_string_append_printf(page, "callgate_%s{worker=\"%u\"} %s\n", of_workers[what].name, i, number);
        }
    }
}

static void print_queues(GString *page, const cg_gateway *gateway, const cg_worker_stats *sum)
{
    describe(page, "mailbox_depth", GAUGE, "Messages waiting between threads.");
    g_string_append_printf(page, "callgate_mailbox_depth{to=\"control\"} %zu\n", cg_mailbox_depth(gateway->mailbox));
    g_string_append_printf(page, "callgate_mailbox_depth{to=\"workers\"} %" G_GUINT64_FORMAT "\n", sum->mailbox_depth);
    describe(page, "loop_lag_seconds", GAUGE, "How late the last timer of a loop ran.");
    seconds(page, "loop_lag_seconds", "{loop=\"control\"}", (uint64_t) MAX(gateway->loop_lag_us, 0));
    seconds(page, "loop_lag_seconds", "{loop=\"workers\"}", sum->loop_lag_us);
}

static void print_sip(GString *page, const cg_gateway *gateway)
{
    cg_sip_stats stats;
    if (gateway->telephony->sip == NULL)
        return;
    cg_sip_stats_read(gateway->telephony->sip, &stats);
    single(page, "sip_dialogs", GAUGE, "SIP dialogs, ending ones included.", stats.dialogs);
    single(page, "sip_connections", GAUGE, "TCP connections to the SIP port.", stats.connections.open);
    single(page, "sip_connections_refused_total", COUNTER, "Connections over max_connections or connections_per_ip.",
           stats.connections.refused);
    single(page, "sip_connections_late_total", COUNTER, "Connections closed for want of a whole message in time.",
           stats.connections.late);
    single(page, "sip_auth_failures_total", COUNTER, "Wrong answers to digest challenges.", stats.auth_failures);
    single(page, "sip_refused_sources_total", COUNTER, "SIP requests from addresses of no trunk.",
           stats.refused_sources);
    cg_trunk_stats_print(&gateway->telephony->stats, "callgate_", page);
    cg_trunk_peers_print(&gateway->telephony->peers, "callgate_", page);
}

char *cg_metrics_format(const cg_gateway *gateway)
{
    GString *page = g_string_new(NULL);
    cg_worker_stats sum = {0};
    for (unsigned i = 0; i < cg_bridge_worker_count(gateway->bridge); i++) {
        cg_worker_stats one;
        cg_bridge_worker_stats(gateway->bridge, i, &one);
        add_worker(&sum, &one);
    }
    single(page, "draining", GAUGE, "1 while no new calls are taken.", gateway->state != CG_GATEWAY_RUNNING);
    print_sessions(page, gateway);
    print_calls(page, gateway);
    print_media(page, gateway, &sum);
    print_workers(page, gateway);
    print_queues(page, gateway, &sum);
    print_sip(page, gateway);
    return g_string_free(page, FALSE);
}
