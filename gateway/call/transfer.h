/* Transfers: a party of an answered call is connected to somebody else, at the wish of the other party.
 *
 * What talks with whom is a call, so each transfer makes a new one, with a record of its own. A party moves there with
 * its leg and media, untouched: nothing is negotiated anew, the bridge translates where codecs differ. In the call that
 * it leaves a stand-in takes its place, for the record. Who is called for it is put on its worker; two parties that are
 * on different ones already are linked by a hop. */
#pragma once

#include "gateway/call/call.h"

/* Why the call of `by` cannot be transferred by it now, for people; NULL: it can. */
const char *cg_transfer_fault(const cg_call_leg *by);

/* Blind: calls `to` in the name of the partner of `by`, which waits on hold until the answer; then the call that it was
 * in ends. If the destination fails, that call goes on; if `by` leaves before, only the new call is left. Takes
 * `parameters`. NONE if the destination is being reached: when `by` has been told so, cg_transfer_tell. Else why not,
 * and nothing has changed. `replaced`: as the call has it; NULL: of none. */
cg_call_end cg_transfer_blind(cg_call_leg *by, const cg_application *application, cg_form *parameters, const char *to,
                              const char *replaced);

/* From now on `by` is told how its transfer goes, beginning with what has happened by now. */
void cg_transfer_tell(cg_call_leg *by);

/* Why the partners of these two legs, both of one party, cannot be connected; NULL: they can. */
const char *cg_transfer_join_fault(const cg_call_leg *by, const cg_call_leg *with, const cg_application *application);

/* What is to link the partners if they are on different workers, else NULL. False: there is no room for it. */
bool cg_transfer_join_hop(const cg_call_leg *by, const cg_call_leg *with, cg_call_hop **ret_hop);

/* Attended: connects the two partners, where nothing is at fault; both calls of who asks end. Takes `hop`. */
void cg_transfer_join(cg_call_leg *by, cg_call_leg *with, const cg_application *application, cg_call_hop *hop);

/* `leg`, an incoming one that has described itself, takes the place of `replaced`, whose call has no fault above. Takes
 * `leg` and `parameters`. If it cannot, `leg` is told why and the call goes on as it was. */
void cg_transfer_replace(cg_call_leg *replaced, cg_call_leg *leg, const cg_application *application,
                         cg_form *parameters);

/* --- for call.c --- */

/* The answer is there: fetches the party, if it is still in its old call. May end the call. */
void cg_transfer_answered(cg_call *call);
/* Its media is linked. */
void cg_transfer_connected(cg_call *call);
/* The call that was to be transferred is over. */
void cg_transfer_abandon(cg_call *call);
/* `leg` leaves its call. True if that was its transfer, which goes on without it: then that call has ended. */
bool cg_transfer_goes_on_without(cg_call_leg *leg);

/* For destinations: the party that `caller` stands in for, or who moved here; itself if there is no transfer. */
const cg_call_leg *cg_transfer_party(const cg_call_leg *caller);
/* Who asked for the transfer and is still there; NULL: none. */
const cg_call_leg *cg_transfer_asker(const cg_call_leg *caller);
