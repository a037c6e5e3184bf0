/* Offers and answers of a SIP leg. What is agreed on are its base's `local` and `remote`; whatever fails leaves them as
 * they were. */
#include "gateway/telephony/sip_description.h"

#include "base/secret.h"
#include "gateway/call/call_codecs.h"
#include "gateway/telephony/sip_media.h"

#include <string.h>

void cg_sip_leg_prefer(const cg_trunk *trunk, cg_media_description *media)
{
    bool events = trunk->dtmf == CG_TRUNK_DTMF_AUTO || trunk->dtmf == CG_TRUNK_DTMF_RTP;
    cg_sdp_prefer_codecs(trunk->codecs, events, media);
}

/* An answer to the phone's `offer`; NULL: an offer of ours. Under the version that was said last. */
static char *write_description(const cg_sip_leg *leg, const cg_media_description *local, const cg_sdp *offer)
{
    cg_sdp_origin origin = {.session_id = leg->sdp_session_id, .session_version = leg->sdp_version};
    return offer != NULL ? cg_sdp_write_answer(&origin, local, offer) : cg_sdp_write_offer(&origin, local, leg->layout);
}

static bool was_said(const cg_sip_leg *leg, const char *sdp)
{
    return g_strcmp0(sdp, leg->said) == 0;
}

/* RFC 3264 section 8: what is the same has the same version, what is not the next. */
static char *say(cg_sip_leg *leg, const cg_media_description *local, const cg_sdp *offer)
{
    g_autoptr(cg_secret) same = write_description(leg, local, offer);
    if (was_said(leg, same))
        return g_steal_pointer(&same);
    leg->sdp_version++;
    char *sdp = write_description(leg, local, offer);
    cg_secret_free(leg->said);
    leg->said = g_strdup(sdp);
    return sdp;
}

static void wipe_offered(void *offered)
{
    cg_media_wipe_keys(&((cg_sip_offered *) offered)->media);
}

GArray *cg_sip_offers_new(void)
{
    GArray *offers = g_array_new(FALSE, FALSE, sizeof(cg_sip_offered));
    g_array_set_clear_func(offers, wipe_offered);
    return offers;
}

static cg_sip_offered *last_offered(const cg_sip_leg *leg)
{
    return leg->offers->len > 0 ? &g_array_index(leg->offers, cg_sip_offered, leg->offers->len - 1) : NULL;
}

/* The peer answers one offer after the other: those before this one get no answer any more. NULL: we offered nothing.
 */
static const cg_sip_offered *answered_offer(const cg_sip_leg *leg, uint64_t version)
{
    while (leg->offers->len > 1 && g_array_index(leg->offers, cg_sip_offered, 0).version < version)
        g_array_remove_index(leg->offers, 0);
    return leg->offers->len > 0 ? &g_array_index(leg->offers, cg_sip_offered, 0) : NULL;
}

static char *say_offer(cg_sip_leg *leg, const cg_media_description *local)
{
    char *sdp = say(leg, local, NULL);
    cg_sip_offered offered = {.version = leg->sdp_version, .media = *local}, *last = last_offered(leg);
    if (last != NULL && last->version == offered.version)
        *last = offered;
    else
        g_array_append_val(leg->offers, offered);
    return sdp;
}

static cg_direction our_direction(const cg_sip_leg *leg)
{
    return leg->held ? CG_DIRECTION_SENDONLY : CG_DIRECTION_SENDRECV;
}

char *cg_sip_describe_offer(cg_sip_leg *leg, const cg_media_description *far)
{
    cg_media_description *local = &leg->base.local;
    cg_sdp_offer_media(far, local);
    if (leg->base.call->transcode)
        cg_sdp_offer_more(local);
    cg_sip_leg_prefer(leg->trunk, local);
    if (!cg_sdp_has_speech(local))
        return NULL;
    cg_sdp_offer_crypto(leg->trunk->srtp, local);
    return say_offer(leg, local);
}

char *cg_sip_describe_again(cg_sip_leg *leg)
{
    cg_media_description local = leg->base.local;
    local.direction = our_direction(leg);
    return say_offer(leg, &local);
}

char *cg_sip_describe_refresh(cg_sip_leg *leg)
{
    const cg_sip_offered *last = last_offered(leg);
    g_autoptr(cg_secret) sdp = last != NULL ? write_description(leg, &last->media, NULL) : NULL;
    if (last != NULL && was_said(leg, sdp) && last->media.direction == our_direction(leg))
        return g_steal_pointer(&sdp);
    return cg_sip_describe_again(leg);
}

static cg_call_end check_address(const cg_sip_leg *leg, const cg_media_description *remote,
                                 const cg_media_description *local)
{
    return cg_sip_media_check(leg->telephony, leg->trunk, leg->base.call->sid.text, &leg->signalled,
                              local->rtp.media.ss_family, &remote->rtp);
}

cg_call_end cg_sip_describe_answer(cg_sip_leg *leg, const cg_call_leg *far, char **ret_sdp)
{
    cg_media_description local = leg->base.local, remote = *cg_sdp_media(leg->offer);
    cg_call_end end = check_address(leg, &remote, &local);
    if (end != CG_CALL_END_NONE)
        return end;
    bool allowed[CG_CODEC_COUNT];
    cg_sip_leg_prefer(leg->trunk, &remote);
    cg_call_codecs_allow(leg->base.call, &remote, &far->local, allowed);
    cg_sdp_answer_media(&remote, allowed, our_direction(leg), &local);
    cg_sdp_cross_media(&far->remote, &local);
    local.rtp.mux = remote.rtp.mux;
    if (!cg_sdp_has_speech(&local) || !cg_sdp_answer_crypto(leg->trunk->srtp, &remote, &local))
        return CG_CALL_END_INCOMPATIBLE;
    leg->base.local = local;
    leg->base.remote = remote;
    *ret_sdp = say(leg, &local, leg->offer);
    cg_sdp_layout_free(leg->layout);
    leg->layout = cg_sdp_layout_of(leg->offer);
    g_clear_pointer(&leg->offer, cg_sdp_free);
    return CG_CALL_END_NONE;
}

cg_call_end cg_sip_describe(cg_sip_leg *leg, const cg_call_leg *far, char **ret_sdp)
{
    if (leg->offer != NULL)
        return cg_sip_describe_answer(leg, far, ret_sdp);
    *ret_sdp = cg_sip_describe_offer(leg, &far->remote);
    return *ret_sdp != NULL ? CG_CALL_END_NONE : CG_CALL_END_INCOMPATIBLE;
}

cg_call_end cg_sip_take_answer(cg_sip_leg *leg, const cg_sip_event *event)
{
    g_autoptr(cg_sdp) answer = NULL;
    const char *text = event->sdp;
    const cg_sip_offered *offered = answered_offer(leg, event->version);
    if (offered == NULL || text == NULL || cg_sdp_parse_rtp(text, strlen(text), CG_SDP_ANSWER, &answer) != CG_SDP_OK)
        return CG_CALL_END_INCOMPATIBLE;
    cg_media_description remote = *cg_sdp_media(answer), local = offered->media;
    cg_call_end end = check_address(leg, &remote, &local);
    if (end != CG_CALL_END_NONE)
        return end;
    if (!cg_sdp_narrow_media(&remote, &local) || !cg_sdp_narrow_crypto(leg->trunk->srtp, &remote, &local))
        return CG_CALL_END_INCOMPATIBLE;
    leg->base.local = local;
    leg->base.remote = remote;
    return CG_CALL_END_NONE;
}
