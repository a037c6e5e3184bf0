/* What the token tests share: keys made afresh, and a directory that knows them. */
#pragma once

#include "auth/token.h"
#include "token_signer.h"

#include <glib.h>
#include <string.h>

#define ZERO "00000000000000000000000000000000"
#define ONES "11111111111111111111111111111111"
#define AC_MAIN "AC" ZERO
#define AC_OTHER "AC" ONES /* has no auth token */
#define AC_SUSPENDED "AC22222222222222222222222222222222"
#define AC_UNKNOWN "AC99999999999999999999999999999999"
#define SK_HS256 "SK" ONES
#define SK_HS384 "SK22222222222222222222222222222222"
#define SK_HS512 "SK33333333333333333333333333333333"
#define SK_ES256 "SK44444444444444444444444444444444"
#define SK_RS256 "SK55555555555555555555555555555555"
#define SK_OTHER "SK66666666666666666666666666666666"
#define SK_SUSPENDED "SK77777777777777777777777777777777"
#define SK_UNKNOWN "SK99999999999999999999999999999999"
#define AP_MAIN "AP22222222222222222222222222222222"
#define AP_OTHER "AP33333333333333333333333333333333"
#define SECRET "not-a-secret-but-long-enough-for-hs512-tests-of-callgate-0123456"
#define AUTH_TOKEN "0123456789abcdef0123456789abcdef"
#define NOW 1700000000

typedef struct {
    EVP_PKEY *ec;
    EVP_PKEY *rsa;
    char *ec_public; /* PEM */
    char *rsa_public;
    cg_directory *directory;
    cg_token_policy policy; /* no leeway, a day */
} token_fixture;

static inline cg_sid fixture_sid(const char *text)
{
    cg_sid sid = {0};
    g_strlcpy(sid.text, text, sizeof sid.text);
    return sid;
}

static inline void fixture_add_account(token_fixture *fixture, const char *sid, const char *auth_token, bool suspended)
{
    g_autofree char *error = NULL;
    cg_account account = {.sid = fixture_sid(sid), .auth_token = (char *) auth_token, .suspended = suspended};
    g_assert_true(cg_directory_add_account(fixture->directory, &account, &error));
}

static inline void fixture_add_key(token_fixture *fixture, const char *sid, const char *account, cg_algorithm algorithm,
                                   const char *public_key)
{
    g_autofree char *error = NULL;
    cg_key key = {.sid = fixture_sid(sid),
                  .account = fixture_sid(account),
                  .algorithm = algorithm,
                  .secret = public_key ? NULL : (char *) SECRET,
                  .public_key = (char *) public_key};
    bool added = cg_directory_add_key(fixture->directory, &key, &error);
    g_assert_cmpstr(error, ==, NULL);
    g_assert_true(added);
}

static inline void fixture_add_application(token_fixture *fixture, const char *sid, const char *account)
{
    g_autofree char *error = NULL;
    cg_application application = {.sid = fixture_sid(sid), .account = fixture_sid(account)};
    g_assert_true(cg_directory_add_application(fixture->directory, &application, &error));
}

static inline void fixture_init(token_fixture *fixture)
{
    fixture->ec = EVP_EC_gen("P-256");
    fixture->rsa = EVP_RSA_gen(2048);
    fixture->ec_public = fixture_pem(fixture->ec, false);
    fixture->rsa_public = fixture_pem(fixture->rsa, false);
    fixture->policy = (cg_token_policy){.leeway_s = 0, .max_ttl_s = 86400};
    fixture->directory = cg_directory_new();
    fixture_add_account(fixture, AC_MAIN, AUTH_TOKEN, false);
    fixture_add_account(fixture, AC_OTHER, NULL, false);
    fixture_add_account(fixture, AC_SUSPENDED, AUTH_TOKEN, true);
    fixture_add_key(fixture, SK_HS256, AC_MAIN, CG_ALGORITHM_HS256, NULL);
    fixture_add_key(fixture, SK_HS384, AC_MAIN, CG_ALGORITHM_HS384, NULL);
    fixture_add_key(fixture, SK_HS512, AC_MAIN, CG_ALGORITHM_HS512, NULL);
    fixture_add_key(fixture, SK_ES256, AC_MAIN, CG_ALGORITHM_ES256, fixture->ec_public);
    fixture_add_key(fixture, SK_RS256, AC_MAIN, CG_ALGORITHM_RS256, fixture->rsa_public);
    fixture_add_key(fixture, SK_OTHER, AC_OTHER, CG_ALGORITHM_HS256, NULL);
    fixture_add_key(fixture, SK_SUSPENDED, AC_SUSPENDED, CG_ALGORITHM_HS256, NULL);
    fixture_add_application(fixture, AP_MAIN, AC_MAIN);
    fixture_add_application(fixture, AP_OTHER, AC_OTHER);
}

static inline void fixture_clear(token_fixture *fixture)
{
    cg_directory_unref(fixture->directory);
    EVP_PKEY_free(fixture->ec);
    EVP_PKEY_free(fixture->rsa);
    g_free(fixture->ec_public);
    g_free(fixture->rsa_public);
}

/* The usual: header of HS256, the main key's secret. */
static inline char *fixture_hs256(const char *claims)
{
    return fixture_hmac("{\"alg\":\"HS256\",\"typ\":\"JWT\",\"cty\":\"twilio-fpa;v=1\"}", claims, EVP_sha256(), SECRET);
}

/* Claims of alice, who may call and be called, with the given issuer. */
static inline char *fixture_claims(const char *issuer)
{
    return g_strdup_printf("{\"iss\":\"%s\",\"sub\":\"" AC_MAIN "\",\"iat\":1700000000,\"exp\":1700003600,\"grants\":{"
                           "\"identity\":\"alice\",\"voice\":{\"incoming\":{\"allow\":true},\"outgoing\":{"
                           "\"application_sid\":\"" AP_MAIN "\",\"params\":{\"foo\":\"bar\"}}}}}",
                           issuer);
}

static inline cg_token_status fixture_verify(const token_fixture *fixture, const char *token, int64_t now_s,
                                             cg_grants **ret_grants)
{
    g_autoptr(cg_grants) grants = NULL;
    cg_token_status status =
        cg_token_verify(fixture->directory, &fixture->policy, token, token ? strlen(token) : 0, now_s, &grants);
    g_assert_true((status == CG_TOKEN_OK) == (grants != NULL));
    if (ret_grants)
        *ret_grants = g_steal_pointer(&grants);
    return status;
}

#define assert_status(status, expected) \
    g_assert_cmpstr(cg_token_status_name(status), ==, cg_token_status_name(expected))
