/* The choice of a worker. */
#include "bridge/worker/admission.h"

#include <glib.h>

#define NOBODY 99
#define NOW_US 5000000

/* A worker as measured: percent of a core, calls that are admitted and wait, legs. */
typedef struct {
    unsigned busy, awaited, legs;
    bool dropping;
    unsigned translated; /* calls that have begun to be */
} measured;

typedef struct {
    const char *name;
    measured workers[3];
    unsigned count;
    cg_handshake_room handshakes;
    cg_admission says;
    unsigned worker;
    unsigned near; /* 1 is the first; 0: it does not matter */
} choice;

static const choice choices[] = {
    {"/admission/fewest-legs", {{0, 0, 4}, {0, 0, 2}, {0, 0, 3}}, 3, {0, 100}, CG_ADMISSION_GRANTED, 1},
    {"/admission/least-load", {{60, 0, 2}, {50, 0, 8}}, 2, {0, 100}, CG_ADMISSION_GRANTED, 1},
    {"/admission/alike", {{51, 0, 8}, {50, 0, 10}}, 2, {0, 100}, CG_ADMISSION_GRANTED, 0},
    {"/admission/expected-counts", {{50, 40, 2}, {55, 0, 8}}, 2, {0, 100}, CG_ADMISSION_GRANTED, 1},
    {"/admission/overloaded", {{85, 0, 2}, {82, 0, 8}}, 2, {0, 100}, CG_ADMISSION_LOAD, NOBODY},
    {"/admission/one-is-not", {{85, 0, 2}, {75, 0, 8}}, 2, {0, 100}, CG_ADMISSION_GRANTED, 1},
    {"/admission/drops", {{10, 0, 2, true}}, 1, {0, 100}, CG_ADMISSION_DROPS, NOBODY},
    {"/admission/one-drops", {{10, 0, 2, true}, {75, 0, 8}}, 2, {0, 100}, CG_ADMISSION_GRANTED, 1},
    {"/admission/translated", {{70, 0, 2, false, 30}}, 1, {0, 100}, CG_ADMISSION_LOAD, NOBODY},
    {"/admission/as-many-pass-through", {{70, 30, 2}}, 1, {0, 100}, CG_ADMISSION_GRANTED, 0},
    {"/admission/translated-elsewhere", {{50, 0, 2, false, 20}, {55, 0, 8}}, 2, {0, 100}, CG_ADMISSION_GRANTED, 1},
    {"/admission/last-legs", {{0, 0, 8}}, 1, {0, 100}, CG_ADMISSION_GRANTED, 0},
    {"/admission/no-legs", {{0, 0, 9}}, 1, {0, 100}, CG_ADMISSION_LEGS, NOBODY},
    {"/admission/legs-elsewhere", {{0, 0, 9}, {70, 0, 8}}, 2, {0, 100}, CG_ADMISSION_GRANTED, 1},
    {"/admission/last-handshakes", {{0, 0, 0}}, 1, {98, 100}, CG_ADMISSION_GRANTED, 0},
    {"/admission/no-handshakes", {{0, 0, 0}}, 1, {99, 100}, CG_ADMISSION_HANDSHAKES, NOBODY},
    {"/admission/last-handshakes-due", {{0, 29, 0}, {0, 20, 0}}, 2, {60, 100}, CG_ADMISSION_GRANTED, 1},
    {"/admission/near", {{0, 0, 2}, {60, 0, 8}}, 2, {0, 100}, CG_ADMISSION_GRANTED, 1, 2},
    {"/admission/near-is-full", {{60, 0, 2}, {85, 0, 8}, {50, 0, 2}}, 3, {0, 100}, CG_ADMISSION_GRANTED, 2, 2},
    {"/admission/all-are-full", {{85, 0, 2}, {82, 0, 8}}, 2, {0, 100}, CG_ADMISSION_LOAD, NOBODY, 1},
    {"/admission/handshakes-due", {{0, 30, 0}, {0, 20, 0}}, 2, {60, 100}, CG_ADMISSION_HANDSHAKES, NOBODY},
};

static cg_worker_room room_of(const measured *m)
{
    cg_worker_room room = {.legs = m->legs, .max_legs = 10};
    cg_load_init(&room.load, 80);
    for (unsigned i = 0; i < m->awaited; i++)
        cg_load_call_admitted(&room.load);
    cg_load_add(&room.load, &(cg_load_sample){.at_us = NOW_US - 1000000000});
    cg_load_add(&room.load,
                &(cg_load_sample){.at_us = NOW_US, .cpu_us = m->busy * 10000000, .drops = m->dropping ? 1000 : 0});
    for (unsigned i = 0; i < m->translated; i++)
        cg_load_translation_began(&room.load);
    return room;
}

static void test_choice(gconstpointer data)
{
    const choice *c = data;
    cg_worker_room rooms[G_N_ELEMENTS(c->workers)];
    const cg_worker_room *pointers[G_N_ELEMENTS(c->workers)];
    unsigned worker = NOBODY;
    for (unsigned i = 0; i < c->count; i++) {
        rooms[i] = room_of(&c->workers[i]);
        pointers[i] = &rooms[i];
    }
    cg_admission says = cg_admission_choose(pointers, c->count, c->handshakes, NOW_US,
                                            c->near > 0 ? c->near - 1 : CG_ANY_WORKER, &worker);
    g_assert_cmpstr(cg_admission_name(says), ==, cg_admission_name(c->says));
    g_assert_cmpuint(worker, ==, c->worker);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(choices); i++)
        g_test_add_data_func(choices[i].name, &choices[i], test_choice);
    return g_test_run();
}
