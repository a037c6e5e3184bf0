/* Replaces (RFC 3891): which of our dialogs is meant, and whether it can be replaced. Whether the peer may is another
 * matter. */
#include "signaling/sip/sip_grammar.h"
#include "signaling/sip/sip_internal.h"

#include <sofia-sip/sip_header.h>

enum { MAX_RINGING = 16 }; /* of a call that a trunk forks; those beyond cannot be replaced before they answer */

void cg_sip_dialog_note_ringing(cg_sip_dialog *dialog, const sip_t *response)
{
    const char *tag = response->sip_to->a_tag;
    if (dialog->ringing == NULL)
        dialog->ringing = g_ptr_array_new_with_free_func(g_free);
    bool known = tag == NULL || g_ptr_array_find_with_equal_func(dialog->ringing, tag, g_str_equal, NULL);
    if (!known && dialog->ringing->len < MAX_RINGING)
        g_ptr_array_add(dialog->ringing, g_strdup(tag));
}

/* `own` is as the peer would write it; before the answer Sofia knows no tag of the peer's. */
static bool has_tag(const cg_sip_dialog *dialog, const sip_replaces_t *own, const char *tag)
{
    if (dialog->state == CG_SIP_DIALOG_CALLING)
        return dialog->ringing != NULL && g_ptr_array_find_with_equal_func(dialog->ringing, tag, g_str_equal, NULL);
    return g_strcmp0(own->rp_to_tag, tag) == 0;
}

/* All three parts have to be the dialog's. Sofia alone would take an empty tag for any, and any tag for that of a phone
 * which only rings. */
static bool is_named(const cg_sip_dialog *dialog, const sip_replaces_t *replaces)
{
    su_home_t home[1] = {SU_HOME_INIT(home)};
    const sip_replaces_t *own = nua_handle_make_replaces(dialog->handle, home, 0); /* it has the tags the other way */
    bool same = own != NULL && g_strcmp0(own->rp_call_id, replaces->rp_call_id) == 0 &&
                g_strcmp0(own->rp_from_tag, replaces->rp_to_tag) == 0 && has_tag(dialog, own, replaces->rp_from_tag);
    su_home_deinit(home);
    return same;
}

static const cg_sip_dialog *find(cg_sip *sip, const sip_replaces_t *replaces)
{
    nua_handle_t *handle = nua_handle_by_replaces(sip->nua, replaces);
    if (handle == NULL)
        return NULL;
    const cg_sip_dialog *dialog = nua_handle_magic(handle);
    nua_handle_unref(handle);
    return dialog != NULL && is_named(dialog, replaces) ? dialog : NULL;
}

unsigned cg_sip_find_replaced(cg_sip *sip, const sip_replaces_t *replaces, cg_sip_dialog_id *ret_dialog)
{
    const cg_sip_dialog *dialog = find(sip, replaces);
    /* An early dialog of the peer's own making is not replaced but cancelled. */
    if (dialog == NULL || dialog->state == CG_SIP_DIALOG_CALLED)
        return 481;
    if (dialog->state == CG_SIP_DIALOG_ENDING)
        return 603;
    if (dialog->state == CG_SIP_DIALOG_TALKING && replaces->rp_early_only)
        return 486;
    *ret_dialog = dialog->id;
    return 0;
}

char *cg_sip_write_replaces(const sip_replaces_t *replaces)
{
    if (!cg_sip_is_call_id(replaces->rp_call_id) || !cg_sip_is_token(replaces->rp_to_tag) ||
        !cg_sip_is_token(replaces->rp_from_tag))
        return NULL;
    return g_strdup_printf("%s;to-tag=%s;from-tag=%s%s", replaces->rp_call_id, replaces->rp_to_tag,
                           replaces->rp_from_tag, replaces->rp_early_only ? ";early-only" : "");
}
