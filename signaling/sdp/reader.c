/* Reads a browser's description: one concept after the other, stopping at the first that fails, in the order of
 * cg_sdp_status. Memory is bounded before the first byte is read: one table of lines, one cg_sdp. */
#include "signaling/sdp/description.h"

#include <glib.h>

cg_sdp_status cg_sdp_parse(const char *text, size_t size, cg_sdp_kind kind, cg_sdp **ret_sdp)
{
    static cg_sdp_status (*const readers[])(const cg_sdp_reading *reading) = {
        cg_sdp_read_transport,
        cg_sdp_read_formats,
        cg_sdp_read_attributes,
        cg_sdp_read_candidates,
    };
    g_autofree cg_sdp_lines *lines = cg_sdp_lines_read(text, size);
    if (!lines)
        return CG_SDP_MALFORMED;

    g_autoptr(cg_sdp) sdp = g_new0(cg_sdp, 1);
    cg_sdp_reading reading = {.lines = lines, .kind = kind, .sdp = sdp};
    cg_sdp_status status = cg_sdp_read_sections(&reading);
    for (size_t i = 0; i < G_N_ELEMENTS(readers) && status == CG_SDP_OK; i++)
        status = readers[i](&reading);
    if (status == CG_SDP_OK)
        *ret_sdp = g_steal_pointer(&sdp);
    return status;
}

void cg_sdp_free(cg_sdp *sdp)
{
    if (sdp == NULL)
        return;
    g_free(sdp->candidates);
    g_free(sdp);
}

const cg_media_description *cg_sdp_media(const cg_sdp *sdp)
{
    return &sdp->media;
}
