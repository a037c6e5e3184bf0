/* The tables behind the media vocabulary. A codec that is not here does not exist for Callgate. */
#include "base/media.h"

#include <string.h>

#include <glib.h>

#include "base/random.h"

static const cg_codec_info codecs[CG_CODEC_COUNT] = {
    [CG_CODEC_OPUS] = {"opus", 48000, 2, -1, true},
    /* RFC 3551 section 4.5.2: the clock of G722 is 8000 by an old error, although it samples at 16000. */
    [CG_CODEC_G722] = {"G722", 8000, 1, 9, true},
    [CG_CODEC_PCMU] = {"PCMU", 8000, 1, 0, true},
    [CG_CODEC_PCMA] = {"PCMA", 8000, 1, 8, true},
    [CG_CODEC_RED] = {"red", 48000, 2, -1, false},
    [CG_CODEC_CN] = {"CN", 8000, 1, 13, false},
    [CG_CODEC_TELEPHONE_EVENT_48000] = {"telephone-event", 48000, 1, -1, false},
    [CG_CODEC_TELEPHONE_EVENT_8000] = {"telephone-event", 8000, 1, -1, false},
};

static const char *const extension_uris[CG_EXTENSION_COUNT] = {
    [CG_EXTENSION_AUDIO_LEVEL] = "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
};

const cg_codec_info *cg_codec_get_info(cg_codec codec)
{
    g_assert((unsigned) codec < CG_CODEC_COUNT);
    return &codecs[codec];
}

cg_codec cg_codec_find(const char *name, uint32_t clock_rate, unsigned channels)
{
    cg_codec codec = 0;
    while (codec < CG_CODEC_COUNT) {
        const cg_codec_info *info = &codecs[codec];
        if (info->clock_rate == clock_rate && info->channels == channels && g_ascii_strcasecmp(info->name, name) == 0)
            break;
        codec++;
    }
    return codec;
}

const char *cg_extension_uri(cg_extension extension)
{
    g_assert((unsigned) extension < CG_EXTENSION_COUNT);
    return extension_uris[extension];
}

bool cg_rtp_address_is_nowhere(const cg_rtp_address *address)
{
    const struct sockaddr_storage *media = &address->media;
    if (media->ss_family == AF_INET6)
        return ((const struct sockaddr_in6 *) media)->sin6_port == 0;
    return media->ss_family == AF_INET && ((const struct sockaddr_in *) media)->sin_port == 0;
}

cg_ice_credentials cg_ice_credentials_new(void)
{
    cg_ice_credentials credentials = {0};
    cg_random_text(credentials.ufrag, 8);
    cg_random_text(credentials.pwd, 24);
    return credentials;
}

cg_crypto cg_crypto_new(uint32_t tag, cg_srtp_profile profile)
{
    cg_crypto crypto = {.tag = tag, .profile = profile};
    cg_random_bytes(crypto.master, sizeof crypto.master);
    return crypto;
}

void cg_media_wipe_keys(cg_media_description *media)
{
    explicit_bzero(media->crypto, sizeof media->crypto);
    media->crypto_count = 0;
}

bool cg_fingerprint_equal(const cg_fingerprint *a, const cg_fingerprint *b)
{
    return a->hash == b->hash && a->size == b->size && memcmp(a->digest, b->digest, a->size) == 0;
}

const cg_format *cg_media_find_codec(const cg_media_description *media, cg_codec codec)
{
    for (size_t i = 0; i < media->format_count; i++) {
        if (media->formats[i].codec == codec)
            return &media->formats[i];
    }
    return NULL;
}

const cg_format *cg_media_find_payload_type(const cg_media_description *media, uint8_t payload_type)
{
    for (size_t i = 0; i < media->format_count; i++) {
        if (media->formats[i].payload_type == payload_type)
            return &media->formats[i];
    }
    return NULL;
}

bool cg_media_has_events(const cg_media_description *media)
{
    return cg_media_find_codec(media, CG_CODEC_TELEPHONE_EVENT_48000) != NULL ||
           cg_media_find_codec(media, CG_CODEC_TELEPHONE_EVENT_8000) != NULL;
}
