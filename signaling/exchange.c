/* One HTTP request on one connection: collect the body within its bound, have it answered, write the answer, close.
 * The one thing to know: headers are written as text of our own, because libwebsockets' helpers decide about
 * keep-alive, and this server keeps none alive (exchange.h). */
#include "signaling/exchange.h"

#include "signaling/origin.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CHUNK 16384        /* bytes handed to the socket at a time */
#define WRITE_TIMEOUT_S 10 /* for the peer to take some of them */

struct cg_exchange {
    cg_connection *connection;
    char *method, *path, *query, *content_type, *authorization, *host, *origin, *if_none_match;
    GByteArray *body;
    GString *head;   /* of the answer */
    GBytes *content; /* of the answer; NULL: none is sent */
    size_t sent;     /* of head and content together */
    bool forwarded;
    bool answered;
};

/* --- reading the request --- */

char *cg_header(struct lws *wsi, enum lws_token_indexes header)
{
    int length = lws_hdr_total_length(wsi, header);

    if (length <= 0)
        return NULL;
    char *value = g_malloc((gsize) length + 1);
    if (lws_hdr_copy(wsi, value, length + 1, header) < 0)
        value[0] = '\0';
    return value;
}

static char *header_or_empty(struct lws *wsi, enum lws_token_indexes header)
{
    char *value = cg_header(wsi, header);

    return value ? value : g_strdup("");
}

static const char *method_of(struct lws *wsi)
{
    static const struct {
        enum lws_token_indexes token;
        const char *name;
    } methods[] = {
        {WSI_TOKEN_GET_URI, "GET"},         {WSI_TOKEN_HEAD_URI, "HEAD"}, {WSI_TOKEN_POST_URI, "POST"},
        {WSI_TOKEN_OPTIONS_URI, "OPTIONS"}, {WSI_TOKEN_PUT_URI, "PUT"},   {WSI_TOKEN_PATCH_URI, "PATCH"},
        {WSI_TOKEN_DELETE_URI, "DELETE"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(methods); i++)
        if (lws_hdr_total_length(wsi, methods[i].token) > 0)
            return methods[i].name;
    return "?";
}

/* libwebsockets hands the query over in decoded pieces; here it becomes one escaped text again. */
static char *query_of(struct lws *wsi)
{
    GString *query = g_string_new(NULL);
    char piece[1024];
    int size;

    for (int i = 0; (size = lws_hdr_copy_fragment(wsi, piece, sizeof(piece), WSI_TOKEN_HTTP_URI_ARGS, i)) >= 0; i++) {
        const char *equals = memchr(piece, '=', (size_t) size);
        g_autofree char *name = g_strndup(piece, equals ? (size_t) (equals - piece) : (size_t) size);
        g_autofree char *escaped_name = g_uri_escape_bytes((const guint8 *) name, strlen(name), NULL);

        g_string_append_printf(query, "%s%s", query->len > 0 ? "&" : "", escaped_name);
        if (!equals)
            continue;
        size_t value_size = (size_t) size - (size_t) (equals + 1 - piece);
        g_autofree char *escaped_value = g_uri_escape_bytes((const guint8 *) equals + 1, value_size, NULL);
        g_string_append_printf(query, "=%s", escaped_value);
    }
    return g_string_free(query, FALSE);
}

/* How many bytes of body follow, or the status to refuse with. */
static int content_length(struct lws *wsi, const char *method, size_t *ret_size)
{
    g_autofree char *text = cg_header(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH);
    char *end;

    *ret_size = 0;
    if (lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING) > 0)
        return 501;
    if (!text)
        return strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0 || strcmp(method, "PATCH") == 0 ? 411 : 0;
    errno = 0;
    unsigned long long size = g_ascii_isdigit(text[0]) ? strtoull(text, &end, 10) : 0;
    if (!g_ascii_isdigit(text[0]) || *end || errno)
        return 400;
    if (size > CG_HTTP_MAX_BODY)
        return 413;
    *ret_size = (size_t) size;
    return 0;
}

/* RFC 7239, and what proxies said before it. */
static bool is_forwarded(struct lws *wsi)
{
    static const char forwarded[] = "forwarded:";

    return lws_hdr_total_length(wsi, WSI_TOKEN_X_FORWARDED_FOR) > 0 ||
           lws_hdr_custom_length(wsi, forwarded, (int) strlen(forwarded)) >= 0;
}

static cg_exchange *exchange_new(cg_connection *connection, const char *path, size_t size)
{
    struct lws *wsi = connection->wsi;
    cg_exchange *exchange = g_new0(cg_exchange, 1);

    exchange->connection = connection;
    exchange->method = g_strdup(method_of(wsi));
    exchange->path = g_strndup(path, size);
    exchange->query = query_of(wsi);
    exchange->content_type = header_or_empty(wsi, WSI_TOKEN_HTTP_CONTENT_TYPE);
    exchange->authorization = header_or_empty(wsi, WSI_TOKEN_HTTP_AUTHORIZATION);
    exchange->host = header_or_empty(wsi, WSI_TOKEN_HOST);
    exchange->origin = cg_header(wsi, WSI_TOKEN_ORIGIN);
    exchange->if_none_match = header_or_empty(wsi, WSI_TOKEN_HTTP_IF_NONE_MATCH);
    exchange->forwarded = is_forwarded(wsi);
    exchange->body = g_byte_array_new();
    return exchange;
}

void cg_exchange_free(cg_exchange *exchange)
{
    if (!exchange)
        return;
    g_free(exchange->method);
    g_free(exchange->path);
    g_free(exchange->query);
    g_free(exchange->content_type);
    g_free(exchange->authorization);
    g_free(exchange->host);
    g_free(exchange->origin);
    g_free(exchange->if_none_match);
    g_byte_array_unref(exchange->body);
    if (exchange->head)
        g_string_free(exchange->head, TRUE);
    g_clear_pointer(&exchange->content, g_bytes_unref);
    g_free(exchange);
}

/* --- writing the answer --- */

static const char *reason_phrase(int status)
{
    static const struct {
        int status;
        const char *phrase;
    } phrases[] = {
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {304, "Not Modified"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {409, "Conflict"},
        {411, "Length Required"},
        {426, "Upgrade Required"},
        {413, "Content Too Large"},
        {429, "Too Many Requests"},
        {501, "Not Implemented"},
        {503, "Service Unavailable"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(phrases); i++)
        if (phrases[i].status == status)
            return phrases[i].phrase;
    return status < 500 ? "Error" : "Server Error";
}

static void append_status(GString *head, int status)
{
    time_t now = time(NULL);
    char date[64];
    struct tm parts;

    gmtime_r(&now, &parts);
    strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &parts); /* RFC 9110 section 5.6.7; the C locale */
    g_string_append_printf(head, "HTTP/1.1 %d %s\r\nDate: %s\r\nConnection: close\r\n", status, reason_phrase(status),
                           date);
    g_string_append(head, "X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n");
}

/* Scripts and styles of the gateway's own only; WebSockets to itself are named, since not every browser counts them as
 * 'self'. */
static void append_content_security_policy(GString *head, const char *host)
{
    g_string_append(head, "Content-Security-Policy: default-src 'self'; base-uri 'none'; form-action 'self'; "
                          "frame-ancestors 'none'; object-src 'none'; img-src 'self' data: blob:; "
                          "media-src 'self' blob: data: mediastream:; worker-src 'self' blob:; connect-src 'self'");
    if (*host && cg_host_valid(host))
        g_string_append_printf(head, " ws://%s wss://%s", host, host);
    g_string_append(head, "\r\n");
}

static void append_cors(GString *head, const cg_route_answer *answer)
{
    g_string_append_printf(head, "Access-Control-Allow-Origin: %s\r\n", answer->allow_origin);
    if (answer->allow_methods && answer->response.status == 204)
        g_string_append_printf(head,
                               "Access-Control-Allow-Methods: %s\r\n"
                               "Access-Control-Allow-Headers: authorization, content-type\r\n"
                               "Access-Control-Max-Age: 600\r\n",
                               answer->allow_methods);
}

static void append_headers(cg_exchange *exchange, const cg_route_answer *answer, size_t size)
{
    GString *head = exchange->head;
    int status = answer->response.status;

    append_status(head, status);
    if (answer->response.content_type)
        g_string_append_printf(head, "Content-Type: %s\r\n", answer->response.content_type);
    if (status != 204 && status != 304)
        g_string_append_printf(head, "Content-Length: %zu\r\n", size);
    if (answer->etag)
        g_string_append_printf(head, "ETag: %s\r\nCache-Control: no-cache\r\n", answer->etag);
    else
        g_string_append(head, "Cache-Control: no-store\r\n");
    if (answer->allow_methods)
        g_string_append_printf(head, "Allow: %s\r\n", answer->allow_methods);
    g_string_append(head, "Vary: Origin\r\n");
    if (answer->allow_origin)
        append_cors(head, answer);
    if (answer->is_page)
        append_content_security_policy(head, exchange->host);
    g_string_append(head, "\r\n");
}

/* Takes what it needs of the answer and finishes it. */
static void send_answer(cg_exchange *exchange, cg_route_answer *answer)
{
    GBytes *content = g_steal_pointer(&answer->shared_body);
    bool no_content = answer->response.status == 204 || answer->response.status == 304;

    if (!content) {
        size_t size = answer->response.body ? answer->response.body_size : 0;
        content = g_bytes_new_take(g_steal_pointer(&answer->response.body), size);
    }
    exchange->answered = true;
    exchange->head = g_string_new(NULL);
    append_headers(exchange, answer, g_bytes_get_size(content));
    if (no_content || strcmp(exchange->method, "HEAD") == 0)
        g_bytes_unref(content);
    else
        exchange->content = content;
    cg_route_answer_finish(answer);
    lws_callback_on_writable(exchange->connection->wsi);
}

static void answer(cg_exchange *exchange)
{
    const cg_peer_address *peer = &exchange->connection->peer;
    cg_route_answer route_answer;

    g_byte_array_append(exchange->body, (const guint8 *) "", 1); /* a NUL that is not counted */
    cg_routes_answer(exchange->connection->server,
                     &(cg_route_request){
                         .request = {.method = exchange->method,
                                     .path = exchange->path,
                                     .query = exchange->query,
                                     .content_type = exchange->content_type,
                                     .authorization = exchange->authorization,
                                     .body = (const char *) exchange->body->data,
                                     .body_size = exchange->body->len - 1,
                                     .peer = peer->text,
                                     .peer_is_loopback = peer->is_loopback},
                         .host = exchange->host,
                         .origin = exchange->origin,
                         .if_none_match = exchange->if_none_match,
                         .forwarded = exchange->forwarded,
                     },
                     &route_answer);
    if (route_answer.response.status == 0)
        route_answer.response.status = 200;
    send_answer(exchange, &route_answer);
}

static void answer_error(cg_exchange *exchange, int status)
{
    cg_route_answer route_answer = {0};

    cg_http_respond_error(&route_answer.response, status, reason_phrase(status));
    send_answer(exchange, &route_answer);
}

/* --- what libwebsockets tells --- */

int cg_exchange_begin(cg_connection *connection, const char *path, size_t size)
{
    size_t body_size;

    if (connection->exchange)
        return -1;
    cg_exchange *exchange = connection->exchange = exchange_new(connection, path, size);
    int refusal = content_length(connection->wsi, exchange->method, &body_size);
    if (refusal)
        answer_error(exchange, refusal);
    else if (strlen(exchange->path) != size) /* a NUL inside */
        answer_error(exchange, 400);
    else if (strcmp(exchange->path, CG_SIGNAL_PATH) == 0)
        answer_error(exchange, 400); /* for WebSockets only */
    else if (body_size == 0)
        answer(exchange);
    return 0;
}

int cg_exchange_body(cg_connection *connection, const void *bytes, size_t size)
{
    cg_exchange *exchange = connection->exchange;

    if (!exchange || exchange->answered)
        return 0;
    if (exchange->body->len + size > CG_HTTP_MAX_BODY)
        return -1; /* more than Content-Length said: libwebsockets does not let that happen */
    g_byte_array_append(exchange->body, bytes, (guint) size);
    return 0;
}

int cg_exchange_complete(cg_connection *connection)
{
    if (connection->exchange && !connection->exchange->answered)
        answer(connection->exchange);
    return 0;
}

/* The next bytes to write, at most CHUNK. */
static size_t next_chunk(const cg_exchange *exchange, const void **ret_bytes)
{
    size_t head_size = exchange->head->len, content_size = 0;
    const char *content = exchange->content ? g_bytes_get_data(exchange->content, &content_size) : NULL;

    if (exchange->sent < head_size) {
        *ret_bytes = exchange->head->str + exchange->sent;
        return MIN(head_size - exchange->sent, CHUNK);
    }
    *ret_bytes = content_size ? content + (exchange->sent - head_size) : NULL;
    return MIN(head_size + content_size - exchange->sent, CHUNK);
}

int cg_exchange_write(cg_connection *connection)
{
    cg_exchange *exchange = connection->exchange;
    unsigned char buffer[LWS_PRE + CHUNK];
    const void *bytes;
    size_t size;

    if (!exchange || !exchange->answered)
        return 0;
    while ((size = next_chunk(exchange, &bytes)) > 0) {
        if (lws_send_pipe_choked(connection->wsi)) {
            lws_callback_on_writable(connection->wsi);
            return 0;
        }
        memcpy(buffer + LWS_PRE, bytes, size);
        if (lws_write(connection->wsi, buffer + LWS_PRE, size, LWS_WRITE_HTTP) < 0)
            return -1;
        exchange->sent += size;
        lws_set_timeout(connection->wsi, PENDING_TIMEOUT_HTTP_CONTENT, WRITE_TIMEOUT_S); /* as long as it gets on */
    }
    return -1; /* all is handed over: libwebsockets flushes what it still holds, then closes */
}

void cg_exchange_refuse_upgrade(struct lws *wsi, int status, const char *message)
{
    cg_http_response response = {0};
    GString *text = g_string_new(NULL);

    cg_http_respond_error(&response, status, message);
    g_string_set_size(text, LWS_PRE);
    append_status(text, status);
    if (status == 429 || status == 503)
        g_string_append(text, "Retry-After: 10\r\n");
    if (status == 426)
        g_string_append(text, "Sec-WebSocket-Version: 13\r\n");
    g_string_append_printf(text, "Content-Type: %s\r\nContent-Length: %zu\r\n\r\n%s", response.content_type,
                           response.body_size, response.body);
    lws_write(wsi, (unsigned char *) text->str + LWS_PRE, text->len - LWS_PRE, LWS_WRITE_HTTP_HEADERS);
    g_string_free(text, TRUE);
    g_free(response.body);
}
