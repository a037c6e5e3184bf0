/* SIP's statuses (RFC 3261 section 21) and our reasons, in both directions. */
#pragma once

#include "gateway/call/call_end.h"
#include "signaling/sip/sip.h"

/* Why a call that a phone refused with `status` ended. */
cg_call_end cg_sip_status_end(unsigned status);

/* What a phone is told whose call ended like that before it was answered. */
unsigned cg_sip_status_of(cg_call_end end);

/* What of the reason the refusal warns of. */
cg_sip_warning cg_sip_warning_of(cg_call_end end);
