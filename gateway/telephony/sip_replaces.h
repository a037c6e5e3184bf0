/* INVITE with Replaces (RFC 3891): another phone takes the place of one in its call, or answers the call that rings
 * there. */
#pragma once

#include "gateway/telephony/sip_leg.h"

/* `event` is INCOMING, and `replaces` a dialog. */
void cg_sip_replaces_incoming(cg_telephony *telephony, const cg_sip_event *event);
