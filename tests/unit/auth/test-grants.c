/* What tokens may say: voice grants, capability scopes as the helper libraries escape them, and identities. */
#include "token_fixture.h"

#include "auth/identity.h"

static cg_token_status verify_access(const token_fixture *fixture, const char *grants_claim, cg_grants **ret_grants)
{
    g_autofree char *claims = g_strdup_printf("{\"iss\":\"" SK_HS256 "\",\"sub\":\"" AC_MAIN
                                              "\",\"iat\":1700000000,\"exp\":1700003600,\"grants\":%s}",
                                              grants_claim);
    g_autofree char *token = fixture_hs256(claims);
    return fixture_verify(fixture, token, NOW, ret_grants);
}

static cg_token_status verify_capability(const token_fixture *fixture, const char *scope, cg_grants **ret_grants)
{
    g_autofree char *claims =
        g_strdup_printf("{\"scope\":%s,\"iss\":\"" AC_MAIN "\",\"exp\":1700003600,\"iat\":1700000000}", scope);
    g_autofree char *token = fixture_hmac("{\"alg\":\"HS256\",\"typ\":\"JWT\"}", claims, EVP_sha256(), AUTH_TOKEN);
    return fixture_verify(fixture, token, NOW, ret_grants);
}

/* One line that says all there is to know: "alice in out a=1&b=2 ep=ep1". */
static char *describe(const cg_grants *grants)
{
    g_autofree char *parameters = cg_form_format(grants->parameters);
    return g_strdup_printf("%s%s%s %s%s%s", grants->identity ? grants->identity : "-", grants->incoming ? " in" : "",
                           grants->outgoing ? " out" : "", parameters, grants->endpoint_id ? " ep=" : "",
                           grants->endpoint_id ? grants->endpoint_id : "");
}

typedef struct {
    const char *text;
    cg_token_status expected;
    const char *description; /* NULL: refused */
} grants_case;

static void run_cases(const grants_case *cases, size_t count,
                      cg_token_status (*verify)(const token_fixture *, const char *, cg_grants **))
{
    token_fixture fixture = {0};
    fixture_init(&fixture);
    for (size_t i = 0; i < count; i++) {
        g_autoptr(cg_grants) grants = NULL;
        g_test_message("%s", cases[i].text);
        assert_status(verify(&fixture, cases[i].text, &grants), cases[i].expected);
        g_autofree char *description = grants ? describe(grants) : NULL;
        g_assert_cmpstr(description, ==, cases[i].description);
    }
    fixture_clear(&fixture);
}

#define OUTGOING(params_) "\"outgoing\":{\"application_sid\":\"" AP_MAIN "\"" params_ "}"

static const grants_case access_cases[] = {
    {"{\"identity\":\"alice\",\"voice\":{}}", CG_TOKEN_OK, "alice "},
    {"{\"voice\":{" OUTGOING("") "}}", CG_TOKEN_OK, "- out "}, /* may call without a name */
    {"{\"voice\":{}}", CG_TOKEN_OK, "- "},
    {"{\"identity\":\"alice\",\"voice\":{\"incoming\":{\"allow\":true}}}", CG_TOKEN_OK, "alice in "},
    {"{\"identity\":\"alice\",\"voice\":{\"incoming\":{\"allow\":false}}}", CG_TOKEN_OK, "alice "},
    {"{\"identity\":\"alice\",\"voice\":{\"incoming\":{}}}", CG_TOKEN_OK, "alice "},
    {"{\"identity\":\"alice\",\"voice\":{\"incoming\":null,\"outgoing\":null}}", CG_TOKEN_OK, "alice "},
    {"{\"identity\":\"alice\",\"voice\":{\"endpoint_id\":\"ep1\"}}", CG_TOKEN_OK, "alice  ep=ep1"},
    {"{\"identity\":\"alice\",\"voice\":{" OUTGOING(",\"params\":{\"s\":\"a b&c=d\",\"n\":-1.50,\"t\":true,\"f\":false,"
                                                    "\"nil\":null,\"e\":\"\"}") "}}",
     CG_TOKEN_OK, "alice out s=a%20b%26c%3Dd&n=-1.50&t=true&f=false&e="},
    {"{\"identity\":\"alice\",\"voice\":{" OUTGOING(",\"params\":{}") "}}", CG_TOKEN_OK, "alice out "},
    /* grants of other products, and ours to come */
    {"{\"identity\":\"alice\",\"voice\":{},\"video\":7,\"chat\":{\"service_sid\":\"IS1\"},\"new\":[]}", CG_TOKEN_OK,
     "alice "},
    {"{\"identity\":\"alice\",\"voice\":{\"push_credential_sid\":\"CR1\",\"else\":{}}}", CG_TOKEN_OK, "alice "},
    /* malformed */
    {"null", CG_TOKEN_GRANTS, NULL},
    {"{}", CG_TOKEN_GRANTS, NULL},
    {"[]", CG_TOKEN_GRANTS, NULL},
    {"\"voice\"", CG_TOKEN_GRANTS, NULL},
    {"{\"identity\":\"alice\",\"voice\":true}", CG_TOKEN_GRANTS, NULL},
    {"{\"identity\":\"alice\",\"voice\":null}", CG_TOKEN_GRANTS, NULL},
    {"{\"identity\":\"alice\",\"voice\":[]}", CG_TOKEN_GRANTS, NULL},
    {"{\"identity\":\"alice\",\"video\":{}}", CG_TOKEN_GRANTS, NULL},
    {"{\"identity\":\"alice\",\"voice\":{\"incoming\":true}}", CG_TOKEN_GRANTS, NULL},
    {"{\"identity\":\"alice\",\"voice\":{\"incoming\":{\"allow\":\"true\"}}}", CG_TOKEN_GRANTS, NULL},
    {"{\"identity\":\"alice\",\"voice\":{\"incoming\":{\"allow\":1}}}", CG_TOKEN_GRANTS, NULL},
    {"{\"identity\":\"alice\",\"voice\":{\"outgoing\":{}}}", CG_TOKEN_GRANTS, NULL},
    {"{\"identity\":\"alice\",\"voice\":{\"outgoing\":\"" AP_MAIN "\"}}", CG_TOKEN_GRANTS, NULL},
    {"{\"identity\":\"alice\",\"voice\":{\"outgoing\":{\"application_sid\":5}}}", CG_TOKEN_GRANTS, NULL},
    {"{\"identity\":\"alice\",\"voice\":{" OUTGOING(",\"params\":[]") "}}", CG_TOKEN_GRANTS, NULL},
    {"{\"identity\":\"alice\",\"voice\":{" OUTGOING(",\"params\":\"a=b\"") "}}", CG_TOKEN_GRANTS, NULL},
    {"{\"identity\":\"alice\",\"voice\":{" OUTGOING(",\"params\":{\"a\":{}}") "}}", CG_TOKEN_GRANTS, NULL},
    {"{\"identity\":\"alice\",\"voice\":{" OUTGOING(",\"params\":{\"a\":[1]}") "}}", CG_TOKEN_GRANTS, NULL},
    {"{\"identity\":\"alice\",\"voice\":{\"endpoint_id\":1}}", CG_TOKEN_GRANTS, NULL},
    /* applications */
    {"{\"identity\":\"alice\",\"voice\":{\"outgoing\":{\"application_sid\":\"" AP_OTHER "\"}}}", CG_TOKEN_APPLICATION,
     NULL},
    {"{\"identity\":\"alice\",\"voice\":{\"outgoing\":{\"application_sid\":\"AP00000000000000000000000000000000\"}}}",
     CG_TOKEN_APPLICATION, NULL},
    {"{\"identity\":\"alice\",\"voice\":{\"outgoing\":{\"application_sid\":\"AP1\"}}}", CG_TOKEN_APPLICATION, NULL},
    {"{\"identity\":\"alice\",\"voice\":{\"outgoing\":{\"application_sid\":\"\"}}}", CG_TOKEN_APPLICATION, NULL},
    /* identities */
    {"{\"voice\":{\"incoming\":{\"allow\":true}}}", CG_TOKEN_IDENTITY, NULL},
    {"{\"identity\":null,\"voice\":{\"incoming\":{\"allow\":true}}}", CG_TOKEN_IDENTITY, NULL},
    {"{\"identity\":\"\",\"voice\":{}}", CG_TOKEN_IDENTITY, NULL},
    {"{\"identity\":42,\"voice\":{}}", CG_TOKEN_IDENTITY, NULL},
    {"{\"identity\":\"client:alice\",\"voice\":{}}", CG_TOKEN_IDENTITY, NULL},
};

static void test_access(void)
{
    run_cases(access_cases, G_N_ELEMENTS(access_cases), verify_access);
}

static void test_parameter_limit(void)
{
    token_fixture fixture = {0};
    fixture_init(&fixture);
    for (int count = CG_FORM_MAX_FIELDS; count <= CG_FORM_MAX_FIELDS + 1; count++) {
        g_autoptr(GString) grants = g_string_new("{\"voice\":{" OUTGOING(",\"params\":{"));
        g_string_truncate(grants, grants->len - 1);
        for (int i = 0; i < count; i++)
            g_string_append_printf(grants, "%s\"p%d\":\"\"", i ? "," : "", i);
        g_string_append(grants, "}}}}");
        assert_status(verify_access(&fixture, grants->str, NULL),
                      count <= CG_FORM_MAX_FIELDS ? CG_TOKEN_OK : CG_TOKEN_GRANTS);
    }
    fixture_clear(&fixture);
}

#define IN "scope:client:incoming?clientName="
#define OUT "scope:client:outgoing?appSid=" AP_MAIN

static const grants_case capability_cases[] = {
    {"\"" IN "alice\"", CG_TOKEN_OK, "alice in "},
    {"\"" OUT "\"", CG_TOKEN_OK, "- out "},
    {"\"" OUT "&clientName=bob\"", CG_TOKEN_OK, "bob out "},
    {"\"" IN "alice " OUT "&clientName=alice\"", CG_TOKEN_OK, "alice in out "},
    {"\"" OUT "&clientName=alice " IN "alice\"", CG_TOKEN_OK, "alice in out "},
    {"\"" IN "alice%40example.com\"", CG_TOKEN_OK, "alice@example.com in "},
    {"\"" OUT "&appParams=a%3Db%2520c\"", CG_TOKEN_OK, "- out a=b%20c"}, /* docs/tokens.md: escaped twice */
    {"\"" OUT "&appParams=a%3Db%26c%3D%252526%2526d\"", CG_TOKEN_OK, "- out a=b&c=%2526%26d"},
    {"\"" OUT "&appParams=\"", CG_TOKEN_OK, "- out "},
    {"\"scope:stream:subscribe?path=/2010-04-01/Events " IN "alice\"", CG_TOKEN_OK, "alice in "},
    {"\"  " IN "alice  \"", CG_TOKEN_OK, "alice in "},
    {"null", CG_TOKEN_GRANTS, NULL},
    {"[\"" IN "alice\"]", CG_TOKEN_GRANTS, NULL},
    {"\"\"", CG_TOKEN_GRANTS, NULL},
    {"\"scope:stream:subscribe?path=/2010-04-01/Events\"", CG_TOKEN_GRANTS, NULL},
    {"\"scope:client:incomingx?clientName=alice\"", CG_TOKEN_GRANTS, NULL},
    {"\"scope:client:incoming\"", CG_TOKEN_IDENTITY, NULL},
    {"\"scope:client:incoming?\"", CG_TOKEN_IDENTITY, NULL},
    {"\"" IN "\"", CG_TOKEN_IDENTITY, NULL},
    {"\"" IN "a%20b\"", CG_TOKEN_IDENTITY, NULL},
    {"\"" IN "alice " OUT "&clientName=bob\"", CG_TOKEN_IDENTITY, NULL},
    {"\"" IN "alice " IN "alice\"", CG_TOKEN_GRANTS, NULL},
    {"\"" IN "alice&clientName=bob\"", CG_TOKEN_GRANTS, NULL},
    {"\"" OUT " " OUT "\"", CG_TOKEN_GRANTS, NULL},
    {"\"" OUT "&appSid=" AP_OTHER "\"", CG_TOKEN_GRANTS, NULL},
    {"\"scope:client:outgoing\"", CG_TOKEN_GRANTS, NULL},
    {"\"scope:client:outgoing?appParams=a%3Db\"", CG_TOKEN_GRANTS, NULL},
    {"\"" IN "%zz\"", CG_TOKEN_GRANTS, NULL},
    {"\"" OUT "&appParams=a%3D%25zz\"", CG_TOKEN_GRANTS, NULL},
    {"\"" OUT "&appParams=a%3D%2500\"", CG_TOKEN_GRANTS, NULL},
    {"\"" OUT "&appParams=a%3D1%26a%3D2\"", CG_TOKEN_GRANTS, NULL},
    {"\"" IN "alice 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32\"",
     CG_TOKEN_OK, "alice in "},
    {"\"" IN "alice 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33\"",
     CG_TOKEN_GRANTS, NULL},
    {"\"scope:client:outgoing?appSid=" AP_OTHER "\"", CG_TOKEN_APPLICATION, NULL},
    {"\"scope:client:outgoing?appSid=APx\"", CG_TOKEN_APPLICATION, NULL},
};

static void test_capability(void)
{
    run_cases(capability_cases, G_N_ELEMENTS(capability_cases), verify_capability);
}

static void test_capability_signer(void)
{
    token_fixture fixture = {0};
    fixture_init(&fixture);
    g_autoptr(cg_grants) grants = NULL;
    assert_status(verify_capability(&fixture, "\"" IN "alice\"", &grants), CG_TOKEN_OK);
    g_assert_cmpstr(grants->account.text, ==, AC_MAIN);
    g_assert_false(cg_sid_is_set(&grants->key));
    /* An auth token signs with HS256 and nothing else. */
    g_autofree char *hs512 =
        fixture_hmac("{\"alg\":\"HS512\"}", "{\"scope\":\"" IN "alice\",\"iss\":\"" AC_MAIN "\",\"exp\":1700003600}",
                     EVP_sha512(), AUTH_TOKEN);
    assert_status(fixture_verify(&fixture, hs512, NOW, NULL), CG_TOKEN_ALGORITHM);
    fixture_clear(&fixture);
}

static void test_identities(void)
{
    static const char *const good[] = {"a",
                                       "7",
                                       "Alice",
                                       "alice@example.com",
                                       "alice+tag@example.com",
                                       "a-b_c.d~e",
                                       "550e8400-e29b-41d4-a716-446655440000",
                                       "YWxpY2U="};
    static const char *const bad[] = {"",    ".",   "..",    "@",           "a b",  "a/b", "a:b",  "a?b",     "a#b",
                                      "a%b", "a&b", "a*",    "a;b",         "a\"b", "a'b", "a<b>", "a\\b",    "a\tb",
                                      "a\n", "a,b", "a\x7f", "Ren\xc3\xa9", "\xff", "a|b", "a!",   "client:a"};
    for (size_t i = 0; i < G_N_ELEMENTS(good); i++)
        g_assert_true(cg_identity_valid(good[i]));
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
        g_assert_false(cg_identity_valid(bad[i]));
    g_autofree char *longest = g_strnfill(CG_IDENTITY_MAX_SIZE, 'x');
    g_autofree char *too_long = g_strnfill(CG_IDENTITY_MAX_SIZE + 1, 'x');
    g_assert_true(cg_identity_valid(longest));
    g_assert_false(cg_identity_valid(too_long));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/grants/access", test_access);
    g_test_add_func("/grants/parameter-limit", test_parameter_limit);
    g_test_add_func("/grants/capability", test_capability);
    g_test_add_func("/grants/capability-signer", test_capability_signer);
    g_test_add_func("/grants/identities", test_identities);
    return g_test_run();
}
