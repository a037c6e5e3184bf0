/* Who may take whose place: knowing the dialog is not enough, else whoever sees a SIP message could take a call over.
 * It has to be of the trunk that the INVITE comes from, or of its account if that trunk may transfer everybody. */
#include "gateway/telephony/sip_replaces.h"

#include "gateway/call/transfer.h"
#include "gateway/telephony/sip_status.h"
#include "gateway/telephony/telephony.h"

static void refuse(cg_telephony *telephony, const cg_sip_event *event, const cg_trunk *trunk, const char *reason,
                   unsigned status)
{
    cg_telephony_note_refused(telephony, event, trunk, reason, status);
    cg_sip_reject(telephony->sip, event->dialog, status);
}

static void pick_up(cg_sip_leg *ringing, cg_sip_leg *leg)
{
    cg_sip_dialog_id dialog = leg->dialog;
    cg_telephony *telephony = leg->telephony;
    if (cg_call_join_callee(ringing->base.call, &leg->base))
        cg_sip_leg_pick_up(leg);
    else
        cg_sip_reject(telephony->sip, dialog, cg_sip_status_of(CG_CALL_END_OVERLOADED));
}

static void take_place(cg_telephony *telephony, const cg_sip_event *event, const cg_trunk *trunk, cg_sip_leg *replaced)
{
    const cg_application *application = cg_directory_find_application(telephony->directory, &trunk->application);
    cg_incoming_route route = {.trunk = trunk, .called = event->to_user};
    cg_sip_leg *leg = cg_telephony_take_caller(telephony, &route, event);
    if (leg == NULL)
        return;
    if (cg_call_leg_is_waiting(&replaced->base))
        pick_up(replaced, leg);
    else
        cg_transfer_replace(&replaced->base, &leg->base, application, cg_telephony_parameters(event, event->to_user));
}

void cg_sip_replaces_incoming(cg_telephony *telephony, const cg_sip_event *event)
{
    cg_sip_leg *replaced = g_hash_table_lookup(telephony->legs, &event->replaces);
    cg_incoming incoming = {.source = &event->source, .user = event->user, .registrars = telephony->peers.registrars};
    const cg_trunk *trunk =
        replaced != NULL ? cg_routes_find_transferring(telephony->routes, &incoming, replaced->trunk) : NULL;
    if (replaced == NULL)
        refuse(telephony, event, NULL, "not_found", 481);
    else if (trunk == NULL || cg_telephony_refusal(telephony, &trunk->account) == CG_CALL_END_FORBIDDEN)
        refuse(telephony, event, trunk, "forbidden", 403);
    else if (!cg_call_leg_is_waiting(&replaced->base) && cg_transfer_fault(&replaced->base) != NULL)
        refuse(telephony, event, trunk, "transferring", 491);
    else
        take_place(telephony, event, trunk, replaced);
}
