/* `transfer` in both kinds: to an address (blind), with another call of the same client (attended). The other party is
 * called in its own name, but with the grants of who asks for it. */
#include "gateway/client/client_transfer.h"

#include "gateway/call/transfer.h"
#include "gateway/client/client.h"
#include "gateway/client/client_request.h"
#include "signaling/error_codes.h"

static void refuse(cg_session *session, const cg_session_message *message, const cg_client_leg *leg, int code,
                   const char *why)
{
    cg_session_send_error(session, message, code, why, leg->base.sid.text);
}

static const cg_application *application_of(const cg_gateway *gateway, const cg_session *session)
{
    return cg_directory_find_application(gateway->config->directory, &cg_session_grants(session)->application);
}

/* As for an `invite` of this client: what the token fixes wins. */
static cg_form *parameters_of(const cg_session *session, const char *to)
{
    cg_form *form = cg_form_new();
    cg_form_set(form, "To", to);
    cg_form_merge(form, cg_session_grants(session)->parameters);
    return form;
}

static void transfer_to(const cg_gateway *gateway, cg_session *session, const cg_session_message *message,
                        cg_client_leg *leg, const char *address)
{
    const cg_application *application = application_of(gateway, session);
    int code = CG_ERROR_BAD_REQUEST;
    const char *fault = cg_transfer_fault(&leg->base);
    if (fault == NULL)
        fault = cg_client_calling_fault(gateway, session, &code);
    if (fault == NULL && application == NULL) {
        code = CG_ERROR_APPLICATION;
        fault = "The token's application no longer exists";
    }
    if (fault != NULL) {
        refuse(session, message, leg, code, fault);
        return;
    }
    cg_form *parameters = parameters_of(session, address);
    const char *to = cg_client_destination(application, parameters);
    cg_call_end end = cg_transfer_blind(&leg->base, application, parameters, to, NULL);
    if (end != CG_CALL_END_NONE) {
        refuse(session, message, leg, cg_call_end_get_info(end)->code, cg_call_end_get_info(end)->text);
        return;
    }
    cg_client_reply(session, message);
    cg_transfer_tell(&leg->base);
}

static void transfer_with(const cg_gateway *gateway, cg_session *session, const cg_session_message *message,
                          cg_client_leg *leg, const char *callsid)
{
    cg_client_leg *with = cg_client_find_leg(cg_session_data(session), callsid);
    if (with == NULL) {
        refuse(session, message, leg, CG_ERROR_NOT_FOUND, "with must name another call of this client");
        return;
    }
    const cg_application *application = application_of(gateway, session);
    const char *fault = cg_transfer_join_fault(&leg->base, &with->base, application);
    if (fault != NULL) {
        refuse(session, message, leg, CG_ERROR_BAD_REQUEST, fault);
        return;
    }
    cg_call_hop *hop;
    if (!cg_transfer_join_hop(&leg->base, &with->base, &hop)) {
        const cg_call_end_info *info = cg_call_end_get_info(CG_CALL_END_OVERLOADED);
        refuse(session, message, leg, info->code, info->text);
        return;
    }
    cg_client_reply(session, message);
    cg_transfer_join(&leg->base, &with->base, application, hop);
}

void cg_client_on_transfer(cg_session *session, const cg_session_message *message, void *user)
{
    cg_client_leg *leg = cg_client_request_leg(session, message, false);
    const char *to = cg_client_request_text(message, "to"), *with = cg_client_request_text(message, "with");
    if (leg == NULL)
        return;
    if ((to == NULL) == (with == NULL))
        refuse(session, message, leg, CG_ERROR_BAD_REQUEST,
               "transfer needs either to, a destination like client:bob, or with, the callsid of another call");
    else if (to != NULL)
        transfer_to(user, session, message, leg, to);
    else
        transfer_with(user, session, message, leg, with);
}

void cg_client_leg_transfer(cg_call_leg *base, cg_transfer_state state, cg_call_end why)
{
    static const char *const names[] = {
        [CG_TRANSFER_RINGING] = "ringing", [CG_TRANSFER_COMPLETED] = "completed", [CG_TRANSFER_FAILED] = "failed"};
    cg_client_leg *leg = cg_client_leg_from(base);
    cg_json_writer *writer = cg_client_leg_begin(leg, "transfer");
    if (writer == NULL)
        return;
    cg_json_write_string(writer, "state", names[state]);
    if (state == CG_TRANSFER_FAILED)
        cg_client_leg_write_error(writer, why);
    cg_client_leg_send(leg);
}

void cg_client_leg_party(cg_call_leg *base, const char *address)
{
    cg_client_leg *leg = cg_client_leg_from(base);
    cg_json_writer *writer = cg_client_leg_begin(leg, "transferred");
    if (writer == NULL)
        return;
    cg_json_write_string(writer, "party", address);
    cg_client_leg_send(leg);
}
