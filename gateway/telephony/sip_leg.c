/* SIP legs: how one is made, and what the call has it say. */
#include "gateway/telephony/sip_leg.h"

#include "base/clock.h"
#include "base/ip_address.h"
#include "base/random.h"
#include "base/secret.h"
#include "gateway/call/calls.h"
#include "gateway/call/leg_record.h"
#include "gateway/telephony/caller_id.h"
#include "gateway/telephony/sip_description.h"
#include "gateway/telephony/sip_headers.h"
#include "gateway/telephony/sip_media.h"
#include "gateway/telephony/sip_status.h"
#include "gateway/telephony/sip_transfer.h"
#include "gateway/telephony/telephony.h"
#include "gateway/telephony/trunk_hosts.h"

static void leg_offer(cg_call_leg *base);
static void leg_ringing(cg_call_leg *base);
static void leg_answer(cg_call_leg *base);
static void leg_hold(cg_call_leg *base, bool on);
static void leg_end(cg_call_leg *base, cg_call_end end, bool with_error);
static void leg_digits(cg_call_leg *base, const char *digits);
static void leg_record(cg_call_leg *base, cg_leg_record *record);
static void leg_free(cg_call_leg *base);

/* Messages are nothing the phone would understand. */
static bool leg_message(cg_call_leg *base, const cg_call_message *message)
{
    return false;
}

static void leg_stats(cg_call_leg *base, const cg_leg_stats *stats)
{
}

static const cg_call_leg_ops sip_leg_ops = {
    .kind = "sip",
    .plain_rtp = true,
    .offer = leg_offer,
    .ringing = leg_ringing,
    .answer = leg_answer,
    .end = leg_end,
    .digits = leg_digits,
    .hold = leg_hold,
    .message = leg_message,
    .stats = leg_stats,
    .record = leg_record,
    .transfer = cg_sip_transfer_tell,
    .free = leg_free,
};

cg_sip_leg *cg_sip_leg_from(cg_call_leg *base)
{
    return base->ops == &sip_leg_ops ? (cg_sip_leg *) base : NULL;
}

static cg_sip_leg *sip_leg(cg_call_leg *base)
{
    g_assert(base->ops == &sip_leg_ops);
    return (cg_sip_leg *) base;
}

static cg_sip_leg *new_leg(cg_telephony *telephony, const cg_trunk *trunk, cg_trunk_direction direction,
                           const char *address, const char *number)
{
    cg_sip_leg *leg = g_new0(cg_sip_leg, 1);
    leg->base.ops = &sip_leg_ops;
    leg->base.sid = cg_sid_new("CA");
    leg->base.address = g_strdup(address);
    leg->number = g_strdup(number);
    leg->telephony = telephony;
    leg->routes = cg_routes_ref(telephony->routes);
    leg->trunk = trunk;
    leg->counts = cg_trunk_stats_of(&telephony->stats, trunk->name);
    leg->direction = direction;
    leg->sdp_session_id = cg_random_u32();
    leg->offers = cg_sip_offers_new();
    leg->counts->calls++;
    leg->counts->attempts[direction]++;
    return leg;
}

cg_sip_leg *cg_sip_leg_new_callee(cg_telephony *telephony, const cg_trunk *trunk, const char *dialled,
                                  const char *address)
{
    cg_sip_leg *leg = new_leg(telephony, trunk, CG_TRUNK_OUT, address, dialled);
    leg->base.rtp_family = cg_sip_media_family_towards(telephony, trunk);
    return leg;
}

cg_sip_leg *cg_sip_leg_new_caller(cg_telephony *telephony, const cg_incoming_route *route, const cg_sip_event *invite,
                                  const char *address, cg_sdp *offer)
{
    char source[INET6_ADDRSTRLEN];
    cg_sip_leg *leg = new_leg(telephony, route->trunk, CG_TRUNK_IN, address, route->called);
    leg->signalled = invite->source;
    leg->source = g_strdup(cg_ip_address_write(&invite->source, source));
    leg->offer = offer;
    if (offer != NULL) {
        leg->base.remote = *cg_sdp_media(offer);
        leg->base.rtp_family = cg_sip_media_family(&leg->base.remote.rtp);
    } else { /* until its ACK says more, it may have all that we could offer */
        cg_sdp_offer_media(NULL, &leg->base.remote);
        leg->base.rtp_family = cg_sip_media_family_towards(telephony, route->trunk);
    }
    cg_sip_leg_prefer(route->trunk, &leg->base.remote);
    leg->dialog = invite->dialog;
    cg_sip_set_session_expires(telephony->sip, leg->dialog, leg->trunk->session_expires_s);
    cg_telephony_remember(telephony, leg);
    return leg;
}

static void leg_free(cg_call_leg *base)
{
    cg_sip_leg *leg = sip_leg(base);
    cg_telephony_forget(leg->telephony, leg);
    leg->counts->calls--;
    cg_sdp_free(leg->offer);
    cg_sdp_layout_free(leg->layout);
    cg_secret_free(leg->said);
    cg_media_wipe_keys(&base->local);
    cg_media_wipe_keys(&base->remote);
    g_array_unref(leg->offers);
    cg_routes_unref(leg->routes);
    g_free(leg->number);
    g_free(leg->source);
    g_free(base->address);
    g_free(leg);
}

static void count(const cg_sip_leg *leg, const cg_leg_record *record)
{
    const cg_leg_stats *stats = &leg->base.stats;
    cg_trunk_call call = {
        .codec = record->codec,
        .translated = record->translated,
        .packets = stats->packets_received,
        .lost = stats->packets_lost,
        .jitter_us = stats->jitter_us,
        .mos = record->mos,
    };
    cg_trunk_counts_ended(leg->counts, &call);
}

static void leg_record(cg_call_leg *base, cg_leg_record *record)
{
    const cg_sip_leg *leg = sip_leg(base);
    record->trunk = leg->trunk->name;
    record->host = leg->source != NULL ? leg->source : leg->trunk->hosts[leg->host];
    record->called = leg->number;
    record->sip_status = leg->status;
    if (record->answered)
        count(leg, record);
}

static void set_keys(const cg_sip_leg *leg)
{
    cg_keys_form form = leg->trunk->dtmf == CG_TRUNK_DTMF_RTP    ? CG_KEYS_EVENTS
                        : leg->trunk->dtmf == CG_TRUNK_DTMF_INFO ? CG_KEYS_SIGNALLED
                                                                 : CG_KEYS_AUTO;
    cg_bridge_leg_set_keys(leg->base.call->calls->bridge, leg->base.media, form);
}

static void dial(cg_sip_leg *leg, const char *sdp)
{
    const cg_trunk *trunk = leg->trunk;
    cg_caller_id caller = {0};
    cg_caller_id_choose(trunk, leg->base.call->parameters, leg->base.call->caller->address, &caller);
    cg_sip_invite invite = {
        .user = leg->number,
        .from_user = caller.user,
        .asserted_user = caller.asserted,
        .from_host = trunk->domain,
        .auth_user = trunk->user,
        .auth_password = trunk->password,
        .session_expires_s = trunk->session_expires_s,
        .progress_timeout_s = trunk->progress_timeout_s,
        .sdp = sdp,
        .replaced = leg->base.call->replaced,
    };
    cg_sip_header headers[CG_SIP_MAX_HEADERS];
    bool down[CG_SIP_MAX_HOSTS];
    invite.headers = headers;
    cg_sip_headers_choose(trunk, leg->base.call->parameters, headers, &invite.header_count);
    cg_trunk_peers_down(&leg->telephony->peers, trunk, down);
    invite.host_count = cg_trunk_order_hosts(trunk, down, leg->hosts);
    for (size_t i = 0; i < invite.host_count; i++)
        invite.hosts[i] = trunk->hosts[leg->hosts[i]];
    leg->host = leg->hosts[0];
    leg->dialled_us = cg_clock_monotonic_us();
    leg->dialog = cg_sip_dial(leg->telephony->sip, &invite);
    cg_telephony_remember(leg->telephony, leg);
}

static void leg_offer(cg_call_leg *base)
{
    cg_sip_leg *leg = sip_leg(base);
    set_keys(leg);
    g_autoptr(cg_secret) sdp = cg_sip_describe_offer(leg, &base->call->caller->remote);
    if (sdp != NULL) {
        dial(leg, sdp);
    } else {
        cg_trunk_counts_failure(leg->counts, leg->direction, cg_sip_status_of(CG_CALL_END_INCOMPATIBLE));
        cg_call_leg_failed(base, CG_CALL_END_INCOMPATIBLE);
    }
}

/* In its media the bridge has sent the phone its keys. */
static void leg_digits(cg_call_leg *base, const char *digits)
{
    cg_sip_leg *leg = sip_leg(base);
    if (leg->trunk->dtmf == CG_TRUNK_DTMF_INFO && leg->dialog != 0)
        cg_sip_send_keys(leg->telephony->sip, leg->dialog, digits);
}

static void leg_ringing(cg_call_leg *base)
{
    cg_sip_leg *leg = sip_leg(base);
    cg_sip_ring(leg->telephony->sip, leg->dialog);
}

/* RFC 3264 section 8.4: the phone is told, so that it can show it, and need not send what nobody hears. */
static void leg_hold(cg_call_leg *base, bool on)
{
    cg_sip_leg *leg = sip_leg(base);
    leg->held = on;
    g_autoptr(cg_secret) sdp = cg_sip_describe_again(leg);
    cg_sip_offer(leg->telephony->sip, leg->dialog, sdp, leg->sdp_version);
}

/* Says 200 with a description of what the party at the far end took; why it cannot is told. */
static cg_call_end say_yes(cg_sip_leg *leg, const cg_call_leg *far)
{
    g_autoptr(cg_secret) sdp = NULL;
    cg_call_end end = cg_sip_describe(leg, far, &sdp);
    if (end != CG_CALL_END_NONE)
        return end;
    leg->accepted = true;
    set_keys(leg);
    leg->status = 200;
    leg->counts->answers[leg->direction]++;
    cg_sip_answer(leg->telephony->sip, leg->dialog, sdp, leg->sdp_version);
    return CG_CALL_END_NONE;
}

static void leg_answer(cg_call_leg *base)
{
    cg_call_end end = say_yes(sip_leg(base), base->call->callee);
    if (end != CG_CALL_END_NONE)
        cg_call_finish(base->call, end);
}

/* The caller has not been answered: whatever it offers is what it may be answered with. */
bool cg_sip_leg_pick_up(cg_sip_leg *leg)
{
    const cg_media_description *offered = &leg->base.call->caller->remote;
    cg_call_leg far = {.local = *offered, .remote = *offered};
    cg_call_end end = say_yes(leg, &far);
    if (end != CG_CALL_END_NONE) {
        leg_end(&leg->base, end, true);
        cg_call_leg_failed(&leg->base, end);
        return false;
    }
    cg_call_leg_answered(&leg->base);
    return true;
}

static void leg_end(cg_call_leg *base, cg_call_end end, bool with_error)
{
    cg_sip_leg *leg = sip_leg(base);
    bool refused = leg->direction == CG_TRUNK_IN && !leg->accepted;
    if (leg->dialog == 0)
        return;
    if (refused) {
        leg->status = cg_sip_status_of(end);
        cg_sip_reject_warning(leg->telephony->sip, leg->dialog, leg->status, cg_sip_warning_of(end));
        cg_trunk_counts_failure(leg->counts, leg->direction, leg->status);
    } else {
        cg_sip_end(leg->telephony->sip, leg->dialog);
    }
    cg_telephony_forget(leg->telephony, leg);
}
