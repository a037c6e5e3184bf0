/* Which keys are offered, answered and taken (RFC 4568 sections 5.1 and 7.1), by what a trunk wants. */
#include "signaling/sdp/sdp.h"

#include <string.h>

void cg_sdp_offer_crypto(cg_srtp_policy policy, cg_media_description *local)
{
    cg_media_wipe_keys(local);
    local->rtp.savp = policy == CG_SRTP_REQUIRED;
    if (policy == CG_SRTP_OFF)
        return;
    local->crypto[0] = cg_crypto_new(1, CG_SRTP_AES128_CM_SHA1_80);
    local->crypto[1] = cg_crypto_new(2, CG_SRTP_AES128_CM_SHA1_32);
    local->crypto_count = 2;
}

/* Whether the policy lets media go as `theirs` says. */
static bool is_allowed(cg_srtp_policy policy, const cg_media_description *theirs)
{
    if (policy == CG_SRTP_OFF)
        return !theirs->rtp.savp;
    return policy == CG_SRTP_OPTIONAL || theirs->rtp.savp;
}

static void keep_one(cg_media_description *media, size_t index)
{
    cg_crypto kept = media->crypto[index];
    cg_media_wipe_keys(media);
    media->crypto[0] = kept;
    media->crypto_count = 1;
    explicit_bzero(&kept, sizeof kept);
}

bool cg_sdp_answer_crypto(cg_srtp_policy policy, cg_media_description *offer, cg_media_description *local)
{
    if (!is_allowed(policy, offer))
        return false;
    local->rtp.savp = offer->rtp.savp;
    if (policy == CG_SRTP_OFF || offer->crypto_count == 0) {
        cg_media_wipe_keys(offer);
        cg_media_wipe_keys(local);
        return true;
    }
    keep_one(offer, 0);
    /* A key goes on as long as its suite does; with another, packets would be encrypted twice with the same stream. */
    if (local->crypto_count != 1 || local->crypto[0].profile != offer->crypto[0].profile) {
        cg_media_wipe_keys(local);
        local->crypto[0] = cg_crypto_new(0, offer->crypto[0].profile);
        local->crypto_count = 1;
    }
    local->crypto[0].tag = offer->crypto[0].tag;
    return true;
}

bool cg_sdp_narrow_crypto(cg_srtp_policy policy, cg_media_description *answer, cg_media_description *local)
{
    if (!is_allowed(policy, answer))
        return false;
    if (policy == CG_SRTP_OFF || answer->crypto_count == 0) {
        cg_media_wipe_keys(answer);
        cg_media_wipe_keys(local);
        return true;
    }
    for (size_t i = 0; i < local->crypto_count; i++) {
        if (local->crypto[i].tag != answer->crypto[0].tag || local->crypto[i].profile != answer->crypto[0].profile)
            continue;
        keep_one(local, i);
        return true;
    }
    return false;
}
