/* What the SIP thread tells of a leg's dialog. */
#pragma once

#include "gateway/telephony/sip_leg.h"

void cg_sip_leg_event(cg_sip_leg *leg, const cg_sip_event *event);
