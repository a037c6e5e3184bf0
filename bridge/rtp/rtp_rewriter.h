/* The one RTP stream that a leg's peer hears, whoever its packets come from. Sources change (another partner, another
 * SSRC), pauses and digits come between; the stream keeps its SSRC, its sequence goes on without a gap of our making,
 * its timestamp goes on by the time that passed. Losses and reordering of the source stay visible. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    uint64_t leg;  /* where packets come from; 0 is no source */
    uint32_t ssrc; /* as that peer sends it */
} cg_rtp_source;

typedef struct {
    uint32_t ssrc;        /* of the stream, never changes */
    uint32_t clock_rate;  /* Hz, of the speech codec last sent */
    uint16_t sequence;    /* highest sent */
    uint32_t timestamp;   /* of the packet with it */
    int64_t sent_us;      /* when that was */
    bool running;         /* something has been sent */
    cg_rtp_source source; /* whose packets the offsets below are for */
    bool broken;          /* sequence numbers were taken or left out: `sequence_offset` must be found anew */
    uint32_t base;    /* source's extended sequence from which sequence_offset holds; earlier packets are too late */
    uint32_t highest; /* source's extended sequence of the packet sent as `sequence` */
    uint16_t sequence_offset;
    uint32_t timestamp_offset;
} cg_rtp_rewriter;

typedef struct {
    uint32_t sequence; /* extended to 32 bits, see reception.h */
    uint32_t timestamp;
} cg_rtp_position;

typedef struct {
    uint16_t sequence;
    uint32_t timestamp;
    bool first; /* of a source: the marker bit belongs on it (RFC 3551 section 4.1) */
} cg_rtp_place;

/* `sequence` and `timestamp` begin the stream and are random (RFC 3550 section 5.1). */
void cg_rtp_rewriter_init(cg_rtp_rewriter *rewriter, uint32_t ssrc, uint16_t sequence, uint32_t timestamp,
                          uint32_t clock_rate);

/* The place in the stream of a packet of `source`. False if it must be dropped: it is older than the packets by which
 * the source joined, so its number is already another packet's, or than a packet of our own. `clock_rate` 0: an event,
 * at the clock in force. */
bool cg_rtp_rewriter_place(cg_rtp_rewriter *rewriter, cg_rtp_source source, cg_rtp_position position,
                           uint32_t clock_rate, int64_t now_us, cg_rtp_place *ret_place);

/* Packets of the source are being left out on purpose (hold, mute, digits): no gap shall be seen where they were. */
void cg_rtp_rewriter_skip(cg_rtp_rewriter *rewriter);

/* Takes the next sequence number for a packet of our own that begins now, and its timestamp. */
cg_rtp_place cg_rtp_rewriter_insert(cg_rtp_rewriter *rewriter, int64_t now_us);
/* The same for a later packet of the same event (RFC 4733 section 2.5.1.2: all its packets share a timestamp). */
uint16_t cg_rtp_rewriter_insert_again(cg_rtp_rewriter *rewriter);

/* Where the stream's clock stands now: for sender reports. */
uint32_t cg_rtp_rewriter_timestamp_at(const cg_rtp_rewriter *rewriter, int64_t now_us);
