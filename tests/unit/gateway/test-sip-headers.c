/* Which parameters become headers, and which calls are refused for them. */
#include "gateway/telephony/sip_headers.h"

#include <string.h>

static const cg_trunk *trunk_with(cg_trunk *trunk, char **patterns)
{
    *trunk = (cg_trunk){.headers = patterns};
    return trunk;
}

static void test_patterns(void)
{
    static const char *const good[] = {"X-A", "x-account", "X-*", "X-Campaign-*", "X-1.2_3"};
    static const char *const bad[] = {"",     "*",     "X-",   "Via",       "Route",     "X-A*B",
                                      "X-**", "X-A B", "X-A:", "X-\r\nVia", "X-\xc3\xa4"};
    for (size_t i = 0; i < G_N_ELEMENTS(good); i++)
        g_assert_true(cg_sip_headers_is_pattern(good[i]));
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
        g_assert_false(cg_sip_headers_is_pattern(bad[i]));
}

static void test_chosen(void)
{
    cg_trunk trunk;
    cg_sip_header headers[CG_SIP_MAX_HEADERS];
    size_t count;
    g_autoptr(cg_form) form = cg_form_new();
    cg_form_set(form, "To", "+1555");
    cg_form_set(form, "X-Account", "77");
    cg_form_set(form, "x-campaign-name", "Fr\xc3\xbchling");
    cg_form_set(form, "X-Accounting", "not that one");
    cg_form_set(form, "X-Secret", "for browsers\nonly");
    trunk_with(&trunk, (char *[]){"X-ACCOUNT", "X-Campaign-*", NULL});
    g_assert_true(cg_sip_headers_choose(&trunk, form, headers, &count));
    g_assert_cmpuint(count, ==, 2);
    g_assert_cmpstr(headers[0].name, ==, "X-Account");
    g_assert_cmpstr(headers[0].value, ==, "77");
    g_assert_cmpstr(headers[1].value, ==, "Fr\xc3\xbchling");
    trunk_with(&trunk, (char *[]){NULL});
    g_assert_true(cg_sip_headers_choose(&trunk, form, headers, &count));
    g_assert_cmpuint(count, ==, 0);
}

static bool is_taken(const char *name, const char *value)
{
    cg_trunk trunk;
    cg_sip_header headers[CG_SIP_MAX_HEADERS];
    size_t count;
    g_autoptr(cg_form) form = cg_form_new();
    cg_form_set(form, name, value);
    return cg_sip_headers_choose(trunk_with(&trunk, (char *[]){"X-*", NULL}), form, headers, &count);
}

static void test_refused(void)
{
    g_autofree char *longest = g_strnfill(CG_SIP_MAX_TEXT, 'a'), *longer = g_strnfill(CG_SIP_MAX_TEXT + 1, 'a');
    g_assert_true(is_taken("X-A", ""));
    g_assert_true(is_taken("X-A", longest));
    g_assert_false(is_taken("X-A", longer));
    g_assert_false(is_taken("X-A", "1\r\nRoute: <sip:evil.example>"));
    g_assert_false(is_taken("X-A", "1\nX-B: 2"));
    g_assert_false(is_taken("X-A", "\x7f"));
    g_assert_false(is_taken("X-A: 1\r\nX-B", "2"));
    g_assert_false(is_taken("X-A B", "2"));
}

static void test_too_many(void)
{
    cg_trunk trunk;
    cg_sip_header headers[CG_SIP_MAX_HEADERS];
    size_t count;
    g_autoptr(cg_form) form = cg_form_new();
    trunk_with(&trunk, (char *[]){"X-*", NULL});
    for (unsigned i = 0; i <= CG_SIP_MAX_HEADERS; i++) {
        g_autofree char *name = g_strdup_printf("X-%u", i);
        g_assert_true(cg_sip_headers_choose(&trunk, form, headers, &count));
        g_assert_cmpuint(count, ==, i);
        cg_form_set(form, name, "1");
    }
    g_assert_false(cg_sip_headers_choose(&trunk, form, headers, &count));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sip_headers/patterns", test_patterns);
    g_test_add_func("/sip_headers/chosen", test_chosen);
    g_test_add_func("/sip_headers/refused", test_refused);
    g_test_add_func("/sip_headers/too_many", test_too_many);
    return g_test_run();
}
