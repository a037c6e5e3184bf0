/* Media of a call's legs, once they are answered: agreed on, changed, reported, and the keys in it. */
#pragma once

#include "gateway/call/call.h"

/* False as long as a phone has not said where its media goes: it is connected when cg_call_leg_renegotiated tells. */
bool cg_call_leg_is_described(const cg_call_leg *leg);

/* As `local` and `remote` say; nothing before it is described. */
void cg_call_leg_connect_media(cg_call_leg *leg);

void cg_call_leg_renegotiated(cg_call_leg *leg); /* `local` and `remote` are new */
void cg_call_leg_digits(cg_call_leg *leg, const char *digits, bool in_media);

/* What the bridge reports of a leg. */
void cg_call_leg_media_event(cg_call_leg *leg, const cg_leg_event *event);
