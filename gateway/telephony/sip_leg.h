/* A call leg over a SIP trunk: a phone that is called, or that calls. Its media is a leg of plain RTP. */
#pragma once

#include "gateway/call/call.h"
#include "gateway/telephony/routes.h"
#include "gateway/telephony/trunk_stats.h"
#include "signaling/sdp/sdp.h"

typedef struct cg_telephony cg_telephony;

/* What was offered: what its answer is narrowed from. */
typedef struct {
    uint64_t version; /* of the o= line that it was said under */
    cg_media_description media;
} cg_sip_offered;

typedef struct {
    cg_call_leg base;
    cg_telephony *telephony; /* outlives the leg */
    cg_routes *routes;       /* a reference: owns `trunk` */
    const cg_trunk *trunk;
    cg_trunk_counts *counts; /* of that trunk */
    cg_trunk_direction direction;
    cg_sip_dialog_id dialog;           /* 0: none (any more) */
    char *number;                      /* that is called, as we tell the trunk or it tells us */
    struct sockaddr_storage signalled; /* where its last message came from */
    char *source;                      /* the address that an incoming call came from; NULL: it goes out */
    unsigned hosts[CG_SIP_MAX_HOSTS];  /* the trunk's, by their indices, in the order in which they are tried */
    unsigned host;                     /* index of the trunk's host that was heard last, or is tried first */
    unsigned status;                   /* the last final one, theirs or ours; 0: none yet */
    int64_t dialled_us;                /* monotonic; 0: the phone has been heard of, or is no called one */
    GArray *offers; /* (cg_sip_offered) of ours that an answer may come to, and the last one, in order; owned */
    cg_sdp *offer;  /* the phone's last offer, while it awaits our answer; NULL: none */
    bool held;      /* the other party holds the call, and the phone was told so */
    bool accepted;  /* an incoming call was answered 200 */
    uint64_t sdp_session_id, sdp_version;
    char *said;            /* our last description, an offer or an answer; may have keys in it. NULL: none yet */
    cg_sdp_layout *layout; /* of the phone's last offer that we answered; NULL: our own have one m-line */
} cg_sip_leg;

/* A callee: offers itself to the trunk when the call says so. `address` is who is called, for records. */
cg_sip_leg *cg_sip_leg_new_callee(cg_telephony *telephony, const cg_trunk *trunk, const char *dialled,
                                  const char *address);

/* A caller, from its INVITE over the trunk of `route`. Takes `offer`, which has a codec of the trunk; NULL: there is
 * none, and ours is in the 200. Its media is connected by the answer in the ACK (RFC 3261 section 13.2.1). */
cg_sip_leg *cg_sip_leg_new_caller(cg_telephony *telephony, const cg_incoming_route *route, const cg_sip_event *invite,
                                  const char *address, cg_sdp *offer);

cg_sip_leg *cg_sip_leg_from(cg_call_leg *base); /* NULL: it is of another kind */

/* Answers a call that rings at another phone, in which `leg` is a callee, in that one's place. False if its INVITE has
 * nothing for it, and it is refused. */
bool cg_sip_leg_pick_up(cg_sip_leg *leg);
