/* Attended transfers: two calls of one party are joined, or a party has another take its place (RFC 3891). Nobody is
 * called for them: the new call begins answered. */
#include "gateway/call/call_codecs.h"
#include "gateway/call/call_hop.h"
#include "gateway/call/call_media.h"
#include "gateway/call/calls.h"
#include "gateway/call/transfer_internal.h"

static bool is_translated(const cg_call_leg *by, const cg_call_leg *with)
{
    return !cg_call_codecs_share(&cg_call_leg_partner(by)->local, &cg_call_leg_partner(with)->local);
}

const char *cg_transfer_join_fault(const cg_call_leg *by, const cg_call_leg *with, const cg_application *application)
{
    const char *fault = cg_transfer_fault(by);
    if (fault == NULL)
        fault = cg_transfer_fault(with);
    if (fault == NULL && by->call == with->call)
        fault = "A call cannot be joined with itself";
    if (fault == NULL && application != NULL && !application->transcode && is_translated(by, with))
        fault = cg_call_end_get_info(CG_CALL_END_INCOMPATIBLE)->text;
    return fault;
}

static cg_call *new_joint_call(cg_call_leg *by, cg_call_leg *with, const cg_application *application,
                               cg_stand_in *ret[2])
{
    cg_call *old = by->call;
    cg_call_leg *other = cg_call_leg_partner(with);
    ret[0] = cg_stand_in_new(cg_call_leg_partner(by), NULL);
    ret[1] = cg_stand_in_new(other, NULL);
    cg_call *call = cg_call_new(old->calls, &ret[0]->base, &old->account, application, cg_form_new(), other->address);
    call->worker = cg_bridge_leg_worker(ret[0]->party->media);
    call->transferred_from = old->sid;
    call->transferred_by = g_strdup(by->address);
    cg_call_begin_answered(call, &ret[1]->base);
    return call;
}

bool cg_transfer_join_hop(const cg_call_leg *by, const cg_call_leg *with, cg_call_hop **ret_hop)
{
    cg_leg_id a = cg_call_leg_partner(by)->media, b = cg_call_leg_partner(with)->media;
    bool needed = cg_bridge_leg_worker(a) != cg_bridge_leg_worker(b);
    *ret_hop = needed ? cg_call_hop_new(by->call->calls->bridge, a, b) : NULL;
    return !needed || *ret_hop != NULL;
}

void cg_transfer_join(cg_call_leg *by, cg_call_leg *with, const cg_application *application, cg_call_hop *hop)
{
    cg_call *old[] = {by->call, with->call};
    bool held[] = {by->on_hold, with->on_hold};
    cg_stand_in *places[2];
    cg_call *call = new_joint_call(by, with, application, places);
    call->hop = hop;
    for (int i = 0; i < 2; i++)
        cg_transfer_change_places(places[i]);
    cg_transfer_end_old_call(old[0], call, by);
    cg_transfer_end_old_call(old[1], call, with);
    cg_call_note_translated(call);
    cg_call_link(call);
    cg_transfer_continue_media(call, call->caller);
    cg_transfer_continue_media(call, call->callee);
    cg_transfer_introduce(call->caller, call->callee, held[0]);
    cg_transfer_introduce(call->callee, call->caller, held[1]);
}

static bool let_in(cg_call *call, cg_call_leg *leg)
{
    if (cg_calls_open_media(call->calls, leg, call->worker)) {
        leg->state = CG_CALL_LEG_ANSWERED;
        leg->ops->answer(leg); /* with what the stand-in has of the party */
    } else {
        cg_call_finish(call, CG_CALL_END_OVERLOADED);
    }
    if (call->state == CG_CALL_ENDED)
        call->answered_ms = 0; /* nobody ever talked */
    return call->state != CG_CALL_ENDED;
}

void cg_transfer_replace(cg_call_leg *replaced, cg_call_leg *leg, const cg_application *application,
                         cg_form *parameters)
{
    cg_call *old = replaced->call;
    cg_call_leg *party = cg_call_leg_partner(replaced);
    bool held = replaced->on_hold;
    cg_stand_in *place = cg_stand_in_new(party, NULL);
    cg_call *call = cg_call_new(old->calls, leg, &old->account, application, parameters, party->address);
    call->worker = cg_bridge_leg_worker(party->media);
    call->transferred_from = old->sid;
    call->transferred_by = g_strdup(replaced->address);
    cg_call_begin_answered(call, &place->base);
    if (!let_in(call, leg))
        return;
    cg_transfer_change_places(place);
    cg_transfer_end_old_call(old, call, NULL);
    cg_call_note_translated(call);
    cg_bridge_link(call->calls->bridge, leg->media, party->media);
    cg_transfer_continue_media(call, party);
    cg_transfer_introduce(party, leg, held);
    cg_call_leg_renegotiated(leg); /* its media begins; it may have called to hold */
}
