/* The state between RTCP reports. Timer reconsideration and group size (section 6.3) have no part here: there are two
 * members, and 5 s of interval is far below 5 % of an audio stream's bandwidth. */
#include "bridge/rtp/rtcp_session.h"

enum { INTERVAL_US = 5000000 };

uint64_t cg_ntp_time(int64_t ntp_offset_us, int64_t now_us)
{
    uint64_t us = (uint64_t) (ntp_offset_us + now_us);
    return (us / 1000000) << 32 | ((us % 1000000) << 32) / 1000000;
}

void cg_rtcp_session_schedule(cg_rtcp_session *session, uint32_t random, int64_t now_us)
{
    int64_t interval = INTERVAL_US / 2 + (int64_t) ((uint64_t) random * INTERVAL_US >> 32);
    session->next_us = now_us + (session->next_us == 0 ? interval / 2 : interval);
}

/* Section 6.4.1, figure 2: A - LSR - DLSR. What does not fit (a peer that invents them) is passed over. */
static void learn_round_trip(cg_rtcp_session *session, const cg_rtcp_block *block, uint64_t ntp)
{
    if (block->last_sender_report == 0)
        return;
    uint32_t arrival = (uint32_t) (ntp >> 16);
    uint32_t round_trip = arrival - block->last_sender_report - block->delay;
    if (round_trip > 0x7fffffff)
        round_trip = 0; /* clocks of 1/65536 s round: a loopback answer can seem to come before the question */
    if (round_trip > 60 << 16)
        return;
    uint32_t us = (uint32_t) ((uint64_t) round_trip * 1000000 >> 16);
    session->round_trip_us = us > 0 ? us : 1;
}

void cg_rtcp_session_receive(cg_rtcp_session *session, const cg_rtcp_report *report, uint32_t clock_rate,
                             int64_t ntp_offset_us, int64_t now_us)
{
    if (report->has_sender_info) {
        session->last_sender_report = (uint32_t) (report->ntp >> 16);
        session->last_sender_report_us = now_us;
        session->last_sender_report_ssrc = report->ssrc;
    }
    if (!report->has_block)
        return;
    session->lost_remote = report->block.cumulative_lost;
    session->jitter_remote_us = (uint32_t) ((uint64_t) report->block.jitter * 1000000 / clock_rate);
    learn_round_trip(session, &report->block, cg_ntp_time(ntp_offset_us, now_us));
}

static cg_rtcp_block make_block(const cg_rtcp_session *session, cg_reception *reception, int64_t now_us)
{
    cg_reception_report heard = cg_reception_make_report(reception);
    cg_rtcp_block block = {
        .ssrc = reception->ssrc,
        .fraction_lost = heard.fraction_lost,
        .cumulative_lost = heard.cumulative_lost,
        .highest = heard.highest,
        .jitter = heard.jitter,
    };
    if (session->last_sender_report != 0 && session->last_sender_report_ssrc == reception->ssrc) {
        block.last_sender_report = session->last_sender_report;
        block.delay = (uint32_t) (((uint64_t) (now_us - session->last_sender_report_us) << 16) / 1000000);
    }
    return block;
}

cg_rtcp_report cg_rtcp_session_report(cg_rtcp_session *session, cg_reception *reception, uint32_t our_ssrc,
                                      uint32_t timestamp, int64_t ntp_offset_us, int64_t now_us)
{
    cg_rtcp_report report = {
        .ssrc = our_ssrc,
        .has_sender_info = session->sent_since_report || session->sent_before_report,
        .ntp = cg_ntp_time(ntp_offset_us, now_us),
        .timestamp = timestamp,
        .packets = session->packets_sent,
        .octets = session->octets_sent,
        .has_block = reception->started,
    };
    if (reception->started)
        report.block = make_block(session, reception, now_us);
    session->sent_before_report = session->sent_since_report;
    session->sent_since_report = false;
    return report;
}
