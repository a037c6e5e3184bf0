/* Session timers of dialogs. Whoever refreshes does so by UPDATE if the peer takes that, and else by a re-INVITE, whose
 * description only the control thread knows. Every re-INVITE and UPDATE of either side is a refresh. */
#include "signaling/sip/sip_internal.h"
#include "signaling/sip/sip_update.h"

#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/sip_tag.h>
#include <sofia-sip/su_string.h>

enum {
    MAX_S = 86400,    /* of what a peer may say: milliseconds have to fit into 32 bits */
    RETRY_SHARE = 10, /* of the interval, after which a refresh is tried again */
};

#define EXPIRED "SIP;cause=408;text=\"Session not refreshed\""

cg_session_terms cg_sip_session_read(const sip_t *message)
{
    const sip_session_expires_t *expires = message->sip_session_expires;
    cg_session_terms terms = {
        .supported = sip_has_feature(message->sip_supported, "timer"),
        .expires_s = expires != NULL ? (unsigned) MIN(expires->x_delta, MAX_S) : 0,
        .min_s = message->sip_min_se != NULL ? (unsigned) MIN(message->sip_min_se->min_delta, MAX_S) : 0,
    };
    if (expires != NULL && su_casematch(expires->x_refresher, "uac"))
        terms.refresher = CG_SESSION_REFRESHER_UAC;
    else if (expires != NULL && su_casematch(expires->x_refresher, "uas"))
        terms.refresher = CG_SESSION_REFRESHER_UAS;
    return terms;
}

static unsigned min_of(const cg_sip_dialog *dialog)
{
    return MAX(dialog->session.min_s, dialog->sip->config.min_session_s);
}

static unsigned asked_s(const cg_sip_dialog *dialog)
{
    const cg_sip_session *session = &dialog->session;
    unsigned interval = dialog->state == CG_SIP_DIALOG_CALLING ? session->wanted_s : session->timer.interval_s;
    return interval != 0 ? MAX(interval, min_of(dialog)) : 0;
}

static void note_allowed(cg_sip_dialog *dialog, const sip_t *message)
{
    if (message->sip_allow != NULL)
        dialog->session.takes_update = sip_is_allowed(message->sip_allow, sip_method_update, "UPDATE");
}

/* --- when time has passed --- */

static void set(cg_sip_dialog *dialog, su_timer_t **timer, su_timer_f act, unsigned ms)
{
    if (*timer == NULL)
        *timer = su_timer_create(su_root_task(dialog->sip->root), 0);
    su_timer_set_interval(*timer, act, (su_timer_arg_t *) dialog, ms);
}

static void end(cg_sip_dialog *dialog)
{
    cg_sip_session_stop(dialog);
    cg_sip_dialog_tell(dialog, CG_SIP_EXPIRED, 0, NULL);
    dialog->state = CG_SIP_DIALOG_ENDING;
    nua_bye(dialog->handle, SIPTAG_REASON_STR(EXPIRED), TAG_END());
}

static void on_expiry(su_root_magic_t *magic, su_timer_t *timer, su_timer_arg_t *user)
{
    cg_sip_dialog *dialog = (cg_sip_dialog *) user;
    if (dialog->state == CG_SIP_DIALOG_TALKING)
        end(dialog);
}

/* Not while something is under way that is a refresh itself, or that ours would cross. */
static bool is_busy(const cg_sip_dialog *dialog)
{
    return dialog->offering || dialog->next_offer != NULL || dialog->asked || dialog->update != NULL ||
           dialog->session.refreshing;
}

static void on_refresh(su_root_magic_t *magic, su_timer_t *timer, su_timer_arg_t *user)
{
    cg_sip_dialog *dialog = (cg_sip_dialog *) user;
    cg_sip_session *session = &dialog->session;
    if (dialog->state != CG_SIP_DIALOG_TALKING)
        return;
    set(dialog, &session->refresh, on_refresh, session->timer.interval_s * 1000 / RETRY_SHARE);
    if (is_busy(dialog))
        return;
    session->refreshing = true;
    if (session->takes_update)
        cg_sip_dialog_send_update(dialog);
    else
        cg_sip_dialog_tell(dialog, CG_SIP_REFRESH, 0, NULL);
}

void cg_sip_session_stop(cg_sip_dialog *dialog)
{
    cg_sip_session *session = &dialog->session;
    su_timer_destroy(session->refresh);
    su_timer_destroy(session->expiry);
    session->refresh = session->expiry = NULL;
}

static void settle(cg_sip_dialog *dialog, cg_session_timer timer)
{
    cg_sip_session *session = &dialog->session;
    cg_sip_session_stop(dialog);
    session->timer = timer;
    session->refreshing = false;
    if (timer.interval_s != 0 && timer.ours)
        set(dialog, &session->refresh, on_refresh, cg_session_timer_refresh_ms(&timer));
    if (timer.interval_s != 0 && timer.agreed)
        set(dialog, &session->expiry, on_expiry, cg_session_timer_expiry_ms(&timer));
}

/* --- our requests --- */

char *cg_sip_session_ask(const cg_sip_dialog *dialog)
{
    cg_session_timer timer = dialog->session.timer;
    timer.interval_s = asked_s(dialog);
    if (timer.interval_s == 0)
        return NULL;
    /* Who calls leaves the choice to the other (section 7.1), and keeps to it afterwards. */
    g_autofree char *expires = dialog->state == CG_SIP_DIALOG_CALLING ? g_strdup_printf("%u", timer.interval_s)
                                                                      : cg_session_timer_write(&timer, true);
    return min_of(dialog) == CG_SESSION_TIMER_MIN_S
               ? g_strdup_printf("Session-Expires: %s", expires)
               : g_strdup_printf("Session-Expires: %s\r\nMin-SE: %u", expires, min_of(dialog));
}

void cg_sip_session_answered(cg_sip_dialog *dialog, const sip_t *response)
{
    cg_session_terms terms = cg_sip_session_read(response);
    note_allowed(dialog, response);
    settle(dialog, cg_session_timer_conclude(&terms, asked_s(dialog), dialog->sip->config.min_session_s));
}

bool cg_sip_session_raise(cg_sip_dialog *dialog, int status, const sip_t *response)
{
    if (status != 422 || response == NULL || dialog->session.min_s != 0)
        return false;
    dialog->session.min_s = cg_sip_session_read(response).min_s;
    return dialog->session.min_s > dialog->sip->config.min_session_s && asked_s(dialog) == dialog->session.min_s;
}

void cg_sip_session_refreshed(cg_sip_dialog *dialog, int status, const sip_t *response)
{
    cg_sip_session *session = &dialog->session;
    session->refreshing = false;
    if (status < 300 && response != NULL)
        cg_sip_session_answered(dialog, response);
    else if (cg_sip_session_raise(dialog, status, response))
        session->timer.interval_s = session->min_s;
}

/* --- the peer's --- */

bool cg_sip_session_take(cg_sip_dialog *dialog, const sip_t *request)
{
    cg_sip_session *session = &dialog->session;
    unsigned min_s = dialog->sip->config.min_session_s;
    session->asked = cg_sip_session_read(request);
    note_allowed(dialog, request);
    if (!cg_session_timer_too_short(&session->asked, min_s))
        return true;
    g_autofree char *min = g_strdup_printf("%u", min_s);
    nua_respond(dialog->handle, SIP_422_SESSION_TIMER_TOO_SMALL, NUTAG_WITH_CURRENT(dialog->sip->nua),
                SIPTAG_MIN_SE_STR(min), TAG_END());
    return false;
}

char *cg_sip_session_accept(cg_sip_dialog *dialog)
{
    cg_sip_session *session = &dialog->session;
    settle(dialog, cg_session_timer_accept(&session->asked, session->wanted_s, min_of(dialog)));
    if (session->timer.interval_s == 0)
        return NULL;
    g_autofree char *expires = cg_session_timer_write(&session->timer, false);
    return g_strdup_printf("Session-Expires: %s%s", expires, session->timer.agreed ? "\r\nRequire: timer" : "");
}
