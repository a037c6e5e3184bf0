/* Tokens: who a client is and what it may do. Access tokens and capability tokens (docs/tokens.md).
 * The verifier pins the algorithm to the key before any signature is computed, refuses `none`, unknown `crit` headers
 * and duplicate claims, and checks every claim; each failure has its own status, code and text. */
#pragma once

#include "auth/directory.h"
#include "base/form.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CG_TOKEN_MAX_SIZE 8192   /* bytes; longer ones are refused unread */
#define CG_IDENTITY_MAX_SIZE 121 /* characters of an identity, as the ecosystem's SDKs have it */

typedef struct {
    int64_t leeway_s;  /* clock difference forgiven for exp, nbf and iat */
    int64_t max_ttl_s; /* exp - iat (or - now without iat) may not be longer; 86400 in the ecosystem */
} cg_token_policy;

/* What a verified token says. */
typedef struct {
    cg_sid account;      /* AC, from sub (access) or iss (capability) */
    cg_sid key;          /* SK; unset for capability tokens */
    char *identity;      /* NULL if the token names none: such a client may call but not register */
    bool incoming;       /* may register and be called */
    bool outgoing;       /* may call, through `application` */
    cg_sid application;  /* AP; set if outgoing */
    cg_form *parameters; /* fixed by the token, win over the client's; never NULL */
    char *endpoint_id;   /* NULL if absent */
    int64_t issued_at;   /* seconds since 1970; 0 if absent */
    int64_t expires_at;  /* seconds since 1970 */
} cg_grants;

void cg_grants_free(cg_grants *grants);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(cg_grants, cg_grants_free)

typedef enum {
    CG_TOKEN_OK,
    CG_TOKEN_MISSING,   /* no token at all */
    CG_TOKEN_TOO_LONG,  /* over CG_TOKEN_MAX_SIZE */
    CG_TOKEN_MALFORMED, /* not three base64url parts of strict JSON, duplicate claims, wrong types, no exp */
    CG_TOKEN_HEADER,    /* typ, cty or crit that we do not take */
    CG_TOKEN_ALGORITHM, /* none, unknown, or not the key's */
    CG_TOKEN_AUDIENCE,  /* aud is there: meant for somebody else */
    CG_TOKEN_ISSUER,    /* no such key, or (capability) account without auth token */
    CG_TOKEN_ACCOUNT,   /* no such account, not the key's, suspended */
    CG_TOKEN_SIGNATURE,
    CG_TOKEN_EXPIRED,
    CG_TOKEN_NOT_YET_VALID, /* nbf or iat in the future */
    CG_TOKEN_TTL_TOO_LONG,
    CG_TOKEN_GRANTS,      /* no or malformed grants */
    CG_TOKEN_IDENTITY,    /* missing where needed, too long, or characters that auth/identity.h does not take */
    CG_TOKEN_APPLICATION, /* outgoing names an application that is not there or not the account's */
    CG_TOKEN_STATUS_COUNT
} cg_token_status;

/* The code clients see (31202, 31205, 20101, ...) and a sentence that says what to do. */
int cg_token_status_code(cg_token_status status);
const char *cg_token_status_text(cg_token_status status);
const char *cg_token_status_name(cg_token_status status); /* for logs and metrics: "expired" */

/* Verifies `size` bytes at `now_s` (seconds since 1970). On CG_TOKEN_OK `*ret_grants` is the caller's; else untouched.
 */
cg_token_status cg_token_verify(const cg_directory *directory, const cg_token_policy *policy, const char *token,
                                size_t size, int64_t now_s, cg_grants **ret_grants);
