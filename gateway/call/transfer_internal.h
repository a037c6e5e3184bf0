/* What the files of transfers share: the leg that stands where a party was, or will be. */
#pragma once

#include "gateway/call/leg_record.h"
#include "gateway/call/transfer.h"

typedef struct {
    cg_call_leg base;
    cg_call_leg *party;   /* who is transferred; NULL: not (any more) */
    cg_call_leg *by;      /* who asked for it; NULL: has left, or all is over */
    cg_leg_record record; /* of the party, in the call that it left; owns its texts */
    bool tells;           /* `by` is told */
    bool holds;           /* `by` was made to hold the call for it */
} cg_stand_in;

/* In the place that `party` will take; `by` may be NULL. */
cg_stand_in *cg_stand_in_new(cg_call_leg *party, cg_call_leg *by);

/* The party goes to the call of its stand-in, which takes its place in the call that it leaves. */
void cg_transfer_change_places(cg_stand_in *s);

/* The party has left `old` for `call`, with what `by` (NULL: nobody) asked for: `old` is over. */
void cg_transfer_end_old_call(cg_call *old, cg_call *call, cg_call_leg *by);

/* `leg` talks with `to` from now on. Whose partner held the call is free again; who holds it itself holds the new one.
 */
void cg_transfer_introduce(cg_call_leg *leg, cg_call_leg *to, bool was_held);

/* Media of a leg that moved to the call does not begin there: it goes on. */
void cg_transfer_continue_media(cg_call *call, cg_call_leg *leg);
