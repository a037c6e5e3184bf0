/* A hash index of fixed size: from a 32-bit hash to small numbers, by which the caller finds and compares the real
 * thing. Open addressing, no allocation after creation, deletion leaves no tombstones. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct cg_index cg_index;

/* Room for `capacity` entries at a load of at most one half. */
cg_index *cg_index_new(size_t capacity);
void cg_index_free(cg_index *index);

/* More entries than the capacity are a bug. The same pair may be there once only. */
void cg_index_add(cg_index *index, uint32_t hash, uint32_t value);
void cg_index_remove(cg_index *index, uint32_t hash, uint32_t value);
size_t cg_index_size(const cg_index *index);

/* Asks the memory for where `hash` would be: a look-up a little later need not wait for it. */
void cg_index_prefetch(const cg_index *index, uint32_t hash);

/* Visits the values under `hash`, one each call, until false. `cursor` begins at 0. The index must not change
 * meanwhile. */
bool cg_index_next(const cg_index *index, uint32_t hash, size_t *cursor, uint32_t *ret_value);
