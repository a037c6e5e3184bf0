/* One WebSocket of /signal: frames to messages, limits, heartbeats, the send queue and closing. It knows sessions only
 * as where messages come from and go to. */
#pragma once

#include "signaling/server_internal.h"

struct cg_socket {
    cg_server *server;
    cg_connection *connection;
    struct lws *wsi;
    GList *link;         /* in server->sockets */
    cg_session *session; /* NULL before `listen` and after the socket was given up */
    GByteArray *partial; /* fragments of a message; NULL: none */
    GQueue urgent;       /* of cg_message without number: sent before the session's */
    size_t urgent_bytes;
    cg_bucket bucket;         /* of messages it may send */
    unsigned refused_listens; /* since it connected */
    int64_t opened_us;        /* monotonic, as all below */
    int64_t heard_us;         /* anything at all */
    int64_t beaten_us;        /* last heartbeat of ours */
    int64_t write_asked_us;   /* since when we wait to be allowed to write; 0: we do not */
    cg_deadline tick;         /* next thing to look after */
    uint64_t echo_seq;        /* the session's last message before the heartbeat that awaits its echo */
    bool awaits_echo;         /* of a heartbeat */
    bool heartbeat_due;       /* a heartbeat waits to be written */
    bool slow;                /* does not read: to be closed */
    bool closing;             /* `close_code` goes out when the queue is empty; input is ignored */
    bool flushed;             /* closing, and all that was queued is sent */
    bool dead;                /* being torn down; the wsi must not be touched */
    uint16_t close_code;      /* while closing */
    char close_reason[124];   /* RFC 6455 section 5.5: at most 123 bytes */
};

int cg_socket_open(cg_connection *connection, struct lws *wsi);
int cg_socket_receive(cg_socket *socket, const char *bytes, size_t size);
int cg_socket_write(cg_socket *socket);
void cg_socket_heard(cg_socket *socket);
/* The peer sent a heartbeat: it has seen what came before ours. */
void cg_socket_echoed(cg_socket *socket);
/* The peer sent a close frame. */
void cg_socket_peer_closed(cg_socket *socket, uint16_t code);
void cg_socket_free(cg_socket *socket); /* the connection is gone */

void cg_socket_want_write(cg_socket *socket);
/* Sends the writer's text as a message without number, and frees the writer. */
void cg_socket_send(cg_socket *socket, cg_json_writer *writer);
/* error{error:{code,message,retryAfter?}} without number; `request` may be NULL. */
void cg_socket_send_error(cg_socket *socket, const cg_session_message *request, int code, const char *message,
                          unsigned retry_after_s);
/* Takes a message ahead of what the session has to send. */
void cg_socket_send_message(cg_socket *socket, cg_message *message);
/* Sends what is queued, then the close frame. The session, if it still has one, loses it. */
void cg_socket_close(cg_socket *socket, uint16_t code, const char *reason);
/* The peer does not read: closed from the loop, because whoever sends does not expect `detached` in the middle of it.
 */
void cg_socket_mark_slow(cg_socket *socket);
/* Counts and logs, tells the peer by an error, and closes. */
void cg_socket_fail(cg_socket *socket, cg_reject_reason reason, int error, const char *message, uint16_t close_code);

/* errors.c: writes error{...} into an open message. */
void cg_write_error(cg_json_writer *writer, int code, const char *message, unsigned retry_after_s);
/* The top-level id of `request` (may be NULL). */
void cg_write_id(cg_json_writer *writer, const cg_session_message *request);
