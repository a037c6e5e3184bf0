/* An answer in a reliable provisional response is the answer (RFC 3262 section 5): the 200 of the same early dialog has
 * none, or the same again. */
#include "signaling/sip/sip_internal.h"

#include "base/secret.h"

#include <sofia-sip/sip_header.h>

void cg_sip_reliable_take(cg_sip_dialog *dialog, const sip_t *invite)
{
    dialog->reliable.required = sip_has_feature(invite->sip_require, "100rel");
}

bool cg_sip_reliable_may_ring(const cg_sip_dialog *dialog)
{
    return !(dialog->reliable.required && dialog->asked);
}

bool cg_sip_reliable_insist(cg_sip_dialog *dialog, int status, const sip_t *response)
{
    if (status != 421 || dialog->reliable.required || response == NULL ||
        !sip_has_feature(response->sip_require, "100rel"))
        return false;
    dialog->reliable.required = true;
    return true;
}

static bool is_settled(const cg_sip_dialog *dialog, const sip_t *response)
{
    return dialog->reliable.tag != NULL && g_strcmp0(dialog->reliable.tag, response->sip_to->a_tag) == 0;
}

void cg_sip_reliable_note(cg_sip_dialog *dialog, const sip_t *response, const char *sdp)
{
    cg_sip_reliable *reliable = &dialog->reliable;
    if (response->sip_rseq == NULL || sdp == NULL || reliable->tag != NULL)
        return;
    reliable->tag = g_strdup(response->sip_to->a_tag);
    reliable->sdp = g_strdup(sdp);
}

char *cg_sip_reliable_answer(cg_sip_dialog *dialog, const sip_t *response)
{
    if (is_settled(dialog, response))
        return g_strdup(dialog->reliable.sdp);
    char *sdp = cg_sip_read_body(response);
    return sdp != NULL ? sdp : g_strdup("");
}

void cg_sip_reliable_supersede(cg_sip_dialog *dialog)
{
    cg_secret_free(dialog->reliable.sdp);
    dialog->reliable.sdp = NULL;
}

void cg_sip_reliable_clear(cg_sip_dialog *dialog)
{
    cg_sip_reliable_supersede(dialog);
    g_clear_pointer(&dialog->reliable.tag, g_free);
}
