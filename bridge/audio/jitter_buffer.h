/* Puts packets into their order and gives them out at their time. Packets and `now` go in, whenever they come; frames
 * come out, whenever the next is asked for. Its delay follows the jitter that it sees: as short as will do, at most
 * CG_JITTER_MAX_DELAY_US. It never holds more than CG_JITTER_SLOTS packets. No I/O.
 *
 * The position is the media time that is due. It moves on with every frame that is taken, packet or none; a packet that
 * comes after its time, while nothing has been played in its place but silence, moves it back. */
#pragma once

#include "bridge/audio/codec.h"
#include "bridge/audio/jitter_delay.h"

#define CG_JITTER_SLOTS 32
#define CG_JITTER_MAX_DELAY_US 240000

typedef struct {
    cg_codec codec;      /* events and others without sound are told of too: their sequence numbers are not lost */
    uint32_t clock_rate; /* Hz, of `timestamp` and `duration` */
    uint32_t sequence;   /* extended to 32 bits */
    uint32_t timestamp;
    uint32_t duration; /* 0: no sound in it */
    size_t size;       /* at most CG_CODEC_MAX_PAYLOAD */
    const uint8_t *payload;
} cg_jitter_packet;

typedef struct {
    bool used;
    cg_codec codec;
    uint32_t sequence, duration;
    int64_t time; /* timestamp without wrap-around */
    uint16_t size;
    uint8_t payload[CG_CODEC_MAX_PAYLOAD];
} cg_jitter_slot;

typedef struct {
    uint64_t lost;      /* holes that had to be filled */
    uint64_t late;      /* came after their place had been filled, or after all room was taken */
    uint64_t duplicate; /* were there already */
} cg_jitter_stats;

typedef struct {
    bool running;                          /* there was a packet */
    uint32_t clock_rate;                   /* Hz */
    cg_jitter_slot slots[CG_JITTER_SLOTS]; /* by sequence number modulo their count */
    uint32_t next;                         /* sequence number that has not been given out or given up */
    int64_t position;                      /* media time that is due, clock units */
    int64_t step;                          /* clock units of the packet before, by which holes are filled */
    bool starving;                         /* the position went on over nothing */
    int64_t lossy_until_us;                /* packets have been lost lately */
    cg_jitter_delay delay;
    cg_jitter_stats stats;
} cg_jitter_buffer;

typedef enum {
    CG_JITTER_PACKET, /* to be decoded */
    CG_JITTER_LOST,   /* to be concealed; the packet is the one that followed, if it is there and followed at once */
    CG_JITTER_SILENT, /* the sender left time out on purpose, or nothing has come: nothing is known to be lost */
} cg_jitter_kind;

typedef struct {
    cg_jitter_kind kind;
    uint32_t duration;            /* clock units */
    const cg_jitter_slot *packet; /* valid until the next packet comes; or NULL */
    int64_t excess_us;            /* by which the delay is greater than it need be; negative: smaller */
    bool empty;                   /* nothing waits */
} cg_jitter_frame;

void cg_jitter_buffer_reset(cg_jitter_buffer *buffer);
/* A packet whose clock or time has nothing to do with those before begins anew. */
void cg_jitter_buffer_put(cg_jitter_buffer *buffer, const cg_jitter_packet *packet, int64_t now_us);
/* The delay aimed at. */
int64_t cg_jitter_buffer_target_us(const cg_jitter_buffer *buffer, int64_t now_us);
/* `pending_us`: what has been taken before and is not used yet, less the time by which it is taken early. There must
 * have been a packet. */
cg_jitter_frame cg_jitter_buffer_take(cg_jitter_buffer *buffer, int64_t now_us, int64_t pending_us);
