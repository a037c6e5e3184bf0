/* Counting and telling of what was dropped. */
#include "bridge/worker/drop.h"

#include <stddef.h>

#define TELL_INTERVAL_US 10000000 /* per reason; late packets of calls that have ended are dropped as well */

typedef struct {
    const char *name;
    size_t counter; /* offset in cg_worker_counters */
} drop_reason;

static const drop_reason reasons[CG_DROP_COUNT] = {
    [CG_DROP_CHECK_REFUSED] = {"check_refused", offsetof(cg_worker_counters, stun_rejected)},
    [CG_DROP_UNKNOWN_SOURCE] = {"unknown_source", offsetof(cg_worker_counters, dropped_unknown_source)},
    [CG_DROP_UNAUTHENTICATED] = {"unauthenticated", offsetof(cg_worker_counters, dropped_unauthenticated)},
    [CG_DROP_REPLAYED] = {"replayed", offsetof(cg_worker_counters, dropped_replayed)},
    [CG_DROP_MALFORMED] = {"malformed", offsetof(cg_worker_counters, dropped_malformed)},
    [CG_DROP_NOT_NEGOTIATED] = {"not_negotiated", offsetof(cg_worker_counters, dropped_not_negotiated)},
    [CG_DROP_NO_KEYS] = {"no_keys", offsetof(cg_worker_counters, dropped_no_keys)},
    [CG_DROP_TOO_MANY] = {"too_many", offsetof(cg_worker_counters, dropped_too_many)},
};

/* True, and noted, if it is time again. */
static bool may_tell(int64_t *told_us, int64_t now_us)
{
    if (*told_us != 0 && now_us - *told_us < TELL_INTERVAL_US)
        return false;
    *told_us = now_us;
    return true;
}

void cg_drop(cg_worker_counters *counters, cg_drop_log *log, cg_drop_reason reason, const cg_path *from, int64_t now_us)
{
    cg_counter_add((cg_counter *) ((char *) counters + reasons[reason].counter), 1);
    log->untold[reason]++;
    if (!may_tell(&log->told_us[reason], now_us))
        return;
    char peer[CG_PATH_TEXT_SIZE];
    cg_path_format(from, peer);
    CG_EVENTS_LOG(log->events, "media.dropped", CG_LOG_TEXT("peer", peer), CG_LOG_TEXT("reason", reasons[reason].name),
                  CG_LOG_NUMBER("datagrams", log->untold[reason]));
    log->untold[reason] = 0;
}

void cg_drop_digits(cg_drop_log *log, uint64_t leg, unsigned count, int64_t now_us)
{
    log->digits_untold += count;
    if (!may_tell(&log->digits_told_us, now_us))
        return;
    CG_EVENTS_LOG(log->events, "digits.dropped", CG_LOG_NUMBER("media", leg),
                  CG_LOG_NUMBER("digits", log->digits_untold));
    log->digits_untold = 0;
}
