/* Our calls, until they are answered: one host after the other, challenges, refusals. */
#include "signaling/sip/sip_challenge.h"
#include "signaling/sip/sip_targets.h"

#include <sofia-sip/sip_tag.h>

static void await_progress(cg_sip_dialog *dialog);

/* `refusal` of the same INVITE with something other asked for: the request is the same call's (RFC 3261
 * section 8.1.3.5). NULL: it is the first. */
static bool try_host(cg_sip_dialog *dialog, const sip_t *refusal)
{
    cg_sip *sip = dialog->sip;
    g_autofree char *url = cg_sip_write_uri(dialog->user, dialog->hosts[dialog->host]);
    g_autofree char *from = cg_sip_write_from(dialog->from_user, dialog->from_host);
    g_autofree char *timer = cg_sip_session_ask(dialog);
    const sip_from_t *of = refusal != NULL ? refusal->sip_from : NULL; /* with our tag */
    const sip_call_id_t *call_id = refusal != NULL ? refusal->sip_call_id : NULL;
    const sip_cseq_t *sequence = refusal != NULL ? refusal->sip_cseq : NULL;
    g_clear_pointer(&dialog->realms, g_ptr_array_unref);
    g_clear_pointer(&dialog->ringing, g_ptr_array_unref);
    cg_sip_reliable_clear(dialog);
    dialog->handle =
        nua_handle(sip->nua, dialog, NUTAG_URL(url), SIPTAG_TO_STR(url), SIPTAG_FROM_STR(from),
                   TAG_IF(of != NULL, SIPTAG_FROM(of)), TAG_IF(call_id != NULL, SIPTAG_CALL_ID(call_id)), TAG_END());
    if (dialog->handle == NULL)
        return false;
    const char *supported = dialog->reliable.required ? CG_SIP_SUPPORTED ", 100rel" : CG_SIP_SUPPORTED;
    nua_invite(dialog->handle, NUTAG_AUTOANSWER(0), TAG_IF(dialog->auth_user == NULL, NUTAG_RETRY_COUNT(0)),
               SIPTAG_SUPPORTED_STR(supported), SIPTAG_ALLOW_STR(CG_SIP_DIALOG_METHODS), CG_SIP_SUPPORTED_TIMER,
               TAG_IF(sequence != NULL, SIPTAG_CSEQ(sequence)), TAG_IF(timer != NULL, SIPTAG_HEADER_STR(timer)),
               SIPTAG_CONTENT_TYPE_STR("application/sdp"), SIPTAG_PAYLOAD_STR(dialog->sdp),
               TAG_IF(dialog->headers != NULL, SIPTAG_HEADER_STR(dialog->headers)), TAG_END());
    await_progress(dialog);
    return true;
}

static void fail(cg_sip_dialog *dialog, unsigned status)
{
    cg_sip_dialog_tell(dialog, CG_SIP_FAILED, status, NULL);
    cg_sip_dialog_drop(dialog);
}

static bool has_next_host(const cg_sip_dialog *dialog)
{
    return dialog->hosts[dialog->host + 1] != NULL;
}

/* Its INVITE is cancelled as a dialog of its own, of which nobody is told: 487 follows, or the 200 that has crossed the
 * CANCEL and is hung up on (RFC 3261 section 9.1). */
static void leave_host(cg_sip_dialog *dialog)
{
    cg_sip *sip = dialog->sip;
    cg_sip_dialog *left = g_new0(cg_sip_dialog, 1);
    *left = (cg_sip_dialog){.sip = sip,
                            .id = sip->next_incoming,
                            .call_id = g_steal_pointer(&dialog->call_id),
                            .auth_user = g_strdup(dialog->auth_user),
                            .auth_password = g_strdup(dialog->auth_password),
                            .realms = g_steal_pointer(&dialog->realms),
                            .handle = g_steal_pointer(&dialog->handle),
                            .state = CG_SIP_DIALOG_CALLING};
    sip->next_incoming += 2;
    nua_handle_bind(left->handle, left);
    cg_sip_dialog_keep(left);
    cg_sip_dialog_end(left);
}

static void on_no_progress(su_root_magic_t *magic, su_timer_t *timer, su_timer_arg_t *user)
{
    cg_sip_dialog *dialog = (cg_sip_dialog *) user;
    if (dialog->state != CG_SIP_DIALOG_CALLING || dialog->rang || !has_next_host(dialog))
        return;
    leave_host(dialog);
    g_clear_pointer(&dialog->targets, g_ptr_array_unref);
    dialog->host++;
    if (!try_host(dialog, NULL))
        fail(dialog, 503);
}

/* From the first provisional response on our stack waits without end, as RFC 3261 section 17.1.1.2 has it. */
static void await_progress(cg_sip_dialog *dialog)
{
    if (dialog->progress_timeout_s == 0)
        return;
    if (dialog->progress == NULL)
        dialog->progress = su_timer_create(su_root_task(dialog->sip->root), 0);
    su_timer_set_interval(dialog->progress, on_no_progress, (su_timer_arg_t *) dialog,
                          dialog->progress_timeout_s * 1000);
}

void cg_sip_dialog_dial(cg_sip *sip, cg_sip_dialog *dialog)
{
    cg_sip_dialog_keep(dialog);
    if (g_hash_table_size(sip->dialogs) > sip->config.max_dialogs || !try_host(dialog, NULL))
        fail(dialog, 503);
}

/* A host that is not there, or not in order, before the callee can know of the call. Statuses from 900 on are Sofia's
 * own: names that do not resolve, transports that fail. Of a host that is silent it says 408, as if the host did. */
static bool gives_way(const cg_sip_dialog *dialog, int status, const sip_t *message)
{
    return !dialog->rang && (message == NULL || status == 408 || status >= 500) && (status < 600 || status >= 900);
}

/* The message is of the handle that goes. */
static void try_again(cg_sip_dialog *dialog, const sip_t *refusal)
{
    nua_handle_t *refused = g_steal_pointer(&dialog->handle);
    if (refusal == NULL)
        cg_sip_dialog_unhear(dialog);
    nua_handle_bind(refused, NULL);
    bool tried = try_host(dialog, refusal);
    nua_handle_destroy(refused);
    if (!tried)
        fail(dialog, 503);
}

/* RFC 3261 section 21.5.4: no other request should go there meanwhile. Other 5xx mean this one alone. */
static void note_retry_after(const cg_sip_dialog *dialog, int status, const sip_t *message)
{
    cg_sip_event event = {.kind = CG_SIP_HOST_AWAY,
                          .dialog = dialog->id,
                          .host = dialog->host,
                          .retry_after_s = cg_sip_read_retry_after(message)};
    if (status == 503 && event.retry_after_s != 0)
        cg_sip_post_event(dialog->sip, &event);
}

static void refused(cg_sip_dialog *dialog, int status, const sip_t *message)
{
    if (cg_sip_dialog_authenticate(dialog, status, message))
        return;
    if (cg_sip_session_raise(dialog, status, message) || cg_sip_reliable_insist(dialog, status, message)) {
        try_again(dialog, message);
        return;
    }
    bool next = gives_way(dialog, status, message);
    if (next && status >= 500 &&
        cg_sip_targets_next(dialog->sip, dialog->hosts[dialog->host], message, &dialog->targets)) {
        try_again(dialog, NULL);
        return;
    }
    note_retry_after(dialog, status, message);
    if (!next || !has_next_host(dialog)) {
        fail(dialog, status >= 300 && status < 700 ? (unsigned) status : 503);
        return;
    }
    g_clear_pointer(&dialog->targets, g_ptr_array_unref);
    dialog->host++;
    try_again(dialog, NULL);
}

/* The first that says that it rings is told, and each that describes early media (RFC 3960): a call that is forked has
 * several, each a dialog of its own, and which of them speaks last nobody can know beforehand. */
static void proceeding(cg_sip_dialog *dialog, int status, const sip_t *message)
{
    char *sdp = cg_sip_read_body(message);
    cg_sip_dialog_note_ringing(dialog, message);
    cg_sip_reliable_note(dialog, message, sdp);
    if (message->sip_rseq != NULL)
        cg_sip_dialog_expect_challenges(dialog); /* of the PRACK */
    if (sdp != NULL || !dialog->rang)
        cg_sip_dialog_tell(dialog, CG_SIP_RINGING, (unsigned) status, sdp);
    dialog->rang = true;
}

static void answered(cg_sip_dialog *dialog, const sip_t *message)
{
    cg_sip_session_answered(dialog, message);
    dialog->state = CG_SIP_DIALOG_TALKING;
    cg_sip_dialog_expect_challenges(dialog);
    cg_sip_dialog_tell(dialog, CG_SIP_ANSWERED, 200, cg_sip_reliable_answer(dialog, message));
}

/* The answer has crossed our CANCEL: RFC 3261 section 9.1. */
static void crossed(cg_sip_dialog *dialog, int status)
{
    if (status >= 300) {
        cg_sip_dialog_drop(dialog);
    } else if (status >= 200) {
        cg_sip_dialog_expect_challenges(dialog);
        nua_bye(dialog->handle, TAG_END());
    }
}

/* A response to our INVITE. */
void cg_sip_dialog_on_response(cg_sip_dialog *dialog, int status, const sip_t *message)
{
    switch (dialog->state) {
    case CG_SIP_DIALOG_CALLING:
        if (status >= 300)
            refused(dialog, status, message);
        else if (status >= 200)
            answered(dialog, message);
        else if (status >= 180)
            proceeding(dialog, status, message);
        break;
    case CG_SIP_DIALOG_ENDING:
        if (!dialog->offering) /* else our BYE is under way */
            crossed(dialog, status);
        break;
    case CG_SIP_DIALOG_TALKING:
        cg_sip_dialog_on_offer_response(dialog, status, message);
        break;
    default:
        break;
    }
}
