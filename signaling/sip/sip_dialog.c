/* Dialogs: a state each, one function per trigger. How one comes to be is in sip_outgoing.c and sip_incoming.c, what
 * happens within it and how it ends is here. A dialog leaves the table only in cg_sip_dialog_drop, which may be called
 * from any of nua's events. */
#include "signaling/sip/sip_challenge.h"

#include "base/secret.h"
#include "signaling/sip/sip_screen.h"
#include "signaling/sip/sip_update.h"

#include <sofia-sip/sip_status.h>
#include <sofia-sip/sip_tag.h>

void cg_sip_dialog_free(void *data)
{
    cg_sip_dialog *dialog = data;
    if (dialog == NULL)
        return;
    if (dialog->handle != NULL) {
        nua_handle_bind(dialog->handle, NULL);
        nua_handle_destroy(dialog->handle);
    }
    cg_sip_dialog_forget_offers(dialog);
    cg_sip_dialog_forget_update(dialog);
    cg_sip_session_stop(dialog);
    cg_sip_dialog_unhear(dialog);
    for (char **host = dialog->hosts; *host != NULL; host++)
        g_free(*host);
    cg_sip_dialog_clear_keys(dialog);
    cg_sip_dialog_forget_refer(dialog);
    g_clear_pointer(&dialog->ringing, g_ptr_array_unref);
    su_timer_destroy(dialog->progress);
    g_clear_pointer(&dialog->targets, g_ptr_array_unref);
    g_clear_pointer(&dialog->realms, g_ptr_array_unref);
    cg_sip_reliable_clear(dialog);
    g_free(dialog->user);
    g_free(dialog->from_user);
    g_free(dialog->from_host);
    g_free(dialog->headers);
    g_free(dialog->auth_user);
    cg_secret_free(dialog->auth_password);
    cg_secret_free(dialog->sdp);
    g_free(dialog);
}

void cg_sip_dialog_keep(cg_sip_dialog *dialog)
{
    g_hash_table_insert(dialog->sip->dialogs, &dialog->id, dialog);
    atomic_store_explicit(&dialog->sip->dialog_count, g_hash_table_size(dialog->sip->dialogs), memory_order_relaxed);
}

void cg_sip_dialog_heard(cg_sip_dialog *dialog, const sip_t *message)
{
    if (dialog->call_id != NULL || message == NULL || message->sip_call_id == NULL)
        return;
    dialog->call_id = g_strdup(message->sip_call_id->i_id);
    cg_sip_screen_enter(dialog->sip->screen, dialog->call_id, g_get_monotonic_time());
}

void cg_sip_dialog_unhear(cg_sip_dialog *dialog)
{
    if (dialog->call_id != NULL)
        cg_sip_screen_leave(dialog->sip->screen, dialog->call_id, g_get_monotonic_time());
    g_clear_pointer(&dialog->call_id, g_free);
}

void cg_sip_dialog_drop(cg_sip_dialog *dialog)
{
    cg_sip *sip = dialog->sip;
    g_hash_table_remove(sip->dialogs, &dialog->id);
    atomic_store_explicit(&sip->dialog_count, g_hash_table_size(sip->dialogs), memory_order_relaxed);
}

static void tell(cg_sip_dialog *dialog, cg_sip_event event)
{
    event.dialog = dialog->id;
    event.host = dialog->host;
    cg_sip_read_source(dialog->sip->nua, &event.source);
    cg_sip_post_event(dialog->sip, &event);
}

void cg_sip_dialog_tell(cg_sip_dialog *dialog, cg_sip_event_kind kind, unsigned status, char *sdp)
{
    tell(dialog, (cg_sip_event){.kind = kind, .status = status, .sdp = sdp});
}

void cg_sip_dialog_confirm(cg_sip_dialog *dialog, char *sdp)
{
    tell(dialog, (cg_sip_event){.kind = CG_SIP_CONFIRMED, .sdp = sdp, .version = dialog->version});
}

void cg_sip_dialog_on_reinvite(cg_sip_dialog *dialog, const sip_t *message)
{
    if (dialog->state != CG_SIP_DIALOG_TALKING) {
        nua_respond(dialog->handle, SIP_481_NO_TRANSACTION, TAG_END());
        return;
    }
    if (cg_sip_dialog_refuse_body(dialog, message))
        return;
    if (dialog->update != NULL) {
        cg_sip_dialog_say_later(dialog);
        return;
    }
    if (!cg_sip_session_take(dialog, message))
        return;
    char *sdp = cg_sip_read_body(message);
    dialog->offered = true;
    dialog->asked = sdp == NULL;
    cg_sip_dialog_tell(dialog, CG_SIP_OFFER, 0, sdp);
}

static bool is_confirmed(const cg_sip_dialog *dialog)
{
    return dialog->confirmed || dialog->hosts[0] != NULL; /* or we called */
}

/* Of a re-INVITE. What we have made of its offer, or are about to, the peer does not know: it is offered what is. */
void cg_sip_dialog_on_cancel(cg_sip_dialog *dialog)
{
    if (dialog->state != CG_SIP_DIALOG_TALKING || !is_confirmed(dialog))
        return;
    if (!dialog->offered) /* our answer comes too late */
        cg_sip_dialog_tell(dialog, CG_SIP_REFRESH, 0, NULL);
    dialog->offered = dialog->answered = dialog->asked = false;
    cg_sip_dialog_continue_offers(dialog);
}

void cg_sip_dialog_on_ack(cg_sip_dialog *dialog, const sip_t *message)
{
    bool parts = dialog->state == CG_SIP_DIALOG_ENDING && !is_confirmed(dialog);
    dialog->confirmed = true;
    if (parts) {
        nua_bye(dialog->handle, TAG_END());
        return;
    }
    if (dialog->asked)
        cg_sip_dialog_confirm(dialog, cg_sip_read_body(message));
    dialog->asked = dialog->answered = false;
    cg_sip_dialog_continue_offers(dialog);
}

/* --- what is said in it --- */

void cg_sip_dialog_ring(cg_sip_dialog *dialog)
{
    if (dialog->state != CG_SIP_DIALOG_CALLED || !cg_sip_reliable_may_ring(dialog))
        return;
    dialog->reliable.awaited = dialog->reliable.required;
    nua_respond(dialog->handle, SIP_180_RINGING, TAG_END());
}

void cg_sip_dialog_answer(cg_sip_dialog *dialog, const char *sdp, uint64_t version)
{
    if (cg_sip_dialog_answer_update(dialog, sdp) ||
        (dialog->state != CG_SIP_DIALOG_CALLED && dialog->state != CG_SIP_DIALOG_TALKING))
        return;
    if (dialog->state == CG_SIP_DIALOG_TALKING && !dialog->offered) {
        cg_sip_dialog_tell(dialog, CG_SIP_REFRESH, 0, NULL); /* it was cancelled meanwhile */
        return;
    }
    g_autofree char *timer = cg_sip_session_accept(dialog);
    dialog->state = CG_SIP_DIALOG_TALKING;
    dialog->offered = false;
    dialog->answered = true;
    dialog->version = version;
    nua_respond(dialog->handle, SIP_200_OK, CG_SIP_SUPPORTED_TIMER, TAG_IF(timer != NULL, SIPTAG_HEADER_STR(timer)),
                SIPTAG_CONTENT_TYPE_STR("application/sdp"), SIPTAG_PAYLOAD_STR(sdp), TAG_END());
}

void cg_sip_dialog_reject(cg_sip_dialog *dialog, unsigned status, cg_sip_warning warning)
{
    g_autofree char *warned = cg_sip_write_warning(warning, cg_sip_listeners_towards(&dialog->sip->listeners, NULL));
    g_autofree char *retry_after = g_strdup_printf("%u", CG_SIP_RETRY_AFTER_S);
    if (cg_sip_dialog_reject_update(dialog, status, warned) ||
        !(dialog->state == CG_SIP_DIALOG_CALLED || dialog->offered))
        return;
    nua_respond(dialog->handle, (int) status, sip_status_phrase((int) status),
                TAG_IF(status == 503, SIPTAG_RETRY_AFTER_STR(retry_after)), TAG_IF(status == 415, CG_SIP_ACCEPT),
                TAG_IF(status == 415, CG_SIP_ACCEPT_ENCODING), TAG_IF(warned != NULL, SIPTAG_WARNING_STR(warned)),
                TAG_END());
    dialog->asked = dialog->offered = false;
    if (dialog->state == CG_SIP_DIALOG_CALLED)
        cg_sip_dialog_drop(dialog);
    else
        cg_sip_dialog_continue_offers(dialog);
}

/* --- the end --- */

static void refuse(cg_sip_dialog *dialog)
{
    nua_respond(dialog->handle, SIP_480_TEMPORARILY_UNAVAILABLE, TAG_END());
    cg_sip_dialog_drop(dialog);
}

/* Whoever was called says no BYE before the 200 is acknowledged (RFC 3261 section 15). If it never is, our stack does.
 */
void cg_sip_dialog_end(cg_sip_dialog *dialog)
{
    cg_sip_dialog_state state = dialog->state;
    dialog->state = CG_SIP_DIALOG_ENDING;
    cg_sip_session_stop(dialog);
    switch (state) {
    case CG_SIP_DIALOG_CALLING:
        nua_cancel(dialog->handle, TAG_END());
        break;
    case CG_SIP_DIALOG_CALLED:
        refuse(dialog);
        break;
    case CG_SIP_DIALOG_TALKING:
        if (dialog->reliable.awaited)
            refuse(dialog);
        else if (is_confirmed(dialog) && !cg_sip_dialog_await_bye(dialog))
            nua_bye(dialog->handle, TAG_END());
        break;
    case CG_SIP_DIALOG_ENDING:
        break;
    }
}

/* A re-INVITE that has not been answered yet does not keep it. */
void cg_sip_dialog_on_bye_response(cg_sip_dialog *dialog, int status, const sip_t *message)
{
    if (cg_sip_dialog_is_final(dialog, &dialog->bye_answered, status, message) && dialog->state == CG_SIP_DIALOG_ENDING)
        cg_sip_dialog_drop(dialog);
}

/* By the peer, or because it does not answer any more. */
void cg_sip_dialog_on_terminated(cg_sip_dialog *dialog)
{
    if (dialog->state == CG_SIP_DIALOG_ENDING && dialog->offering) /* the re-INVITE is over, not our BYE */
        return;
    if (dialog->state == CG_SIP_DIALOG_CALLED || dialog->state == CG_SIP_DIALOG_TALKING)
        cg_sip_dialog_tell(dialog, CG_SIP_ENDED, 0, NULL);
    if (dialog->state != CG_SIP_DIALOG_CALLING) /* then its response says more */
        cg_sip_dialog_drop(dialog);
}
