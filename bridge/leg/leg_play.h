/* Music that a leg's peer hears in the place of its partner. Part of leg.h; leg_play.c. */
#pragma once

#include "bridge/audio/player.h"
#include "bridge/rtp/rtp_rewriter.h"

typedef struct cg_worker cg_worker;
typedef struct cg_leg cg_leg;

typedef struct {
    cg_player *player; /* listened to; NULL: the peer hears its partner */
    cg_rtp_source source;
    uint32_t sequence; /* of the next packet */
    int64_t next_us;   /* when it is due */
} cg_leg_play;

/* From now on the peer hears the music, as far as the negotiated directions and its flow allow, and nothing of its
 * partner; NULL: its partner again. */
void cg_leg_set_music(cg_worker *worker, cg_leg *leg, cg_music *music, int64_t now_us);
void cg_leg_send_music(cg_worker *worker, cg_leg *leg, int64_t now_us); /* what is due */
int64_t cg_leg_music_due(const cg_leg *leg);
