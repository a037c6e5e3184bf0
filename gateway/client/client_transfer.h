/* `transfer`: a client has the other party of its call connected to somebody else, and hears how that goes. */
#pragma once

#include "gateway/client/client_leg.h"

void cg_client_on_transfer(cg_session *session, const cg_session_message *message, void *gateway);

/* Ops of the leg. */
void cg_client_leg_transfer(cg_call_leg *base, cg_transfer_state state, cg_call_end why);
void cg_client_leg_party(cg_call_leg *base, const char *address);
