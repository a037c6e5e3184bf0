/* Transfers: who is told what, which media is linked, and which records are left, for every way one can go. alice has
 * called bob; bob has her transferred to carol, unless a test says otherwise. */
#include "base/clock.h"
#include "base/log.h"
#include "gateway/call/call_hold.h"
#include "gateway/call/call_media.h"
#include "gateway/call/transfer.h"
#include "tests/unit/gateway/call_fixture.h"

#include <string.h>

static cg_call_end transfer(cg_call_fixture *f, const char *to)
{
    cg_application application = {.sid = cg_sid_new("AP"), .transcode = true};
    cg_call_end end = cg_transfer_blind(&f->callees[0]->base, &application, cg_form_new(), to, NULL);
    if (end == CG_CALL_END_NONE)
        cg_transfer_tell(&f->callees[0]->base);
    return end;
}

static void forget(cg_call_fixture *f)
{
    g_string_truncate(f->said, 0);
    g_string_truncate(cg_fake.calls, 0);
}

static void begin(cg_call_fixture *f)
{
    cg_call_fixture_place_answered(f);
    g_assert_cmpint(transfer(f, "party:carol"), ==, CG_CALL_END_NONE);
}

static void test_waits_on_hold(cg_call_fixture *f, gconstpointer data)
{
    begin(f);
    assert_said(f, "carol:offer;alice:held;bob:transfer rings;");
    assert_told_bridge("open 3;flow 2 0 0;");
    g_assert_cmpstr(f->call->transfer->caller->address, ==, "party:alice");
    g_assert_true(cg_call_leg_partner(&f->caller->base) == &f->callees[0]->base);
    g_assert_nonnull(cg_transfer_fault(&f->callees[0]->base));
    g_assert_nonnull(cg_transfer_fault(&f->caller->base));
}

static void test_answered(cg_call_fixture *f, gconstpointer data)
{
    begin(f);
    cg_call *call = f->call->transfer;
    forget(f);
    cg_call_leg_answered(&f->carol->base);
    assert_said(f, "bob:transfer done;bob:end transferred;alice:unheld;alice:talks with party:carol;");
    assert_told_bridge("close 2;link 1 3;connect 3;");
    g_assert_true(cg_call_leg_partner(&f->caller->base) == &f->carol->base);
    g_assert_true(f->caller->base.call == call && f->carol->base.call == call);
    g_assert_true(cg_calls_find_leg(f->calls, f->caller->base.sid.text) == &f->caller->base);
    g_assert_cmpint(f->call->end, ==, CG_CALL_END_TRANSFERRED);
    g_assert_cmpuint(cg_calls_count(f->calls, NULL), ==, 1);
}

static void test_records(cg_call_fixture *f, gconstpointer data)
{
    begin(f);
    g_autofree char *old = g_strdup(f->call->sid.text), *call = g_strdup(f->call->transfer->sid.text);
    g_autofree char *to = g_strconcat("transferred_to=", call, NULL);
    g_autofree char *from = g_strconcat("transferred_from=", old, NULL);
    f->caller->base.stats.packets_received = 7;
    cg_call_leg_answered(&f->carol->base);
    cg_call_fixture_media_event(f, 2, CG_LEG_EVENT_ENDED, CG_LEG_END_CLOSED);
    g_assert_nonnull(strstr(f->last_record, to));
    g_assert_nonnull(strstr(f->last_record, "from=party:alice to=party:bob status=completed reason=transferred"));
    g_assert_nonnull(strstr(f->last_record, "caller_packets=7"));
    cg_call_leg_hung_up(&f->carol->base);
    cg_call_fixture_media_event(f, 3, CG_LEG_EVENT_ENDED, CG_LEG_END_CLOSED);
    cg_call_fixture_media_event(f, 1, CG_LEG_EVENT_ENDED, CG_LEG_END_CLOSED);
    g_assert_nonnull(strstr(f->last_record, from));
    g_assert_nonnull(strstr(f->last_record, "transferred_by=party:bob"));
    g_assert_nonnull(strstr(f->last_record, "from=party:alice to=party:carol status=completed reason=callee_hangup"));
    g_assert_cmpuint(f->calls->calls->len, ==, 0);
}

/* The recall: nobody has to be called for it. */
static void test_fails(cg_call_fixture *f, gconstpointer data)
{
    begin(f);
    forget(f);
    if (data == NULL)
        cg_call_leg_failed(&f->carol->base, CG_CALL_END_BUSY);
    else
        cg_calls_tick(f->calls, cg_clock_monotonic_us() + 31 * G_USEC_PER_SEC);
    g_assert_true(g_str_has_prefix(f->said->str, data == NULL ? "bob:transfer failed busy;alice:unheld;"
                                                              : "bob:transfer failed no_answer;alice:unheld;"));
    g_assert_true(cg_call_leg_partner(&f->caller->base) == &f->callees[0]->base);
    g_assert_null(cg_transfer_fault(&f->callees[0]->base));
    cg_call_leg_hung_up(&f->caller->base);
    g_assert_cmpint(f->call->end, ==, CG_CALL_END_CALLER_HANGUP);
}

static void test_fails_at_once(cg_call_fixture *f, gconstpointer data)
{
    cg_call_fixture_place_answered(f);
    g_assert_cmpint(transfer(f, "party:nobody"), ==, CG_CALL_END_UNAVAILABLE);
    g_assert_cmpint(transfer(f, "nothing:nobody"), ==, CG_CALL_END_NOT_FOUND);
    cg_fake.full = true;
    g_assert_cmpint(transfer(f, "party:carol"), ==, CG_CALL_END_OVERLOADED);
    assert_said(f, "");
    assert_told_bridge("");
    g_assert_null(cg_transfer_fault(&f->callees[0]->base));
}

/* Who held the call before the transfer holds it still when that has failed. */
static void test_own_hold_stays(cg_call_fixture *f, gconstpointer data)
{
    cg_call_fixture_place_answered(f);
    cg_call_leg_set_hold(&f->callees[0]->base, true);
    transfer(f, "party:carol");
    cg_call_leg_failed(&f->carol->base, CG_CALL_END_DECLINED);
    assert_said(f, "alice:held;carol:offer;bob:transfer rings;bob:transfer failed declined;");
}

static void test_party_hangs_up(cg_call_fixture *f, gconstpointer data)
{
    begin(f);
    forget(f);
    cg_call_leg_hung_up(&f->caller->base);
    assert_said(f, "carol:end canceled;bob:end caller_hangup;");
    cg_call_leg_answered(&f->carol->base);
    g_assert_cmpuint(cg_calls_count(f->calls, NULL), ==, 0);
}

/* Who asked need not wait for the answer. */
static void test_asker_leaves(cg_call_fixture *f, gconstpointer data)
{
    begin(f);
    forget(f);
    if (data == NULL)
        cg_call_leg_hung_up(&f->callees[0]->base);
    else
        cg_call_fixture_media_event(f, 2, CG_LEG_EVENT_ENDED, CG_LEG_END_CONSENT_LOST);
    g_assert_cmpuint(f->calls->ended_total[CG_CALL_END_TRANSFERRED], ==, 1);
    g_assert_cmpuint(cg_calls_count(f->calls, NULL), ==, 1);
    forget(f);
    cg_call_leg_answered(&f->carol->base);
    assert_said(f, "alice:unheld;alice:talks with party:carol;");
    assert_told_bridge("link 1 3;connect 3;");
}

static void test_fails_when_asker_has_left(cg_call_fixture *f, gconstpointer data)
{
    begin(f);
    cg_call_leg_hung_up(&f->callees[0]->base);
    forget(f);
    cg_call_leg_failed(&f->carol->base, CG_CALL_END_BUSY);
    assert_said(f, "alice:end busy!;");
}

static void test_party_gives_up_when_asker_has_left(cg_call_fixture *f, gconstpointer data)
{
    begin(f);
    cg_call_leg_hung_up(&f->callees[0]->base);
    forget(f);
    cg_call_leg_hung_up(&f->caller->base);
    assert_said(f, "carol:end canceled;");
}

static void test_caller_transfers(cg_call_fixture *f, gconstpointer data)
{
    cg_call_fixture_place_answered(f);
    g_assert_cmpint(cg_transfer_blind(&f->caller->base, NULL, cg_form_new(), "party:carol", NULL), ==,
                    CG_CALL_END_NONE);
    cg_call_leg_answered(&f->carol->base);
    g_assert_true(cg_call_leg_partner(&f->carol->base) == &f->callees[0]->base);
    assert_told_bridge("open 3;flow 1 0 0;close 1;link 2 3;connect 3;");
}

/* The party holds, too: whom it is connected to hears of that. */
static void test_hold_of_the_party(cg_call_fixture *f, gconstpointer data)
{
    begin(f);
    cg_call_leg_set_hold(&f->caller->base, true);
    forget(f);
    cg_call_leg_answered(&f->carol->base);
    assert_said(f, "bob:transfer done;bob:end transferred;alice:unheld;carol:held;alice:talks with party:carol;");
}

static void describe(cg_party *p, cg_codec codec)
{
    p->base.local.formats[0] = p->base.remote.formats[0] = (cg_format){.codec = codec};
    p->base.local.format_count = p->base.remote.format_count = 1;
}

static void test_no_common_codec(cg_call_fixture *f, gconstpointer data)
{
    cg_application application = {.sid = cg_sid_new("AP"), .transcode = data != NULL};
    cg_call_fixture_place_answered(f);
    describe(f->caller, CG_CODEC_OPUS);
    cg_transfer_blind(&f->callees[0]->base, &application, cg_form_new(), "party:carol", NULL);
    cg_transfer_tell(&f->callees[0]->base);
    describe(f->carol, CG_CODEC_PCMA);
    forget(f);
    cg_call_leg_answered(&f->carol->base);
    if (data != NULL)
        g_assert_true(cg_call_leg_partner(&f->caller->base) == &f->carol->base);
    else
        assert_said(f, "bob:transfer failed incompatible;alice:unheld;carol:end incompatible!;");
}

static void test_shutdown(cg_call_fixture *f, gconstpointer data)
{
    begin(f);
    cg_calls_finish_all(f->calls, CG_CALL_END_SHUTDOWN);
    g_assert_cmpuint(cg_calls_count(f->calls, NULL), ==, 0);
}

/* --- attended: bob has called carol in a second call --- */

static cg_call_leg *consult(cg_call_fixture *f)
{
    cg_account account = {.sid = f->call->account};
    cg_party *bob = cg_call_fixture_party(f, "bob");
    bob->sibling = &f->callees[0]->base;
    cg_call *call = cg_call_new(f->calls, &bob->base, &account.sid, NULL, cg_form_new(), "party:carol");
    cg_call_dial(call);
    cg_call_leg_answered(&f->carol->base);
    return &bob->base;
}

static void test_join(cg_call_fixture *f, gconstpointer data)
{
    cg_call_fixture_place_answered(f);
    cg_call_leg_set_hold(&f->callees[0]->base, true);
    cg_call_leg *with = consult(f);
    g_assert_cmpuint(cg_fake.near, ==, f->call->worker);
    forget(f);
    g_assert_null(cg_transfer_join_fault(&f->callees[0]->base, with, NULL));
    cg_transfer_join(&f->callees[0]->base, with, NULL, NULL);
    assert_said(f, "bob:transfer done;bob:end transferred;bob:transfer done;bob:end transferred;"
                   "alice:unheld;alice:talks with party:carol;carol:talks with party:alice;");
    assert_told_bridge("close 2;close 3;link 1 4;");
    g_assert_true(cg_call_leg_partner(&f->caller->base) == &f->carol->base);
    g_assert_true(cg_call_leg_partner(&f->carol->base) == &f->caller->base);
    g_assert_cmpuint(cg_calls_count(f->calls, NULL), ==, 1);
    for (cg_leg_id media = 2; media <= 3; media++)
        cg_call_fixture_media_event(f, media, CG_LEG_EVENT_ENDED, CG_LEG_END_CLOSED);
    g_assert_cmpuint(f->calls->calls->len, ==, 1);
    cg_call_leg_hung_up(&f->caller->base);
    g_assert_nonnull(strstr(f->said->str, "carol:end caller_hangup;"));
}

static void test_join_faults(cg_call_fixture *f, gconstpointer data)
{
    cg_application untranslated = {.transcode = false};
    cg_call_fixture_place_answered(f);
    cg_call_leg *by = &f->callees[0]->base, *with = consult(f);
    g_assert_nonnull(cg_transfer_join_fault(by, by, NULL));
    describe(f->caller, CG_CODEC_OPUS);
    describe(f->carol, CG_CODEC_PCMA);
    g_assert_null(cg_transfer_join_fault(by, with, NULL));
    g_assert_nonnull(cg_transfer_join_fault(by, with, &untranslated));
    cg_call_leg_hung_up(&f->carol->base);
    g_assert_nonnull(cg_transfer_join_fault(by, with, NULL));
}

/* Two legs of the gateway's own talk with each other: 5 beside alice, 6 beside carol. */
static void test_join_across_workers(cg_call_fixture *f, gconstpointer data)
{
    cg_call_hop *hop;
    cg_call_fixture_place_answered(f);
    cg_call_leg *by = &f->callees[0]->base, *with = consult(f);
    cg_fake.elsewhere = f->carol->base.media;
    cg_fake.full = true;
    g_assert_false(cg_transfer_join_hop(by, with, &hop));
    cg_fake.full = false;
    forget(f);
    g_assert_true(cg_transfer_join_hop(by, with, &hop));
    cg_transfer_join(by, with, NULL, hop);
    assert_told_bridge("open 5;open 6;close 2;close 3;rings 5;rings 6;link 1 5;link 6 4;connect 5;connect 6;");
    forget(f);
    cg_call_leg_renegotiated(&f->caller->base);
    assert_told_bridge("connect 1;connect 5;connect 6;");
    forget(f);
    cg_call_leg_hung_up(&f->caller->base);
    assert_told_bridge("close 1;close 5;close 6;close 4;");
}

static void test_replace(cg_call_fixture *f, gconstpointer data)
{
    cg_call_fixture_place_answered(f);
    cg_call_leg_set_hold(&f->callees[0]->base, true);
    forget(f);
    cg_party *dave = cg_call_fixture_party(f, "dave");
    cg_transfer_replace(&f->callees[0]->base, &dave->base, NULL, cg_form_new());
    assert_said(f, "dave:answer;bob:end transferred;alice:unheld;alice:talks with party:dave;");
    assert_told_bridge("open 3;close 2;link 3 1;connect 3;");
    g_assert_true(cg_call_leg_partner(&dave->base) == &f->caller->base);
    g_assert_cmpstr(dave->base.call->transferred_by, ==, "party:bob");
    g_assert_true(cg_sid_equal(&f->call->transferred_to, &dave->base.call->sid));
    cg_call_leg_hung_up(&dave->base);
    g_assert_cmpuint(cg_calls_count(f->calls, NULL), ==, 0);
}

/* Who cannot take the place is told so, and nobody else hears of it. */
static void test_replace_fails(cg_call_fixture *f, gconstpointer data)
{
    cg_call_fixture_place_answered(f);
    cg_party *dave = cg_call_fixture_party(f, "dave");
    dave->refuse_answer = data != NULL;
    cg_fake.full = data == NULL;
    cg_transfer_replace(&f->callees[0]->base, &dave->base, NULL, cg_form_new());
    assert_said(f, data != NULL ? "dave:end incompatible!;" : "dave:end overloaded!;");
    g_assert_true(cg_call_leg_partner(&f->caller->base) == &f->callees[0]->base);
    g_assert_null(cg_transfer_fault(&f->callees[0]->base));
    g_assert_cmpuint(cg_calls_count(f->calls, NULL), ==, 1);
}

int main(int argc, char **argv)
{
    static const cg_call_test tests[] = {
        {"/transfer/waits-on-hold", test_waits_on_hold},
        {"/transfer/answered", test_answered},
        {"/transfer/records", test_records},
        {"/transfer/fails", test_fails},
        {"/transfer/not-answered", test_fails, "late"},
        {"/transfer/fails-at-once", test_fails_at_once},
        {"/transfer/own-hold-stays", test_own_hold_stays},
        {"/transfer/party-hangs-up", test_party_hangs_up},
        {"/transfer/asker-leaves", test_asker_leaves},
        {"/transfer/asker-is-lost", test_asker_leaves, "lost"},
        {"/transfer/fails-when-asker-has-left", test_fails_when_asker_has_left},
        {"/transfer/party-gives-up-when-asker-has-left", test_party_gives_up_when_asker_has_left},
        {"/transfer/caller-transfers", test_caller_transfers},
        {"/transfer/hold-of-the-party", test_hold_of_the_party},
        {"/transfer/no-common-codec", test_no_common_codec},
        {"/transfer/translated", test_no_common_codec, "translated"},
        {"/transfer/shutdown", test_shutdown},
        {"/transfer/join", test_join},
        {"/transfer/join-faults", test_join_faults},
        {"/transfer/join-across-workers", test_join_across_workers},
        {"/transfer/replace", test_replace},
        {"/transfer/replace-without-room", test_replace_fails},
        {"/transfer/replace-without-codec", test_replace_fails, "codec"},
    };
    g_test_init(&argc, &argv, NULL);
    return cg_call_fixture_run(tests, G_N_ELEMENTS(tests));
}
