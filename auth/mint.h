/* Making access tokens (docs/tokens.md): for the command line, the demo and tests. */
#pragma once

#include "auth/directory.h"
#include "base/form.h"

typedef struct {
    cg_sid account; /* AC */
    cg_sid key;     /* SK */
    cg_algorithm algorithm;
    const char *secret;   /* HS*: the key's secret; ES256, RS256: the private key as PEM */
    const char *identity; /* NULL: none */
    bool incoming;
    cg_sid application;        /* unset: no outgoing grant */
    const cg_form *parameters; /* fixed parameters of the outgoing grant; NULL: none */
    int64_t issued_at;         /* seconds since 1970 */
    int64_t ttl_s;
    int64_t not_before; /* 0: left out */
} cg_mint_request;

/* The token, free with g_free; NULL and a message in `ret_error` (free with g_free) if the key cannot sign it. */
char *cg_token_mint(const cg_mint_request *request, char **ret_error);
