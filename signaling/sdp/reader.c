/* Reads a description: one concept after the other, stopping at the first that fails, in the order of
 * cg_sdp_status. Memory is bounded before the first byte is read: one table of lines, one cg_sdp. */
#include "signaling/sdp/description.h"

#include <glib.h>

typedef cg_sdp_status concept_reader(const cg_sdp_reading *reading);

/* RFC 8866 section 5.3 wants a name, "-" if there is none, and browsers say that. Phones may have an empty one (RFC
 * 5118 section 4.8). */
static cg_sdp_status read_name(const cg_sdp_reading *reading)
{
    const cg_sdp_line *line = reading->lines->line;
    while (line->type != 's')
        line++;
    return line->value.size > 0 ? CG_SDP_OK : CG_SDP_MALFORMED;
}

static concept_reader *const webrtc_readers[] = {
    read_name, cg_sdp_read_transport, cg_sdp_read_formats, cg_sdp_read_attributes, cg_sdp_read_candidates, NULL,
};

/* The address last: one that is nowhere changes the direction. */
static concept_reader *const rtp_readers[] = {
    cg_sdp_read_formats, cg_sdp_read_attributes, cg_sdp_read_crypto, cg_sdp_read_rtp_transport, NULL,
};

static cg_sdp_status parse(const char *text, size_t size, cg_sdp_reading reading, concept_reader *const *readers,
                           cg_sdp **ret_sdp)
{
    g_autofree cg_sdp_lines *lines = cg_sdp_lines_read(text, size);
    if (!lines)
        return CG_SDP_MALFORMED;

    g_autoptr(cg_sdp) sdp = g_new0(cg_sdp, 1);
    reading.lines = lines;
    reading.sdp = sdp;
    cg_sdp_status status = cg_sdp_read_sections(&reading);
    for (size_t i = 0; readers[i] != NULL && status == CG_SDP_OK; i++)
        status = readers[i](&reading);
    if (status == CG_SDP_OK)
        *ret_sdp = g_steal_pointer(&sdp);
    return status;
}

cg_sdp_status cg_sdp_parse(const char *text, size_t size, cg_sdp_kind kind, cg_sdp **ret_sdp)
{
    static const char *const protocols[] = {"UDP/TLS/RTP/SAVPF", "UDP/TLS/RTP/SAVP", NULL};
    return parse(text, size, (cg_sdp_reading){.kind = kind, .protocols = protocols}, webrtc_readers, ret_sdp);
}

cg_sdp_status cg_sdp_parse_rtp(const char *text, size_t size, cg_sdp_kind kind, cg_sdp **ret_sdp)
{
    static const char *const protocols[] = {"RTP/AVP", "RTP/SAVP", NULL};
    return parse(text, size, (cg_sdp_reading){.kind = kind, .protocols = protocols}, rtp_readers, ret_sdp);
}

void cg_sdp_free(cg_sdp *sdp)
{
    if (sdp == NULL)
        return;
    cg_media_wipe_keys(&sdp->media);
    g_free(sdp->candidates);
    g_free(sdp);
}

const cg_media_description *cg_sdp_media(const cg_sdp *sdp)
{
    return &sdp->media;
}
