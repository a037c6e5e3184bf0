/* The writer makes JSON that our own parser reads back; misuse aborts. */
#include <math.h>
#include <string.h>

#include "base/json.h"
#include "base/json_writer.h"

static void check_text(cg_json_writer *writer, const char *expected)
{
    size_t size;
    const char *text = cg_json_writer_text(writer, &size);
    g_assert_cmpmem(text, size, expected, strlen(expected));
    g_assert_cmpuint(strlen(text), ==, size);
    g_autoptr(cg_json) json = cg_json_parse(text, size, NULL);
    g_assert_nonnull(json);
}

static void test_structure(void)
{
    g_autoptr(cg_json_writer) writer = cg_json_writer_new();
    cg_json_begin_object(writer, NULL);
    cg_json_write_string(writer, "s", "x");
    cg_json_write_string(writer, "none", NULL);
    cg_json_write_integer(writer, "min", INT64_MIN);
    cg_json_write_bool(writer, "yes", true);
    cg_json_write_null(writer, "null");
    cg_json_begin_array(writer, "a");
    cg_json_write_integer(writer, NULL, 1);
    cg_json_begin_object(writer, NULL);
    cg_json_end_object(writer);
    cg_json_begin_array(writer, NULL);
    cg_json_end_array(writer);
    cg_json_write_bool(writer, NULL, false);
    cg_json_end_array(writer);
    cg_json_write_raw(writer, "raw", "{\"k\": 1} and more", 8);
    cg_json_end_object(writer);
    check_text(writer, "{\"s\":\"x\",\"none\":null,\"min\":-9223372036854775808,\"yes\":true,\"null\":null,"
                       "\"a\":[1,{},[],false],\"raw\":{\"k\": 1}}");
}

static void test_scalar_root(void)
{
    g_autoptr(cg_json_writer) writer = cg_json_writer_new();
    cg_json_write_string(writer, NULL, "alone");
    check_text(writer, "\"alone\"");
}

static void test_escapes(void)
{
    static const struct {
        const char *value, *expected;
    } cases[] = {
        {"", "\"\""},
        {"\"\\/", "\"\\\"\\\\/\""},
        {"\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\""},
        {"\x01\x1F\x7F", "\"\\u0001\\u001f\x7F\""},
        {"\xC3\xA9\xF0\x9D\x84\x9E", "\"\xC3\xA9\xF0\x9D\x84\x9E\""},
        /* A byte that is not UTF-8 becomes U+FFFD, each on its own, and what follows is kept. */
        {"a\xFFz", "\"a\xEF\xBF\xBDz\""},
        {"\xED\xA0\x80\"", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\\\"\""},
        {"cut \xE2\x82", "\"cut \xEF\xBF\xBD\xEF\xBF\xBD\""},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(cg_json_writer) writer = cg_json_writer_new();
        cg_json_write_string(writer, NULL, cases[i].value);
        check_text(writer, cases[i].expected);
    }
}

static void test_every_character_comes_back(void)
{
    char text[0x80] = "";
    for (int c = 1; c < 0x80; c++)
        text[c - 1] = (char) c;
    g_autoptr(cg_json_writer) writer = cg_json_writer_new();
    cg_json_begin_object(writer, NULL);
    cg_json_write_string(writer, text, text); /* as a name too */
    cg_json_end_object(writer);
    size_t size;
    g_autofree char *written = cg_json_writer_steal(writer, &size);
    g_autoptr(cg_json) json = cg_json_parse(written, size, NULL);
    g_assert_cmpstr(cg_json_string(cg_json_get(cg_json_root(json), text)), ==, text);
}

static void test_doubles(void)
{
    static const struct {
        double value;
        const char *expected;
    } cases[] = {
        {0, "0"},
        {-0.0, "-0"},
        {0.1, "0.1"},
        {1.0 / 3, "0.3333333333333333"},
        {-2.5, "-2.5"},
        {4.41, "4.41"},
        {1e300, "1e+300"},
        {5e-324, "4.94065645841247e-324"},
        {0x1.fffffffffffffp1023, "1.7976931348623157e+308"},
        {INFINITY, "null"},
        {-INFINITY, "null"},
        {NAN, "null"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(cg_json_writer) writer = cg_json_writer_new();
        cg_json_write_double(writer, NULL, cases[i].value);
        check_text(writer, cases[i].expected);
    }
}

static void test_steal_empties(void)
{
    g_autoptr(cg_json_writer) writer = cg_json_writer_new();
    cg_json_write_integer(writer, NULL, 1);
    g_autofree char *first = cg_json_writer_steal(writer, NULL);
    cg_json_begin_array(writer, NULL);
    cg_json_end_array(writer);
    g_assert_cmpstr(first, ==, "1");
    check_text(writer, "[]");
    cg_json_writer_free(NULL);
}

static void misuse_member_without_name(cg_json_writer *writer)
{
    cg_json_begin_object(writer, NULL);
    cg_json_write_null(writer, NULL);
}

static void misuse_element_with_name(cg_json_writer *writer)
{
    cg_json_begin_array(writer, NULL);
    cg_json_write_null(writer, "name");
}

static void misuse_two_roots(cg_json_writer *writer)
{
    cg_json_write_null(writer, NULL);
    cg_json_write_null(writer, NULL);
}

static void misuse_root_with_name(cg_json_writer *writer)
{
    cg_json_begin_object(writer, "name");
}

static void misuse_wrong_end(cg_json_writer *writer)
{
    cg_json_begin_object(writer, NULL);
    cg_json_end_array(writer);
}

static void misuse_end_without_begin(cg_json_writer *writer)
{
    cg_json_end_object(writer);
}

static void misuse_text_while_open(cg_json_writer *writer)
{
    cg_json_begin_object(writer, NULL);
    cg_json_writer_text(writer, NULL);
}

static void misuse_text_of_nothing(cg_json_writer *writer)
{
    cg_json_writer_text(writer, NULL);
}

static void misuse_too_deep(cg_json_writer *writer)
{
    for (unsigned i = 0; i <= CG_JSON_WRITER_MAX_DEPTH; i++)
        cg_json_begin_array(writer, NULL);
}

static const struct {
    const char *path;
    void (*act)(cg_json_writer *writer);
} misuses[] = {
    {"/json-writer/misuse/member-without-name", misuse_member_without_name},
    {"/json-writer/misuse/element-with-name", misuse_element_with_name},
    {"/json-writer/misuse/two-roots", misuse_two_roots},
    {"/json-writer/misuse/root-with-name", misuse_root_with_name},
    {"/json-writer/misuse/wrong-end", misuse_wrong_end},
    {"/json-writer/misuse/end-without-begin", misuse_end_without_begin},
    {"/json-writer/misuse/text-while-open", misuse_text_while_open},
    {"/json-writer/misuse/text-of-nothing", misuse_text_of_nothing},
    {"/json-writer/misuse/too-deep", misuse_too_deep},
};

/* Runs the misuse in a process of its own, which must abort on our assertion. */
static void test_misuse(gconstpointer data)
{
    if (g_test_subprocess()) {
        g_autoptr(cg_json_writer) writer = cg_json_writer_new();
        misuses[GPOINTER_TO_SIZE(data)].act(writer);
        return;
    }
    g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
    g_test_trap_assert_failed();
    g_test_trap_assert_stderr("*assertion failed*");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/json-writer/structure", test_structure);
    g_test_add_func("/json-writer/scalar-root", test_scalar_root);
    g_test_add_func("/json-writer/escapes", test_escapes);
    g_test_add_func("/json-writer/every-character-comes-back", test_every_character_comes_back);
    g_test_add_func("/json-writer/doubles", test_doubles);
    g_test_add_func("/json-writer/steal-empties", test_steal_empties);
    for (size_t i = 0; i < G_N_ELEMENTS(misuses); i++)
        g_test_add_data_func(misuses[i].path, GSIZE_TO_POINTER(i), test_misuse);
    return g_test_run();
}
