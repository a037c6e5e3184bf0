/* Media before the answer. */
#pragma once

#include "gateway/call/call.h"

/* A callee rings, as by cg_call_leg_ringing, with media: `local` and `remote` are set; may come again. */
void cg_call_leg_early(cg_call_leg *leg);
