/* The registry of calls: legs by bridge id, the tick, and the end of each call (record, counters, memory). */
#include "gateway/call/calls.h"

#include "base/log.h"
#include "gateway/call/call_media.h"
#include "gateway/call/call_record.h"

cg_calls *cg_calls_new(cg_bridge *bridge, const cg_call_policy *policy, const cg_destination *destinations, void *user)
{
    cg_calls *calls = g_new0(cg_calls, 1);
    calls->bridge = bridge;
    calls->policy = policy;
    calls->destinations = destinations;
    calls->destinations_user = user;
    calls->calls = g_ptr_array_new_with_free_func((GDestroyNotify) cg_call_free);
    calls->legs_by_sid = g_hash_table_new(g_str_hash, g_str_equal);
    calls->legs_by_media = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    return calls;
}

void cg_calls_free(cg_calls *calls)
{
    if (calls == NULL)
        return;
    /* Whoever stops without waiting for media still leaves a record of every call. */
    for (guint i = 0; i < calls->calls->len; i++)
        cg_call_record_log(calls->calls->pdata[i]);
    g_ptr_array_unref(calls->calls);
    g_hash_table_unref(calls->legs_by_sid);
    g_hash_table_unref(calls->legs_by_media);
    g_free(calls);
}

size_t cg_calls_count(const cg_calls *calls, const cg_sid *account)
{
    size_t count = 0;
    for (guint i = 0; i < calls->calls->len; i++) {
        const cg_call *call = calls->calls->pdata[i];
        count += call->state != CG_CALL_ENDED && (account == NULL || cg_sid_equal(&call->account, account));
    }
    return count;
}

size_t cg_calls_count_state(const cg_calls *calls, cg_call_state state)
{
    size_t count = 0;
    for (guint i = 0; i < calls->calls->len; i++)
        count += ((const cg_call *) calls->calls->pdata[i])->state == state;
    return count;
}

/* Being overloaded is told when it begins and when it is over, not for every call: each has its own record. */
static void log_change(cg_calls *calls, cg_admission admission)
{
    bool refused = admission != CG_ADMISSION_GRANTED;
    if (refused == calls->refusing)
        return;
    calls->refusing = refused;
    if (refused)
        cg_log(CG_LOG_WARNING, "calls.refused", CG_LOG_TEXT("reason", cg_admission_name(admission)));
    else
        cg_log(CG_LOG_INFO, "calls.admitted");
}

bool cg_calls_admit(cg_calls *calls, unsigned near, unsigned *ret_worker)
{
    cg_admission admission = cg_bridge_admit(calls->bridge, near, ret_worker);
    calls->refused_total[admission]++;
    log_change(calls, admission);
    return admission == CG_ADMISSION_GRANTED;
}

bool cg_calls_open_media(cg_calls *calls, cg_call_leg *leg, unsigned worker)
{
    cg_leg_role role = leg == leg->call->caller ? CG_LEG_ANSWERS : CG_LEG_OFFERS;
    leg->media = leg->ops->plain_rtp ? cg_bridge_leg_open_rtp(calls->bridge, worker, leg->rtp_family, &leg->local)
                                     : cg_bridge_leg_open(calls->bridge, worker, role, &leg->local);
    if (leg->media == 0)
        return false;
    gint64 *key = g_new(gint64, 1);
    *key = (gint64) leg->media;
    g_hash_table_insert(calls->legs_by_media, key, leg);
    return true;
}

void cg_calls_remember_leg(cg_calls *calls, cg_call_leg *leg)
{
    g_hash_table_insert(calls->legs_by_sid, leg->sid.text, leg);
}

void cg_calls_forget_leg(cg_calls *calls, cg_call_leg *leg)
{
    if (g_hash_table_lookup(calls->legs_by_sid, leg->sid.text) == leg) /* not one that moved to another call */
        g_hash_table_remove(calls->legs_by_sid, leg->sid.text);
}

cg_call_leg *cg_calls_find_leg(const cg_calls *calls, const char *sid)
{
    cg_call_leg *leg = g_hash_table_lookup(calls->legs_by_sid, sid);
    return leg != NULL && leg->state != CG_CALL_LEG_ENDED ? leg : NULL;
}

/* Records and frees the call at `index` if it is over; true if it did. */
static bool sweep(cg_calls *calls, guint index)
{
    cg_call *call = calls->calls->pdata[index];
    if (!cg_call_is_over(call))
        return false;
    cg_call_record_log(call);
    g_ptr_array_remove_index_fast(calls->calls, index);
    return true;
}

void cg_calls_media_event(cg_calls *calls, const cg_leg_event *event)
{
    gint64 key = (gint64) event->leg;
    cg_call_leg *leg = g_hash_table_lookup(calls->legs_by_media, &key);
    if (leg == NULL)
        return;
    cg_call *call = leg->call;
    cg_call_leg_media_event(leg, event);
    if (event->kind != CG_LEG_EVENT_ENDED)
        return;
    g_hash_table_remove(calls->legs_by_media, &key);
    guint index;
    if (g_ptr_array_find(calls->calls, call, &index))
        sweep(calls, index);
}

void cg_calls_tick(cg_calls *calls, int64_t now_us)
{
    for (guint i = 0; i < calls->calls->len; i++)
        cg_call_tick(calls->calls->pdata[i], now_us);
    /* Calls that ended without ever having media have no last event to free them. */
    for (guint i = calls->calls->len; i > 0; i--)
        sweep(calls, i - 1);
}

void cg_calls_finish_all(cg_calls *calls, cg_call_end end)
{
    for (guint i = 0; i < calls->calls->len; i++)
        cg_call_finish(calls->calls->pdata[i], end);
}
