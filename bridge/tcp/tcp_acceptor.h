/* ICE-TCP's door (RFC 6544, passive side): one TCP port for the whole gateway, since a firewall that drops UDP lets few
 * ports through. Accepts, reads the first frame, which must be a connectivity check, and hands the connection to the
 * worker whose leg the check names.
 *
 * It has a thread of its own, asleep unless somebody connects: strangers who connect, and say nothing or nonsense, cost
 * no worker's time, and one owner counts them all. */
#pragma once

#include "bridge/bridge_stats.h"
#include "bridge/events.h"
#include "bridge/tcp/tcp_connection.h"
#include "bridge/transport/addresses.h"

typedef struct cg_tcp_acceptor cg_tcp_acceptor;

typedef struct {
    const cg_addresses *addresses; /* outlives the acceptor */
    uint16_t port;                 /* 0: any free one */
    unsigned worker_count;
    int64_t claim_timeout_us; /* from connecting to the first check */
    cg_events *events;        /* takes log lines; outlives the acceptor */
    /* On the acceptor's thread: that worker takes the connection, whose first frame is a check, and settles `place`. */
    void (*hand_over)(unsigned worker, cg_tcp_connection *connection, unsigned place, void *user);
    void *user;
} cg_tcp_acceptor_config;

/* Opens the port; NULL and a message (g_free) if it cannot be had. `start` runs the thread, `stop` joins it; afterwards
 * workers may still settle until `free`. */
cg_tcp_acceptor *cg_tcp_acceptor_new(const cg_tcp_acceptor_config *config, char **ret_error);
void cg_tcp_acceptor_start(cg_tcp_acceptor *acceptor);
void cg_tcp_acceptor_stop(cg_tcp_acceptor *acceptor);
void cg_tcp_acceptor_free(cg_tcp_acceptor *acceptor);

uint16_t cg_tcp_acceptor_port(const cg_tcp_acceptor *acceptor, int family); /* 0: not open */

/* From any worker: what became of the connection in `place`. `path` is for the log. */
void cg_tcp_acceptor_settle(cg_tcp_acceptor *acceptor, unsigned place, const cg_path *path, bool refused);

void cg_tcp_acceptor_read_stats(const cg_tcp_acceptor *acceptor, cg_tcp_stats *ret_stats); /* from any thread */
