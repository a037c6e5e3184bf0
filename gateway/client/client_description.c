/* Telling a client what we are: our descriptions, and with full ICE our candidates, which are found by and by. A client
 * that trickles (RFC 8838) is told of each; one that does not is described to when all are there, or late ones are
 * given up. */
#include "gateway/call/calls.h"
#include "gateway/client/client.h"
#include "gateway/client/client_leg.h"

static cg_bridge *bridge_of(const cg_client_leg *leg)
{
    return leg->base.call->calls->bridge;
}

static bool trickles(const cg_client_leg *leg)
{
    return leg->client != NULL && cg_session_trickles(leg->client->session);
}

static bool must_wait(const cg_client_leg *leg)
{
    return cg_bridge_ice(bridge_of(leg)) == CG_ICE_FULL && !leg->gathered && !leg->gather_late && !trickles(leg);
}

/* `cname` is where the origin's CNAME is written: the one that RTCP says too. */
static cg_sdp_origin origin_of(cg_client_leg *leg, char cname[static CG_CNAME_SIZE])
{
    cg_bridge_cname(leg->base.local.ssrc, cname);
    cg_sdp_origin origin = {
        .session_id = leg->sdp_session_id,
        .session_version = ++leg->sdp_version,
        .ice_lite = cg_bridge_ice(bridge_of(leg)) == CG_ICE_LITE,
        .cname = cname,
    };
    if (origin.ice_lite) {
        origin.candidates = cg_bridge_candidates(bridge_of(leg), leg->base.call->worker, &origin.candidate_count);
        origin.candidates_complete = true;
        return origin;
    }
    origin.candidates_complete = leg->gathered || !trickles(leg);
    if (leg->candidates != NULL) {
        origin.candidates = (const cg_candidate *) leg->candidates->data;
        origin.candidate_count = leg->candidates->len;
    }
    return origin;
}

static void write_parameters(cg_json_writer *writer, const cg_client_leg *leg)
{
    const cg_call *call = leg->base.call;
    g_autofree char *parameters = cg_form_format(call->parameters);
    cg_json_begin_object(writer, "parameters");
    cg_json_write_string(writer, "CallSid", leg->base.sid.text);
    cg_json_write_string(writer, "AccountSid", call->account.text);
    cg_json_write_string(writer, "From", call->caller->address);
    cg_json_write_string(writer, "To", leg->base.address);
    cg_json_write_string(writer, "Params", parameters);
    if (call->transferred_by != NULL)
        cg_json_write_string(writer, "TransferredBy", call->transferred_by);
    cg_json_end_object(writer);
}

static void send_offer(cg_client_leg *leg)
{
    char cname[CG_CNAME_SIZE];
    cg_sdp_origin origin = origin_of(leg, cname);
    g_autofree char *sdp = cg_sdp_write_offer(&origin, &leg->base.local, NULL);
    cg_json_writer *writer = cg_client_leg_begin(leg, "invite");
    if (writer == NULL)
        return;
    cg_json_write_string(writer, "sdp", sdp);
    cg_json_write_string(writer, "reconnect", leg->reconnect);
    write_parameters(writer, leg);
    cg_client_leg_send(leg);
    /* A client rings when it has the invite; one whose socket is lost gets it when it comes back. */
    if (cg_session_is_attached(leg->client->session))
        cg_call_leg_ringing(&leg->base);
}

static char *write_answer(cg_client_leg *leg)
{
    char cname[CG_CNAME_SIZE];
    cg_sdp_origin origin = origin_of(leg, cname);
    char *sdp = cg_sdp_write_answer(&origin, &leg->base.local, leg->offer);
    g_clear_pointer(&leg->offer, cg_sdp_free);
    return sdp;
}

static void send_early(cg_client_leg *leg)
{
    leg->early_answer = write_answer(leg);
    cg_json_writer *writer = cg_client_leg_begin(leg, "ringing");
    if (writer == NULL)
        return;
    cg_json_write_string(writer, "sdp", leg->early_answer);
    cg_client_leg_send(leg);
}

static void send_answer(cg_client_leg *leg)
{
    g_autofree char *sdp = leg->early_answer != NULL ? g_steal_pointer(&leg->early_answer) : write_answer(leg);
    cg_json_writer *writer = cg_client_leg_begin(leg, "answer");
    if (writer == NULL)
        return;
    cg_json_write_string(writer, "sdp", sdp);
    cg_json_write_string(writer, "reconnect", leg->reconnect);
    cg_client_leg_send(leg);
}

static void send_waiting(cg_client_leg *leg)
{
    cg_client_description what = leg->waiting;
    leg->waiting = CG_CLIENT_NOTHING;
    leg->described = leg->described || what != CG_CLIENT_NOTHING;
    if (what == CG_CLIENT_OFFER)
        send_offer(leg);
    else if (what == CG_CLIENT_EARLY)
        send_early(leg);
    else if (what == CG_CLIENT_ANSWER)
        send_answer(leg);
}

void cg_client_leg_describe(cg_client_leg *leg, cg_client_description what)
{
    leg->waiting = what;
    if (!must_wait(leg))
        send_waiting(leg);
}

/* `text` is empty behind the last one. */
static void trickle(cg_client_leg *leg, const char *text)
{
    cg_json_writer *writer = cg_client_leg_begin(leg, "candidate");
    if (writer == NULL)
        return;
    cg_json_write_string(writer, "candidate", text);
    cg_client_leg_send(leg);
}

void cg_client_leg_candidate(cg_call_leg *base, const cg_candidate *candidate)
{
    cg_client_leg *leg = cg_client_leg_from(base);
    if (leg->candidates == NULL)
        leg->candidates = g_array_new(FALSE, FALSE, sizeof(cg_candidate));
    if (leg->candidates->len == CG_CLIENT_MAX_CANDIDATES)
        return;
    g_array_append_val(leg->candidates, *candidate);
    if (!leg->described || !trickles(leg))
        return;
    g_autofree char *text = cg_sdp_write_candidate(candidate);
    trickle(leg, text);
}

void cg_client_leg_gathered(cg_call_leg *base, bool complete)
{
    cg_client_leg *leg = cg_client_leg_from(base);
    leg->gathered = leg->gathered || complete;
    leg->gather_late = leg->gather_late || !complete;
    if (leg->waiting != CG_CLIENT_NOTHING)
        send_waiting(leg);
    else if (complete && leg->described && trickles(leg))
        trickle(leg, "");
}

void cg_client_leg_take_candidates(cg_client_leg *leg, const cg_sdp *sdp)
{
    size_t count;
    const cg_candidate *candidates = cg_sdp_candidates(sdp, &count);
    for (size_t i = 0; i < count; i++)
        cg_bridge_leg_add_candidate(bridge_of(leg), leg->base.media, &candidates[i]);
}
