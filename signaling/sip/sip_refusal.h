/* Which refusals of a re-INVITE or UPDATE end the call. */
#pragma once

#include <sofia-sip/sip.h>
#include <stdbool.h>

/* The call is over for our stack: because the peer does not know it any more (481 and the like, RFC 5057 section 5.1),
 * or because it says nothing (408, RFC 3261 section 12.2.1.2). Then it is told BYE, in case only answers get lost. Any
 * other refusal leaves the session as it was (RFC 3261 section 14.1). */
bool cg_sip_refusal_ends_call(sip_method_t method, int status);
