/* What the files of signaling/ know of each other: the server, its connections, sockets and sessions, and who owns
 * whom. Nothing outside this folder includes it.
 *
 *     server ─ owns ─► connection (one per TCP connection) ─ owns ─► HTTP exchange, or socket (WebSocket)
 *        └──── owns ─► session ◄─ may have, and the other way round ─► socket
 */
#pragma once

#include "signaling/deadlines.h"
#include "signaling/listener.h"
#include "signaling/peer_address.h"
#include "signaling/quota.h"
#include "signaling/replay.h"
#include "signaling/server.h"
#include "signaling/settings.h"
#include "signaling/static_files.h"
#include "signaling/tls_certificate.h"

#include <glib.h>
#include <libwebsockets.h>

#define CG_SIGNAL_PATH "/signal"
#define CG_PROTOCOL_VERSION "1.6"
#define CG_SECRET_LENGTH 32 /* of [A-Za-z0-9]: 190 bits */

#define CG_CLOSE_REPLACED 4001 /* the session was resumed on another connection */

typedef struct cg_connection cg_connection;
typedef struct cg_socket cg_socket;
typedef struct cg_exchange cg_exchange;

struct cg_server {
    uv_loop_t *loop;
    cg_settings settings;
    cg_directory *directory;
    cg_token_policy policy;
    const cg_session_handlers *handlers;
    const cg_http_route *routes;
    void *user;

    struct lws_context *context;
    struct lws_vhost *vhost;
    cg_tls_certificate *certificate; /* NULL: plain */
    cg_static_files *files;
    cg_listener *listener;
    unsigned open_connections; /* TCP */
    cg_connection *adopting;   /* the one that libwebsockets is taking over right now */

    cg_deadlines deadlines;
    uv_timer_t timer;     /* armed for the earliest of `deadlines` */
    int64_t timer_due_us; /* that one; INT64_MAX: not armed */

    GQueue sockets;                        /* of cg_socket, open ones */
    GQueue sessions;                       /* of cg_session, all */
    GHashTable *sessions_by_secret;        /* those that can be resumed; not owned */
    cg_counters *connections_by_address;   /* TCP */
    cg_counters *sockets_by_address;       /* WebSocket */
    cg_counters *sessions_by_account;      /* AC */
    char epoch[CG_SECRET_LENGTH + 1];      /* this process's lifetime */
    cg_json_writer *writer;                /* of the one message that is being composed */
    cg_session *composing;                 /* its session; NULL: none */
    const cg_session_message *composed_to; /* the request it answers */

    cg_server_stats stats;
    cg_bucket reject_log; /* rate of log lines about refused peers */
    uint64_t rejects_not_logged;
    bool draining;

    bool closing;
    cg_deadline close_deadline; /* how long open sockets may take to close */
    uv_idle_t close_idle;       /* turns the loop while the context goes */
    unsigned close_turns;       /* turns since then */
    unsigned open_handles;      /* of ours, in the loop */
    void (*closed)(void *user);
    void *closed_user;
};

/* server.c */
int64_t cg_server_now(void); /* monotonic, microseconds */
void cg_server_set_deadline(cg_server *server, cg_deadline *deadline, int64_t at_us);
void cg_server_cancel_deadline(cg_server *server, cg_deadline *deadline);
void cg_server_socket_gone(cg_server *server); /* one of `sockets` was removed */

/* reject.c: counts, and logs within a rate, so that a flood of bad peers does not become a flood of log lines. */
void cg_server_reject(cg_server *server, cg_reject_reason reason, const char *peer, const char *detail);

/* context.c: libwebsockets. */
bool cg_context_open(cg_server *server, char **ret_error);

/* connection.c */
struct cg_connection {
    cg_server *server;
    cg_peer_address peer;
    struct lws *wsi;       /* NULL until libwebsockets made it */
    cg_exchange *exchange; /* an HTTP request; NULL: none */
    cg_socket *socket;     /* NULL: not a WebSocket */
};

void cg_connection_accept(cg_server *server, int fd, const struct sockaddr *peer);
void cg_connection_free(cg_connection *connection); /* when its wsi is destroyed */
