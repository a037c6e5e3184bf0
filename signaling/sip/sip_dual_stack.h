/* Ports of IPv4 and of IPv6 in one stack of Sofia's, which is given those of one family only. On the SIP thread. */
#pragma once

#include "signaling/sip/sip.h"

/* From now on this thread's stack opens the ports of all listeners where it is given those of the first, and tells each
 * peer the Contact of its family; its agent is noted. NULL: no more. */
void cg_sip_dual_stack_watch(cg_sip *sip);
