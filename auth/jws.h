/* JWS in compact form (RFC 7515 section 7.1), before anything it says is believed: its parts, its header, its
 * signature. */
#pragma once

#include "auth/token.h"
#include "base/json.h"

typedef struct {
    char *text;            /* the whole token, NUL-terminated; its three parts are strict base64url */
    cg_json *header;       /* an object */
    cg_json *claims;       /* an object; a JWT's payload */
    size_t signature_size; /* bytes, decoded; 0 in an unsigned token */
} cg_jws;

/* Takes `size` bytes apart: CG_TOKEN_OK, CG_TOKEN_MISSING, CG_TOKEN_TOO_LONG or CG_TOKEN_MALFORMED. On CG_TOKEN_OK
 * `*ret_jws` is the caller's; else untouched. */
cg_token_status cg_jws_parse(const char *token, size_t size, cg_jws **ret_jws);
void cg_jws_free(cg_jws *jws);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(cg_jws, cg_jws_free)

/* Reads the header: CG_TOKEN_OK, CG_TOKEN_HEADER or CG_TOKEN_ALGORITHM. Parameters that point at keys (jwk, jku, x5c,
 * x5u, kid) are never looked at: the key comes from the directory alone. */
cg_token_status cg_jws_check_header(const cg_jws *jws, cg_algorithm *ret_algorithm);

/* True if the signature holds for exactly this algorithm and key: the secret (HS*) or the PEM (ES256, RS256), which is
 * not empty. The header's algorithm must have been found equal before. */
bool cg_jws_verify(const cg_jws *jws, cg_algorithm algorithm, const char *key);
