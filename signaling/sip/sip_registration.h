/* One registration (RFC 3261 section 10) at one of a peer's hosts; on the SIP thread.
 *
 * nua refreshes it before it runs out, answers 423 with a longer time and renews credentials; here is what is left:
 * the first challenge, the next host when one fails, the wait when all have. */
#pragma once

#include "signaling/sip/sip_internal.h"
#include "signaling/sip/sip_peer.h"

typedef struct cg_sip_registration cg_sip_registration;

cg_sip_registration *cg_sip_registration_new(cg_sip *sip, const cg_sip_peer *peer);            /* begins at once */
bool cg_sip_registration_is(const cg_sip_registration *registration, const cg_sip_peer *peer); /* just like this */
/* Takes it back; it is gone (done) when the registrar has answered, or at once. */
void cg_sip_registration_end(cg_sip_registration *registration);
void cg_sip_registration_free(void *registration);

bool cg_sip_registration_done(const cg_sip_registration *registration);
/* Whether it is in force and the registrar answers from that address (any port). */
bool cg_sip_registration_has_source(const cg_sip_registration *registration, const struct sockaddr_storage *source);
bool cg_sip_registration_has_handle(const cg_sip_registration *registration, const nua_handle_t *handle);
/* A response; false if the handle is another's. */
bool cg_sip_registration_on_nua(cg_sip_registration *registration, nua_event_t event, int status, nua_handle_t *handle,
                                const sip_t *message);
