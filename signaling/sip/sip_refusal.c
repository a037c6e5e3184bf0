/* Sofia's table of RFC 5057, corrected for INVITE and UPDATE: it says BYE where a host has any trouble of its own (5xx,
 * 6xx), as with the 500 that a second INVITE gets while the first is not answered (RFC 3261 section 14.2); and nothing
 * at all where a phone is silent. */
#include "signaling/sip/sip_refusal.h"

#include <dlfcn.h>
#include <sofia-sip/sip_util.h>

#define INTERNAL_STATUS 700 /* from here on: troubles of our own stack, which ends the call at each */

static bool is_trouble_of_host(int status)
{
    return status >= 500 && status < INTERNAL_STATUS && status != 502 && status != 604;
}

/* Sofia's own function of that name does the work for everything else; as the program defines it too, the loader gives
 * this one to everybody, Sofia included (ELF: the first definition wins). Not 0: the call ends without a word; else
 * `*ret_graceful` says whether it ends with BYE. */
int sip_response_terminates_dialog(int status, sip_method_t method, int *ret_graceful)
{
    typedef int terminates_dialog(int, sip_method_t, int *);
    terminates_dialog *original = (terminates_dialog *) dlsym(RTLD_NEXT, "sip_response_terminates_dialog");
    bool silent = status == 408;
    bool ours = method == sip_method_invite || method == sip_method_update;
    if (!ours || !(silent || is_trouble_of_host(status)))
        return original(status, method, ret_graceful);
    if (ret_graceful != NULL)
        *ret_graceful = silent;
    return 0;
}

bool cg_sip_refusal_ends_call(sip_method_t method, int status)
{
    int graceful = 1;
    return status >= INTERNAL_STATUS || sip_response_terminates_dialog(status, method, &graceful) != 0 || graceful;
}
