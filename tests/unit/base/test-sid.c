/* Identifiers and the randomness they are made of. */
#include <string.h>

#include <glib.h>

#include "base/random.h"
#include "base/sid.h"

static const struct {
    const char *name, *text;
    bool valid; /* as a CA */
} cases[] = {
    {"good", "CA0123456789abcdef0123456789abcdef", true},
    {"all zero", "CA00000000000000000000000000000000", true},
    {"none", NULL, false},
    {"empty", "", false},
    {"kind only", "CA", false},
    {"first letter only", "C", false},
    {"another kind", "AC0123456789abcdef0123456789abcdef", false},
    {"lower-case kind", "ca0123456789abcdef0123456789abcdef", false},
    {"upper-case digits", "CA0123456789ABCDEF0123456789abcdef", false},
    {"a letter that is no digit", "CA0123456789abcdeg0123456789abcdef", false},
    {"one short", "CA0123456789abcdef0123456789abcde", false},
    {"one long", "CA0123456789abcdef0123456789abcdef0", false},
    {"space behind", "CA0123456789abcdef0123456789abcdef ", false},
    {"newline behind", "CA0123456789abcdef0123456789abcdef\n", false},
    {"space before", " CA0123456789abcdef0123456789abcdef", false},
};

static void test_parse(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        cg_sid sid = {.text = "untouched"};
        g_test_message("%s", cases[i].name);
        g_assert_true(cg_sid_parse(cases[i].text, "CA", &sid) == cases[i].valid);
        g_assert_cmpstr(sid.text, ==, cases[i].valid ? cases[i].text : "untouched");
        g_assert_true(cg_sid_parse(cases[i].text, "CA", NULL) == cases[i].valid);
    }
}

static void test_new(void)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (int i = 0; i < 10000; i++) {
        cg_sid sid = cg_sid_new("WR");
        g_assert_true(cg_sid_parse(sid.text, "WR", NULL));
        g_assert_true(cg_sid_is_set(&sid));
        g_assert_true(g_hash_table_add(seen, g_strdup(sid.text)));
    }
}

static void test_equal(void)
{
    cg_sid a = cg_sid_new("CA"), b = cg_sid_new("CA"), copy = a, unset = {0};
    g_assert_true(cg_sid_equal(&a, &copy));
    g_assert_false(cg_sid_equal(&a, &b));
    g_assert_false(cg_sid_equal(&a, &unset));
    g_assert_false(cg_sid_is_set(&unset));
}

static void test_random_text(void)
{
    char text[201];
    for (size_t length = 0; length < sizeof text; length++) {
        memset(text, '#', sizeof text);
        cg_random_text(text, length);
        g_assert_cmpuint(strlen(text), ==, length);
        for (size_t i = 0; i < length; i++)
            g_assert_true(g_ascii_isalnum(text[i]));
        for (size_t i = length + 1; i < sizeof text; i++)
            g_assert_cmpint(text[i], ==, '#');
    }
}

/* Each of the 62 characters comes about as often: the standard deviation is 126, so 1000 off is no chance, and a
 * plain "% 62" is 3400 off. */
static void test_random_text_is_even(void)
{
    enum { SAMPLES = 1000000, EXPECTED = SAMPLES / 62 };
    static char text[SAMPLES + 1];
    int counts[128] = {0};
    cg_random_text(text, SAMPLES);
    for (size_t i = 0; i < SAMPLES; i++)
        counts[(unsigned char) text[i]]++;
    for (int c = 0; c < 128; c++) {
        if (g_ascii_isalnum(c)) {
            g_assert_cmpint(counts[c], >, EXPECTED - 1000);
            g_assert_cmpint(counts[c], <, EXPECTED + 1000);
        }
    }
}

static void test_random_bytes(void)
{
    uint8_t bytes[70000] = {0}; /* more than one getrandom call needs to give */
    size_t zeros = 0;
    cg_random_bytes(bytes, sizeof bytes);
    for (size_t i = sizeof bytes - 1000; i < sizeof bytes; i++)
        zeros += bytes[i] == 0;
    g_assert_cmpuint(zeros, <, 100); /* about 4: the end was filled */
    cg_random_bytes(bytes, 0);
    g_assert_true(cg_random_u32() != cg_random_u32() || cg_random_u32() != cg_random_u32());
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sid/parse", test_parse);
    g_test_add_func("/sid/new", test_new);
    g_test_add_func("/sid/equal", test_equal);
    g_test_add_func("/random/text", test_random_text);
    g_test_add_func("/random/text-is-even", test_random_text_is_even);
    g_test_add_func("/random/bytes", test_random_bytes);
    return g_test_run();
}
