/* What two descriptions come down to on the packet path: tables from payload types to codecs and back, extension ids,
 * which way media may flow. Compiled once per offer/answer.
 *
 * Payload types in a description are those its author wants to receive (RFC 3264 section 5.1): what the peer sends is
 * numbered by our local description, what we send to it by its remote one. Browsers answer with the offer's numbers, so
 * the two mostly agree; they need not. */
#pragma once

#include "base/media.h"
#include "bridge/audio/codec.h"
#include "bridge/rtp/rtp_extension.h"

#define CG_MEDIA_NO_PAYLOAD_TYPE 0xff

typedef struct {
    uint8_t codec_of[128];                      /* received payload type to cg_codec; CG_CODEC_COUNT: not negotiated */
    uint8_t payload_type_of[CG_CODEC_COUNT];    /* codec to the number we send it under, or CG_MEDIA_NO_PAYLOAD_TYPE */
    uint8_t extension_of[CG_RTP_EXTENSION_IDS]; /* received id to cg_extension; CG_EXTENSION_COUNT: none */
    uint8_t extension_id[CG_EXTENSION_COUNT];   /* extension to the id we send it under; 0: not used */
    bool may_receive, may_send;                 /* directions of both descriptions, as we see them */
    cg_codec preferences[CG_CODEC_COUNT];       /* speech codecs to send, the peer's favourite first */
    unsigned preference_count;
    cg_opus_wishes opus;   /* of the peer as a receiver */
    unsigned ptime_ms;     /* it wants; 0: not said */
    unsigned max_ptime_ms; /* the longest packet that it takes; 0: not said */
    cg_codec speech;       /* what our stream mostly is; CG_CODEC_COUNT: none */
    cg_codec events;       /* telephone-event to send, CG_CODEC_COUNT: none */
} cg_media_map;

void cg_media_map_init(cg_media_map *map, const cg_media_description *local, const cg_media_description *remote);

/* Chooses `speech` and `events` for a stream whose packets come from `partner` (NULL: from nobody yet): of the peer's
 * codecs the first that the partner sends too, so that nothing need be translated, or else the first. */
void cg_media_map_choose(cg_media_map *map, const cg_media_map *partner);

/* Speech passes from one to the other in at least one codec. */
bool cg_media_map_share_speech(const cg_media_map *from, const cg_media_map *to);

/* The renumbering from one leg's stream to another's, for RED blocks and header extensions. */
typedef struct {
    uint8_t payload_type[128]; /* CG_RED_DROP where there is no counterpart */
    uint8_t extension[CG_RTP_EXTENSION_IDS];
} cg_media_link;

void cg_media_link_init(cg_media_link *link, const cg_media_map *from, const cg_media_map *to);
