/* The leg table: an array of slots and two hash indexes into it. */
#include "bridge/leg/leg_table.h"

#include "base/random.h"
#include "bridge/transport/index.h"

#include <glib.h>
#include <string.h>

enum { SLOT_BITS = 24, GENERATION_BITS = 32, UFRAGS = 2 };

struct cg_leg_table {
    cg_leg **legs; /* by slot; owned by the worker */
    int64_t *due;  /* by slot */
    uint32_t max_legs;
    uint32_t slots;     /* highest ever used, plus one */
    cg_index *by_path;  /* slot * CG_LEG_PATHS + place */
    cg_index *by_ufrag; /* slot * UFRAGS + which */
    uint64_t seed;
};

cg_leg_id cg_leg_id_make(unsigned worker, uint32_t generation, uint32_t slot)
{
    return (uint64_t) (worker + 1) << (SLOT_BITS + GENERATION_BITS) | (uint64_t) generation << SLOT_BITS | slot;
}

unsigned cg_leg_id_worker(cg_leg_id id)
{
    return (unsigned) (id >> (SLOT_BITS + GENERATION_BITS)) - 1;
}

uint32_t cg_leg_id_slot(cg_leg_id id)
{
    return (uint32_t) (id & ((1u << SLOT_BITS) - 1));
}

cg_leg_table *cg_leg_table_new(unsigned max_legs)
{
    g_assert(max_legs > 0 && max_legs < 1u << SLOT_BITS);
    cg_leg_table *table = g_new0(cg_leg_table, 1);
    table->max_legs = max_legs;
    table->legs = g_new0(cg_leg *, max_legs);
    table->due = g_new0(int64_t, max_legs);
    for (unsigned i = 0; i < max_legs; i++)
        table->due[i] = INT64_MAX;
    table->by_path = cg_index_new((size_t) max_legs * CG_LEG_PATHS);
    table->by_ufrag = cg_index_new((size_t) max_legs * UFRAGS);
    cg_random_bytes(&table->seed, sizeof table->seed);
    return table;
}

void cg_leg_table_free(cg_leg_table *table)
{
    if (table == NULL)
        return;
    g_assert(cg_index_size(table->by_path) == 0 && cg_index_size(table->by_ufrag) == 0);
    cg_index_free(table->by_path);
    cg_index_free(table->by_ufrag);
    g_free(table->legs);
    g_free(table->due);
    g_free(table);
}

void cg_leg_table_add(cg_leg_table *table, cg_leg *leg)
{
    g_assert(leg->slot < table->max_legs && table->legs[leg->slot] == NULL);
    table->legs[leg->slot] = leg;
    table->slots = MAX(table->slots, leg->slot + 1);
}

void cg_leg_table_remove(cg_leg_table *table, cg_leg *leg)
{
    g_assert(table->legs[leg->slot] == leg);
    table->legs[leg->slot] = NULL;
    table->due[leg->slot] = INT64_MAX;
}

cg_leg *cg_leg_table_find(const cg_leg_table *table, cg_leg_id id)
{
    uint32_t slot = cg_leg_id_slot(id);
    cg_leg *leg = slot < table->slots ? table->legs[slot] : NULL;
    return leg != NULL && leg->id == id ? leg : NULL;
}

cg_leg *cg_leg_table_at(const cg_leg_table *table, uint32_t slot)
{
    return table->legs[slot];
}

uint32_t cg_leg_table_slots(const cg_leg_table *table)
{
    return table->slots;
}

int64_t *cg_leg_table_due(cg_leg_table *table)
{
    return table->due;
}

void cg_leg_table_add_path(cg_leg_table *table, cg_leg *leg, unsigned index)
{
    cg_leg_path *path = &leg->paths[index];
    path->hash = cg_path_hash(&path->path, table->seed);
    cg_index_add(table->by_path, path->hash, leg->slot * CG_LEG_PATHS + index);
}

void cg_leg_table_remove_path(cg_leg_table *table, cg_leg *leg, unsigned index)
{
    cg_index_remove(table->by_path, leg->paths[index].hash, leg->slot * CG_LEG_PATHS + index);
}

void cg_leg_table_prefetch_path(const cg_leg_table *table, const cg_path *path)
{
    cg_index_prefetch(table->by_path, cg_path_hash(path, table->seed));
}

cg_leg *cg_leg_table_find_path(const cg_leg_table *table, const cg_path *path, unsigned *ret_index)
{
    uint32_t hash = cg_path_hash(path, table->seed), value;
    for (size_t cursor = 0; cg_index_next(table->by_path, hash, &cursor, &value);) {
        cg_leg *leg = table->legs[value / CG_LEG_PATHS];
        if (cg_path_equal(&leg->paths[value % CG_LEG_PATHS].path, path)) {
            *ret_index = value % CG_LEG_PATHS;
            return leg;
        }
    }
    return NULL;
}

/* Our ufrags are random, so their hash needs no secret. */
static void set_ufrag(cg_leg_table *table, cg_leg *leg, unsigned which, const char *ufrag)
{
    char *held = leg->ufrags[which];
    if (strcmp(held, ufrag) == 0)
        return;
    if (held[0] != '\0')
        cg_index_remove(table->by_ufrag, g_str_hash(held), leg->slot * UFRAGS + which);
    g_strlcpy(held, ufrag, sizeof leg->ufrags[which]);
    if (held[0] != '\0')
        cg_index_add(table->by_ufrag, g_str_hash(held), leg->slot * UFRAGS + which);
}

void cg_leg_table_update_ufrags(cg_leg_table *table, cg_leg *leg)
{
    set_ufrag(table, leg, 0, leg->ice.local.ufrag);
    set_ufrag(table, leg, 1, leg->ice.previous.ufrag);
}

void cg_leg_table_remove_ufrags(cg_leg_table *table, cg_leg *leg)
{
    set_ufrag(table, leg, 0, "");
    set_ufrag(table, leg, 1, "");
}

cg_leg *cg_leg_table_find_ufrag(const cg_leg_table *table, const char *ufrag)
{
    uint32_t hash = g_str_hash(ufrag), value;
    for (size_t cursor = 0; cg_index_next(table->by_ufrag, hash, &cursor, &value);) {
        cg_leg *leg = table->legs[value / UFRAGS];
        if (strcmp(leg->ufrags[value % UFRAGS], ufrag) == 0)
            return leg;
    }
    return NULL;
}
