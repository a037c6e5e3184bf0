/* Sessions: one client's conversation with the gateway over `/signal` (docs/protocol.md), longer than any one
 * socket.
 *
 * This module owns the socket side: `listen` and token checks, heartbeats, message size and rate, sequence numbers, the
 * replay buffer, resume, requests with an answer, token expiry. It knows nothing of calls: every other message type is
 * dispatched to the table the gateway gives. All on the control thread. A session pointer is valid until its `closed`
 * handler returns.
 *
 * Handlers run from the loop or from an arriving message, never inside a call of the gateway's: sending to a client
 * that does not read, or closing a session, calls nothing back before it returns. Only cg_server_reload may run
 * `expired`. */
#pragma once

#include "auth/token.h"
#include "base/json.h"
#include "base/json_writer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct cg_session cg_session;

typedef struct {
    size_t max_message_bytes;     /* of one client message; larger: error 31103 and close 1009 */
    unsigned messages_per_second; /* sustained, per socket; over it: error 31206 and close 1008 */
    unsigned message_burst;       /* tokens of the bucket */
    unsigned connections_per_ip;
    unsigned connections_per_account; /* default; an account may have its own */
    unsigned heartbeat_interval_ms;   /* server to client "\n" */
    unsigned heartbeat_timeout_ms;    /* nothing heard for that long: socket is dead */
    unsigned listen_timeout_ms;       /* from connect to the first valid `listen` */
    unsigned resume_window_s;         /* how long a session outlives its socket */
    size_t replay_bytes;              /* messages kept for replay, and the bound of the send queue, per session */
} cg_session_limits;

typedef enum { /* why a connection was refused or closed; index of rejected_total */
               CG_REJECT_ORIGIN,
               CG_REJECT_IP_LIMIT,
               CG_REJECT_ACCOUNT_LIMIT,
               CG_REJECT_TOKEN,
               CG_REJECT_MESSAGE,
               CG_REJECT_RATE,
               CG_REJECT_SLOW,
               CG_REJECT_DRAINING,
} cg_reject_reason;

/* A message from a client, its envelope checked. Valid during the handler. */
typedef struct {
    const char *type;
    const cg_json_value *payload; /* an object, or NULL */
    const cg_json_value *id;      /* top-level id of a request with an answer; NULL if it asks for none */
} cg_session_message;

typedef struct {
    const char *type; /* "register", "invite", ... */
    void (*handle)(cg_session *session, const cg_session_message *message, void *user);
} cg_session_message_handler;

typedef struct {
    const cg_session_message_handler *messages; /* ended by type NULL */
    void (*opened)(cg_session *session,
                   void *user); /* a valid `listen` made a new session; before `connected` is sent */
    void (*detached)(cg_session *session, void *user); /* its socket is gone; what is sent now waits for a resume. A
                                                          session that cannot resume gets `closed` instead */
    void (*attached)(cg_session *session, void *user); /* resumed on a new socket (`renewed` came before); without
                                                          `detached` before it when the old one still looked open */
    void (*renewed)(cg_session *session, void *user);  /* a new token: grants may be wider or narrower */
    void (*expired)(cg_session *session, void *user);  /* the token ran out: registration ends, calls go on */
    void (*closed)(cg_session *session, void *user);   /* last word: never seen again */
} cg_session_handlers;

const cg_grants *cg_session_grants(const cg_session *session); /* those in force */
bool cg_session_token_valid(const cg_session *session);        /* false from expiry until a new token is shown */
const char *cg_session_id(const cg_session *session);          /* for logs; not secret */
const char *cg_session_peer(const cg_session *session);        /* last known address, for logs */
bool cg_session_is_attached(const cg_session *session);
bool cg_session_can_resume(const cg_session *session); /* the client announced that it resumes (listen with `resume`) */
bool cg_session_trickles(const cg_session *session);   /* ... that it takes candidates as they are found (`trickle`) */

/* The gateway's own data for this session. */
void cg_session_set_data(cg_session *session, void *data);
void *cg_session_data(const cg_session *session);

/* Sending. `begin` opens {"type":type,"payload":{ and hands out the writer positioned inside the payload; `send`
 * closes, numbers, keeps for replay and queues it. Exactly one send follows each begin. */
cg_json_writer *cg_session_begin(cg_session *session, const char *type);
void cg_session_send(cg_session *session);

/* The same for the answer to a request; does nothing (begin returns a writer whose text goes nowhere) when the message
 * had no id. */
cg_json_writer *cg_session_begin_result(cg_session *session, const cg_session_message *request);

/* error{error:{code,message},callsid?} with the request's id if it had one, as every client understands it; `callsid`
 * may be NULL. Logged as a refusal if there is a request. */
void cg_session_send_error(cg_session *session, const cg_session_message *request, int code, const char *message,
                           const char *callsid);

/* The log line of a refused message, for those that are answered with something else than an error: who, what, why.
 * Within a rate per session, so that a client cannot flood the log. */
void cg_session_log_refusal(cg_session *session, const cg_session_message *request, int code, const char *reason);

/* Ends the session from our side: close code and reason go to the socket, `closed` runs later from the loop. */
void cg_session_close(cg_session *session, uint16_t code, const char *reason);
