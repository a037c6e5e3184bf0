/* The formats of the audio section: which payload types the browser lists, what rtpmap and fmtp make of them.
 *
 * Decided: a payload type listed twice, or with two rtpmaps or fmtps that differ, breaks the description. rtpmap or
 * fmtp of an unlisted one means nothing. A codec listed under several payload types counts once, the first: legs map by
 * codec. Left out are payload types 64 to 95, which rtcp-mux cannot tell from RTCP (RFC 5761 section 4), and codecs
 * under a number that RFC 3551 gave to another. */
#include "signaling/sdp/description.h"
#include "signaling/sdp/fmtp.h"

#include <glib.h>

#define PAYLOAD_TYPES 128

typedef struct {
    cg_slice rtpmap[PAYLOAD_TYPES]; /* "opus/48000/2"; at == NULL: none */
    cg_slice fmtp[PAYLOAD_TYPES];
} format_lines;

/* Files "<payload type> <rest>" of all attributes called `name` under their payload type. */
static bool file_lines(const cg_sdp_reading *reading, const char *name, cg_slice ret_value[static PAYLOAD_TYPES])
{
    const cg_sdp_line *line = NULL;
    while ((line = cg_sdp_lines_next(reading->lines, reading->audio, name, line))) {
        cg_slice rest = line->value, word;
        uint64_t payload_type;
        if (!cg_slice_take(&rest, ' ', &word) || !cg_slice_number(word, PAYLOAD_TYPES - 1, &payload_type) || !rest.at)
            return false;
        if (ret_value[payload_type].at && !cg_slice_equal(ret_value[payload_type], rest))
            return false;
        ret_value[payload_type] = rest;
    }
    return true;
}

/* <encoding name>/<clock rate>[/<channels>], RFC 8866 section 6.6. */
static cg_codec parse_rtpmap(cg_slice value)
{
    char word[32];
    cg_slice name, clock, channels = {.at = "1", .size = 1};
    uint64_t rate, count;

    if (!cg_slice_take(&value, '/', &name) || !cg_slice_take(&value, '/', &clock))
        return CG_CODEC_COUNT;
    if (value.at)
        channels = value;
    if (!cg_slice_is_token(name) || !cg_slice_copy(name, word, sizeof(word)) ||
        !cg_slice_number(clock, UINT32_MAX, &rate) || !cg_slice_number(channels, UINT8_MAX, &count))
        return CG_CODEC_COUNT;
    return cg_codec_find(word, (uint32_t) rate, (unsigned) count);
}

static cg_codec static_codec(unsigned payload_type)
{
    cg_codec codec = 0;
    while (codec < CG_CODEC_COUNT && cg_codec_get_info(codec)->static_payload_type != (int) payload_type)
        codec++;
    return codec;
}

static cg_codec codec_of(const format_lines *lines, unsigned payload_type)
{
    if (payload_type >= 64 && payload_type <= 95)
        return CG_CODEC_COUNT;
    if (!lines->rtpmap[payload_type].at)
        return static_codec(payload_type);
    cg_codec codec = parse_rtpmap(lines->rtpmap[payload_type]);
    /* 0 to 34 are RFC 3551's own (table 4 and 5). */
    return payload_type >= 35 || codec == static_codec(payload_type) ? codec : CG_CODEC_COUNT;
}

static void add_format(cg_media_description *media, const format_lines *lines, unsigned payload_type)
{
    cg_codec codec = codec_of(lines, payload_type);
    if (codec == CG_CODEC_COUNT || cg_media_find_codec(media, codec))
        return;
    cg_format *format = &media->formats[media->format_count++];
    *format = (cg_format){.codec = codec, .payload_type = (uint8_t) payload_type};
    if (lines->fmtp[payload_type].at)
        cg_sdp_clean_fmtp(codec, lines->fmtp[payload_type], format->fmtp);
}

/* RED that carries anything but the Opus we took cannot be passed on. */
static void check_red(cg_media_description *media)
{
    const cg_format *opus = cg_media_find_codec(media, CG_CODEC_OPUS);
    for (size_t i = 0; i < media->format_count; i++) {
        cg_format *format = &media->formats[i];
        if (format->codec != CG_CODEC_RED || (opus && cg_sdp_red_names(format->fmtp, opus->payload_type)))
            continue;
        memmove(format, format + 1, (media->format_count - i - 1) * sizeof(*format));
        media->format_count--;
        break;
    }
}

/* The numbers at the end of the m-line. False if one is no payload type or stands there twice. */
static bool read_list(const cg_sdp_reading *reading, const format_lines *lines)
{
    bool seen[PAYLOAD_TYPES] = {false};
    cg_slice rest = reading->lines->line[reading->lines->section[reading->audio].first].value, word;

    for (unsigned i = 0; i < 3; i++) /* media, port, protocol: checked by cg_sdp_read_sections */
        cg_slice_take(&rest, ' ', &word);
    while (cg_slice_take(&rest, ' ', &word)) {
        uint64_t payload_type;
        if (!cg_slice_number(word, PAYLOAD_TYPES - 1, &payload_type) || seen[payload_type])
            return false;
        seen[payload_type] = true;
        add_format(&reading->sdp->media, lines, (unsigned) payload_type);
    }
    return true;
}

cg_sdp_status cg_sdp_read_formats(const cg_sdp_reading *reading)
{
    format_lines lines = {0};
    if (!file_lines(reading, "rtpmap", lines.rtpmap) || !file_lines(reading, "fmtp", lines.fmtp) ||
        !read_list(reading, &lines))
        return CG_SDP_MALFORMED;
    check_red(&reading->sdp->media);
    return cg_sdp_has_speech(&reading->sdp->media) ? CG_SDP_OK : CG_SDP_NO_CODEC;
}
