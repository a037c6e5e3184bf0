/* Short-lived credentials for a TURN server beside the gateway, in the form that such servers check by themselves
 * ("TURN REST API", draft-uberti-behave-turn-rest-00): the user name says until when, the password is its MAC under a
 * secret that the gateway shares with the server. Pure. */
#pragma once

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

typedef struct {
    char
        username[40]; /* "1767225600:9f86d081884c7d65": until when, and who, which only the secret's holders can tell */
    char password[32]; /* base64 of an HMAC-SHA1 */
} cg_turn_credentials;

/* `expires_at` in seconds since 1970. `identity` may be NULL. The same client has the same second part always, so that
 * the server can count what it uses; it travels in the clear and says nothing to others. */
void cg_turn_credentials_make(const char *secret, const char *account, const char *identity, int64_t expires_at,
                              cg_turn_credentials *ret_credentials);
