/* The least loaded worker that admits; who asks is told the reason of the least loaded one if none does. */
#include "bridge/worker/admission.h"

#include <glib.h>

#define LEGS_PER_LINK 2
#define ALIKE 0.01 /* share of a core: a difference that says nothing */

const char *cg_admission_name(cg_admission admission)
{
    static const char *const names[CG_ADMISSION_COUNT] = {
        [CG_ADMISSION_GRANTED] = "granted", [CG_ADMISSION_LOAD] = "load", [CG_ADMISSION_DROPS] = "drops",
        [CG_ADMISSION_LATE] = "late",       [CG_ADMISSION_LEGS] = "legs", [CG_ADMISSION_HANDSHAKES] = "handshakes",
    };
    g_assert((unsigned) admission < CG_ADMISSION_COUNT);
    return names[admission];
}

static cg_admission ask_worker(const cg_worker_room *worker, int64_t now_us)
{
    if (worker->legs + LEGS_PER_LINK > worker->max_legs)
        return CG_ADMISSION_LEGS;
    switch (cg_load_check(&worker->load, now_us)) {
    case CG_LOAD_ADMIT:
        break;
    case CG_LOAD_BUSY:
        return CG_ADMISSION_LOAD;
    case CG_LOAD_DROPPING:
        return CG_ADMISSION_DROPS;
    case CG_LOAD_LATE:
        return CG_ADMISSION_LATE;
    }
    return CG_ADMISSION_GRANTED;
}

/* The handshakes of every pair that was admitted and is not connected will come, perhaps all at once; those under way
 * are among them, or belong to legs that nobody expected. */
static bool pool_has_room(const cg_worker_room *const *workers, unsigned count, cg_handshake_room handshakes)
{
    unsigned due = 0;
    for (unsigned i = 0; i < count; i++)
        due += workers[i]->load.awaited * LEGS_PER_LINK;
    return MAX(due, handshakes.depth) + LEGS_PER_LINK <= handshakes.limit;
}

static bool is_better(const cg_worker_room *a, const cg_worker_room *b)
{
    double difference = cg_load_expected(&a->load) - cg_load_expected(&b->load);
    return difference < -ALIKE || (difference < ALIKE && a->legs < b->legs);
}

cg_admission cg_admission_choose(const cg_worker_room *const *workers, unsigned count, cg_handshake_room handshakes,
                                 int64_t now_us, unsigned near, unsigned *ret_worker)
{
    unsigned best = near < count ? near : 0;
    cg_admission best_says = ask_worker(workers[best], now_us);
    if (!pool_has_room(workers, count, handshakes))
        return CG_ADMISSION_HANDSHAKES;
    bool settled = near < count && best_says == CG_ADMISSION_GRANTED;
    for (unsigned i = 0; i < count && !settled; i++) {
        cg_admission says = ask_worker(workers[i], now_us);
        bool admits = says == CG_ADMISSION_GRANTED, best_admits = best_says == CG_ADMISSION_GRANTED;
        if (admits == best_admits ? is_better(workers[i], workers[best]) : admits) {
            best = i;
            best_says = says;
        }
    }
    if (best_says == CG_ADMISSION_GRANTED)
        *ret_worker = best;
    return best_says;
}
