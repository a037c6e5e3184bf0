/* Offers of ours within an answered call: re-INVITEs, one at a time. One that crosses the peer's own is refused with
 * 491, by the peer or by our own stack, and made again after a random time (RFC 3261 section 14.1). */
#include "signaling/sip/sip_challenge.h"

#include "base/random.h"
#include "base/secret.h"
#include "signaling/sip/sip_refusal.h"

#include <sofia-sip/sip_tag.h>

enum {
    GLARE_STEP_MS = 10,
    GLARE_OWNER_MIN_MS = 2100, /* who made the Call-ID waits longer, so that the two do not meet again */
    GLARE_OWNER_MAX_MS = 4000,
    GLARE_OTHER_MAX_MS = 2000,
};

static void send_offer(cg_sip_dialog *dialog)
{
    g_autoptr(cg_secret) sdp = g_steal_pointer(&dialog->next_offer);
    dialog->offering = true;
    dialog->version = dialog->next_version;
    g_autofree char *timer = cg_sip_session_ask(dialog);
    nua_invite(dialog->handle, CG_SIP_SUPPORTED_TIMER, TAG_IF(timer != NULL, SIPTAG_HEADER_STR(timer)),
               SIPTAG_CONTENT_TYPE_STR("application/sdp"), SIPTAG_PAYLOAD_STR(sdp), TAG_END());
    cg_secret_free(dialog->sdp);
    dialog->sdp = g_steal_pointer(&sdp);
}

static void stop_retry(cg_sip_dialog *dialog)
{
    if (dialog->retry != NULL)
        su_timer_destroy(dialog->retry);
    dialog->retry = NULL;
}

void cg_sip_dialog_forget_offers(cg_sip_dialog *dialog)
{
    stop_retry(dialog);
    g_clear_pointer(&dialog->next_offer, cg_secret_free);
}

/* Not while an INVITE of the peer's is under way, until the ACK (RFC 3261 section 14.1), which may owe an answer to an
 * offer that our 200 had (RFC 3264 section 4). */
void cg_sip_dialog_continue_offers(cg_sip_dialog *dialog)
{
    bool theirs = dialog->offered || dialog->answered || dialog->asked || dialog->update != NULL;
    bool waits = dialog->offering || dialog->retry != NULL || theirs;
    if (dialog->next_offer != NULL && !waits && dialog->state == CG_SIP_DIALOG_TALKING)
        send_offer(dialog);
}

void cg_sip_dialog_offer(cg_sip_dialog *dialog, const char *sdp, uint64_t version)
{
    if (dialog->state != CG_SIP_DIALOG_TALKING)
        return;
    cg_secret_free(dialog->next_offer);
    dialog->next_offer = g_strdup(sdp);
    dialog->next_version = version;
    cg_sip_dialog_continue_offers(dialog);
}

static void on_retry(su_root_magic_t *magic, su_timer_t *timer, su_timer_arg_t *user)
{
    cg_sip_dialog *dialog = (cg_sip_dialog *) user;
    stop_retry(dialog);
    cg_sip_dialog_continue_offers(dialog);
}

static unsigned glare_wait_ms(const cg_sip_dialog *dialog)
{
    bool owner = dialog->hosts[0] != NULL; /* we called */
    unsigned min = owner ? GLARE_OWNER_MIN_MS : 0, max = owner ? GLARE_OWNER_MAX_MS : GLARE_OTHER_MAX_MS;
    return min + cg_random_u32() % ((max - min) / GLARE_STEP_MS + 1) * GLARE_STEP_MS;
}

static void retry_later(cg_sip_dialog *dialog)
{
    if (dialog->next_offer == NULL) {
        dialog->next_offer = g_strdup(dialog->sdp);
        dialog->next_version = dialog->version;
    }
    dialog->retry = su_timer_create(su_root_task(dialog->sip->root), 0);
    su_timer_set_interval(dialog->retry, on_retry, (su_timer_arg_t *) dialog, glare_wait_ms(dialog));
}

/* Our stack says BYE where it should; what it ends is told of here, with the reason. */
void cg_sip_dialog_lost(cg_sip_dialog *dialog, int status)
{
    cg_sip_dialog_tell(dialog, CG_SIP_ENDED, status < 700 ? (unsigned) status : 503, NULL);
    dialog->state = CG_SIP_DIALOG_ENDING;
    cg_sip_session_stop(dialog);
}

void cg_sip_dialog_on_offer_response(cg_sip_dialog *dialog, int status, const sip_t *message)
{
    if (!dialog->offering || !cg_sip_dialog_is_final(dialog, &dialog->authenticated, status, message))
        return;
    dialog->offering = false;
    if (cg_sip_refusal_ends_call(sip_method_invite, status)) {
        cg_sip_dialog_lost(dialog, status);
        return;
    }
    if (status == 491) {
        retry_later(dialog);
        return;
    }
    cg_sip_session_refreshed(dialog, status, message);
    cg_sip_dialog_confirm(dialog, status < 300 ? cg_sip_read_body(message) : NULL);
    cg_sip_dialog_continue_offers(dialog);
}
