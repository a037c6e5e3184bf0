/* The destination "client:<identity>", or several, "client:<identity>,<identity>": every device registered under one of
 * them in the caller's account rings. Each person declines for themselves.
 */
#pragma once

#include "gateway/call/destination.h"

#define CG_CLIENT_DESTINATION_MAX 16 /* identities in one address; an address with more is of nobody */

/* A cg_destination's functions; `presence` is the cg_presence. */
cg_call_end cg_client_destination_dial(cg_call *call, const char *identities, void *presence);
const cg_call_leg *cg_client_destination_near(const cg_call *call, const char *identities, void *presence);
