/* TCP connections that others open to the SIP port: how many there may be, of one address too, and how long each may
 * take for a message. Sofia accepts whatever comes and keeps it; here every descriptor is seen that it begins to watch.
 * On the SIP thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

typedef struct {
    unsigned max;                /* at a time */
    unsigned max_per_address;    /* of these; of IPv6 the /64 network counts */
    unsigned message_timeout_ms; /* from accept, or from the first line of a message, to its end */
} cg_sip_connection_limits;

typedef struct cg_sip_connections cg_sip_connections;

cg_sip_connections *cg_sip_connections_new(const cg_sip_connection_limits *limits);
void cg_sip_connections_free(cg_sip_connections *connections);

/* From now on this thread's su_root_register() asks cg_sip_connections_admit(). NULL: no more. */
void cg_sip_connections_watch(cg_sip_connections *connections);

/* A descriptor that is to be watched; false: it must be closed. Those that are no accepted connections are admitted. */
bool cg_sip_connections_admit(cg_sip_connections *connections, int fd, int64_t now_us);

/* A message of that peer has begun, or is complete. `peer` is as msg_addr() has it: IPv4 never mapped into IPv6. */
void cg_sip_connections_begun(cg_sip_connections *connections, const struct sockaddr_storage *peer, int64_t now_us);
void cg_sip_connections_heard(cg_sip_connections *connections, const struct sockaddr_storage *peer);
/* Ends a connection; what was received of it is not read any more. */
void cg_sip_connections_end(cg_sip_connections *connections, const struct sockaddr_storage *peer);

/* Ends those that take too long; to be called now and then. */
void cg_sip_connections_look(cg_sip_connections *connections, int64_t now_us);

/* Of any thread. */
typedef struct {
    uint64_t open; /* as of the last look */
    uint64_t refused, late;
} cg_sip_connections_stats;
void cg_sip_connections_stats_read(const cg_sip_connections *connections, cg_sip_connections_stats *ret_stats);

/* All ports are open: sockets of UDP from now on are the resolver's. */
void cg_sip_connections_opened(cg_sip_connections *connections);
/* Sockets that were seen listening, and the one of UDP for peers of that family; -1: none was. */
unsigned cg_sip_connections_listening(const cg_sip_connections *connections);
int cg_sip_connections_datagrams(const cg_sip_connections *connections, int family);
