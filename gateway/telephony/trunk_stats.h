/* What is counted of trunks, by their names: it goes on over a reload. */
#pragma once

#include "base/media.h"
#include "gateway/http/histogram.h"

#include <stdbool.h>

typedef enum { CG_TRUNK_OUT, CG_TRUNK_IN, CG_TRUNK_DIRECTIONS } cg_trunk_direction;

#define CG_TRUNK_STATUSES 700 /* SIP's; 0: none */

typedef struct {
    unsigned calls; /* now, both ways */
    uint64_t attempts[CG_TRUNK_DIRECTIONS];
    uint64_t answers[CG_TRUNK_DIRECTIONS];
    uint64_t failures[CG_TRUNK_DIRECTIONS][CG_TRUNK_STATUSES];
    cg_histogram post_dial_delay; /* seconds from our INVITE to the first sign of life of the called phone */
    /* Of answered calls, when they end; both ways. */
    uint64_t codecs[CG_CODEC_COUNT]; /* calls in each */
    uint64_t translated;             /* calls */
    uint64_t packets, lost;          /* of RTP, from the trunk */
    cg_histogram jitter;             /* seconds, at the end of the call */
    cg_histogram mos;                /* how each call sounded that came with media (speech_quality.h) */
} cg_trunk_counts;

typedef struct {
    GHashTable *by_name; /* name -> (owned) cg_trunk_counts */
} cg_trunk_stats;

void cg_trunk_stats_init(cg_trunk_stats *stats);
void cg_trunk_stats_clear(cg_trunk_stats *stats);

/* Those of that trunk, new ones if it has none yet; valid as long as `stats`. */
cg_trunk_counts *cg_trunk_stats_of(cg_trunk_stats *stats, const char *name);

void cg_trunk_counts_failure(cg_trunk_counts *counts, cg_trunk_direction direction, unsigned status);
void cg_trunk_counts_dialled(cg_trunk_counts *counts, int64_t post_dial_delay_us);

/* An answered call is over. */
typedef struct {
    const char *codec; /* its name; "": it came to none */
    bool translated;
    uint64_t packets, lost;
    uint32_t jitter_us;
    double mos; /* 0: no media came */
} cg_trunk_call;
void cg_trunk_counts_ended(cg_trunk_counts *counts, const cg_trunk_call *call);

/* As Prometheus' text, names with `prefix`. */
void cg_trunk_stats_print(const cg_trunk_stats *stats, const char *prefix, GString *page);
