/* Datagrams, and digits, that a worker drops: counted always, and told in the log now and then, with the address they
 * came from, so that neither an attack nor its log can go unnoticed or drown the rest. */
#pragma once

#include "bridge/events.h"
#include "bridge/stats.h"
#include "bridge/transport/path.h"

typedef enum {
    CG_DROP_CHECK_REFUSED,  /* connectivity check: unknown ufrag, wrong integrity, malformed, a path in use elsewhere */
    CG_DROP_UNKNOWN_SOURCE, /* not a check, and from no address that a check has validated */
    CG_DROP_UNAUTHENTICATED,
    CG_DROP_REPLAYED,
    CG_DROP_MALFORMED,
    CG_DROP_NOT_NEGOTIATED, /* payload type, or DTLS when there is no handshake */
    CG_DROP_NO_KEYS,        /* media before the handshake is done */
    CG_DROP_TOO_MANY,       /* more media than an audio stream can have */
    CG_DROP_COUNT
} cg_drop_reason;

typedef struct {
    cg_events *events;              /* takes the lines; outlives this */
    int64_t told_us[CG_DROP_COUNT]; /* when each reason was last logged; 0: never */
    uint64_t untold[CG_DROP_COUNT]; /* drops since */
    int64_t digits_told_us;         /* the same for digits */
    uint64_t digits_untold;
} cg_drop_log;

void cg_drop(cg_worker_counters *counters, cg_drop_log *log, cg_drop_reason reason, const cg_path *from,
             int64_t now_us);

/* Keys that do not go to a leg's peer. Told like datagrams, with the leg that they were for last. */
void cg_drop_digits(cg_drop_log *log, uint64_t leg, unsigned count, int64_t now_us);
