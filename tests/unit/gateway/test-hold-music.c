/* Who hears music when: alice has called bob; whoever of them waits hears it, unless something else is to be heard.
 * Legs 1 and 2 are theirs. */
#include "gateway/call/call_early.h"
#include "gateway/call/call_hold.h"
#include "gateway/call/call_media.h"
#include "gateway/call/hold_music.h"
#include "gateway/call/transfer.h"
#include "tests/unit/gateway/call_fixture.h"

#include <string.h>

#define DEFAULT_MUSIC "/music/default.wav"
#define OWN_MUSIC "/music/own.wav"

typedef struct {
    cg_call_fixture calls;
    cg_hold_music music;
    cg_call_leg *alice, *bob;
} fixture;

/* The bridge is not the real one: what it is given need only be something. */
static cg_music *some_music(const char *path)
{
    return (cg_music *) path;
}

static void set_up(fixture *f, gconstpointer default_path)
{
    cg_call_fixture_set_up(&f->calls, NULL);
    f->music.default_path = (char *) default_path;
    f->music.files = g_hash_table_new(g_str_hash, g_str_equal);
    g_hash_table_insert(f->music.files, DEFAULT_MUSIC, some_music(DEFAULT_MUSIC));
    g_hash_table_insert(f->music.files, OWN_MUSIC, some_music(OWN_MUSIC));
    f->music.directory = cg_directory_new();
    f->calls.calls->music = &f->music;
    cg_call_fixture_place_answered(&f->calls);
    f->alice = &f->calls.caller->base;
    f->bob = &f->calls.callees[0]->base;
}

static void tear_down(fixture *f, gconstpointer default_path)
{
    cg_call_fixture_tear_down(&f->calls, NULL);
    g_hash_table_unref(f->music.files);
    cg_directory_unref(f->music.directory);
}

/* The bridge has been told this since the last time. */
static void assert_told(const char *text)
{
    assert_told_bridge(text);
    g_string_truncate(cg_fake.calls, 0);
}

static void describe(cg_call_leg *leg, cg_direction direction)
{
    leg->remote.direction = direction;
    cg_call_leg_renegotiated(leg);
}

static void test_by_request(fixture *f, gconstpointer default_path)
{
    cg_call_leg_set_hold(f->alice, true);
    assert_told("flow 1 0 0;play 2 1;");
    cg_call_leg_set_hold(f->alice, true);
    assert_told("flow 1 0 0;");
    g_assert_true(f->bob->hears == some_music(DEFAULT_MUSIC));
    cg_call_leg_set_hold(f->alice, false);
    assert_told("flow 1 1 1;play 2 0;");
}

static void test_no_music(fixture *f, gconstpointer default_path)
{
    cg_call_leg_set_hold(f->alice, true);
    cg_call_leg_set_hold(f->alice, false);
    assert_told("flow 1 0 0;flow 1 1 1;");
}

/* Who sends while it holds plays something itself. */
static void test_by_direction(fixture *f, gconstpointer default_path)
{
    describe(f->bob, CG_DIRECTION_SENDONLY);
    assert_told("connect 2;");
    describe(f->bob, CG_DIRECTION_INACTIVE);
    assert_told("connect 2;play 1 1;");
    describe(f->bob, CG_DIRECTION_SENDONLY);
    assert_told("connect 2;play 1 0;");
    describe(f->bob, CG_DIRECTION_INACTIVE);
    describe(f->bob, CG_DIRECTION_SENDRECV);
    assert_told("connect 2;play 1 1;connect 2;play 1 0;");
    describe(f->bob, CG_DIRECTION_RECVONLY);
    assert_told("connect 2;");
}

/* c=0.0.0.0 is read as sendonly, but nothing comes from there (RFC 3264 section 8.4). */
static void test_from_nowhere(fixture *f, gconstpointer default_path)
{
    f->bob->remote.rtp.media.ss_family = AF_INET;
    describe(f->bob, CG_DIRECTION_SENDONLY);
    assert_told("connect 2;play 1 1;");
}

/* Asking for hold stops what the party sends, whatever it negotiated. */
static void test_request_while_sending(fixture *f, gconstpointer default_path)
{
    describe(f->bob, CG_DIRECTION_SENDONLY);
    cg_call_leg_set_hold(f->bob, true);
    assert_told("connect 2;flow 2 0 0;play 1 1;");
    cg_call_leg_set_hold(f->bob, false);
    assert_told("flow 2 1 1;play 1 0;");
    g_assert_true(f->bob->on_hold);
}

/* The bridge knows that nothing may flow to either. */
static void test_both_hold(fixture *f, gconstpointer default_path)
{
    cg_call_leg_set_hold(f->alice, true);
    cg_call_leg_set_hold(f->bob, true);
    cg_call_leg_set_hold(f->alice, false);
    assert_told("flow 1 0 0;play 2 1;flow 2 0 0;play 1 1;flow 1 1 1;play 2 0;");
}

static void test_of_the_account(fixture *f, gconstpointer default_path)
{
    cg_account account = {.sid = f->calls.call->account, .hold_music = OWN_MUSIC};
    g_autofree char *error = NULL;
    g_assert_true(cg_directory_add_account(f->music.directory, &account, &error));
    cg_call_leg_set_hold(f->alice, true);
    assert_told("flow 1 0 0;play 2 1;");
    g_assert_true(f->bob->hears == some_music(OWN_MUSIC));
}

/* A reload has given it a file that was not read at start. */
static void test_not_read(fixture *f, gconstpointer default_path)
{
    cg_account account = {.sid = f->calls.call->account, .hold_music = "/music/new.wav"};
    g_autofree char *error = NULL;
    g_assert_true(cg_directory_add_account(f->music.directory, &account, &error));
    cg_call_leg_set_hold(f->alice, true);
    assert_told("flow 1 0 0;");
}

static void transfer(fixture *f)
{
    cg_application application = {.sid = cg_sid_new("AP"), .transcode = true};
    g_assert_cmpint(cg_transfer_blind(f->bob, &application, cg_form_new(), "party:carol", NULL), ==, CG_CALL_END_NONE);
    assert_told("open 3;flow 2 0 0;play 1 1;");
}

static void test_transfer(fixture *f, gconstpointer default_path)
{
    transfer(f);
    cg_call_leg_answered(&f->calls.carol->base);
    assert_told("close 2;link 1 3;connect 3;play 1 0;");
}

static void test_transfer_fails(fixture *f, gconstpointer default_path)
{
    transfer(f);
    cg_call_leg_failed(&f->calls.carol->base, CG_CALL_END_BUSY);
    assert_told("close 3;flow 2 1 1;play 1 0;");
}

/* Who asked for it leaves: alice hears it until carol answers, whatever carol's side would have her hear before. */
static void test_transfer_alone(fixture *f, gconstpointer default_path)
{
    transfer(f);
    cg_call_leg_hung_up(f->bob);
    assert_told("close 2;");
    cg_call_leg_early(&f->calls.carol->base);
    g_assert_cmpint(f->alice->state, ==, CG_CALL_LEG_ANSWERED);
    assert_told("");
    cg_call_leg_answered(&f->calls.carol->base);
    assert_told("link 1 3;connect 3;play 1 0;");
}

/* bob holds alice, asks carol, and joins them. */
static void test_join(fixture *f, gconstpointer default_path)
{
    cg_application application = {.sid = cg_sid_new("AP"), .transcode = true};
    cg_party *bob = cg_call_fixture_party(&f->calls, "bob");
    cg_call_leg_set_hold(f->bob, true);
    cg_call *second =
        cg_call_new(f->calls.calls, &bob->base, &f->calls.call->account, &application, cg_form_new(), "party:carol");
    cg_call_dial(second);
    cg_call_leg_answered(&f->calls.carol->base);
    g_string_truncate(cg_fake.calls, 0);
    cg_transfer_join(f->bob, &bob->base, &application, NULL);
    g_assert_nonnull(strstr(cg_fake.calls->str, "play 1 0;"));
    g_assert_null(f->alice->hears);
    g_string_truncate(cg_fake.calls, 0);
    cg_call_leg_set_hold(&f->calls.carol->base, true);
    g_assert_true(f->alice->hears == some_music(DEFAULT_MUSIC));
}

/* alice held the call, too: whom she is joined with waits for her. */
static void test_join_held(fixture *f, gconstpointer default_path)
{
    transfer(f);
    cg_call_leg_set_hold(f->alice, true);
    cg_call_leg_answered(&f->calls.carol->base);
    g_assert_null(f->alice->hears);
    g_assert_true(f->calls.carol->base.hears == some_music(DEFAULT_MUSIC));
}

int main(int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*test)(fixture *f, gconstpointer default_path);
        const char *default_path;
    } tests[] = {
        {"/hold-music/by-request", test_by_request, DEFAULT_MUSIC},
        {"/hold-music/none", test_no_music, NULL},
        {"/hold-music/by-direction", test_by_direction, DEFAULT_MUSIC},
        {"/hold-music/from-nowhere", test_from_nowhere, DEFAULT_MUSIC},
        {"/hold-music/request-while-sending", test_request_while_sending, DEFAULT_MUSIC},
        {"/hold-music/both-hold", test_both_hold, DEFAULT_MUSIC},
        {"/hold-music/of-the-account", test_of_the_account, DEFAULT_MUSIC},
        {"/hold-music/only-of-the-account", test_of_the_account, NULL},
        {"/hold-music/not-read", test_not_read, DEFAULT_MUSIC},
        {"/hold-music/transfer", test_transfer, DEFAULT_MUSIC},
        {"/hold-music/transfer-fails", test_transfer_fails, DEFAULT_MUSIC},
        {"/hold-music/transfer-alone", test_transfer_alone, DEFAULT_MUSIC},
        {"/hold-music/join", test_join, DEFAULT_MUSIC},
        {"/hold-music/join-held", test_join_held, DEFAULT_MUSIC},
    };
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].path, fixture, tests[i].default_path, set_up, tests[i].test, tear_down);
    int status = g_test_run();
    g_string_free(cg_fake.calls, TRUE);
    return status;
}
