/* The verifier's answers: every status by at least one token, the clock's edges, and the codes clients see. */
#include "token_fixture.h"

#define IAT "\"iat\":1700000000,"
#define EXP "\"exp\":1700003600,"
#define TIMES IAT EXP
#define WHO "\"iss\":\"" SK_HS256 "\",\"sub\":\"" AC_MAIN "\","
#define VOICE "\"grants\":{\"identity\":\"alice\",\"voice\":{\"incoming\":{\"allow\":true}}}"

static const struct {
    const char *claims;
    cg_token_status expected;
} cases[] = {
    {"{" WHO TIMES VOICE "}", CG_TOKEN_OK},
    {"{" WHO TIMES "\"jti\":\"x\",\"nbf\":null,\"aud\":null,\"whatever\":[1,2]," VOICE "}", CG_TOKEN_OK},
    /* Form */
    {"{" WHO TIMES VOICE, CG_TOKEN_MALFORMED},
    {"{" WHO TIMES VOICE "} ", CG_TOKEN_OK},
    {"{" WHO TIMES VOICE "}{}", CG_TOKEN_MALFORMED},
    {"{" WHO TIMES "\"exp\":1700003600," VOICE "}", CG_TOKEN_MALFORMED},
    {"{" WHO TIMES "\"\\u0065xp\":1900000000," VOICE "}", CG_TOKEN_MALFORMED},
    {"{" WHO TIMES "\"grants\":{\"identity\":\"a\",\"identity\":\"b\",\"voice\":{}}}", CG_TOKEN_MALFORMED},
    {"{" WHO TIMES VOICE "," VOICE "}", CG_TOKEN_MALFORMED},
    {"{" WHO TIMES "\"jti\":7," VOICE "}", CG_TOKEN_MALFORMED},
    {"{\"iss\":7,\"sub\":\"" AC_MAIN "\"," TIMES VOICE "}", CG_TOKEN_MALFORMED},
    {"{\"iss\":\"" SK_HS256 "\",\"sub\":[]," TIMES VOICE "}", CG_TOKEN_MALFORMED},
    {"{" WHO TIMES "\"x\":\"\xc3(\"," VOICE "}", CG_TOKEN_MALFORMED},
    /* Times */
    {"{" WHO IAT VOICE "}", CG_TOKEN_MALFORMED},
    {"{" WHO IAT "\"exp\":null," VOICE "}", CG_TOKEN_MALFORMED},
    {"{" WHO IAT "\"exp\":\"1700003600\"," VOICE "}", CG_TOKEN_MALFORMED},
    {"{" WHO IAT "\"exp\":-1," VOICE "}", CG_TOKEN_MALFORMED},
    {"{" WHO IAT "\"exp\":1e300," VOICE "}", CG_TOKEN_MALFORMED},
    {"{" WHO IAT "\"exp\":99999999999999999999," VOICE "}", CG_TOKEN_MALFORMED},
    {"{" WHO IAT "\"exp\":9223372036854775807," VOICE "}", CG_TOKEN_MALFORMED},
    {"{" WHO IAT "\"exp\":true," VOICE "}", CG_TOKEN_MALFORMED},
    {"{" WHO TIMES "\"nbf\":\"now\"," VOICE "}", CG_TOKEN_MALFORMED},
    {"{" WHO "\"iat\":{}," EXP VOICE "}", CG_TOKEN_MALFORMED},
    {"{" WHO "\"iat\":1700000000.75,\"exp\":1700003600.25," VOICE "}", CG_TOKEN_OK},
    {"{" WHO IAT "\"exp\":1700000000," VOICE "}", CG_TOKEN_EXPIRED},
    {"{" WHO IAT "\"exp\":1700000001," VOICE "}", CG_TOKEN_OK},
    {"{" WHO IAT "\"exp\":1.7000036e9," VOICE "}", CG_TOKEN_OK},
    {"{" WHO IAT "\"exp\":0," VOICE "}", CG_TOKEN_EXPIRED},
    {"{" WHO TIMES "\"nbf\":1700000000," VOICE "}", CG_TOKEN_OK},
    {"{" WHO TIMES "\"nbf\":1700000001," VOICE "}", CG_TOKEN_NOT_YET_VALID},
    {"{" WHO "\"iat\":1700000001," EXP VOICE "}", CG_TOKEN_NOT_YET_VALID},
    {"{" WHO IAT "\"exp\":1700086400," VOICE "}", CG_TOKEN_OK},
    {"{" WHO IAT "\"exp\":1700086401," VOICE "}", CG_TOKEN_TTL_TOO_LONG},
    {"{" WHO "\"iat\":1699999999,\"exp\":1700086400," VOICE "}", CG_TOKEN_TTL_TOO_LONG},
    {"{" WHO "\"exp\":1700086400," VOICE "}", CG_TOKEN_OK}, /* without iat: from now */
    {"{" WHO "\"exp\":1700086401," VOICE "}", CG_TOKEN_TTL_TOO_LONG},
    {"{" WHO IAT "\"exp\":9007199254740992," VOICE "}", CG_TOKEN_TTL_TOO_LONG},
    /* Who */
    {"{" WHO TIMES "\"aud\":\"https://example.com\"," VOICE "}", CG_TOKEN_AUDIENCE},
    {"{" WHO TIMES "\"aud\":[]," VOICE "}", CG_TOKEN_AUDIENCE},
    {"{\"sub\":\"" AC_MAIN "\"," TIMES VOICE "}", CG_TOKEN_ISSUER},
    {"{\"iss\":\"" SK_UNKNOWN "\",\"sub\":\"" AC_MAIN "\"," TIMES VOICE "}", CG_TOKEN_ISSUER},
    {"{\"iss\":\"SK1\",\"sub\":\"" AC_MAIN "\"," TIMES VOICE "}", CG_TOKEN_ISSUER},
    {"{\"iss\":\"" SK_HS256 " \",\"sub\":\"" AC_MAIN "\"," TIMES VOICE "}", CG_TOKEN_ISSUER},
    {"{\"iss\":\"https://example.com\",\"sub\":\"" AC_MAIN "\"," TIMES VOICE "}", CG_TOKEN_ISSUER},
    {"{\"iss\":\"" SK_HS256 "\"," TIMES VOICE "}", CG_TOKEN_ACCOUNT},
    {"{\"iss\":\"" SK_HS256 "\",\"sub\":\"" AC_OTHER "\"," TIMES VOICE "}", CG_TOKEN_ACCOUNT},
    {"{\"iss\":\"" SK_HS256 "\",\"sub\":\"" AC_UNKNOWN "\"," TIMES VOICE "}", CG_TOKEN_ACCOUNT},
    {"{\"iss\":\"" SK_OTHER "\",\"sub\":\"" AC_MAIN "\"," TIMES VOICE "}", CG_TOKEN_ACCOUNT},
    {"{\"iss\":\"" SK_OTHER "\",\"sub\":\"" AC_OTHER "\"," TIMES VOICE "}", CG_TOKEN_OK},
    {"{\"iss\":\"" SK_SUSPENDED "\",\"sub\":\"" AC_SUSPENDED "\"," TIMES VOICE "}", CG_TOKEN_ACCOUNT},
    {"{\"iss\":\"" SK_HS384 "\",\"sub\":\"" AC_MAIN "\"," TIMES VOICE "}", CG_TOKEN_ALGORITHM},
    {"{\"iss\":\"" AC_MAIN "\"," TIMES "\"scope\":\"\"}", CG_TOKEN_SIGNATURE}, /* signed with a key's secret */
    {"{\"iss\":\"" AC_OTHER "\"," TIMES "\"scope\":\"\"}", CG_TOKEN_ISSUER},
    {"{\"iss\":\"" AC_UNKNOWN "\"," TIMES "\"scope\":\"\"}", CG_TOKEN_ACCOUNT},
    /* What it says */
    {"{" WHO TIMES "\"grants\":{\"identity\":\"alice\"}}", CG_TOKEN_GRANTS},
    {"{" WHO TIMES "\"grants\":{\"identity\":\"a b\",\"voice\":{}}}", CG_TOKEN_IDENTITY},
    {"{" WHO TIMES "\"grants\":{\"voice\":{\"outgoing\":{\"application_sid\":\"" AP_OTHER "\"}}}}",
     CG_TOKEN_APPLICATION},
};

static void test_cases(void)
{
    token_fixture fixture = {0};
    fixture_init(&fixture);
    /* The first three are test-jws.c's. */
    bool seen[CG_TOKEN_STATUS_COUNT] = {
        [CG_TOKEN_MISSING] = true, [CG_TOKEN_TOO_LONG] = true, [CG_TOKEN_HEADER] = true};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *shown = g_strescape(cases[i].claims, "\"");
        g_test_message("%s", shown);
        g_autofree char *token = fixture_hs256(cases[i].claims);
        assert_status(fixture_verify(&fixture, token, NOW, NULL), cases[i].expected);
        seen[cases[i].expected] = true;
    }
    for (cg_token_status status = CG_TOKEN_OK; status < CG_TOKEN_STATUS_COUNT; status++)
        if (!seen[status])
            g_error("no case for %s", cg_token_status_name(status));
    fixture_clear(&fixture);
}

static cg_token_status verify_at(token_fixture *fixture, const char *token, int64_t leeway_s, int64_t now_s)
{
    fixture->policy.leeway_s = leeway_s;
    return fixture_verify(fixture, token, now_s, NULL);
}

static void test_leeway(void)
{
    token_fixture fixture = {0};
    fixture_init(&fixture);
    g_autofree char *token = fixture_hs256("{" WHO TIMES "\"nbf\":1700000010," VOICE "}");
    assert_status(verify_at(&fixture, token, 0, 1700000009), CG_TOKEN_NOT_YET_VALID);
    assert_status(verify_at(&fixture, token, 0, 1700000010), CG_TOKEN_OK);
    assert_status(verify_at(&fixture, token, 5, 1700000004), CG_TOKEN_NOT_YET_VALID);
    assert_status(verify_at(&fixture, token, 5, 1700000005), CG_TOKEN_OK);
    assert_status(verify_at(&fixture, token, 0, 1700003599), CG_TOKEN_OK);
    assert_status(verify_at(&fixture, token, 0, 1700003600), CG_TOKEN_EXPIRED);
    assert_status(verify_at(&fixture, token, 5, 1700003604), CG_TOKEN_OK);
    assert_status(verify_at(&fixture, token, 5, 1700003605), CG_TOKEN_EXPIRED);
    /* iat alone */
    g_autofree char *fresh = fixture_hs256("{" WHO TIMES VOICE "}");
    assert_status(verify_at(&fixture, fresh, 5, 1699999994), CG_TOKEN_NOT_YET_VALID);
    assert_status(verify_at(&fixture, fresh, 5, 1699999995), CG_TOKEN_OK);
    fixture_clear(&fixture);
}

static void test_grants(void)
{
    token_fixture fixture = {0};
    fixture_init(&fixture);
    g_autoptr(cg_grants) grants = NULL;
    g_autofree char *claims = fixture_claims(SK_ES256);
    g_autofree char *token = fixture_es256(fixture.ec, claims);
    assert_status(fixture_verify(&fixture, token, NOW, &grants), CG_TOKEN_OK);
    g_assert_cmpstr(grants->account.text, ==, AC_MAIN);
    g_assert_cmpstr(grants->key.text, ==, SK_ES256);
    g_assert_cmpstr(grants->identity, ==, "alice");
    g_assert_true(grants->incoming);
    g_assert_true(grants->outgoing);
    g_assert_cmpstr(grants->application.text, ==, AP_MAIN);
    g_assert_cmpuint(cg_form_size(grants->parameters), ==, 1);
    g_assert_cmpstr(cg_form_get(grants->parameters, "foo"), ==, "bar");
    g_assert_null(grants->endpoint_id);
    g_assert_cmpint(grants->issued_at, ==, 1700000000);
    g_assert_cmpint(grants->expires_at, ==, 1700003600);
    fixture_clear(&fixture);
}

/* Whoever cannot sign learns nothing about the times or grants, nor that an account is suspended. */
static void test_signature_first(void)
{
    token_fixture fixture = {0};
    fixture_init(&fixture);
    static const char *const claims[] = {
        "{" WHO "\"exp\":1," VOICE "}",
        "{" WHO TIMES "\"nbf\":1900000000," VOICE "}",
        "{" WHO IAT "\"exp\":9007199254740992," VOICE "}",
        "{" WHO TIMES "\"grants\":7}",
        "{\"iss\":\"" SK_SUSPENDED "\",\"sub\":\"" AC_SUSPENDED "\"," TIMES VOICE "}",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(claims); i++) {
        g_autofree char *token = fixture_hmac("{\"alg\":\"HS256\"}", claims[i], EVP_sha256(), "another secret");
        assert_status(fixture_verify(&fixture, token, NOW, NULL), CG_TOKEN_SIGNATURE);
    }
    fixture_clear(&fixture);
}

/* Clients and log readers tell failures apart by these. */
static void test_codes(void)
{
    static const int known[] = {20101, 20104, 20151, 31001, 31100, 31101, 31102, 31103,
                                31104, 31105, 31201, 31202, 31203, 31204, 31205, 31207};
    for (cg_token_status a = CG_TOKEN_MISSING; a < CG_TOKEN_STATUS_COUNT; a++) {
        bool found = false;
        for (size_t i = 0; i < G_N_ELEMENTS(known); i++)
            found |= cg_token_status_code(a) == known[i];
        g_assert_true(found);
        g_assert_cmpuint(strlen(cg_token_status_text(a)), >, 20);
        for (cg_token_status b = a + 1; b < CG_TOKEN_STATUS_COUNT; b++) {
            g_assert_cmpint(cg_token_status_code(a), !=, cg_token_status_code(b));
            g_assert_cmpstr(cg_token_status_name(a), !=, cg_token_status_name(b));
        }
    }
    g_assert_cmpint(cg_token_status_code(CG_TOKEN_OK), ==, 0);
    g_assert_cmpint(cg_token_status_code(CG_TOKEN_EXPIRED), ==, 31205);
    g_assert_cmpint(cg_token_status_code(CG_TOKEN_SIGNATURE), ==, 31202);
    g_assert_cmpint(cg_token_status_code(CG_TOKEN_MALFORMED), ==, 31204);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/token/cases", test_cases);
    g_test_add_func("/token/leeway", test_leeway);
    g_test_add_func("/token/grants", test_grants);
    g_test_add_func("/token/signature-first", test_signature_first);
    g_test_add_func("/token/codes", test_codes);
    return g_test_run();
}
