/* A leg's record, from what the bridge counted of it and what its kind adds. */
#include "gateway/call/leg_record.h"

#include "gateway/call/call_codecs.h"
#include "gateway/call/speech_quality.h"

static const cg_call_leg *partner_of(const cg_call *call, const cg_call_leg *leg)
{
    return leg == call->caller ? call->callee : call->caller;
}

static const char *codec_name(const cg_call_leg *leg, const cg_call_leg *partner)
{
    cg_codec codec = partner != NULL ? cg_call_codecs_spoken(leg, partner) : CG_CODEC_COUNT;
    return codec != CG_CODEC_COUNT ? cg_codec_get_info(codec)->name : "";
}

static double loss_of(const cg_leg_stats *stats)
{
    uint64_t expected = stats->packets_received + stats->packets_lost;
    return expected > 0 ? (double) stats->packets_lost / (double) expected : 0;
}

static double mos_of(const cg_leg_stats *stats)
{
    double delay_ms = cg_speech_delay_ms(stats->jitter_us, stats->round_trip_us);
    return stats->packets_received > 0 ? cg_speech_mos(cg_speech_rating(loss_of(stats), delay_ms)) : 0;
}

void cg_leg_record_make(const cg_call *call, cg_call_leg *leg, cg_leg_record *ret_record)
{
    *ret_record = (cg_leg_record){
        .codec = codec_name(leg, partner_of(call, leg)),
        .answered = call->answered_ms != 0 && (leg == call->caller || leg == call->callee),
        .translated = cg_call_was_translated(call),
        .loss = loss_of(&leg->stats),
        .mos = mos_of(&leg->stats),
    };
    if (leg->ops->record != NULL)
        leg->ops->record(leg, ret_record);
}
