/* What comes from outside and belongs to no dialog yet: calls, questions whether we are there, and strangers. */
#include "signaling/sip/sip_internal.h"

#include "base/log.h"

#include <arpa/inet.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/sip_tag.h>

#define TELL_INTERVAL_US 10000000 /* of strangers in the log */

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

void cg_sip_on_invite(cg_sip *sip, nua_handle_t *handle, const sip_t *message)
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
    nua_set_hparams(handle, SIPTAG_ALLOW_STR(CG_SIP_DIALOG_METHODS), TAG_END());
    cg_sip_dialog_keep(dialog);
    cg_sip_event event = cg_sip_read_invite(message);
    event.dialog = dialog->id;
    event.source = source;
    cg_sip_post_event(sip, &event);
}

/* Trunks ask whether we are there. */
void cg_sip_on_options(cg_sip *sip, nua_handle_t *handle, bool in_dialog)
{
    struct sockaddr_storage source;
    bool known = check_source(sip, "OPTIONS", &source);
    nua_respond(handle, known ? 200 : 403, known ? "OK" : "Forbidden", NUTAG_WITH_CURRENT(sip->nua), TAG_END());
    if (!in_dialog)
        nua_handle_destroy(handle);
}
