/* RTCP compound packets (RFC 3550 section 6), decrypted: the few things a leg wants to know are read out of the peer's,
 * and ours are written. No state. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CG_RTCP_MAX_SIZE 256 /* of what we write */
#define CG_RTCP_MAX_CNAME 63

typedef struct {
    uint32_t ssrc; /* the stream it is about */
    uint8_t fraction_lost;
    int32_t cumulative_lost;
    uint32_t highest;            /* extended sequence number */
    uint32_t jitter;             /* in the stream's clock */
    uint32_t last_sender_report; /* middle 32 bits of its NTP time, 0: none came */
    uint32_t delay;              /* since it came, 1/65536 s */
} cg_rtcp_block;

typedef struct {
    uint32_t ssrc; /* of the sender of the packet */
    bool has_sender_info;
    uint64_t ntp; /* sender report: wall clock, 32.32 fixed point since 1900 */
    uint32_t timestamp;
    uint32_t packets, octets;
    bool has_block;
    cg_rtcp_block block; /* read: the last one about our stream */
    bool bye;            /* the sender leaves */
} cg_rtcp_report;

/* True if the datagram is RTCP and not RTP (RFC 5761 section 4: packet types 192 to 223). */
bool cg_rtcp_is_rtcp(const uint8_t *data, size_t size);

bool cg_rtcp_peek_ssrc(const uint8_t *data, size_t size, uint32_t *ret_ssrc);

/* Reads a whole compound packet, report blocks about `our_ssrc` only. False, and `ret_report` untouched, if any packet
 * in it is malformed. Packets of other types are passed over; one that does not begin with a report is taken too
 * (RFC 5506). */
bool cg_rtcp_parse(const uint8_t *data, size_t size, uint32_t our_ssrc, cg_rtcp_report *ret_report);

/* Writes a compound packet: SR or RR, SDES with CNAME (at most CG_RTCP_MAX_CNAME octets), BYE if asked. Returns its
 * size. */
size_t cg_rtcp_write(uint8_t ret_data[static CG_RTCP_MAX_SIZE], const cg_rtcp_report *report, const char *cname);
