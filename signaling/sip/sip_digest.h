/* Digest authentication (RFC 7616, RFC 3261 section 22, RFC 8760) of those who call us: challenges, and what answers
 * them. No I/O and no clock: time is an argument.
 *
 * A nonce needs no memory: it says when and for which address it was made, and is signed. Memory is needed only of
 * those that a user has proved himself with, so that no proof can be shown twice. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CG_SIP_NONCE_LIFETIME_S 300
#define CG_SIP_DIGEST_MAX_NONCES 16384 /* remembered */

typedef enum { CG_SIP_DIGEST_SHA256, CG_SIP_DIGEST_MD5, CG_SIP_DIGEST_ALGORITHMS } cg_sip_digest_algorithm;

typedef struct {
    const char *user, *password;
} cg_sip_user;

/* As the fields of Authorization are named, without their quotes; NULL: it is not there. */
typedef struct {
    const char *user, *realm, *nonce, *uri, *response, *algorithm, *cnonce, *qop, *nc;
} cg_sip_credentials;

typedef struct cg_sip_digest cg_sip_digest;

/* The algorithm of that name ("sha-256", "md5"); CG_SIP_DIGEST_ALGORITHMS: none. */
cg_sip_digest_algorithm cg_sip_digest_algorithm_named(const char *name);

/* `algorithms`: names of those that are offered and taken, in this order; NULL-terminated, NULL is all. */
cg_sip_digest *cg_sip_digest_new(const char *realm, const char *const *algorithms);
void cg_sip_digest_free(cg_sip_digest *digest);

/* Those who may prove themselves; copied. */
void cg_sip_digest_set_users(cg_sip_digest *digest, const cg_sip_user *users, size_t count);
bool cg_sip_digest_has_users(const cg_sip_digest *digest);

/* The value of the `i`th WWW-Authenticate, for whoever asks from the address `peer`; g_free. NULL: there are only so
 * many. `stale`: the proof was right but for its nonce, so the user need not be asked for another password. */
char *cg_sip_digest_challenge(const cg_sip_digest *digest, size_t i, const char *peer, bool stale, int64_t now_us);

/* Whether a nonce was made here for that address, however long ago. */
bool cg_sip_digest_made(const cg_sip_digest *digest, const char *nonce, const char *peer);

typedef enum {
    CG_SIP_DIGEST_PROVED,  /* `*ret_user` is the user's name, valid until the users are set again */
    CG_SIP_DIGEST_MISSING, /* nothing that answers a challenge of ours: challenge */
    CG_SIP_DIGEST_STALE,   /* right, but too old or shown before: challenge with `stale` */
    CG_SIP_DIGEST_WRONG,   /* no such user, or another password */
} cg_sip_digest_result;

cg_sip_digest_result cg_sip_digest_check(cg_sip_digest *digest, const cg_sip_credentials *credentials,
                                         const char *method, const char *peer, int64_t now_us, const char **ret_user);

/* The response that proves the password, in hex digits; g_free. For credentials with all their fields, or without qop.
 */
char *cg_sip_digest_response(cg_sip_digest_algorithm algorithm, const cg_sip_credentials *credentials,
                             const char *password, const char *method);
