/* Which codecs the two parties of a call speak: the same if there is one that both have, so that packets pass as they
 * are; else each its own, and the bridge translates, if the call's application lets it. */
#pragma once

#include "gateway/call/call.h"

/* What of `offer` a party may be answered with: all that the other one (`far`: what we say to it) has too; without any
 * speech among it the offer's best codec, what goes with it, and nothing beside; none of it if the call may not be
 * translated. */
void cg_call_codecs_allow(const cg_call *call, const cg_media_description *offer, const cg_media_description *far,
                          bool ret_allowed[static CG_CODEC_COUNT]);

/* One speaks what the other does: nothing need be translated between them. */
bool cg_call_codecs_share(const cg_media_description *a, const cg_media_description *b);

/* The codec in which the bridge speaks to `leg` what `partner` says; CG_CODEC_COUNT before it is negotiated. */
cg_codec cg_call_codecs_spoken(const cg_call_leg *leg, const cg_call_leg *partner);

/* True if what `leg` has been answered with serves for `far`, too: a codec is common, or the call may be translated. */
bool cg_call_codecs_suit(const cg_call_leg *leg, const cg_call_leg *far);

/* True for an answered call whose parties have no codec in common. */
bool cg_call_is_translated(const cg_call *call);

/* The same of a call that is over; also true if one of them sent, of the codecs that it was answered with, one that the
 * other has not, as a party that was transferred may. */
bool cg_call_was_translated(const cg_call *call);

/* Its parties have just been brought together: if they are translated, that is counted, and counted in. */
void cg_call_note_translated(const cg_call *call);
