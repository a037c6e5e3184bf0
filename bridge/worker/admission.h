/* Which worker takes the next two legs, or why none does. Without I/O. */
#pragma once

#include "bridge/bridge.h"
#include "bridge/worker/load.h"

/* A worker as far as admission looks at it. */
typedef struct {
    cg_load load;
    unsigned legs, max_legs;
} cg_worker_room;

typedef struct {
    unsigned depth, limit; /* of the handshake pool: under way, and how many it takes */
} cg_handshake_room;

/* As cg_bridge_admit. */
cg_admission cg_admission_choose(const cg_worker_room *const *workers, unsigned count, cg_handshake_room handshakes,
                                 int64_t now_us, unsigned near, unsigned *ret_worker);
