/* Common to the handlers of client messages. */
#include "gateway/client/client_request.h"

#include "gateway/client/client.h"
#include "signaling/error_codes.h"

const char *cg_client_request_text(const cg_session_message *message, const char *name)
{
    return cg_json_string(cg_json_get(message->payload, name));
}

cg_client_leg *cg_client_request_leg(cg_session *session, const cg_session_message *message, bool quiet)
{
    const char *callsid = cg_client_request_text(message, "callsid");
    cg_client_leg *leg = cg_client_find_leg(cg_session_data(session), callsid);
    if (callsid == NULL)
        cg_session_send_error(session, message, CG_ERROR_BAD_REQUEST, "callsid must name a call", NULL);
    else if (leg == NULL && (!quiet || message->id != NULL))
        cg_session_send_error(session, message, CG_ERROR_NOT_FOUND, "This client has no such call", callsid);
    return leg;
}

void cg_client_reply(cg_session *session, const cg_session_message *message)
{
    if (message->id == NULL)
        return;
    cg_session_begin_result(session, message);
    cg_session_send(session);
}

static const char *fault(int code, const char *why, int *ret_code)
{
    *ret_code = code;
    return why;
}

const char *cg_client_calling_fault(const cg_gateway *gateway, cg_session *session, int *ret_code)
{
    const cg_grants *grants = cg_session_grants(session);
    unsigned limit = gateway->config->calls.calls_per_account;
    if (gateway->state != CG_GATEWAY_RUNNING)
        return fault(CG_ERROR_SHUTDOWN, "The gateway is shutting down: connect to another one", ret_code);
    if (!cg_session_token_valid(session))
        return fault(CG_ERROR_TOKEN_EXPIRED, "The token has expired: send listen with a new one", ret_code);
    if (!grants->outgoing)
        return fault(CG_ERROR_NOT_GRANTED,
                     "The token does not allow outgoing calls: mint it with voice.outgoing.application_sid", ret_code);
    if (limit != 0 && cg_calls_count(gateway->calls, &grants->account) >= limit)
        return fault(CG_ERROR_LIMIT, "The account has too many calls", ret_code);
    return NULL;
}

const char *cg_client_destination(const cg_application *application, const cg_form *parameters)
{
    switch (application->mode) {
    case CG_APPLICATION_DIRECT:
        return cg_form_get(parameters, "To");
    }
    return NULL;
}
