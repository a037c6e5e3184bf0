/* Challenges (401, 407) of our requests. Sofia has a request that is challenged wait for credentials, without end and
 * ahead of all that come behind it: it is told beforehand not to where none will come. */
#pragma once

#include "signaling/sip/sip_internal.h"

/* Takes out of a response what neither our stack nor we can answer: no Digest (RFC 3261 section 22), no MD5. */
void cg_sip_drop_challenges(msg_t *message, sip_t *response);

/* Makes a request that is challenged again, with our password, unless that was `*answered` once: then another response
 * follows. False: the response is no challenge, or the password is missing or has been refused. */
bool cg_sip_dialog_authenticate(cg_sip_dialog *dialog, bool *answered, int status, const sip_t *message);

/* The call is answered: from now on a challenge without a password, or the second one of a request, is a refusal. */
void cg_sip_dialog_expect_challenges(cg_sip_dialog *dialog);
/* Of a request within it: no other response will follow; the next one of the kind is `*answered` anew. */
bool cg_sip_dialog_is_final(cg_sip_dialog *dialog, bool *answered, int status, const sip_t *message);
