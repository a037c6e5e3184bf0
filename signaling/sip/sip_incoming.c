/* What comes from outside and belongs to no dialog yet: calls, and questions whether we are there. */
#include "signaling/sip/sip_internal.h"

#include "signaling/sip/sip_screen.h"

#include <sofia-sip/sip_status.h>
#include <sofia-sip/sip_tag.h>

bool cg_sip_knows(const cg_sip *sip, const struct sockaddr_storage *source)
{
    for (size_t i = 0; i < sip->source_count; i++)
        if (cg_ip_range_contains(&sip->sources[i], source))
            return true;
    return false;
}

static void refuse(nua_handle_t *handle, int status, const char *phrase)
{
    nua_respond(handle, status, phrase, TAG_END());
    nua_handle_destroy(handle);
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
    struct sockaddr_storage source;
    if (!cg_sip_read_source(sip->nua, &source) || !cg_sip_knows(sip, &source)) {
        refuse(handle, SIP_403_FORBIDDEN);
        return;
    }
    if (g_hash_table_size(sip->dialogs) >= sip->config.max_dialogs) {
        refuse(handle, SIP_503_SERVICE_UNAVAILABLE);
        return;
    }
    cg_sip_dialog_id replaced = 0;
    unsigned status = find_replaced(sip, message, &replaced);
    if (status != 0) {
        refuse(handle, (int) status, sip_status_phrase((int) status));
        return;
    }
    cg_sip_dialog *dialog = g_new0(cg_sip_dialog, 1);
    *dialog = (cg_sip_dialog){.sip = sip, .id = sip->next_incoming, .handle = handle, .state = CG_SIP_DIALOG_CALLED};
    sip->next_incoming += 2;
    nua_handle_bind(handle, dialog);
    nua_set_hparams(handle, SIPTAG_ALLOW_STR(CG_SIP_DIALOG_METHODS), TAG_END());
    cg_sip_dialog_keep(dialog);
    cg_sip_dialog_heard(dialog, message);
    cg_sip_event event = cg_sip_read_invite(message);
    event.dialog = dialog->id;
    event.source = source;
    event.replaces = replaced;
    cg_sip_post_event(sip, &event);
}

/* Trunks ask whether we are there. */
void cg_sip_on_options(cg_sip *sip, nua_handle_t *handle, bool in_dialog)
{
    nua_respond(handle, SIP_200_OK, NUTAG_WITH_CURRENT(sip->nua), TAG_END());
    if (!in_dialog)
        nua_handle_destroy(handle);
}
