/* Sofia's table of RFC 5057, corrected for INVITE and UPDATE: it says BYE where a host has any trouble of its own (5xx,
 * 6xx), as with the 500 that a second INVITE gets while the first is not answered (RFC 3261 section 14.2); and nothing
 * at all where a phone is silent. */
#include "signaling/sip/sip_refusal.h"

#include "signaling/sip/sip_overrides.h"

#include <sofia-sip/sip_util.h>

#define INTERNAL_STATUS 700 /* from here on: troubles of our own stack, which ends the call at each */

static bool is_trouble_of_host(int status)
{
    return status >= 500 && status < INTERNAL_STATUS && status != 502 && status != 604;
}

/* Not 0: the call ends without a word; else `*ret_graceful` says whether it ends with BYE. */
int sip_response_terminates_dialog(int status, sip_method_t method, int *ret_graceful)
{
    bool silent = status == 408;
    bool ours = method == sip_method_invite || method == sip_method_update;
    if (!ours || !(silent || is_trouble_of_host(status)))
        return CG_SIP_ORIGINAL(sip_response_terminates_dialog)(status, method, ret_graceful);
    if (ret_graceful != NULL)
        *ret_graceful = silent;
    return 0;
}

bool cg_sip_refusal_ends_call(sip_method_t method, int status)
{
    int graceful = 1;
    return status >= INTERNAL_STATUS || sip_response_terminates_dialog(status, method, &graceful) != 0 || graceful;
}
