/* The doors: HTTP and WebSocket on libwebsockets over the control thread's libuv loop. Everything here runs on the
 * control thread. Sessions (session.h) live behind `/signal`; other paths are HTTP routes and static files. */
#pragma once

#include "auth/token.h"
#include "signaling/http.h"
#include "signaling/session.h"
#include "signaling/turn.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

typedef struct {
    const char *listen_address;  /* "127.0.0.1", "::", "0.0.0.0" */
    uint16_t port;               /* 0: any free one (tests); see cg_server_port */
    const char *tls_certificate; /* PEM files; NULL: plain */
    const char *tls_key;
    bool allow_plain;                   /* plain HTTP on addresses that are not loopback */
    const char *const *allowed_origins; /* NULL-terminated; empty: same origin only; "*": every one */
    const char *web_root;               /* directory of static files; NULL: none */
    cg_session_limits limits;
    const char *region; /* for `connected`, e.g. "local" */
    cg_turn_config turn;
} cg_server_config;

typedef struct cg_server cg_server;

typedef struct {
    uint64_t sessions; /* attached or waiting to be resumed */
    uint64_t sockets;  /* open WebSockets */
    uint64_t sockets_total;
    uint64_t rejected_total[8]; /* by cg_reject_reason, see session.h */
    uint64_t messages_in_total;
    uint64_t messages_out_total;
    uint64_t heartbeat_timeouts_total;
    uint64_t resumes_total;
    uint64_t resume_failures_total;
    uint64_t send_queue_bytes; /* waiting in all sessions */
} cg_server_stats;

/* What cg_server_new and cg_server_reload check of a configuration, files included, short of opening the socket. False
 * and a message (free with g_free) for the operator if it cannot work. */
bool cg_server_check(const cg_server_config *config, char **ret_error);

/* Opens the listening socket and serves on `loop`. Copies the configuration. `handlers` and `routes` (terminated by an
 * entry with path NULL) stay the caller's and must outlive the server. NULL and a message (free with g_free) if it
 * cannot: address in use, bad certificate, plain on a public address. */
cg_server *cg_server_new(uv_loop_t *loop, const cg_server_config *config, cg_directory *directory,
                         const cg_token_policy *policy, const cg_session_handlers *handlers,
                         const cg_http_route *routes, void *user, char **ret_error);

/* New configuration, keys and certificates for new connections; sessions and their sockets stay. A token already shown
 * stays valid until it expires or its key or account is gone. False and a message if it cannot be applied; then the old
 * one stays in force. */
bool cg_server_reload(cg_server *server, const cg_server_config *config, cg_directory *directory,
                      const cg_token_policy *policy, char **ret_error);

/* No new sessions from now on (drain): a `listen` gets an error and close, resumes still work. */
void cg_server_drain(cg_server *server);

/* Ends every session with close code 1001 and frees the server; `done` runs when its last handle is closed. */
void cg_server_close(cg_server *server, void (*done)(void *user), void *user);

uint16_t cg_server_port(const cg_server *server);
void cg_server_stats_read(const cg_server *server, cg_server_stats *ret_stats);
