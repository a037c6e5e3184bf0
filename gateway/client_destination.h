/* The destination "client:<identity>": every device registered under the identity in the caller's account rings.
 */
#pragma once

#include "gateway/destination.h"

/* A cg_destination's functions; `presence` is the cg_presence. */
cg_call_end cg_client_destination_dial(cg_call *call, const char *identity, void *presence);
const cg_call_leg *cg_client_destination_near(const cg_call *call, const char *identity, void *presence);
