/* Form lists: what is read, what is refused, what is written, and that fixed parameters win. */
#include <string.h>

#include "base/form.h"

#define BYTES(text_) text_, sizeof(text_) - 1

/* As text of the canonical form. */
static const struct {
    const char *name;
    const char *text;
    size_t size;
    const char *formatted; /* NULL: refused */
} cases[] = {
    {"empty", BYTES(""), ""},
    {"one field", BYTES("a=1"), "a=1"},
    {"order is kept", BYTES("b=2&a=1"), "b=2&a=1"},
    {"escape in value", BYTES("a=1&b=two%20words"), "a=1&b=two%20words"},
    {"escape in name", BYTES("%61%3D=1"), "a%3D=1"},
    {"hex of either case", BYTES("a=%c3%A9"), "a=%C3%A9"},
    {"plus is a space", BYTES("a+b=c+d"), "a%20b=c%20d"},
    {"escaped plus is a plus", BYTES("To=%2B4912345"), "To=%2B4912345"},
    {"unescaped UTF-8", BYTES("a=\xC3\xA9"), "a=%C3%A9"},
    {"second equals belongs to the value", BYTES("a=b=c"), "a=b%3Dc"},
    {"no equals", BYTES("flag"), "flag="},
    {"empty value", BYTES("a="), "a="},
    {"empty name", BYTES("=v"), "=v"},
    {"empty fields are none", BYTES("&&a=1&&b=2&"), "a=1&b=2"},
    {"repeated name is kept", BYTES("a=1&a=2"), "a=1&a=2"},
    {"unreserved stay", BYTES("a=AZaz09._~-"), "a=AZaz09._~-"},
    {"all else is escaped", BYTES("a= !*'();:@,/?[]\""), "a=%20%21%2A%27%28%29%3B%3A%40%2C%2F%3F%5B%5D%22"},
    {"double escapes lose one layer", BYTES("a%253Db=%2520"), "a%253Db=%2520"},
    {"control characters", BYTES("a=%0D%0A%7F"), "a=%0D%0A%7F"},
    {"escape cut after percent", BYTES("a=%"), NULL},
    {"escape cut after a digit", BYTES("a=%4"), NULL},
    {"escape cut by ampersand", BYTES("a=%4&b=1"), NULL},
    {"escape cut by equals", BYTES("%4=1"), NULL},
    {"bad digit", BYTES("a=%4G"), NULL},
    {"bad first digit", BYTES("a=%-1"), NULL},
    {"two percents", BYTES("a=%%20"), NULL},
    {"escaped nul in value", BYTES("a=%00"), NULL},
    {"escaped nul in name", BYTES("%00a=1"), NULL},
    {"nul byte", BYTES("a=\0b"), NULL},
    {"escaped bytes are not UTF-8", BYTES("a=%FF"), NULL},
    {"overlong escaped slash", BYTES("a=%C0%AF"), NULL},
    {"character cut by the field's end", BYTES("a=%C3&b=%A9"), NULL},
    {"raw byte is not UTF-8", BYTES("\xFF=1"), NULL},
    {"bad field behind good ones", BYTES("a=1&b=%zz"), NULL},
};

static void test_parse(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *exact = g_memdup2(cases[i].text, cases[i].size); /* so that sanitizers see an overread */
        g_autoptr(cg_form) form = cg_form_parse(exact ? exact : "", cases[i].size);
        g_autofree char *formatted = form ? cg_form_format(form) : NULL;
        g_test_message("%s", cases[i].name);
        g_assert_cmpstr(formatted, ==, cases[i].formatted);
    }
}

static cg_form *parse(const char *text)
{
    cg_form *form = cg_form_parse(text, strlen(text));
    g_assert_nonnull(form);
    return form;
}

static void check_format(const cg_form *form, const char *expected)
{
    g_autofree char *formatted = cg_form_format(form);
    g_assert_cmpstr(formatted, ==, expected);
}

static void test_lookup(void)
{
    g_autoptr(cg_form) form = parse("a=1&b=two%20words&a=3&A=4");
    g_assert_cmpuint(cg_form_size(form), ==, 4);
    g_assert_cmpstr(cg_form_get(form, "a"), ==, "1"); /* the first wins */
    g_assert_cmpstr(cg_form_get(form, "b"), ==, "two words");
    g_assert_cmpstr(cg_form_get(form, "A"), ==, "4");
    g_assert_null(cg_form_get(form, "c"));
    g_assert_cmpstr(cg_form_name_at(form, 2), ==, "a");
    g_assert_cmpstr(cg_form_value_at(form, 2), ==, "3");
}

static void test_set(void)
{
    g_autoptr(cg_form) form = cg_form_new();
    cg_form_set(form, "a", "1");
    cg_form_set(form, "b", "=&%");
    cg_form_set(form, "a", "2");
    check_format(form, "a=2&b=%3D%26%25");
    cg_form_set(form, "a", cg_form_get(form, "a")); /* its own value */
    check_format(form, "a=2&b=%3D%26%25");
}

static void test_set_leaves_no_second_value(void)
{
    g_autoptr(cg_form) form = parse("a=1&b=2&a=3&c=4&a=5");
    cg_form_set(form, "a", "fixed");
    check_format(form, "a=fixed&b=2&c=4");
}

static void test_merge(void)
{
    static const struct {
        const char *form, *overrides, *merged;
    } merges[] = {
        {"", "", ""},
        {"a=1", "", "a=1"},
        {"", "a=1", "a=1"},
        {"a=client&b=2", "a=token", "a=token&b=2"},
        /* A client that repeats a name must not win with its last one, nor hide ours behind its first. */
        {"a=x&a=y&b=2", "a=token", "a=token&b=2"},
        {"b=2", "a=first&a=second", "b=2&a=first"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(merges); i++) {
        g_autoptr(cg_form) form = parse(merges[i].form);
        g_autoptr(cg_form) overrides = parse(merges[i].overrides);
        cg_form_merge(form, overrides);
        check_format(form, merges[i].merged);
        check_format(overrides, merges[i].overrides);
    }
}

static void test_field_limit(void)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (size_t i = 0; i < CG_FORM_MAX_FIELDS; i++)
        g_string_append_printf(text, "n%zu=%zu&", i, i);
    g_autoptr(cg_form) form = parse(text->str);
    g_assert_cmpuint(cg_form_size(form), ==, CG_FORM_MAX_FIELDS);
    g_string_append(text, "one=more");
    g_assert_null(cg_form_parse(text->str, text->len));
    cg_form_free(NULL);
}

/* Every byte but NUL survives being written and read, as far as UTF-8 goes. */
static void test_round_trip(void)
{
    GString *plain = g_string_new(NULL);
    for (gunichar c = 1; c < 0x250; c++)
        g_string_append_unichar(plain, c);
    g_autofree char *value = g_string_free(plain, FALSE);
    g_autoptr(cg_form) form = cg_form_new();
    cg_form_set(form, value, value);
    g_autofree char *formatted = cg_form_format(form);
    g_assert_true(g_str_is_ascii(formatted));
    g_autoptr(cg_form) again = parse(formatted);
    g_assert_cmpstr(cg_form_get(again, value), ==, value);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/form/parse", test_parse);
    g_test_add_func("/form/lookup", test_lookup);
    g_test_add_func("/form/set", test_set);
    g_test_add_func("/form/set-leaves-no-second-value", test_set_leaves_no_second_value);
    g_test_add_func("/form/merge", test_merge);
    g_test_add_func("/form/field-limit", test_field_limit);
    g_test_add_func("/form/round-trip", test_round_trip);
    return g_test_run();
}
