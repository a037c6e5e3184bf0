/* A call: a caller's leg, the callee legs that ring for it, and then the two that talk. The state machine of them, one
 * function per trigger; what is said to the parties goes through their legs' ops, what happens to media through the
 * bridge. */
#pragma once

#include "auth/directory.h"
#include "base/form.h"
#include "gateway/call/call_leg.h"

#include <glib.h>

typedef struct cg_calls cg_calls;
typedef struct cg_call_hop cg_call_hop;

typedef enum { CG_CALL_RINGING, CG_CALL_IN_PROGRESS, CG_CALL_ENDED, CG_CALL_STATE_COUNT } cg_call_state;

struct cg_call {
    cg_calls *calls;
    cg_sid sid; /* CA: also the caller's leg's, unless it came here by a transfer */
    cg_sid account;
    cg_sid application;
    cg_form *parameters; /* the client's, with the token's over them */
    char *to;            /* "client:bob" */
    unsigned worker;     /* of the bridge; its legs are opened there; from cg_call_dial on */
    cg_call_hop *hop;    /* owned; of parties on different workers (call_hop.h); NULL: both are on one */
    unsigned ring_timeout_s;
    bool transcode; /* parties without a common codec may be translated for each other */
    cg_call_state state;
    cg_call_end end;
    cg_call_end refusal; /* of those callees that did not take it, what the caller will be told; NONE: none yet */
    cg_call *transfer;   /* placed for one of its parties (transfer.h); NULL: none */
    cg_sid transferred_from, transferred_to; /* the calls before and after this one of a transfer; may be unset */
    char *replaced;       /* the dialog whose place it takes over there (RFC 3891), as SIP writes it; NULL: of none */
    char *transferred_by; /* address of who asked for it; NULL: no transfer led here */
    cg_call_leg *caller;
    cg_call_leg *callee;                       /* who answered; NULL before */
    GPtrArray *legs;                           /* (owned cg_call_leg) caller first, then everyone who rang */
    int64_t created_ms, answered_ms, ended_ms; /* wall time; 0: not yet */
    int64_t ring_deadline_us;                  /* monotonic */
};

/* A new call of `caller` (taken: the call owns it from here on). `application` may be NULL: the gateway's defaults. */
cg_call *cg_call_new(cg_calls *calls, cg_call_leg *caller, const cg_sid *account, const cg_application *application,
                     cg_form *parameters, const char *to);

/* Adds a callee's leg (taken), opens its media and has it offered the call; false if the bridge has no room: then the
 * leg is freed. Used by destinations. */
bool cg_call_add_callee(cg_call *call, cg_call_leg *leg);

/* The same for one that answers by itself: it is not offered the call. */
bool cg_call_join_callee(cg_call *call, cg_call_leg *leg);

/* Lets `to` ring; on failure ends the call with the reason that the caller is told. */
void cg_call_dial(cg_call *call);

/* The same for a caller that has media already, on `call->worker`. */
void cg_call_reach(cg_call *call);

/* A new call whose parties talk already. */
void cg_call_begin_answered(cg_call *call, cg_call_leg *callee);

/* `leg` takes the place of `old`, which the call owns no longer. */
void cg_call_put_leg(cg_call *call, cg_call_leg *old, cg_call_leg *leg);

/* Triggers from the parties. `leg->remote` has been set before answered; each may end the call and free nothing at once
 * (calls.h frees later). */
void cg_call_leg_answered(cg_call_leg *leg);
void cg_call_leg_ringing(cg_call_leg *leg); /* a callee: the caller hears of the first */
/* A callee that will not answer. DECLINED ends all legs of its address, others only this one. When nobody is left
 * who could answer, the call ends by cg_call_end_choose() of all. */
void cg_call_leg_failed(cg_call_leg *leg, cg_call_end end);
void cg_call_leg_hung_up(cg_call_leg *leg);
/* Its signalling will not come back; `end` of a call that is up. */
void cg_call_leg_gone(cg_call_leg *leg, cg_call_end end);
/* The party is gone, and with it the call, unless it had the other one transferred. */
void cg_call_go_on_without(cg_call_leg *leg, cg_call_end end);

/* True for a callee that has been offered the call and has neither answered nor failed. */
bool cg_call_leg_is_waiting(const cg_call_leg *leg);

/* The other party of an answered call; NULL if there is none. */
cg_call_leg *cg_call_leg_partner(const cg_call_leg *leg);

/* Ends it for both. */
void cg_call_finish(cg_call *call, cg_call_end end);

/* Timeouts; called a few times a second. */
void cg_call_tick(cg_call *call, int64_t now_us);

/* True when it has ended and no media of it is left: it may be recorded and freed. */
bool cg_call_is_over(const cg_call *call);
void cg_call_free(cg_call *call);
