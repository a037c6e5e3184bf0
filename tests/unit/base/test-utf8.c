/* RFC 3629, with the corners of its ABNF (section 4) from both sides. */
#include <string.h>

#include <glib.h>

#include "base/utf8.h"

#define BYTES(text_) text_, sizeof(text_) - 1

static const struct {
    const char *name;
    const char *text;
    size_t size;
    size_t valid; /* bytes of valid prefix */
} cases[] = {
    {"empty", BYTES(""), 0},
    {"ascii", BYTES("hello"), 5},
    {"ascii longer than a word", BYTES("0123456789abcdefghi"), 19},
    {"nul is a character", BYTES("a\0b"), 3},
    {"first of 2 bytes, U+0080", BYTES("\xC2\x80"), 2},
    {"last of 2 bytes, U+07FF", BYTES("\xDF\xBF"), 2},
    {"first of 3 bytes, U+0800", BYTES("\xE0\xA0\x80"), 3},
    {"before the surrogates, U+D7FF", BYTES("\xED\x9F\xBF"), 3},
    {"behind the surrogates, U+E000", BYTES("\xEE\x80\x80"), 3},
    {"last of 3 bytes, U+FFFF", BYTES("\xEF\xBF\xBF"), 3},
    {"first of 4 bytes, U+10000", BYTES("\xF0\x90\x80\x80"), 4},
    {"last of all, U+10FFFF", BYTES("\xF4\x8F\xBF\xBF"), 4},
    /* RFC 3629 section 7: "A<NOT IDENTICAL TO><ALPHA>." and "Japanese language". */
    {"rfc 3629 example 1", BYTES("\x41\xE2\x89\xA2\xCE\x91\x2E"), 7},
    {"rfc 3629 example 3", BYTES("\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E"), 9},
    {"lone continuation", BYTES("a\x80"), 1},
    {"highest continuation alone", BYTES("\xBF"), 0},
    {"overlong slash of 2 bytes", BYTES("/\xC0\xAF"), 1},
    {"overlong of 2 bytes, highest", BYTES("\xC1\xBF"), 0},
    {"overlong of 3 bytes", BYTES("\xE0\x80\xAF"), 0},
    {"overlong of 3 bytes, highest", BYTES("\xE0\x9F\xBF"), 0},
    {"overlong of 4 bytes", BYTES("\xF0\x80\x80\xAF"), 0},
    {"overlong of 4 bytes, highest", BYTES("\xF0\x8F\xBF\xBF"), 0},
    {"overlong nul", BYTES("\xC0\x80"), 0},
    {"first surrogate", BYTES("ab\xED\xA0\x80"), 2},
    {"last surrogate", BYTES("\xED\xBF\xBF"), 0},
    {"above U+10FFFF", BYTES("\xF4\x90\x80\x80"), 0},
    {"lead F5", BYTES("\xF5\x80\x80\x80"), 0},
    {"5 bytes", BYTES("\xF8\x88\x80\x80\x80"), 0},
    {"byte FE", BYTES("\xFE"), 0},
    {"byte FF", BYTES("\xFF"), 0},
    {"cut 2 bytes", BYTES("a\xC3"), 1},
    {"cut 3 bytes", BYTES("a\xE2\x82"), 1},
    {"cut 4 bytes", BYTES("a\xF0\x9D\x84"), 1},
    {"second byte is ASCII", BYTES("\xC3("), 0},
    {"third byte is ASCII", BYTES("\xE2\x82("), 0},
    {"fourth byte is ASCII", BYTES("\xF0\x9D\x84("), 0},
    {"lead in place of continuation", BYTES("\xE2\xC3\xA9"), 0},
    {"bad byte behind a whole word", BYTES("01234567\xFF"), 8},
    {"bad byte at a word's end", BYTES("0123456\xFFxyz"), 7},
};

static void test_cases(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *exact = g_memdup2(cases[i].text, cases[i].size); /* so that sanitizers see an overread */
        g_test_message("%s", cases[i].name);
        g_assert_cmpuint(cg_utf8_valid_prefix(exact, cases[i].size), ==, cases[i].valid);
        g_assert_true(cg_utf8_valid(exact, cases[i].size) == (cases[i].valid == cases[i].size));
    }
}

/* Every code point there is, as GLib writes it. */
static void test_every_code_point(void)
{
    for (gunichar c = 0; c <= 0x10FFFF; c++) {
        char text[6];
        size_t size = (size_t) g_unichar_to_utf8(c, text);
        if (cg_utf8_valid(text, size) == (c >= 0xD800 && c <= 0xDFFF))
            g_error("wrong about U+%04X", c);
    }
}

/* Every sequence of two bytes behind a lead, against GLib's validator. */
static void test_agrees_with_glib(void)
{
    char text[5] = "";
    for (unsigned sequence = 0; sequence < 1U << 24; sequence += 3) {
        memcpy(text, &sequence, 3);
        text[3] = (char) 0x80;
        if (memchr(text, 0, 4)) /* GLib takes NUL for the end */
            continue;
        if (cg_utf8_valid(text, 4) != g_utf8_validate(text, 4, NULL))
            g_error("wrong about %06X", sequence);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/utf8/cases", test_cases);
    g_test_add_func("/utf8/every-code-point", test_every_code_point);
    g_test_add_func("/utf8/agrees-with-glib", test_agrees_with_glib);
    return g_test_run();
}
