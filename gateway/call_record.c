/* The record of a finished call. Everything an operator asks first: who, whom, when, how long, why it ended, how it
 * sounded. */
#include "gateway/call_record.h"

#include "base/clock.h"
#include "base/log.h"
#include "gateway/call_codecs.h"

static const char *codec_name(const cg_call_leg *leg, const cg_call_leg *partner)
{
    cg_codec codec = leg != NULL && partner != NULL ? cg_call_codecs_spoken(leg, partner) : CG_CODEC_COUNT;
    return codec != CG_CODEC_COUNT ? cg_codec_get_info(codec)->name : "";
}

/* From the answer to the party's first packet; -1: none came. */
static int64_t media_delay_ms(const cg_call *call, const cg_call_leg *leg)
{
    return leg != NULL && leg->first_media_ms != 0 ? leg->first_media_ms - call->answered_ms : -1;
}

static uint64_t dropped(const cg_leg_stats *stats)
{
    return stats->dropped_unauthenticated + stats->dropped_replayed + stats->dropped_other;
}

void cg_call_record_log(const cg_call *call)
{
    const cg_call_end_info *end = cg_call_end_get_info(call->end);
    static const cg_leg_stats none;
    const cg_leg_stats *a = &call->caller->stats, *b = call->callee != NULL ? &call->callee->stats : &none;
    char created[25], answered[25] = "", ended[25];

    cg_clock_format(call->created_ms, created);
    cg_clock_format(call->ended_ms, ended);
    if (call->answered_ms != 0)
        cg_clock_format(call->answered_ms, answered);
    cg_log(CG_LOG_INFO, "call.ended", CG_LOG_TEXT("account", call->account.text), CG_LOG_TEXT("call", call->sid.text),
           CG_LOG_TEXT("callee_call", call->callee != NULL ? call->callee->sid.text : ""),
           CG_LOG_TEXT("application", call->application.text), CG_LOG_TEXT("from", call->caller->address),
           CG_LOG_TEXT("to", call->to), CG_LOG_TEXT("status", end->status), CG_LOG_TEXT("reason", end->name),
           CG_LOG_TEXT("created", created), CG_LOG_TEXT("answered", answered), CG_LOG_TEXT("ended", ended),
           CG_LOG_NUMBER("duration_ms", call->answered_ms != 0 ? call->ended_ms - call->answered_ms : 0),
           CG_LOG_NUMBER("rang", call->legs->len - 1), CG_LOG_TEXT("codec", codec_name(call->callee, call->caller)),
           CG_LOG_TEXT("caller_codec", codec_name(call->caller, call->callee)),
           CG_LOG_NUMBER("translated", cg_call_is_translated(call)),
           CG_LOG_TEXT("caller_media_end", cg_leg_end_name(call->caller->media_end)),
           CG_LOG_TEXT("callee_media_end", call->callee != NULL ? cg_leg_end_name(call->callee->media_end) : ""),
           CG_LOG_NUMBER("caller_media_ms", media_delay_ms(call, call->caller)),
           CG_LOG_NUMBER("callee_media_ms", media_delay_ms(call, call->callee)),
           CG_LOG_NUMBER("caller_packets", a->packets_received), CG_LOG_NUMBER("caller_lost", a->packets_lost),
           CG_LOG_NUMBER("caller_jitter_us", a->jitter_us), CG_LOG_NUMBER("caller_rtt_us", a->round_trip_us),
           CG_LOG_NUMBER("caller_dropped", dropped(a)), CG_LOG_NUMBER("callee_packets", b->packets_received),
           CG_LOG_NUMBER("callee_lost", b->packets_lost), CG_LOG_NUMBER("callee_jitter_us", b->jitter_us),
           CG_LOG_NUMBER("callee_rtt_us", b->round_trip_us), CG_LOG_NUMBER("callee_dropped", dropped(b)));
}
