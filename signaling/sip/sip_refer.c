/* REFER within a call (RFC 3515): the peer has the other party sent elsewhere. One at a time; what is answered is
 * decided on the control thread, and how it goes is told by NOTIFY. */
#include "signaling/sip/sip_internal.h"

#include <sofia-sip/msg_addr.h>
#include <sofia-sip/sip_extra.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/sip_tag.h>

enum { PARTING_MS = 2000 }; /* RFC 5589 section 6.1: who transferred says BYE when it has heard that it succeeded */

static bool is_under_way(const cg_sip_dialog *dialog)
{
    return dialog->refer.request != NULL || dialog->refer.event != NULL;
}

static void refuse(cg_sip_dialog *dialog, int status, const char *phrase)
{
    nua_respond(dialog->handle, status, phrase, NUTAG_WITH_CURRENT(dialog->sip->nua), TAG_END());
}

/* A host that is our own needs no name. */
static void drop_own_host(const cg_sip *sip, char *host)
{
    if (cg_sip_listeners_have(&sip->listeners, host, sip->config.port, 5060) ||
        cg_sip_listeners_have(&sip->listeners, host, sip->config.tls_port, 5061))
        *host = '\0';
}

/* One that is not known here may be of the host that the Refer-To names. */
static bool read_replaced(cg_sip *sip, const sip_replaces_t *replaces, cg_sip_event *told)
{
    told->status = cg_sip_find_replaced(sip, replaces, &told->replaces);
    if (told->status != 481 || *told->to_host == '\0')
        return true;
    told->replaced = cg_sip_write_replaces(replaces);
    return told->replaced != NULL;
}

/* A Replaces belongs to an INVITE (RFC 3891 section 3), or into the Refer-To of one that is to be made. */
static bool read_request(cg_sip *sip, const sip_t *message, cg_sip_event *told)
{
    su_home_t home[1] = {SU_HOME_INIT(home)};
    sip_replaces_t *replaces = NULL;
    bool read = message->sip_replaces == NULL && cg_sip_read_refer(message, told);
    if (read)
        drop_own_host(sip, told->to_host);
    bool good = read && cg_sip_read_refer_replaces(home, message, &replaces) &&
                (replaces == NULL || read_replaced(sip, replaces, told));
    if (read && !good) {
        g_free(told->to_user);
        g_free(told->to_host);
    }
    su_home_deinit(home);
    return good;
}

void cg_sip_dialog_on_refer(cg_sip_dialog *dialog, const sip_t *message, tagi_t tags[])
{
    sip_event_t const *event = NULL;
    cg_sip_event told = {.kind = CG_SIP_REFER, .dialog = dialog->id};
    tl_gets(tags, NUTAG_REFER_EVENT_REF(event), TAG_END());
    if (dialog->state != CG_SIP_DIALOG_TALKING || is_under_way(dialog)) {
        refuse(dialog, SIP_491_REQUEST_PENDING);
        return;
    }
    if (!read_request(dialog->sip, message, &told)) {
        refuse(dialog, SIP_400_BAD_REQUEST);
        return;
    }
    const sip_refer_sub_t *wanted = sip_refer_sub(message);
    dialog->refer.request = msg_ref(nua_current_request(dialog->sip->nua));
    dialog->refer.event = sip_event_dup(NULL, event);
    dialog->refer.quiet = wanted != NULL && g_ascii_strcasecmp(wanted->rs_value, "false") == 0;
    dialog->refer.succeeded = false;
    cg_sip_post_event(dialog->sip, &told);
}

static void respond(cg_sip_dialog *dialog, unsigned status)
{
    nua_respond(dialog->handle, (int) status, sip_status_phrase((int) status), NUTAG_WITH(dialog->refer.request),
                TAG_IF(status == 202 && dialog->refer.quiet, SIPTAG_REFER_SUB_STR("false")), TAG_END());
    msg_unref(g_steal_pointer(&dialog->refer.request));
}

static void forget_event(cg_sip_dialog *dialog)
{
    msg_header_free(NULL, (msg_header_t *) g_steal_pointer(&dialog->refer.event));
}

static void notify(cg_sip_dialog *dialog, unsigned status)
{
    g_autofree char *fragment = g_strdup_printf("SIP/2.0 %u %s\r\n", status, sip_status_phrase((int) status));
    const char *state = status < 200 ? "active" : "terminated;reason=noresource";
    if (!dialog->refer.quiet)
        nua_notify(dialog->handle, SIPTAG_EVENT(dialog->refer.event), SIPTAG_SUBSCRIPTION_STATE_STR(state),
                   SIPTAG_CONTENT_TYPE_STR("message/sipfrag;version=2.0"), SIPTAG_PAYLOAD_STR(fragment), TAG_END());
    if (status >= 200)
        forget_event(dialog);
}

/* Responses to a REFER that speak of the dialog (RFC 5057 section 5.1), or that our stack takes for such. */
static bool spares_dialog(unsigned status)
{
    return status == 400 || status == 403 || status == 491 || status == 603;
}

void cg_sip_dialog_refer_reply(cg_sip_dialog *dialog, unsigned status)
{
    bool taken = status == 202 || !(spares_dialog(status) || dialog->refer.quiet);
    if (dialog->refer.request == NULL)
        return;
    if (taken) {
        respond(dialog, 202);
        notify(dialog, status == 202 ? 100 : status);
    } else {
        respond(dialog, spares_dialog(status) ? status : 603);
        forget_event(dialog);
    }
}

void cg_sip_dialog_refer_tell(cg_sip_dialog *dialog, unsigned status)
{
    if (dialog->refer.event == NULL || dialog->refer.request != NULL)
        return;
    dialog->refer.succeeded = status >= 200 && status < 300 && !dialog->refer.quiet;
    notify(dialog, status);
}

static void on_parted(su_root_magic_t *magic, su_timer_t *timer, su_timer_arg_t *user)
{
    nua_bye(((cg_sip_dialog *) user)->handle, TAG_END());
}

bool cg_sip_dialog_await_bye(cg_sip_dialog *dialog)
{
    if (dialog->refer.event != NULL && dialog->refer.request == NULL)
        notify(dialog, 487); /* the call ends before the outcome is there */
    if (!dialog->refer.succeeded)
        return false;
    dialog->refer.parting = su_timer_create(su_root_task(dialog->sip->root), PARTING_MS);
    return su_timer_set(dialog->refer.parting, on_parted, (su_timer_arg_t *) dialog) == 0;
}

void cg_sip_dialog_forget_refer(cg_sip_dialog *dialog)
{
    su_timer_destroy(dialog->refer.parting);
    if (dialog->refer.request != NULL)
        msg_unref(dialog->refer.request);
    forget_event(dialog);
}
