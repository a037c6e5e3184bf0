/* Registered claims. Every one that is there must have its type, also those that decide nothing (jti): a minting
 * mistake shows on the first try instead of on the day the claim starts to matter. */
#include "auth/claims.h"

#include <glib.h>

/* The largest whole number that every JSON implementation keeps exact (RFC 8259 section 6): sums cannot overflow. */
#define MAX_TIME ((double) (1LL << 53))

static bool is_absent(const cg_json_value *value)
{
    return !value || cg_json_type_of(value) == CG_JSON_NULL;
}

static bool read_text(const cg_json_value *set, const char *name, const char **ret_text)
{
    const cg_json_value *value = cg_json_get(set, name);
    *ret_text = cg_json_string(value);
    return is_absent(value) || *ret_text;
}

/* A NumericDate may have a fraction (RFC 7519 section 2). */
static bool read_time(const cg_json_value *set, const char *name, int64_t *ret_seconds)
{
    const cg_json_value *value = cg_json_get(set, name);
    double number = 0;
    if (is_absent(value)) {
        *ret_seconds = 0;
        return true;
    }
    if (!cg_json_number(value, &number) || !(number >= 0 && number <= MAX_TIME))
        return false;
    *ret_seconds = (int64_t) number;
    return true;
}

cg_token_status cg_claims_read(const cg_json_value *set, cg_claims *ret_claims)
{
    const char *id = NULL;
    cg_claims claims = {0};
    if (!read_text(set, "iss", &claims.issuer) || !read_text(set, "sub", &claims.subject) ||
        !read_text(set, "jti", &id))
        return CG_TOKEN_MALFORMED;
    if (!read_time(set, "exp", &claims.expires_at) || !read_time(set, "nbf", &claims.not_before) ||
        !read_time(set, "iat", &claims.issued_at))
        return CG_TOKEN_MALFORMED;
    if (is_absent(cg_json_get(set, "exp")))
        return CG_TOKEN_MALFORMED;
    /* RFC 7519 section 4.1.3: who does not find itself in the audience must refuse; the gateway has no such name. */
    if (!is_absent(cg_json_get(set, "aud")))
        return CG_TOKEN_AUDIENCE;
    *ret_claims = claims;
    return CG_TOKEN_OK;
}

cg_token_status cg_claims_check_times(const cg_claims *claims, const cg_token_policy *policy, int64_t now_s)
{
    int64_t start = claims->issued_at ? claims->issued_at : now_s;
    /* RFC 7519 section 4.1.4: the time must be before exp, and 4.1.5: not before nbf. */
    if (now_s >= claims->expires_at + policy->leeway_s)
        return CG_TOKEN_EXPIRED;
    if (now_s < claims->not_before - policy->leeway_s || now_s < claims->issued_at - policy->leeway_s)
        return CG_TOKEN_NOT_YET_VALID;
    if (claims->expires_at - start > policy->max_ttl_s)
        return CG_TOKEN_TTL_TOO_LONG;
    return CG_TOKEN_OK;
}
