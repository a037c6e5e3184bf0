/* A call leg spoken over a client's WebSocket with SDP: the messages of docs/protocol.md. */
#pragma once

#include "gateway/call.h"
#include "signaling/sdp/sdp.h"
#include "signaling/session.h"

typedef struct cg_client cg_client;

#define CG_RECONNECT_TOKEN_LENGTH 32

typedef struct {
    cg_call_leg base;
    cg_client *client;                             /* who speaks for it; NULL while its session is gone */
    cg_sid account;                                /* whose client may take it over with the reconnect token */
    char *identity;                                /* (NULL: a client without one) */
    char *temporary_callsid;                       /* the client's own name of its invite; NULL for callees */
    bool knows_sid;                                /* the client has been told base.sid, and goes by it */
    char reconnect[CG_RECONNECT_TOKEN_LENGTH + 1]; /* lets its client take the leg over after a lost socket */
    cg_sdp *offer;   /* the browser's last offer, while it awaits our answer; NULL: none */
    char *local_sdp; /* our last description */
    uint64_t sdp_session_id, sdp_version;
    char *stats_request; /* JSON text of the id of a `stats` request under way; NULL: none */
} cg_client_leg;

/* A caller's leg from its `invite`. Takes `offer`. */
cg_client_leg *cg_client_leg_new_caller(cg_client *client, const char *temporary_callsid, cg_sdp *offer);

/* A callee's leg towards a registered client. */
cg_client_leg *cg_client_leg_new_callee(cg_client *client, const char *identity);

/* The client leg that `base` is part of; NULL if it is of another kind. */
cg_client_leg *cg_client_leg_from(cg_call_leg *base);

/* Another client (the same one, on a new session) speaks for the leg from now on. */
void cg_client_leg_attach(cg_client_leg *leg, cg_client *client);
void cg_client_leg_detach(cg_client_leg *leg);

/* Answers the leg's `offer` with what the party at the far end took and wishes; new ICE credentials in it restart ICE.
 * False if that leaves no speech codec. On success `base.local`, `base.remote` and `local_sdp` are the new ones; on
 * failure nothing has changed. */
bool cg_client_leg_make_answer(cg_client_leg *leg, const cg_call_leg *far);

/* Takes a callee's answer: narrows `base.local` to it and sets `base.remote`. False, and nothing changed, if it leaves
 * no speech codec. */
bool cg_client_leg_take_answer(cg_client_leg *leg, const cg_sdp *answer);

/* Sends answer{callsid,sdp,reconnect} with the description in force: to a reinvite or a reconnect. */
void cg_client_leg_send_answer(cg_client_leg *leg);
