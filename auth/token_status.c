/* What clients are told when a token is refused: the one table. The codes are those that the ecosystem's browser SDK
 * knows, each used once. What that SDK makes of them (Device, `error` event):
 *
 *   31204, 20101   always AccessTokenInvalid
 *   31205          always AccessTokenExpired, and the SDK no longer renews its registration by itself
 *   20104          always AccessTokenExpired, registration goes on being tried: right for a token not valid yet
 *   31201, 20151   always AuthenticationFailed
 *   31100          always MalformedRequestError
 *   the others     their own class with `enableImprovedSignalingErrorPrecision`, else a general ConnectionError (53000)
 *
 * So the mistakes of a running product (expired, garbage, wrong key) are told apart without any option. 31206, rate
 * exceeded, belongs to the session that counts. */
#include "auth/token.h"

#include <glib.h>

static const struct {
    int code;
    const char *name;
    const char *text;
} statuses[CG_TOKEN_STATUS_COUNT] = {
    [CG_TOKEN_OK] = {0, "ok", "The token is valid."},
    [CG_TOKEN_MISSING] = {31102, "missing", "There is no token. Send one that your back end has made."},
    [CG_TOKEN_TOO_LONG] = {31103, "too_long", "The token is longer than 8192 bytes. Put fewer parameters into it."},
    [CG_TOKEN_MALFORMED] = {31204, "malformed",
                            "This is not a token: three base64url parts without padding, the first two JSON objects "
                            "without duplicate names, exp a number, iss, sub and jti texts."},
    [CG_TOKEN_HEADER] =
        {31100, "header",
         "The token's header is not understood: typ must be JWT or absent, cty twilio-fpa;v=1 or absent, "
         "and crit absent."},
    [CG_TOKEN_ALGORITHM] = {20101, "algorithm",
                            "The token's alg is not the one registered for its key. Sign with the key's algorithm."},
    [CG_TOKEN_AUDIENCE] = {31104, "audience", "The token is meant for another audience. Leave aud out."},
    [CG_TOKEN_ISSUER] =
        {20151, "issuer",
         "The token's iss is no key of this gateway (or an account without auth token). Check the key's "
         "SK id, and that the key has not been removed."},
    [CG_TOKEN_ACCOUNT] = {31203, "account",
                          "The token's account does not exist here, is suspended, or is not the one that owns the key. "
                          "Check sub."},
    [CG_TOKEN_SIGNATURE] = {31202, "signature",
                            "The token's signature does not hold. Check that it is made with the secret or private key "
                            "that belongs to iss."},
    [CG_TOKEN_EXPIRED] = {31205, "expired", "The token has expired. Fetch a new one."},
    [CG_TOKEN_NOT_YET_VALID] =
        {20104, "not_yet_valid",
         "The token is not valid yet (nbf or iat lies ahead). Check the clock of the machine that "
         "makes it."},
    [CG_TOKEN_TTL_TOO_LONG] = {31207, "ttl_too_long",
                               "The token is valid for longer than this gateway allows. Make it with an earlier exp."},
    [CG_TOKEN_GRANTS] = {31201, "grants",
                         "The token grants nothing here, or its grants are malformed. It needs a voice grant."},
    [CG_TOKEN_IDENTITY] =
        {31105, "identity",
         "The token's identity is missing, or is not 1 to 121 of the characters A-Z a-z 0-9 - . _ ~ @ + "
         "= with a letter or digit among them."},
    [CG_TOKEN_APPLICATION] = {31001, "application",
                              "The token's outgoing grant names an application that this account does not have."},
};

int cg_token_status_code(cg_token_status status)
{
    g_assert(status >= CG_TOKEN_OK && status < CG_TOKEN_STATUS_COUNT);
    return statuses[status].code;
}

const char *cg_token_status_text(cg_token_status status)
{
    g_assert(status >= CG_TOKEN_OK && status < CG_TOKEN_STATUS_COUNT);
    return statuses[status].text;
}

const char *cg_token_status_name(cg_token_status status)
{
    g_assert(status >= CG_TOKEN_OK && status < CG_TOKEN_STATUS_COUNT);
    return statuses[status].name;
}
