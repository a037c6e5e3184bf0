/* The call state machine: every trigger in every state it can come in, with the parties and the bridge as noters. */
#include "base/clock.h"
#include "base/log.h"
#include "gateway/calls.h"
#include "tests/unit/gateway/fake_bridge.h"

#include <string.h>

#define SECOND G_USEC_PER_SEC

typedef struct {
    cg_call_leg base;
    const char *name;
    GString *said; /* (shared) what parties were told, e.g. "bob:offer;alice:ringing;" */
    bool refuse_answer;
    bool rings_later; /* being offered the call is not ringing yet */
} party;

typedef struct {
    cg_calls *calls;
    cg_call_policy policy;
    cg_call *call;
    GString *said;
    party *caller, *callees[3];
    size_t callee_count; /* how many legs the destination makes */
    bool rings_later;    /* they do not ring by themselves */
    char *last_record;   /* the log line of the call's end */
} fixture;

static void say(cg_call_leg *leg, const char *what)
{
    party *p = (party *) leg;
    g_string_append_printf(p->said, "%s:%s;", p->name, what);
}

static void party_offer(cg_call_leg *leg)
{
    say(leg, "offer");
    if (!((party *) leg)->rings_later)
        cg_call_leg_ringing(leg);
}

static void party_ringing(cg_call_leg *leg)
{
    say(leg, "ringing");
}

static void party_answer(cg_call_leg *leg)
{
    if (((party *) leg)->refuse_answer)
        cg_call_finish(leg->call, CG_CALL_END_INCOMPATIBLE);
    else
        say(leg, "answer");
}

static void party_end(cg_call_leg *leg, cg_call_end end, bool with_error)
{
    g_autofree char *text = g_strdup_printf("end %s%s", cg_call_end_get_info(end)->name, with_error ? "!" : "");
    say(leg, text);
}

static void party_digits(cg_call_leg *leg, const char *digits)
{
    g_autofree char *text = g_strdup_printf("digits %s", digits);
    say(leg, text);
}

static void party_hold(cg_call_leg *leg, bool on)
{
    say(leg, on ? "held" : "unheld");
}

static void party_stats(cg_call_leg *leg, const cg_leg_stats *stats)
{
    say(leg, "stats");
}

static void party_free(cg_call_leg *leg)
{
    g_free(leg->address);
    g_free(leg);
}

static const cg_call_leg_ops party_ops = {
    .kind = "party",
    .offer = party_offer,
    .ringing = party_ringing,
    .answer = party_answer,
    .end = party_end,
    .digits = party_digits,
    .hold = party_hold,
    .stats = party_stats,
    .free = party_free,
};

static party *party_new(fixture *f, const char *name)
{
    party *p = g_new0(party, 1);
    p->base.ops = &party_ops;
    p->base.sid = cg_sid_new("CA");
    p->base.address = g_strdup_printf("party:%s", name);
    p->base.remote.direction = CG_DIRECTION_SENDRECV;
    p->name = name;
    p->said = f->said;
    return p;
}

static cg_call_end dial(cg_call *call, const char *rest, void *user)
{
    static const char *const names[] = {"bob", "bob2", "bob3"};
    fixture *f = user;
    bool rings = false;
    if (strcmp(rest, "later") == 0)
        return CG_CALL_END_NONE;
    if (strcmp(rest, "bob") != 0)
        return CG_CALL_END_UNAVAILABLE;
    for (size_t i = 0; i < f->callee_count; i++) {
        party *callee = party_new(f, names[i]);
        callee->rings_later = f->rings_later;
        if (cg_call_add_callee(call, &callee->base)) {
            f->callees[i] = callee;
            rings = true;
        }
    }
    return rings ? CG_CALL_END_NONE : CG_CALL_END_OVERLOADED;
}

static void keep_record(const char *line, void *user)
{
    fixture *f = user;
    if (strstr(line, "call.ended") == NULL)
        return;
    g_free(f->last_record);
    f->last_record = g_strdup(line);
}

static void set_up(fixture *f, gconstpointer data)
{
    static cg_destination destinations[2] = {{"party", dial}, {NULL, NULL}};
    cg_fake_bridge_reset();
    f->policy = (cg_call_policy){.ring_timeout_s = 30, .reconnect_window_s = 20};
    f->calls = cg_calls_new(NULL, &f->policy, destinations, f);
    f->said = g_string_new(NULL);
    f->callee_count = 1;
    cg_log_set_sink(keep_record, f);
}

static void tear_down(fixture *f, gconstpointer data)
{
    cg_log_set_sink(NULL, NULL);
    cg_calls_free(f->calls);
    g_string_free(f->said, TRUE);
    g_free(f->last_record);
}

static void place(fixture *f, const char *to)
{
    cg_account account = {.sid = cg_sid_new("AC")};
    cg_application application = {.sid = cg_sid_new("AP")};
    f->caller = party_new(f, "alice");
    f->call = cg_call_new(f->calls, &f->caller->base, &account.sid, &application, cg_form_new(), to);
    cg_call_dial(f->call);
}

static void place_answered(fixture *f)
{
    place(f, "party:bob");
    cg_call_leg_answered(&f->callees[0]->base);
    g_string_truncate(f->said, 0);
    g_string_truncate(cg_fake.calls, 0);
}

static void media_event(fixture *f, cg_leg_id leg, cg_leg_event_kind kind, cg_leg_end end)
{
    cg_leg_event event = {.kind = kind, .leg = leg, .end = end, .digit = '5'};
    cg_calls_media_event(f->calls, &event);
}

#define assert_said(f, text) g_assert_cmpstr((f)->said->str, ==, text)
#define assert_told_bridge(text) g_assert_cmpstr(cg_fake.calls->str, ==, text)

static void test_answer(fixture *f, gconstpointer data)
{
    place(f, "party:bob");
    assert_said(f, "bob:offer;alice:ringing;");
    g_assert_cmpint(f->call->state, ==, CG_CALL_RINGING);
    cg_call_leg_answered(&f->callees[0]->base);
    assert_said(f, "bob:offer;alice:ringing;alice:answer;");
    assert_told_bridge("open 1;expect 1;open 2;link 1 2;connect 2;connect 1;");
    g_assert_cmpint(f->call->state, ==, CG_CALL_IN_PROGRESS);
    g_assert_true(cg_call_leg_partner(&f->caller->base) == &f->callees[0]->base);
}

static void test_first_answer_wins(fixture *f, gconstpointer data)
{
    f->callee_count = 3;
    place(f, "party:bob");
    g_string_truncate(f->said, 0);
    cg_call_leg_answered(&f->callees[1]->base);
    assert_said(f, "bob:end canceled;bob3:end canceled;alice:answer;");
    cg_call_leg_answered(&f->callees[0]->base);
    g_assert_true(f->call->callee == &f->callees[1]->base);
    g_assert_true(cg_call_leg_partner(&f->callees[0]->base) == NULL);
}

static void test_reject_declines_for_all(fixture *f, gconstpointer data)
{
    f->callee_count = 2;
    place(f, "party:bob");
    g_string_truncate(f->said, 0);
    cg_call_leg_failed(&f->callees[0]->base, CG_CALL_END_DECLINED);
    assert_said(f, "alice:end declined!;bob2:end declined;");
    g_assert_cmpint(f->call->end, ==, CG_CALL_END_DECLINED);
}

static void test_busy_is_one_device(fixture *f, gconstpointer data)
{
    f->callee_count = 2;
    place(f, "party:bob");
    g_string_truncate(f->said, 0);
    cg_call_leg_failed(&f->callees[0]->base, CG_CALL_END_BUSY);
    assert_said(f, "");
    cg_call_leg_failed(&f->callees[1]->base, CG_CALL_END_BUSY);
    assert_said(f, "alice:end busy!;");
}

static void test_caller_cancels(fixture *f, gconstpointer data)
{
    place(f, "party:bob");
    g_string_truncate(f->said, 0);
    cg_call_leg_hung_up(&f->caller->base);
    assert_said(f, "bob:end canceled;");
    g_assert_cmpint(f->call->end, ==, CG_CALL_END_CANCELED);
    cg_call_leg_answered(&f->callees[0]->base);
    g_assert_cmpint(f->call->state, ==, CG_CALL_ENDED);
}

static void test_hangup_reaches_the_other(fixture *f, gconstpointer data)
{
    place_answered(f);
    cg_call_leg_hung_up(data != NULL ? &f->caller->base : &f->callees[0]->base);
    assert_said(f, data != NULL ? "bob:end caller_hangup;" : "alice:end callee_hangup;");
}

static void test_no_answer(fixture *f, gconstpointer data)
{
    place(f, "party:bob");
    g_string_truncate(f->said, 0);
    int64_t now = cg_clock_monotonic_us();
    cg_calls_tick(f->calls, now + 29 * SECOND);
    assert_said(f, "");
    cg_calls_tick(f->calls, now + 31 * SECOND);
    assert_said(f, "alice:end no_answer!;bob:end no_answer;");
}

/* A destination may take its time: the caller hears ringing when somebody rings, and once. */
static void test_rings_later(fixture *f, gconstpointer data)
{
    f->callee_count = 2;
    f->rings_later = true;
    place(f, "party:bob");
    assert_said(f, "bob:offer;bob2:offer;");
    cg_call_leg_ringing(&f->callees[1]->base);
    cg_call_leg_ringing(&f->callees[0]->base);
    assert_said(f, "bob:offer;bob2:offer;alice:ringing;");
}

static void test_answers_without_ringing(fixture *f, gconstpointer data)
{
    f->rings_later = true;
    place(f, "party:bob");
    cg_call_leg_answered(&f->callees[0]->base);
    assert_said(f, "bob:offer;alice:answer;");
}

/* A destination that asks somebody first makes its legs after dial has returned. */
static void test_leg_comes_later(fixture *f, gconstpointer data)
{
    f->callee_count = 0;
    place(f, "party:later");
    assert_said(f, "");
    party *callee = party_new(f, "bob");
    g_assert_true(cg_call_add_callee(f->call, &callee->base));
    assert_said(f, "bob:offer;alice:ringing;");
}

/* Nobody is kept waiting for a device that is not there; one that comes back in time rings. */
static void test_offline_device(fixture *f, gconstpointer data)
{
    f->rings_later = true;
    place(f, "party:bob");
    int64_t now = cg_clock_monotonic_us();
    f->callees[0]->base.signaling_lost_us = now;
    cg_calls_tick(f->calls, now + 4 * SECOND);
    g_assert_cmpint(f->call->state, ==, CG_CALL_RINGING);
    cg_calls_tick(f->calls, now + 6 * SECOND);
    assert_said(f, "bob:offer;alice:end unavailable!;");
}

static void test_nobody_there(fixture *f, gconstpointer data)
{
    place(f, "party:carol");
    assert_said(f, "alice:end unavailable!;");
    g_assert_cmpint(f->call->end, ==, CG_CALL_END_UNAVAILABLE);
}

static void test_unknown_scheme(fixture *f, gconstpointer data)
{
    place(f, data);
    assert_said(f, "alice:end not_found!;");
}

static void test_no_room(fixture *f, gconstpointer data)
{
    cg_fake.full = true;
    place(f, "party:bob");
    assert_said(f, "alice:end overloaded!;");
    cg_calls_tick(f->calls, cg_clock_monotonic_us());
    g_assert_cmpuint(f->calls->calls->len, ==, 0);
    g_assert_nonnull(strstr(f->last_record, "reason=overloaded"));
}

/* Nothing is opened for a call that finds no room; the next one may find some. */
static void test_refused(fixture *f, gconstpointer data)
{
    cg_fake.admission = CG_ADMISSION_LOAD;
    place(f, "party:bob");
    assert_said(f, "alice:end overloaded!;");
    assert_told_bridge("");
    cg_calls_tick(f->calls, cg_clock_monotonic_us());
    g_assert_nonnull(strstr(f->last_record, "reason=overloaded"));
    cg_fake.admission = CG_ADMISSION_GRANTED;
    place(f, "party:bob");
    assert_told_bridge("open 1;expect 1;open 2;");
    g_assert_cmpuint(f->calls->refused_total[CG_ADMISSION_LOAD], ==, 1);
}

static void test_no_common_codec(fixture *f, gconstpointer data)
{
    place(f, "party:bob");
    f->caller->refuse_answer = true;
    g_string_truncate(f->said, 0);
    cg_call_leg_answered(&f->callees[0]->base);
    assert_said(f, "alice:end incompatible!;bob:end incompatible!;");
    g_assert_null(strstr(cg_fake.calls->str, "link"));
    g_assert_cmpint(f->call->answered_ms, ==, 0);
}

static void test_media_never_came(fixture *f, gconstpointer data)
{
    place_answered(f);
    media_event(f, 2, CG_LEG_EVENT_ENDED, CG_LEG_END_ICE_TIMEOUT);
    assert_said(f, "alice:end media_failed!;bob:end media_failed!;");
}

static void test_media_lost(fixture *f, gconstpointer data)
{
    place_answered(f);
    media_event(f, 1, CG_LEG_EVENT_CONNECTED, CG_LEG_END_NONE);
    media_event(f, 1, CG_LEG_EVENT_ENDED, CG_LEG_END_CONSENT_LOST);
    assert_said(f, "alice:end media_lost!;bob:end media_lost!;");
}

static void test_digits(fixture *f, gconstpointer data)
{
    place_answered(f);
    cg_call_leg_digits(&f->caller->base, "12#", false);
    assert_told_bridge("digits 2 12#;");
    assert_said(f, "bob:digits 12#;");
    media_event(f, 2, CG_LEG_EVENT_DIGIT, CG_LEG_END_NONE);
    assert_told_bridge("digits 2 12#;");
    assert_said(f, "bob:digits 12#;alice:digits 5;");
}

static void test_hold(fixture *f, gconstpointer data)
{
    place_answered(f);
    cg_call_leg_set_hold(&f->caller->base, true);
    cg_call_leg_set_hold(&f->caller->base, true);
    cg_call_leg_set_hold(&f->caller->base, false);
    assert_said(f, "bob:held;bob:unheld;");
    assert_told_bridge("flow 1 0 0;flow 1 0 0;flow 1 1 1;");
}

static void test_hold_by_direction(fixture *f, gconstpointer data)
{
    place_answered(f);
    f->callees[0]->base.remote.direction = CG_DIRECTION_SENDONLY;
    cg_call_leg_renegotiated(&f->callees[0]->base);
    f->callees[0]->base.remote.direction = CG_DIRECTION_SENDRECV;
    cg_call_leg_renegotiated(&f->callees[0]->base);
    assert_said(f, "alice:held;alice:unheld;");
    assert_told_bridge("connect 2;connect 2;");
}

static void test_hold_outlives_renegotiation(fixture *f, gconstpointer data)
{
    place_answered(f);
    f->caller->base.remote.direction = CG_DIRECTION_SENDRECV;
    cg_call_leg_set_hold(&f->caller->base, true);
    cg_call_leg_renegotiated(&f->caller->base);
    assert_said(f, "bob:held;");
    cg_call_leg_set_hold(&f->caller->base, false);
    assert_said(f, "bob:held;bob:unheld;");
}

static void test_no_microphone_is_no_hold(fixture *f, gconstpointer data)
{
    place_answered(f);
    f->callees[0]->base.remote.direction = CG_DIRECTION_RECVONLY;
    cg_call_leg_renegotiated(&f->callees[0]->base);
    assert_said(f, "");
}

static void test_signaling_window(fixture *f, gconstpointer data)
{
    place_answered(f);
    int64_t now = cg_clock_monotonic_us();
    f->caller->base.signaling_lost_us = now;
    cg_calls_tick(f->calls, now + 19 * SECOND);
    g_assert_cmpint(f->call->state, ==, CG_CALL_IN_PROGRESS);
    f->caller->base.signaling_lost_us = 0;
    cg_calls_tick(f->calls, now + 60 * SECOND);
    g_assert_cmpint(f->call->state, ==, CG_CALL_IN_PROGRESS);
    f->caller->base.signaling_lost_us = now;
    cg_calls_tick(f->calls, now + 21 * SECOND);
    g_assert_cmpint(f->call->end, ==, CG_CALL_END_SIGNALING_LOST);
}

static void test_ringing_device_vanishes(fixture *f, gconstpointer data)
{
    f->callee_count = 2;
    place(f, "party:bob");
    g_string_truncate(f->said, 0);
    cg_call_leg_gone(&f->callees[0]->base);
    assert_said(f, "");
    cg_call_leg_gone(&f->callees[1]->base);
    assert_said(f, "alice:end unavailable!;");
}

/* The call lives until the bridge has let go of every leg; then it is recorded once and gone. */
static void test_record_and_release(fixture *f, gconstpointer data)
{
    place_answered(f);
    cg_call_leg_hung_up(&f->caller->base);
    assert_told_bridge("close 1;close 2;");
    cg_calls_tick(f->calls, cg_clock_monotonic_us());
    g_assert_cmpuint(f->calls->calls->len, ==, 1);
    media_event(f, 1, CG_LEG_EVENT_ENDED, CG_LEG_END_CLOSED);
    g_assert_null(f->last_record);
    media_event(f, 2, CG_LEG_EVENT_ENDED, CG_LEG_END_CLOSED);
    g_assert_cmpuint(f->calls->calls->len, ==, 0);
    g_assert_nonnull(strstr(f->last_record, "status=completed reason=caller_hangup"));
    g_assert_nonnull(strstr(f->last_record, "from=party:alice"));
    media_event(f, 2, CG_LEG_EVENT_ENDED, CG_LEG_END_CLOSED);
}

static void test_counts(fixture *f, gconstpointer data)
{
    cg_sid other = cg_sid_new("AC");
    place_answered(f);
    g_assert_cmpuint(cg_calls_count(f->calls, NULL), ==, 1);
    g_assert_cmpuint(cg_calls_count(f->calls, &f->call->account), ==, 1);
    g_assert_cmpuint(cg_calls_count(f->calls, &other), ==, 0);
    g_assert_true(cg_calls_find_leg(f->calls, f->callees[0]->base.sid.text) == &f->callees[0]->base);
    cg_calls_finish_all(f->calls, CG_CALL_END_SHUTDOWN);
    g_assert_cmpuint(cg_calls_count(f->calls, NULL), ==, 0);
    g_assert_null(cg_calls_find_leg(f->calls, f->callees[0]->base.sid.text));
    g_assert_cmpuint(f->calls->ended_total[CG_CALL_END_SHUTDOWN], ==, 1);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*test)(fixture *f, gconstpointer data);
        const char *data;
    } tests[] = {
        {"/call/answer", test_answer},
        {"/call/first-answer-wins", test_first_answer_wins},
        {"/call/reject-declines-for-all", test_reject_declines_for_all},
        {"/call/busy-is-one-device", test_busy_is_one_device},
        {"/call/caller-cancels", test_caller_cancels},
        {"/call/hangup/caller", test_hangup_reaches_the_other, "caller"},
        {"/call/hangup/callee", test_hangup_reaches_the_other},
        {"/call/no-answer", test_no_answer},
        {"/call/rings-later", test_rings_later},
        {"/call/answers-without-ringing", test_answers_without_ringing},
        {"/call/leg-comes-later", test_leg_comes_later},
        {"/call/offline-device", test_offline_device},
        {"/call/nobody-there", test_nobody_there},
        {"/call/unknown-scheme", test_unknown_scheme, "sip:bob"},
        {"/call/no-scheme", test_unknown_scheme, "bob"},
        {"/call/no-room", test_no_room},
        {"/call/refused", test_refused},
        {"/call/no-common-codec", test_no_common_codec},
        {"/call/media-never-came", test_media_never_came},
        {"/call/media-lost", test_media_lost},
        {"/call/digits", test_digits},
        {"/call/hold", test_hold},
        {"/call/hold-by-direction", test_hold_by_direction},
        {"/call/hold-outlives-renegotiation", test_hold_outlives_renegotiation},
        {"/call/no-microphone-is-no-hold", test_no_microphone_is_no_hold},
        {"/call/signaling-window", test_signaling_window},
        {"/call/ringing-device-vanishes", test_ringing_device_vanishes},
        {"/call/record-and-release", test_record_and_release},
        {"/call/counts", test_counts},
    };
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].path, fixture, tests[i].data, set_up, tests[i].test, tear_down);
    int status = g_test_run();
    g_string_free(cg_fake.calls, TRUE);
    return status;
}
