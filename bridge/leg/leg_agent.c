/* A leg whose ICE is a full agent's: what the agent tells becomes candidates, paths, datagrams and signs of life like
 * those of ICE-lite. The leg has one path, which stands for whatever pair the agent has selected. */
#include "bridge/leg/leg.h"

#include "base/clock.h"
#include "bridge/worker/worker.h"

#include <string.h>

static void on_candidate(void *owner, void *user, const cg_candidate *candidate)
{
    const cg_worker *worker = owner;
    const cg_leg *leg = user;
    cg_leg_event event = {.kind = CG_LEG_EVENT_CANDIDATE, .leg = leg->id, .candidate = *candidate};
    cg_events_post(worker->config.events, &event);
}

static void on_gathered(void *owner, void *user)
{
    cg_leg *leg = user;
    leg->gather_deadline_us = INT64_MAX;
    cg_leg_tell(owner, leg, CG_LEG_EVENT_GATHERED);
}

static void on_selected(void *owner, void *user, const struct sockaddr_storage *peer)
{
    cg_worker *worker = owner;
    cg_leg *leg = user;
    int64_t now_us = cg_clock_monotonic_us();
    cg_path path = cg_path_of_agent(leg->id, peer);
    int index = cg_leg_take_path(worker, leg, &path, now_us);
    cg_leg_select_path(worker, leg, index, now_us);
    for (int i = 0; i < CG_LEG_PATHS; i++)
        if (i != index && leg->paths[i].used)
            cg_leg_drop_path(worker, leg, (unsigned) i);
    cg_leg_heard(worker, leg, (unsigned) index, now_us);
    cg_leg_start_handshake_if_ready(worker, leg);
}

/* No end yet: before the setup timeout a candidate may come that works, before the consent timeout a restart. */
static void on_failed(void *owner, void *user)
{
    cg_worker *worker = owner;
    const cg_leg *leg = user;
    char peer[CG_PATH_TEXT_SIZE] = "";
    if (cg_leg_path_out(leg) != NULL)
        cg_path_format(cg_leg_path_out(leg), peer);
    CG_EVENTS_LOG(worker->config.events, "leg.ice_failed", CG_LOG_NUMBER("media", leg->id), CG_LOG_TEXT("peer", peer));
    cg_worker_schedule(worker, leg); /* now silence counts */
}

/* libnice's buffer has no room that it would answer for: what a partner's protection adds needs one of ours. */
static void on_received(void *owner, void *user, const uint8_t *data, size_t size)
{
    cg_worker *worker = owner;
    cg_leg *leg = user;
    if (leg->selected < 0 || size > CG_UDP_MAX_DATAGRAM) {
        cg_counter_add(&worker->counters.dropped_malformed, 1);
        return;
    }
    cg_datagram datagram = {.path = leg->paths[leg->selected].path, .data = worker->agent_in, .size = size};
    memcpy(worker->agent_in, data, size);
    cg_worker_receive_from(worker, leg, (unsigned) leg->selected, &datagram, cg_clock_monotonic_us());
    cg_worker_flush(worker); /* before the buffer is used again */
}

const cg_ice_agent_handlers cg_leg_agent_handlers = {
    .candidate = on_candidate,
    .gathered = on_gathered,
    .selected = on_selected,
    .failed = on_failed,
    .received = on_received,
};

void cg_leg_open_agent(cg_worker *worker, cg_leg *leg, cg_leg_role role, int64_t now_us)
{
    leg->gather_deadline_us = now_us + worker->config.gather_timeout_us;
    leg->agent = cg_ice_agent_new(worker->agents, &leg->ice.local, role == CG_LEG_OFFERS, leg);
    if (!cg_ice_agent_gather(leg->agent)) {
        CG_EVENTS_LOG(worker->config.events, "leg.gathering_failed", CG_LOG_NUMBER("media", leg->id));
        on_gathered(worker, leg); /* the peer finds us at no address: the setup timeout ends it */
    }
    cg_worker_schedule(worker, leg);
}

bool cg_leg_agent_send(cg_worker *worker, const cg_path *path, const uint8_t *data, size_t size)
{
    cg_leg *leg = cg_leg_table_find(worker->legs, cg_path_agent_leg(path));
    return leg != NULL && cg_ice_agent_send(leg->agent, data, size);
}

void cg_leg_agent_tick(cg_worker *worker, cg_leg *leg, int64_t now_us)
{
    if (now_us >= leg->gather_deadline_us) {
        leg->gather_deadline_us = INT64_MAX;
        cg_leg_tell(worker, leg, CG_LEG_EVENT_GATHER_LATE);
    }
}
