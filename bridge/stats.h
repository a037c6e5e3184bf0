/* A worker's counters. Only the worker writes them, any thread reads: relaxed atomics, without the cost of a locked
 * instruction. */
#pragma once

#include "bridge/bridge_stats.h"

#include <stdatomic.h>

typedef _Atomic uint64_t cg_counter;

#define CG_HANDSHAKE_BUCKETS 8

/* Member for member what cg_worker_stats tells. */
typedef struct {
    cg_counter legs;
    cg_counter packets_received, packets_sent, bytes_received, bytes_sent;
    cg_counter packets_forwarded;
    cg_counter transcoded_legs, packets_transcoded;
    cg_counter stun_requests, stun_rejected;
    cg_counter dropped_unknown_source;
    cg_counter dropped_unauthenticated, dropped_replayed, dropped_malformed, dropped_not_negotiated, dropped_no_keys;
    cg_counter dropped_too_many;
    cg_counter packets_lost;
    cg_counter handshakes_done, handshakes_failed;
    cg_counter handshake_us_sum;
    cg_counter handshake_bucket[CG_HANDSHAKE_BUCKETS];
    cg_counter loop_lag_us;
    cg_counter send_failures;
    cg_counter receive_drops;
    cg_counter tcp_connections, tcp_dropped;
} cg_worker_counters;

static inline void cg_counter_set(cg_counter *counter, uint64_t value)
{
    atomic_store_explicit(counter, value, memory_order_relaxed);
}

static inline uint64_t cg_counter_read(const cg_counter *counter)
{
    return atomic_load_explicit((cg_counter *) counter, memory_order_relaxed);
}

static inline void cg_counter_add(cg_counter *counter, uint64_t value)
{
    cg_counter_set(counter, cg_counter_read(counter) + value);
}

void cg_worker_counters_handshake(cg_worker_counters *counters, uint32_t duration_us);
void cg_worker_counters_read(const cg_worker_counters *counters, cg_worker_stats *ret_stats);
