/* The call state machine: every trigger in every state it can come in, with the parties and the bridge as noters. */
#include "base/clock.h"
#include "base/log.h"
#include "gateway/call/call_hold.h"
#include "gateway/call/call_media.h"
#include "tests/unit/gateway/call_fixture.h"

#include <string.h>

#define SECOND G_USEC_PER_SEC

static void test_answer(cg_call_fixture *f, gconstpointer data)
{
    cg_call_fixture_place(f, "party:bob");
    assert_said(f, "bob:offer;alice:ringing;");
    g_assert_cmpint(f->call->state, ==, CG_CALL_RINGING);
    cg_call_leg_answered(&f->callees[0]->base);
    assert_said(f, "bob:offer;alice:ringing;alice:answer;");
    assert_told_bridge("open 1;expect 1;open 2;link 1 2;connect 2;connect 1;");
    g_assert_cmpint(f->call->state, ==, CG_CALL_IN_PROGRESS);
    g_assert_true(cg_call_leg_partner(&f->caller->base) == &f->callees[0]->base);
}

static void test_first_answer_wins(cg_call_fixture *f, gconstpointer data)
{
    f->callee_count = 3;
    cg_call_fixture_place(f, "party:bob");
    g_string_truncate(f->said, 0);
    cg_call_leg_answered(&f->callees[1]->base);
    assert_said(f, "bob:end canceled;bob3:end canceled;alice:answer;");
    cg_call_leg_answered(&f->callees[0]->base);
    g_assert_true(f->call->callee == &f->callees[1]->base);
    g_assert_true(cg_call_leg_partner(&f->callees[0]->base) == NULL);
}

static void test_reject_declines_for_all(cg_call_fixture *f, gconstpointer data)
{
    f->callee_count = 2;
    cg_call_fixture_place(f, "party:bob");
    g_string_truncate(f->said, 0);
    cg_call_leg_failed(&f->callees[0]->base, CG_CALL_END_DECLINED);
    assert_said(f, "bob2:end declined;alice:end declined!;");
    g_assert_cmpint(f->call->end, ==, CG_CALL_END_DECLINED);
}

static void test_reject_leaves_others(cg_call_fixture *f, gconstpointer data)
{
    f->callee_count = 3;
    cg_call_fixture_place(f, "party:bob");
    g_free(f->callees[2]->base.address);
    f->callees[2]->base.address = g_strdup("party:eve");
    g_string_truncate(f->said, 0);
    cg_call_leg_failed(&f->callees[0]->base, CG_CALL_END_DECLINED);
    assert_said(f, "bob2:end declined;");
    cg_call_leg_answered(&f->callees[2]->base);
    assert_said(f, "bob2:end declined;alice:answer;");
    g_assert_cmpint(f->call->state, ==, CG_CALL_IN_PROGRESS);
}

static void test_busy_is_one_device(cg_call_fixture *f, gconstpointer data)
{
    f->callee_count = 2;
    cg_call_fixture_place(f, "party:bob");
    g_string_truncate(f->said, 0);
    cg_call_leg_failed(&f->callees[0]->base, CG_CALL_END_BUSY);
    assert_said(f, "");
    cg_call_leg_failed(&f->callees[1]->base, CG_CALL_END_BUSY);
    assert_said(f, "alice:end busy!;");
}

static void test_busy_says_more_than_unavailable(cg_call_fixture *f, gconstpointer data)
{
    f->callee_count = 3;
    cg_call_fixture_place(f, "party:bob");
    cg_call_leg_failed(&f->callees[0]->base, CG_CALL_END_INCOMPATIBLE);
    cg_call_leg_failed(&f->callees[1]->base, CG_CALL_END_BUSY);
    cg_call_leg_gone(&f->callees[2]->base, CG_CALL_END_SIGNALING_LOST);
    g_assert_cmpint(f->call->end, ==, CG_CALL_END_BUSY);
}

static void test_caller_cancels(cg_call_fixture *f, gconstpointer data)
{
    cg_call_fixture_place(f, "party:bob");
    g_string_truncate(f->said, 0);
    cg_call_leg_hung_up(&f->caller->base);
    assert_said(f, "bob:end canceled;");
    g_assert_cmpint(f->call->end, ==, CG_CALL_END_CANCELED);
    cg_call_leg_answered(&f->callees[0]->base);
    g_assert_cmpint(f->call->state, ==, CG_CALL_ENDED);
}

static void test_hangup_reaches_the_other(cg_call_fixture *f, gconstpointer data)
{
    cg_call_fixture_place_answered(f);
    cg_call_leg_hung_up(data != NULL ? &f->caller->base : &f->callees[0]->base);
    assert_said(f, data != NULL ? "bob:end caller_hangup;" : "alice:end callee_hangup;");
}

static void test_no_answer(cg_call_fixture *f, gconstpointer data)
{
    cg_call_fixture_place(f, "party:bob");
    g_string_truncate(f->said, 0);
    int64_t now = cg_clock_monotonic_us();
    cg_calls_tick(f->calls, now + 29 * SECOND);
    assert_said(f, "");
    cg_calls_tick(f->calls, now + 31 * SECOND);
    assert_said(f, "alice:end no_answer!;bob:end no_answer;");
}

/* A destination may take its time: the caller hears ringing when somebody rings, and once. */
static void test_rings_later(cg_call_fixture *f, gconstpointer data)
{
    f->callee_count = 2;
    f->rings_later = true;
    cg_call_fixture_place(f, "party:bob");
    assert_said(f, "bob:offer;bob2:offer;");
    cg_call_leg_ringing(&f->callees[1]->base);
    cg_call_leg_ringing(&f->callees[0]->base);
    assert_said(f, "bob:offer;bob2:offer;alice:ringing;");
}

static void test_answers_without_ringing(cg_call_fixture *f, gconstpointer data)
{
    f->rings_later = true;
    cg_call_fixture_place(f, "party:bob");
    cg_call_leg_answered(&f->callees[0]->base);
    assert_said(f, "bob:offer;alice:answer;");
}

/* A destination that asks somebody first makes its legs after dial has returned. */
static void test_leg_comes_later(cg_call_fixture *f, gconstpointer data)
{
    f->callee_count = 0;
    cg_call_fixture_place(f, "party:later");
    assert_said(f, "");
    cg_party *callee = cg_call_fixture_party(f, "bob");
    g_assert_true(cg_call_add_callee(f->call, &callee->base));
    assert_said(f, "bob:offer;alice:ringing;");
}

/* Nobody is kept waiting for a device that is not there; one that comes back in time rings. */
static void test_offline_device(cg_call_fixture *f, gconstpointer data)
{
    f->rings_later = true;
    cg_call_fixture_place(f, "party:bob");
    int64_t now = cg_clock_monotonic_us();
    f->callees[0]->base.signaling_lost_us = now;
    cg_calls_tick(f->calls, now + 4 * SECOND);
    g_assert_cmpint(f->call->state, ==, CG_CALL_RINGING);
    cg_calls_tick(f->calls, now + 6 * SECOND);
    assert_said(f, "bob:offer;alice:end unavailable!;");
}

static void test_nobody_there(cg_call_fixture *f, gconstpointer data)
{
    cg_call_fixture_place(f, "party:nobody");
    assert_said(f, "alice:end unavailable!;");
    g_assert_cmpint(f->call->end, ==, CG_CALL_END_UNAVAILABLE);
}

static void test_unknown_scheme(cg_call_fixture *f, gconstpointer data)
{
    cg_call_fixture_place(f, data);
    assert_said(f, "alice:end not_found!;");
}

static void test_no_room(cg_call_fixture *f, gconstpointer data)
{
    cg_fake.full = true;
    cg_call_fixture_place(f, "party:bob");
    assert_said(f, "alice:end overloaded!;");
    cg_calls_tick(f->calls, cg_clock_monotonic_us());
    g_assert_cmpuint(f->calls->calls->len, ==, 0);
    g_assert_nonnull(strstr(f->last_record, "reason=overloaded"));
}

/* Nothing is opened for a call that finds no room; the next one may find some. */
static void test_refused(cg_call_fixture *f, gconstpointer data)
{
    cg_fake.admission = CG_ADMISSION_LOAD;
    cg_call_fixture_place(f, "party:bob");
    assert_said(f, "alice:end overloaded!;");
    assert_told_bridge("");
    cg_calls_tick(f->calls, cg_clock_monotonic_us());
    g_assert_nonnull(strstr(f->last_record, "reason=overloaded"));
    cg_fake.admission = CG_ADMISSION_GRANTED;
    cg_call_fixture_place(f, "party:bob");
    assert_told_bridge("open 1;expect 1;open 2;");
    g_assert_cmpuint(f->calls->refused_total[CG_ADMISSION_LOAD], ==, 1);
}

static void test_no_common_codec(cg_call_fixture *f, gconstpointer data)
{
    cg_call_fixture_place(f, "party:bob");
    f->caller->refuse_answer = true;
    g_string_truncate(f->said, 0);
    cg_call_leg_answered(&f->callees[0]->base);
    assert_said(f, "alice:end incompatible!;bob:end incompatible!;");
    g_assert_null(strstr(cg_fake.calls->str, "link"));
    g_assert_cmpint(f->call->answered_ms, ==, 0);
}

/* What translation costs is counted in before it is there to be measured; a common codec costs nothing. */
static void test_translated(cg_call_fixture *f, gconstpointer data)
{
    cg_call_fixture_place(f, "party:bob");
    cg_media_description *bob = &f->callees[0]->base.local, *alice = &f->caller->base.local;
    alice->formats[alice->format_count++].codec = CG_CODEC_OPUS;
    bob->formats[bob->format_count++].codec = data != NULL ? CG_CODEC_PCMU : CG_CODEC_OPUS;
    g_string_truncate(cg_fake.calls, 0);
    cg_call_leg_answered(&f->callees[0]->base);
    assert_told_bridge(data != NULL ? "link 1 2;connect 2;connect 1;translate 1;" : "link 1 2;connect 2;connect 1;");
    g_assert_cmpuint(f->calls->translated_total, ==, data != NULL);
}

static void test_media_never_came(cg_call_fixture *f, gconstpointer data)
{
    cg_call_fixture_place_answered(f);
    cg_call_fixture_media_event(f, 2, CG_LEG_EVENT_ENDED, CG_LEG_END_ICE_TIMEOUT);
    assert_said(f, "alice:end media_failed!;bob:end media_failed!;");
}

static void test_media_lost(cg_call_fixture *f, gconstpointer data)
{
    cg_call_fixture_place_answered(f);
    cg_call_fixture_media_event(f, 1, CG_LEG_EVENT_CONNECTED, CG_LEG_END_NONE);
    cg_call_fixture_media_event(f, 1, CG_LEG_EVENT_ENDED, CG_LEG_END_CONSENT_LOST);
    assert_said(f, "alice:end media_lost!;bob:end media_lost!;");
}

static void test_digits(cg_call_fixture *f, gconstpointer data)
{
    cg_call_fixture_place_answered(f);
    cg_call_leg_digits(&f->caller->base, "12#", false);
    assert_told_bridge("digits 2 12#;");
    assert_said(f, "bob:digits 12#;");
    cg_call_fixture_media_event(f, 2, CG_LEG_EVENT_DIGIT, CG_LEG_END_NONE);
    assert_told_bridge("digits 2 12#;");
    assert_said(f, "bob:digits 12#;alice:digits 5;");
}

static void test_hold(cg_call_fixture *f, gconstpointer data)
{
    cg_call_fixture_place_answered(f);
    cg_call_leg_set_hold(&f->caller->base, true);
    cg_call_leg_set_hold(&f->caller->base, true);
    cg_call_leg_set_hold(&f->caller->base, false);
    assert_said(f, "bob:held;bob:unheld;");
    assert_told_bridge("flow 1 0 0;flow 1 0 0;flow 1 1 1;");
}

static void test_hold_by_direction(cg_call_fixture *f, gconstpointer data)
{
    cg_call_fixture_place_answered(f);
    f->callees[0]->base.remote.direction = CG_DIRECTION_SENDONLY;
    cg_call_leg_renegotiated(&f->callees[0]->base);
    f->callees[0]->base.remote.direction = CG_DIRECTION_SENDRECV;
    cg_call_leg_renegotiated(&f->callees[0]->base);
    assert_said(f, "alice:held;alice:unheld;");
    assert_told_bridge("connect 2;connect 2;");
}

static void test_hold_outlives_renegotiation(cg_call_fixture *f, gconstpointer data)
{
    cg_call_fixture_place_answered(f);
    f->caller->base.remote.direction = CG_DIRECTION_SENDRECV;
    cg_call_leg_set_hold(&f->caller->base, true);
    cg_call_leg_renegotiated(&f->caller->base);
    assert_said(f, "bob:held;");
    cg_call_leg_set_hold(&f->caller->base, false);
    assert_said(f, "bob:held;bob:unheld;");
}

static void test_no_microphone_is_no_hold(cg_call_fixture *f, gconstpointer data)
{
    cg_call_fixture_place_answered(f);
    f->callees[0]->base.remote.direction = CG_DIRECTION_RECVONLY;
    cg_call_leg_renegotiated(&f->callees[0]->base);
    assert_said(f, "");
}

static void test_signaling_window(cg_call_fixture *f, gconstpointer data)
{
    cg_call_fixture_place_answered(f);
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

static void test_ringing_device_vanishes(cg_call_fixture *f, gconstpointer data)
{
    f->callee_count = 2;
    cg_call_fixture_place(f, "party:bob");
    g_string_truncate(f->said, 0);
    cg_call_leg_gone(&f->callees[0]->base, CG_CALL_END_SIGNALING_LOST);
    assert_said(f, "");
    cg_call_leg_gone(&f->callees[1]->base, CG_CALL_END_SIGNALING_LOST);
    assert_said(f, "alice:end unavailable!;");
}

/* The call lives until the bridge has let go of every leg; then it is recorded once and gone. */
static void test_record_and_release(cg_call_fixture *f, gconstpointer data)
{
    cg_call_fixture_place_answered(f);
    cg_call_leg_hung_up(&f->caller->base);
    assert_told_bridge("close 1;close 2;");
    cg_calls_tick(f->calls, cg_clock_monotonic_us());
    g_assert_cmpuint(f->calls->calls->len, ==, 1);
    cg_call_fixture_media_event(f, 1, CG_LEG_EVENT_ENDED, CG_LEG_END_CLOSED);
    g_assert_null(f->last_record);
    cg_call_fixture_media_event(f, 2, CG_LEG_EVENT_ENDED, CG_LEG_END_CLOSED);
    g_assert_cmpuint(f->calls->calls->len, ==, 0);
    g_assert_nonnull(strstr(f->last_record, "status=completed reason=caller_hangup"));
    g_assert_nonnull(strstr(f->last_record, "from=party:alice"));
    cg_call_fixture_media_event(f, 2, CG_LEG_EVENT_ENDED, CG_LEG_END_CLOSED);
}

static void test_counts(cg_call_fixture *f, gconstpointer data)
{
    cg_sid other = cg_sid_new("AC");
    cg_call_fixture_place_answered(f);
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
    static const cg_call_test tests[] = {
        {"/call/answer", test_answer},
        {"/call/first-answer-wins", test_first_answer_wins},
        {"/call/reject-declines-for-all", test_reject_declines_for_all},
        {"/call/reject-leaves-others", test_reject_leaves_others},
        {"/call/busy-is-one-device", test_busy_is_one_device},
        {"/call/busy-says-more-than-unavailable", test_busy_says_more_than_unavailable},
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
        {"/call/translated", test_translated, "translated"},
        {"/call/not-translated", test_translated, NULL},
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
    return cg_call_fixture_run(tests, G_N_ELEMENTS(tests));
}
