/* The call's state machine. A call is freed only by calls.c between events, so every function here may end it and go
 * on. */
#include "gateway/call/call.h"

#include "base/clock.h"
#include "gateway/call/call_codecs.h"
#include "gateway/call/call_hop.h"
#include "gateway/call/call_media.h"
#include "gateway/call/calls.h"
#include "gateway/call/transfer.h"

#define OFFLINE_GRACE_S 5

static void add_leg(cg_call *call, cg_call_leg *leg)
{
    leg->call = call;
    g_ptr_array_add(call->legs, leg);
    cg_calls_remember_leg(call->calls, leg);
}

cg_call *cg_call_new(cg_calls *calls, cg_call_leg *caller, const cg_sid *account, const cg_application *application,
                     cg_form *parameters, const char *to)
{
    cg_call *call = g_new0(cg_call, 1);
    call->calls = calls;
    call->sid = caller->sid;
    call->account = *account;
    if (application != NULL)
        call->application = application->sid;
    call->parameters = parameters;
    call->to = g_strdup(to);
    call->ring_timeout_s = application != NULL && application->ring_timeout_s != 0 ? application->ring_timeout_s
                                                                                   : calls->policy->ring_timeout_s;
    call->transcode = application == NULL || application->transcode;
    call->created_ms = cg_clock_wall_ms();
    call->legs = g_ptr_array_new();
    call->caller = caller;
    add_leg(call, caller);
    g_ptr_array_add(calls->calls, call);
    calls->created_total++;
    return call;
}

/* Nothing more is said to the party, its media closes; the bridge reports when that is done. */
static void retire(cg_call_leg *leg)
{
    leg->state = CG_CALL_LEG_ENDED;
    if (leg->media != 0)
        cg_bridge_leg_close(leg->call->calls->bridge, leg->media);
}

static void end_leg(cg_call_leg *leg, cg_call_end end, bool with_error)
{
    if (leg->state == CG_CALL_LEG_ENDED)
        return;
    leg->ops->end(leg, end, with_error);
    retire(leg);
}

void cg_call_finish(cg_call *call, cg_call_end end)
{
    if (call->state == CG_CALL_ENDED)
        return;
    call->state = CG_CALL_ENDED;
    call->end = end;
    call->ended_ms = cg_clock_wall_ms();
    call->calls->ended_total[end]++;
    g_clear_pointer(&call->hop, cg_call_hop_free);
    if (call->transfer != NULL)
        cg_transfer_abandon(call);
    for (guint i = 0; i < call->legs->len; i++) {
        cg_call_leg *leg = call->legs->pdata[i];
        /* A device that only rang is told to stop, not what became of the caller's wish. */
        bool talks = leg == call->caller || leg == call->callee;
        end_leg(leg, end, talks && cg_call_end_get_info(end)->code != 0);
    }
}

bool cg_call_join_callee(cg_call *call, cg_call_leg *leg)
{
    leg->call = call;
    if (!cg_calls_open_media(call->calls, leg, call->worker)) {
        leg->ops->free(leg);
        return false;
    }
    add_leg(call, leg);
    leg->state = CG_CALL_LEG_OFFERED;
    return true;
}

bool cg_call_add_callee(cg_call *call, cg_call_leg *leg)
{
    if (!cg_call_join_callee(call, leg))
        return false;
    leg->ops->offer(leg);
    return true;
}

void cg_call_leg_ringing(cg_call_leg *leg)
{
    cg_call_leg *caller = leg->call->caller;
    if (leg->call->state != CG_CALL_RINGING || leg->state != CG_CALL_LEG_OFFERED)
        return;
    leg->state = CG_CALL_LEG_RINGING;
    if (caller->state != CG_CALL_LEG_NEW)
        return;
    caller->state = CG_CALL_LEG_RINGING;
    caller->ops->ringing(caller);
}

static bool open_first_media(cg_call *call)
{
    if (!cg_calls_open_media(call->calls, call->caller, call->worker))
        return false;
    cg_bridge_leg_expect(call->calls->bridge, call->caller->media);
    return true;
}

void cg_call_reach(cg_call *call)
{
    const char *rest;
    const cg_destination *destination = cg_destination_find(call->calls->destinations, call->to, &rest);
    cg_call_end end = CG_CALL_END_NOT_FOUND;

    call->ring_deadline_us = cg_clock_monotonic_us() + (int64_t) call->ring_timeout_s * G_USEC_PER_SEC;
    if (destination != NULL)
        end = destination->dial(call, rest, call->calls->destinations_user);
    if (end != CG_CALL_END_NONE)
        cg_call_finish(call, end);
}

/* Calls that one party may come to join are on one worker: legs cannot move to another. */
static unsigned worker_near(const cg_call *call)
{
    const char *rest;
    const cg_destination *to = cg_destination_find(call->calls->destinations, call->to, &rest);
    const cg_call_leg *leg = call->caller->ops->sibling != NULL ? call->caller->ops->sibling(call->caller) : NULL;
    if (leg == NULL && to != NULL && to->near != NULL)
        leg = to->near(call, rest, call->calls->destinations_user);
    return leg != NULL && leg->media != 0 ? cg_bridge_leg_worker(leg->media) : CG_ANY_WORKER;
}

void cg_call_dial(cg_call *call)
{
    if (cg_calls_admit(call->calls, worker_near(call), &call->worker) && open_first_media(call))
        cg_call_reach(call);
    else
        cg_call_finish(call, CG_CALL_END_OVERLOADED);
}

void cg_call_begin_answered(cg_call *call, cg_call_leg *callee)
{
    add_leg(call, callee);
    call->callee = callee;
    call->state = CG_CALL_IN_PROGRESS;
    call->answered_ms = call->created_ms;
}

void cg_call_put_leg(cg_call *call, cg_call_leg *old, cg_call_leg *leg)
{
    guint index;
    g_assert(g_ptr_array_find(call->legs, old, &index));
    call->legs->pdata[index] = leg;
    leg->call = call;
    if (call->caller == old)
        call->caller = leg;
    else if (call->callee == old)
        call->callee = leg;
}

cg_call_leg *cg_call_leg_partner(const cg_call_leg *leg)
{
    cg_call *call = leg->call;
    if (call->state != CG_CALL_IN_PROGRESS)
        return NULL;
    return leg == call->caller ? call->callee : leg == call->callee ? call->caller : NULL;
}

static void stop_other_ringing(cg_call *call, const cg_call_leg *winner)
{
    for (guint i = 1; i < call->legs->len; i++)
        if (call->legs->pdata[i] != winner)
            end_leg(call->legs->pdata[i], CG_CALL_END_CANCELED, false);
}

bool cg_call_leg_is_waiting(const cg_call_leg *leg)
{
    return leg->call->state == CG_CALL_RINGING && leg != leg->call->caller &&
           (leg->state == CG_CALL_LEG_OFFERED || leg->state == CG_CALL_LEG_RINGING);
}

static void answer_caller(cg_call *call)
{
    if (call->transferred_by != NULL) {
        cg_transfer_answered(call);
        return;
    }
    /* The callee's codecs decide what the caller is answered with, so that nothing is translated if that can be. */
    call->caller->state = CG_CALL_LEG_ANSWERED;
    call->caller->ops->answer(call->caller);
}

void cg_call_leg_answered(cg_call_leg *leg)
{
    cg_call *call = leg->call;
    if (!cg_call_leg_is_waiting(leg))
        return;
    call->callee = leg;
    call->state = CG_CALL_IN_PROGRESS;
    call->answered_ms = cg_clock_wall_ms();
    leg->state = CG_CALL_LEG_ANSWERED;
    stop_other_ringing(call, leg);
    answer_caller(call);
    if (call->state != CG_CALL_IN_PROGRESS) {
        call->answered_ms = 0; /* nobody ever talked */
        return;
    }
    cg_bridge_link(call->calls->bridge, call->caller->media, leg->media);
    cg_bridge_leg_set_ringing(call->calls->bridge, leg->media, false);
    cg_call_leg_connect_media(leg);
    if (call->transferred_by != NULL)
        cg_transfer_connected(call);
    else
        cg_call_leg_connect_media(call->caller);
    cg_call_note_translated(call);
}

static bool anybody_waits(const cg_call *call)
{
    for (guint i = 1; i < call->legs->len; i++)
        if (cg_call_leg_is_waiting(call->legs->pdata[i]))
            return true;
    return false;
}

static void stop_devices_of(cg_call *call, const char *address)
{
    for (guint i = 1; i < call->legs->len; i++) {
        cg_call_leg *leg = call->legs->pdata[i];
        if (cg_call_leg_is_waiting(leg) && g_strcmp0(leg->address, address) == 0)
            end_leg(leg, CG_CALL_END_DECLINED, false);
    }
}

void cg_call_leg_failed(cg_call_leg *leg, cg_call_end end)
{
    cg_call *call = leg->call;
    if (!cg_call_leg_is_waiting(leg))
        return;
    retire(leg);
    /* Declining speaks for the person (SIP's 603), everything else only for one device (486, 480, 408). */
    if (end == CG_CALL_END_DECLINED)
        stop_devices_of(call, leg->address);
    call->refusal = cg_call_end_choose(call->refusal, end);
    if (!anybody_waits(call))
        cg_call_finish(call, call->refusal);
}

void cg_call_go_on_without(cg_call_leg *leg, cg_call_end end)
{
    if (!cg_transfer_goes_on_without(leg))
        cg_call_finish(leg->call, end);
}

void cg_call_leg_hung_up(cg_call_leg *leg)
{
    cg_call *call = leg->call;
    if (leg->state == CG_CALL_LEG_ENDED)
        return;
    if (call->state == CG_CALL_RINGING && leg != call->caller) {
        cg_call_leg_failed(leg, CG_CALL_END_DECLINED);
        return;
    }
    cg_call_end end = call->state == CG_CALL_RINGING ? CG_CALL_END_CANCELED
                      : leg == call->caller          ? CG_CALL_END_CALLER_HANGUP
                                                     : CG_CALL_END_CALLEE_HANGUP;
    retire(leg);
    cg_call_go_on_without(leg, end);
}

void cg_call_leg_gone(cg_call_leg *leg, cg_call_end end)
{
    if (leg->state == CG_CALL_LEG_ENDED)
        return;
    if (cg_call_leg_is_waiting(leg))
        cg_call_leg_failed(leg, CG_CALL_END_UNAVAILABLE);
    else
        cg_call_go_on_without(leg, end);
}

/* A device that is not there gets a moment to come back and ring; a caller is not kept waiting for it. */
static int64_t signaling_window_us(const cg_call_leg *leg)
{
    unsigned window_s = cg_call_leg_is_waiting(leg) ? OFFLINE_GRACE_S : leg->call->calls->policy->reconnect_window_s;
    return (int64_t) window_s * G_USEC_PER_SEC;
}

void cg_call_tick(cg_call *call, int64_t now_us)
{
    if (call->state == CG_CALL_RINGING && now_us >= call->ring_deadline_us)
        cg_call_finish(call, CG_CALL_END_NO_ANSWER);
    for (guint i = 0; i < call->legs->len; i++) {
        cg_call_leg *leg = call->legs->pdata[i];
        if (leg->state != CG_CALL_LEG_ENDED && leg->signaling_lost_us != 0 &&
            now_us - leg->signaling_lost_us >= signaling_window_us(leg))
            cg_call_leg_gone(leg, CG_CALL_END_SIGNALING_LOST);
    }
}

bool cg_call_is_over(const cg_call *call)
{
    if (call->state != CG_CALL_ENDED)
        return false;
    for (guint i = 0; i < call->legs->len; i++)
        if (((cg_call_leg *) call->legs->pdata[i])->media != 0)
            return false;
    return true;
}

void cg_call_free(cg_call *call)
{
    if (call == NULL)
        return;
    for (guint i = 0; i < call->legs->len; i++) {
        cg_call_leg *leg = call->legs->pdata[i];
        cg_calls_forget_leg(call->calls, leg);
        leg->ops->free(leg);
    }
    g_ptr_array_unref(call->legs);
    cg_form_free(call->parameters);
    g_free(call->transferred_by);
    g_free(call->replaced);
    g_free(call->to);
    g_free(call);
}
