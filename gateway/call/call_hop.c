/* The hop speaks what the callee speaks: what the caller's leg cannot say so is translated on the caller's worker, as
 * if the callee were there, and nothing on the other. */
#include "gateway/call/call_hop.h"

#include "gateway/call/calls.h"

#include <string.h>

struct cg_call_hop {
    cg_bridge *bridge;
    cg_leg_id legs[2];             /* beside the caller, beside the callee */
    cg_media_description local[2]; /* what each says to the other: its address and key */
};

static bool open_leg(cg_call_hop *hop, int i, cg_leg_id beside)
{
    cg_media_description *local = &hop->local[i];
    hop->legs[i] = cg_bridge_leg_open_inside(hop->bridge, cg_bridge_leg_worker(beside), local);
    local->direction = CG_DIRECTION_SENDRECV;
    local->crypto[0] = cg_crypto_new(1, CG_SRTP_AES128_CM_SHA1_80);
    local->crypto_count = 1;
    return hop->legs[i] != 0;
}

cg_call_hop *cg_call_hop_new(cg_bridge *bridge, cg_leg_id a, cg_leg_id b)
{
    cg_call_hop *hop = g_new0(cg_call_hop, 1);
    hop->bridge = bridge;
    if (open_leg(hop, 0, a) && open_leg(hop, 1, b))
        return hop;
    cg_call_hop_free(hop);
    return NULL;
}

void cg_call_hop_free(cg_call_hop *hop)
{
    for (int i = 0; hop != NULL && i < 2; i++) {
        if (hop->legs[i] != 0)
            cg_bridge_leg_close(hop->bridge, hop->legs[i]);
        cg_media_wipe_keys(&hop->local[i]);
    }
    g_free(hop);
}

/* Formats and extensions as in the description of a party. */
static cg_media_description say_as(const cg_media_description *own, const cg_media_description *party)
{
    cg_media_description media = *own;
    memcpy(media.formats, party->formats, sizeof media.formats);
    media.format_count = party->format_count;
    memcpy(media.extensions, party->extensions, sizeof media.extensions);
    media.ptime_ms = party->ptime_ms;
    media.max_ptime_ms = party->max_ptime_ms;
    return media;
}

void cg_call_hop_update(cg_call *call)
{
    cg_call_hop *hop = call->hop;
    if (hop == NULL)
        return;
    cg_media_description ours = say_as(&hop->local[0], &call->callee->local);
    cg_media_description theirs = say_as(&hop->local[1], &call->callee->remote);
    cg_bridge_leg_connect(hop->bridge, hop->legs[0], &ours, &theirs);
    cg_bridge_leg_connect(hop->bridge, hop->legs[1], &theirs, &ours);
    cg_media_wipe_keys(&ours);
    cg_media_wipe_keys(&theirs);
}

void cg_call_link(cg_call *call)
{
    cg_call_hop *hop = call->hop;
    if (hop == NULL) {
        cg_bridge_link(call->calls->bridge, call->caller->media, call->callee->media);
        return;
    }
    for (int i = 0; i < 2; i++) /* parties on hold are silent */
        cg_bridge_leg_set_ringing(hop->bridge, hop->legs[i], true);
    cg_bridge_link(hop->bridge, call->caller->media, hop->legs[0]);
    cg_bridge_link(hop->bridge, hop->legs[1], call->callee->media);
    cg_call_hop_update(call);
}
