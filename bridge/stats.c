/* Counting handshakes into buckets, and reading a worker's counters. */
#include "bridge/stats.h"

#include <glib.h>

void cg_worker_counters_handshake(cg_worker_counters *counters, uint32_t duration_us)
{
    static const uint32_t limits_ms[CG_HANDSHAKE_BUCKETS] = {10, 25, 50, 100, 250, 500, 1000, UINT32_MAX};
    cg_counter_add(&counters->handshakes_done, 1);
    cg_counter_add(&counters->handshake_us_sum, duration_us);
    for (unsigned i = 0; i < CG_HANDSHAKE_BUCKETS; i++)
        if (duration_us <= (uint64_t) limits_ms[i] * 1000)
            cg_counter_add(&counters->handshake_bucket[i], 1);
}

void cg_worker_counters_read(const cg_worker_counters *counters, cg_worker_stats *ret_stats)
{
    *ret_stats = (cg_worker_stats){
        .legs = cg_counter_read(&counters->legs),
        .packets_received = cg_counter_read(&counters->packets_received),
        .packets_sent = cg_counter_read(&counters->packets_sent),
        .bytes_received = cg_counter_read(&counters->bytes_received),
        .bytes_sent = cg_counter_read(&counters->bytes_sent),
        .packets_forwarded = cg_counter_read(&counters->packets_forwarded),
        .transcoded_legs = cg_counter_read(&counters->transcoded_legs),
        .packets_transcoded = cg_counter_read(&counters->packets_transcoded),
        .stun_requests = cg_counter_read(&counters->stun_requests),
        .stun_rejected = cg_counter_read(&counters->stun_rejected),
        .dropped_unknown_source = cg_counter_read(&counters->dropped_unknown_source),
        .dropped_unauthenticated = cg_counter_read(&counters->dropped_unauthenticated),
        .dropped_replayed = cg_counter_read(&counters->dropped_replayed),
        .dropped_malformed = cg_counter_read(&counters->dropped_malformed),
        .dropped_not_negotiated = cg_counter_read(&counters->dropped_not_negotiated),
        .dropped_no_keys = cg_counter_read(&counters->dropped_no_keys),
        .dropped_too_many = cg_counter_read(&counters->dropped_too_many),
        .packets_lost = cg_counter_read(&counters->packets_lost),
        .handshakes_done = cg_counter_read(&counters->handshakes_done),
        .handshakes_failed = cg_counter_read(&counters->handshakes_failed),
        .handshake_us_sum = cg_counter_read(&counters->handshake_us_sum),
        .loop_lag_us = cg_counter_read(&counters->loop_lag_us),
        .send_failures = cg_counter_read(&counters->send_failures),
        .receive_drops = cg_counter_read(&counters->receive_drops),
        .tcp_connections = cg_counter_read(&counters->tcp_connections),
        .tcp_dropped = cg_counter_read(&counters->tcp_dropped),
    };
    for (unsigned i = 0; i < CG_HANDSHAKE_BUCKETS; i++)
        ret_stats->handshake_bucket[i] = cg_counter_read(&counters->handshake_bucket[i]);
}
