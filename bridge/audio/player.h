/* Plays music to any number of listeners at once, like a radio station: it has a clock of its own, all hear the same
 * piece of it, and each codec's packet is encoded once, when the first listener asks for it, whoever else hears it. It
 * begins with its first listener and is gone with the last.
 *
 * A worker has one for each music that somebody hears, and each length of packets; nothing here is shared between
 * threads. Times are monotonic microseconds. */
#pragma once

#include "bridge/audio/codec.h"
#include "bridge/audio/music.h"

#include <glib.h>

typedef struct cg_player cg_player;

/* One listener more: of the player of that music in packets of that length, as cg_codec_packet_ms has it, among
 * `players` (owned cg_player), which is made if there is none. */
cg_player *cg_players_join(GPtrArray *players, cg_music *music, unsigned packet_ms, int64_t now_us);
/* ... which goes over to packets of another length. */
cg_player *cg_players_change(GPtrArray *players, cg_player *player, unsigned packet_ms, int64_t now_us);
/* The last one ends it. */
void cg_players_leave(GPtrArray *players, cg_player *player);

typedef struct {
    uint32_t number; /* counts packets from the player's beginning */
    const uint8_t *payload;
    size_t size; /* octets; payload and size are valid until the next one of this codec */
} cg_player_packet;

/* The packet that sounds at `now_us`, and when the next one does. Who asks late has missed the ones before. */
int64_t cg_player_take(cg_player *player, cg_codec codec, const cg_opus_wishes *wishes, int64_t now_us,
                       cg_player_packet *ret_packet);

unsigned cg_player_packet_ms(const cg_player *player);
const cg_music *cg_player_music(const cg_player *player);
uint64_t cg_player_encoded(const cg_player *player); /* packets so far */
