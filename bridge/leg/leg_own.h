/* Packets of our own making in a leg's stream: what is translated for it, the tones of keys. Part of leg.h. */
#pragma once

#include "base/media.h"
#include "bridge/rtp/rtp_rewriter.h"

typedef struct cg_worker cg_worker;
typedef struct cg_leg cg_leg;

/* Of cg_leg_send_own. */
typedef struct {
    uint32_t run; /* counts them: each is a source of its own */
    cg_rtp_position next;
} cg_leg_own;

typedef struct {
    cg_rtp_source source;
    cg_rtp_position position;
    cg_codec codec; /* the leg takes it */
    bool first;     /* of a talk spurt */
    const uint8_t *payload;
    size_t size;
} cg_leg_frame;

/* Sends the leg's peer a packet of our own making. False if it has no place in the stream, or no path. */
bool cg_leg_send_frame(cg_worker *worker, cg_leg *leg, const cg_leg_frame *frame, int64_t now_us);
/* A run of packets, each of 20 ms and right behind the other: begins, and goes on. */
void cg_leg_begin_own(cg_leg *leg);
void cg_leg_send_own(cg_worker *worker, cg_leg *leg, cg_codec codec, const uint8_t *payload, size_t size,
                     int64_t now_us);
