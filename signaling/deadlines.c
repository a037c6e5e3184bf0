/* A binary heap of deadlines. The one thing to know: a deadline knows its own slot, so that it can be moved or
 * cancelled without a search. */
#include "signaling/deadlines.h"

void cg_deadlines_init(cg_deadlines *deadlines)
{
    deadlines->heap = g_ptr_array_new();
}

void cg_deadlines_finish(cg_deadlines *deadlines)
{
    g_clear_pointer(&deadlines->heap, g_ptr_array_unref);
}

static cg_deadline *at(const cg_deadlines *deadlines, size_t slot)
{
    return g_ptr_array_index(deadlines->heap, slot - 1);
}

static void place(cg_deadlines *deadlines, cg_deadline *deadline, size_t slot)
{
    deadlines->heap->pdata[slot - 1] = deadline;
    deadline->slot = slot;
}

static void sift_up(cg_deadlines *deadlines, cg_deadline *deadline)
{
    size_t slot = deadline->slot;

    for (; slot > 1 && at(deadlines, slot / 2)->at_us > deadline->at_us; slot /= 2)
        place(deadlines, at(deadlines, slot / 2), slot);
    place(deadlines, deadline, slot);
}

static void sift_down(cg_deadlines *deadlines, cg_deadline *deadline)
{
    size_t slot = deadline->slot, count = deadlines->heap->len;

    while (slot * 2 <= count) {
        size_t child = slot * 2;

        if (child < count && at(deadlines, child + 1)->at_us < at(deadlines, child)->at_us)
            child++;
        if (at(deadlines, child)->at_us >= deadline->at_us)
            break;
        place(deadlines, at(deadlines, child), slot);
        slot = child;
    }
    place(deadlines, deadline, slot);
}

void cg_deadlines_set(cg_deadlines *deadlines, cg_deadline *deadline, int64_t at_us)
{
    deadline->at_us = at_us;
    if (deadline->slot == 0) {
        g_ptr_array_add(deadlines->heap, deadline);
        deadline->slot = deadlines->heap->len;
    }
    sift_up(deadlines, deadline);
    sift_down(deadlines, deadline);
}

void cg_deadlines_cancel(cg_deadlines *deadlines, cg_deadline *deadline)
{
    size_t slot = deadline->slot;

    if (slot == 0)
        return;
    cg_deadline *last = at(deadlines, deadlines->heap->len);
    g_ptr_array_set_size(deadlines->heap, (int) deadlines->heap->len - 1);
    deadline->slot = 0;
    if (last == deadline)
        return;
    place(deadlines, last, slot);
    sift_up(deadlines, last);
    sift_down(deadlines, last);
}

int64_t cg_deadlines_next(const cg_deadlines *deadlines)
{
    return deadlines->heap->len > 0 ? at(deadlines, 1)->at_us : INT64_MAX;
}

void cg_deadlines_run(cg_deadlines *deadlines, int64_t now_us)
{
    /* Bounded by what is set now: a callback that keeps setting itself into the past must not hold the thread. */
    for (size_t left = deadlines->heap->len; left > 0 && cg_deadlines_next(deadlines) <= now_us; left--) {
        cg_deadline *deadline = at(deadlines, 1);

        cg_deadlines_cancel(deadlines, deadline);
        deadline->fire(deadline, now_us);
    }
}
