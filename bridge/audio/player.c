/* Encoders by voice: one for each codec, and one of Opus for those who take less of it than it makes. */
#include "bridge/audio/player.h"

enum { FRAME_US = CG_MUSIC_FRAME_MS * 1000, LOW_OPUS = CG_CODEC_COUNT, VOICES, ANY_RATE = 16000 };
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

static cg_player *player_new(cg_music *music, int64_t now_us)
{
    cg_player *player = g_new0(cg_player, 1);
    player->music = cg_music_ref(music);
    player->begun_us = now_us;
    return player;
}

cg_player *cg_players_join(GPtrArray *players, cg_music *music, int64_t now_us)
{
    cg_player *found = NULL;
    for (guint i = 0; i < players->len && found == NULL; i++)
        if (((cg_player *) players->pdata[i])->music == music)
            found = players->pdata[i];
    if (found == NULL) {
        found = player_new(music, now_us);
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

int64_t cg_player_take(cg_player *player, cg_codec codec, const cg_opus_wishes *wishes, int64_t now_us,
                       cg_player_packet *ret_packet)
{
    voice *v = voice_of(player, codec, wishes);
    uint32_t number = (uint32_t) ((now_us - player->begun_us) / FRAME_US);
    if (v->size == 0 || v->number != number) {
        const int16_t *pcm = cg_music_frame(player->music, v->rate, number);
        v->size = cg_encoder_encode(v->encoder, pcm, v->rate / CG_MUSIC_FRAMES_PER_S, v->payload);
        v->number = number;
        player->encoded++;
    }
    *ret_packet = (cg_player_packet){.number = number, .payload = v->payload, .size = v->size};
    return player->begun_us + (int64_t) (number + INT64_C(1)) * FRAME_US;
}

const cg_music *cg_player_music(const cg_player *player)
{
    return player->music;
}

uint64_t cg_player_encoded(const cg_player *player)
{
    return player->encoded;
}
