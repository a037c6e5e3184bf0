/* Short-lived credentials for a TURN server, in the form that such servers check by themselves ("TURN REST API",
 * draft-uberti-behave-turn-rest-00 section 2.2): the user name says until when, the password is its MAC under a secret
 * that we share with the server. Pure. */
#pragma once

#include <stdint.h>

typedef struct {
    char username[40]; /* "1767225600:9f86d081884c7d65" */
    char password[32]; /* base64 of an HMAC-SHA1 */
} cg_turn_credentials;

/* `expires_at` in seconds since 1970. `name` is who uses them, 16 characters at the most; it travels in the clear. */
cg_turn_credentials cg_turn_credentials_make(const char *secret, const char *name, int64_t expires_at);
