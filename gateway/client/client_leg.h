/* A call leg spoken over a client's WebSocket with SDP: the messages of docs/protocol.md. */
#pragma once

#include "gateway/call/call.h"
#include "signaling/sdp/sdp.h"
#include "signaling/session.h"

typedef struct cg_client cg_client;

#define CG_RECONNECT_TOKEN_LENGTH 32
#define CG_CLIENT_MAX_CANDIDATES 64 /* of ours, for one client; libnice finds fewer */

/* What a client is to be sent next. With full ICE it may have to wait for candidates: not every client trickles. */
typedef enum { CG_CLIENT_NOTHING, CG_CLIENT_OFFER, CG_CLIENT_EARLY, CG_CLIENT_ANSWER } cg_client_description;

typedef struct {
    cg_call_leg base;
    cg_client *client;                             /* who speaks for it; NULL while its session is gone */
    cg_sid account;                                /* whose client may take it over with the reconnect token */
    char *identity;                                /* (NULL: a client without one) */
    char *temporary_callsid;                       /* the client's own name of its invite; NULL for callees */
    bool knows_sid;                                /* the client has been told base.sid, and goes by it */
    char reconnect[CG_RECONNECT_TOKEN_LENGTH + 1]; /* lets its client take the leg over after a lost socket */
    cg_sdp *offer;      /* the browser's last offer, while it awaits our answer; NULL: none */
    char *early_answer; /* what the client was told while it rang, to be told again by `answer`; NULL: nothing */
    uint64_t sdp_session_id, sdp_version;
    cg_client_description waiting; /* for candidates */
    bool described;                /* it has a description of ours */
    GArray *candidates;            /* (cg_candidate) full ICE: those gathered; NULL: none yet */
    bool gathered;                 /* all are */
    bool gather_late;              /* they take too long: nothing waits for them any more */
    char *stats_request;           /* JSON text of the id of a `stats` request under way; NULL: none */
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

/* Agrees to the leg's `offer` with what the party at the far end took and wishes; new ICE credentials in it restart
 * ICE. False if that leaves no speech codec. On success `base.local` and `base.remote` are the new ones, to be sent
 * with cg_client_leg_describe; on failure nothing has changed. */
bool cg_client_leg_make_answer(cg_client_leg *leg, const cg_call_leg *far);

/* Takes a callee's answer: narrows `base.local` to it and sets `base.remote`. False, and nothing changed, if it leaves
 * no speech codec. */
bool cg_client_leg_take_answer(cg_client_leg *leg, const cg_sdp *answer);

/* client_description.c */
/* Sends the description in force, as invite{}, ringing{} or answer{}: now, or, if the client takes candidates in
 * descriptions only and they are not there yet, when they are. */
void cg_client_leg_describe(cg_client_leg *leg, cg_client_description what);
/* Ops of the leg: candidates of ours. */
void cg_client_leg_candidate(cg_call_leg *base, const cg_candidate *candidate);
void cg_client_leg_gathered(cg_call_leg *base, bool complete);
/* The candidates that the client's description brought. */
void cg_client_leg_take_candidates(cg_client_leg *leg, const cg_sdp *sdp);

/* A message about this leg, opened up to its callsid; NULL if nobody is there to hear it. */
cg_json_writer *cg_client_leg_begin(cg_client_leg *leg, const char *type);
void cg_client_leg_send(cg_client_leg *leg);
/* Its member `error`, in the client's codes. */
void cg_client_leg_write_error(cg_json_writer *writer, cg_call_end end);
