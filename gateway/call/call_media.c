/* Media of legs: what a leg's party and we have agreed on goes to the bridge, what the bridge reports comes back. */
#include "gateway/call/call_media.h"

#include "base/clock.h"
#include "base/log.h"
#include "gateway/call/call_hold.h"
#include "gateway/call/call_hop.h"
#include "gateway/call/calls.h"

bool cg_call_leg_is_described(const cg_call_leg *leg)
{
    return !leg->ops->plain_rtp || leg->remote.rtp.media.ss_family != AF_UNSPEC;
}

void cg_call_leg_connect_media(cg_call_leg *leg)
{
    if (cg_call_leg_is_described(leg))
        cg_bridge_leg_connect(leg->call->calls->bridge, leg->media, &leg->local, &leg->remote);
}

void cg_call_leg_renegotiated(cg_call_leg *leg)
{
    cg_call_leg_connect_media(leg);
    cg_call_hop_update(leg->call);
    cg_call_leg_update_hold(leg);
}

void cg_call_leg_digits(cg_call_leg *leg, const char *digits, bool in_media)
{
    cg_call_leg *partner = cg_call_leg_partner(leg);
    if (partner == NULL)
        return;
    /* Keys that came as RTP events the bridge has passed on already. */
    if (!in_media)
        cg_bridge_leg_send_digits(leg->call->calls->bridge, partner->media, digits);
    partner->ops->digits(partner, digits);
}

static void media_ended(cg_call_leg *leg, const cg_leg_event *event)
{
    cg_call *call = leg->call;
    bool was_connected = leg->connected;
    leg->media = 0;
    leg->connected = false;
    leg->media_end = event->end;
    leg->stats = event->stats;
    if (leg->state == CG_CALL_LEG_ENDED || call->state == CG_CALL_ENDED)
        return;
    /* Peers vanish every day; a certificate that is not the one announced is another matter. */
    cg_log(event->end == CG_LEG_END_FINGERPRINT_MISMATCH ? CG_LOG_WARNING : CG_LOG_INFO, "call.media_ended",
           CG_LOG_TEXT("account", call->account.text), CG_LOG_TEXT("call", call->sid.text),
           CG_LOG_TEXT("leg", leg->sid.text), CG_LOG_NUMBER("media", event->leg),
           CG_LOG_TEXT("reason", cg_leg_end_name(event->end)));
    cg_call_go_on_without(leg, was_connected ? CG_CALL_END_MEDIA_LOST : CG_CALL_END_MEDIA_FAILED);
}

static void log_media(const cg_call_leg *leg, const char *event_name, const char *peer)
{
    cg_log(CG_LOG_INFO, event_name, CG_LOG_TEXT("account", leg->call->account.text),
           CG_LOG_TEXT("call", leg->call->sid.text), CG_LOG_TEXT("leg", leg->sid.text),
           CG_LOG_NUMBER("media", leg->media), CG_LOG_TEXT("peer", peer));
}

void cg_call_leg_media_event(cg_call_leg *leg, const cg_leg_event *event)
{
    switch (event->kind) {
    case CG_LEG_EVENT_CONNECTED:
        leg->connected = true;
        leg->stats = event->stats;
        log_media(leg, "call.media_connected", event->peer);
        break;
    case CG_LEG_EVENT_MEDIA:
        leg->first_media_ms = cg_clock_wall_ms();
        break;
    case CG_LEG_EVENT_INTERRUPTED:
        log_media(leg, "call.media_interrupted", event->peer);
        break;
    case CG_LEG_EVENT_RECOVERED:
        log_media(leg, "call.media_recovered", event->peer);
        break;
    case CG_LEG_EVENT_MOVED:
        log_media(leg, "call.media_moved", event->peer);
        break;
    case CG_LEG_EVENT_DIGIT:
        cg_call_leg_digits(leg, (const char[]){event->digit, '\0'}, true);
        break;
    case CG_LEG_EVENT_STATS:
        leg->stats = event->stats;
        if (leg->state != CG_CALL_LEG_ENDED)
            leg->ops->stats(leg, &event->stats);
        break;
    case CG_LEG_EVENT_CANDIDATE:
        if (leg->state != CG_CALL_LEG_ENDED && leg->ops->candidate != NULL)
            leg->ops->candidate(leg, &event->candidate);
        break;
    case CG_LEG_EVENT_GATHERED:
    case CG_LEG_EVENT_GATHER_LATE:
        if (leg->state != CG_CALL_LEG_ENDED && leg->ops->gathered != NULL)
            leg->ops->gathered(leg, event->kind == CG_LEG_EVENT_GATHERED);
        break;
    case CG_LEG_EVENT_ENDED:
        media_ended(leg, event);
        break;
    }
}
