/* Which caller ids a trunk's list may have, and what calls may ask for. */
#include "gateway/telephony/caller_id.h"

static void test_patterns(void)
{
    static const char *const good[] = {"+15550001111", "4711", "+1555*", "+*", "*", "anonymous"};
    static const char *const bad[] = {"",       "+",         "+1 555",  "alice", "+1555**",
                                      "+15*55", "Anonymous", "+1555;x", "+1\r\n"};
    for (size_t i = 0; i < G_N_ELEMENTS(good); i++)
        g_assert_true(cg_caller_id_is_pattern(good[i]));
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
        g_assert_false(cg_caller_id_is_pattern(bad[i]));
}

static cg_caller_id choose(const cg_trunk *trunk, const char *wanted)
{
    g_autoptr(cg_form) form = cg_form_new();
    cg_caller_id id = {0};
    if (wanted != NULL)
        cg_form_set(form, CG_CALLER_ID_PARAMETER, wanted);
    g_assert_true(cg_caller_id_choose(trunk, form, "client:alice", &id));
    return id;
}

static void test_own(void)
{
    char *none[] = {NULL};
    cg_trunk plain = {.caller_ids = none}, fixed = {.caller_ids = none, .caller_id = (char *) "+1555"};
    cg_trunk hidden = {.caller_ids = none, .caller_id = (char *) "anonymous"};
    g_assert_cmpstr(choose(&plain, NULL).user, ==, "alice");
    g_assert_cmpstr(choose(&plain, "").user, ==, "alice");
    g_assert_null(choose(&plain, NULL).asserted);
    g_assert_cmpstr(choose(&fixed, NULL).user, ==, "+1555");
    g_assert_null(choose(&hidden, NULL).user);
}

static void test_asked(void)
{
    char *list[] = {(char *) "+1555*", (char *) "anonymous", NULL};
    static const char *const bad[] = {"+1556", "+1555 1", "+1555a", "alice", "+1555*", "Anonymous"};
    cg_trunk trunk = {.caller_ids = list, .caller_id = (char *) "+1999", .asserts_identity = true};
    g_autoptr(cg_form) form = cg_form_new();
    g_assert_cmpstr(choose(&trunk, NULL).asserted, ==, "+1999");
    g_assert_null(choose(&trunk, "anonymous").user);
    g_assert_cmpstr(choose(&trunk, "anonymous").asserted, ==, "+1999");
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        cg_caller_id id;
        cg_form_set(form, CG_CALLER_ID_PARAMETER, bad[i]);
        g_assert_false(cg_caller_id_choose(&trunk, form, "client:alice", &id));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/caller-id/patterns", test_patterns);
    g_test_add_func("/caller-id/own", test_own);
    g_test_add_func("/caller-id/asked", test_asked);
    return g_test_run();
}
