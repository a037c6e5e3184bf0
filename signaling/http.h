/* HTTP requests and answers on the gateway's port: health, metrics, administration, demo tokens. Small and whole: a
 * request is handed over when its body (at most CG_HTTP_MAX_BODY bytes) is complete, and is answered at once. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define CG_HTTP_MAX_BODY 65536

typedef struct {
    const char *method;        /* "GET", "POST", ... */
    const char *path;          /* decoded, without query */
    const char *query;         /* raw, "" if none */
    const char *content_type;  /* "" if none */
    const char *authorization; /* "" if none */
    const char *body;          /* NUL-terminated for convenience */
    size_t body_size;
    const char *peer; /* address as text, e.g. "127.0.0.1" */
    bool peer_is_loopback;
} cg_http_request;

typedef struct {
    int status;               /* 200 unless set */
    const char *content_type; /* static text */
    char *body;               /* g_malloc'ed; the server frees it */
    size_t body_size;
} cg_http_response;

typedef struct {
    const char *method;
    const char *path;   /* exact; or ending in a slash and an asterisk for everything below */
    bool loopback_only; /* others get 403 */
    bool own_pages;     /* programs and the gateway's own pages only; others get 403 */
    bool cross_origin;  /* answered with CORS headers for the allowed origins (and OPTIONS preflight) */
    void (*handle)(const cg_http_request *request, cg_http_response *response, void *user);
} cg_http_route;

/* An error answer: {"code":status,"message":text}. */
void cg_http_respond_error(cg_http_response *response, int status, const char *message);
/* Takes `json` (g_malloc'ed). */
void cg_http_respond_json(cg_http_response *response, int status, char *json);
void cg_http_respond_text(cg_http_response *response, int status, const char *content_type, char *text);
