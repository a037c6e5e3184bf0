/* Nonces are "<microseconds, hex>.<HMAC of that and the address>". */
#include "signaling/sip/sip_digest.h"

#include "base/random.h"
#include "base/secret.h"

#include <glib.h>
#include <string.h>

#define LIFETIME_US (CG_SIP_NONCE_LIFETIME_S * INT64_C(1000000))

typedef struct {
    char *user, *password; /* owned */
} known_user;

typedef struct {
    int64_t made_us; /* what the nonce says; it is the key in the table */
    guint64 count;   /* the last nonce count (nc) */
} used_nonce;

struct cg_sip_digest {
    char *realm;
    uint8_t key[32];
    cg_sip_digest_algorithm offered[CG_SIP_DIGEST_ALGORITHMS];
    size_t offered_count;
    GArray *users;      /* known_user */
    GHashTable *used;   /* nonce (owned) -> (owned) used_nonce */
    int64_t too_old_us; /* nonces made until then are stale, because others of that time were forgotten */
    char *dummy;        /* the password of users that there are not */
};

static const struct {
    const char *name;
    GChecksumType type;
} algorithms[CG_SIP_DIGEST_ALGORITHMS] = {
    [CG_SIP_DIGEST_SHA256] = {"SHA-256", G_CHECKSUM_SHA256},
    [CG_SIP_DIGEST_MD5] = {"MD5", G_CHECKSUM_MD5},
};

static void clear_user(void *data)
{
    known_user *user = data;
    g_free(user->user);
    cg_secret_free(user->password);
}

cg_sip_digest_algorithm cg_sip_digest_algorithm_named(const char *name)
{
    cg_sip_digest_algorithm algorithm = 0;
    while (algorithm < CG_SIP_DIGEST_ALGORITHMS && g_ascii_strcasecmp(algorithms[algorithm].name, name) != 0)
        algorithm++;
    return algorithm;
}

static void offer(cg_sip_digest *digest, const char *const *names)
{
    static const char *const all[] = {"sha-256", "md5", NULL};
    for (names = names != NULL ? names : all; *names != NULL; names++) {
        g_assert(digest->offered_count < CG_SIP_DIGEST_ALGORITHMS);
        digest->offered[digest->offered_count++] = cg_sip_digest_algorithm_named(*names);
    }
}

cg_sip_digest *cg_sip_digest_new(const char *realm, const char *const *names)
{
    cg_sip_digest *digest = g_new0(cg_sip_digest, 1);
    digest->realm = g_strdup(realm);
    offer(digest, names);
    cg_random_bytes(digest->key, sizeof digest->key);
    digest->users = g_array_new(FALSE, FALSE, sizeof(known_user));
    g_array_set_clear_func(digest->users, clear_user);
    digest->used = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    digest->too_old_us = INT64_MIN;
    digest->dummy = g_malloc0(33);
    cg_random_text(digest->dummy, 32);
    return digest;
}

void cg_sip_digest_free(cg_sip_digest *digest)
{
    if (digest == NULL)
        return;
    g_array_unref(digest->users);
    g_hash_table_unref(digest->used);
    cg_secret_free(digest->dummy);
    explicit_bzero(digest->key, sizeof digest->key);
    g_free(digest->realm);
    g_free(digest);
}

void cg_sip_digest_set_users(cg_sip_digest *digest, const cg_sip_user *users, size_t count)
{
    g_array_set_size(digest->users, 0);
    for (size_t i = 0; i < count; i++) {
        known_user user = {g_strdup(users[i].user), g_strdup(users[i].password)};
        g_array_append_val(digest->users, user);
    }
}

bool cg_sip_digest_has_users(const cg_sip_digest *digest)
{
    return digest->users->len > 0;
}

/* --- nonces --- */

static char *make_nonce(const cg_sip_digest *digest, const char *peer, int64_t made_us)
{
    g_autofree char *text = g_strdup_printf("%" G_GINT64_MODIFIER "x %s", made_us, peer);
    g_autofree char *signature =
        g_compute_hmac_for_string(G_CHECKSUM_SHA256, digest->key, sizeof digest->key, text, -1);
    return g_strdup_printf("%" G_GINT64_MODIFIER "x.%s", made_us, signature);
}

char *cg_sip_digest_challenge(const cg_sip_digest *digest, size_t i, const char *peer, bool stale, int64_t now_us)
{
    if (i >= digest->offered_count)
        return NULL;
    g_autofree char *nonce = make_nonce(digest, peer, now_us);
    return g_strdup_printf("Digest realm=\"%s\", nonce=\"%s\", algorithm=%s, qop=\"auth\"%s", digest->realm, nonce,
                           algorithms[digest->offered[i]].name, stale ? ", stale=true" : "");
}

/* How long it takes must not tell how much of a guess was right. */
static bool is_same(const char *expected, const char *got)
{
    size_t size = strlen(expected);
    unsigned char difference = 0;
    if (strlen(got) != size)
        return false;
    for (size_t i = 0; i < size; i++)
        difference |= (unsigned char) (expected[i] ^ got[i]);
    return difference == 0;
}

static bool read_nonce(const cg_sip_digest *digest, const char *nonce, const char *peer, int64_t *ret_made_us)
{
    const char *dot = nonce != NULL ? strchr(nonce, '.') : NULL;
    guint64 made_us;
    g_autofree char *text = dot != NULL ? g_strndup(nonce, (size_t) (dot - nonce)) : NULL;
    if (text == NULL || strlen(text) > 16 || !g_ascii_string_to_unsigned(text, 16, 0, INT64_MAX, &made_us, NULL))
        return false;
    g_autofree char *expected = make_nonce(digest, peer, (int64_t) made_us);
    *ret_made_us = (int64_t) made_us;
    return is_same(expected, nonce);
}

bool cg_sip_digest_made(const cg_sip_digest *digest, const char *nonce, const char *peer)
{
    int64_t made_us;
    return read_nonce(digest, nonce, peer, &made_us);
}

static gboolean is_expired(gpointer key, gpointer value, gpointer until_us)
{
    return ((const used_nonce *) value)->made_us <= *(const int64_t *) until_us;
}

/* A whole half of the lifetime is forgotten at once, so that this is rare; its nonces are stale from then on. */
static void make_room(cg_sip_digest *digest, int64_t now_us)
{
    for (int64_t age_us = LIFETIME_US; g_hash_table_size(digest->used) >= CG_SIP_DIGEST_MAX_NONCES; age_us /= 2) {
        int64_t until_us = now_us - age_us;
        g_hash_table_foreach_remove(digest->used, is_expired, &until_us);
        digest->too_old_us = MAX(digest->too_old_us, until_us);
    }
}

/* Whether a proof with that nonce and count is the first one; it is remembered. */
static bool use_nonce(cg_sip_digest *digest, const char *nonce, int64_t made_us, guint64 count, int64_t now_us)
{
    make_room(digest, now_us);
    used_nonce *used = g_hash_table_lookup(digest->used, nonce);
    if (made_us <= MAX(digest->too_old_us, now_us - LIFETIME_US))
        return false;
    if (used == NULL) {
        used = g_new0(used_nonce, 1);
        used->made_us = made_us;
        g_hash_table_insert(digest->used, g_strdup(nonce), used);
    }
    if (count <= used->count)
        return false;
    used->count = count;
    return true;
}

/* --- proofs --- */

char *cg_sip_digest_response(cg_sip_digest_algorithm algorithm, const cg_sip_credentials *credentials,
                             const char *password, const char *method)
{
    GChecksumType type = algorithms[algorithm].type;
    g_autoptr(cg_secret) secret = g_strdup_printf("%s:%s:%s", credentials->user, credentials->realm, password);
    g_autofree char *request = g_strdup_printf("%s:%s", method, credentials->uri);
    g_autoptr(cg_secret) a1 = g_compute_checksum_for_string(type, secret, -1);
    g_autofree char *a2 = g_compute_checksum_for_string(type, request, -1);
    g_autoptr(cg_secret) whole = credentials->qop == NULL
                                     ? g_strdup_printf("%s:%s:%s", a1, credentials->nonce, a2)
                                     : g_strdup_printf("%s:%s:%s:%s:%s:%s", a1, credentials->nonce, credentials->nc,
                                                       credentials->cnonce, credentials->qop, a2);
    return g_compute_checksum_for_string(type, whole, -1);
}

/* RFC 7616 section 3.4: without an algorithm it is MD5. */
static bool read_algorithm(const cg_sip_digest *digest, const cg_sip_credentials *credentials,
                           cg_sip_digest_algorithm *ret_algorithm)
{
    *ret_algorithm = cg_sip_digest_algorithm_named(credentials->algorithm != NULL ? credentials->algorithm : "md5");
    for (size_t i = 0; i < digest->offered_count; i++)
        if (digest->offered[i] == *ret_algorithm)
            return true;
    return false;
}

/* Whoever knows no qop (RFC 2069) has no counts: a nonce is good for one proof then. */
static bool read_count(const cg_sip_credentials *credentials, guint64 *ret_count)
{
    *ret_count = 1;
    if (credentials->qop == NULL)
        return true;
    return g_ascii_strcasecmp(credentials->qop, "auth") == 0 && credentials->cnonce != NULL &&
           credentials->nc != NULL && strlen(credentials->nc) == 8 &&
           g_ascii_string_to_unsigned(credentials->nc, 16, 1, UINT32_MAX, ret_count, NULL);
}

static const known_user *find_user(const cg_sip_digest *digest, const char *name)
{
    for (guint i = 0; i < digest->users->len; i++)
        if (g_str_equal(g_array_index(digest->users, known_user, i).user, name))
            return &g_array_index(digest->users, known_user, i);
    return NULL;
}

cg_sip_digest_result cg_sip_digest_check(cg_sip_digest *digest, const cg_sip_credentials *credentials,
                                         const char *method, const char *peer, int64_t now_us, const char **ret_user)
{
    cg_sip_digest_algorithm algorithm;
    int64_t made_us;
    guint64 count;
    if (credentials->user == NULL || g_strcmp0(credentials->realm, digest->realm) != 0 || credentials->uri == NULL ||
        credentials->response == NULL || !read_algorithm(digest, credentials, &algorithm) ||
        !read_count(credentials, &count) || !read_nonce(digest, credentials->nonce, peer, &made_us))
        return CG_SIP_DIGEST_MISSING;
    /* As much is computed for a user that there is not. */
    const known_user *user = find_user(digest, credentials->user);
    g_autofree char *expected =
        cg_sip_digest_response(algorithm, credentials, user != NULL ? user->password : digest->dummy, method);
    g_autofree char *response = g_ascii_strdown(credentials->response, -1);
    if (!is_same(expected, response) || user == NULL)
        return CG_SIP_DIGEST_WRONG;
    if (!use_nonce(digest, credentials->nonce, made_us, count, now_us))
        return CG_SIP_DIGEST_STALE;
    *ret_user = user->user;
    return CG_SIP_DIGEST_PROVED;
}
