/* Handlers of client messages about registration and running calls; placing and recovering calls is in client_invite.c.
 * Whatever is wrong is answered on the same session and changes nothing else. */
#include "gateway/client/client_messages.h"

#include "gateway/call/call_hold.h"
#include "gateway/call/call_media.h"
#include "gateway/client/client.h"
#include "gateway/client/client_invite.h"
#include "gateway/client/client_request.h"
#include "gateway/client/client_transfer.h"
#include "gateway/gateway.h"
#include "signaling/error_codes.h"

#include <string.h>

#define MAX_DIGITS 64
#define MAX_MESSAGE_CONTENT 10000

static void send_plain(cg_session *session, const char *type)
{
    cg_session_begin(session, type);
    cg_session_send(session);
}

static void on_register(cg_session *session, const cg_session_message *message, void *user)
{
    cg_gateway *gateway = user;
    cg_client *client = cg_session_data(session);
    const cg_grants *grants = cg_session_grants(session);
    bool on = false;

    if (!cg_json_bool(cg_json_get(cg_json_get(message->payload, "media"), "audio"), &on)) {
        cg_session_send_error(session, message, CG_ERROR_BAD_REQUEST, "register needs media:{audio:true} or false",
                              NULL);
        return;
    }
    if (!on) {
        cg_client_unregister(client);
        send_plain(session, "offline");
    } else if (!cg_session_token_valid(session)) {
        cg_session_send_error(session, message, CG_ERROR_TOKEN_EXPIRED,
                              "The token has expired: send listen with a new one", NULL);
        return;
    } else if (!grants->incoming || grants->identity == NULL) {
        cg_session_send_error(
            session, message, CG_ERROR_NOT_GRANTED,
            "The token does not allow incoming calls: mint it with an identity and voice.incoming.allow", NULL);
        return;
    } else if (!cg_client_register(client, gateway->config->calls.devices_per_identity)) {
        cg_session_send_error(session, message, CG_ERROR_LIMIT, "Too many devices are registered under this identity",
                              NULL);
        return;
    } else {
        send_plain(session, "ready");
    }
    cg_client_reply(session, message);
}

static void on_answer(cg_session *session, const cg_session_message *message, void *user)
{
    cg_client_leg *leg = cg_client_request_leg(session, message, true);
    const char *sdp = cg_client_request_text(message, "sdp");
    g_autoptr(cg_sdp) answer = NULL;
    if (leg == NULL)
        return;
    if (!cg_call_leg_is_waiting(&leg->base)) {
        cg_session_send_error(session, message, CG_ERROR_BAD_REQUEST, "This call does not wait for an answer",
                              leg->base.sid.text);
        return;
    }
    cg_sdp_status status = sdp != NULL ? cg_sdp_parse(sdp, strlen(sdp), CG_SDP_ANSWER, &answer) : CG_SDP_MALFORMED;
    if (status != CG_SDP_OK) {
        cg_session_send_error(session, message, CG_ERROR_DESCRIPTION, cg_sdp_status_text(status), leg->base.sid.text);
        return;
    }
    if (!cg_client_leg_take_answer(leg, answer)) {
        cg_session_send_error(session, message, CG_ERROR_DESCRIPTION, "The answer has no audio codec of the offer",
                              leg->base.sid.text);
        return;
    }
    cg_client_reply(session, message);
    cg_call_leg_answered(&leg->base);
}

static void on_reinvite(cg_session *session, const cg_session_message *message, void *user)
{
    cg_client_leg *leg = cg_client_request_leg(session, message, true);
    if (leg != NULL && cg_client_renegotiate(session, message, leg))
        cg_client_reply(session, message);
}

/* Trickled (RFC 8838); an empty one or null says that there are no more, which changes nothing: more may come with the
 * peer's own checks. */
static void on_candidate(cg_session *session, const cg_session_message *message, void *user)
{
    cg_gateway *gateway = user;
    cg_client_leg *leg = cg_client_request_leg(session, message, true);
    const cg_json_value *value = cg_json_get(message->payload, "candidate");
    const char *line = cg_json_string(value);
    cg_candidate candidate;
    if (leg == NULL)
        return;
    bool last = value != NULL && (cg_json_type_of(value) == CG_JSON_NULL || (line != NULL && *line == '\0'));
    cg_sdp_candidate_status status = last           ? CG_SDP_CANDIDATE_USELESS
                                     : line == NULL ? CG_SDP_CANDIDATE_MALFORMED
                                                    : cg_sdp_parse_candidate(line, &candidate);
    if (status == CG_SDP_CANDIDATE_MALFORMED) {
        cg_session_send_error(session, message, CG_ERROR_BAD_REQUEST,
                              "candidate must be a candidate attribute (RFC 8839) without \"a=\", or empty",
                              leg->base.sid.text);
        return;
    }
    if (status == CG_SDP_CANDIDATE_OK && leg->base.media != 0)
        cg_bridge_leg_add_candidate(gateway->bridge, leg->base.media, &candidate);
    cg_client_reply(session, message);
}

static void on_hangup(cg_session *session, const cg_session_message *message, void *user)
{
    cg_client_leg *leg = cg_client_request_leg(session, message, true);
    if (leg == NULL)
        return;
    cg_client_reply(session, message);
    cg_call_leg_hung_up(&leg->base);
}

/* reason "busy" speaks for this device alone; anything else declines for the person. */
static void on_reject(cg_session *session, const cg_session_message *message, void *user)
{
    cg_client_leg *leg = cg_client_request_leg(session, message, true);
    if (leg == NULL)
        return;
    if (&leg->base == leg->base.call->caller) {
        cg_session_send_error(session, message, CG_ERROR_BAD_REQUEST, "A caller ends its call with hangup",
                              leg->base.sid.text);
        return;
    }
    cg_client_reply(session, message);
    bool busy = g_strcmp0(cg_client_request_text(message, "reason"), "busy") == 0;
    cg_call_leg_failed(&leg->base, busy ? CG_CALL_END_BUSY : CG_CALL_END_DECLINED);
}

static bool digits_are_valid(const char *digits)
{
    size_t length = digits != NULL ? strlen(digits) : 0;
    return length > 0 && length <= MAX_DIGITS && strspn(digits, "0123456789*#ABCDw") == length;
}

static void on_dtmf(cg_session *session, const cg_session_message *message, void *user)
{
    cg_client_leg *leg = cg_client_request_leg(session, message, true);
    const char *digits = cg_client_request_text(message, "dtmf");
    if (leg == NULL)
        return;
    if (!digits_are_valid(digits)) {
        cg_session_send_error(session, message, CG_ERROR_BAD_REQUEST, "dtmf must be 1 to 64 of 0-9 * # A-D w",
                              leg->base.sid.text);
        return;
    }
    if (cg_call_leg_partner(&leg->base) == NULL) {
        cg_session_send_error(session, message, CG_ERROR_BAD_REQUEST, "The call is not answered yet",
                              leg->base.sid.text);
        return;
    }
    cg_call_leg_digits(&leg->base, digits, false);
    cg_client_reply(session, message);
}

static void on_hold(cg_session *session, const cg_session_message *message, void *user)
{
    cg_client_leg *leg = cg_client_request_leg(session, message, true);
    bool on;
    if (leg == NULL)
        return;
    if (!cg_json_bool(cg_json_get(message->payload, "on"), &on) || cg_call_leg_partner(&leg->base) == NULL) {
        cg_session_send_error(session, message, CG_ERROR_BAD_REQUEST,
                              "hold needs on:true or false, and an answered call", leg->base.sid.text);
        return;
    }
    cg_call_leg_set_hold(&leg->base, on);
    cg_client_reply(session, message);
}

static void on_stats(cg_session *session, const cg_session_message *message, void *user)
{
    cg_gateway *gateway = user;
    cg_client_leg *leg = cg_client_request_leg(session, message, true);
    size_t size;
    if (leg == NULL)
        return;
    if (message->id == NULL || leg->base.media == 0) {
        cg_session_send_error(session, message, CG_ERROR_BAD_REQUEST,
                              "stats is a request: give it an id, while the call has media", leg->base.sid.text);
        return;
    }
    if (leg->stats_request != NULL) {
        cg_session_send_error(session, message, CG_ERROR_LIMIT, "A stats request for this call is under way",
                              leg->base.sid.text);
        return;
    }
    const char *id = cg_json_raw(message->id, &size);
    leg->stats_request = g_strndup(id, size);
    cg_bridge_leg_stats(gateway->bridge, leg->base.media);
}

/* Call messages carry the client's own event id in errors, so that it can tell which message failed. */
static void send_message_error(cg_session *session, const cg_session_message *message, int code, const char *why)
{
    cg_json_writer *writer;
    if (message->id != NULL) {
        cg_session_send_error(session, message, code, why, cg_client_request_text(message, "callsid"));
        return;
    }
    cg_session_log_refusal(session, message, code, why);
    writer = cg_session_begin(session, "error");
    cg_json_begin_object(writer, "error");
    cg_json_write_integer(writer, "code", code);
    cg_json_write_string(writer, "message", why);
    cg_json_end_object(writer);
    cg_json_write_string(writer, "callsid", cg_client_request_text(message, "callsid"));
    cg_json_write_string(writer, "voiceeventsid", cg_client_request_text(message, "voiceeventsid"));
    cg_session_send(session);
}

static void acknowledge(cg_session *session, const cg_client_leg *leg, const char *event_id)
{
    cg_json_writer *writer = cg_session_begin(session, "ack");
    cg_json_write_string(writer, "acktype", "message");
    cg_json_write_string(writer, "callsid", leg->base.sid.text);
    cg_json_write_string(writer, "voiceeventsid", event_id);
    cg_session_send(session);
}

/* What is wrong with a call message, with its error code; NULL if nothing is. */
static const char *fault_of(const cg_call_message *message, int *ret_code)
{
    size_t size = 0;
    *ret_code = CG_ERROR_MESSAGE_TYPE;
    if (message->content == NULL || message->type == NULL || message->event_id == NULL)
        return "message needs content, messagetype and voiceeventsid";
    cg_json_raw(message->content, &size);
    *ret_code = CG_ERROR_MESSAGE_SIZE;
    return size > MAX_MESSAGE_CONTENT ? "content may be 10000 bytes of JSON at most" : NULL;
}

static void on_message(cg_session *session, const cg_session_message *message, void *user)
{
    cg_client_leg *leg = cg_client_request_leg(session, message, true);
    const char *content_type = cg_client_request_text(message, "contenttype");
    cg_call_message call_message = {
        .content = cg_json_get(message->payload, "content"),
        .content_type = content_type != NULL ? content_type : "application/json",
        .type = cg_client_request_text(message, "messagetype"),
        .event_id = cg_client_request_text(message, "voiceeventsid"),
    };
    int code;
    if (leg == NULL)
        return;
    const char *fault = fault_of(&call_message, &code);
    cg_call_leg *partner = cg_call_leg_partner(&leg->base);
    if (fault == NULL && (partner == NULL || !partner->ops->message(partner, &call_message))) {
        code = CG_ERROR_UNAVAILABLE;
        fault = "The other party cannot receive messages now";
    }
    if (fault != NULL) {
        send_message_error(session, message, code, fault);
        return;
    }
    acknowledge(session, leg, call_message.event_id);
    cg_client_reply(session, message);
}

const cg_session_message_handler cg_client_messages[] = {
    {"register", on_register},
    {"invite", cg_client_on_invite},
    {"answer", on_answer},
    {"reinvite", on_reinvite},
    {"hangup", on_hangup},
    {"reject", on_reject},
    {"dtmf", on_dtmf},
    {"hold", on_hold},
    {"stats", on_stats},
    {"candidate", on_candidate},
    {"message", on_message},
    {"transfer", cg_client_on_transfer},
    {NULL, NULL},
};
