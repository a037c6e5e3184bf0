/* The m-lines of a session: an offer in it repeats those that were there before, in their order (RFC 3264 section 8),
 * and under their names (RFC 8829 section 5.2.2). */
#include "signaling/sdp/description.h"

#include <string.h>

cg_sdp_layout *cg_sdp_layout_of(const cg_sdp *sdp)
{
    if (sdp->section_count == 1 && sdp->section[0].mid[0] == '\0')
        return NULL;
    cg_sdp_layout *layout = g_malloc(sizeof *layout + sdp->section_count * sizeof layout->section[0]);
    layout->audio = sdp->audio;
    layout->count = sdp->section_count;
    memcpy(layout->section, sdp->section, sdp->section_count * sizeof layout->section[0]);
    return layout;
}

void cg_sdp_layout_free(cg_sdp_layout *layout)
{
    g_free(layout);
}
