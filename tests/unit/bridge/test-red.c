/* Redundant audio (RFC 2198 section 3). */
#include "bridge/rtp/red.h"

#include <glib.h>
#include <string.h>

typedef struct {
    const char *name;
    uint8_t before[48], after[48];
    size_t size;
    bool mapped, found; /* cg_red_map, cg_red_find_primary */
    uint8_t payload_type;
    size_t primary;
} red_case;

/* 111 becomes 96, 5 becomes 0; the rest has no counterpart. */
static const red_case cases[] = {
    {"primary only", {111, 'p'}, {96, 'p'}, 2, true, true, 111, 1},
    /* The figure of section 4: a redundant block of 3 octets, then the primary. */
    {"one redundant",
     {0xef, 0x0f, 0xc0, 3, 111, 'o', 'l', 'd', 'n', 'e', 'w'},
     {0xe0, 0x0f, 0xc0, 3, 96, 'o', 'l', 'd', 'n', 'e', 'w'},
     11,
     true,
     true,
     111,
     8},
    {"two payload types", {0x85, 0, 0, 1, 111, 'a', 'b'}, {0x80, 0, 0, 1, 96, 'a', 'b'}, 7, true, true, 111, 6},
    {"empty primary", {0xef, 0, 0, 1, 111, 'a'}, {0xe0, 0, 0, 1, 96, 'a'}, 6, true, true, 111, 6},
    {"redundant type unknown", {0x88, 0, 0, 1, 111, 'a', 'b'}, {0x88, 0, 0, 1, 111, 'a', 'b'}, 7, false, true, 111, 6},
    {"primary type unknown", {0xef, 0, 0, 1, 8, 'a', 'b'}, {0xef, 0, 0, 1, 8, 'a', 'b'}, 7, false, true, 8, 6},
    {"empty", {0}, {0}, 0},
    {"no primary header", {0xef, 0, 0, 0}, {0xef, 0, 0, 0}, 4},
    {"header cut", {0xef, 0, 0}, {0xef, 0, 0}, 3},
    {"block beyond the end", {0xef, 0, 0, 3, 111, 'a', 'b'}, {0xef, 0, 0, 3, 111, 'a', 'b'}, 7},
    {"10 bits of length", {0xef, 0, 3, 0xff, 111}, {0xef, 0, 3, 0xff, 111}, 48},
    {"eleven blocks",
     {0xef, 0, 0, 0,    0xef, 0, 0, 0,    0xef, 0, 0, 0,    0xef, 0, 0, 0,    0xef, 0, 0, 0,  0xef,
      0,    0, 0, 0xef, 0,    0, 0, 0xef, 0,    0, 0, 0xef, 0,    0, 0, 0xef, 0,    0, 0, 111},
     {0xef, 0, 0, 0,    0xef, 0, 0, 0,    0xef, 0, 0, 0,    0xef, 0, 0, 0,    0xef, 0, 0, 0,  0xef,
      0,    0, 0, 0xef, 0,    0, 0, 0xef, 0,    0, 0, 0xef, 0,    0, 0, 0xef, 0,    0, 0, 111},
     41},
};

static void test_table(void)
{
    uint8_t map[128];
    memset(map, CG_RED_DROP, sizeof map);
    map[111] = 96;
    map[5] = 0;
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        const red_case *c = &cases[i];
        uint8_t payload[48], payload_type = 0;
        size_t primary = 0;
        memcpy(payload, c->before, sizeof payload);
        g_test_message("%s", c->name);
        g_assert_cmpint(cg_red_find_primary(payload, c->size, &payload_type, &primary), ==, c->found);
        g_assert_cmpuint(payload_type, ==, c->payload_type);
        g_assert_cmpuint(primary, ==, c->primary);
        g_assert_cmpint(cg_red_map(payload, c->size, map), ==, c->mapped);
        g_assert_cmpmem(payload, sizeof payload, c->after, sizeof c->after);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/red/table", test_table);
    return g_test_run();
}
