/* The TURN server that clients are told of: its URLs, and each client's credentials. Pure. */
#pragma once

#include "base/turn_credentials.h"

#include <stdbool.h>
#include <stdint.h>

#define CG_TURN_MAX_URLS 8

typedef struct {
    const char *const *urls; /* NULL-terminated; empty or NULL: clients are told of no TURN server */
    const char *secret;      /* set if there are urls */
    unsigned ttl_s;          /* how long credentials are good, at least: they last as long as the client's token */
} cg_turn_config;

/* RFC 7065: turn: or turns:, host, perhaps port and transport. Browsers refuse a connection with a wrong one. */
bool cg_turn_url_is_valid(const char *url);

/* Credentials of a client; `expires_at` in seconds since 1970, `identity` may be NULL. The name in them is a pseudonym:
 * always the same for the same client, so that the server can count what it uses, and saying nothing to others. */
cg_turn_credentials cg_turn_client_credentials(const char *secret, const char *account, const char *identity,
                                               int64_t expires_at);
