/* Trunks as the SIP stack knows them beside their calls: registrars that we register
 * with, hosts that are asked whether they are there. Called on the control
 * thread; what happens comes back as events (sip.h) that carry the peer's name. */
#pragma once

#include "signaling/sip/sip.h"

typedef struct {
    const char *name;                    /* in events */
    const char *hosts[CG_SIP_MAX_HOSTS]; /* as for cg_sip_invite, in the order in which they are tried */
    size_t host_count;
    const char *domain;          /* of our address there; NULL: that of the host */
    const char *user, *password; /* our name there, and for digest */
    unsigned register_expires_s; /* asked for; 0: do not register */
    unsigned keepalive_s;        /* between two OPTIONS to each host; 0: none */
    unsigned register_retry_s;   /* wait after all hosts have failed; doubled each time, up to half an hour */
} cg_sip_peer;

/* From now on, with these. One that is as before goes on undisturbed; a registration that is not wanted any more is
 * taken back (RFC 3261 section 10.2.2), as all are by cg_sip_free. Copied. */
void cg_sip_set_peers(cg_sip *sip, const cg_sip_peer *peers, size_t count);

/* Octets of the name or address in front of "sip.example.com:5060;transport=tcp" or "[2001:db8::1]:5060". */
size_t cg_sip_host_length(const char *host);
