/* Calls between parties that only note what they are told, over a bridge that does the same. */
#pragma once

#include "gateway/call/calls.h"
#include "tests/unit/gateway/fake_bridge.h"

typedef struct {
    cg_call_leg base;
    const char *name;
    GString *said; /* (shared) what parties were told, e.g. "bob:offer;alice:ringing;" */
    const cg_call_leg *sibling;
    bool refuse_answer;
    bool rings_later; /* being offered the call is not ringing yet */
} cg_party;

typedef struct {
    cg_calls *calls;
    cg_call_policy policy;
    cg_call *call;
    GString *said;
    cg_party *caller, *callees[3];
    cg_party *carol;     /* who is called by her own name; NULL: she has not been */
    size_t callee_count; /* how many legs the destination makes */
    bool rings_later;    /* they do not ring by themselves */
    char *last_record;   /* the log line of the call's end */
} cg_call_fixture;

void cg_call_fixture_set_up(cg_call_fixture *f, gconstpointer data);
void cg_call_fixture_tear_down(cg_call_fixture *f, gconstpointer data);

typedef struct {
    const char *path;
    void (*test)(cg_call_fixture *f, gconstpointer data);
    const char *data; /* the test's; NULL: none */
} cg_call_test;

/* Runs them, each with a fixture of its own; what main() returns. */
int cg_call_fixture_run(const cg_call_test *tests, size_t count);

/* Another party, of no call yet. */
cg_party *cg_call_fixture_party(cg_call_fixture *f, const char *name);

/* alice calls. */
void cg_call_fixture_place(cg_call_fixture *f, const char *to);
/* And bob answers; what was said before is forgotten. */
void cg_call_fixture_place_answered(cg_call_fixture *f);

void cg_call_fixture_media_event(cg_call_fixture *f, cg_leg_id leg, cg_leg_event_kind kind, cg_leg_end end);

#define assert_said(f, text) g_assert_cmpstr((f)->said->str, ==, text)
#define assert_told_bridge(text) g_assert_cmpstr(cg_fake.calls->str, ==, text)
