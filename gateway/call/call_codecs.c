/* The bridge chooses from the same descriptions by the same rule (bridge/leg/media_map.h). */
#include "gateway/call/call_codecs.h"

#include "gateway/call/calls.h"

static bool is_speech(const cg_format *format)
{
    return cg_codec_get_info(format->codec)->speech;
}

static bool is_event(cg_codec codec)
{
    return codec == CG_CODEC_TELEPHONE_EVENT_48000 || codec == CG_CODEC_TELEPHONE_EVENT_8000;
}

/* The first of the speech codecs in `media` that is in both others; CG_CODEC_COUNT: there is none. */
static cg_codec find_common(const cg_media_description *media, const cg_media_description *second,
                            const cg_media_description *third)
{
    for (size_t i = 0; i < media->format_count; i++) {
        cg_codec codec = media->formats[i].codec;
        if (is_speech(&media->formats[i]) && cg_media_find_codec(second, codec) != NULL &&
            cg_media_find_codec(third, codec) != NULL)
            return codec;
    }
    return CG_CODEC_COUNT;
}

void cg_call_codecs_allow(const cg_call *call, const cg_media_description *offer, const cg_media_description *far,
                          bool ret_allowed[static CG_CODEC_COUNT])
{
    bool translate = call->transcode && find_common(offer, far, far) == CG_CODEC_COUNT;
    cg_codec best = find_common(offer, offer, offer);
    for (cg_codec codec = 0; codec < CG_CODEC_COUNT; codec++) {
        bool companion = !cg_codec_get_info(codec)->speech && codec != CG_CODEC_RED;
        /* Keys go on in another form to a far end without events. */
        bool events = is_event(codec) && !cg_media_has_events(far);
        ret_allowed[codec] =
            events || (translate ? companion || codec == best : cg_media_find_codec(far, codec) != NULL);
    }
}

cg_codec cg_call_codecs_spoken(const cg_call_leg *leg, const cg_call_leg *partner)
{
    cg_codec common = find_common(&leg->remote, &leg->local, &partner->local);
    return common != CG_CODEC_COUNT ? common : find_common(&leg->remote, &leg->local, &leg->local);
}

bool cg_call_codecs_share(const cg_media_description *a, const cg_media_description *b)
{
    return find_common(a, b, b) != CG_CODEC_COUNT;
}

bool cg_call_codecs_suit(const cg_call_leg *leg, const cg_call_leg *far)
{
    return leg->call->transcode || cg_call_codecs_share(&leg->local, &far->local);
}

bool cg_call_is_translated(const cg_call *call)
{
    return call->callee != NULL && call->caller->local.format_count > 0 &&
           !cg_call_codecs_share(&call->caller->local, &call->callee->local);
}

static bool was_translated_for_partner(const cg_call_leg *leg)
{
    return leg != NULL && leg->stats.packets_translated > 0;
}

bool cg_call_was_translated(const cg_call *call)
{
    return cg_call_is_translated(call) || was_translated_for_partner(call->caller) ||
           was_translated_for_partner(call->callee);
}

void cg_call_note_translated(const cg_call *call)
{
    if (!cg_call_is_translated(call))
        return;
    call->calls->translated_total++;
    if (call->caller->media != 0)
        cg_bridge_leg_expect_translation(call->calls->bridge, call->caller->media);
}
