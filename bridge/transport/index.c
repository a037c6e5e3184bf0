/* Linear probing with backward-shift deletion (Knuth, TAOCP 6.4, algorithm R). */
#include "bridge/transport/index.h"

#include <glib.h>

typedef struct {
    uint32_t hash;
    uint32_t value_plus_one; /* 0: free */
} index_entry;

struct cg_index {
    index_entry *entries;
    size_t mask; /* places minus one; places are a power of two */
    size_t size, capacity;
};

cg_index *cg_index_new(size_t capacity)
{
    size_t places = 16;
    while (places < 2 * capacity)
        places *= 2;
    cg_index *index = g_new0(cg_index, 1);
    index->entries = g_new0(index_entry, places);
    index->mask = places - 1;
    index->capacity = capacity;
    return index;
}

void cg_index_free(cg_index *index)
{
    if (index == NULL)
        return;
    g_free(index->entries);
    g_free(index);
}

size_t cg_index_size(const cg_index *index)
{
    return index->size;
}

void cg_index_add(cg_index *index, uint32_t hash, uint32_t value)
{
    g_assert(index->size < index->capacity);
    size_t at = hash & index->mask;
    while (index->entries[at].value_plus_one != 0)
        at = (at + 1) & index->mask;
    index->entries[at] = (index_entry){.hash = hash, .value_plus_one = value + 1};
    index->size++;
}

/* Moves later entries of the cluster into the hole at `hole`, as long as that brings them no nearer than their own
 * place. */
static void close_hole(cg_index *index, size_t hole)
{
    size_t at = hole;
    for (;;) {
        at = (at + 1) & index->mask;
        const index_entry *entry = &index->entries[at];
        if (entry->value_plus_one == 0)
            break;
        size_t home = entry->hash & index->mask;
        if (((at - home) & index->mask) < ((at - hole) & index->mask))
            continue;
        index->entries[hole] = *entry;
        hole = at;
    }
    index->entries[hole] = (index_entry){0};
}

void cg_index_remove(cg_index *index, uint32_t hash, uint32_t value)
{
    for (size_t at = hash & index->mask; index->entries[at].value_plus_one != 0; at = (at + 1) & index->mask) {
        if (index->entries[at].hash == hash && index->entries[at].value_plus_one == value + 1) {
            close_hole(index, at);
            index->size--;
            return;
        }
    }
    g_assert_not_reached();
}

void cg_index_prefetch(const cg_index *index, uint32_t hash)
{
    __builtin_prefetch(&index->entries[hash & index->mask]);
}

bool cg_index_next(const cg_index *index, uint32_t hash, size_t *cursor, uint32_t *ret_value)
{
    for (;;) {
        const index_entry *entry = &index->entries[(hash + *cursor) & index->mask];
        if (entry->value_plus_one == 0)
            return false;
        ++*cursor;
        if (entry->hash == hash) {
            *ret_value = entry->value_plus_one - 1;
            return true;
        }
    }
}
