/* What the measurements share: a gateway with a loop, clients in pairs, and whole calls between them. */
#pragma once

#include "tests/bench/gateway_process.h"
#include "tests/bench/report.h"
#include "tests/bench/signal_client.h"
#include "tests/bench/talker.h"

#include <glib.h>

typedef struct {
    bench_loop *loop;
    gateway_process *gateway;
    peer_identity *identity; /* one certificate for all peers */
} bench_world;

void bench_world_init(bench_world *world, const char *program);
void bench_world_finish(bench_world *world);

/* `count` registered clients named "bench-0" and so on, appended to `clients` (which owns them). */
GPtrArray *bench_clients_new(void);
void bench_clients_add(bench_world *world, GPtrArray *clients, unsigned count);

/* What the two sides of a call know it by. */
typedef struct {
    char *sids[2];       /* the caller's and the callee's; g_free */
    int64_t answered_us; /* just before `answer` went out */
} bench_signalling;

/* Places a call between the two clients, for these peers, and answers it. Media comes up by itself. */
bench_signalling bench_signal_call(signal_client *caller, signal_client *callee, webrtc_peer *const peers[static 2]);

/* Waits until the client is called, and answers for `peer`; returns the call's name there, g_free. */
char *bench_signal_answer(signal_client *callee, webrtc_peer *peer);

typedef struct {
    bench_world *world;
    signal_client *caller, *callee; /* not owned */
    talker *talkers[2];             /* the caller's and the callee's */
    bench_signalling signalling;
} bench_call;

/* Places a call, answers it and returns when each side has heard the other; they go on sending every
 * `interval_us`. */
bench_call *bench_call_new(bench_world *world, signal_client *caller, signal_client *callee, int64_t interval_us);
/* Hangs up, unless that was done; both sides have been told when it returns. */
void bench_call_free(bench_call *call);
