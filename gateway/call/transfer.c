/* Blind and attended transfers. The stand-in is a leg like any other to the call that is placed: that it rings, is
 * answered or fails is told to it, and it tells who asked. */
#include "gateway/call/transfer.h"

#include "base/log.h"
#include "gateway/call/call_codecs.h"
#include "gateway/call/call_hold.h"
#include "gateway/call/calls.h"
#include "gateway/call/hold_music.h"
#include "gateway/call/leg_record.h"
#include "gateway/call/transfer_internal.h"

static void stand_in_ringing(cg_call_leg *leg);
static void stand_in_end(cg_call_leg *leg, cg_call_end end, bool with_error);
static void stand_in_record(cg_call_leg *leg, cg_leg_record *record);
static void stand_in_free(cg_call_leg *leg);

static const cg_call_leg_ops stand_in_ops = {
    .kind = "transfer",
    .ringing = stand_in_ringing,
    .end = stand_in_end,
    .record = stand_in_record,
    .free = stand_in_free,
};

static cg_stand_in *stand_in_from(const cg_call_leg *leg)
{
    return leg->ops == &stand_in_ops ? (cg_stand_in *) leg : NULL;
}

static void stand_in_record(cg_call_leg *leg, cg_leg_record *record)
{
    const cg_leg_record *kept = &stand_in_from(leg)->record;
    record->trunk = kept->trunk;
    record->host = kept->host;
    record->called = kept->called;
    record->sip_status = kept->sip_status;
}

static void stand_in_free(cg_call_leg *leg)
{
    cg_stand_in *s = stand_in_from(leg);
    g_free((char *) s->record.trunk);
    g_free((char *) s->record.host);
    g_free((char *) s->record.called);
    g_free(leg->address);
    g_free(leg);
}

const cg_call_leg *cg_transfer_party(const cg_call_leg *caller)
{
    const cg_stand_in *s = stand_in_from(caller);
    return s != NULL && s->party != NULL ? s->party : caller;
}

const cg_call_leg *cg_transfer_asker(const cg_call_leg *caller)
{
    const cg_stand_in *s = stand_in_from(caller);
    return s != NULL ? s->by : NULL;
}

const char *cg_transfer_fault(const cg_call_leg *by)
{
    if (cg_call_leg_partner(by) == NULL)
        return "The call is not answered yet";
    return by->call->transfer != NULL ? "A transfer of this call is under way" : NULL;
}

/* --- changing places --- */

/* Codecs that the party has agreed on already, in its order. */
static cg_media_description spoken_by(const cg_call_leg *party)
{
    cg_media_description media = party->remote;
    media.format_count = 0;
    for (size_t i = 0; i < party->remote.format_count; i++)
        if (cg_media_find_codec(&party->local, party->remote.formats[i].codec) != NULL)
            media.formats[media.format_count++] = party->remote.formats[i];
    return media;
}

cg_stand_in *cg_stand_in_new(cg_call_leg *party, cg_call_leg *by)
{
    cg_stand_in *s = g_new0(cg_stand_in, 1);
    s->base.ops = &stand_in_ops;
    s->base.sid = cg_sid_new("CA");
    s->base.address = g_strdup(party->address);
    s->base.local = party->local;
    s->base.remote = spoken_by(party);
    s->party = party;
    s->by = by;
    return s;
}

static void log_transfer(const char *event, const cg_call *from, const cg_call *to, cg_call_end why)
{
    cg_log(CG_LOG_INFO, event, CG_LOG_TEXT("account", from->account.text), CG_LOG_TEXT("call", from->sid.text),
           CG_LOG_TEXT("new_call", to->sid.text), CG_LOG_TEXT("by", to->transferred_by),
           CG_LOG_TEXT("from", to->caller->address), CG_LOG_TEXT("to", to->to),
           CG_LOG_TEXT("reason", cg_call_end_get_info(why)->name));
}

/* What the record of the call that the party leaves will say of it. */
static void remember_party(cg_stand_in *s, cg_call_leg *party)
{
    cg_call_leg *past = &s->base;
    cg_leg_record record = {.codec = ""};
    if (party->ops->record != NULL)
        party->ops->record(party, &record);
    s->record.trunk = g_strdup(record.trunk);
    s->record.host = g_strdup(record.host);
    s->record.called = g_strdup(record.called);
    s->record.sip_status = record.sip_status;
    past->sid = party->sid;
    past->local = party->local;
    past->remote = party->remote;
    past->stats = party->stats;
    past->first_media_ms = party->first_media_ms;
    past->state = CG_CALL_LEG_ENDED;
}

void cg_transfer_change_places(cg_stand_in *s)
{
    cg_call_leg *party = g_steal_pointer(&s->party);
    cg_call *old = party->call, *call = s->base.call;
    cg_calls_forget_leg(call->calls, &s->base);
    remember_party(s, party);
    cg_call_put_leg(old, party, &s->base);
    cg_call_put_leg(call, &s->base, party);
    old->transfer = NULL;
    old->transferred_to = call->sid;
}

void cg_transfer_end_old_call(cg_call *old, cg_call *call, cg_call_leg *by)
{
    if (by != NULL && by->state != CG_CALL_LEG_ENDED && by->ops->transfer != NULL)
        by->ops->transfer(by, CG_TRANSFER_COMPLETED, CG_CALL_END_NONE);
    log_transfer("call.transferred", old, call, CG_CALL_END_NONE);
    cg_call_finish(old, CG_CALL_END_TRANSFERRED);
}

/* --- blind --- */

cg_call_end cg_transfer_blind(cg_call_leg *by, const cg_application *application, cg_form *parameters, const char *to,
                              const char *replaced)
{
    cg_call *old = by->call;
    cg_stand_in *s = cg_stand_in_new(cg_call_leg_partner(by), by);
    cg_call *call = cg_call_new(old->calls, &s->base, &old->account, application, parameters, to);
    call->worker = cg_bridge_leg_worker(s->party->media);
    call->transferred_from = old->sid;
    call->transferred_by = g_strdup(by->address);
    call->replaced = g_strdup(replaced);
    cg_call_reach(call);
    if (call->state == CG_CALL_ENDED)
        return call->end;
    old->transfer = call;
    log_transfer("call.transferring", old, call, CG_CALL_END_NONE);
    s->holds = !by->hold_asked;
    if (s->holds)
        cg_call_leg_set_hold(by, true);
    return CG_CALL_END_NONE;
}

void cg_transfer_tell(cg_call_leg *by)
{
    cg_stand_in *s = by->call->transfer != NULL ? stand_in_from(by->call->transfer->caller) : NULL;
    if (s == NULL || s->by != by)
        return;
    s->tells = true;
    if (s->base.state == CG_CALL_LEG_RINGING)
        stand_in_ringing(&s->base);
}

static void tell(const cg_stand_in *s, cg_transfer_state state, cg_call_end why)
{
    if (s->tells && s->by != NULL && s->by->state != CG_CALL_LEG_ENDED && s->by->ops->transfer != NULL)
        s->by->ops->transfer(s->by, state, why);
}

static void stand_in_ringing(cg_call_leg *leg)
{
    tell(stand_in_from(leg), CG_TRANSFER_RINGING, CG_CALL_END_NONE);
}

/* The destination failed: the two parties have each other back. */
static void stand_in_end(cg_call_leg *leg, cg_call_end end, bool with_error)
{
    cg_stand_in *s = stand_in_from(leg);
    cg_call_leg *by = s->by, *party = g_steal_pointer(&s->party);
    if (party == NULL || party->call->transfer != leg->call)
        return;
    party->call->transfer = NULL;
    log_transfer("call.transfer_failed", party->call, leg->call, end);
    tell(s, CG_TRANSFER_FAILED, end);
    s->by = NULL;
    if (by != NULL && s->holds)
        cg_call_leg_set_hold(by, false);
}

void cg_transfer_abandon(cg_call *call)
{
    cg_call *placed = g_steal_pointer(&call->transfer);
    cg_stand_in *s = stand_in_from(placed->caller);
    s->party = s->by = NULL;
    log_transfer("call.transfer_failed", call, placed, call->end);
    cg_call_finish(placed, CG_CALL_END_CANCELED);
}

bool cg_transfer_goes_on_without(cg_call_leg *leg)
{
    cg_call *old = leg->call, *call = old->transfer;
    cg_stand_in *s = call != NULL ? stand_in_from(call->caller) : NULL;
    if (s == NULL || s->by != leg)
        return false;
    s->by = NULL;
    cg_transfer_change_places(s);
    cg_transfer_end_old_call(old, call, NULL);
    return true;
}

void cg_transfer_answered(cg_call *call)
{
    cg_stand_in *s = stand_in_from(call->caller);
    if (!call->transcode && cg_call_is_translated(call)) {
        cg_call_finish(call, CG_CALL_END_INCOMPATIBLE);
        return;
    }
    if (s == NULL)
        return;
    cg_call *old = s->party->call;
    cg_call_leg *by = g_steal_pointer(&s->by);
    cg_transfer_change_places(s);
    cg_transfer_end_old_call(old, call, by);
}

void cg_transfer_introduce(cg_call_leg *leg, cg_call_leg *to, bool was_held)
{
    if (was_held)
        leg->ops->hold(leg, false);
    if (leg->on_hold)
        to->ops->hold(to, true);
    cg_hold_music_update(leg, to);
    cg_hold_music_update(to, leg);
    if (leg->ops->party != NULL)
        leg->ops->party(leg, to->address);
}

void cg_transfer_continue_media(cg_call *call, cg_call_leg *leg)
{
    if (leg->first_media_ms != 0)
        leg->first_media_ms = call->answered_ms; /* it need not begin */
}

void cg_transfer_connected(cg_call *call)
{
    cg_transfer_continue_media(call, call->caller);
    cg_transfer_introduce(call->caller, call->callee, true);
}
