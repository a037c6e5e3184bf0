/* Hold (RFC 3264 section 8.4): who asks for it, and what the other party hears meanwhile. */
#include "gateway/call/call_hold.h"

#include "gateway/call/calls.h"
#include "gateway/call/hold_music.h"

/* Who only sends, or neither, holds the call; who only receives has merely no microphone. */
static bool holds_by_direction(const cg_call_leg *leg)
{
    /* Whom we only send to, and who does not listen, did not ask for it: it was as it was before. */
    if (leg->local.direction == CG_DIRECTION_SENDONLY && leg->remote.direction == CG_DIRECTION_INACTIVE)
        return leg->on_hold && !leg->hold_asked;
    return leg->remote.direction == CG_DIRECTION_SENDONLY || leg->remote.direction == CG_DIRECTION_INACTIVE;
}

/* Two ways to hold, and one state that the other party hears of: an ICE restart does not end a hold by request. */
void cg_call_leg_update_hold(cg_call_leg *leg)
{
    bool holds = leg->hold_asked || holds_by_direction(leg);
    cg_call_leg *partner = cg_call_leg_partner(leg);
    if (partner == NULL)
        return;
    if (holds != leg->on_hold) {
        leg->on_hold = holds;
        partner->ops->hold(partner, holds);
    }
    cg_hold_music_update(partner, leg); /* also where it only holds in another way */
}

void cg_call_leg_set_hold(cg_call_leg *leg, bool on)
{
    leg->hold_asked = on;
    cg_bridge_leg_set_flow(leg->call->calls->bridge, leg->media, !on, !on);
    cg_call_leg_update_hold(leg);
}
