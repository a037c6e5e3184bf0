/* libwebsockets: the context on our loop, and its one callback translated into calls of connection, socket and
 * exchange. The one thing to know: what its 4.1 gets wrong is kept away from peers here - see refuse_upgrade. */
#include "signaling/exchange.h"
#include "signaling/origin.h"
#include "signaling/server_internal.h"
#include "signaling/socket.h"

#include "base/log.h"

#include <openssl/ssl.h>
#include <string.h>
#include <sys/resource.h>

#define HANDSHAKE_TIMEOUT_S 10 /* for TLS, headers and request bodies */
#define FRAME_BUFFER 2048      /* bytes read at a time, and held per WebSocket */
#define WRITE_AT_ONCE 65536    /* bytes of one message given to the socket in one call */
#define MAX_DESCRIPTORS 131072 /* libwebsockets allocates 16 bytes for each descriptor the process may have */

/* --- upgrade to WebSocket --- */

/* Nothing but WebSocket. The callback this answers is avoided otherwise (CVE-2025-11677: after an unknown upgrade on a
 * kept-alive connection it reads freed headers). No connection of ours is kept alive, an unknown upgrade has been
 * answered and closed before, and without this callback "Upgrade: h2c" would put a peer into the HTTP/2 code. */
static int refuse_upgrade(const char *protocol)
{
    return g_ascii_strcasecmp(protocol, "websocket") == 0 ? 0 : -1;
}

static const char *check_upgrade(cg_connection *connection, struct lws *wsi, int *ret_status,
                                 cg_reject_reason *ret_reason)
{
    cg_server *server = connection->server;
    g_autofree char *path = cg_header(wsi, WSI_TOKEN_GET_URI);
    g_autofree char *origin = cg_header(wsi, WSI_TOKEN_ORIGIN);
    g_autofree char *host = cg_header(wsi, WSI_TOKEN_HOST);
    g_autofree char *version = cg_header(wsi, WSI_TOKEN_VERSION);

    *ret_status = 404;
    *ret_reason = CG_REJECT_MESSAGE;
    if (g_strcmp0(path, CG_SIGNAL_PATH) != 0)
        return "no WebSocket here: it is at " CG_SIGNAL_PATH;
    *ret_status = 426;
    if (g_strcmp0(version, "13") != 0) /* RFC 6455 section 4.2.2; libwebsockets would take any */
        return "only version 13 of the WebSocket protocol is spoken";
    *ret_status = 403;
    *ret_reason = CG_REJECT_ORIGIN;
    if (!cg_origin_allowed(origin, host, (const char *const *) server->settings.allowed_origins))
        return "pages of this origin are not allowed";
    *ret_status = 429;
    *ret_reason = CG_REJECT_IP_LIMIT;
    if (cg_counters_get(server->sockets_by_address, connection->peer.key) >= server->settings.limits.connections_per_ip)
        return "too many connections from this address";
    *ret_status = 503;
    *ret_reason = CG_REJECT_DRAINING;
    return server->closing ? "the gateway is going away" : NULL;
}

static int filter_upgrade(cg_connection *connection, struct lws *wsi)
{
    cg_reject_reason reason;
    int status;
    const char *refusal = check_upgrade(connection, wsi, &status, &reason);

    if (!refusal)
        return 0;
    cg_server_reject(connection->server, reason, connection->peer.text, refusal);
    cg_exchange_refuse_upgrade(wsi, status, refusal);
    return -1;
}

/* --- the callback --- */

static int on_socket(cg_socket *socket, struct lws *wsi, enum lws_callback_reasons reason, void *in, size_t size)
{
    const unsigned char *code = in;

    switch (reason) {
    case LWS_CALLBACK_RECEIVE:
        return cg_socket_receive(socket, in, size);
    case LWS_CALLBACK_RECEIVE_PONG:
        cg_socket_heard(socket);
        return 0;
    case LWS_CALLBACK_SERVER_WRITEABLE:
        return cg_socket_write(socket);
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
        /* RFC 6455 section 7.1.5: no code is 1005. */
        cg_socket_peer_closed(socket, size >= 2 ? (uint16_t) (code[0] << 8 | code[1]) : 1005);
        return 0;
    case LWS_CALLBACK_CLOSED:
        cg_socket_free(socket);
        return 0;
    default:
        return 0;
    }
}

static int on_connection(cg_connection *connection, struct lws *wsi, enum lws_callback_reasons reason, void *in,
                         size_t size)
{
    switch (reason) {
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
        return refuse_upgrade(in);
    case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION:
        return filter_upgrade(connection, wsi);
    case LWS_CALLBACK_ESTABLISHED:
        return cg_socket_open(connection, wsi);
    case LWS_CALLBACK_HTTP:
        return cg_exchange_begin(connection, in, size);
    case LWS_CALLBACK_HTTP_BODY:
        return cg_exchange_body(connection, in, size);
    case LWS_CALLBACK_HTTP_BODY_COMPLETION:
        return cg_exchange_complete(connection);
    case LWS_CALLBACK_HTTP_WRITEABLE:
        return cg_exchange_write(connection);
    case LWS_CALLBACK_WSI_DESTROY:
        cg_connection_free(connection);
        return 0;
    default:
        return connection->socket ? on_socket(connection->socket, wsi, reason, in, size) : 0;
    }
}

/* Every handshake asks for the certificate in force: so a reload needs no change of libwebsockets' SSL_CTX. */
static int on_handshake(SSL *connection, void *user)
{
    const cg_server *server = user;

    return cg_tls_certificate_use(server->certificate, connection) ? 1 : 0;
}

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t size)
{
    cg_server *server = lws_context_user(lws_get_context(wsi));

    if (reason == LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS) {
        SSL_CTX_set_cert_cb(user, on_handshake, server);
        return SSL_CTX_set_min_proto_version(user, TLS1_2_VERSION) == 1 ? 0 : -1;
    }
    if (reason == LWS_CALLBACK_WSI_CREATE && server->adopting) {
        server->adopting->wsi = wsi; /* its opaque pointer is set right afterwards */
        return 0;
    }
    /* For some reasons `wsi` is a dummy without connection. */
    bool has_connection = reason != LWS_CALLBACK_PROTOCOL_INIT && reason != LWS_CALLBACK_PROTOCOL_DESTROY;
    cg_connection *connection = has_connection ? lws_get_opaque_user_data(wsi) : NULL;
    return connection ? on_connection(connection, wsi, reason, in, size) : 0;
}

static const struct lws_protocols protocols[] = {
    {.name = "callgate", .callback = on_event, .rx_buffer_size = FRAME_BUFFER, .tx_packet_size = WRITE_AT_ONCE},
    {0},
};

/* --- the context --- */

/* Its warnings are about peers' mistakes; what matters is logged by us, with the peer's address. */
static void on_log(int level, const char *line)
{
    g_autofree char *text = g_strchomp(g_strdup(line));

    cg_log(CG_LOG_DEBUG, "libwebsockets", CG_LOG_TEXT("text", text));
}

static struct lws_context *create_context(cg_server *server)
{
    /* Its own ping and hang-up timers off: one sorted list for all sockets, walked on every insertion. */
    static const lws_retry_bo_t no_retry = {0};
    void *loops[] = {server->loop};
    uint64_t tls = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT | LWS_SERVER_OPTION_CREATE_VHOST_SSL_CTX;
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN_SERVER,
        .protocols = protocols,
        .user = server,
        .foreign_loops = loops,
        .alpn = "http/1.1",
        .retry_and_idle_policy = &no_retry,
        .timeout_secs = HANDSHAKE_TIMEOUT_S,
        .max_http_header_data = 8192,
        .options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS |
                   LWS_SERVER_OPTION_SKIP_SERVER_CANONICAL_NAME | (server->certificate ? tls : 0),
        .gid = -1,
        .uid = -1,
    };

    return lws_create_context(&info);
}

bool cg_context_open(cg_server *server, char **ret_error)
{
    struct rlimit limit;
    bool lowered = getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur > MAX_DESCRIPTORS;

    lws_set_log_level(LLL_ERR | LLL_WARN, on_log);
    if (lowered)
        setrlimit(RLIMIT_NOFILE, &(struct rlimit){.rlim_cur = MAX_DESCRIPTORS, .rlim_max = limit.rlim_max});
    server->context = create_context(server);
    if (lowered)
        setrlimit(RLIMIT_NOFILE, &limit);
    if (!server->context) {
        *ret_error = g_strdup("libwebsockets cannot start; is its libuv plugin (libwebsockets-evlib-uv) installed?");
        return false;
    }
    server->vhost = lws_get_vhost_by_name(server->context, "default");
    return server->vhost != NULL;
}
