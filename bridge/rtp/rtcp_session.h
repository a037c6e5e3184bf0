/* When a leg reports and what it knows from the peer's reports (RFC 3550 section 6.2 to 6.4), for the two participants
 * that a leg's RTP session has. No I/O; `now` comes in. */
#pragma once

#include "bridge/rtp/reception.h"
#include "bridge/rtp/rtcp.h"

typedef struct {
    int64_t next_us;                    /* when the next report is due; 0: none yet */
    bool sent_since_report;             /* we were a sender since the last report: it is an SR */
    bool sent_before_report;            /* ... or in the interval before it (section 6.4) */
    uint32_t packets_sent, octets_sent; /* payload octets, modulo 2^32 as reports carry them */
    uint32_t last_sender_report;        /* middle 32 bits of the peer's last NTP time; 0: none */
    int64_t last_sender_report_us;      /* when it came */
    uint32_t last_sender_report_ssrc;   /* whose it was */
    uint32_t round_trip_us;             /* 0: not known */
    int32_t lost_remote;                /* as the peer says of our stream */
    uint32_t jitter_remote_us;
} cg_rtcp_session;

/* Wall clock as NTP (32.32 bits since 1900): monotonic time plus a constant, so that it never jumps. */
uint64_t cg_ntp_time(int64_t ntp_offset_us, int64_t now_us);

/* Sets when the next report is due: 5 s times a factor between 0.5 and 1.5 that `random` picks; half of it for the
 * first report (section 6.2). The randomness keeps legs that began together from reporting together. */
void cg_rtcp_session_schedule(cg_rtcp_session *session, uint32_t random, int64_t now_us);

/* Counts an RTP packet sent to the peer. */
static inline void cg_rtcp_session_sent(cg_rtcp_session *session, size_t payload_size)
{
    session->sent_since_report = true;
    session->packets_sent++;
    session->octets_sent += (uint32_t) payload_size;
}

/* Takes what a report of the peer says. `clock_rate` is our stream's. */
void cg_rtcp_session_receive(cg_rtcp_session *session, const cg_rtcp_report *report, uint32_t clock_rate,
                             int64_t ntp_offset_us, int64_t now_us);

/* Composes our report: sender part if we sent in the last two intervals (`timestamp` is our stream's now), a block
 * about `reception` if anything came. */
cg_rtcp_report cg_rtcp_session_report(cg_rtcp_session *session, cg_reception *reception, uint32_t our_ssrc,
                                      uint32_t timestamp, int64_t ntp_offset_us, int64_t now_us);
