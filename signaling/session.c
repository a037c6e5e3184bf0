/* Sessions: grants, numbering, the queue that outlives a socket, and the end. The one thing to know: no call of the
 * gateway's runs one of its handlers in the middle; `closed` and `detached` always come from the loop or from a
 * message. */
#include "signaling/session_internal.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"

#define MAX_NOTICE_MS 60000                 /* before the token's end */
#define RECHECK_US (INT64_C(600) * 1000000) /* the wall clock may jump: look again at least that often */

static const cg_rate refusal_log_rate = {.per_second = 1, .burst = 20};

static void call(const cg_session *session, void (*handler)(cg_session *session, void *user))
{
    if (handler)
        handler((cg_session *) session, session->server->user);
}

/* --- the token's time --- */

static int64_t token_ends_ms(const cg_session *session)
{
    return (session->grants->expires_at + session->server->policy.leeway_s) * 1000;
}

static int64_t notice_at_ms(const cg_session *session)
{
    return session->grants->expires_at * 1000 - session->notice_ms;
}

static void arm_expiry(cg_session *session)
{
    int64_t next_ms = session->expiry_told ? token_ends_ms(session) : notice_at_ms(session);
    int64_t wait_us = MAX(next_ms - cg_clock_wall_ms(), 0) * 1000;

    cg_server_set_deadline(session->server, &session->expiry, cg_server_now() + MIN(wait_us, RECHECK_US));
}

static void tell_expiring(cg_session *session)
{
    int64_t left_ms = session->grants->expires_at * 1000 - cg_clock_wall_ms();

    session->expiry_told = true;
    if (session->state != CG_SESSION_ATTACHED)
        return; /* a resume needs a valid token anyway */
    cg_json_write_integer(cg_session_begin(session, "token.expiring"), "in", MAX(left_ms, 0) / 1000);
    cg_session_send(session);
}

static void end_token(cg_session *session, cg_token_status status)
{
    if (!session->token_valid)
        return;
    session->token_valid = false;
    cg_server_cancel_deadline(session->server, &session->expiry);
    cg_log(CG_LOG_INFO, "session.token_ended", CG_LOG_TEXT("session", session->id.text),
           CG_LOG_TEXT("reason", cg_token_status_name(status)));
    cg_session_send_error(session, NULL, cg_token_status_code(status), cg_token_status_text(status), NULL);
    call(session, session->server->handlers->expired);
}

static void on_expiry(cg_deadline *deadline, int64_t now_us)
{
    cg_session *session = CG_CONTAINER_OF(deadline, cg_session, expiry);
    int64_t wall_ms = cg_clock_wall_ms();

    if (wall_ms >= token_ends_ms(session)) {
        end_token(session, CG_TOKEN_EXPIRED);
        return;
    }
    if (!session->expiry_told && wall_ms >= notice_at_ms(session))
        tell_expiring(session);
    arm_expiry(session);
}

void cg_session_set_grants(cg_session *session, cg_grants *grants)
{
    int64_t ttl_ms = grants->expires_at * 1000 - cg_clock_wall_ms();

    cg_grants_free(session->grants);
    session->grants = grants;
    session->token_valid = true;
    session->expiry_told = false;
    session->notice_ms = CLAMP(ttl_ms / 5, 0, MAX_NOTICE_MS);
    arm_expiry(session);
}

void cg_session_recheck_token(cg_session *session)
{
    const cg_directory *directory = session->server->directory;
    const cg_grants *grants = session->grants;
    const cg_account *account = cg_directory_find_account(directory, &grants->account);

    if (session->state == CG_SESSION_CLOSING)
        return;
    if (!account || account->suspended)
        end_token(session, CG_TOKEN_ACCOUNT);
    else if (cg_sid_is_set(&grants->key) ? !cg_directory_find_key(directory, &grants->key) : !account->auth_token)
        end_token(session, CG_TOKEN_ISSUER);
}

/* --- life --- */

/* No longer among those that can be resumed or that the account has. */
static void leave_tables(cg_session *session)
{
    g_hash_table_remove(session->server->sessions_by_secret, session->secret);
    if (session->is_counted)
        cg_counters_leave(session->server->sessions_by_account, session->grants->account.text);
    session->is_counted = false;
}

static void on_end(cg_deadline *deadline, int64_t now_us)
{
    cg_session_free(CG_CONTAINER_OF(deadline, cg_session, end));
}

cg_session *cg_session_new(cg_server *server, cg_grants *grants, bool can_resume)
{
    cg_session *session = g_new0(cg_session, 1);

    session->server = server;
    session->state = CG_SESSION_DETACHED;
    session->id = cg_sid_new("SE");
    session->can_resume = can_resume && server->settings.limits.resume_window_s > 0;
    cg_random_text(session->secret, CG_SECRET_LENGTH);
    cg_bucket_init(&session->refusal_log, &refusal_log_rate, cg_server_now());
    session->expiry.fire = on_expiry;
    session->end.fire = on_end;
    cg_replay_init(&session->replay, server->settings.limits.replay_bytes, session->can_resume);
    cg_session_set_grants(session, grants);
    g_queue_push_tail(&server->sessions, session);
    session->link = server->sessions.tail;
    if (session->can_resume)
        g_hash_table_insert(server->sessions_by_secret, session->secret, session);
    cg_counters_enter(server->sessions_by_account, grants->account.text);
    session->is_counted = true;
    return session;
}

void cg_session_free(cg_session *session)
{
    cg_server *server = session->server;

    session->state = CG_SESSION_CLOSING;
    leave_tables(session);
    cg_server_cancel_deadline(server, &session->expiry);
    cg_server_cancel_deadline(server, &session->end);
    cg_log(CG_LOG_INFO, "session.closed", CG_LOG_TEXT("session", session->id.text),
           CG_LOG_TEXT("account", session->grants->account.text), CG_LOG_TEXT("identity", session->grants->identity));
    call(session, server->handlers->closed);
    g_queue_delete_link(&server->sessions, session->link);
    cg_replay_finish(&session->replay);
    cg_grants_free(session->grants);
    g_free(session);
}

void cg_session_attach(cg_session *session, cg_socket *socket)
{
    g_assert(!session->socket && !socket->session);
    session->state = CG_SESSION_ATTACHED;
    session->socket = socket;
    socket->session = session;
    g_strlcpy(session->peer, socket->connection->peer.text, sizeof(session->peer));
    cg_server_cancel_deadline(session->server, &session->end);
    cg_socket_want_write(socket);
}

void cg_session_lose_socket(cg_session *session)
{
    session->socket = NULL;
    if (session->state == CG_SESSION_CLOSING)
        return;
    if (!session->can_resume) {
        cg_session_close(session, 1000, "");
        return;
    }
    session->state = CG_SESSION_DETACHED;
    cg_server_set_deadline(session->server, &session->end,
                           cg_server_now() + session->server->settings.limits.resume_window_s * INT64_C(1000000));
    cg_log(CG_LOG_INFO, "session.detached", CG_LOG_TEXT("session", session->id.text),
           CG_LOG_TEXT("peer", session->peer));
    call(session, session->server->handlers->detached);
}

void cg_session_close(cg_session *session, uint16_t code, const char *reason)
{
    cg_socket *socket = g_steal_pointer(&session->socket);
    cg_message *message;

    if (session->state == CG_SESSION_CLOSING)
        return;
    session->state = CG_SESSION_CLOSING;
    leave_tables(session);
    cg_server_cancel_deadline(session->server, &session->expiry);
    cg_server_set_deadline(session->server, &session->end, 0);
    if (!socket)
        return;
    socket->session = NULL;
    while ((message = cg_replay_steal(&session->replay)))
        cg_socket_send_message(socket, message);
    cg_socket_close(socket, code, reason);
}

/* --- sending --- */

static cg_json_writer *begin(cg_session *session, const char *type, const cg_session_message *request)
{
    cg_server *server = session->server;

    g_assert(!server->composing); /* one message at a time */
    server->composing = session;
    server->composed_to = request;
    cg_json_begin_object(server->writer, NULL);
    cg_json_write_string(server->writer, "type", type);
    cg_json_begin_object(server->writer, "payload");
    return server->writer;
}

cg_json_writer *cg_session_begin(cg_session *session, const char *type)
{
    return begin(session, type, NULL);
}

cg_json_writer *cg_session_begin_result(cg_session *session, const cg_session_message *request)
{
    return begin(session, "result", request);
}

static void push(cg_session *session, const char *text, size_t size)
{
    bool in_order = cg_replay_push(&session->replay, cg_message_new(text, size));

    if (!session->socket)
        return;
    if (!in_order)
        cg_socket_mark_slow(session->socket);
    cg_socket_want_write(session->socket);
}

void cg_session_send(cg_session *session)
{
    cg_server *server = session->server;
    const cg_session_message *request = g_steal_pointer(&server->composed_to);
    bool unwanted = session->state == CG_SESSION_CLOSING || (request && !request->id);
    size_t size;

    g_assert(server->composing == session);
    server->composing = NULL;
    cg_json_end_object(server->writer);
    cg_write_id(server->writer, request);
    cg_json_write_string(server->writer, "version", CG_PROTOCOL_VERSION);
    cg_json_write_integer(server->writer, "seq", (int64_t) cg_replay_next_seq(&session->replay));
    cg_json_end_object(server->writer);
    g_autofree char *text = cg_json_writer_steal(server->writer, &size);
    if (!unwanted)
        push(session, text, size);
}

void cg_session_log_refusal(cg_session *session, const cg_session_message *request, int code, const char *reason)
{
    if (!cg_bucket_take(&session->refusal_log, &refusal_log_rate, cg_server_now())) {
        session->refusals_not_logged++;
        return;
    }
    cg_log(CG_LOG_INFO, "message.refused", CG_LOG_TEXT("account", session->grants->account.text),
           CG_LOG_TEXT("session", session->id.text), CG_LOG_TEXT("peer", session->peer),
           CG_LOG_TEXT("type", request->type), CG_LOG_NUMBER("code", code), CG_LOG_TEXT("reason", reason),
           CG_LOG_NUMBER("not_logged", session->refusals_not_logged));
    session->refusals_not_logged = 0;
}

void cg_session_send_error(cg_session *session, const cg_session_message *request, int code, const char *message,
                           const char *callsid)
{
    if (request)
        cg_session_log_refusal(session, request, code, message);
    cg_json_writer *writer = begin(session, "error", NULL);
    session->server->composed_to = request && request->id ? request : NULL; /* errors are sent even without an id */
    cg_write_error(writer, code, message, 0);
    if (callsid)
        cg_json_write_string(writer, "callsid", callsid);
    cg_session_send(session);
}

/* --- looking --- */

const cg_grants *cg_session_grants(const cg_session *session)
{
    return session->grants;
}

bool cg_session_token_valid(const cg_session *session)
{
    return session->token_valid && session->state != CG_SESSION_CLOSING;
}

const char *cg_session_id(const cg_session *session)
{
    return session->id.text;
}

const char *cg_session_peer(const cg_session *session)
{
    return session->peer;
}

bool cg_session_is_attached(const cg_session *session)
{
    return session->state == CG_SESSION_ATTACHED;
}

bool cg_session_trickles(const cg_session *session)
{
    return session->trickles;
}

bool cg_session_can_resume(const cg_session *session)
{
    return session->can_resume;
}

void cg_session_set_data(cg_session *session, void *data)
{
    session->data = data;
}

void *cg_session_data(const cg_session *session)
{
    return session->data;
}
