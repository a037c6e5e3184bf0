/* What a leg does beside passing media on: RTCP reports, timeouts, whatever is due. */
#include "bridge/leg/leg.h"

#include "base/random.h"
#include "bridge/rtp/rtcp.h"
#include "bridge/rtp/rtp.h"
#include "bridge/worker/worker.h"

#include <string.h>

bool cg_leg_receive_rtcp(cg_worker *worker, cg_leg *leg, unsigned path, uint8_t *data, size_t size, int64_t now_us)
{
    if (leg->state != CG_LEG_CONNECTED) {
        cg_leg_count_no_keys(worker, leg, path, now_us);
        return false;
    }
    cg_rtcp_report report;
    size_t plain = size;
    cg_srtp_status status = cg_leg_unprotect_rtcp(leg, data, &plain);
    if (status == CG_SRTP_OK && !cg_rtcp_parse(data, plain, leg->stream.ssrc, &report))
        status = CG_SRTP_MALFORMED;
    if (status != CG_SRTP_OK) {
        cg_leg_count_refused(worker, leg, path, status, now_us);
        return false;
    }
    cg_leg_heard_media(worker, leg, path, now_us);
    cg_counter_add(&worker->counters.packets_received, 1);
    cg_counter_add(&worker->counters.bytes_received, size);
    cg_rtcp_session_receive(&leg->rtcp, &report, leg->stream.clock_rate, worker->ntp_offset_us, now_us);
    return true;
}

void cg_leg_send_report(cg_worker *worker, cg_leg *leg, bool bye, int64_t now_us)
{
    const cg_path *path = cg_leg_report_path(leg);
    if (path == NULL)
        return;
    char cname[CG_CNAME_SIZE];
    cg_bridge_cname(leg->stream.ssrc, cname);
    uint8_t *data = cg_worker_buffer(worker, path);
    cg_rtcp_report report =
        cg_rtcp_session_report(&leg->rtcp, &leg->reception, leg->stream.ssrc,
                               cg_rtp_rewriter_timestamp_at(&leg->stream, now_us), worker->ntp_offset_us, now_us);
    report.bye = bye;
    size_t size = cg_rtcp_write(data, &report, cname);
    if (cg_leg_protect_rtcp(leg, data, &size) != CG_SRTP_OK)
        return;
    cg_worker_send(worker, path, data, size);
    cg_counter_add(&worker->counters.packets_sent, 1);
    cg_counter_add(&worker->counters.bytes_sent, size);
}

static void send_report_if_due(cg_worker *worker, cg_leg *leg, int64_t now_us)
{
    if (leg->rtcp.next_us == 0 || now_us < leg->rtcp.next_us)
        return;
    cg_leg_count_lost(worker, leg);
    cg_leg_send_report(worker, leg, false, now_us);
    cg_rtcp_session_schedule(&leg->rtcp, cg_random_u32(), now_us);
}

/* A peer that sends no media may be there nevertheless: its answers to a full agent's checks are consent too. */
static bool is_alive(const cg_leg *leg)
{
    return leg->agent != NULL && cg_ice_agent_is_alive(leg->agent);
}

/* One with ICE-lite sends its checks all the time. */
static bool may_be_silent(const cg_leg *leg)
{
    return (leg->rtp != NULL || is_alive(leg)) && (leg->ringing || !leg->media.may_receive);
}

/* After which silence the leg ends; INT64_MAX: never. */
static int64_t patience_us(const cg_worker *worker, const cg_leg *leg)
{
    if (leg->rtp != NULL)
        return leg->media.may_receive && !leg->ringing ? worker->config.rtp_timeout_us : INT64_MAX;
    return is_alive(leg) ? INT64_MAX : worker->config.consent_timeout_us;
}

static void warn_if_silent(cg_worker *worker, cg_leg *leg, int64_t now_us)
{
    if (leg->interrupted || may_be_silent(leg) || now_us - leg->heard_us < worker->config.consent_warning_us)
        return;
    leg->interrupted = true;
    cg_leg_tell(worker, leg, CG_LEG_EVENT_INTERRUPTED);
}

/* Why the leg must end now, if it must. */
static cg_leg_end find_end(const cg_worker *worker, const cg_leg *leg, int64_t now_us)
{
    switch (leg->state) {
    case CG_LEG_OPEN:
        return CG_LEG_END_NONE;
    case CG_LEG_CHECKING:
        return now_us < leg->setup_deadline_us ? CG_LEG_END_NONE : CG_LEG_END_ICE_TIMEOUT;
    case CG_LEG_HANDSHAKING:
        return now_us < leg->setup_deadline_us ? CG_LEG_END_NONE : CG_LEG_END_DTLS_TIMEOUT;
    case CG_LEG_CONNECTED:
        if (now_us - leg->heard_us < patience_us(worker, leg))
            return CG_LEG_END_NONE;
        return leg->rtp != NULL ? CG_LEG_END_MEDIA_TIMEOUT : CG_LEG_END_CONSENT_LOST;
    }
    return CG_LEG_END_NONE;
}

void cg_leg_tick(cg_worker *worker, cg_leg *leg, int64_t now_us)
{
    if (leg->agent != NULL)
        cg_leg_agent_tick(worker, leg, now_us);
    cg_leg_end end = find_end(worker, leg, now_us);
    if (end != CG_LEG_END_NONE) {
        cg_leg_finish(worker, leg, end, now_us);
        return;
    }
    if (leg->state == CG_LEG_CONNECTED) {
        warn_if_silent(worker, leg, now_us);
        send_report_if_due(worker, leg, now_us);
        cg_leg_keys_send(worker, leg, now_us);
        cg_leg_send_music(worker, leg, now_us);
        if (leg->transcoder != NULL)
            cg_leg_send_translated(worker, leg, now_us);
    }
    cg_worker_schedule(worker, leg);
}

/* When silence has lasted for a warning, or for the end; an agent that fails schedules its leg anew. */
static int64_t silence_due(const cg_worker *worker, const cg_leg *leg)
{
    int64_t patience = patience_us(worker, leg);
    if (!leg->interrupted && !may_be_silent(leg))
        patience = MIN(patience, worker->config.consent_warning_us);
    return patience == INT64_MAX ? INT64_MAX : leg->heard_us + patience;
}

int64_t cg_leg_due(const cg_worker *worker, const cg_leg *leg)
{
    if (leg->state == CG_LEG_OPEN)
        return leg->gather_deadline_us;
    if (leg->state != CG_LEG_CONNECTED)
        return MIN(leg->setup_deadline_us, leg->gather_deadline_us);
    int64_t due = MIN(silence_due(worker, leg), MIN(leg->rtcp.next_us, leg->gather_deadline_us));
    if (leg->transcoder != NULL)
        due = MIN(due, cg_transcoder_due(leg->transcoder));
    return MIN(due, MIN(cg_leg_keys_due(leg), cg_leg_music_due(leg)));
}
