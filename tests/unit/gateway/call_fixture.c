/* alice, bob and carol. */
#include "tests/unit/gateway/call_fixture.h"

#include "base/log.h"

#include <string.h>

static void say(cg_call_leg *leg, const char *what)
{
    cg_party *p = (cg_party *) leg;
    g_string_append_printf(p->said, "%s:%s;", p->name, what);
}

static void party_offer(cg_call_leg *leg)
{
    say(leg, "offer");
    if (!((cg_party *) leg)->rings_later)
        cg_call_leg_ringing(leg);
}

static void party_ringing(cg_call_leg *leg)
{
    say(leg, "ringing");
}

static bool party_early(cg_call_leg *leg, const cg_call_leg *callee)
{
    say(leg, "early");
    return true;
}

static void party_answer(cg_call_leg *leg)
{
    if (((cg_party *) leg)->refuse_answer)
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

static void party_transfer(cg_call_leg *leg, cg_transfer_state state, cg_call_end why)
{
    static const char *const names[] = {"transfer rings", "transfer done", "transfer failed"};
    g_autofree char *text = g_strdup_printf("%s %s", names[state], cg_call_end_get_info(why)->name);
    say(leg, state == CG_TRANSFER_FAILED ? text : names[state]);
}

static void party_party(cg_call_leg *leg, const char *address)
{
    g_autofree char *text = g_strdup_printf("talks with %s", address);
    say(leg, text);
}

static const cg_call_leg *party_sibling(const cg_call_leg *leg)
{
    return ((const cg_party *) leg)->sibling;
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
    .early = party_early,
    .answer = party_answer,
    .end = party_end,
    .digits = party_digits,
    .hold = party_hold,
    .stats = party_stats,
    .transfer = party_transfer,
    .party = party_party,
    .sibling = party_sibling,
    .free = party_free,
};

cg_party *cg_call_fixture_party(cg_call_fixture *f, const char *name)
{
    cg_party *p = g_new0(cg_party, 1);
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
    cg_call_fixture *f = user;
    bool rings = false;
    if (strcmp(rest, "later") == 0)
        return CG_CALL_END_NONE;
    if (strcmp(rest, "carol") == 0) {
        f->carol = cg_call_fixture_party(f, "carol");
        return cg_call_add_callee(call, &f->carol->base) ? CG_CALL_END_NONE : CG_CALL_END_OVERLOADED;
    }
    if (strcmp(rest, "bob") != 0)
        return CG_CALL_END_UNAVAILABLE;
    for (size_t i = 0; i < f->callee_count; i++) {
        cg_party *callee = cg_call_fixture_party(f, names[i]);
        callee->rings_later = f->rings_later;
        g_free(callee->base.address);
        callee->base.address = g_strdup(call->to); /* devices of one person */
        if (cg_call_add_callee(call, &callee->base)) {
            f->callees[i] = callee;
            rings = true;
        }
    }
    return rings ? CG_CALL_END_NONE : CG_CALL_END_OVERLOADED;
}

static void keep_record(const char *line, void *user)
{
    cg_call_fixture *f = user;
    if (strstr(line, "call.ended") == NULL)
        return;
    g_free(f->last_record);
    f->last_record = g_strdup(line);
}

void cg_call_fixture_set_up(cg_call_fixture *f, gconstpointer data)
{
    static cg_destination destinations[2] = {{"party", dial}, {NULL, NULL}};
    cg_fake_bridge_reset();
    f->policy = (cg_call_policy){.ring_timeout_s = 30, .reconnect_window_s = 20};
    f->calls = cg_calls_new(NULL, &f->policy, destinations, f);
    f->said = g_string_new(NULL);
    f->callee_count = 1;
    cg_log_set_sink(keep_record, f);
}

void cg_call_fixture_tear_down(cg_call_fixture *f, gconstpointer data)
{
    cg_log_set_sink(NULL, NULL);
    cg_calls_free(f->calls);
    g_string_free(f->said, TRUE);
    g_free(f->last_record);
}

void cg_call_fixture_place(cg_call_fixture *f, const char *to)
{
    cg_account account = {.sid = cg_sid_new("AC")};
    cg_application application = {.sid = cg_sid_new("AP")};
    f->caller = cg_call_fixture_party(f, "alice");
    f->call = cg_call_new(f->calls, &f->caller->base, &account.sid, &application, cg_form_new(), to);
    cg_call_dial(f->call);
}

void cg_call_fixture_place_answered(cg_call_fixture *f)
{
    cg_call_fixture_place(f, "party:bob");
    cg_call_leg_answered(&f->callees[0]->base);
    g_string_truncate(f->said, 0);
    g_string_truncate(cg_fake.calls, 0);
}

void cg_call_fixture_media_event(cg_call_fixture *f, cg_leg_id leg, cg_leg_event_kind kind, cg_leg_end end)
{
    cg_leg_event event = {.kind = kind, .leg = leg, .end = end, .digit = '5'};
    cg_calls_media_event(f->calls, &event);
}

int cg_call_fixture_run(const cg_call_test *tests, size_t count)
{
    for (size_t i = 0; i < count; i++)
        g_test_add(tests[i].path, cg_call_fixture, tests[i].data, cg_call_fixture_set_up, tests[i].test,
                   cg_call_fixture_tear_down);
    int status = g_test_run();
    g_string_free(cg_fake.calls, TRUE);
    return status;
}
