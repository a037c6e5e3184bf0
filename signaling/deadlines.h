/* Timers of one owner thread: a heap of deadlines embedded in the objects that wait for them. Setting, moving and
 * cancelling cost O(log n); an idle deadline costs nothing. The owner arms one loop timer for cg_deadlines_next. */
#pragma once

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

/* The object of type `type_` whose member `member_` is at `pointer_`. */
#define CG_CONTAINER_OF(pointer_, type_, member_) ((type_ *) (void *) ((char *) (pointer_) -offsetof(type_, member_)))

typedef struct cg_deadline cg_deadline;

struct cg_deadline {
    int64_t at_us; /* monotonic */
    size_t slot;   /* position in the heap, from 1; 0: not set */
    void (*fire)(cg_deadline *deadline, int64_t now_us);
};

typedef struct {
    GPtrArray *heap; /* of cg_deadline, earliest first; not owned */
} cg_deadlines;

void cg_deadlines_init(cg_deadlines *deadlines);
void cg_deadlines_finish(cg_deadlines *deadlines); /* forgets what is still set */

/* Sets or moves. */
void cg_deadlines_set(cg_deadlines *deadlines, cg_deadline *deadline, int64_t at_us);
/* No effect if it is not set. */
void cg_deadlines_cancel(cg_deadlines *deadlines, cg_deadline *deadline);

/* INT64_MAX if none is set. */
int64_t cg_deadlines_next(const cg_deadlines *deadlines);

/* Fires what is due, earliest first. A deadline is unset before it fires, and the callback may set, cancel or free
 * anything; one that sets itself again for a time already past waits for the next run. */
void cg_deadlines_run(cg_deadlines *deadlines, int64_t now_us);
