/* A worker's legs: by id, by the path a datagram came on, by the ufrag a connectivity check names. Sized at creation;
 * looking up allocates nothing. */
#pragma once

#include "bridge/leg/leg.h"

typedef struct cg_leg_table cg_leg_table;

cg_leg_table *cg_leg_table_new(unsigned max_legs);
void cg_leg_table_free(cg_leg_table *table); /* must be empty */

/* Ids: worker above, generation, slot below. A slot is used again only under another generation. */
cg_leg_id cg_leg_id_make(unsigned worker, uint32_t generation, uint32_t slot);
unsigned cg_leg_id_worker(cg_leg_id id);
uint32_t cg_leg_id_slot(cg_leg_id id);

void cg_leg_table_add(cg_leg_table *table, cg_leg *leg);
void cg_leg_table_remove(cg_leg_table *table, cg_leg *leg); /* its paths and ufrags must be gone */

cg_leg *cg_leg_table_find(const cg_leg_table *table, cg_leg_id id);
cg_leg *cg_leg_table_at(const cg_leg_table *table, uint32_t slot); /* NULL: free; below cg_leg_table_slots */
uint32_t cg_leg_table_slots(const cg_leg_table *table);            /* those ever used */

/* When the leg in a slot wants to be ticked next; INT64_MAX for free slots. Kept apart from the legs so that looking
 * for what is due reads one small array. */
int64_t *cg_leg_table_due(cg_leg_table *table);

/* The leg's paths[index] has been filled in, or is about to be emptied. */
void cg_leg_table_add_path(cg_leg_table *table, cg_leg *leg, unsigned index);
void cg_leg_table_remove_path(cg_leg_table *table, cg_leg *leg, unsigned index);
/* Asks the memory for what finding the path will read first. */
void cg_leg_table_prefetch_path(const cg_leg_table *table, const cg_path *path);
cg_leg *cg_leg_table_find_path(const cg_leg_table *table, const cg_path *path, unsigned *ret_index);

/* Brings the table's ufrags of a leg in line with leg->ice. */
void cg_leg_table_update_ufrags(cg_leg_table *table, cg_leg *leg);
void cg_leg_table_remove_ufrags(cg_leg_table *table, cg_leg *leg);
cg_leg *cg_leg_table_find_ufrag(const cg_leg_table *table, const char *ufrag);
