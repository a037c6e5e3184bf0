/* The hash index against a plain list, under random additions and removals with few hashes (many collisions). */
#include "bridge/transport/index.h"

#include <glib.h>

enum { CAPACITY = 64, ROUNDS = 200000 };

/* Whether the index has exactly the values of `present` under each hash. */
static void compare(const cg_index *index, const bool present[CAPACITY], const uint32_t hashes[CAPACITY])
{
    bool seen[CAPACITY] = {false};
    size_t count = 0;
    for (unsigned value = 0; value < CAPACITY; value++) {
        uint32_t found;
        for (size_t cursor = 0; present[value] && cg_index_next(index, hashes[value], &cursor, &found);)
            seen[value] = seen[value] || found == value;
        g_assert_cmpint(seen[value], ==, present[value]);
        count += present[value];
    }
    g_assert_cmpuint(cg_index_size(index), ==, count);
}

static void test_random(void)
{
    cg_index *index = cg_index_new(CAPACITY);
    bool present[CAPACITY] = {false};
    uint32_t hashes[CAPACITY];
    for (unsigned round = 0; round < ROUNDS; round++) {
        unsigned value = (unsigned) g_test_rand_int_range(0, CAPACITY);
        if (present[value]) {
            cg_index_remove(index, hashes[value], value);
        } else {
            /* Clusters that wrap round the end of the table, and equal hashes. */
            hashes[value] = (uint32_t) g_test_rand_int_range(-12, 12);
            cg_index_add(index, hashes[value], value);
        }
        present[value] = !present[value];
        if (round % 64 == 0)
            compare(index, present, hashes);
    }
    cg_index_free(index);
}

static void test_absent(void)
{
    cg_index *index = cg_index_new(1);
    uint32_t value;
    size_t cursor = 0;
    g_assert_false(cg_index_next(index, 5, &cursor, &value));
    cg_index_add(index, 5 + 16, 0); /* the same place, another hash */
    g_assert_false(cg_index_next(index, 5, &cursor, &value));
    cg_index_free(index);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/index/random", test_random);
    g_test_add_func("/index/absent", test_absent);
    return g_test_run();
}
