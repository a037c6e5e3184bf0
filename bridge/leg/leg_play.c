/* Every hold is a source of its own to the rewriter: what came before, and what comes after it, are one stream with it.
 * A key that is sent meanwhile takes the place of the music, as it does of speech. */
#include "bridge/leg/leg_play.h"

#include "base/random.h"
#include "bridge/leg/leg.h"
#include "bridge/worker/worker.h"

enum { FIRST_SEQUENCE = 1 << 16 }; /* as cg_reception_count begins: there is room below */

/* What the peer asks for may change while it hears. */
static unsigned wanted_ms(const cg_leg *leg)
{
    return cg_codec_packet_ms(leg->media.speech, leg->media.ptime_ms, leg->media.max_ptime_ms);
}

static cg_leg_play begin(const cg_leg *leg, cg_player *player, int64_t now_us)
{
    return (cg_leg_play){
        .player = player,
        .source = {.leg = leg->id, .ssrc = cg_random_u32()},
        .sequence = FIRST_SEQUENCE,
        .next_us = now_us,
    };
}

void cg_leg_set_music(cg_worker *worker, cg_leg *leg, cg_music *music, int64_t now_us)
{
    cg_leg_play *play = &leg->play;
    if (play->player != NULL)
        cg_players_leave(worker->players, play->player);
    *play = (cg_leg_play){0};
    if (music != NULL)
        *play = begin(leg, cg_players_join(worker->players, music, wanted_ms(leg), now_us), now_us);
    cg_worker_schedule(worker, leg);
}

static void send_packet(cg_worker *worker, cg_leg *leg, const cg_player_packet *packet, int64_t now_us)
{
    cg_codec codec = leg->media.speech;
    uint32_t ticks = cg_codec_get_info(codec)->clock_rate / 1000 * cg_player_packet_ms(leg->play.player);
    cg_leg_frame frame = {
        .source = leg->play.source,
        .position = {.sequence = leg->play.sequence, .timestamp = packet->number * ticks},
        .codec = codec,
        .payload = packet->payload,
        .size = packet->size,
    };
    cg_leg_keys_follow(&leg->keys, codec, packet->payload, packet->size);
    if (cg_leg_send_frame(worker, leg, &frame, now_us))
        leg->play.sequence++;
}

void cg_leg_send_music(cg_worker *worker, cg_leg *leg, int64_t now_us)
{
    cg_player_packet packet;
    if (now_us < cg_leg_music_due(leg))
        return;
    if (cg_player_packet_ms(leg->play.player) != wanted_ms(leg))
        leg->play = begin(leg, cg_players_change(worker->players, leg->play.player, wanted_ms(leg), now_us), now_us);
    leg->play.next_us = cg_player_take(leg->play.player, leg->media.speech, &leg->media.opus, now_us, &packet);
    if (!cg_dtmf_sender_is_sounding(&leg->keys.out))
        send_packet(worker, leg, &packet, now_us);
}

int64_t cg_leg_music_due(const cg_leg *leg)
{
    bool may_hear = leg->flow_to && leg->described && leg->media.may_send && leg->media.speech != CG_CODEC_COUNT;
    return leg->play.player != NULL && may_hear ? leg->play.next_us : INT64_MAX;
}
