/* Reads the m-lines and picks the audio section. The danger is in bundles: a section with port 0 is rejected, except
 * when it is bundle-only, and may then leave its transport to the tagged section (RFC 9143). */
#include "signaling/sdp/description.h"

#include <string.h>

/* m=<media> <port> <proto> <fmt> ...; "port/number" is refused, hierarchical encoding has no place in a bundle. */
static bool read_media_line(cg_slice value, cg_sdp_section *section)
{
    cg_slice media, port, protocol, format;
    uint64_t number;

    if (!cg_slice_take(&value, ' ', &media) || !cg_slice_take(&value, ' ', &port) ||
        !cg_slice_take(&value, ' ', &protocol) || !cg_slice_take(&value, ' ', &format))
        return false;
    if (!cg_slice_is_token(media) || !cg_slice_number(port, UINT16_MAX, &number) || !cg_slice_is_token(format))
        return false;
    section->port = (uint16_t) number;

    cg_slice rest = protocol, part;
    while (cg_slice_take(&rest, '/', &part))
        if (!cg_slice_is_token(part))
            return false;
    return cg_slice_copy(media, section->media, sizeof(section->media)) &&
           cg_slice_copy(protocol, section->protocol, sizeof(section->protocol)) &&
           cg_slice_copy(format, section->format, sizeof(section->format));
}

static bool read_mid(const cg_sdp_reading *reading, size_t index)
{
    cg_sdp *sdp = reading->sdp;
    cg_slice mid;

    if (!cg_sdp_lines_value(reading->lines, index + 1, "mid", &mid))
        return false;
    if (!mid.at)
        return true;
    if (!cg_slice_is_token(mid) || !cg_slice_copy(mid, sdp->section[index].mid, sizeof(sdp->section[index].mid)))
        return false;
    for (size_t i = 0; i < index; i++) /* RFC 5888 section 4: unique within a description */
        if (strcmp(sdp->section[i].mid, sdp->section[index].mid) == 0)
            return false;
    return true;
}

static bool read_all(const cg_sdp_reading *reading)
{
    const cg_sdp_lines *lines = reading->lines;
    cg_sdp *sdp = reading->sdp;

    sdp->section_count = lines->section_count - 1;
    for (size_t i = 0; i < sdp->section_count; i++)
        if (!read_media_line(lines->line[lines->section[i + 1].first].value, &sdp->section[i]) || !read_mid(reading, i))
            return false;
    return true;
}

/* Index of the section with that mid; section_count if there is none. */
static size_t find_mid(const cg_sdp *sdp, cg_slice mid)
{
    size_t i = 0;
    while (i < sdp->section_count && !cg_slice_is(mid, sdp->section[i].mid))
        i++;
    return i;
}

/* Walks the mids of a group attribute; true if the audio section is one of them. Marks the sections of the group if
 * `mark`, and finds its first. Mids that name no section are passed over. */
static bool walk_group(cg_sdp *sdp, size_t audio, cg_slice group, bool mark, size_t *ret_first)
{
    cg_slice mid;
    bool found = false;

    *ret_first = sdp->section_count;
    while (cg_slice_take(&group, ' ', &mid)) {
        size_t i = mid.size > 0 ? find_mid(sdp, mid) : sdp->section_count;
        if (i == sdp->section_count)
            continue;
        if (*ret_first == sdp->section_count)
            *ret_first = i;
        if (mark)
            sdp->section[i].bundled = true;
        found = found || i == audio;
    }
    return found;
}

/* The BUNDLE group that holds section `audio`: its mids, without the word BUNDLE; at == NULL if there is none. */
static cg_slice find_group(const cg_sdp_reading *reading, size_t audio)
{
    const cg_sdp_line *line = NULL;
    while ((line = cg_sdp_lines_next(reading->lines, 0, "group", line))) {
        cg_slice rest = line->value, semantics;
        size_t first;
        if (cg_slice_take(&rest, ' ', &semantics) && cg_slice_is(semantics, "BUNDLE") &&
            walk_group(reading->sdp, audio, rest, false, &first))
            return rest;
    }
    return (cg_slice){.at = NULL};
}

static bool is_rejected(const cg_sdp_reading *reading, size_t index)
{
    if (reading->sdp->section[index].port != 0)
        return false;
    /* RFC 9143 section 6: bundle-only counts in offers, and within a group, only. */
    return reading->kind == CG_SDP_ANSWER || !cg_sdp_lines_has(reading->lines, index + 1, "bundle-only") ||
           !find_group(reading, index).at;
}

static bool is_among(const char *word, const char *const *words)
{
    while (*words != NULL && strcmp(*words, word) != 0)
        words++;
    return *words != NULL;
}

cg_sdp_status cg_sdp_read_sections(cg_sdp_reading *reading)
{
    cg_sdp *sdp = reading->sdp;
    if (!read_all(reading))
        return CG_SDP_MALFORMED;

    size_t audio = 0;
    while (audio < sdp->section_count &&
           (strcmp(sdp->section[audio].media, "audio") != 0 || is_rejected(reading, audio)))
        audio++;
    if (audio == sdp->section_count)
        return CG_SDP_NO_AUDIO;
    if (!is_among(sdp->section[audio].protocol, reading->protocols))
        return CG_SDP_PROTOCOL;

    sdp->audio = audio;
    reading->audio = reading->tagged = audio + 1;
    size_t first;
    cg_slice group = find_group(reading, audio);
    if (group.at && walk_group(sdp, audio, group, true, &first))
        reading->tagged = first + 1;
    return CG_SDP_OK;
}

size_t cg_sdp_section_with(const cg_sdp_reading *reading, const char *name)
{
    if (cg_sdp_lines_has(reading->lines, reading->audio, name))
        return reading->audio;
    return cg_sdp_lines_has(reading->lines, reading->tagged, name) ? reading->tagged : 0;
}
