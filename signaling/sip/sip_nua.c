/* What nua tells, to whom it concerns. nua answers what needs no thought by itself (CANCEL, BYE, unknown methods). */
#include "signaling/sip/sip_internal.h"

#include <sofia-sip/sip_status.h>

static void on_event_of_none(cg_sip *sip, nua_event_t event, int status, nua_handle_t *handle, const sip_t *message)
{
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
    case nua_r_invite:
        cg_sip_dialog_on_response(dialog, status, message);
        break;
    case nua_i_invite:
        cg_sip_dialog_on_reinvite(dialog, message);
        break;
    case nua_i_ack:
        cg_sip_dialog_on_ack(dialog, message);
        break;
    case nua_i_options:
        cg_sip_on_options(sip, handle, message, true);
        break;
    case nua_i_info:
        cg_sip_dialog_on_info(dialog, message);
        break;
    case nua_r_info:
        cg_sip_dialog_on_info_response(dialog, status, message);
        break;
    case nua_i_update:
        cg_sip_dialog_on_update(dialog, message);
        break;
    case nua_r_update:
        cg_sip_dialog_on_update_response(dialog, status, message);
        break;
    case nua_i_refer:
        cg_sip_dialog_on_refer(dialog, message, tags);
        break;
    case nua_i_terminated:
        cg_sip_dialog_on_terminated(dialog);
        break;
    default:
        break;
    }
}
