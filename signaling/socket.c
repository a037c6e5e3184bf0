/* A WebSocket's life: frames in, messages out, heartbeats, closing. The one thing to know: `lws_write` is called only
 * from cg_socket_write, when libwebsockets says the socket takes bytes; everything else queues and asks for that call.
 * What a message means is dispatch.c's matter. */
#include "signaling/socket.h"

#include "signaling/dispatch.h"
#include "signaling/error_codes.h"
#include "signaling/session_internal.h"

#include "base/log.h"

#include <string.h>

#define MAX_URGENT_BYTES 65536   /* of messages without number that wait for a peer that does not read */
#define MAX_WRITES_PER_TURN 32   /* then other sockets get their turn */
#define CLOSE_TIMEOUT_US 3000000 /* for the queue and the close frame to go out and be answered */

G_STATIC_ASSERT(LWS_PRE <= CG_MESSAGE_HEADROOM); /* frame headers are written in front of the text */

static cg_rate message_rate(const cg_server *server)
{
    return (cg_rate){.per_second = server->settings.limits.messages_per_second,
                     .burst = server->settings.limits.message_burst};
}

/* --- looking after it --- */

static void arm(cg_socket *socket)
{
    const cg_session_limits *limits = &socket->server->settings.limits;
    int64_t next = MIN(socket->beaten_us + limits->heartbeat_interval_ms * INT64_C(1000),
                       socket->heard_us + limits->heartbeat_timeout_ms * INT64_C(1000));

    if (!socket->session)
        next = MIN(next, socket->opened_us + limits->listen_timeout_ms * INT64_C(1000));
    cg_server_set_deadline(socket->server, &socket->tick, next);
}

/* Tears the connection down without a word; its callback comes from the loop. libwebsockets acts on the timeout only
 * when its loop turns, which an idle loop would not do: lws_cancel_service turns it. */
static void kill_connection(cg_socket *socket)
{
    socket->dead = true;
    lws_set_timeout(socket->wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_ASYNC);
    lws_cancel_service(socket->server->context);
}

/* Starts the closing handshake (RFC 6455 section 7). From a timer, because this is no place inside one of the socket's
 * callbacks: when one of those answers -1, libwebsockets with libuv (and as Debian builds it, with _DEBUG) closes a
 * second time at once, and so before the close frame went out. */
static void send_close_frame(cg_socket *socket)
{
    socket->dead = true;
    cg_server_set_deadline(socket->server, &socket->tick, cg_server_now() + CLOSE_TIMEOUT_US);
    lws_close_reason(socket->wsi, (enum lws_close_status) socket->close_code, (unsigned char *) socket->close_reason,
                     strlen(socket->close_reason));
    lws_set_timeout(socket->wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_SYNC);
}

static void give_up_session(cg_socket *socket)
{
    cg_session *session = g_steal_pointer(&socket->session);

    if (session)
        cg_session_lose_socket(session);
}

static void peer_is_dead(cg_socket *socket)
{
    socket->server->stats.heartbeat_timeouts_total++;
    cg_log(CG_LOG_INFO, "socket.dead", CG_LOG_TEXT("peer", socket->connection->peer.text),
           CG_LOG_NUMBER("silent_ms", (cg_server_now() - socket->heard_us) / 1000));
    give_up_session(socket);
    kill_connection(socket);
}

static void close_slow(cg_socket *socket)
{
    cg_server_reject(socket->server, CG_REJECT_SLOW, socket->connection->peer.text, "does not read what it is sent");
    cg_socket_close(socket, 1013, "messages are not read fast enough");
}

static void on_tick(cg_deadline *deadline, int64_t now_us)
{
    cg_socket *socket = CG_CONTAINER_OF(deadline, cg_socket, tick);
    const cg_session_limits *limits = &socket->server->settings.limits;
    int64_t timeout_us = limits->heartbeat_timeout_ms * INT64_C(1000);

    if (socket->flushed && !socket->dead) {
        send_close_frame(socket);
        return;
    }
    if (socket->closing || socket->dead) {
        kill_connection(socket);
        return;
    }
    if (now_us - socket->heard_us >= timeout_us) {
        peer_is_dead(socket);
        return;
    }
    if (!socket->session && now_us - socket->opened_us >= limits->listen_timeout_ms * INT64_C(1000)) {
        cg_socket_fail(socket, CG_REJECT_TOKEN, CG_ERROR_TOKEN_MISSING, "no valid token was shown in time", 1008);
        return;
    }
    if (socket->slow || (socket->write_asked_us && now_us - socket->write_asked_us >= timeout_us)) {
        close_slow(socket);
        return;
    }
    if (now_us - socket->beaten_us >= limits->heartbeat_interval_ms * INT64_C(1000)) {
        socket->beaten_us = now_us;
        socket->heartbeat_due = true;
        cg_socket_want_write(socket);
    }
    arm(socket);
}

/* --- opening and closing --- */

int cg_socket_open(cg_connection *connection, struct lws *wsi)
{
    cg_server *server = connection->server;
    cg_socket *socket = g_new0(cg_socket, 1);
    cg_rate rate = message_rate(server);

    socket->server = server;
    socket->connection = connection;
    socket->wsi = wsi;
    socket->opened_us = socket->heard_us = socket->beaten_us = cg_server_now();
    socket->tick.fire = on_tick;
    g_queue_init(&socket->urgent);
    cg_bucket_init(&socket->bucket, &rate, socket->opened_us);
    g_queue_push_tail(&server->sockets, socket);
    socket->link = server->sockets.tail;
    cg_counters_enter(server->sockets_by_address, connection->peer.key);
    server->stats.sockets_total++;
    connection->socket = socket;
    arm(socket);
    return 0;
}

void cg_socket_free(cg_socket *socket)
{
    cg_server *server = socket->server;

    socket->dead = true;
    give_up_session(socket);
    cg_server_cancel_deadline(server, &socket->tick);
    cg_counters_leave(server->sockets_by_address, socket->connection->peer.key);
    g_queue_delete_link(&server->sockets, socket->link);
    g_queue_clear_full(&socket->urgent, g_free);
    g_clear_pointer(&socket->partial, g_byte_array_unref);
    socket->connection->socket = NULL;
    g_free(socket);
    cg_server_socket_gone(server);
}

void cg_socket_close(cg_socket *socket, uint16_t code, const char *reason)
{
    if (socket->closing || socket->dead)
        return;
    socket->closing = true;
    socket->close_code = code;
    g_strlcpy(socket->close_reason, reason, sizeof(socket->close_reason));
    g_clear_pointer(&socket->partial, g_byte_array_unref);
    give_up_session(socket);
    cg_server_set_deadline(socket->server, &socket->tick, cg_server_now() + CLOSE_TIMEOUT_US);
    cg_socket_want_write(socket);
}

void cg_socket_mark_slow(cg_socket *socket)
{
    if (socket->closing || socket->dead || socket->slow)
        return;
    socket->slow = true;
    cg_server_set_deadline(socket->server, &socket->tick, 0);
}

void cg_socket_fail(cg_socket *socket, cg_reject_reason reason, int error, const char *message, uint16_t close_code)
{
    if (socket->closing || socket->dead)
        return;
    cg_server_reject(socket->server, reason, socket->connection->peer.text, message);
    cg_socket_send_error(socket, NULL, error, message, 0);
    cg_socket_close(socket, close_code, message);
}

void cg_socket_peer_closed(cg_socket *socket, uint16_t code)
{
    cg_session *session = socket->session;

    /* libwebsockets answers and closes; nothing of ours may be written any more. */
    socket->dead = true;
    cg_server_set_deadline(socket->server, &socket->tick, cg_server_now() + CLOSE_TIMEOUT_US);
    if (session && (code == 1000 || code == 1001)) {
        socket->session = NULL;
        session->socket = NULL;
        cg_session_close(session, code, "");
    }
    give_up_session(socket);
}

/* --- sending --- */

void cg_socket_want_write(cg_socket *socket)
{
    if (socket->dead || socket->flushed)
        return;
    if (!socket->write_asked_us)
        socket->write_asked_us = cg_server_now();
    lws_callback_on_writable(socket->wsi);
}

void cg_socket_send_message(cg_socket *socket, cg_message *message)
{
    if (socket->dead || socket->flushed) {
        g_free(message);
        return;
    }
    g_queue_push_tail(&socket->urgent, message);
    socket->urgent_bytes += message->size;
    if (socket->urgent_bytes > MAX_URGENT_BYTES + socket->server->settings.limits.replay_bytes)
        cg_socket_mark_slow(socket);
    cg_socket_want_write(socket);
}

void cg_socket_send(cg_socket *socket, cg_json_writer *writer)
{
    size_t size;
    const char *text = cg_json_writer_text(writer, &size);

    cg_socket_send_message(socket, cg_message_new(text, size));
    cg_json_writer_free(writer);
}

void cg_socket_send_error(cg_socket *socket, const cg_session_message *request, int code, const char *message,
                          unsigned retry_after_s)
{
    cg_json_writer *writer = cg_json_writer_new();

    cg_json_begin_object(writer, NULL);
    cg_json_write_string(writer, "type", "error");
    cg_json_begin_object(writer, "payload");
    cg_write_error(writer, code, message, retry_after_s);
    cg_json_end_object(writer);
    cg_write_id(writer, request);
    cg_json_write_string(writer, "version", CG_PROTOCOL_VERSION);
    cg_json_end_object(writer);
    cg_socket_send(socket, writer);
}

static bool write_text(cg_socket *socket, cg_message *message)
{
    socket->server->stats.messages_out_total++;
    return lws_write(socket->wsi, (unsigned char *) cg_message_text(message), message->size, LWS_WRITE_TEXT) >= 0;
}

static bool write_heartbeat(cg_socket *socket)
{
    unsigned char frame[LWS_PRE + 1] = {0};

    frame[LWS_PRE] = '\n';
    socket->heartbeat_due = false;
    if (socket->session && !socket->awaits_echo) {
        socket->awaits_echo = true;
        socket->echo_seq = cg_replay_sent_seq(&socket->session->replay);
    }
    return lws_write(socket->wsi, frame + LWS_PRE, 1, LWS_WRITE_TEXT) >= 0;
}

static bool write_urgent(cg_socket *socket)
{
    g_autofree cg_message *message = g_queue_pop_head(&socket->urgent);

    socket->urgent_bytes -= message->size;
    return write_text(socket, message);
}

static bool write_numbered(cg_socket *socket)
{
    cg_replay *replay = &socket->session->replay;
    bool written = write_text(socket, cg_replay_peek(replay));

    cg_replay_sent(replay);
    return written;
}

static bool has_output(const cg_socket *socket)
{
    return socket->heartbeat_due || socket->urgent.length > 0 ||
           (socket->session && cg_replay_peek(&socket->session->replay));
}

static bool write_next(cg_socket *socket)
{
    if (socket->heartbeat_due)
        return write_heartbeat(socket);
    return socket->urgent.length > 0 ? write_urgent(socket) : write_numbered(socket);
}

int cg_socket_write(cg_socket *socket)
{
    socket->write_asked_us = 0;
    if (socket->dead || socket->flushed)
        return 0;
    for (int i = 0; has_output(socket) && i < MAX_WRITES_PER_TURN && !lws_send_pipe_choked(socket->wsi); i++)
        if (!write_next(socket))
            return -1;
    if (has_output(socket)) {
        cg_socket_want_write(socket);
        return 0;
    }
    if (socket->closing && !socket->flushed) {
        socket->flushed = true;
        cg_server_set_deadline(socket->server, &socket->tick, 0);
    }
    return 0;
}

/* --- receiving --- */

void cg_socket_heard(cg_socket *socket)
{
    socket->heard_us = cg_server_now();
}

/* What a client has seen it will not ask for again: without this, a session would keep `replay_bytes` of the past. A
 * client that sends heartbeats of its own accord gives up a part of its resume, and is told so when it tries. */
void cg_socket_echoed(cg_socket *socket)
{
    if (!socket->session || !socket->awaits_echo)
        return;
    socket->awaits_echo = false;
    cg_replay_release(&socket->session->replay, socket->echo_seq);
}

static bool take_token(cg_socket *socket)
{
    cg_rate rate = message_rate(socket->server);

    if (cg_bucket_take(&socket->bucket, &rate, socket->heard_us))
        return true;
    cg_socket_fail(socket, CG_REJECT_RATE, CG_ERROR_LIMIT, "too many messages", 1008);
    return false;
}

/* True if the message stays within its limit with these bytes and those of its frame that are still to come. */
static bool fits(const cg_socket *socket, size_t size)
{
    size_t limit = socket->server->settings.limits.max_message_bytes;
    size_t have = (socket->partial ? socket->partial->len : 0) + size;

    return have <= limit && lws_remaining_packet_payload(socket->wsi) <= limit - have;
}

static void on_whole_message(cg_socket *socket, const char *text, size_t size)
{
    if (!take_token(socket))
        return;
    socket->server->stats.messages_in_total++;
    cg_dispatch(socket, text, size);
}

int cg_socket_receive(cg_socket *socket, const char *bytes, size_t size)
{
    if (socket->closing || socket->dead)
        return 0;
    cg_socket_heard(socket);
    if (lws_frame_is_binary(socket->wsi)) {
        cg_socket_fail(socket, CG_REJECT_MESSAGE, CG_ERROR_MALFORMED, "binary messages are not understood", 1003);
        return 0;
    }
    if (!fits(socket, size)) {
        cg_socket_fail(socket, CG_REJECT_MESSAGE, CG_ERROR_TOO_LONG, "message too long", 1009);
        return 0;
    }
    bool is_final = lws_is_final_fragment(socket->wsi);
    if (!is_final && size == 0 && !take_token(socket)) /* empty fragments are free of bytes, not of work */
        return 0;
    if (is_final && !socket->partial) {
        on_whole_message(socket, bytes, size);
        return 0;
    }
    if (!socket->partial)
        socket->partial = g_byte_array_new();
    g_byte_array_append(socket->partial, (const guint8 *) bytes, (guint) size);
    if (is_final) {
        g_autoptr(GByteArray) message = g_steal_pointer(&socket->partial);
        on_whole_message(socket, (const char *) message->data, message->len);
    }
    return 0;
}
