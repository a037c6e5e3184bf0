/* The estimate: exponential smoothing with the time that really passed, so samples may come as they like. */
#include "bridge/worker/load.h"

#include <math.h>

#define SMOOTHING_US 1000000.0 /* of the share of time */
#define LEARNING_US 5000000.0  /* of what a call costs */
#define LOSS_US 2000000.0      /* how long lost packets count */
#define MAX_LOSS 0.001         /* of the packets: below it somebody else kept the machine for a moment */
#define FORGOTTEN 0.5          /* packets: what is left of a drop that no longer counts */
#define LATE_US 1000000        /* once: no hiccup of a virtual machine is that long */
#define MEAN_LATE_US 200000    /* all the time: whoever shares or rations the core leaves too little of it */
#define LATE_HOLD_US 3000000   /* how long having been late counts */
#define RESUME 0.9             /* of the limit: below it an overloaded worker is given calls again */

/* What one call adds, as a share of a core: two streams of 50 packets/s, each 2 to 200 us. */
#define DEFAULT_COST 0.002
#define MIN_COST 0.0002
#define MAX_COST 0.02
/* What translating a call adds, both directions, Opus on one side of it; docs/performance.md. */
#define TRANSLATION_COST 0.005
#define ENOUGH_CALLS 8.0 /* to learn from them what a call costs */

void cg_load_init(cg_load *load, unsigned limit_percent)
{
    *load = (cg_load){.limit = limit_percent / 100.0, .cost = DEFAULT_COST};
}

void cg_load_call_admitted(cg_load *load)
{
    load->awaited++;
}

void cg_load_call_began(cg_load *load)
{
    load->awaited--;
    load->running++;
    load->settling += 1;
}

void cg_load_call_ended(cg_load *load, bool begun)
{
    if (begun)
        load->running--;
    else
        load->awaited--;
    load->settling = fmin(load->settling, load->running);
}

void cg_load_translation_began(cg_load *load)
{
    load->translating += TRANSLATION_COST;
}

/* What a call costs here is learned from those that are in the measurement, as long as they are most: what is busy with
 * calls coming up says nothing about those that talk. */
static void learn_cost(cg_load *load, double passed_us)
{
    double settled = load->running - load->settling, kept = exp(-passed_us / LEARNING_US);
    if (settled < ENOUGH_CALLS || settled < load->settling)
        return;
    load->cost = load->cost * kept + fmin(fmax(load->busy / settled, MIN_COST), MAX_COST) * (1 - kept);
}

double cg_load_measured(const cg_load *load)
{
    return load->busy;
}

double cg_load_expected(const cg_load *load)
{
    return load->busy + (load->awaited + load->settling) * load->cost + load->translating;
}

static void note_lag(cg_load *load, int64_t now_us, int64_t lag_us)
{
    if (lag_us >= LATE_US || load->lag_us >= MEAN_LATE_US)
        load->late_us = now_us;
}

static void note_busy(cg_load *load)
{
    if (load->busy >= load->limit)
        load->overloaded = true;
    else if (cg_load_expected(load) < load->limit * RESUME)
        load->overloaded = false;
}

void cg_load_add(cg_load *load, const cg_load_sample *sample)
{
    double passed_us = (double) (sample->at_us - load->last.at_us);
    if (load->sampled && passed_us > 0) {
        double kept = exp(-passed_us / SMOOTHING_US), kept_loss = exp(-passed_us / LOSS_US);
        double share = fmin((double) (sample->cpu_us - load->last.cpu_us) / passed_us, 1);
        load->busy = load->busy * kept + share * (1 - kept);
        load->settling *= kept;
        load->translating *= kept;
        load->lag_us = load->lag_us * kept + (double) sample->lag_us * (1 - kept);
        load->packets = load->packets * kept_loss + (double) (sample->packets - load->last.packets);
        load->drops = load->drops * kept_loss + (double) (sample->drops - load->last.drops);
        learn_cost(load, passed_us);
        note_busy(load);
    }
    note_lag(load, sample->at_us, sample->lag_us);
    load->last = *sample;
    load->sampled = true;
}

void cg_load_unanswered(cg_load *load, int64_t now_us, int64_t lag_us)
{
    note_lag(load, now_us, lag_us);
}

cg_load_verdict cg_load_check(const cg_load *load, int64_t now_us)
{
    if (load->limit == 0)
        return CG_LOAD_ADMIT;
    if (load->drops > FORGOTTEN && load->drops > load->packets * MAX_LOSS)
        return CG_LOAD_DROPPING;
    if (load->late_us != 0 && now_us - load->late_us < LATE_HOLD_US)
        return CG_LOAD_LATE;
    if (load->overloaded || cg_load_expected(load) + load->cost > load->limit)
        return CG_LOAD_BUSY;
    return CG_LOAD_ADMIT;
}
