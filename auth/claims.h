/* The registered claims of a token (RFC 7519 section 4.1) and the clock. */
#pragma once

#include "auth/token.h"
#include "base/json.h"

typedef struct {
    const char *issuer;  /* iss; NULL if absent. Texts are valid as long as the document */
    const char *subject; /* sub; NULL if absent */
    int64_t expires_at;  /* exp, seconds since 1970; a fraction is cut off */
    int64_t not_before;  /* nbf; 0 if absent */
    int64_t issued_at;   /* iat; 0 if absent */
} cg_claims;

/* Reads the claims set: CG_TOKEN_OK, CG_TOKEN_MALFORMED or CG_TOKEN_AUDIENCE. A claim that is `null` is absent. */
cg_token_status cg_claims_read(const cg_json_value *set, cg_claims *ret_claims);

/* CG_TOKEN_OK, CG_TOKEN_EXPIRED, CG_TOKEN_NOT_YET_VALID or CG_TOKEN_TTL_TOO_LONG. */
cg_token_status cg_claims_check_times(const cg_claims *claims, const cg_token_policy *policy, int64_t now_s);
