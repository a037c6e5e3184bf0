/* How busy one worker is, and whether it may be given another call. A core without I/O: samples and calls' starts and
 * ends in, a decision out. Time that a thread was busy tells of the calls that run; those that were admitted and do not
 * carry media yet are projected, or a burst of calls would all be admitted on the load of a second ago. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* What a worker counted until `at_us`. */
typedef struct {
    int64_t at_us;    /* monotonic */
    uint64_t cpu_us;  /* of its thread */
    uint64_t packets; /* media datagrams received */
    uint64_t drops;   /* datagrams that found the receive buffer full */
    int64_t lag_us;   /* how long it took to come to the question */
} cg_load_sample;

typedef enum { CG_LOAD_ADMIT, CG_LOAD_BUSY, CG_LOAD_DROPPING, CG_LOAD_LATE } cg_load_verdict;

typedef struct {
    double limit;          /* share of a core; 0: none, every call is admitted */
    bool sampled;          /* `last` is one */
    cg_load_sample last;   /* the latest sample */
    double busy;           /* share of time, smoothed */
    double packets, drops; /* of the last seconds, older ones fading */
    double lag_us;         /* of its answers, smoothed */
    int64_t late_us;       /* when it was last found late; 0: never */
    bool overloaded;       /* busy was above the limit and has not fallen well below it */
    unsigned awaited;      /* calls admitted whose media has not begun */
    unsigned running;      /* calls whose media has */
    double settling;       /* of those running: not yet in `busy`, fading as that takes them in */
    double translating;    /* share of a core: what translation costs that is not yet in `busy`, fading likewise */
    double cost;           /* of one call, as a share of a core: learned from those that run */
} cg_load;

void cg_load_init(cg_load *load, unsigned limit_percent);

/* A call was admitted here; its media began; it ended (`begun`: after that). */
void cg_load_call_admitted(cg_load *load);
void cg_load_call_began(cg_load *load);
void cg_load_call_ended(cg_load *load, bool begun);

/* A call that has begun, or begins now, is translated: what that costs more than other calls. */
void cg_load_translation_began(cg_load *load);

/* Samples are counters: what counts is what they grew by. */
void cg_load_add(cg_load *load, const cg_load_sample *sample);
/* The worker has not answered for that long. */
void cg_load_unanswered(cg_load *load, int64_t now_us, int64_t lag_us);

/* May another call be admitted? */
cg_load_verdict cg_load_check(const cg_load *load, int64_t now_us);

/* Share of a core: as measured and smoothed, and with the calls that are not in the measurement yet. */
double cg_load_measured(const cg_load *load);
double cg_load_expected(const cg_load *load);
