/* Form and header of tokens: what is refused before anybody asks for a key. */
#include "token_fixture.h"

#include "auth/jws.h"

static void expect(const token_fixture *fixture, const char *token, cg_token_status expected)
{
    assert_status(fixture_verify(fixture, token, NOW, NULL), expected);
}

/* Wire-formats 6.1: the token that the ecosystem's helper library makes. Its secret is shorter than a directory takes,
 * so the signature is checked below it. */
static void test_vector(void)
{
    g_autoptr(cg_jws) jws = NULL;
    cg_algorithm algorithm = CG_ALGORITHM_RS256;
    static const char token[] =
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCIsImN0eSI6InR3aWxpby1mcGE7dj0xIn0."
        "eyJqdGkiOiJTSzExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTExLTE3MDAwMDAwMDAiLCJncmFudHMiOnsiaWRlbnRpdHkiOiJhbGljZS"
        "Is"
        "InZvaWNlIjp7ImluY29taW5nIjp7ImFsbG93Ijp0cnVlfSwib3V0Z29pbmciOnsiYXBwbGljYXRpb25fc2lkIjoiQVAyMjIyMjIyMjIyMjIyMj"
        "Iy"
        "MjIyMjIyMjIyMjIyMjIyMiIsInBhcmFtcyI6eyJmb28iOiJiYXIifX0sInB1c2hfY3JlZGVudGlhbF9zaWQiOiJDUjMzMzMzMzMzMzMzMzMzMz"
        "Mz"
        "MzMzMzMzMzMzMzMzMzMzIiwiZW5kcG9pbnRfaWQiOiJlcDEifSwidGFza19yb3V0ZXIiOnsid29ya3NwYWNlX3NpZCI6IldTNDQ0NDQ0NDQ0ND"
        "Q0"
        "NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQiLCJ3b3JrZXJfc2lkIjoiV0s1NTU1NTU1NTU1NTU1NTU1NTU1NTU1NTU1NTU1NTU1NSIsInJvbGUiOiJ3b3"
        "Jr"
        "ZXIifX0sImlhdCI6MTcwMDAwMDAwMCwiZXhwIjoxNzAwMDAzNjAwLCJpc3MiOiJTSzExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTExIi"
        "wi"
        "c3ViIjoiQUMwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMCJ9.nJ-8FabWXr15XUhhM3IWuDF5mEYMhRkj0sTpRklpyZ8";
    assert_status(cg_jws_parse(token, strlen(token), &jws), CG_TOKEN_OK);
    assert_status(cg_jws_check_header(jws, &algorithm), CG_TOKEN_OK);
    g_assert_cmpint(algorithm, ==, CG_ALGORITHM_HS256);
    g_assert_cmpuint(jws->signature_size, ==, 32);
    g_assert_true(cg_jws_verify(jws, CG_ALGORITHM_HS256, "secret"));
    g_assert_false(cg_jws_verify(jws, CG_ALGORITHM_HS256, "Secret"));
    g_assert_false(cg_jws_verify(jws, CG_ALGORITHM_HS512, "secret"));
}

static void test_no_token(void)
{
    token_fixture fixture = {0};
    fixture_init(&fixture);
    g_autofree char *claims = fixture_claims(SK_HS256);
    g_autofree char *token = fixture_hs256(claims);
    g_autofree char *at_limit = g_strnfill(CG_TOKEN_MAX_SIZE, 'A');
    g_autofree char *over_limit = g_strnfill(CG_TOKEN_MAX_SIZE + 1, 'A');
    g_autofree char *padding = g_strnfill(100000, 'A');
    g_autofree char *huge = g_strconcat(token, padding, NULL);
    expect(&fixture, NULL, CG_TOKEN_MISSING);
    expect(&fixture, "", CG_TOKEN_MISSING);
    expect(&fixture, at_limit, CG_TOKEN_MALFORMED);
    expect(&fixture, over_limit, CG_TOKEN_TOO_LONG);
    expect(&fixture, huge, CG_TOKEN_TOO_LONG);
    fixture_clear(&fixture);
}

static void expect_appended(const token_fixture *fixture, const char *token, const char *tail)
{
    g_autofree char *longer = g_strconcat(token, tail, NULL);
    expect(fixture, longer, CG_TOKEN_MALFORMED);
}

static void test_form(void)
{
    token_fixture fixture = {0};
    fixture_init(&fixture);
    g_autofree char *claims = fixture_claims(SK_HS256);
    g_autofree char *token = fixture_hs256(claims);
    static const char *const malformed[] = {
        ".",
        "..",
        "...",
        "a.b.c",
        "e30",
        "e30.e30",
        "e30.e30.e30.e30",
        "e30.e30.=",
        "bnVsbA.e30.A",
        "e30.W10.",
        "W10.e30.",
        ".e30.",
        "e30..",
        "eyJhIjoxfQ==.e30.",
        "e30 .e30.",
        "e30.e30.A",
        "\xff.\xff.a",
        "Im5vdCI.Im5vdCI.",
    };
    static const char *const tails[] = {"=", " ", "\n", ".", ".A", "\\u0000", "AA=", "%3D"};
    for (size_t i = 0; i < G_N_ELEMENTS(malformed); i++)
        expect(&fixture, malformed[i], CG_TOKEN_MALFORMED);
    for (size_t i = 0; i < G_N_ELEMENTS(tails); i++)
        expect_appended(&fixture, token, tails[i]);
    /* A NUL inside: libjwt would see a shorter token. */
    g_autofree char *with_nul = g_strconcat(token, "xAAA", NULL);
    cg_grants *grants = NULL;
    with_nul[strlen(token)] = '\0';
    assert_status(cg_token_verify(fixture.directory, &fixture.policy, with_nul, strlen(token) + 4, NOW, &grants),
                  CG_TOKEN_MALFORMED);
    /* All beginnings. */
    for (size_t size = strlen(token) - 1; size > 0; size--) {
        token[size] = '\0';
        cg_token_status status = fixture_verify(&fixture, token, NOW, NULL);
        g_assert_true(status == CG_TOKEN_MALFORMED || status == CG_TOKEN_SIGNATURE);
    }
    fixture_clear(&fixture);
}

/* One character changed anywhere, to any of the alphabet: never accepted. */
static void test_every_flip(void)
{
    token_fixture fixture = {0};
    fixture_init(&fixture);
    g_autofree char *claims = fixture_claims(SK_HS256);
    g_autofree char *token = fixture_hs256(claims);
    for (size_t i = 0; token[i]; i++) {
        char kept = token[i];
        for (const char *c = "AQgwBZz09-_."; *c; c++) {
            if (*c == kept)
                continue;
            token[i] = *c;
            g_assert_cmpint(fixture_verify(&fixture, token, NOW, NULL), !=, CG_TOKEN_OK);
        }
        token[i] = kept;
    }
    expect(&fixture, token, CG_TOKEN_OK);
    fixture_clear(&fixture);
}

static const struct {
    const char *header;
    cg_token_status expected;
} headers[] = {
    {"{\"alg\":\"HS256\"}", CG_TOKEN_OK},
    {"{\"alg\":\"HS256\",\"typ\":\"jwt\"}", CG_TOKEN_OK},
    {"{\"alg\":\"HS256\",\"typ\":\"JWT\",\"cty\":\"twilio-fpa;v=1\",\"twr\":\"ie1\"}", CG_TOKEN_OK},
    {"{\"\\u0061lg\":\"HS256\"}", CG_TOKEN_OK}, /* an escaped name is the same name, for us and for libjwt */
    {"{ \"alg\" : \"HS256\" }", CG_TOKEN_OK},
    /* Keys offered by the token itself are not looked at: the signature of the directory's key holds. */
    {"{\"alg\":\"HS256\",\"kid\":\"../../dev/null\",\"jku\":\"https://example.com/\"}", CG_TOKEN_OK},
    {"{\"alg\":\"HS256\",\"typ\":\"JOSE\"}", CG_TOKEN_HEADER},
    {"{\"alg\":\"HS256\",\"typ\":\"\"}", CG_TOKEN_HEADER},
    {"{\"alg\":\"HS256\",\"typ\":1}", CG_TOKEN_HEADER},
    {"{\"alg\":\"HS256\",\"typ\":null}", CG_TOKEN_HEADER},
    {"{\"alg\":\"HS256\",\"cty\":\"twilio-fpa;v=2\"}", CG_TOKEN_HEADER},
    {"{\"alg\":\"HS256\",\"cty\":\"JWT\"}", CG_TOKEN_HEADER},
    {"{\"alg\":\"HS256\",\"cty\":[]}", CG_TOKEN_HEADER},
    {"{\"alg\":\"HS256\",\"crit\":[\"exp\"],\"exp\":1}", CG_TOKEN_HEADER},
    {"{\"alg\":\"HS256\",\"crit\":[\"b64\"],\"b64\":false}", CG_TOKEN_HEADER},
    {"{\"alg\":\"HS256\",\"crit\":[]}", CG_TOKEN_HEADER},
    {"{\"alg\":\"HS256\",\"crit\":null}", CG_TOKEN_HEADER},
    {"{}", CG_TOKEN_ALGORITHM},
    {"{\"alg\":null}", CG_TOKEN_ALGORITHM},
    {"{\"alg\":\"\"}", CG_TOKEN_ALGORITHM},
    {"{\"alg\":[\"HS256\"]}", CG_TOKEN_ALGORITHM},
    {"{\"alg\":\"none\"}", CG_TOKEN_ALGORITHM},
    {"{\"alg\":\"nOnE\"}", CG_TOKEN_ALGORITHM},
    {"{\"alg\":\"hs256\"}", CG_TOKEN_ALGORITHM}, /* libjwt would take it */
    {"{\"alg\":\"HS512\"}", CG_TOKEN_ALGORITHM},
    {"{\"alg\":\"RS256\"}", CG_TOKEN_ALGORITHM},
    {"{\"alg\":\"ES256\"}", CG_TOKEN_ALGORITHM},
    {"{\"alg\":\"PS256\"}", CG_TOKEN_ALGORITHM},
    {"{\"alg\":\"HS256\",\"alg\":\"none\"}", CG_TOKEN_MALFORMED},
    {"{\"alg\":\"none\",\"alg\":\"HS256\"}", CG_TOKEN_MALFORMED},
    {"{\"alg\":\"HS256\",\"\\u0061lg\":\"none\"}", CG_TOKEN_MALFORMED},
    {"{\"alg\":\"HS256\"}{}", CG_TOKEN_MALFORMED},
    {"{\"alg\":\"HS256\"} x", CG_TOKEN_MALFORMED},
    {"{\"alg\":\"HS256\\u0000\"}", CG_TOKEN_MALFORMED},
    {"[\"HS256\"]", CG_TOKEN_MALFORMED},
};

static void test_headers(void)
{
    token_fixture fixture = {0};
    fixture_init(&fixture);
    g_autofree char *claims = fixture_claims(SK_HS256);
    for (size_t i = 0; i < G_N_ELEMENTS(headers); i++) {
        g_test_message("%s", headers[i].header);
        g_autofree char *token = fixture_hmac(headers[i].header, claims, EVP_sha256(), SECRET);
        expect(&fixture, token, headers[i].expected);
    }
    fixture_clear(&fixture);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/jws/vector", test_vector);
    g_test_add_func("/jws/no-token", test_no_token);
    g_test_add_func("/jws/form", test_form);
    g_test_add_func("/jws/every-flip", test_every_flip);
    g_test_add_func("/jws/headers", test_headers);
    return g_test_run();
}
