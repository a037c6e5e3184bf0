/* Trickled candidates: one that is taken is an address that we can check, and reads back the same when we write it. */
#include "signaling/sdp/sdp.h"

#include <glib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *) data, size);
    cg_candidate candidate, again;
    if (cg_sdp_parse_candidate(text, &candidate) != CG_SDP_CANDIDATE_OK)
        return 0;
    g_assert(candidate.priority > 0 && strlen(candidate.foundation) > 0);
    g_autofree char *written = cg_sdp_write_candidate(&candidate);
    g_assert(cg_sdp_parse_candidate(written, &again) == CG_SDP_CANDIDATE_OK);
    g_assert(memcmp(&candidate.address, &again.address, sizeof candidate.address) == 0);
    g_assert(candidate.priority == again.priority && candidate.type == again.type);
    g_assert(strcmp(candidate.foundation, again.foundation) == 0);
    return 0;
}
