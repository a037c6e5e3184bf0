/* Challenges (401, 407) of our requests. Sofia has a request that is challenged wait for credentials, without end and
 * ahead of all that come behind it: it is told beforehand not to where none will come. */
#pragma once

#include "signaling/sip/sip_internal.h"

/* Takes out of a response what neither our stack nor we can answer: no Digest (RFC 3261 section 22), no MD5. */
void cg_sip_drop_challenges(msg_t *message, sip_t *response);

/* What answers a challenge, for nua_authenticate(); cg_secret_free. Each proxy on the way and who is reached may have a
 * realm of its own (RFC 3261 section 22.3), and each is answered once: `*answered` has those that were, and is freed by
 * g_clear_pointer(answered, g_ptr_array_unref); NULL: none. (Our stack answers by itself what is only stale.) NULL: the
 * response is no challenge, or its realm has refused us. */
char *cg_sip_answer_challenge(int status, const sip_t *message, const char *user, const char *password,
                              GPtrArray **answered);

/* Makes our INVITE that is challenged again, with our password: then another response follows. False: the response is
 * no challenge, or the password is missing or has been refused. */
bool cg_sip_dialog_authenticate(cg_sip_dialog *dialog, int status, const sip_t *message);

/* The call is answered, or requests other than the INVITE are made before: from now on a challenge without a password,
 * or more of a request than there are realms, is a refusal. */
void cg_sip_dialog_expect_challenges(cg_sip_dialog *dialog);
/* Of a request within it: no other response will follow; the next one of the kind is `*answered` anew. */
bool cg_sip_dialog_is_final(cg_sip_dialog *dialog, bool *answered, int status, const sip_t *message);
