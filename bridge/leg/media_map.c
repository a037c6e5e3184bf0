/* Compiling negotiated media into tables. */
#include "bridge/leg/media_map.h"

#include "bridge/rtp/red.h"

#include <glib.h>
#include <string.h>

G_STATIC_ASSERT(CG_MEDIA_NO_PAYLOAD_TYPE == CG_RED_DROP);

static void map_formats(cg_media_map *map, const cg_media_description *local, const cg_media_description *remote)
{
    memset(map->codec_of, CG_CODEC_COUNT, sizeof map->codec_of);
    memset(map->payload_type_of, CG_MEDIA_NO_PAYLOAD_TYPE, sizeof map->payload_type_of);
    for (size_t i = 0; i < local->format_count; i++) {
        const cg_format *ours = &local->formats[i];
        const cg_format *theirs = cg_media_find_codec(remote, ours->codec);
        if (theirs == NULL)
            continue;
        map->codec_of[ours->payload_type & 0x7f] = (uint8_t) ours->codec;
        map->payload_type_of[ours->codec] = theirs->payload_type & 0x7f;
    }
}

static void map_extensions(cg_media_map *map, const cg_media_description *local, const cg_media_description *remote)
{
    memset(map->extension_of, CG_EXTENSION_COUNT, sizeof map->extension_of);
    for (unsigned i = 0; i < CG_EXTENSION_COUNT; i++) {
        uint8_t ours = local->extensions[i], theirs = remote->extensions[i];
        bool both = ours > 0 && ours < CG_RTP_EXTENSION_IDS && theirs > 0 && theirs < CG_RTP_EXTENSION_IDS;
        map->extension_id[i] = both ? theirs : 0;
        if (both)
            map->extension_of[ours] = (uint8_t) i;
    }
}

static bool sendable(const cg_media_map *map, cg_codec codec)
{
    return map->payload_type_of[codec] != CG_MEDIA_NO_PAYLOAD_TYPE;
}

static void list_preferences(cg_media_map *map, const cg_media_description *remote)
{
    map->preference_count = 0;
    for (size_t i = 0; i < remote->format_count && map->preference_count < CG_CODEC_COUNT; i++)
        if (cg_codec_get_info(remote->formats[i].codec)->speech && sendable(map, remote->formats[i].codec))
            map->preferences[map->preference_count++] = remote->formats[i].codec;
}

static cg_codec find_speech(const cg_media_map *map, const cg_media_map *partner)
{
    for (unsigned i = 0; partner != NULL && i < map->preference_count; i++)
        if (sendable(partner, map->preferences[i])) /* what is negotiated is so both ways */
            return map->preferences[i];
    return map->preference_count > 0 ? map->preferences[0] : CG_CODEC_COUNT;
}

/* Events at the clock of the speech they stand between (RFC 4733 section 2.5.1.1), or else at the other. */
static cg_codec find_events(const cg_media_map *map)
{
    bool wide = map->speech != CG_CODEC_COUNT && cg_codec_get_info(map->speech)->clock_rate == 48000;
    cg_codec best = wide ? CG_CODEC_TELEPHONE_EVENT_48000 : CG_CODEC_TELEPHONE_EVENT_8000;
    cg_codec other = wide ? CG_CODEC_TELEPHONE_EVENT_8000 : CG_CODEC_TELEPHONE_EVENT_48000;
    return sendable(map, best) ? best : sendable(map, other) ? other : CG_CODEC_COUNT;
}

void cg_media_map_init(cg_media_map *map, const cg_media_description *local, const cg_media_description *remote)
{
    map_formats(map, local, remote);
    map_extensions(map, local, remote);
    map->may_receive = (local->direction & CG_DIRECTION_RECVONLY) && (remote->direction & CG_DIRECTION_SENDONLY);
    map->may_send = (local->direction & CG_DIRECTION_SENDONLY) && (remote->direction & CG_DIRECTION_RECVONLY);
    const cg_format *opus = cg_media_find_codec(remote, CG_CODEC_OPUS);
    map->opus = cg_opus_read_wishes(opus != NULL ? opus->fmtp : "");
    map->ptime_ms = remote->ptime_ms;
    map->max_ptime_ms = remote->max_ptime_ms;
    list_preferences(map, remote);
    cg_media_map_choose(map, NULL);
}

void cg_media_map_choose(cg_media_map *map, const cg_media_map *partner)
{
    map->speech = find_speech(map, partner);
    map->events = find_events(map);
}

bool cg_media_map_share_speech(const cg_media_map *from, const cg_media_map *to)
{
    for (unsigned i = 0; i < to->preference_count; i++)
        if (sendable(from, to->preferences[i]))
            return true;
    return false;
}

void cg_media_link_init(cg_media_link *link, const cg_media_map *from, const cg_media_map *to)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(link->payload_type); i++) {
        uint8_t codec = from->codec_of[i];
        link->payload_type[i] = codec == CG_CODEC_COUNT ? CG_RED_DROP : to->payload_type_of[codec];
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(link->extension); i++) {
        uint8_t extension = from->extension_of[i];
        link->extension[i] = extension == CG_EXTENSION_COUNT ? 0 : to->extension_id[extension];
    }
}
