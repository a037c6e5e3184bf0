/* What a SIP leg and its phone tell each other of their media: offers and answers (RFC 3264), in both roles. The texts
 * may have keys in them: they are the caller's, to be freed with cg_secret_free. */
#pragma once

#include "gateway/telephony/sip_leg.h"

/* Leaves of a description what the trunk may be offered, or may offer. */
void cg_sip_leg_prefer(const cg_trunk *trunk, cg_media_description *media);

/* Our first offer, of what the party at the `far` end has said; NULL: the trunk may have nothing of it. */
char *cg_sip_describe_offer(cg_sip_leg *leg, const cg_media_description *far);

/* What is, offered again. */
char *cg_sip_describe_again(cg_sip_leg *leg);

/* To refresh the session: if it still holds, the offer that we made last, to the letter, which says that nothing has
 * changed (RFC 4028 section 7.4), though less was taken of it; else what is. */
char *cg_sip_describe_refresh(cg_sip_leg *leg);

/* Answers the phone's `offer` with what the party at the far end took. Else nothing is changed, and why it cannot is
 * told. */
cg_call_end cg_sip_describe_answer(cg_sip_leg *leg, const cg_call_leg *far, char **ret_sdp);

/* The same where the INVITE had an offer; where it had none, our first offer. */
cg_call_end cg_sip_describe(cg_sip_leg *leg, const cg_call_leg *far, char **ret_sdp);

/* The offers of a leg, wiped when they go. */
GArray *cg_sip_offers_new(void);

/* Takes a phone's answer: narrows the offer of ours to it that it belongs to, which need not be the last one. There are
 * several answers where early media comes before the answer. Else nothing is changed, and why it cannot is told. */
cg_call_end cg_sip_take_answer(cg_sip_leg *leg, const cg_sip_event *event);
