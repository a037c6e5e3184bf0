/* What is known of trunks as peers, by their names: who holds a registration and where its registrar is, which hosts
 * are down, how many calls a trunk takes in a second. On the control thread. */
#pragma once

#include "gateway/telephony/routes.h"
#include "signaling/sip/sip_peer.h"

typedef struct {
    GHashTable *by_name;    /* name -> (owned) what is known of that trunk */
    GHashTable *registrars; /* of registrations in force: name -> (owned) cg_ip_range the registrar answers from */
} cg_trunk_peers;

void cg_trunk_peers_init(cg_trunk_peers *peers);
void cg_trunk_peers_clear(cg_trunk_peers *peers);

/* Another configuration is in force: the stack is told, what is of trunks that are gone is forgotten. */
void cg_trunk_peers_set_routes(cg_trunk_peers *peers, cg_sip *sip, const cg_routes *routes);

/* Keeps and logs what the stack tells of a peer; `routes` are those of the configuration in force. */
void cg_trunk_peers_event(cg_trunk_peers *peers, const cg_routes *routes, const cg_sip_event *event);

/* A host wants no calls for some time (bounded here), by 503 with Retry-After; logged when it begins. */
void cg_trunk_peers_away(cg_trunk_peers *peers, const cg_trunk *trunk, const char *host, unsigned seconds);

/* Which hosts of a trunk do not answer, as far as is known, or want no calls now. */
void cg_trunk_peers_down(const cg_trunk_peers *peers, const cg_trunk *trunk, bool ret_down[static CG_SIP_MAX_HOSTS]);

/* Whether the trunk takes one more call in this second; it is counted. */
bool cg_trunk_peers_admit(cg_trunk_peers *peers, const cg_trunk *trunk, int64_t now_us);

/* As Prometheus' text, names with `prefix`. */
void cg_trunk_peers_print(const cg_trunk_peers *peers, const char *prefix, GString *page);
