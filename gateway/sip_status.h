/* SIP's statuses (RFC 3261 section 21) and our reasons, in both directions. */
#pragma once

#include "gateway/call_end.h"

/* Why a call that a phone refused with `status` ended. */
cg_call_end cg_sip_status_end(unsigned status);

/* What a phone is told whose call ended like that before it was answered. */
unsigned cg_sip_status_of(cg_call_end end);
