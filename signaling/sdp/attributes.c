/* What else the audio section says about its media: direction, packet times, SSRC, header extensions. */
#include "signaling/sdp/description.h"

#include <glib.h>

static const struct {
    const char *name; /* RFC 8866 section 6.7 */
    cg_direction direction;
} directions[] = {
    {"sendrecv", CG_DIRECTION_SENDRECV},
    {"sendonly", CG_DIRECTION_SENDONLY},
    {"recvonly", CG_DIRECTION_RECVONLY},
    {"inactive", CG_DIRECTION_INACTIVE},
};

const char *cg_sdp_direction_word(cg_direction direction)
{
    size_t i = 0;
    while (directions[i].direction != direction) {
        i++;
        g_assert(i < G_N_ELEMENTS(directions));
    }
    return directions[i].name;
}

/* The section's own direction, else the session's, else sendrecv. Two of them contradict each other. */
static bool read_direction(const cg_sdp_reading *reading, cg_direction *ret_direction)
{
    const size_t levels[] = {reading->audio, 0};
    for (size_t level = 0; level < G_N_ELEMENTS(levels); level++) {
        unsigned found = 0;
        for (size_t i = 0; i < G_N_ELEMENTS(directions); i++) {
            if (!cg_sdp_lines_has(reading->lines, levels[level], directions[i].name))
                continue;
            *ret_direction = directions[i].direction;
            found++;
        }
        if (found > 0)
            return found == 1;
    }
    *ret_direction = CG_DIRECTION_SENDRECV;
    return true;
}

#define PTIME_MAX 1000 /* ms; a packet of more is no conversation */

typedef struct {
    uint64_t whole;
    bool half, zero; /* half a millisecond more, or beyond it; nothing at all */
} packet_time;

/* RFC 8866 section 6.4: a whole number or one with a fraction. */
static bool read_packet_time(cg_slice value, packet_time *ret_time)
{
    cg_slice whole, part = {.at = "0", .size = 1};
    uint64_t parts;
    if (!cg_slice_take(&value, '.', &whole) || !cg_slice_number(whole, UINT64_MAX, &ret_time->whole) ||
        (cg_slice_take(&value, '.', &part) && value.at) || !cg_slice_number(part, UINT64_MAX, &parts))
        return false;
    ret_time->half = part.at[0] >= '5';
    ret_time->zero = ret_time->whole == 0 && parts == 0;
    return true;
}

static bool read_ptime(const cg_sdp_reading *reading, unsigned *ret_ptime)
{
    cg_slice value;
    packet_time time;
    *ret_ptime = 0;
    if (!cg_sdp_lines_value(reading->lines, reading->audio, "ptime", &value))
        return false;
    if (!value.at)
        return true;
    if (!read_packet_time(value, &time) || time.zero || time.whole > PTIME_MAX)
        return false;
    *ret_ptime = MAX((unsigned) time.whole + time.half, 1); /* 0 is none */
    return true;
}

/* However long it is, no more than PTIME_MAX is ever asked about; parts of a millisecond are not counted. */
static bool read_max_ptime(const cg_sdp_reading *reading, unsigned *ret_max_ptime)
{
    cg_slice value;
    packet_time time = {0};
    if (!cg_sdp_lines_value(reading->lines, reading->audio, "maxptime", &value) ||
        (value.at && !read_packet_time(value, &time)))
        return false;
    *ret_max_ptime = (unsigned) MIN(time.whole, PTIME_MAX);
    return true;
}

/* a=ssrc:<id> <attribute>, RFC 5576 section 4.1. The first one is the stream; retransmission has none in audio. */
static bool read_ssrc(const cg_sdp_reading *reading, uint32_t *ret_ssrc)
{
    const cg_sdp_line *line = cg_sdp_lines_next(reading->lines, reading->audio, "ssrc", NULL);
    uint64_t ssrc = 0;
    if (line) {
        cg_slice rest = line->value, word;
        if (!cg_slice_take(&rest, ' ', &word) || !cg_slice_number(word, UINT32_MAX, &ssrc))
            return false;
    }
    *ret_ssrc = (uint32_t) ssrc;
    return true;
}

/* a=extmap:<id>["/"<direction>] <URI> <attributes>, RFC 8285 section 8. Only extensions that go both ways are taken:
 * the answer would have to turn the others round, and no browser limits those we speak. */
static bool read_extension(cg_slice value, bool seen[static 15], cg_media_description *media)
{
    cg_slice key, id_word, uri;
    uint64_t id;
    if (!cg_slice_take(&value, ' ', &key) || !cg_slice_take(&key, '/', &id_word) ||
        !cg_slice_number(id_word, UINT16_MAX, &id) || id == 0 || !cg_slice_take(&value, ' ', &uri) || uri.size == 0)
        return false;
    if (id > 14) /* two-byte headers (RFC 8285 section 4.3), which we do not ask for */
        return true;
    if (seen[id])
        return false;
    seen[id] = true;
    if (key.at && !cg_slice_is(key, "sendrecv"))
        return true;
    for (cg_extension i = 0; i < CG_EXTENSION_COUNT; i++)
        if (cg_slice_is(uri, cg_extension_uri(i)) && media->extensions[i] == 0)
            media->extensions[i] = (uint8_t) id;
    return true;
}

static bool read_extensions(const cg_sdp_reading *reading)
{
    bool seen[15] = {false};
    size_t section = cg_sdp_lines_has(reading->lines, reading->audio, "extmap") ? reading->audio : 0;
    const cg_sdp_line *line = NULL;

    reading->sdp->extmap_allow_mixed = cg_sdp_lines_has(reading->lines, reading->audio, "extmap-allow-mixed") ||
                                       cg_sdp_lines_has(reading->lines, 0, "extmap-allow-mixed");
    while ((line = cg_sdp_lines_next(reading->lines, section, "extmap", line)))
        if (!read_extension(line->value, seen, &reading->sdp->media))
            return false;
    return true;
}

cg_sdp_status cg_sdp_read_attributes(const cg_sdp_reading *reading)
{
    cg_media_description *media = &reading->sdp->media;
    return read_direction(reading, &media->direction) && read_ptime(reading, &media->ptime_ms) &&
                   read_max_ptime(reading, &media->max_ptime_ms) && read_ssrc(reading, &media->ssrc) &&
                   read_extensions(reading)
               ? CG_SDP_OK
               : CG_SDP_MALFORMED;
}
