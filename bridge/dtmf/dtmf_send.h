/* Keys into telephone-event packets (RFC 4733): a queue of digits and the clockwork that says which packet is due. The
 * caller sends it, with a sequence number and timestamp of the leg's stream. */
#pragma once

#include "bridge/dtmf/dtmf_event.h"

#define CG_DTMF_QUEUE 64 /* digits that may wait */

typedef struct {
    char queue[CG_DTMF_QUEUE];
    unsigned head, count;
    bool sounding;   /* an event is under way */
    uint8_t code;    /* of it */
    unsigned sent;   /* its packets so far */
    int64_t next_us; /* when the next packet, or the next digit, may go */
} cg_dtmf_sender;

typedef struct {
    bool first;    /* of its event: takes a new timestamp, carries the marker bit */
    bool repeated; /* the last one, once more */
    cg_dtmf_event event;
} cg_dtmf_packet;

/* Puts keys (and 'w': half a second's pause) behind those waiting. Other characters are passed over. Returns how many
 * keys did not fit. */
unsigned cg_dtmf_sender_push(cg_dtmf_sender *sender, const char *digits, int64_t now_us);

/* The time of the next step, or INT64_MAX when there is nothing to do. */
int64_t cg_dtmf_sender_due(const cg_dtmf_sender *sender);

/* One step. True if a packet is to be sent now; durations are in `clock_rate`. */
bool cg_dtmf_sender_step(cg_dtmf_sender *sender, uint32_t clock_rate, int64_t now_us, cg_dtmf_packet *ret_packet);

/* An event is sounding: other media of the stream must wait (RFC 4733 section 2.5.1.1 of the event replacing audio). */
static inline bool cg_dtmf_sender_is_sounding(const cg_dtmf_sender *sender)
{
    return sender->sounding;
}
