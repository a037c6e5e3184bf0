/* What the files of the bridge share; all of it is the control thread's. */
#pragma once

#include "bridge/bridge.h"
#include "bridge/dtls/dtls_pool.h"
#include "bridge/ice/worker_ufrag.h"
#include "bridge/tcp/tcp_acceptor.h"
#include "bridge/worker/admission.h"
#include "bridge/worker/worker.h"

#include <glib.h>

/* A worker and the slots of its leg table, as the control thread keeps account of them. */
typedef struct {
    cg_worker *worker;                             /* owned */
    cg_candidate candidates[4 * CG_MAX_ADDRESSES]; /* UDP, TCP */
    size_t candidate_count;
    uint32_t *generations; /* by slot: of the leg last opened there */
    uint8_t *expectations; /* by slot; what the leg is to the load: bridge_legs.c */
    GQueue *free_slots;    /* GUINT_TO_POINTER; the longest free one is used first */
    cg_worker_room room;   /* its legs: open, ENDED not delivered yet */
} cg_bridge_worker;

struct cg_bridge {
    cg_ice_mode ice;
    cg_addresses addresses;
    cg_ice_servers servers;
    cg_rtp_host rtp;
    cg_dtls_pool *pool;        /* owned */
    cg_tcp_acceptor *acceptor; /* owned; NULL: no ICE-TCP */
    cg_events *events;         /* owned */
    void (*on_event)(const cg_leg_event *event, void *user);
    void *user;
    unsigned handshake_limit;
    unsigned worker_count;
    cg_bridge_worker workers[CG_MAX_WORKERS];
};

/* bridge_legs.c: keeps account of legs by what is told of them. */
void cg_bridge_note_event(cg_bridge *bridge, const cg_leg_event *event);
