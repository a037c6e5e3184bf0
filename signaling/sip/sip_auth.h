/* Callers that no address tells: they prove by digest who they are. On the SIP thread, but for the statistics. */
#pragma once

#include "signaling/sip/sip_digest.h"
#include "signaling/sip/sip_internal.h"

cg_sip_auth *cg_sip_auth_new(const char *realm, const char *const *algorithms); /* as cg_sip_digest_new() */
void cg_sip_auth_free(cg_sip_auth *auth);
void cg_sip_auth_set_users(cg_sip_auth *auth, const cg_sip_user *users, size_t count);

typedef enum {
    CG_SIP_AUTH_IGNORE,    /* nobody can prove anything, or that address was wrong too often */
    CG_SIP_AUTH_CHALLENGE, /* it shows nothing that a challenge for that address has led to */
    CG_SIP_AUTH_CHECK,     /* it does, so nobody has forged that address: it is worth checking */
} cg_sip_auth_glance;

/* What to do with a request, by a look that leaves no trace. `peer` is the address it comes from. */
cg_sip_auth_glance cg_sip_auth_look(const cg_sip_auth *auth, const sip_t *request, const char *peer);

/* Whether that address may be challenged once more now; `kept`: Sofia does it, and keeps a transaction for it. */
bool cg_sip_auth_take_turn(cg_sip_auth *auth, const char *peer, bool kept);

bool cg_sip_auth_is_on(const cg_sip_auth *auth); /* somebody can prove something */

/* As cg_sip_digest_check(); wrong proofs are counted, and told of in the log now and then. */
cg_sip_digest_result cg_sip_auth_check(cg_sip_auth *auth, const sip_t *request, const char *peer,
                                       const char **ret_user);

/* As cg_sip_digest_challenge(). */
char *cg_sip_auth_challenge(const cg_sip_auth *auth, size_t i, const char *peer, bool stale);

uint64_t cg_sip_auth_failures(const cg_sip_auth *auth); /* of any thread */
