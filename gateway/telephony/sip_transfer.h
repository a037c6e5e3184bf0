/* REFER: a phone has the other party of its call connected to somebody else, and hears how that goes. */
#pragma once

#include "gateway/telephony/sip_leg.h"

/* The phone asks for it. */
void cg_sip_transfer_asked(cg_sip_leg *leg, const cg_sip_event *event);

/* Op of the leg. */
void cg_sip_transfer_tell(cg_call_leg *base, cg_transfer_state state, cg_call_end why);
