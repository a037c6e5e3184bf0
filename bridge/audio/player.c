/* Encoders by voice: one for each codec, and one of Opus for those who take less of it than it makes. */
#include "bridge/audio/player.h"

enum { LOW_OPUS = CG_CODEC_COUNT, VOICES, ANY_RATE = 16000 };
#define OPUS_BITRATE 32000 /* bits per second of Opus without a wish */
#define LOW_BITRATE 6000   /* the least that can be wished for */

typedef struct {
    cg_encoder *encoder; /* owned; NULL: nobody has asked */
    uint32_t rate;       /* Hz of its PCM */
    uint32_t number;     /* of the packet below */
    size_t size;         /* of it */
    uint8_t payload[CG_CODEC_MAX_PAYLOAD];
} voice;

struct cg_player {
    cg_music *music; /* a reference */
    unsigned packet_ms;
    unsigned listeners;
    int64_t begun_us;
    uint64_t encoded;
    voice voices[VOICES];
};

static void player_free(cg_player *player)
{
    for (unsigned i = 0; i < VOICES; i++)
        cg_encoder_free(player->voices[i].encoder);
    cg_music_unref(player->music);
    g_free(player);
}

static cg_player *player_new(cg_music *music, unsigned packet_ms, int64_t now_us)
{
    cg_player *player = g_new0(cg_player, 1);
    player->music = cg_music_ref(music);
    player->packet_ms = packet_ms;
    player->begun_us = now_us;
    return player;
}

static cg_player *find(const GPtrArray *players, const cg_music *music, unsigned packet_ms)
{
    for (guint i = 0; i < players->len; i++) {
        cg_player *player = players->pdata[i];
        if (player->music == music && player->packet_ms == packet_ms)
            return player;
    }
    return NULL;
}

cg_player *cg_players_join(GPtrArray *players, cg_music *music, unsigned packet_ms, int64_t now_us)
{
    cg_player *found = find(players, music, packet_ms);
    if (found == NULL) {
        found = player_new(music, packet_ms, now_us);
        g_ptr_array_add(players, found);
    }
    found->listeners++;
    return found;
}

void cg_players_leave(GPtrArray *players, cg_player *player)
{
    if (--player->listeners > 0)
        return;
    g_ptr_array_remove_fast(players, player);
    player_free(player);
}

cg_player *cg_players_change(GPtrArray *players, cg_player *player, unsigned packet_ms, int64_t now_us)
{
    cg_player *other = cg_players_join(players, player->music, packet_ms, now_us);
    cg_players_leave(players, player);
    return other;
}

static voice *voice_of(cg_player *player, cg_codec codec, const cg_opus_wishes *wishes)
{
    bool low = codec == CG_CODEC_OPUS && wishes->max_bitrate != 0 && wishes->max_bitrate < OPUS_BITRATE;
    voice *v = &player->voices[low ? LOW_OPUS : codec];
    if (v->encoder != NULL)
        return v;
    uint32_t rate = cg_codec_pcm_rate(codec);
    v->rate = rate != 0 ? rate : ANY_RATE;
    v->encoder = cg_encoder_new(codec, v->rate, &(cg_opus_wishes){.max_bitrate = low ? LOW_BITRATE : OPUS_BITRATE});
    v->size = 0;
    return v;
}

static void encode(cg_player *player, voice *v, uint32_t number)
{
    int16_t pcm[CG_PCM_MAX_RATE / 1000 * CG_CODEC_PACKET_MAX_MS];
    size_t count = v->rate / 1000 * player->packet_ms;
    cg_music_read(player->music, v->rate, (uint64_t) number * count, count, pcm);
    v->size = cg_encoder_encode(v->encoder, pcm, count, v->payload);
    v->number = number;
    player->encoded++;
}

int64_t cg_player_take(cg_player *player, cg_codec codec, const cg_opus_wishes *wishes, int64_t now_us,
                       cg_player_packet *ret_packet)
{
    voice *v = voice_of(player, codec, wishes);
    int64_t packet_us = player->packet_ms * INT64_C(1000);
    uint32_t number = (uint32_t) ((now_us - player->begun_us) / packet_us);
    if (v->size == 0 || v->number != number)
        encode(player, v, number);
    *ret_packet = (cg_player_packet){.number = number, .payload = v->payload, .size = v->size};
    return player->begun_us + (number + INT64_C(1)) * packet_us;
}

unsigned cg_player_packet_ms(const cg_player *player)
{
    return player->packet_ms;
}

const cg_music *cg_player_music(const cg_player *player)
{
    return player->music;
}

uint64_t cg_player_encoded(const cg_player *player)
{
    return player->encoded;
}
