/* A hop: how two parties hear each other whose media is on different workers. Two legs of the gateway's own, one beside
 * each party, talk SRTP over loopback. Transfers need it for parties that came from different calls; whoever is called
 * for somebody is put on that one's worker. */
#pragma once

#include "gateway/call/call.h"

/* Two legs for a hop between the workers of these two; NULL if there is no room for them. */
cg_call_hop *cg_call_hop_new(cg_bridge *bridge, cg_leg_id a, cg_leg_id b);
/* Closes them. NULL is none. */
void cg_call_hop_free(cg_call_hop *hop);

/* Links the media of the call's two parties: through `call->hop`, if that is there. */
void cg_call_link(cg_call *call);
/* The parties' descriptions are others now. */
void cg_call_hop_update(cg_call *call);
