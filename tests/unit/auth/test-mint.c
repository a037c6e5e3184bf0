/* Minting: every algorithm's tokens verify, say what was asked for, and requests that cannot be met are refused with a
 * reason. */
#include "token_fixture.h"

#include "auth/mint.h"

static cg_mint_request request_for(const char *key, cg_algorithm algorithm, const char *secret)
{
    return (cg_mint_request){.account = fixture_sid(AC_MAIN),
                             .key = fixture_sid(key),
                             .algorithm = algorithm,
                             .secret = secret,
                             .identity = "alice",
                             .incoming = true,
                             .application = fixture_sid(AP_MAIN),
                             .issued_at = NOW,
                             .ttl_s = 3600};
}

static void expect_minted(const token_fixture *fixture, const cg_mint_request *request)
{
    g_autoptr(cg_grants) grants = NULL;
    g_autofree char *error = NULL;
    g_autofree char *token = cg_token_mint(request, &error);
    g_assert_cmpstr(error, ==, NULL);
    assert_status(fixture_verify(fixture, token, NOW, &grants), CG_TOKEN_OK);
    g_assert_cmpstr(grants->identity, ==, "alice");
    g_assert_cmpstr(grants->key.text, ==, request->key.text);
    g_assert_cmpstr(cg_form_get(grants->parameters, "greeting"), ==, "h\xc3\xa9llo \"w\\orld\" & more=less");
    g_assert_cmpstr(cg_form_get(grants->parameters, "twice"), ==, "first");
    g_assert_cmpint(grants->expires_at, ==, NOW + 3600);
    assert_status(fixture_verify(fixture, token, NOW + 3600, NULL), CG_TOKEN_EXPIRED);
}

static void test_algorithms(void)
{
    token_fixture fixture = {0};
    fixture_init(&fixture);
    static const char form[] = "greeting=h%C3%A9llo%20%22w%5Corld%22%20%26%20more%3Dless&twice=first&twice=second";
    g_autoptr(cg_form) parameters = cg_form_parse(form, strlen(form));
    g_autofree char *ec_private = fixture_pem(fixture.ec, true);
    g_autofree char *rsa_private = fixture_pem(fixture.rsa, true);
    cg_mint_request requests[] = {
        request_for(SK_HS256, CG_ALGORITHM_HS256, SECRET),      request_for(SK_HS384, CG_ALGORITHM_HS384, SECRET),
        request_for(SK_HS512, CG_ALGORITHM_HS512, SECRET),      request_for(SK_ES256, CG_ALGORITHM_ES256, ec_private),
        request_for(SK_RS256, CG_ALGORITHM_RS256, rsa_private),
    };
    for (size_t i = 0; i < G_N_ELEMENTS(requests); i++) {
        requests[i].parameters = parameters;
        expect_minted(&fixture, &requests[i]);
    }
    fixture_clear(&fixture);
}

static void test_least(void)
{
    token_fixture fixture = {0};
    fixture_init(&fixture);
    g_autoptr(cg_grants) grants = NULL;
    g_autofree char *error = NULL;
    cg_mint_request request = request_for(SK_HS256, CG_ALGORITHM_HS256, SECRET);
    request.identity = NULL;
    request.incoming = false;
    request.application = (cg_sid){0};
    request.not_before = NOW + 60;
    g_autofree char *token = cg_token_mint(&request, &error);
    assert_status(fixture_verify(&fixture, token, NOW, NULL), CG_TOKEN_NOT_YET_VALID);
    assert_status(fixture_verify(&fixture, token, NOW + 60, &grants), CG_TOKEN_OK);
    g_assert_false(grants->incoming || grants->outgoing || grants->identity);
    fixture_clear(&fixture);
}

static void expect_refused(const cg_mint_request *request, const char *message)
{
    g_autofree char *error = NULL;
    g_assert_null(cg_token_mint(request, &error));
    if (!strstr(error, message))
        g_error("\"%s\" does not say \"%s\"", error, message);
}

static void test_refused(void)
{
    token_fixture fixture = {0};
    fixture_init(&fixture);
    g_autofree char *ec_private = fixture_pem(fixture.ec, true);
    cg_mint_request good = request_for(SK_HS256, CG_ALGORITHM_HS256, SECRET);
    cg_mint_request request = good;
    request.secret = NULL;
    expect_refused(&request, "no secret");
    request.secret = "";
    expect_refused(&request, "no secret");
    request.secret = ec_private;
    expect_refused(&request, "not with a PEM");
    request.algorithm = CG_ALGORITHM_RS256;
    expect_refused(&request, "not an RSA key");
    request.algorithm = CG_ALGORITHM_ES256;
    request.secret = fixture.ec_public;
    expect_refused(&request, "not a private key");
    request = good;
    request.key = fixture_sid(AC_MAIN);
    expect_refused(&request, "a key (SK)");
    request = good;
    request.application = fixture_sid("AP1");
    expect_refused(&request, "not an AP id");
    request = good;
    request.identity = "a b";
    expect_refused(&request, "identity");
    request.identity = NULL;
    expect_refused(&request, "needs an identity");
    request = good;
    request.ttl_s = 0;
    expect_refused(&request, "times");
    request.ttl_s = INT64_MAX;
    expect_refused(&request, "times");
    fixture_clear(&fixture);
}

static void test_too_many_parameters(void)
{
    g_autofree char *value = g_strnfill(CG_TOKEN_MAX_SIZE, 'x');
    g_autoptr(cg_form) parameters = cg_form_new();
    cg_form_set(parameters, "big", value);
    cg_mint_request request = request_for(SK_HS256, CG_ALGORITHM_HS256, SECRET);
    request.parameters = parameters;
    expect_refused(&request, "too many parameters");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mint/algorithms", test_algorithms);
    g_test_add_func("/mint/least", test_least);
    g_test_add_func("/mint/refused", test_refused);
    g_test_add_func("/mint/too-many-parameters", test_too_many_parameters);
    return g_test_run();
}
