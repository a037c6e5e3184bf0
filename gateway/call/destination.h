/* Where a call can go. A destination kind knows its scheme ("client:") and makes the legs that ring for an address;
 * callers never learn which. */
#pragma once

#include "gateway/call/call.h"

typedef struct {
    const char *scheme; /* "client": addresses are "client:<rest>" */

    /* Starts to reach `rest`. Legs are added with cg_call_add_callee, here or, where the destination has to ask
     * somebody first, later; they say themselves when they ring (cg_call_leg_ringing), answer or fail. CG_CALL_END_NONE
     * if that is under way, else why not; what fails later ends the call with cg_call_finish. */
    cg_call_end (*dial)(cg_call *call, const char *rest, void *user);

    /* A leg that whom `rest` names has open already, in another call: the two may be joined one day, so they are put on
     * one worker. NULL as a result: none; as a function: this kind cannot tell. */
    const cg_call_leg *(*near)(const cg_call *call, const char *rest, void *user);
} cg_destination;

/* The kind for `address`, and what follows the scheme; NULL if there is none. A bare number is one of "tel".
 * `destinations` is ended by scheme NULL.
 */
const cg_destination *cg_destination_find(const cg_destination *destinations, const char *address,
                                          const char **ret_rest);
