/* Digest: the RFC's examples, and proofs shown once, twice, late, by the wrong one, from elsewhere. */
#include "signaling/sip/sip_digest.h"

#include <glib.h>
#include <string.h>

#define SECOND INT64_C(1000000)
#define NOW (1000 * SECOND)

/* RFC 7616 section 3.9.1. */
static void test_vectors(void)
{
    static const cg_sip_credentials credentials = {
        .user = "Mufasa",
        .realm = "http-auth@example.org",
        .nonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
        .uri = "/dir/index.html",
        .cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
        .qop = "auth",
        .nc = "00000001",
    };
    g_autofree char *md5 = cg_sip_digest_response(CG_SIP_DIGEST_MD5, &credentials, "Circle of Life", "GET");
    g_autofree char *sha256 = cg_sip_digest_response(CG_SIP_DIGEST_SHA256, &credentials, "Circle of Life", "GET");
    g_assert_cmpstr(md5, ==, "8ca523f5e9506fed4657c9700eebdbec");
    g_assert_cmpstr(sha256, ==, "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1");
}

static char *nonce_of(const char *challenge)
{
    const char *at = strstr(challenge, "nonce=\"") + strlen("nonce=\"");
    return g_strndup(at, strcspn(at, "\""));
}

typedef struct {
    cg_sip_digest *digest;
    char *nonce; /* of a challenge at NOW to 192.0.2.1 */
} world;

static world make_world(void)
{
    static const cg_sip_user users[] = {{"pbx", "secret"}, {"other", "word"}};
    world made = {.digest = cg_sip_digest_new("sip.example.com", NULL)};
    g_assert_false(cg_sip_digest_has_users(made.digest));
    cg_sip_digest_set_users(made.digest, users, G_N_ELEMENTS(users));
    g_assert_true(cg_sip_digest_has_users(made.digest));
    g_autofree char *challenge = cg_sip_digest_challenge(made.digest, 0, "192.0.2.1", false, NOW);
    g_assert_true(g_str_has_prefix(challenge, "Digest realm=\"sip.example.com\", nonce=\""));
    g_assert_nonnull(strstr(challenge, "algorithm=SHA-256, qop=\"auth\""));
    g_assert_null(strstr(challenge, "stale"));
    made.nonce = nonce_of(challenge);
    return made;
}

static void end_world(world *of)
{
    cg_sip_digest_free(of->digest);
    g_free(of->nonce);
}

typedef struct {
    cg_sip_digest_algorithm algorithm;
    const char *user, *password, *realm, *nonce, *qop, *nc, *name, *method, *peer;
    int64_t now_us;
} proof;

static proof usual(const world *of)
{
    return (proof){.algorithm = CG_SIP_DIGEST_SHA256,
                   .user = "pbx",
                   .password = "secret",
                   .realm = "sip.example.com",
                   .nonce = of->nonce,
                   .qop = "auth",
                   .nc = "00000001",
                   .name = "SHA-256",
                   .method = "INVITE",
                   .peer = "192.0.2.1",
                   .now_us = NOW + SECOND};
}

static cg_sip_digest_result show(const world *to, const proof *shown)
{
    const char *user = NULL;
    cg_sip_credentials credentials = {.user = shown->user,
                                      .realm = shown->realm,
                                      .nonce = shown->nonce,
                                      .uri = "sip:+1555@sip.example.com",
                                      .algorithm = shown->name,
                                      .cnonce = "abc",
                                      .qop = shown->qop,
                                      .nc = shown->nc};
    g_autofree char *response = cg_sip_digest_response(shown->algorithm, &credentials, shown->password, shown->method);
    credentials.response = response;
    cg_sip_digest_result result =
        cg_sip_digest_check(to->digest, &credentials, "INVITE", shown->peer, shown->now_us, &user);
    g_assert_cmpstr(user, ==, result == CG_SIP_DIGEST_PROVED ? shown->user : NULL);
    return result;
}

static void test_proofs(void)
{
    world here = make_world();
    proof shown = usual(&here);
    g_assert_cmpint(show(&here, &shown), ==, CG_SIP_DIGEST_PROVED);
    g_assert_cmpint(show(&here, &shown), ==, CG_SIP_DIGEST_STALE); /* a replay */
    shown.nc = "00000002";
    g_assert_cmpint(show(&here, &shown), ==, CG_SIP_DIGEST_PROVED);
    shown.nc = "00000001";
    g_assert_cmpint(show(&here, &shown), ==, CG_SIP_DIGEST_STALE);
    shown.nc = "0000000A";
    shown.algorithm = CG_SIP_DIGEST_MD5;
    shown.name = "md5";
    g_assert_cmpint(show(&here, &shown), ==, CG_SIP_DIGEST_PROVED);
    shown.nc = "0000000b";
    shown.name = NULL;
    g_assert_cmpint(show(&here, &shown), ==, CG_SIP_DIGEST_PROVED);
    end_world(&here);
}

/* RFC 2069: one proof for each nonce. */
static void test_without_qop(void)
{
    world here = make_world();
    proof shown = usual(&here);
    shown.qop = shown.nc = NULL;
    g_assert_cmpint(show(&here, &shown), ==, CG_SIP_DIGEST_PROVED);
    g_assert_cmpint(show(&here, &shown), ==, CG_SIP_DIGEST_STALE);
    end_world(&here);
}

static void test_age(void)
{
    world here = make_world();
    proof shown = usual(&here);
    shown.now_us = NOW + CG_SIP_NONCE_LIFETIME_S * SECOND;
    g_assert_cmpint(show(&here, &shown), ==, CG_SIP_DIGEST_STALE);
    shown.now_us--;
    g_assert_cmpint(show(&here, &shown), ==, CG_SIP_DIGEST_PROVED);
    end_world(&here);
}

static void test_algorithms(void)
{
    static const char *const md5[] = {"md5", NULL};
    static const cg_sip_user users[] = {{"pbx", "secret"}};
    world here = {.digest = cg_sip_digest_new("sip.example.com", md5)};
    cg_sip_digest_set_users(here.digest, users, 1);
    g_autofree char *challenge = cg_sip_digest_challenge(here.digest, 0, "192.0.2.1", false, NOW);
    g_assert_nonnull(strstr(challenge, "algorithm=MD5"));
    g_assert_null(cg_sip_digest_challenge(here.digest, 1, "192.0.2.1", false, NOW));
    here.nonce = nonce_of(challenge);
    proof shown = usual(&here);
    g_assert_cmpint(show(&here, &shown), ==, CG_SIP_DIGEST_MISSING); /* not offered */
    shown.algorithm = CG_SIP_DIGEST_MD5;
    shown.name = "MD5";
    g_assert_cmpint(show(&here, &shown), ==, CG_SIP_DIGEST_PROVED);
    g_assert_cmpint(cg_sip_digest_algorithm_named("SHA-256"), ==, CG_SIP_DIGEST_SHA256);
    g_assert_cmpint(cg_sip_digest_algorithm_named("sha-512"), ==, CG_SIP_DIGEST_ALGORITHMS);
    end_world(&here);
}

static void test_wrong(void)
{
    world here = make_world();
    g_autofree char *forged = g_strdup(here.nonce), *later = g_strconcat("1", here.nonce, NULL);
    world another = make_world();
    const struct {
        const char *what;
        size_t offset;
        const char *value;
        cg_sip_digest_result result;
    } rows[] = {
        {"password", offsetof(proof, password), "Secret", CG_SIP_DIGEST_WRONG},
        {"another's password", offsetof(proof, password), "word", CG_SIP_DIGEST_WRONG},
        {"user", offsetof(proof, user), "nobody", CG_SIP_DIGEST_WRONG},
        {"another method", offsetof(proof, method), "BYE", CG_SIP_DIGEST_WRONG},
        {"realm", offsetof(proof, realm), "example.com", CG_SIP_DIGEST_MISSING},
        {"address", offsetof(proof, peer), "192.0.2.2", CG_SIP_DIGEST_MISSING},
        {"algorithm", offsetof(proof, name), "MD5-sess", CG_SIP_DIGEST_MISSING},
        {"qop", offsetof(proof, qop), "auth-int", CG_SIP_DIGEST_MISSING},
        {"count", offsetof(proof, nc), "1", CG_SIP_DIGEST_MISSING},
        {"zero count", offsetof(proof, nc), "00000000", CG_SIP_DIGEST_MISSING},
        {"no count", offsetof(proof, nc), "-0000001", CG_SIP_DIGEST_MISSING},
        {"forged nonce", offsetof(proof, nonce), forged, CG_SIP_DIGEST_MISSING},
        {"later nonce", offsetof(proof, nonce), later, CG_SIP_DIGEST_MISSING},
        {"another's nonce", offsetof(proof, nonce), another.nonce, CG_SIP_DIGEST_MISSING},
        {"no nonce", offsetof(proof, nonce), "", CG_SIP_DIGEST_MISSING},
        {"half a nonce", offsetof(proof, nonce), ".", CG_SIP_DIGEST_MISSING},
    };
    forged[strlen(forged) - 1] ^= 1;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        proof shown = usual(&here);
        memcpy((char *) &shown + rows[i].offset, &rows[i].value, sizeof rows[i].value);
        g_test_message("%s", rows[i].what);
        g_assert_cmpint(show(&here, &shown), ==, rows[i].result);
    }
    proof shown = usual(&here); /* none of them has used it up */
    g_assert_cmpint(show(&here, &shown), ==, CG_SIP_DIGEST_PROVED);
    g_assert_true(cg_sip_digest_made(here.digest, here.nonce, "192.0.2.1"));
    g_assert_false(cg_sip_digest_made(here.digest, here.nonce, "192.0.2.3"));
    g_assert_false(cg_sip_digest_made(here.digest, NULL, "192.0.2.1"));
    end_world(&another);
    end_world(&here);
}

/* However many prove themselves, no proof is good twice, and fresh nonces stay good. */
static void test_many(void)
{
    world here = make_world();
    proof shown = usual(&here), first;
    for (int64_t i = 0; i < 2 * CG_SIP_DIGEST_MAX_NONCES + 10; i++) {
        g_autofree char *challenge = cg_sip_digest_challenge(here.digest, 0, "192.0.2.1", true, NOW + i * 1000);
        g_autofree char *nonce = nonce_of(challenge);
        g_assert_nonnull(strstr(challenge, ", stale=true"));
        shown.nonce = nonce;
        shown.now_us = NOW + i * 1000 + 500;
        g_assert_cmpint(show(&here, &shown), ==, CG_SIP_DIGEST_PROVED);
        g_assert_cmpint(show(&here, &shown), ==, CG_SIP_DIGEST_STALE);
    }
    first = usual(&here); /* the nonce of the first round */
    first.now_us = shown.now_us;
    g_assert_cmpint(show(&here, &first), ==, CG_SIP_DIGEST_STALE);
    end_world(&here);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sip_digest/vectors", test_vectors);
    g_test_add_func("/sip_digest/proofs", test_proofs);
    g_test_add_func("/sip_digest/without_qop", test_without_qop);
    g_test_add_func("/sip_digest/age", test_age);
    g_test_add_func("/sip_digest/algorithms", test_algorithms);
    g_test_add_func("/sip_digest/wrong", test_wrong);
    g_test_add_func("/sip_digest/many", test_many);
    return g_test_run();
}
