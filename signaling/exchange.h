/* HTTP inside this folder: one request and its answer (exchange.c), and which answer a request gets (routes.c). A
 * connection carries one request: what libwebsockets 4.1 does between two requests of a kept-alive connection is where
 * its known bugs are. */
#pragma once

#include "signaling/server_internal.h"

/* Those that return int return what a libwebsockets callback does: -1 closes the connection. */
int cg_exchange_begin(cg_connection *connection, const char *path, size_t size);
int cg_exchange_body(cg_connection *connection, const void *bytes, size_t size);
int cg_exchange_complete(cg_connection *connection);
int cg_exchange_write(cg_connection *connection);
void cg_exchange_free(cg_exchange *exchange);

/* Answers an upgrade request that is refused; the connection is to be closed afterwards. */
void cg_exchange_refuse_upgrade(struct lws *wsi, int status, const char *message);

/* The value of a request header; NULL if there is none. Free with g_free. */
char *cg_header(struct lws *wsi, enum lws_token_indexes header);

typedef struct {
    cg_http_request request;
    const char *host;          /* "" if none */
    const char *origin;        /* NULL if none */
    const char *if_none_match; /* "" if none */
    bool forwarded;            /* a proxy handed it on: whose it is, the peer address does not tell */
} cg_route_request;

typedef struct {
    cg_http_response response;
    GBytes *shared_body;      /* instead of response.body; NULL: none */
    char *etag;               /* NULL: none, and not to be stored */
    const char *allow_origin; /* the request's; NULL: no CORS headers */
    char *allow_methods;      /* for 405 and preflight answers; NULL: none */
    bool is_page;             /* from the web root: gets a content security policy */
} cg_route_answer;

/* Finish the answer afterwards. */
void cg_routes_answer(cg_server *server, const cg_route_request *request, cg_route_answer *ret_answer);
void cg_route_answer_finish(cg_route_answer *answer);
