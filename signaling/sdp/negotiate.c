/* Which formats a leg agrees on. Audio passes through wherever it can, so what one browser is offered or answered is
 * first of all what the other one can do: codecs, and the wishes in fmtp, ptime and maxptime, cross from leg to leg;
 * payload types and extension ids never do. */
#include "signaling/sdp/fmtp.h"
#include "signaling/sdp/sdp.h"

#include <glib.h>
#include <string.h>

/* Our own offer's payload types, in order of preference: the numbers browsers and phones use themselves. They must not
 * clash, nor meet 64 to 95 (RFC 5761 section 4). */
static const struct {
    cg_codec codec;
    uint8_t payload_type;
} offered[] = {
    {CG_CODEC_OPUS, 111},
    {CG_CODEC_RED, 63},
    {CG_CODEC_G722, 9},
    {CG_CODEC_PCMU, 0},
    {CG_CODEC_PCMA, 8},
    {CG_CODEC_CN, 13},
    {CG_CODEC_TELEPHONE_EVENT_48000, 110},
    {CG_CODEC_TELEPHONE_EVENT_8000, 101},
};
G_STATIC_ASSERT(G_N_ELEMENTS(offered) == CG_CODEC_COUNT);

static const uint8_t offered_extensions[CG_EXTENSION_COUNT] = {[CG_EXTENSION_AUDIO_LEVEL] = 1};

static bool has_speech_at(const cg_media_description *media, uint32_t clock_rate)
{
    for (size_t i = 0; i < media->format_count; i++) {
        const cg_codec_info *info = cg_codec_get_info(media->formats[i].codec);
        if (info->speech && info->clock_rate == clock_rate)
            return true;
    }
    return false;
}

/* Whether a format has what it goes with. Events at 8000 Hz also go with Opus alone if there are none at 48000: Firefox
 * offers no others, and both browsers then send these. */
static bool has_company(const cg_media_description *media, cg_codec codec)
{
    switch (codec) {
    case CG_CODEC_RED:
    case CG_CODEC_TELEPHONE_EVENT_48000:
        return cg_media_find_codec(media, CG_CODEC_OPUS);
    case CG_CODEC_CN:
        return has_speech_at(media, 8000);
    case CG_CODEC_TELEPHONE_EVENT_8000:
        return has_speech_at(media, 8000) ||
               (has_speech_at(media, 48000) && !cg_media_find_codec(media, CG_CODEC_TELEPHONE_EVENT_48000));
    default:
        return true;
    }
}

/* Takes out the formats that are left alone: whether one is depends on speech only, so order does not matter. */
static void drop_lonely(cg_media_description *media)
{
    size_t kept = 0;
    cg_media_description all = *media;
    for (size_t i = 0; i < all.format_count; i++)
        if (has_company(&all, all.formats[i].codec))
            media->formats[kept++] = all.formats[i];
    media->format_count = kept;
}

/* What we say, of the formats from `first` on, when no other end has said anything. */
static void set_default_fmtp(cg_media_description *media, size_t first)
{
    const cg_format *opus = cg_media_find_codec(media, CG_CODEC_OPUS);
    for (size_t i = first; i < media->format_count; i++) {
        cg_format *format = &media->formats[i];
        format->fmtp[0] = '\0';
        if (format->codec == CG_CODEC_OPUS)
            g_strlcpy(format->fmtp, CG_SDP_OPUS_FMTP, sizeof(format->fmtp));
        else if (format->codec == CG_CODEC_TELEPHONE_EVENT_48000 || format->codec == CG_CODEC_TELEPHONE_EVENT_8000)
            g_strlcpy(format->fmtp, CG_SDP_EVENTS_FMTP, sizeof(format->fmtp));
        else if (format->codec == CG_CODEC_RED && opus)
            cg_sdp_write_red_fmtp(opus->payload_type, format->fmtp);
    }
}

/* RFC 3264 section 6.1: what the offerer sends we receive, and the other way round. */
static cg_direction reverse(cg_direction direction)
{
    return (direction & CG_DIRECTION_SENDONLY ? CG_DIRECTION_RECVONLY : 0) |
           (direction & CG_DIRECTION_RECVONLY ? CG_DIRECTION_SENDONLY : 0);
}

void cg_sdp_answer_media(const cg_media_description *offer, const bool allowed[CG_CODEC_COUNT], cg_direction wanted,
                         cg_media_description *local)
{
    local->format_count = 0;
    for (size_t i = 0; i < offer->format_count; i++)
        if (!allowed || allowed[offer->formats[i].codec])
            local->formats[local->format_count++] = offer->formats[i];
    drop_lonely(local);
    set_default_fmtp(local, 0);
    memcpy(local->extensions, offer->extensions, sizeof(local->extensions));
    local->direction = reverse(offer->direction) & wanted;
}

static void add_offered(cg_media_description *local, cg_codec codec)
{
    size_t i = 0;
    while (offered[i].codec != codec)
        i++;
    if (!cg_media_find_codec(local, codec))
        local->formats[local->format_count++] = (cg_format){.codec = codec, .payload_type = offered[i].payload_type};
}

void cg_sdp_offer_media(const cg_media_description *preferred, cg_media_description *local)
{
    local->format_count = 0;
    local->ptime_ms = local->max_ptime_ms = 0;
    local->direction = CG_DIRECTION_SENDRECV;
    memcpy(local->extensions, offered_extensions, sizeof(local->extensions));
    for (size_t i = 0; i < (preferred ? preferred->format_count : G_N_ELEMENTS(offered)); i++)
        add_offered(local, preferred ? preferred->formats[i].codec : offered[i].codec);
    if (!cg_media_has_events(local)) {
        add_offered(local, CG_CODEC_TELEPHONE_EVENT_48000);
        add_offered(local, CG_CODEC_TELEPHONE_EVENT_8000);
    }
    drop_lonely(local);
    set_default_fmtp(local, 0);
    if (preferred)
        cg_sdp_cross_media(preferred, local);
}

void cg_sdp_offer_more(cg_media_description *local)
{
    size_t before = local->format_count;
    bool narrow = has_speech_at(local, 8000), wide = has_speech_at(local, 48000);
    for (size_t i = 0; i < G_N_ELEMENTS(offered); i++) {
        cg_codec codec = offered[i].codec;
        bool new_clock =
            (codec == CG_CODEC_TELEPHONE_EVENT_48000 && !wide) || (codec == CG_CODEC_TELEPHONE_EVENT_8000 && !narrow);
        if (cg_codec_get_info(codec)->speech || new_clock)
            add_offered(local, codec);
    }
    set_default_fmtp(local, before);
}

void cg_sdp_cross_media(const cg_media_description *far, cg_media_description *local)
{
    for (size_t i = 0; i < local->format_count; i++) {
        cg_format *format = &local->formats[i];
        const cg_format *theirs = cg_media_find_codec(far, format->codec);
        if (theirs && format->codec != CG_CODEC_RED) /* RED's fmtp is made of payload types, which are the leg's own */
            g_strlcpy(format->fmtp, theirs->fmtp, sizeof(format->fmtp));
    }
    local->ptime_ms = far->ptime_ms;
    local->max_ptime_ms = far->max_ptime_ms;
}

static void move_format(const cg_media_description *from, cg_codec codec, cg_media_description *to)
{
    const cg_format *format = cg_media_find_codec(from, codec);
    if (format && !cg_media_find_codec(to, codec))
        to->formats[to->format_count++] = *format;
}

void cg_sdp_prefer_codecs(const cg_codec *allowed, bool events, cg_media_description *media)
{
    cg_media_description all = *media;
    media->format_count = 0;
    memset(media->extensions, 0, sizeof(media->extensions));
    for (; *allowed != CG_CODEC_COUNT; allowed++)
        move_format(&all, *allowed, media);
    move_format(&all, CG_CODEC_CN, media);
    if (events) {
        move_format(&all, CG_CODEC_TELEPHONE_EVENT_48000, media);
        move_format(&all, CG_CODEC_TELEPHONE_EVENT_8000, media);
    }
    drop_lonely(media);
}

bool cg_sdp_has_speech(const cg_media_description *media)
{
    for (size_t i = 0; i < media->format_count; i++)
        if (cg_codec_get_info(media->formats[i].codec)->speech)
            return true;
    return false;
}

bool cg_sdp_narrow_media(const cg_media_description *answer, cg_media_description *local)
{
    cg_media_description kept = *local;
    kept.format_count = 0;
    for (size_t i = 0; i < local->format_count; i++)
        if (cg_media_find_codec(answer, local->formats[i].codec))
            kept.formats[kept.format_count++] = local->formats[i];
    for (size_t i = 0; i < CG_EXTENSION_COUNT; i++)
        if (answer->extensions[i] == 0)
            kept.extensions[i] = 0;
    if (!cg_sdp_has_speech(&kept))
        return false;
    *local = kept;
    return true;
}
