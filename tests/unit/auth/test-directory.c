/* The directory: what it takes, what it refuses and with which words, and that a snapshot outlives its maker. */
#include "token_fixture.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>

static void test_find(void)
{
    token_fixture fixture = {0};
    fixture_init(&fixture);
    cg_sid account = fixture_sid(AC_MAIN);
    cg_sid key = fixture_sid(SK_RS256);
    cg_sid application = fixture_sid(AP_OTHER);
    cg_sid unset = {0};
    g_assert_cmpstr(cg_directory_find_account(fixture.directory, &account)->auth_token, ==, AUTH_TOKEN);
    g_assert_cmpint(cg_directory_find_key(fixture.directory, &key)->algorithm, ==, CG_ALGORITHM_RS256);
    g_assert_cmpstr(cg_directory_find_application(fixture.directory, &application)->account.text, ==, AC_OTHER);
    g_assert_null(cg_directory_find_account(fixture.directory, &key));
    g_assert_null(cg_directory_find_key(fixture.directory, &unset));
    cg_directory *snapshot = cg_directory_ref(fixture.directory);
    fixture_clear(&fixture);
    g_assert_nonnull(cg_directory_find_key(snapshot, &key));
    cg_directory_unref(snapshot);
    cg_directory_unref(NULL);
}

static void test_copies(void)
{
    g_autoptr(cg_directory) directory = cg_directory_new();
    g_autofree char *error = NULL;
    char name[] = "Example";
    cg_account account = {.sid = fixture_sid(AC_MAIN), .name = name};
    g_assert_true(cg_directory_add_account(directory, &account, &error));
    name[0] = 'X';
    g_assert_cmpstr(cg_directory_find_account(directory, &account.sid)->name, ==, "Example");
}

static void expect_account(cg_directory *directory, const char *sid, const char *auth_token, const char *message)
{
    g_autofree char *error = NULL;
    cg_account account = {.sid = fixture_sid(sid), .auth_token = (char *) auth_token};
    g_assert_false(cg_directory_add_account(directory, &account, &error));
    g_assert_nonnull(strstr(error, message));
}

static void test_bad_accounts(void)
{
    token_fixture fixture = {0};
    fixture_init(&fixture);
    expect_account(fixture.directory, AC_MAIN, NULL, "stands twice");
    expect_account(fixture.directory, "AC123", NULL, "32 lower-case hex digits");
    expect_account(fixture.directory, SK_HS256, NULL, "not AC");
    expect_account(fixture.directory, AC_UNKNOWN, "fifteen bytes..", "at least 16 bytes");
    expect_account(fixture.directory, AC_UNKNOWN, "", "at least 16 bytes");
    fixture_clear(&fixture);
}

static void expect_key(cg_directory *directory, const cg_key *key, const char *message)
{
    g_autofree char *error = NULL;
    g_assert_false(cg_directory_add_key(directory, key, &error));
    if (!strstr(error, message))
        g_error("\"%s\" does not say \"%s\"", error, message);
}

static void test_bad_secrets(void)
{
    token_fixture fixture = {0};
    fixture_init(&fixture);
    cg_key key = {.sid = fixture_sid(SK_UNKNOWN), .account = fixture_sid(AC_MAIN), .algorithm = CG_ALGORITHM_HS256};
    expect_key(fixture.directory, &key, "either a secret or a public key");
    key.secret = (char *) "";
    expect_key(fixture.directory, &key, "at least 16 bytes");
    key.secret = (char *) "fifteen bytes..";
    expect_key(fixture.directory, &key, "at least 16 bytes");
    key.secret = fixture.rsa_public;
    expect_key(fixture.directory, &key, "must not be a PEM");
    key.secret = (char *) SECRET;
    key.public_key = fixture.rsa_public;
    expect_key(fixture.directory, &key, "either a secret or a public key");
    key.public_key = NULL;
    key.algorithm = CG_ALGORITHM_RS256;
    expect_key(fixture.directory, &key, "needs a public key");
    key.account = fixture_sid(AC_UNKNOWN);
    expect_key(fixture.directory, &key, "no account");
    key.sid = fixture_sid(SK_HS256);
    expect_key(fixture.directory, &key, "stands twice");
    fixture_clear(&fixture);
}

static char *public_pem(EVP_PKEY *key)
{
    char *pem = fixture_pem(key, false);
    EVP_PKEY_free(key);
    return pem;
}

static EVP_PKEY *generate_pss(void)
{
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA-PSS", NULL);
    g_assert_cmpint(EVP_PKEY_keygen_init(context), ==, 1);
    g_assert_cmpint(EVP_PKEY_generate(context, &key), ==, 1);
    EVP_PKEY_CTX_free(context);
    return key;
}

/* A modulus of 16384 bits, without searching for its primes. */
static EVP_PKEY *huge_rsa(void)
{
    EVP_PKEY *key = NULL;
    BIGNUM *modulus = BN_new();
    BIGNUM *exponent = BN_new();
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    g_assert_true(BN_set_bit(modulus, 16383) && BN_set_bit(modulus, 0) && BN_set_word(exponent, 65537));
    g_assert_true(OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, modulus));
    g_assert_true(OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, exponent));
    OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(builder);
    g_assert_cmpint(EVP_PKEY_fromdata_init(context), ==, 1);
    g_assert_cmpint(EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters), ==, 1);
    OSSL_PARAM_free(parameters);
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_BLD_free(builder);
    BN_free(exponent);
    BN_free(modulus);
    return key;
}

static void test_bad_public_keys(void)
{
    token_fixture fixture = {0};
    fixture_init(&fixture);
    g_autofree char *p384 = public_pem(EVP_EC_gen("P-384"));
    g_autofree char *k256 = public_pem(EVP_EC_gen("secp256k1"));
    g_autofree char *ed25519 = public_pem(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"));
    g_autofree char *rsa1024 = public_pem(EVP_RSA_gen(1024));
    g_autofree char *rsa16384 = public_pem(huge_rsa());
    g_autofree char *pss = public_pem(generate_pss());
    g_autofree char *private = fixture_pem(fixture.ec, true);
    const struct {
        cg_algorithm algorithm;
        const char *pem;
        const char *message;
    } cases[] = {
        {CG_ALGORITHM_ES256, fixture.rsa_public, "not an elliptic-curve key"},
        {CG_ALGORITHM_ES256, ed25519, "not an elliptic-curve key"},
        {CG_ALGORITHM_ES256, p384, "not on the curve P-256"},
        {CG_ALGORITHM_ES256, k256, "not on the curve P-256"},
        {CG_ALGORITHM_ES256, private, "not a public key"},
        {CG_ALGORITHM_ES256, "", "not a public key"},
        {CG_ALGORITHM_ES256, "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "not a public key"},
        {CG_ALGORITHM_RS256, fixture.ec_public, "not an RSA key"},
        {CG_ALGORITHM_RS256, pss, "not an RSA key"},
        {CG_ALGORITHM_RS256, rsa1024, "2048 to 8192 bits"},
        {CG_ALGORITHM_RS256, rsa16384, "2048 to 8192 bits"},
        /* OpenSSL would ask for the passphrase on the terminal. */
        {CG_ALGORITHM_RS256,
         "-----BEGIN PUBLIC KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: "
         "AES-128-CBC,00000000000000000000000000000000\n\n"
         "AAAAAAAAAAAAAAAAAAAAAA==\n-----END PUBLIC KEY-----\n",
         "not a public key"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        cg_key key = {.sid = fixture_sid(SK_UNKNOWN),
                      .account = fixture_sid(AC_MAIN),
                      .algorithm = cases[i].algorithm,
                      .public_key = (char *) cases[i].pem};
        expect_key(fixture.directory, &key, cases[i].message);
        g_assert_cmpuint(ERR_peek_error(), ==, 0);
    }
    fixture_clear(&fixture);
}

static void test_bad_applications(void)
{
    token_fixture fixture = {0};
    fixture_init(&fixture);
    g_autofree char *twice = NULL;
    g_autofree char *orphan = NULL;
    cg_application application = {.sid = fixture_sid(AP_MAIN), .account = fixture_sid(AC_MAIN)};
    g_assert_false(cg_directory_add_application(fixture.directory, &application, &twice));
    g_assert_nonnull(strstr(twice, "stands twice"));
    application =
        (cg_application){.sid = fixture_sid("AP99999999999999999999999999999999"), .account = fixture_sid(AC_UNKNOWN)};
    g_assert_false(cg_directory_add_application(fixture.directory, &application, &orphan));
    g_assert_nonnull(strstr(orphan, "no account"));
    fixture_clear(&fixture);
}

static void test_algorithms(void)
{
    static const char *const unknown[] = {"none", "None", "hs256", "HS256 ", "ES384", "PS256", "EdDSA", "", NULL};
    cg_algorithm algorithm = CG_ALGORITHM_RS256;
    for (size_t i = 0; i < G_N_ELEMENTS(unknown); i++)
        g_assert_false(cg_algorithm_parse(unknown[i], &algorithm));
    g_assert_cmpint(algorithm, ==, CG_ALGORITHM_RS256);
    for (cg_algorithm each = CG_ALGORITHM_HS256; each <= CG_ALGORITHM_RS256; each++) {
        g_assert_true(cg_algorithm_parse(cg_algorithm_name(each), &algorithm));
        g_assert_cmpint(algorithm, ==, each);
        g_assert_true(cg_algorithm_is_symmetric(each) == (cg_algorithm_name(each)[0] == 'H'));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/directory/find", test_find);
    g_test_add_func("/directory/copies", test_copies);
    g_test_add_func("/directory/bad-accounts", test_bad_accounts);
    g_test_add_func("/directory/bad-secrets", test_bad_secrets);
    g_test_add_func("/directory/bad-public-keys", test_bad_public_keys);
    g_test_add_func("/directory/bad-applications", test_bad_applications);
    g_test_add_func("/directory/algorithms", test_algorithms);
    return g_test_run();
}
