/* `invite`: every check before anything is made, in the order in which a developer would want to hear of mistakes. */
#include "gateway/client/client_invite.h"

#include "base/log.h"
#include "gateway/call/call_media.h"
#include "gateway/client/client.h"
#include "gateway/client/client_request.h"
#include "signaling/error_codes.h"

#include <string.h>

#define MAX_TEMPORARY_CALLSID 128

/* An invite that fails ends that call at the client: as the answer to its request if it made one, as a hangup if not.
 */
static void refuse(cg_session *session, const cg_session_message *message, int code, const char *why)
{
    const char *callsid = cg_json_string(cg_json_get(message->payload, "callsid"));
    if (message->id != NULL || callsid == NULL) {
        cg_session_send_error(session, message, code, why, callsid);
        return;
    }
    cg_session_log_refusal(session, message, code, why);
    cg_json_writer *writer = cg_session_begin(session, "hangup");
    cg_json_write_string(writer, "callsid", callsid);
    cg_json_begin_object(writer, "error");
    cg_json_write_integer(writer, "code", code);
    cg_json_write_string(writer, "message", why);
    cg_json_end_object(writer);
    cg_session_send(session);
}

/* False, and the client told, if this client may not place a call now. */
static bool may_call(const cg_gateway *gateway, cg_session *session, const cg_session_message *message)
{
    int code = CG_ERROR_LIMIT;
    const char *fault = cg_client_calling_fault(gateway, session, &code);
    if (fault == NULL && cg_client_open_legs(cg_session_data(session)) >= gateway->config->calls.calls_per_client)
        fault = "This client has too many calls";
    if (fault != NULL)
        refuse(session, message, code, fault);
    return fault == NULL;
}

/* The parameters of the call: the client's, and over them those that the token fixes. NULL, and the client told,
 * if they are malformed. */
static cg_form *parameters_of(cg_session *session, const cg_session_message *message)
{
    const cg_json_value *value = cg_json_get(cg_json_get(message->payload, "twilio"), "params");
    const char *text = value != NULL ? cg_json_string(value) : "";
    cg_form *form = text != NULL ? cg_form_parse(text, strlen(text)) : NULL;
    if (form == NULL)
        refuse(session, message, CG_ERROR_MALFORMED,
               "twilio.params must be a URL-encoded list (a=1&b=2) of at most 128 parameters");
    else
        cg_form_merge(form, cg_session_grants(session)->parameters);
    return form;
}

static cg_sdp *offer_of(cg_session *session, const cg_session_message *message)
{
    const char *text = cg_json_string(cg_json_get(message->payload, "sdp"));
    cg_sdp *offer = NULL;
    cg_sdp_status status = text != NULL ? cg_sdp_parse(text, strlen(text), CG_SDP_OFFER, &offer) : CG_SDP_MALFORMED;
    if (status != CG_SDP_OK)
        refuse(session, message, CG_ERROR_DESCRIPTION, cg_sdp_status_text(status));
    return offer;
}

static const char *temporary_callsid_of(cg_session *session, const cg_session_message *message)
{
    const char *callsid = cg_json_string(cg_json_get(message->payload, "callsid"));
    if (callsid == NULL || *callsid == '\0' || strlen(callsid) > MAX_TEMPORARY_CALLSID)
        refuse(session, message, CG_ERROR_MALFORMED, "callsid must be 1 to 128 characters chosen by the client");
    else if (cg_client_find_leg(cg_session_data(session), callsid) != NULL)
        /* No word of a hangup here: the client would take it for the end of the call that has that callsid already. */
        cg_session_send_error(session, message, CG_ERROR_BAD_REQUEST, "This client has a call with that callsid", NULL);
    else
        return callsid;
    return NULL;
}

static void reply_callsid(cg_session *session, const cg_session_message *message, cg_client_leg *leg)
{
    if (message->id == NULL)
        return;
    leg->knows_sid = true;
    cg_json_writer *writer = cg_session_begin_result(session, message);
    cg_json_write_string(writer, "callsid", leg->base.sid.text);
    cg_session_send(session);
}

static void log_created(const cg_call *call, cg_session *session)
{
    cg_log(CG_LOG_INFO, "call.created", CG_LOG_TEXT("account", call->account.text), CG_LOG_TEXT("call", call->sid.text),
           CG_LOG_TEXT("application", call->application.text), CG_LOG_TEXT("from", call->caller->address),
           CG_LOG_TEXT("to", call->to), CG_LOG_TEXT("session", cg_session_id(session)),
           CG_LOG_TEXT("peer", cg_session_peer(session)));
}

static void place_call(cg_gateway *gateway, cg_session *session, const cg_session_message *message)
{
    const cg_grants *grants = cg_session_grants(session);
    const cg_application *application = cg_directory_find_application(gateway->config->directory, &grants->application);
    const char *callsid = temporary_callsid_of(session, message);
    if (callsid == NULL)
        return;
    if (application == NULL) {
        refuse(session, message, CG_ERROR_APPLICATION, "The token's application no longer exists");
        return;
    }
    g_autoptr(cg_form) parameters = parameters_of(session, message);
    if (parameters == NULL)
        return;
    const char *to = cg_client_destination(application, parameters);
    if (to == NULL) {
        refuse(session, message, CG_ERROR_BAD_REQUEST,
               "Parameter To is missing: it names the destination, e.g. client:bob");
        return;
    }
    cg_sdp *offer = offer_of(session, message);
    if (offer == NULL)
        return;
    cg_client_leg *caller = cg_client_leg_new_caller(cg_session_data(session), callsid, offer);
    cg_call *call =
        cg_call_new(gateway->calls, &caller->base, &grants->account, application, g_steal_pointer(&parameters), to);
    log_created(call, session);
    reply_callsid(session, message, caller);
    cg_call_dial(call);
}

/* Comparing in constant time: how long it takes must not tell how much of a guess was right. */
static bool token_equal(const char *a, const char *b)
{
    size_t length = strlen(a);
    unsigned char difference = 0;
    if (strlen(b) != length)
        return false;
    for (size_t i = 0; i < length; i++)
        difference |= (unsigned char) (a[i] ^ b[i]);
    return difference == 0;
}

static bool may_take_over(const cg_client_leg *leg, const cg_grants *grants, const char *reconnect)
{
    return leg != NULL && leg->base.state == CG_CALL_LEG_ANSWERED && cg_sid_equal(&leg->account, &grants->account) &&
           g_strcmp0(leg->identity, grants->identity) == 0 && token_equal(leg->reconnect, reconnect);
}

static void take_over_call(cg_gateway *gateway, cg_session *session, const cg_session_message *message,
                           const char *reconnect)
{
    const char *callsid = cg_json_string(cg_json_get(message->payload, "callsid"));
    cg_call_leg *base = callsid != NULL ? cg_calls_find_leg(gateway->calls, callsid) : NULL;
    cg_client_leg *leg = base != NULL ? cg_client_leg_from(base) : NULL;

    if (!may_take_over(leg, cg_session_grants(session), reconnect)) {
        refuse(session, message, CG_ERROR_RECONNECT, "The call is over or the reconnect token is not its own");
        return;
    }
    if (!cg_client_renegotiate(session, message, leg))
        return;
    cg_log(CG_LOG_INFO, "call.reconnected", CG_LOG_TEXT("account", leg->account.text),
           CG_LOG_TEXT("call", leg->base.call->sid.text), CG_LOG_TEXT("leg", leg->base.sid.text),
           CG_LOG_TEXT("session", cg_session_id(session)));
    reply_callsid(session, message, leg);
}

void cg_client_on_invite(cg_session *session, const cg_session_message *message, void *user)
{
    cg_gateway *gateway = user;
    const char *reconnect = cg_json_string(cg_json_get(message->payload, "reconnect"));
    if (reconnect != NULL)
        take_over_call(gateway, session, message, reconnect);
    else if (may_call(gateway, session, message))
        place_call(gateway, session, message);
}

static bool fail_description(cg_session *session, const cg_session_message *message, const cg_client_leg *leg,
                             const char *why)
{
    cg_session_send_error(session, message, CG_ERROR_DESCRIPTION, why, leg->base.sid.text);
    return false;
}

bool cg_client_renegotiate(cg_session *session, const cg_session_message *message, cg_client_leg *leg)
{
    const char *text = cg_json_string(cg_json_get(message->payload, "sdp"));
    const cg_call_leg *partner = cg_call_leg_partner(&leg->base);
    g_autoptr(cg_sdp) offer = NULL;

    if (partner == NULL)
        return fail_description(session, message, leg, "The call is not answered yet: it cannot be renegotiated");
    cg_sdp_status status = text != NULL ? cg_sdp_parse(text, strlen(text), CG_SDP_OFFER, &offer) : CG_SDP_MALFORMED;
    if (status != CG_SDP_OK)
        return fail_description(session, message, leg, cg_sdp_status_text(status));
    if (!cg_fingerprint_equal(&cg_sdp_media(offer)->fingerprint, &leg->base.remote.fingerprint))
        return fail_description(session, message, leg, "The fingerprint may not change during a call");
    if (leg->waiting != CG_CLIENT_NOTHING)
        return fail_description(session, message, leg, "The last description is not answered yet");
    leg->offer = g_steal_pointer(&offer);
    if (!cg_client_leg_make_answer(leg, partner)) {
        g_clear_pointer(&leg->offer, cg_sdp_free);
        return fail_description(session, message, leg, "The offer has no audio codec of the other party");
    }
    /* A leg that is taken over changes hands only now: a useless offer leaves it with whom it was. */
    cg_client_leg_attach(leg, cg_session_data(session));
    cg_client_leg_describe(leg, CG_CLIENT_ANSWER);
    cg_call_leg_renegotiated(&leg->base);
    return true;
}
