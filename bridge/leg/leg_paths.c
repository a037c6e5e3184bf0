/* The addresses of a leg's peer. Only connectivity checks bring new ones; which of them is sent to is decided by
 * nomination, and where that says nothing, by where the peer is heard from. */
#include "bridge/leg/leg.h"

#include "bridge/worker/worker_tcp.h"

/* A path with a sign of life younger than this cannot be taken by another leg: whoever can write a false source address
 * and has a leg of his own could otherwise cut off another's with one check. Browsers check, or send, more often
 * (RFC 7675 section 5.1: every 4 to 6 s at the most). */
#define IN_USE_US 6000000
/* Packets from another address move a leg only after this silence of the selected one, not by reordering. */
#define SILENCE_US 1000000
/* Moves told to the control thread. A peer that hops on and on is followed, but not told of. */
static const cg_budget_limit move_limit = {.burst = 10, .earning_us = 1000000};

void cg_leg_drop_path(cg_worker *worker, cg_leg *leg, unsigned index)
{
    cg_leg_table_remove_path(worker->legs, leg, index);
    leg->paths[index].used = false;
    if (leg->selected == (int) index)
        leg->selected = -1;
    if (leg->paths[index].path.transport == CG_TRANSPORT_TCP)
        cg_worker_tcp_close(worker, &leg->paths[index].path);
}

/* A free place, or that of the path longest unheard, but never the selected one. */
static unsigned find_place(const cg_leg *leg)
{
    int oldest = -1;
    for (int i = 0; i < CG_LEG_PATHS; i++) {
        if (!leg->paths[i].used)
            return (unsigned) i;
        if (i != leg->selected && (oldest < 0 || leg->paths[i].heard_us < leg->paths[oldest].heard_us))
            oldest = i;
    }
    return (unsigned) oldest;
}

static unsigned add_path(cg_worker *worker, cg_leg *leg, const cg_path *path, int64_t now_us)
{
    unsigned index = find_place(leg);
    if (leg->paths[index].used)
        cg_leg_drop_path(worker, leg, index);
    leg->paths[index] = (cg_leg_path){.path = *path, .used = true, .heard_us = now_us};
    cg_leg_table_add_path(worker->legs, leg, index);
    return index;
}

int cg_leg_take_path(cg_worker *worker, cg_leg *leg, const cg_path *path, int64_t now_us)
{
    unsigned index;
    cg_leg *holder = cg_leg_table_find_path(worker->legs, path, &index);
    if (holder == leg)
        return (int) index;
    if (holder != NULL) {
        /* Nobody else can write on a connection: a check for another leg is no move, and the path ends with it. */
        if (path->transport == CG_TRANSPORT_TCP || now_us - holder->paths[index].heard_us < IN_USE_US)
            return -1;
        cg_leg_drop_path(worker, holder, index);
    }
    return (int) add_path(worker, leg, path, now_us);
}

void cg_leg_select_path(cg_worker *worker, cg_leg *leg, int index, int64_t now_us)
{
    if (leg->selected == index)
        return;
    leg->selected = index;
    if (leg->state == CG_LEG_CONNECTED && cg_budget_take(&leg->move_budget, &move_limit, now_us))
        cg_leg_tell(worker, leg, CG_LEG_EVENT_MOVED);
}

void cg_leg_heard(cg_worker *worker, cg_leg *leg, unsigned path, int64_t now_us)
{
    leg->paths[path].heard_us = now_us;
    leg->heard_us = now_us;
    if (leg->interrupted) {
        leg->interrupted = false;
        cg_leg_tell(worker, leg, CG_LEG_EVENT_RECOVERED);
        cg_worker_schedule(worker, leg);
    }
}

void cg_leg_heard_media(cg_worker *worker, cg_leg *leg, unsigned path, int64_t now_us)
{
    cg_leg_heard(worker, leg, path, now_us);
    if ((int) path == leg->selected)
        return;
    if (leg->selected < 0 || now_us - leg->paths[leg->selected].heard_us > SILENCE_US)
        cg_leg_select_path(worker, leg, (int) path, now_us);
}
