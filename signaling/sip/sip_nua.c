/* What nua tells, to whom it concerns. nua answers what needs no thought by itself (CANCEL, BYE, unknown methods). */
#include "signaling/sip/sip_challenge.h"
#include "signaling/sip/sip_update.h"

#include <sofia-sip/sip_status.h>

/* Sofia takes whatever has our Call-ID and tag for a request within what we began: a registration, a question. 481
 * would end that for it. */
static bool refuse_within(cg_sip *sip, int status, nua_handle_t *handle, const sip_t *message)
{
    if (message == NULL || message->sip_request == NULL || !cg_sip_peers_have_handle(sip, handle))
        return false;
    if (status < 200)
        nua_respond(handle, SIP_403_FORBIDDEN, NUTAG_WITH_CURRENT(sip->nua), TAG_END());
    return true;
}

static void on_event_of_none(cg_sip *sip, nua_event_t event, int status, nua_handle_t *handle, const sip_t *message)
{
    if (refuse_within(sip, status, handle, message))
        return;
    switch (event) {
    case nua_i_invite:
        cg_sip_on_invite(sip, handle, message);
        break;
    case nua_i_options:
        cg_sip_on_options(sip, handle, message, false);
        break;
    case nua_i_info: /* RFC 6086 section 4: it is of a dialog */
        nua_respond(handle, SIP_481_NO_TRANSACTION, NUTAG_WITH_CURRENT(sip->nua), TAG_END());
        nua_handle_destroy(handle);
        break;
    case nua_r_options:
    case nua_r_register:
    case nua_r_unregister:
        cg_sip_peers_on_nua(sip, event, status, handle, message);
        break;
    case nua_i_register:
    case nua_i_publish:
    case nua_i_message:
    case nua_i_method:
    case nua_i_subscribe:
    case nua_i_refer:
    case nua_i_notify:
        nua_handle_destroy(handle);
        break;
    default:
        break;
    }
}

static void on_response(cg_sip_dialog *dialog, nua_event_t event, int status, const sip_t *message)
{
    switch (event) {
    case nua_r_invite:
        cg_sip_dialog_on_response(dialog, status, message);
        break;
    case nua_r_info:
        cg_sip_dialog_on_info_response(dialog, status, message);
        break;
    case nua_r_update:
        cg_sip_dialog_on_update_response(dialog, status, message);
        break;
    case nua_r_bye:
        cg_sip_dialog_on_bye_response(dialog, status, message);
        break;
    case nua_r_notify:
        cg_sip_dialog_is_final(dialog, &dialog->refer.authenticated, status, message);
        break;
    case nua_r_prack:
        cg_sip_dialog_is_final(dialog, &dialog->reliable.authenticated, status, message);
        break;
    default:
        break;
    }
}

void cg_sip_on_nua(nua_event_t event, int status, char const *phrase, nua_t *nua, cg_sip *sip, nua_handle_t *handle,
                   cg_sip_dialog *dialog, sip_t const *message, tagi_t tags[])
{
    if (event == nua_r_shutdown && status >= 200) {
        sip->finished = true;
        su_root_break(sip->root);
        return;
    }
    if (handle == NULL || sip->stopping)
        return;
    if (dialog == NULL) {
        on_event_of_none(sip, event, status, handle, message);
        return;
    }
    cg_sip_dialog_heard(dialog, message);
    switch (event) {
    case nua_i_invite:
        cg_sip_dialog_on_reinvite(dialog, message);
        break;
    case nua_i_ack:
        cg_sip_dialog_on_ack(dialog, message);
        break;
    case nua_i_cancel:
        cg_sip_dialog_on_cancel(dialog);
        break;
    case nua_i_prack:
        dialog->reliable.awaited = false;
        break;
    case nua_i_options:
        cg_sip_on_options(sip, handle, message, true);
        break;
    case nua_i_info:
        cg_sip_dialog_on_info(dialog, message);
        break;
    case nua_i_update:
        cg_sip_dialog_on_update(dialog, message);
        break;
    case nua_i_refer:
        cg_sip_dialog_on_refer(dialog, message, tags);
        break;
    case nua_i_terminated:
        cg_sip_dialog_on_terminated(dialog);
        break;
    default:
        on_response(dialog, event, status, message);
        break;
    }
}
