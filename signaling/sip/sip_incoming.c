/* What comes from outside and belongs to no dialog yet: calls, and questions whether we are there. */
#include "base/ip_address.h"
#include "signaling/sip/sip_internal.h"

#include "signaling/sip/sip_auth.h"
#include "signaling/sip/sip_challenge.h"
#include "signaling/sip/sip_screen.h"

#include <sofia-sip/sip_status.h>
#include <sofia-sip/sip_tag.h>

bool cg_sip_knows(const cg_sip *sip, const struct sockaddr_storage *source)
{
    for (size_t i = 0; i < sip->source_count; i++)
        if (cg_ip_range_contains(&sip->sources[i], source))
            return true;
    return cg_sip_peers_have_source(sip, source);
}

/* What acknowledges a refusal may come from anywhere. */
static void expect_ack(cg_sip *sip, const sip_t *message)
{
    int64_t now_us = g_get_monotonic_time();
    cg_sip_screen_enter(sip->screen, message->sip_call_id->i_id, now_us);
    cg_sip_screen_leave(sip->screen, message->sip_call_id->i_id, now_us);
}

/* `header` says more; NULL: nothing does. */
static void refuse_with(cg_sip *sip, nua_handle_t *handle, const sip_t *message, const char *header, int status,
                        const char *phrase)
{
    expect_ack(sip, message);
    nua_respond(handle, status, phrase, NUTAG_WITH_CURRENT(sip->nua), TAG_IF(header != NULL, SIPTAG_HEADER_STR(header)),
                TAG_END());
    nua_handle_destroy(handle);
}

static void refuse(cg_sip *sip, nua_handle_t *handle, const sip_t *message, int status, const char *phrase)
{
    refuse_with(sip, handle, message, NULL, status, phrase);
}

static void challenge(cg_sip *sip, nua_handle_t *handle, const sip_t *message, const char *peer, bool stale)
{
    expect_ack(sip, message);
    g_autofree char *first = cg_sip_auth_challenge(sip->auth, 0, peer, stale);
    g_autofree char *second = cg_sip_auth_challenge(sip->auth, 1, peer, stale);
    nua_respond(handle, SIP_401_UNAUTHORIZED, NUTAG_WITH_CURRENT(sip->nua), SIPTAG_WWW_AUTHENTICATE_STR(first),
                TAG_IF(second != NULL, SIPTAG_WWW_AUTHENTICATE_STR(second)), TAG_END());
    nua_handle_destroy(handle);
}

/* Whether whoever sends this may; else it is answered. `*ret_user` is who it is, NULL where the address says it. */
static bool admit(cg_sip *sip, nua_handle_t *handle, const sip_t *message, const struct sockaddr_storage *source,
                  const char **ret_user)
{
    char peer[INET6_ADDRSTRLEN];
    *ret_user = NULL;
    if (cg_sip_knows(sip, source))
        return true;
    cg_ip_address_write(source, peer);
    cg_sip_digest_result result = cg_sip_auth_check(sip->auth, message, peer, ret_user);
    if (result == CG_SIP_DIGEST_MISSING || result == CG_SIP_DIGEST_STALE)
        challenge(sip, handle, message, peer, result == CG_SIP_DIGEST_STALE);
    else if (result == CG_SIP_DIGEST_WRONG)
        refuse(sip, handle, message, SIP_403_FORBIDDEN);
    return result == CG_SIP_DIGEST_PROVED;
}

static void refuse_too_short(cg_sip *sip, nua_handle_t *handle, const sip_t *message)
{
    g_autofree char *min = g_strdup_printf("Min-SE: %u", sip->config.min_session_s);
    refuse_with(sip, handle, message, min, SIP_422_SESSION_TIMER_TOO_SMALL);
}

static void refuse_full(cg_sip *sip, nua_handle_t *handle, const sip_t *message)
{
    g_autofree char *retry_after = g_strdup_printf("Retry-After: %u", CG_SIP_RETRY_AFTER_S);
    refuse_with(sip, handle, message, retry_after, SIP_503_SERVICE_UNAVAILABLE);
}

/* 0, or why nothing of ours can be replaced. */
static unsigned find_replaced(cg_sip *sip, const sip_t *message, cg_sip_dialog_id *ret_dialog)
{
    const sip_replaces_t *replaces;
    if (!cg_sip_read_replaces(message, &replaces))
        return 400;
    return replaces != NULL ? cg_sip_find_replaced(sip, replaces, ret_dialog) : 0;
}

void cg_sip_on_invite(cg_sip *sip, nua_handle_t *handle, const sip_t *message)
{
    struct sockaddr_storage source = {0};
    const char *user;
    if (!cg_sip_read_source(sip->nua, &source) || !admit(sip, handle, message, &source, &user))
        return;
    if (g_hash_table_size(sip->dialogs) >= sip->config.max_dialogs) {
        refuse_full(sip, handle, message);
        return;
    }
    cg_session_terms timer = cg_sip_session_read(message);
    if (cg_session_timer_too_short(&timer, sip->config.min_session_s)) {
        refuse_too_short(sip, handle, message);
        return;
    }
    cg_sip_dialog_id replaced = 0;
    unsigned status = find_replaced(sip, message, &replaced);
    if (status != 0) {
        refuse(sip, handle, message, (int) status, sip_status_phrase((int) status));
        return;
    }
    cg_sip_dialog *dialog = g_new0(cg_sip_dialog, 1);
    *dialog = (cg_sip_dialog){.sip = sip, .id = sip->next_incoming, .handle = handle, .state = CG_SIP_DIALOG_CALLED};
    sip->next_incoming += 2;
    nua_handle_bind(handle, dialog);
    nua_set_hparams(handle, SIPTAG_ALLOW_STR(CG_SIP_DIALOG_METHODS), TAG_END());
    cg_sip_dialog_expect_challenges(dialog);
    cg_sip_dialog_keep(dialog);
    cg_sip_dialog_heard(dialog, message);
    cg_sip_session_take(dialog, message);
    cg_sip_reliable_take(dialog, message);
    cg_sip_event event = cg_sip_read_invite(message);
    dialog->asked = event.sdp == NULL;
    event.dialog = dialog->id;
    event.source = source;
    event.user = g_strdup(user);
    event.replaces = replaced;
    cg_sip_post_event(sip, &event);
}

/* Trunks ask whether we are there. */
void cg_sip_on_options(cg_sip *sip, nua_handle_t *handle, const sip_t *message, bool in_dialog)
{
    struct sockaddr_storage source = {0};
    const char *user;
    if (!in_dialog && (!cg_sip_read_source(sip->nua, &source) || !admit(sip, handle, message, &source, &user)))
        return;
    nua_respond(handle, SIP_200_OK, NUTAG_WITH_CURRENT(sip->nua), CG_SIP_SUPPORTED_TIMER, TAG_END());
    if (!in_dialog)
        nua_handle_destroy(handle);
}
