/* What is counted of trunks, by their names: it goes on over a reload. */
#pragma once

#include <glib.h>
#include <stdint.h>

typedef enum { CG_TRUNK_OUT, CG_TRUNK_IN, CG_TRUNK_DIRECTIONS } cg_trunk_direction;

#define CG_TRUNK_STATUSES 700 /* SIP's; 0: none */

typedef struct {
    unsigned calls; /* now, both ways */
    uint64_t attempts[CG_TRUNK_DIRECTIONS];
    uint64_t answers[CG_TRUNK_DIRECTIONS];
    uint64_t failures[CG_TRUNK_DIRECTIONS][CG_TRUNK_STATUSES];
} cg_trunk_counts;

typedef struct {
    GHashTable *by_name; /* name -> (owned) cg_trunk_counts */
} cg_trunk_stats;

void cg_trunk_stats_init(cg_trunk_stats *stats);
void cg_trunk_stats_clear(cg_trunk_stats *stats);

/* Those of that trunk, new ones if it has none yet; valid as long as `stats`. */
cg_trunk_counts *cg_trunk_stats_of(cg_trunk_stats *stats, const char *name);

void cg_trunk_counts_failure(cg_trunk_counts *counts, cg_trunk_direction direction, unsigned status);

/* As Prometheus' text, names with `prefix`. */
void cg_trunk_stats_print(const cg_trunk_stats *stats, const char *prefix, GString *page);
