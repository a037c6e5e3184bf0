/* What becomes of what the phone says: one function per event. */
#include "gateway/telephony/sip_leg_event.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/secret.h"
#include "gateway/call/call_codecs.h"
#include "gateway/call/call_early.h"
#include "gateway/call/call_media.h"
#include "gateway/call/calls.h"
#include "gateway/telephony/sip_description.h"
#include "gateway/telephony/sip_status.h"
#include "gateway/telephony/sip_transfer.h"
#include "gateway/telephony/telephony.h"

#include <string.h>

static void log_failure(const cg_sip_leg *leg, const cg_sip_event *event)
{
    cg_log(CG_LOG_INFO, "sip.failed", CG_LOG_TEXT("account", leg->base.call->account.text),
           CG_LOG_TEXT("call", leg->base.call->sid.text), CG_LOG_TEXT("leg", leg->base.sid.text),
           CG_LOG_TEXT("trunk", leg->trunk->name), CG_LOG_TEXT("host", leg->trunk->hosts[leg->hosts[event->host]]),
           CG_LOG_NUMBER("status", event->status));
}

static void rings(cg_sip_leg *leg, const cg_sip_event *event)
{
    if (event->sdp != NULL && cg_sip_take_answer(leg, event) == CG_CALL_END_NONE)
        cg_call_leg_early(&leg->base);
    else
        cg_call_leg_ringing(&leg->base);
}

static void answered(cg_sip_leg *leg, const cg_sip_event *event)
{
    bool described = event->sdp == NULL && cg_call_leg_is_described(&leg->base);
    cg_call_end end = described ? CG_CALL_END_NONE : cg_sip_take_answer(leg, event);
    if (end == CG_CALL_END_NONE) {
        leg->counts->answers[leg->direction]++;
        cg_call_leg_answered(&leg->base);
        return;
    }
    cg_sip_end(leg->telephony->sip, leg->dialog);
    cg_telephony_forget(leg->telephony, leg);
    cg_trunk_counts_failure(leg->counts, leg->direction, cg_sip_status_of(end));
    cg_call_leg_failed(&leg->base, end);
}

/* An answer that an ACK owes ends the call if it cannot be had: nothing was agreed on before. Any other changes
 * nothing. */
static void confirmed(cg_sip_leg *leg, const cg_sip_event *event)
{
    cg_call *call = leg->base.call;
    bool owed = !cg_call_leg_is_described(&leg->base), was_translated = cg_call_is_translated(call);
    cg_call_end end = cg_sip_take_answer(leg, event);
    if (end == CG_CALL_END_NONE)
        cg_call_leg_renegotiated(&leg->base);
    else if (owed)
        cg_call_finish(call, end);
    if (owed && !was_translated) /* it could not be told before */
        cg_call_note_translated(call);
}

/* A re-INVITE without a description asks for ours; the ACK answers it. */
static void offer_again(cg_sip_leg *leg)
{
    g_autoptr(cg_secret) sdp = cg_sip_describe_again(leg);
    cg_sip_answer(leg->telephony->sip, leg->dialog, sdp, leg->sdp_version);
}

static void refresh(cg_sip_leg *leg)
{
    g_autoptr(cg_secret) sdp = cg_sip_describe_refresh(leg);
    cg_sip_offer(leg->telephony->sip, leg->dialog, sdp, leg->sdp_version);
}

/* With whom it is negotiated: before the answer (RFC 3311), with the caller that its early media is for. */
static const cg_call_leg *negotiates_with(const cg_sip_leg *leg)
{
    bool early = cg_call_leg_is_waiting(&leg->base) && cg_call_leg_is_described(&leg->base);
    return early ? leg->base.call->caller : cg_call_leg_partner(&leg->base);
}

static void renegotiated(cg_sip_leg *leg)
{
    if (cg_call_leg_is_waiting(&leg->base))
        cg_call_leg_early(&leg->base);
    else
        cg_call_leg_renegotiated(&leg->base);
}

/* The offer of a re-INVITE or UPDATE is answered or refused; refused, it changes nothing. */
static void renegotiate(cg_sip_leg *leg, const char *text)
{
    const cg_call_leg *partner = negotiates_with(leg);
    g_autoptr(cg_secret) sdp = NULL;
    cg_call_end end = CG_CALL_END_INCOMPATIBLE;
    g_clear_pointer(&leg->offer, cg_sdp_free);
    if (text == NULL) {
        offer_again(leg);
        return;
    }
    if (partner != NULL && cg_sdp_parse_rtp(text, strlen(text), CG_SDP_OFFER, &leg->offer) == CG_SDP_OK)
        end = cg_sip_describe_answer(leg, partner, &sdp);
    if (end == CG_CALL_END_NONE) {
        cg_sip_answer(leg->telephony->sip, leg->dialog, sdp, leg->sdp_version);
        renegotiated(leg);
    } else {
        cg_sip_reject_warning(leg->telephony->sip, leg->dialog, cg_sip_status_of(end), cg_sip_warning_of(end));
    }
}

static void ended(cg_sip_leg *leg, unsigned status)
{
    cg_telephony_forget(leg->telephony, leg);
    if (status == 0) {
        cg_call_leg_hung_up(&leg->base);
        return;
    }
    leg->status = status;
    cg_call_leg_gone(&leg->base, CG_CALL_END_TRUNK_LOST);
}

/* What a called phone says of our INVITE. */
static void note_response(cg_sip_leg *leg, const cg_sip_event *event)
{
    leg->host = leg->hosts[event->host];
    if (event->status >= 200)
        leg->status = event->status;
    if (leg->dialled_us != 0 && event->kind != CG_SIP_FAILED)
        cg_trunk_counts_dialled(leg->counts, cg_clock_monotonic_us() - leg->dialled_us);
    leg->dialled_us = 0;
}

void cg_sip_leg_event(cg_sip_leg *leg, const cg_sip_event *event)
{
    if (event->source.ss_family != AF_UNSPEC)
        leg->signalled = event->source;
    if (event->kind == CG_SIP_RINGING || event->kind == CG_SIP_ANSWERED || event->kind == CG_SIP_FAILED)
        note_response(leg, event);
    switch (event->kind) {
    case CG_SIP_RINGING:
        rings(leg, event);
        break;
    case CG_SIP_ANSWERED:
        answered(leg, event);
        break;
    case CG_SIP_HOST_AWAY:
        cg_trunk_peers_away(&leg->telephony->peers, leg->trunk, leg->trunk->hosts[leg->hosts[event->host]],
                            event->retry_after_s);
        break;
    case CG_SIP_FAILED:
        log_failure(leg, event);
        cg_trunk_counts_failure(leg->counts, leg->direction, event->status);
        cg_telephony_forget(leg->telephony, leg);
        cg_call_leg_failed(&leg->base, cg_sip_status_end(event->status));
        break;
    case CG_SIP_OFFER:
        renegotiate(leg, event->sdp);
        break;
    case CG_SIP_CONFIRMED:
        confirmed(leg, event);
        break;
    case CG_SIP_KEY:
        cg_bridge_leg_take_digits(leg->base.call->calls->bridge, leg->base.media, (const char[]){event->key, '\0'});
        break;
    case CG_SIP_REFER:
        cg_sip_transfer_asked(leg, event);
        break;
    case CG_SIP_REFRESH:
        refresh(leg);
        break;
    case CG_SIP_ENDED:
        ended(leg, event->status);
        break;
    case CG_SIP_EXPIRED:
        cg_telephony_forget(leg->telephony, leg);
        cg_call_leg_gone(&leg->base, CG_CALL_END_SESSION_EXPIRED);
        break;
    default: /* of no leg */
        break;
    }
}
