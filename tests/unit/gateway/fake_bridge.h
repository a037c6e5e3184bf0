/* A bridge that only notes what it is told, in place of the real one: the call state machine is tested without media.
 */
#pragma once

#include "bridge/bridge.h"

#include <glib.h>

typedef struct {
    cg_leg_id next;         /* id of the next leg */
    bool full;              /* leg_open fails */
    cg_admission admission; /* what is answered to who asks for one */
    unsigned near;          /* the worker that was wished for then */
    cg_leg_id elsewhere;    /* this leg is on another worker than the others; 0: none is */
    GString *calls;         /* what was told, e.g. "open 1;link 1 2;close 2;" */
} cg_fake_bridge;

/* The one that the functions of bridge.h act on; reset by every test. */
extern cg_fake_bridge cg_fake;
void cg_fake_bridge_reset(void);
