/* Asking a peer's hosts by OPTIONS whether they are there (RFC 3261 section 11); on the SIP thread. */
#pragma once

#include "signaling/sip/sip_internal.h"
#include "signaling/sip/sip_peer.h"

typedef struct cg_sip_keepalive cg_sip_keepalive;

cg_sip_keepalive *cg_sip_keepalive_new(cg_sip *sip, const cg_sip_peer *peer); /* begins at once */
bool cg_sip_keepalive_is(const cg_sip_keepalive *keepalive, const cg_sip_peer *peer);
void cg_sip_keepalive_free(void *keepalive);

bool cg_sip_keepalive_has_handle(const cg_sip_keepalive *keepalive, const nua_handle_t *handle);
/* A response; false if the handle is another's. */
bool cg_sip_keepalive_on_nua(cg_sip_keepalive *keepalive, int status, nua_handle_t *handle, const sip_t *response);
