/* Dialogs: a state each, one function per trigger. nua answers what needs no thought by itself (CANCEL, BYE, unknown
 * methods); a dialog leaves the table only here, in drop(), which may be called from any of nua's events. */
#include "signaling/sip/sip_internal.h"

#include "base/log.h"

#include <arpa/inet.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/sip_tag.h>

#define TELL_INTERVAL_US 10000000 /* of strangers in the log */

void cg_sip_dialog_free(void *data)
{
    cg_sip_dialog *dialog = data;
    if (dialog == NULL)
        return;
    if (dialog->handle != NULL) {
        nua_handle_bind(dialog->handle, NULL);
        nua_handle_destroy(dialog->handle);
    }
    for (char **host = dialog->hosts; *host != NULL; host++)
        g_free(*host);
    g_free(dialog->user);
    g_free(dialog->from_user);
    g_free(dialog->auth_user);
    g_free(dialog->auth_password);
    g_free(dialog->sdp);
    g_free(dialog);
}

static void keep(cg_sip_dialog *dialog)
{
    g_hash_table_insert(dialog->sip->dialogs, &dialog->id, dialog);
    atomic_store_explicit(&dialog->sip->dialog_count, g_hash_table_size(dialog->sip->dialogs), memory_order_relaxed);
}

static void drop(cg_sip_dialog *dialog)
{
    cg_sip *sip = dialog->sip;
    g_hash_table_remove(sip->dialogs, &dialog->id);
    atomic_store_explicit(&sip->dialog_count, g_hash_table_size(sip->dialogs), memory_order_relaxed);
}

static void tell(cg_sip_dialog *dialog, cg_sip_event_kind kind, unsigned status, char *sdp)
{
    cg_sip_event event = {.kind = kind, .dialog = dialog->id, .status = status, .host = dialog->host, .sdp = sdp};
    cg_sip_post_event(dialog->sip, &event);
}

/* --- our calls --- */

static bool try_host(cg_sip_dialog *dialog)
{
    cg_sip *sip = dialog->sip;
    g_autofree char *url = cg_sip_write_uri(dialog->user, dialog->hosts[dialog->host]);
    g_autofree char *from = cg_sip_write_from(dialog->from_user, sip->advertise);
    dialog->authenticated = false;
    dialog->handle = nua_handle(sip->nua, dialog, NUTAG_URL(url), SIPTAG_TO_STR(url), SIPTAG_FROM_STR(from), TAG_END());
    if (dialog->handle == NULL)
        return false;
    nua_invite(dialog->handle, NUTAG_AUTOANSWER(0), SIPTAG_CONTENT_TYPE_STR("application/sdp"),
               SIPTAG_PAYLOAD_STR(dialog->sdp), TAG_END());
    return true;
}

static void fail(cg_sip_dialog *dialog, unsigned status)
{
    tell(dialog, CG_SIP_FAILED, status, NULL);
    drop(dialog);
}

void cg_sip_dialog_dial(cg_sip *sip, cg_sip_dialog *dialog)
{
    keep(dialog);
    if (g_hash_table_size(sip->dialogs) > sip->config.max_dialogs || !try_host(dialog))
        fail(dialog, 503);
}

/* A host that is not there, or not in order, before the callee can know of the call. Statuses from 900 on are Sofia's
 * own: names that do not resolve, transports that fail. */
static bool should_try_next(const cg_sip_dialog *dialog, int status, const sip_t *message)
{
    return dialog->hosts[dialog->host + 1] != NULL && !dialog->rang && (message == NULL || status >= 500) &&
           (status < 600 || status >= 900);
}

static bool authenticate(cg_sip_dialog *dialog, const sip_t *message)
{
    if (dialog->auth_user == NULL || dialog->authenticated || message == NULL)
        return false;
    g_autofree char *credentials = cg_sip_write_credentials(message, dialog->auth_user, dialog->auth_password);
    if (credentials == NULL)
        return false;
    dialog->authenticated = true;
    nua_authenticate(dialog->handle, NUTAG_AUTH(credentials), TAG_END());
    return true;
}

static void refused(cg_sip_dialog *dialog, int status, const sip_t *message)
{
    if ((status == 401 || status == 407) && authenticate(dialog, message))
        return;
    if (!should_try_next(dialog, status, message)) {
        fail(dialog, status >= 300 && status < 700 ? (unsigned) status : 503);
        return;
    }
    nua_handle_bind(dialog->handle, NULL);
    g_clear_pointer(&dialog->handle, nua_handle_destroy);
    dialog->host++;
    if (!try_host(dialog))
        fail(dialog, 503);
}

static void answered(cg_sip_dialog *dialog, const sip_t *message)
{
    dialog->state = CG_SIP_DIALOG_TALKING;
    tell(dialog, CG_SIP_ANSWERED, 200, cg_sip_read_body(message));
}

/* A response to our INVITE. */
static void on_response(cg_sip_dialog *dialog, int status, const sip_t *message)
{
    switch (dialog->state) {
    case CG_SIP_DIALOG_CALLING:
        if (status >= 300)
            refused(dialog, status, message);
        else if (status >= 200)
            answered(dialog, message);
        else if (status >= 180 && !dialog->rang) {
            dialog->rang = true;
            tell(dialog, CG_SIP_RINGING, (unsigned) status, NULL);
        }
        break;
    case CG_SIP_DIALOG_ENDING: /* the answer has crossed our CANCEL: RFC 3261 section 9.1 */
        if (status >= 300)
            drop(dialog);
        else if (status >= 200)
            nua_bye(dialog->handle, TAG_END());
        break;
    default:
        break;
    }
}

/* --- their calls --- */

static void tell_of_stranger(cg_sip *sip, const struct sockaddr_storage *source, const char *method)
{
    char text[INET6_ADDRSTRLEN] = "";
    int64_t now_us = g_get_monotonic_time();
    if (sip->stranger_told_us != 0 && now_us - sip->stranger_told_us < TELL_INTERVAL_US)
        return;
    sip->stranger_told_us = now_us;
    const void *octets = source->ss_family == AF_INET6
                             ? (const void *) &((const struct sockaddr_in6 *) source)->sin6_addr
                             : (const void *) &((const struct sockaddr_in *) source)->sin_addr;
    inet_ntop(source->ss_family, octets, text, sizeof text);
    cg_log(CG_LOG_INFO, "sip.stranger", CG_LOG_TEXT("peer", text), CG_LOG_TEXT("method", method),
           CG_LOG_NUMBER("refused", atomic_load_explicit(&sip->refused_sources, memory_order_relaxed)));
}

static bool is_known(cg_sip *sip, const struct sockaddr_storage *source)
{
    for (size_t i = 0; i < sip->source_count; i++)
        if (cg_ip_range_contains(&sip->sources[i], source))
            return true;
    return false;
}

/* Where the request being handled came from; false, and it is counted, if that is nobody we know. */
static bool check_source(cg_sip *sip, const char *method, struct sockaddr_storage *ret_source)
{
    if (!cg_sip_read_source(sip->nua, ret_source))
        return false;
    if (is_known(sip, ret_source))
        return true;
    atomic_fetch_add_explicit(&sip->refused_sources, 1, memory_order_relaxed);
    tell_of_stranger(sip, ret_source, method);
    return false;
}

static void refuse(nua_handle_t *handle, int status, const char *phrase)
{
    nua_respond(handle, status, phrase, TAG_END());
    nua_handle_destroy(handle);
}

static void on_invite(cg_sip *sip, nua_handle_t *handle, const sip_t *message)
{
    struct sockaddr_storage source;
    if (!check_source(sip, "INVITE", &source)) {
        refuse(handle, SIP_403_FORBIDDEN);
        return;
    }
    if (g_hash_table_size(sip->dialogs) >= sip->config.max_dialogs) {
        refuse(handle, SIP_503_SERVICE_UNAVAILABLE);
        return;
    }
    cg_sip_dialog *dialog = g_new0(cg_sip_dialog, 1);
    *dialog = (cg_sip_dialog){.sip = sip, .id = sip->next_incoming, .handle = handle, .state = CG_SIP_DIALOG_CALLED};
    sip->next_incoming += 2;
    nua_handle_bind(handle, dialog);
    keep(dialog);
    cg_sip_event event = cg_sip_read_invite(message);
    event.dialog = dialog->id;
    event.source = source;
    cg_sip_post_event(sip, &event);
}

static void on_reinvite(cg_sip_dialog *dialog, const sip_t *message)
{
    if (dialog->state != CG_SIP_DIALOG_TALKING) {
        nua_respond(dialog->handle, SIP_481_NO_TRANSACTION, TAG_END());
        return;
    }
    char *sdp = cg_sip_read_body(message);
    dialog->asked = sdp == NULL;
    tell(dialog, CG_SIP_OFFER, 0, sdp);
}

static void on_ack(cg_sip_dialog *dialog, const sip_t *message)
{
    char *sdp = dialog->asked ? cg_sip_read_body(message) : NULL;
    dialog->asked = false;
    if (sdp != NULL)
        tell(dialog, CG_SIP_CONFIRMED, 0, sdp);
}

/* Trunks ask whether we are there. */
static void on_options(cg_sip *sip, nua_handle_t *handle, bool in_dialog)
{
    struct sockaddr_storage source;
    bool known = check_source(sip, "OPTIONS", &source);
    nua_respond(handle, known ? 200 : 403, known ? "OK" : "Forbidden", NUTAG_WITH_CURRENT(sip->nua), TAG_END());
    if (!in_dialog)
        nua_handle_destroy(handle);
}

void cg_sip_dialog_ring(cg_sip_dialog *dialog)
{
    if (dialog->state == CG_SIP_DIALOG_CALLED)
        nua_respond(dialog->handle, SIP_180_RINGING, TAG_END());
}

void cg_sip_dialog_answer(cg_sip_dialog *dialog, const char *sdp)
{
    if (dialog->state != CG_SIP_DIALOG_CALLED && dialog->state != CG_SIP_DIALOG_TALKING)
        return;
    dialog->state = CG_SIP_DIALOG_TALKING;
    nua_respond(dialog->handle, SIP_200_OK, SIPTAG_CONTENT_TYPE_STR("application/sdp"), SIPTAG_PAYLOAD_STR(sdp),
                TAG_END());
}

void cg_sip_dialog_reject(cg_sip_dialog *dialog, unsigned status)
{
    g_autofree char *retry_after = g_strdup_printf("%u", CG_SIP_RETRY_AFTER_S);
    if (dialog->state != CG_SIP_DIALOG_CALLED && dialog->state != CG_SIP_DIALOG_TALKING)
        return;
    nua_respond(dialog->handle, (int) status, sip_status_phrase((int) status),
                TAG_IF(status == 503, SIPTAG_RETRY_AFTER_STR(retry_after)), TAG_END());
    if (dialog->state == CG_SIP_DIALOG_CALLED)
        drop(dialog);
}

/* --- the end --- */

void cg_sip_dialog_end(cg_sip_dialog *dialog)
{
    cg_sip_dialog_state state = dialog->state;
    dialog->state = CG_SIP_DIALOG_ENDING;
    switch (state) {
    case CG_SIP_DIALOG_CALLING:
        nua_cancel(dialog->handle, TAG_END());
        break;
    case CG_SIP_DIALOG_CALLED:
        nua_respond(dialog->handle, SIP_480_TEMPORARILY_UNAVAILABLE, TAG_END());
        drop(dialog);
        break;
    case CG_SIP_DIALOG_TALKING:
        nua_bye(dialog->handle, TAG_END());
        break;
    case CG_SIP_DIALOG_ENDING:
        break;
    }
}

/* By the peer, or because it does not answer any more. */
static void on_terminated(cg_sip_dialog *dialog)
{
    if (dialog->state == CG_SIP_DIALOG_CALLED || dialog->state == CG_SIP_DIALOG_TALKING)
        tell(dialog, CG_SIP_ENDED, 0, NULL);
    if (dialog->state != CG_SIP_DIALOG_CALLING) /* then its response says more */
        drop(dialog);
}

static void on_event_of_none(cg_sip *sip, nua_event_t event, nua_handle_t *handle, const sip_t *message)
{
    switch (event) {
    case nua_i_invite:
        on_invite(sip, handle, message);
        break;
    case nua_i_options:
        on_options(sip, handle, false);
        break;
    case nua_i_register:
    case nua_i_publish:
    case nua_i_message:
    case nua_i_method:
    case nua_i_info:
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
        on_event_of_none(sip, event, handle, message);
        return;
    }
    switch (event) {
    case nua_r_invite:
        on_response(dialog, status, message);
        break;
    case nua_i_invite:
        on_reinvite(dialog, message);
        break;
    case nua_i_ack:
        on_ack(dialog, message);
        break;
    case nua_i_options:
        on_options(sip, handle, true);
        break;
    case nua_i_terminated:
        on_terminated(dialog);
        break;
    default:
        break;
    }
}
