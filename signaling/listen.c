/* `listen`: the token, and with it a new session, a resumed one, or new grants for the one that is open. The one thing
 * to know: a refused `listen` does not close the socket. Known clients reconnect at once with the same token when it
 * does, again and again; left open, they wait for a new token, and the listen timeout ends those that never get one. */
#include "signaling/session_internal.h"

#include "base/clock.h"
#include "base/log.h"
#include "signaling/error_codes.h"

#include <string.h>

#define MAX_REFUSED_LISTENS 5  /* per socket; then it is closed */
#define RETRY_AFTER_DRAIN_S 5  /* a restart takes that long */
#define RETRY_AFTER_LIMIT_S 10 /* another session of the account may have ended by then */

typedef enum { RESUME_NOT_ASKED, RESUME_ANNOUNCED, RESUME_DONE, RESUME_FAILED } resume_outcome;

static void refuse(cg_socket *socket, const cg_session_message *message, cg_reject_reason reason, int code,
                   const char *text, unsigned retry_after_s)
{
    cg_server_reject(socket->server, reason, socket->connection->peer.text, text);
    cg_socket_send_error(socket, message, code, text, retry_after_s);
    if (reason == CG_REJECT_DRAINING)
        cg_socket_close(socket, 1012, text);
    else if (++socket->refused_listens >= MAX_REFUSED_LISTENS)
        cg_socket_close(socket, 1008, "too many refused listens");
}

static cg_grants *verify(cg_socket *socket, const cg_session_message *message)
{
    const cg_server *server = socket->server;
    const char *token = cg_json_string(cg_json_get(message->payload, "token"));
    cg_grants *grants = NULL;
    cg_token_status status = CG_TOKEN_MISSING;

    if (token && *token)
        status = cg_token_verify(server->directory, &server->policy, token, strlen(token), cg_clock_wall_ms() / 1000,
                                 &grants);
    if (status != CG_TOKEN_OK)
        refuse(socket, message, CG_REJECT_TOKEN, cg_token_status_code(status), cg_token_status_text(status), 0);
    return grants;
}

static bool announces_trickle(const cg_session_message *message)
{
    bool trickle = false;
    return cg_json_bool(cg_json_get(message->payload, "trickle"), &trickle) && trickle;
}

static bool is_same_client(const cg_grants *a, const cg_grants *b)
{
    return cg_sid_equal(&a->account, &b->account) && g_strcmp0(a->identity, b->identity) == 0;
}

/* --- connected --- */

static void write_session(cg_json_writer *writer, const cg_session *session, resume_outcome outcome)
{
    const cg_server *server = session->server;

    cg_json_begin_object(writer, "session");
    cg_json_write_string(writer, "id", session->secret);
    cg_json_write_string(writer, "epoch", server->epoch);
    cg_json_write_integer(writer, "resume_for", session->can_resume ? server->settings.limits.resume_window_s : 0);
    if (outcome == RESUME_DONE || outcome == RESUME_FAILED)
        cg_json_write_bool(writer, "recovered", outcome == RESUME_DONE);
    cg_json_end_object(writer);
}

static void write_token(cg_json_writer *writer, const cg_grants *grants)
{
    cg_json_begin_object(writer, "token");
    if (grants->identity)
        cg_json_write_string(writer, "identity", grants->identity);
    cg_json_write_integer(writer, "ttl", MAX(grants->expires_at - cg_clock_wall_ms() / 1000, 0));
    cg_json_end_object(writer);
}

/* Good for as long as this token can ask for new ones anyway, if that is longer. */
static void write_ice_servers(cg_json_writer *writer, const cg_session *session)
{
    const cg_settings *settings = &session->server->settings;
    const cg_grants *grants = session->grants;

    if (!settings->turn_urls[0])
        return;
    int64_t expires_at = MAX(cg_clock_wall_ms() / 1000 + settings->turn_ttl_s, grants->expires_at);
    cg_turn_credentials credentials =
        cg_turn_client_credentials(settings->turn_secret, grants->account.text, grants->identity, expires_at);
    cg_json_begin_array(writer, "ice_servers");
    cg_json_begin_object(writer, NULL);
    cg_json_begin_array(writer, "urls");
    for (char **url = settings->turn_urls; *url; url++)
        cg_json_write_string(writer, NULL, *url);
    cg_json_end_array(writer);
    cg_json_write_string(writer, "username", credentials.username);
    cg_json_write_string(writer, "credential", credentials.password);
    cg_json_end_object(writer);
    cg_json_end_array(writer);
}

/* Not numbered: it speaks of the socket, and comes before anything that is replayed. */
static void send_connected(cg_session *session, const cg_session_message *request, resume_outcome outcome)
{
    const char *region = session->server->settings.region;
    cg_json_writer *writer = cg_json_writer_new();

    cg_json_begin_object(writer, NULL);
    cg_json_write_string(writer, "type", "connected");
    cg_json_begin_object(writer, "payload");
    cg_json_write_string(writer, "region", region);
    cg_json_write_string(writer, "home", region);
    cg_json_write_string(writer, "edge", region);
    write_token(writer, session->grants);
    write_session(writer, session, outcome);
    write_ice_servers(writer, session);
    cg_json_end_object(writer);
    cg_write_id(writer, request);
    cg_json_write_string(writer, "version", CG_PROTOCOL_VERSION);
    cg_json_end_object(writer);
    cg_socket_send(session->socket, writer);
}

static void log_session(const char *event, const cg_session *session)
{
    cg_log(CG_LOG_INFO, event, CG_LOG_TEXT("session", session->id.text),
           CG_LOG_TEXT("account", session->grants->account.text), CG_LOG_TEXT("identity", session->grants->identity),
           CG_LOG_TEXT("peer", session->peer));
}

/* --- a token for the session that is open --- */

static void renew(cg_socket *socket, const cg_session_message *message, cg_grants *grants)
{
    cg_session *session = socket->session;
    const cg_session_handlers *handlers = socket->server->handlers;

    if (!is_same_client(session->grants, grants)) {
        cg_grants_free(grants);
        refuse(socket, message, CG_REJECT_TOKEN, CG_ERROR_NOT_GRANTED,
               "the token is of another account or identity: connect anew", 0);
        return;
    }
    cg_session_set_grants(session, grants);
    session->trickles = announces_trickle(message);
    log_session("session.renewed", session);
    if (handlers->renewed)
        handlers->renewed(session, socket->server->user);
    if (socket->session)
        send_connected(session, message, RESUME_NOT_ASKED);
}

/* --- resume --- */

/* The session that `resume` names, if this client may have it. */
static cg_session *find_session(const cg_server *server, const cg_json_value *resume, const cg_grants *grants)
{
    const char *secret = cg_json_string(cg_json_get(resume, "id"));
    const char *epoch = cg_json_string(cg_json_get(resume, "epoch"));
    cg_session *session = secret ? g_hash_table_lookup(server->sessions_by_secret, secret) : NULL;

    if (!session || g_strcmp0(epoch, server->epoch) != 0 || !is_same_client(session->grants, grants))
        return NULL;
    return session;
}

/* Takes the grants if it returns true. */
static bool resume(cg_socket *socket, const cg_session_message *message, cg_session *session, cg_grants *grants)
{
    const cg_session_handlers *handlers = socket->server->handlers;
    int64_t seq;

    if (!cg_json_integer(cg_json_get(cg_json_get(message->payload, "resume"), "seq"), &seq) || seq < 0 ||
        !cg_replay_rewind(&session->replay, (uint64_t) seq))
        return false;
    cg_socket *previous = g_steal_pointer(&session->socket);
    if (previous) {
        previous->session = NULL;
        cg_socket_close(previous, CG_CLOSE_REPLACED, "the session was resumed on another connection");
    }
    cg_session_set_grants(session, grants);
    session->trickles = announces_trickle(message);
    cg_session_attach(session, socket);
    socket->server->stats.resumes_total++;
    log_session("session.resumed", session);
    send_connected(session, message, RESUME_DONE);
    if (handlers->renewed)
        handlers->renewed(session, socket->server->user);
    if (handlers->attached && session->state == CG_SESSION_ATTACHED)
        handlers->attached(session, socket->server->user);
    return true;
}

/* --- a new session --- */

static bool account_is_full(const cg_server *server, const cg_sid *sid)
{
    const cg_account *account = cg_directory_find_account(server->directory, sid);
    unsigned limit = account ? account->max_connections : 0;

    return cg_counters_get(server->sessions_by_account, sid->text) >=
           (limit ? limit : server->settings.limits.connections_per_account);
}

static void open_session(cg_socket *socket, const cg_session_message *message, cg_grants *grants,
                         resume_outcome outcome)
{
    cg_server *server = socket->server;
    cg_session *session = cg_session_new(server, grants, outcome != RESUME_NOT_ASKED);

    session->trickles = announces_trickle(message);
    cg_session_attach(session, socket);
    log_session("session.opened", session);
    if (server->handlers->opened)
        server->handlers->opened(session, server->user);
    if (session->state == CG_SESSION_ATTACHED)
        send_connected(session, message, outcome);
}

static void open_or_refuse(cg_socket *socket, const cg_session_message *message, cg_grants *grants,
                           resume_outcome outcome)
{
    cg_server *server = socket->server;

    if (server->draining) {
        cg_grants_free(grants);
        refuse(socket, message, CG_REJECT_DRAINING, CG_ERROR_SIGNALING, "the gateway is about to restart",
               RETRY_AFTER_DRAIN_S);
    } else if (account_is_full(server, &grants->account)) {
        cg_grants_free(grants);
        refuse(socket, message, CG_REJECT_ACCOUNT_LIMIT, CG_ERROR_LIMIT, "the account has too many connections",
               RETRY_AFTER_LIMIT_S);
    } else {
        open_session(socket, message, grants, outcome);
    }
}

void cg_listen_handle(cg_socket *socket, const cg_session_message *message)
{
    const cg_json_value *asked = cg_json_get(message->payload, "resume");
    cg_grants *grants = verify(socket, message);

    if (!grants)
        return;
    if (socket->session) {
        renew(socket, message, grants);
        return;
    }
    if (cg_json_type_of(asked) != CG_JSON_OBJECT || !cg_json_get(asked, "id")) {
        open_or_refuse(socket, message, grants,
                       cg_json_type_of(asked) == CG_JSON_OBJECT ? RESUME_ANNOUNCED : RESUME_NOT_ASKED);
        return;
    }
    cg_session *session = find_session(socket->server, asked, grants);
    if (session && resume(socket, message, session, grants))
        return;
    socket->server->stats.resume_failures_total++;
    if (session) /* it has moved on without this client and can never be resumed: its place goes to the new one */
        cg_session_close(session, 1008, "the session could not be resumed");
    open_or_refuse(socket, message, grants, RESUME_FAILED);
}
