/* Hold: a party asks for it by a request, or by the direction of its media. */
#pragma once

#include "gateway/call/call.h"

/* By request. */
void cg_call_leg_set_hold(cg_call_leg *leg, bool on);

/* Its `local` and `remote` are new: whether it holds by them. */
void cg_call_leg_update_hold(cg_call_leg *leg);
