/* What we receive of one source: extended sequence numbers, loss and jitter as RFC 3550 appendix A.1, A.3 and A.8
 * count them. Fed with authenticated packets only, each sequence number once (SRTP refuses replays), so the appendix's
 * defences against stray packets and sequence jumps are not needed here. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    uint32_t ssrc;
    uint32_t base;    /* extended sequence of the first packet */
    uint32_t highest; /* extended sequence, as reports carry it: cycles above 16 bits */
    uint64_t received;
    uint64_t expected_prior, received_prior; /* at the last report */
    uint32_t clock_rate;                     /* Hz, of `transit` and `jitter` */
    uint32_t transit;                        /* arrival minus timestamp of the packet before, clock units */
    uint32_t jitter_q4;                      /* jitter in clock units, times 16 */
    bool started, has_transit;
} cg_reception;

typedef struct {
    uint8_t fraction_lost; /* of 256, since the last report */
    int32_t cumulative_lost;
    uint32_t highest;
    uint32_t jitter; /* clock units */
} cg_reception_report;

/* Begins counting a source anew with its next packet. */
void cg_reception_start(cg_reception *reception, uint32_t ssrc);

/* Counts a packet; returns its sequence number extended to 32 bits (the first of a source is below 2^17, above 2^16:
 * packets that were overtaken by it still have a number). */
uint32_t cg_reception_count(cg_reception *reception, uint16_t sequence);

/* Appendix A.8, for packets whose timestamp says when they were sampled (not for events). */
void cg_reception_time(cg_reception *reception, uint32_t timestamp, uint32_t clock_rate, int64_t arrival_us);

int64_t cg_reception_lost(const cg_reception *reception); /* negative when duplicates outnumber losses */
uint32_t cg_reception_jitter_us(const cg_reception *reception);

/* Appendix A.3; the fraction is since the report before. */
cg_reception_report cg_reception_make_report(cg_reception *reception);
