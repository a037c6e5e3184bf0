/* Credentials of a message to the digest, and an eye on those who guess. */
#include "signaling/sip/sip_auth.h"

#include "base/log.h"
#include "base/random.h"

#include <sofia-sip/auth_digest.h>
#include <stdatomic.h>

#define TELL_INTERVAL_US 10000000 /* of wrong proofs in the log */
#define PLACES 1024               /* where addresses are counted; some share one, but nobody can choose which */

enum {
    GUESSES = 10,       /* wrong proofs of an address in a minute; more requests of it are ignored */
    TURNS = 100,        /* challenges of an address in a second */
    TURNS_OF_ALL = 500, /* and of all, where each is kept */
};

#define GUESS_WINDOW_US 60000000
#define TURN_WINDOW_US 1000000

typedef struct {
    int64_t since_us;
    unsigned count;
} window;

typedef struct {
    window guesses, turns;
} place;

struct cg_sip_auth {
    cg_sip_digest *digest; /* owned */
    char *realm;           /* owned */
    uint32_t seed;
    int64_t told_us;
    atomic_size_t failures;
    window turns;
    place places[PLACES];
};

cg_sip_auth *cg_sip_auth_new(const char *realm, const char *const *algorithms)
{
    cg_sip_auth *auth = g_new0(cg_sip_auth, 1);
    auth->digest = cg_sip_digest_new(realm, algorithms);
    auth->realm = g_strdup(realm);
    auth->seed = cg_random_u32();
    return auth;
}

void cg_sip_auth_free(cg_sip_auth *auth)
{
    if (auth == NULL)
        return;
    cg_sip_digest_free(auth->digest);
    g_free(auth->realm);
    g_free(auth);
}

void cg_sip_auth_set_users(cg_sip_auth *auth, const cg_sip_user *users, size_t count)
{
    cg_sip_digest_set_users(auth->digest, users, count);
}

/* --- counting --- */

static place *place_of(const cg_sip_auth *auth, const char *peer)
{
    uint32_t hash = auth->seed;
    for (; *peer != '\0'; peer++)
        hash = (hash ^ (unsigned char) *peer) * 0x01000193u;
    return (place *) &auth->places[(hash ^ hash >> 15) % PLACES];
}

static bool is_full(const window *of, unsigned limit, int64_t length_us, int64_t now_us)
{
    return of->count >= limit && now_us - of->since_us < length_us;
}

static void count(window *of, int64_t length_us, int64_t now_us)
{
    if (now_us - of->since_us >= length_us)
        *of = (window){.since_us = now_us};
    of->count++;
}

bool cg_sip_auth_take_turn(cg_sip_auth *auth, const char *peer, bool kept)
{
    place *of = place_of(auth, peer);
    int64_t now_us = g_get_monotonic_time();
    if (is_full(&of->turns, TURNS, TURN_WINDOW_US, now_us) ||
        (kept && is_full(&auth->turns, TURNS_OF_ALL, TURN_WINDOW_US, now_us)))
        return false;
    count(&of->turns, TURN_WINDOW_US, now_us);
    if (kept)
        count(&auth->turns, TURN_WINDOW_US, now_us);
    return true;
}

static void tell_of_wrong(cg_sip_auth *auth, const char *peer, const char *user, int64_t now_us)
{
    uint64_t failures = atomic_fetch_add_explicit(&auth->failures, 1, memory_order_relaxed) + 1;
    if (auth->told_us != 0 && now_us - auth->told_us < TELL_INTERVAL_US)
        return;
    auth->told_us = now_us;
    cg_log(CG_LOG_INFO, "sip.auth_failed", CG_LOG_TEXT("peer", peer), CG_LOG_TEXT("user", user),
           CG_LOG_NUMBER("failures", failures));
}

/* --- requests --- */

bool cg_sip_auth_is_on(const cg_sip_auth *auth)
{
    return cg_sip_digest_has_users(auth->digest);
}

cg_sip_auth_glance cg_sip_auth_look(const cg_sip_auth *auth, const sip_t *request, const char *peer)
{
    su_home_t home[1] = {SU_HOME_INIT(home)};
    cg_sip_credentials credentials;
    if (!cg_sip_auth_is_on(auth) ||
        is_full(&place_of(auth, peer)->guesses, GUESSES, GUESS_WINDOW_US, g_get_monotonic_time()))
        return CG_SIP_AUTH_IGNORE;
    bool shown = cg_sip_read_credentials(home, request, auth->realm, &credentials) &&
                 cg_sip_digest_made(auth->digest, credentials.nonce, peer);
    su_home_deinit(home);
    return shown ? CG_SIP_AUTH_CHECK : CG_SIP_AUTH_CHALLENGE;
}

cg_sip_digest_result cg_sip_auth_check(cg_sip_auth *auth, const sip_t *request, const char *peer, const char **ret_user)
{
    su_home_t home[1] = {SU_HOME_INIT(home)};
    cg_sip_credentials credentials;
    cg_sip_digest_result result = CG_SIP_DIGEST_MISSING;
    int64_t now_us = g_get_monotonic_time();
    if (cg_sip_read_credentials(home, request, auth->realm, &credentials))
        result = cg_sip_digest_check(auth->digest, &credentials, request->sip_request->rq_method_name, peer, now_us,
                                     ret_user);
    if (result == CG_SIP_DIGEST_WRONG)
        tell_of_wrong(auth, peer, credentials.user, now_us);
    /* Over TCP whoever has not been challenged yet comes here, too. */
    if (result == CG_SIP_DIGEST_WRONG || (result == CG_SIP_DIGEST_MISSING && request->sip_authorization != NULL))
        count(&place_of(auth, peer)->guesses, GUESS_WINDOW_US, now_us);
    su_home_deinit(home);
    return result;
}

char *cg_sip_auth_challenge(const cg_sip_auth *auth, size_t i, const char *peer, bool stale)
{
    return cg_sip_digest_challenge(auth->digest, i, peer, stale, g_get_monotonic_time());
}

uint64_t cg_sip_auth_failures(const cg_sip_auth *auth)
{
    return atomic_load_explicit(&auth->failures, memory_order_relaxed);
}
