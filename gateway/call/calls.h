/* All calls of this gateway: finding legs, timeouts, limits, records, counters. */
#pragma once

#include "gateway/call/call.h"
#include "gateway/call/call_policy.h"
#include "gateway/call/destination.h"
#include "gateway/call/hold_music.h"

struct cg_calls {
    cg_bridge *bridge;
    const cg_call_policy *policy;       /* replaced on reload */
    const cg_hold_music *music;         /* NULL: whoever is held hears silence */
    const cg_destination *destinations; /* ended by scheme NULL */
    void *destinations_user;
    GPtrArray *calls;          /* (cg_call) */
    GHashTable *legs_by_sid;   /* text of the sid -> cg_call_leg * */
    GHashTable *legs_by_media; /* cg_leg_id * -> cg_call_leg * */
    uint64_t ended_total[CG_CALL_END_COUNT];
    uint64_t created_total;
    uint64_t refused_total[CG_ADMISSION_COUNT]; /* CG_ADMISSION_GRANTED: those that were not */
    bool refusing;                              /* the last one was refused */
    uint64_t translated_total;                  /* answered between parties without a common codec */
};

cg_calls *cg_calls_new(cg_bridge *bridge, const cg_call_policy *policy, const cg_destination *destinations, void *user);
void cg_calls_free(cg_calls *calls);

/* How many, of one account (NULL: of all), not ended. */
size_t cg_calls_count(const cg_calls *calls, const cg_sid *account);
size_t cg_calls_count_state(const cg_calls *calls, cg_call_state state);

/* Room for another call on `*ret_worker`: `near`, if that has any (CG_ANY_WORKER: it does not matter). False, and
 * counted and logged, if there is none now. */
bool cg_calls_admit(cg_calls *calls, unsigned near, unsigned *ret_worker);

/* Media of a leg: opened in the bridge and found again when the bridge reports of it. False if there is no room. */
bool cg_calls_open_media(cg_calls *calls, cg_call_leg *leg, unsigned worker);

/* A leg is found by its sid from when it joins its call until the call is freed. */
void cg_calls_remember_leg(cg_calls *calls, cg_call_leg *leg);
void cg_calls_forget_leg(cg_calls *calls, cg_call_leg *leg);

/* The leg with that id (CA...) that has not ended; NULL if there is none. */
cg_call_leg *cg_calls_find_leg(const cg_calls *calls, const char *sid);

void cg_calls_media_event(cg_calls *calls, const cg_leg_event *event);
void cg_calls_tick(cg_calls *calls, int64_t now_us);
void cg_calls_finish_all(cg_calls *calls, cg_call_end end);
