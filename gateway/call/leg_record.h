/* What is kept of a leg when its call is over: for the call's record, and for the figures of its trunk. */
#pragma once

#include "gateway/call/call.h"

typedef struct cg_leg_record {
    /* What only the kind of leg knows; a trunk's leg does. Valid as long as the leg; NULL and 0 else. */
    const char *trunk;
    const char *host;    /* the one that was called last, or where the call came from */
    const char *called;  /* the number, as the trunk was told or told us */
    unsigned sip_status; /* the last one: what answered the call, or refused it; 0: none */

    const char *codec; /* that it and we spoke; "" if it came to none */
    bool answered, translated;
    double loss; /* of what it sent, 0 to 1 */
    double mos;  /* an estimate of how that sounded (speech_quality.h); 0: nothing was heard */
} cg_leg_record;

/* `leg` is of `call`, which is over. Calls ops->record. */
void cg_leg_record_make(const cg_call *call, cg_call_leg *leg, cg_leg_record *ret_record);
