/* What two parties settle about the life of a session (RFC 4028). */
#include "signaling/sip/session_timer.h"

#include <glib.h>

#define NONE CG_SESSION_REFRESHER_NONE
#define UAC CG_SESSION_REFRESHER_UAC
#define UAS CG_SESSION_REFRESHER_UAS

typedef struct {
    cg_session_terms asked;
    unsigned wanted_s;
    const char *expires; /* of the response; NULL: none */
    bool agreed;
} accept_case;

/* Section 9, table 2, and what is said of intervals before it. */
static const accept_case accepted[] = {
    {{false, 0, 0, NONE}, 0, NULL, false},
    {{false, 0, 0, NONE}, 1800, "1800;refresher=uas", false},
    {{false, 600, 0, NONE}, 1800, "600;refresher=uas", false},
    {{false, 600, 0, UAC}, 1800, "600;refresher=uas", false},
    {{false, 20, 0, NONE}, 1800, NULL, false},
    {{true, 0, 0, NONE}, 0, NULL, false},
    {{true, 0, 0, NONE}, 1800, "1800;refresher=uas", true},
    {{true, 0, 3600, NONE}, 1800, "3600;refresher=uas", true},
    {{true, 600, 0, NONE}, 0, "600;refresher=uac", true},
    {{true, 600, 0, UAC}, 1800, "600;refresher=uac", true},
    {{true, 600, 0, UAS}, 1800, "600;refresher=uas", true},
    {{true, 7200, 0, NONE}, 1800, "1800;refresher=uac", true},
    {{true, 7200, 3600, NONE}, 1800, "3600;refresher=uac", true},
    {{true, 7200, 0, NONE}, 60, "90;refresher=uac", true},
};

static void test_accept(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(accepted); i++) {
        const accept_case *c = &accepted[i];
        cg_session_timer timer = cg_session_timer_accept(&c->asked, c->wanted_s, 90);
        g_autofree char *text = timer.interval_s != 0 ? cg_session_timer_write(&timer, false) : NULL;
        g_assert_cmpstr(text, ==, c->expires);
        g_assert_cmpint(timer.agreed, ==, c->agreed);
    }
}

typedef struct {
    cg_session_terms answered;
    unsigned asked_s;
    cg_session_timer timer;
} conclude_case;

static const conclude_case concluded[] = {
    {{false, 0, 0, NONE}, 1800, {1800, true, false}}, /* nobody but us knows of it */
    {{true, 0, 0, NONE}, 1800, {1800, true, false}},  {{false, 0, 0, NONE}, 0, {0, false, false}},
    {{true, 1800, 0, UAC}, 1800, {1800, true, true}}, {{true, 1800, 0, UAS}, 1800, {1800, false, true}},
    {{false, 600, 0, UAS}, 1800, {600, false, true}}, {{true, 1800, 0, NONE}, 1800, {1800, true, true}},
    {{true, 600, 0, UAS}, 0, {600, false, true}},     {{true, 1, 0, UAC}, 1800, {90, true, true}},
};

static void test_conclude(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(concluded); i++) {
        const conclude_case *c = &concluded[i];
        cg_session_timer timer = cg_session_timer_conclude(&c->answered, c->asked_s, 90);
        g_assert_cmpuint(timer.interval_s, ==, c->timer.interval_s);
        g_assert_cmpint(timer.ours, ==, c->timer.ours);
        g_assert_cmpint(timer.agreed, ==, c->timer.agreed);
    }
}

static void test_too_short(void)
{
    g_assert_true(cg_session_timer_too_short(&(cg_session_terms){true, 89, 0, NONE}, 90));
    g_assert_false(cg_session_timer_too_short(&(cg_session_terms){true, 90, 0, NONE}, 90));
    g_assert_false(cg_session_timer_too_short(&(cg_session_terms){true, 0, 0, NONE}, 90));
    g_assert_false(cg_session_timer_too_short(&(cg_session_terms){false, 10, 0, NONE}, 90));
}

/* Section 10: the smaller of 32 seconds and a third before the end. */
static void test_times(void)
{
    const cg_session_timer shortest = {90, true, true}, usual = {1800, false, true};
    g_assert_cmpuint(cg_session_timer_refresh_ms(&shortest), ==, 45000);
    g_assert_cmpuint(cg_session_timer_expiry_ms(&shortest), ==, 60000);
    g_assert_cmpuint(cg_session_timer_refresh_ms(&usual), ==, 900000);
    g_assert_cmpuint(cg_session_timer_expiry_ms(&usual), ==, 1768000);
}

static void test_write(void)
{
    const cg_session_timer ours = {1800, true, true}, theirs = {90, false, true};
    g_autofree char *request = cg_session_timer_write(&ours, true), *response = cg_session_timer_write(&theirs, false),
                    *other = cg_session_timer_write(&theirs, true);
    g_assert_cmpstr(request, ==, "1800;refresher=uac");
    g_assert_cmpstr(response, ==, "90;refresher=uac");
    g_assert_cmpstr(other, ==, "90;refresher=uas");
}

int main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/session-timer/accept", test_accept);
    g_test_add_func("/session-timer/conclude", test_conclude);
    g_test_add_func("/session-timer/too-short", test_too_short);
    g_test_add_func("/session-timer/times", test_times);
    g_test_add_func("/session-timer/write", test_write);
    return g_test_run();
}
