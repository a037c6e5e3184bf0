/* Signatures: right ones of every algorithm, and every wrong kind that some JWT library has let through. Signed with
 * OpenSSL directly. */
#include "token_fixture.h"

#include "auth/jws.h"

#include <openssl/err.h>

#define HEADER "{\"alg\":\"HS256\",\"typ\":\"JWT\"}"

static void expect(const token_fixture *fixture, const char *token, cg_token_status expected)
{
    assert_status(fixture_verify(fixture, token, NOW, NULL), expected);
}

static void test_good(void)
{
    token_fixture fixture = {0};
    fixture_init(&fixture);
    g_autofree char *claims256 = fixture_claims(SK_HS256);
    g_autofree char *claims384 = fixture_claims(SK_HS384);
    g_autofree char *claims512 = fixture_claims(SK_HS512);
    g_autofree char *claims_es = fixture_claims(SK_ES256);
    g_autofree char *claims_rs = fixture_claims(SK_RS256);
    g_autofree char *hs256 = fixture_hs256(claims256);
    g_autofree char *hs384 = fixture_hmac("{\"alg\":\"HS384\"}", claims384, EVP_sha384(), SECRET);
    g_autofree char *hs512 = fixture_hmac("{\"alg\":\"HS512\",\"typ\":\"jwt\"}", claims512, EVP_sha512(), SECRET);
    g_autofree char *rs256 = fixture_rs256(fixture.rsa, claims_rs);
    expect(&fixture, hs256, CG_TOKEN_OK);
    expect(&fixture, hs384, CG_TOKEN_OK);
    expect(&fixture, hs512, CG_TOKEN_OK);
    expect(&fixture, rs256, CG_TOKEN_OK);
    /* R or S has a leading zero byte once in 128 times: the fixed width must survive it. */
    for (int i = 0; i < 300; i++) {
        g_autofree char *es256 = fixture_es256(fixture.ec, claims_es);
        expect(&fixture, es256, CG_TOKEN_OK);
    }
    fixture_clear(&fixture);
}

static void test_unsigned(void)
{
    token_fixture fixture = {0};
    fixture_init(&fixture);
    static const char *const issuers[] = {SK_HS256, SK_ES256, SK_RS256, SK_UNKNOWN, AC_MAIN};
    for (size_t i = 0; i < G_N_ELEMENTS(issuers); i++) {
        g_autofree char *claims = fixture_claims(issuers[i]);
        g_autofree char *input = fixture_signing_input("{\"alg\":\"none\"}", claims);
        g_autofree char *bare = g_strconcat(input, ".", NULL);
        g_autofree char *decorated = g_strconcat(input, ".AAAA", NULL);
        expect(&fixture, bare, CG_TOKEN_ALGORITHM);
        expect(&fixture, decorated, CG_TOKEN_ALGORITHM);
    }
    /* The key's algorithm, but no signature. */
    g_autofree char *claims = fixture_claims(SK_HS256);
    g_autofree char *input = fixture_signing_input(HEADER, claims);
    g_autofree char *stripped = g_strconcat(input, ".", NULL);
    expect(&fixture, stripped, CG_TOKEN_SIGNATURE);
    fixture_clear(&fixture);
}

/* The public key is public: whoever HMACs with its text must not pass, with any of its spellings. */
static void test_confusion(void)
{
    token_fixture fixture = {0};
    fixture_init(&fixture);
    const struct {
        const char *issuer;
        const char *pem;
    } keys[] = {{SK_ES256, fixture.ec_public}, {SK_RS256, fixture.rsa_public}};
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
        g_autofree char *claims = fixture_claims(keys[i].issuer);
        g_autofree char *stripped = g_strchomp(g_strdup(keys[i].pem));
        g_autofree char *exact = fixture_hmac(HEADER, claims, EVP_sha256(), keys[i].pem);
        g_autofree char *chomped = fixture_hmac(HEADER, claims, EVP_sha256(), stripped);
        g_autofree char *wide = fixture_hmac("{\"alg\":\"HS512\"}", claims, EVP_sha512(), keys[i].pem);
        expect(&fixture, exact, CG_TOKEN_ALGORITHM);
        expect(&fixture, chomped, CG_TOKEN_ALGORITHM);
        expect(&fixture, wide, CG_TOKEN_ALGORITHM);
        /* And below the header check: what libjwt understood must be what was asked for. */
        g_autoptr(cg_jws) jws = NULL;
        assert_status(cg_jws_parse(exact, strlen(exact), &jws), CG_TOKEN_OK);
        g_assert_false(cg_jws_verify(jws, i == 0 ? CG_ALGORITHM_ES256 : CG_ALGORITHM_RS256, keys[i].pem));
    }
    fixture_clear(&fixture);
}

static void test_wrong_keys(void)
{
    token_fixture fixture = {0};
    fixture_init(&fixture);
    EVP_PKEY *other_ec = EVP_EC_gen("P-256");
    EVP_PKEY *other_rsa = EVP_RSA_gen(2048);
    g_autofree char *claims_hs = fixture_claims(SK_HS256);
    g_autofree char *claims_es = fixture_claims(SK_ES256);
    g_autofree char *claims_rs = fixture_claims(SK_RS256);
    g_autofree char *hs_auth_token = fixture_hmac(HEADER, claims_hs, EVP_sha256(), AUTH_TOKEN);
    g_autofree char *hs_empty = fixture_hmac(HEADER, claims_hs, EVP_sha256(), "");
    g_autofree char *hs_hash = fixture_hmac(HEADER, claims_hs, EVP_sha384(), SECRET);
    g_autofree char *es = fixture_es256(other_ec, claims_es);
    g_autofree char *rs = fixture_rs256(other_rsa, claims_rs);
    expect(&fixture, hs_auth_token, CG_TOKEN_SIGNATURE);
    expect(&fixture, hs_empty, CG_TOKEN_SIGNATURE);
    expect(&fixture, hs_hash, CG_TOKEN_SIGNATURE);
    expect(&fixture, es, CG_TOKEN_SIGNATURE);
    expect(&fixture, rs, CG_TOKEN_SIGNATURE);
    EVP_PKEY_free(other_ec);
    EVP_PKEY_free(other_rsa);
    fixture_clear(&fixture);
}

static void expect_signature(const token_fixture *fixture, const char *input, const void *signature, size_t size,
                             cg_token_status expected)
{
    g_autofree char *token = fixture_join(input, signature, size);
    expect(fixture, token, expected);
}

/* The ways Wycheproof spoils ECDSA signatures. */
static void test_es256_forms(void)
{
    /* The order of P-256 (SEC 2 version 2, section 2.4.2). */
    static const unsigned char order[32] = {0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff,
                                            0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17,
                                            0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};
    token_fixture fixture = {0};
    fixture_init(&fixture);
    unsigned char raw[64];
    unsigned char spoilt[128] = {0};
    size_t der_size = 0;
    g_autofree char *claims = fixture_claims(SK_ES256);
    g_autofree char *input = fixture_signing_input("{\"alg\":\"ES256\"}", claims);
    g_autofree unsigned char *der = fixture_evp_sign(fixture.ec, false, input, &der_size);
    fixture_es256_raw(fixture.ec, input, raw);
    expect_signature(&fixture, input, raw, 64, CG_TOKEN_OK);
    expect_signature(&fixture, input, der, der_size, CG_TOKEN_SIGNATURE); /* ASN.1 is not JOSE's form */
    expect_signature(&fixture, input, spoilt, 64, CG_TOKEN_SIGNATURE);    /* R = S = 0 (CVE-2022-21449) */
    for (size_t size = 0; size < 64; size += 7)
        expect_signature(&fixture, input, raw, size, CG_TOKEN_SIGNATURE);
    memcpy(spoilt, raw, 64);
    expect_signature(&fixture, input, spoilt, 65, CG_TOKEN_SIGNATURE);
    expect_signature(&fixture, input, spoilt, 128, CG_TOKEN_SIGNATURE);
    memcpy(spoilt, raw + 32, 32);
    memcpy(spoilt + 32, raw, 32);
    expect_signature(&fixture, input, spoilt, 64, CG_TOKEN_SIGNATURE); /* S and R */
    memset(spoilt, 0, 32);
    memcpy(spoilt + 32, raw + 32, 32);
    expect_signature(&fixture, input, spoilt, 64, CG_TOKEN_SIGNATURE); /* R = 0 */
    memcpy(spoilt, order, 32);
    memcpy(spoilt + 32, order, 32);
    expect_signature(&fixture, input, spoilt, 64, CG_TOKEN_SIGNATURE); /* R = S = n */
    memset(spoilt, 0xff, 64);
    expect_signature(&fixture, input, spoilt, 64, CG_TOKEN_SIGNATURE); /* above n */
    fixture_clear(&fixture);
}

static void test_rs256_forms(void)
{
    token_fixture fixture = {0};
    fixture_init(&fixture);
    size_t size = 0;
    size_t pss_size = 0;
    g_autofree char *claims = fixture_claims(SK_RS256);
    g_autofree char *input = fixture_signing_input("{\"alg\":\"RS256\"}", claims);
    g_autofree unsigned char *signature = fixture_evp_sign(fixture.rsa, false, input, &size);
    g_autofree unsigned char *pss = fixture_evp_sign(fixture.rsa, true, input, &pss_size);
    unsigned char ones[256];
    unsigned char zeros[257] = {0};
    memset(ones, 0xff, sizeof ones);
    expect_signature(&fixture, input, signature, size, CG_TOKEN_OK);
    expect_signature(&fixture, input, pss, pss_size, CG_TOKEN_SIGNATURE); /* PS256 under the name of RS256 */
    expect_signature(&fixture, input, signature, size - 1, CG_TOKEN_SIGNATURE);
    expect_signature(&fixture, input, ones, sizeof ones, CG_TOKEN_SIGNATURE);
    expect_signature(&fixture, input, zeros, 256, CG_TOKEN_SIGNATURE);
    memcpy(zeros + 1, signature, 256);
    expect_signature(&fixture, input, zeros, 257, CG_TOKEN_SIGNATURE); /* the same number, one byte longer */
    fixture_clear(&fixture);
}

/* What OpenSSL said about a bad signature must not lie in wait for the next TLS call of this thread; what was there
 * before must stay. */
static void test_error_queue(void)
{
    token_fixture fixture = {0};
    fixture_init(&fixture);
    g_autofree char *claims_es = fixture_claims(SK_ES256);
    g_autofree char *claims_rs = fixture_claims(SK_RS256);
    g_autofree char *input_es = fixture_signing_input("{\"alg\":\"ES256\"}", claims_es);
    g_autofree char *input_rs = fixture_signing_input("{\"alg\":\"RS256\"}", claims_rs);
    unsigned char junk[256];
    memset(junk, 0x5a, sizeof junk);
    ERR_clear_error();
    expect_signature(&fixture, input_rs, junk, sizeof junk, CG_TOKEN_SIGNATURE);
    expect_signature(&fixture, input_es, junk, 64, CG_TOKEN_SIGNATURE);
    g_assert_cmpuint(ERR_peek_error(), ==, 0);
    ERR_raise(ERR_LIB_USER, ERR_R_PASSED_INVALID_ARGUMENT);
    unsigned long before = ERR_peek_error();
    expect_signature(&fixture, input_rs, junk, sizeof junk, CG_TOKEN_SIGNATURE);
    g_assert_cmpuint(ERR_peek_last_error(), ==, before);
    ERR_clear_error();
    fixture_clear(&fixture);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/jws-signature/good", test_good);
    g_test_add_func("/jws-signature/unsigned", test_unsigned);
    g_test_add_func("/jws-signature/confusion", test_confusion);
    g_test_add_func("/jws-signature/wrong-keys", test_wrong_keys);
    g_test_add_func("/jws-signature/es256-forms", test_es256_forms);
    g_test_add_func("/jws-signature/rs256-forms", test_rs256_forms);
    g_test_add_func("/jws-signature/error-queue", test_error_queue);
    return g_test_run();
}
