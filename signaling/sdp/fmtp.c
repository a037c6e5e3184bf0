/* Format parameters. Opus's are receiver's wishes, or say what the sender may send (sprop-), one side at a time and not
 * negotiated (RFC 7587 section 7.1): that is why a gateway may hand them from one leg to the other unchanged. */
#include "signaling/sdp/fmtp.h"

#include <glib.h>
#include <string.h>

static const struct {
    const char *name;
    unsigned min, max;
} opus_parameters[] = {
    /* RFC 7587 section 6.1; times in milliseconds */
    {"maxplaybackrate", 8000, 48000},
    {"sprop-maxcapturerate", 8000, 48000},
    {"maxptime", 3, 120},
    {"ptime", 3, 120},
    {"minptime", 3, 120},
    {"maxaveragebitrate", 6000, 510000},
    {"stereo", 0, 1},
    {"sprop-stereo", 0, 1},
    {"cbr", 0, 1},
    {"useinbandfec", 0, 1},
    {"usedtx", 0, 1},
};

/* Index of the parameter if it is known and its value in bounds, else G_N_ELEMENTS(opus_parameters). */
static size_t find_opus_parameter(cg_slice parameter, uint64_t *ret_value)
{
    cg_slice name;
    size_t i = 0;

    if (!cg_slice_take(&parameter, '=', &name))
        return G_N_ELEMENTS(opus_parameters);
    while (i < G_N_ELEMENTS(opus_parameters) && !cg_slice_is_nocase(cg_slice_trim(name), opus_parameters[i].name))
        i++;
    if (i < G_N_ELEMENTS(opus_parameters) &&
        (!cg_slice_number(cg_slice_trim(parameter), opus_parameters[i].max, ret_value) ||
         *ret_value < opus_parameters[i].min))
        return G_N_ELEMENTS(opus_parameters);
    return i;
}

static void clean_opus(cg_slice value, char ret_fmtp[static CG_MAX_FMTP + 1])
{
    bool seen[G_N_ELEMENTS(opus_parameters)] = {false};
    size_t length = 0;
    cg_slice parameter;

    while (cg_slice_take(&value, ';', &parameter)) {
        uint64_t number;
        size_t i = find_opus_parameter(parameter, &number);
        if (i == G_N_ELEMENTS(opus_parameters) || seen[i])
            continue;
        seen[i] = true;
        int added = g_snprintf(ret_fmtp + length, CG_MAX_FMTP + 1 - length, "%s%s=%u", length > 0 ? ";" : "",
                               opus_parameters[i].name, (unsigned) number);
        length += (size_t) added;
        g_assert(length <= CG_MAX_FMTP); /* all of them at their longest take 170 bytes */
    }
}

#define EVENT_COUNT 17 /* 0-9 * # A-D and flash; the rest of RFC 4733's registry is tones of old trunks */

/* "0-15,66": marks the events we know. False if the list is broken. */
static bool read_events(cg_slice value, bool ret_events[static EVENT_COUNT])
{
    cg_slice range, word;
    while (cg_slice_take(&value, ',', &range)) {
        uint64_t first, last;
        range = cg_slice_trim(range);
        cg_slice_take(&range, '-', &word);
        if (!cg_slice_number(word, 255, &first))
            return false;
        last = first;
        if (range.at && !cg_slice_number(range, 255, &last))
            return false;
        for (uint64_t event = first; event <= last && event < EVENT_COUNT; event++)
            ret_events[event] = true;
    }
    return true;
}

static void clean_events(cg_slice value, char ret_fmtp[static CG_MAX_FMTP + 1])
{
    bool events[EVENT_COUNT + 1] = {false}; /* one more, always false, to end the last range */
    size_t length = 0;

    if (!read_events(value, events))
        return;
    for (unsigned first = 0; first < EVENT_COUNT; first++) {
        unsigned last = first;
        if (!events[first])
            continue;
        while (events[last + 1])
            last++;
        char *end = ret_fmtp + length;
        const char *comma = length > 0 ? "," : "";
        length += (size_t) (last > first ? g_snprintf(end, CG_MAX_FMTP + 1 - length, "%s%u-%u", comma, first, last)
                                         : g_snprintf(end, CG_MAX_FMTP + 1 - length, "%s%u", comma, first));
        first = last;
    }
}

void cg_sdp_clean_fmtp(cg_codec codec, cg_slice value, char ret_fmtp[static CG_MAX_FMTP + 1])
{
    ret_fmtp[0] = '\0';
    if (codec == CG_CODEC_OPUS)
        clean_opus(value, ret_fmtp);
    else if (codec == CG_CODEC_TELEPHONE_EVENT_48000 || codec == CG_CODEC_TELEPHONE_EVENT_8000)
        clean_events(value, ret_fmtp);
    else if (codec == CG_CODEC_RED && !cg_slice_copy(value, ret_fmtp, CG_MAX_FMTP + 1))
        ret_fmtp[0] = '\0';
}

bool cg_sdp_red_names(const char *fmtp, uint8_t payload_type)
{
    cg_slice rest = cg_slice_trim(cg_slice_from(fmtp)), block;
    uint64_t number;

    while (cg_slice_take(&rest, '/', &block))
        if (!cg_slice_number(block, 127, &number) || number != payload_type)
            return false;
    return true;
}

void cg_sdp_write_red_fmtp(uint8_t payload_type, char ret_fmtp[static CG_MAX_FMTP + 1])
{
    g_snprintf(ret_fmtp, CG_MAX_FMTP + 1, "%u/%u", payload_type, payload_type);
}
