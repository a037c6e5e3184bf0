/* The verifier, in the order that gives nothing away: form, header, who signed it, signature; only then what it says.
 *
 * `iss` tells the kinds apart: a key (SK) signs access tokens, an account (AC) signs capability tokens with its auth
 * token. Identities follow auth/identity.c. */
#include "auth/token.h"

#include "auth/claims.h"
#include "auth/grants.h"
#include "auth/jws.h"

#include <glib.h>

/* Who vouches for the token: what the signature is checked with. */
typedef struct {
    const cg_account *account;
    const cg_key *key; /* NULL: the account itself, with its auth token */
    cg_algorithm algorithm;
    const char *secret_or_pem;
} signer;

static cg_token_status find_key_signer(const cg_directory *directory, const cg_sid *sid, const cg_claims *claims,
                                       signer *ret_signer)
{
    cg_sid account = {0};
    const cg_key *key = cg_directory_find_key(directory, sid);
    if (!key)
        return CG_TOKEN_ISSUER;
    if (!cg_sid_parse(claims->subject, "AC", &account) || !cg_sid_equal(&account, &key->account))
        return CG_TOKEN_ACCOUNT;
    *ret_signer = (signer){.account = cg_directory_find_account(directory, &account),
                           .key = key,
                           .algorithm = key->algorithm,
                           .secret_or_pem = key->secret ? key->secret : key->public_key};
    return CG_TOKEN_OK;
}

static cg_token_status find_account_signer(const cg_directory *directory, const cg_sid *sid, signer *ret_signer)
{
    const cg_account *account = cg_directory_find_account(directory, sid);
    if (!account)
        return CG_TOKEN_ACCOUNT;
    if (!account->auth_token)
        return CG_TOKEN_ISSUER;
    *ret_signer = (signer){.account = account, .algorithm = CG_ALGORITHM_HS256, .secret_or_pem = account->auth_token};
    return CG_TOKEN_OK;
}

static cg_token_status find_signer(const cg_directory *directory, const cg_claims *claims, signer *ret_signer)
{
    cg_sid sid = {0};
    if (cg_sid_parse(claims->issuer, "SK", &sid))
        return find_key_signer(directory, &sid, claims, ret_signer);
    if (cg_sid_parse(claims->issuer, "AC", &sid))
        return find_account_signer(directory, &sid, ret_signer);
    return CG_TOKEN_ISSUER;
}

static cg_token_status authenticate(const cg_directory *directory, const cg_jws *jws, cg_claims *ret_claims,
                                    signer *ret_signer)
{
    cg_algorithm algorithm;
    cg_token_status status = cg_jws_check_header(jws, &algorithm);
    if (status == CG_TOKEN_OK)
        status = cg_claims_read(cg_json_root(jws->claims), ret_claims);
    if (status == CG_TOKEN_OK)
        status = find_signer(directory, ret_claims, ret_signer);
    if (status != CG_TOKEN_OK)
        return status;
    if (algorithm != ret_signer->algorithm)
        return CG_TOKEN_ALGORITHM;
    if (!cg_jws_verify(jws, algorithm, ret_signer->secret_or_pem))
        return CG_TOKEN_SIGNATURE;
    /* Whether an account is suspended is nobody's business who cannot sign for it. */
    return ret_signer->account->suspended ? CG_TOKEN_ACCOUNT : CG_TOKEN_OK;
}

static cg_token_status check_application(const cg_directory *directory, const cg_grants *grants)
{
    if (!grants->outgoing)
        return CG_TOKEN_OK;
    const cg_application *application = cg_directory_find_application(directory, &grants->application);
    if (!application || !cg_sid_equal(&application->account, &grants->account))
        return CG_TOKEN_APPLICATION;
    return CG_TOKEN_OK;
}

static cg_token_status read_grants(const cg_directory *directory, const cg_json_value *claims, const signer *by,
                                   cg_grants *grants)
{
    grants->account = by->account->sid;
    grants->parameters = cg_form_new();
    if (by->key)
        grants->key = by->key->sid;
    cg_token_status status =
        by->key ? cg_grants_read_access(claims, grants) : cg_grants_read_capability(claims, grants);
    return status == CG_TOKEN_OK ? check_application(directory, grants) : status;
}

static cg_token_status verify_parsed(const cg_directory *directory, const cg_token_policy *policy, const cg_jws *jws,
                                     int64_t now_s, cg_grants *grants)
{
    cg_claims claims = {0};
    signer by = {0};
    cg_token_status status = authenticate(directory, jws, &claims, &by);
    if (status == CG_TOKEN_OK)
        status = cg_claims_check_times(&claims, policy, now_s);
    if (status != CG_TOKEN_OK)
        return status;
    grants->issued_at = claims.issued_at;
    grants->expires_at = claims.expires_at;
    return read_grants(directory, cg_json_root(jws->claims), &by, grants);
}

cg_token_status cg_token_verify(const cg_directory *directory, const cg_token_policy *policy, const char *token,
                                size_t size, int64_t now_s, cg_grants **ret_grants)
{
    g_autoptr(cg_jws) jws = NULL;
    cg_token_status status = cg_jws_parse(token, size, &jws);
    if (status != CG_TOKEN_OK)
        return status;
    g_autoptr(cg_grants) grants = g_new0(cg_grants, 1);
    status = verify_parsed(directory, policy, jws, now_s, grants);
    if (status == CG_TOKEN_OK)
        *ret_grants = g_steal_pointer(&grants);
    return status;
}
