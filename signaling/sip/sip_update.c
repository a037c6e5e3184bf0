/* An UPDATE of the peer's that has an offer waits in the dialog for our answer; one at a time. */
#include "signaling/sip/sip_update.h"

#include "base/random.h"
#include "signaling/sip/sip_challenge.h"
#include "signaling/sip/sip_refusal.h"

#include <sofia-sip/msg_addr.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/sip_tag.h>

enum { MAX_RETRY_AFTER_S = 10 }; /* section 5.2 */

void cg_sip_dialog_say_later(cg_sip_dialog *dialog)
{
    g_autofree char *seconds = g_strdup_printf("%u", cg_random_u32() % (MAX_RETRY_AFTER_S + 1));
    nua_respond(dialog->handle, SIP_500_INTERNAL_SERVER_ERROR, NUTAG_WITH_CURRENT(dialog->sip->nua),
                SIPTAG_RETRY_AFTER_STR(seconds), TAG_END());
}

bool cg_sip_dialog_refuse_body(cg_sip_dialog *dialog, const sip_t *message)
{
    int status = (int) cg_sip_body_refusal(message);
    if (status != 0)
        nua_respond(dialog->handle, status, sip_status_phrase(status), NUTAG_WITH_CURRENT(dialog->sip->nua),
                    TAG_IF(status == 415, CG_SIP_ACCEPT), TAG_IF(status == 415, CG_SIP_ACCEPT_ENCODING), TAG_END());
    return status != 0;
}

/* A session has a timer when it is answered. */
static char *accept_timer(cg_sip_dialog *dialog)
{
    return dialog->state == CG_SIP_DIALOG_TALKING ? cg_sip_session_accept(dialog) : NULL;
}

static void say_yes(cg_sip_dialog *dialog, msg_t *request, const char *sdp)
{
    g_autofree char *timer = accept_timer(dialog);
    nua_respond(dialog->handle, SIP_200_OK, NUTAG_WITH(request), CG_SIP_SUPPORTED_TIMER,
                TAG_IF(timer != NULL, SIPTAG_HEADER_STR(timer)),
                TAG_IF(sdp != NULL, SIPTAG_CONTENT_TYPE_STR("application/sdp")),
                TAG_IF(sdp != NULL, SIPTAG_PAYLOAD_STR(sdp)), TAG_END());
}

/* One of ours waits for its answer. */
static bool crosses_ours(const cg_sip_dialog *dialog)
{
    if (dialog->state == CG_SIP_DIALOG_CALLING)
        return dialog->reliable.tag == NULL;
    return dialog->state == CG_SIP_DIALOG_TALKING && (dialog->offering || dialog->asked);
}

void cg_sip_dialog_on_update(cg_sip_dialog *dialog, const sip_t *message)
{
    if (dialog->state == CG_SIP_DIALOG_ENDING) {
        nua_respond(dialog->handle, SIP_481_NO_TRANSACTION, NUTAG_WITH_CURRENT(dialog->sip->nua), TAG_END());
        return;
    }
    if (cg_sip_dialog_refuse_body(dialog, message))
        return;
    if (dialog->update != NULL) {
        cg_sip_dialog_say_later(dialog);
        return;
    }
    if (dialog->state == CG_SIP_DIALOG_TALKING && !cg_sip_session_take(dialog, message))
        return;
    g_autofree char *sdp = cg_sip_read_body(message);
    if (sdp == NULL) {
        say_yes(dialog, nua_current_request(dialog->sip->nua), NULL);
    } else if (crosses_ours(dialog)) {
        nua_respond(dialog->handle, SIP_491_REQUEST_PENDING, NUTAG_WITH_CURRENT(dialog->sip->nua), TAG_END());
    } else if (dialog->offered || dialog->state == CG_SIP_DIALOG_CALLED) { /* one of theirs waits for ours */
        cg_sip_dialog_say_later(dialog);
    } else {
        dialog->update = msg_ref(nua_current_request(dialog->sip->nua));
        cg_sip_dialog_tell(dialog, CG_SIP_OFFER, 0, g_steal_pointer(&sdp));
    }
}

void cg_sip_dialog_forget_update(cg_sip_dialog *dialog)
{
    if (dialog->update != NULL)
        msg_unref(g_steal_pointer(&dialog->update));
}

bool cg_sip_dialog_answer_update(cg_sip_dialog *dialog, const char *sdp)
{
    if (dialog->update == NULL)
        return false;
    say_yes(dialog, dialog->update, sdp);
    cg_sip_reliable_supersede(dialog);
    cg_sip_dialog_forget_update(dialog);
    cg_sip_dialog_continue_offers(dialog);
    return true;
}

bool cg_sip_dialog_reject_update(cg_sip_dialog *dialog, unsigned status, const char *warning)
{
    if (dialog->update == NULL)
        return false;
    nua_respond(dialog->handle, (int) status, sip_status_phrase((int) status), NUTAG_WITH(dialog->update),
                TAG_IF(warning != NULL, SIPTAG_WARNING_STR(warning)), TAG_END());
    cg_sip_dialog_forget_update(dialog);
    cg_sip_dialog_continue_offers(dialog);
    return true;
}

/* --- ours --- */

void cg_sip_dialog_send_update(cg_sip_dialog *dialog)
{
    g_autofree char *timer = cg_sip_session_ask(dialog);
    nua_update(dialog->handle, CG_SIP_SUPPORTED_TIMER, TAG_IF(timer != NULL, SIPTAG_HEADER_STR(timer)), TAG_END());
}

void cg_sip_dialog_on_update_response(cg_sip_dialog *dialog, int status, const sip_t *message)
{
    if (!cg_sip_dialog_is_final(dialog, &dialog->session.authenticated, status, message) ||
        dialog->state != CG_SIP_DIALOG_TALKING) /* our BYE waits for this one */
        return;
    if (cg_sip_refusal_ends_call(sip_method_update, status)) {
        cg_sip_dialog_lost(dialog, status);
        return;
    }
    if (status == 405 || status == 501)
        dialog->session.takes_update = false; /* the next try is a re-INVITE */
    cg_sip_session_refreshed(dialog, status, message);
}
