/* Media before the answer (RFC 3960): announcements, and the ringing tone that a trunk makes itself. What came last is
 * heard, and the answer decides. Who waits there for a transfer has had its answer long ago, and goes on to hear what
 * it hears. */
#include "gateway/call/call_early.h"

#include "gateway/call/call_media.h"
#include "gateway/call/calls.h"

void cg_call_leg_early(cg_call_leg *leg)
{
    cg_call_leg *caller = leg->call->caller;
    if (!cg_call_leg_is_waiting(leg))
        return;
    if (caller->state == CG_CALL_LEG_ANSWERED || caller->ops->early == NULL || !caller->ops->early(caller, leg)) {
        cg_call_leg_ringing(leg);
        return;
    }
    leg->state = CG_CALL_LEG_RINGING;
    caller->state = CG_CALL_LEG_RINGING;
    cg_bridge_leg_set_ringing(leg->call->calls->bridge, leg->media, true);
    cg_bridge_link(leg->call->calls->bridge, caller->media, leg->media);
    cg_call_leg_connect_media(leg);
    cg_call_leg_connect_media(caller);
}
