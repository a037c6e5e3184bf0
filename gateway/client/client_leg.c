/* Client legs: SDP in both roles, and the messages the call has us say. */
#include "gateway/client/client_leg.h"

#include "base/clock.h"
#include "base/random.h"
#include "gateway/call/call_codecs.h"
#include "gateway/call/calls.h"
#include "gateway/client/client.h"
#include "gateway/client/client_transfer.h"

#include <string.h>

static void leg_offer(cg_call_leg *base);
static void leg_ringing(cg_call_leg *base);
static bool leg_early(cg_call_leg *base, const cg_call_leg *callee);
static void leg_answer(cg_call_leg *base);
static void leg_end(cg_call_leg *base, cg_call_end end, bool with_error);
static void leg_digits(cg_call_leg *base, const char *digits);
static void leg_hold(cg_call_leg *base, bool on);
static bool leg_message(cg_call_leg *base, const cg_call_message *message);
static void leg_stats(cg_call_leg *base, const cg_leg_stats *stats);
static const cg_call_leg *leg_sibling(const cg_call_leg *base);
static void leg_free(cg_call_leg *base);

static const cg_call_leg_ops client_leg_ops = {
    .kind = "client",
    .offer = leg_offer,
    .ringing = leg_ringing,
    .early = leg_early,
    .answer = leg_answer,
    .end = leg_end,
    .digits = leg_digits,
    .hold = leg_hold,
    .message = leg_message,
    .stats = leg_stats,
    .candidate = cg_client_leg_candidate,
    .gathered = cg_client_leg_gathered,
    .transfer = cg_client_leg_transfer,
    .party = cg_client_leg_party,
    .sibling = leg_sibling,
    .free = leg_free,
};

static cg_client_leg *new_leg(cg_client *client, const char *identity)
{
    cg_client_leg *leg = g_new0(cg_client_leg, 1);
    const cg_grants *grants = cg_session_grants(client->session);
    leg->base.ops = &client_leg_ops;
    leg->base.sid = cg_sid_new("CA");
    leg->base.address = g_strconcat("client:", identity != NULL ? identity : "", NULL);
    leg->account = grants->account;
    leg->identity = g_strdup(identity);
    leg->sdp_session_id = cg_random_u32();
    cg_random_text(leg->reconnect, CG_RECONNECT_TOKEN_LENGTH);
    cg_client_leg_attach(leg, client);
    return leg;
}

cg_client_leg *cg_client_leg_new_caller(cg_client *client, const char *temporary_callsid, cg_sdp *offer)
{
    cg_client_leg *leg = new_leg(client, cg_session_grants(client->session)->identity);
    leg->temporary_callsid = g_strdup(temporary_callsid);
    leg->offer = offer;
    leg->base.remote = *cg_sdp_media(offer);
    return leg;
}

cg_client_leg *cg_client_leg_new_callee(cg_client *client, const char *identity)
{
    return new_leg(client, identity);
}

void cg_client_leg_attach(cg_client_leg *leg, cg_client *client)
{
    if (leg->client == client)
        return;
    cg_client_leg_detach(leg);
    leg->client = client;
    leg->base.signaling_lost_us = cg_session_is_attached(client->session) ? 0 : cg_clock_monotonic_us();
    g_ptr_array_add(client->legs, leg);
}

void cg_client_leg_detach(cg_client_leg *leg)
{
    if (leg->client != NULL)
        g_ptr_array_remove_fast(leg->client->legs, leg);
    leg->client = NULL;
    g_clear_pointer(&leg->stats_request, g_free); /* its id means nothing to another client */
}

static cg_client_leg *client_leg(cg_call_leg *base)
{
    g_assert(base->ops == &client_leg_ops);
    return (cg_client_leg *) base;
}

cg_client_leg *cg_client_leg_from(cg_call_leg *base)
{
    return base->ops == &client_leg_ops ? (cg_client_leg *) base : NULL;
}

static cg_json_writer *begin_as(cg_client_leg *leg, const char *type, const char *callsid)
{
    if (leg->client == NULL)
        return NULL;
    cg_json_writer *writer = cg_session_begin(leg->client->session, type);
    cg_json_write_string(writer, "callsid", callsid);
    return writer;
}

cg_json_writer *cg_client_leg_begin(cg_client_leg *leg, const char *type)
{
    leg->knows_sid = true;
    return begin_as(leg, type, leg->base.sid.text);
}

void cg_client_leg_send(cg_client_leg *leg)
{
    cg_session_send(leg->client->session);
}

bool cg_client_leg_make_answer(cg_client_leg *leg, const cg_call_leg *far)
{
    cg_media_description local = leg->base.local;
    const cg_media_description *remote = cg_sdp_media(leg->offer);
    bool allowed[CG_CODEC_COUNT];
    cg_call_codecs_allow(leg->base.call, remote, &far->local, allowed);
    cg_sdp_answer_media(remote, allowed, CG_DIRECTION_SENDRECV, &local);
    cg_sdp_cross_media(&far->remote, &local);
    if (!cg_sdp_has_speech(&local))
        return false;
    if (strcmp(remote->ice.ufrag, leg->base.remote.ice.ufrag) != 0 ||
        strcmp(remote->ice.pwd, leg->base.remote.ice.pwd) != 0)
        cg_bridge_leg_restart(leg->base.call->calls->bridge, leg->base.media, &local.ice);
    leg->base.local = local;
    leg->base.remote = *remote;
    cg_client_leg_take_candidates(leg, leg->offer);
    return true;
}

bool cg_client_leg_take_answer(cg_client_leg *leg, const cg_sdp *answer)
{
    const cg_media_description *remote = cg_sdp_media(answer);
    if (!cg_sdp_narrow_media(remote, &leg->base.local))
        return false;
    leg->base.remote = *remote;
    cg_client_leg_take_candidates(leg, answer);
    return true;
}

static void leg_offer(cg_call_leg *base)
{
    cg_sdp_offer_media(&base->call->caller->remote, &base->local);
    if (base->call->transcode)
        cg_sdp_offer_more(&base->local);
    cg_client_leg_describe(client_leg(base), CG_CLIENT_OFFER);
}

static void leg_ringing(cg_call_leg *base)
{
    cg_client_leg *leg = client_leg(base);
    if (cg_client_leg_begin(leg, "ringing") != NULL)
        cg_client_leg_send(leg);
}

/* A client takes one answer to its offer: the first early media decides what it is, and whoever comes later has to do
 * with that or be translated. */
static bool is_settled(const cg_client_leg *leg)
{
    return leg->early_answer != NULL || leg->waiting == CG_CLIENT_EARLY;
}

static bool leg_early(cg_call_leg *base, const cg_call_leg *callee)
{
    cg_client_leg *leg = client_leg(base);
    if (is_settled(leg))
        return cg_call_codecs_suit(base, callee);
    if (!cg_client_leg_make_answer(leg, callee))
        return false;
    cg_client_leg_describe(leg, CG_CLIENT_EARLY);
    return true;
}

static void leg_answer(cg_call_leg *base)
{
    cg_client_leg *leg = client_leg(base);
    const cg_call_leg *callee = base->call->callee;
    if (is_settled(leg) ? cg_call_codecs_suit(base, callee) : cg_client_leg_make_answer(leg, callee))
        cg_client_leg_describe(leg, CG_CLIENT_ANSWER);
    else
        cg_call_finish(base->call, CG_CALL_END_INCOMPATIBLE);
}

void cg_client_leg_write_error(cg_json_writer *writer, cg_call_end end)
{
    const cg_call_end_info *info = cg_call_end_get_info(end);
    cg_json_begin_object(writer, "error");
    cg_json_write_integer(writer, "code", info->code);
    cg_json_write_string(writer, "message", info->text);
    cg_json_end_object(writer);
}

static void leg_end(cg_call_leg *base, cg_call_end end, bool with_error)
{
    cg_client_leg *leg = client_leg(base);
    bool only_rang = base != base->call->caller && base->state != CG_CALL_LEG_ANSWERED;
    /* A call that fails before it rings ends under the only name that the client has for it. */
    const char *callsid = leg->knows_sid || leg->temporary_callsid == NULL ? base->sid.text : leg->temporary_callsid;
    cg_json_writer *writer = begin_as(leg, only_rang ? "cancel" : "hangup", callsid);
    if (writer == NULL)
        return;
    if (with_error)
        cg_client_leg_write_error(writer, end);
    cg_client_leg_send(leg);
}

static void leg_digits(cg_call_leg *base, const char *digits)
{
    cg_client_leg *leg = client_leg(base);
    cg_json_writer *writer = cg_client_leg_begin(leg, "dtmf");
    if (writer == NULL)
        return;
    cg_json_write_string(writer, "dtmf", digits);
    cg_client_leg_send(leg);
}

static void leg_hold(cg_call_leg *base, bool on)
{
    cg_client_leg *leg = client_leg(base);
    cg_json_writer *writer = cg_client_leg_begin(leg, "hold");
    if (writer == NULL)
        return;
    cg_json_write_bool(writer, "on", on);
    cg_client_leg_send(leg);
}

static bool leg_message(cg_call_leg *base, const cg_call_message *message)
{
    cg_client_leg *leg = client_leg(base);
    cg_json_writer *writer = cg_client_leg_begin(leg, "message");
    size_t size;
    if (writer == NULL)
        return false;
    const char *content = cg_json_raw(message->content, &size);
    cg_json_write_raw(writer, "content", content, size);
    cg_json_write_string(writer, "contenttype", message->content_type);
    cg_json_write_string(writer, "messagetype", message->type);
    cg_json_write_string(writer, "voiceeventsid", message->event_id);
    cg_client_leg_send(leg);
    return true;
}

static void write_stats(cg_json_writer *writer, const cg_leg_stats *stats)
{
    cg_json_write_integer(writer, "packets_received", (int64_t) stats->packets_received);
    cg_json_write_integer(writer, "bytes_received", (int64_t) stats->bytes_received);
    cg_json_write_integer(writer, "packets_sent", (int64_t) stats->packets_sent);
    cg_json_write_integer(writer, "bytes_sent", (int64_t) stats->bytes_sent);
    cg_json_write_integer(writer, "packets_lost", (int64_t) stats->packets_lost);
    cg_json_write_integer(writer, "packets_lost_remote", (int64_t) stats->packets_lost_remote);
    cg_json_write_integer(writer, "jitter_us", stats->jitter_us);
    cg_json_write_integer(writer, "jitter_remote_us", stats->jitter_remote_us);
    cg_json_write_integer(writer, "round_trip_us", stats->round_trip_us);
    cg_json_write_integer(writer, "handshake_us", stats->handshake_us);
    cg_json_write_integer(writer, "digits_dropped", (int64_t) stats->digits_dropped);
}

static void leg_stats(cg_call_leg *base, const cg_leg_stats *stats)
{
    cg_client_leg *leg = client_leg(base);
    g_autofree char *id = g_steal_pointer(&leg->stats_request);
    if (id == NULL || leg->client == NULL)
        return;
    g_autoptr(cg_json) json = cg_json_parse(id, strlen(id), NULL);
    cg_session_message request = {.type = "stats", .id = cg_json_root(json)};
    cg_json_writer *writer = cg_session_begin_result(leg->client->session, &request);
    cg_json_write_string(writer, "callsid", base->sid.text);
    write_stats(writer, stats);
    cg_session_send(leg->client->session);
}

static const cg_call_leg *leg_sibling(const cg_call_leg *base)
{
    const cg_client_leg *leg = client_leg((cg_call_leg *) base);
    return leg->client != NULL ? cg_client_open_leg(leg->client, base) : NULL;
}

static void leg_free(cg_call_leg *base)
{
    cg_client_leg *leg = client_leg(base);
    cg_client_leg_detach(leg);
    cg_sdp_free(leg->offer);
    g_clear_pointer(&leg->candidates, g_array_unref);
    g_free(leg->stats_request);
    g_free(leg->early_answer);
    g_free(leg->temporary_callsid);
    g_free(leg->identity);
    g_free(base->address);
    g_free(leg);
}
