/* JSON conformance: what RFC 8259 allows is accepted, what it forbids is refused (most of it jsmn would take),
 * and hostile documents cost bounded time. */
#include <locale.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"

typedef struct {
    const char *name;
    const char *text;
    size_t size;
} document;

/* With the size, since some documents hold NUL bytes. */
#define DOCUMENT(name_, text_)          \
    {                                   \
        name_, text_, sizeof(text_) - 1 \
    }

static const document accepted[] = {
    DOCUMENT("array_empty", "[]"),
    DOCUMENT("array_nested_empty", "[[]   ]"),
    DOCUMENT("array_of_all_types", "[null, 1, \"1\", {}, [], true, false]"),
    DOCUMENT("array_white_space_everywhere", " \t\r\n[ \t\r\n1 \t\r\n, \t\r\n2 \t\r\n] \t\r\n"),
    DOCUMENT("number_zero", "[0]"),
    DOCUMENT("number_minus_zero", "[-0]"),
    DOCUMENT("number_zero_exponent", "[0e1]"),
    DOCUMENT("number_zero_plus_exponent", "[0e+1]"),
    DOCUMENT("number_exponent", "[123e65]"),
    DOCUMENT("number_capital_minus_exponent", "[1E-2]"),
    DOCUMENT("number_fraction", "[-123.456789]"),
    DOCUMENT("number_fraction_exponent", "[123.456e78]"),
    DOCUMENT("number_huge_exponent", "[0.4e00669999999999999999999999999999999999999999999969999999006]"),
    DOCUMENT("number_close_to_zero", "[-0.00000000000000000000000000000000000000000000000000000000000000000001]"),
    DOCUMENT("object_empty", "{}"),
    DOCUMENT("object_empty_name", "{\"\":0}"),
    DOCUMENT("object_two_members", "{\"a\":1,\"b\":2}"),
    DOCUMENT("object_same_name_at_other_depth", "{\"a\":{\"a\":{\"a\":1}}}"),
    DOCUMENT("object_names_that_share_a_prefix", "{\"a\":1,\"aa\":2,\"aaa\":3}"),
    DOCUMENT("object_escaped_nul_like_name", "{\"foo\\\\u0000bar\":42}"),
    DOCUMENT("object_newlines", "{\n\"a\":\n\"b\"\n}"),
    DOCUMENT("string_all_escapes", "[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]"),
    DOCUMENT("string_escaped_backslash_before_u", "[\"\\\\u0000\"]"),
    DOCUMENT("string_surrogate_pair", "[\"\\uD834\\udd1e\"]"),
    DOCUMENT("string_last_surrogate_pair", "[\"\\uDBFF\\uDFFF\"]"),
    DOCUMENT("string_noncharacter", "[\"\\uFFFF\"]"),
    DOCUMENT("string_utf8_of_2_3_4_bytes", "[\"\xC3\xA9\xE2\x82\xAC\xF0\x9D\x84\x9E\"]"),
    DOCUMENT("string_delete_character", "[\"\x7F\"]"),
    DOCUMENT("string_line_separator", "[\"\xE2\x80\xA8\"]"),
    DOCUMENT("string_with_structure_inside", "[\"[{}],:\"]"),
    DOCUMENT("string_comment_like", "[\"a/*b*/c/*d//e\"]"),
    DOCUMENT("root_string", "\"x\""),
    DOCUMENT("root_empty_string", "\"\""),
    DOCUMENT("root_number", "42"),
    DOCUMENT("root_negative_number", "-0.1"),
    DOCUMENT("root_true", "true"),
    DOCUMENT("root_false", "false"),
    DOCUMENT("root_null", " null "),
    DOCUMENT("depth_of_16", "[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]"),
    DOCUMENT("depth_of_16_mixed", "[{\"a\":[{\"a\":[{\"a\":[{\"a\":[{\"a\":[{\"a\":[{\"a\":[{\"a\":1}]}]}]}]}]}]}]}]"),
};

typedef struct {
    document document;
    size_t offset; /* at which reading must stop */
    const char *message;
} refused_document;

#define REFUSED(name_, text_, offset_, message_)  \
    {                                             \
        DOCUMENT(name_, text_), offset_, message_ \
    }

static const refused_document refused[] = {
    REFUSED("empty", "", 0, "unexpected end"),
    REFUSED("white_space_only", " \n", 2, "unexpected end"),
    REFUSED("byte_order_mark", "\xEF\xBB\xBF{}", 0, "expected a value"),
    /* What jsmn takes even when strict. */
    REFUSED("jsmn_no_colon", "{\"a\" \"b\"}", 5, "expected ':'"),
    REFUSED("jsmn_two_roots", "{}{}", 2, "text after the document"),
    REFUSED("jsmn_colons_and_commas", ":,", 0, "expected a value"),
    REFUSED("jsmn_many_colons", "{\"a\":::: \"b\"}", 5, "expected a value"),
    REFUSED("jsmn_colon_soup", ":,:{},:,", 0, "expected a value"),
    REFUSED("jsmn_word_with_t", "[tru]", 1, "unknown word"),
    REFUSED("jsmn_word_with_n", "[nothing]", 1, "unknown word"),
    REFUSED("jsmn_word_with_f", "[falsely]", 6, "expected ',' or ']'"),
    REFUSED("jsmn_only_name", "{\"a\"}", 4, "expected ':'"),
    REFUSED("jsmn_array_without_commas", "[1 2]", 3, "expected ',' or ']'"),
    REFUSED("jsmn_two_names", "{\"a\":\"b\" \"c\":\"d\"}", 9, "expected ',' or '}'"),
    /* Arrays. */
    REFUSED("array_trailing_comma", "[1,]", 3, "expected a value"),
    REFUSED("array_only_comma", "[,]", 1, "expected a value"),
    REFUSED("array_leading_comma", "[,1]", 1, "expected a value"),
    REFUSED("array_double_comma", "[1,,2]", 3, "expected a value"),
    REFUSED("array_unclosed", "[1", 2, "unexpected end"),
    REFUSED("array_unclosed_after_comma", "[1,", 3, "unexpected end"),
    REFUSED("array_just_open", "[", 1, "unexpected end"),
    REFUSED("array_closed_by_brace", "[1}", 2, "expected ',' or ']'"),
    REFUSED("array_closed_twice", "[1]]", 3, "text after the document"),
    REFUSED("array_colon", "[\"a\":1]", 4, "expected ',' or ']'"),
    REFUSED("array_just_closed", "]", 0, "expected a value"),
    REFUSED("comma_after_root", "[],", 2, "text after the document"),
    REFUSED("array_form_feed", "[\f]", 1, "expected a value"),
    REFUSED("array_vertical_tab", "[\v1]", 1, "expected a value"),
    REFUSED("array_no_break_space", "[\xC2\xA0]", 1, "expected a value"),
    /* Objects. */
    REFUSED("object_trailing_comma", "{\"a\":0,}", 7, "expected a name"),
    REFUSED("object_leading_comma", "{,\"a\":0}", 1, "expected a name"),
    REFUSED("object_double_comma", "{\"a\":0,,\"b\":1}", 7, "expected a name"),
    REFUSED("object_unquoted_name", "{a:1}", 1, "expected a name"),
    REFUSED("object_single_quotes", "{'a':0}", 1, "expected a name"),
    REFUSED("object_number_as_name", "{1:1}", 1, "expected a name"),
    REFUSED("object_null_as_name", "{null:null}", 1, "expected a name"),
    REFUSED("object_object_as_name", "{{}:1}", 1, "expected a name"),
    REFUSED("object_missing_value", "{\"a\":}", 5, "expected a value"),
    REFUSED("object_closed_by_bracket", "{\"a\":1]", 6, "expected ',' or '}'"),
    REFUSED("object_unclosed", "{\"a\":1", 6, "unexpected end"),
    REFUSED("object_no_value", "{\"a\":", 5, "unexpected end"),
    REFUSED("object_comment", "{\"a\":1}/**/", 7, "text after the document"),
    REFUSED("object_trailing_hash", "{\"a\":1}#", 7, "text after the document"),
    REFUSED("object_duplicate_name", "{\"a\":1,\"a\":2}", 11, "duplicate name"),
    REFUSED("object_duplicate_name_equal_value", "{\"a\":1,\"a\":1}", 11, "duplicate name"),
    REFUSED("object_duplicate_name_escaped", "{\"a\":1,\"\\u0061\":2}", 16, "duplicate name"),
    REFUSED("object_duplicate_name_apart", "{\"a\":1,\"b\":2,\"c\":{},\"a\":[]}", 24, "duplicate name"),
    REFUSED("object_duplicate_name_inside", "[{\"x\":{\"\":1,\"\":2}}]", 15, "duplicate name"),
    /* Numbers. */
    REFUSED("number_plus", "[+1]", 1, "expected a value"),
    REFUSED("number_leading_zero", "[012]", 2, "expected ',' or ']'"),
    REFUSED("number_minus_leading_zero", "[-012]", 3, "expected ',' or ']'"),
    REFUSED("number_two_zeros", "00", 1, "text after the document"),
    REFUSED("number_only_minus", "[-]", 2, "bad number"),
    REFUSED("number_double_minus", "[--1]", 2, "bad number"),
    REFUSED("number_minus_space", "[- 1]", 2, "bad number"),
    REFUSED("number_starts_with_point", "[.5]", 1, "expected a value"),
    REFUSED("number_minus_point", "[-.5]", 2, "bad number"),
    REFUSED("number_ends_with_point", "[1.]", 3, "bad number"),
    REFUSED("number_point_exponent", "[1.e1]", 3, "bad number"),
    REFUSED("number_empty_exponent", "[1e]", 3, "bad number"),
    REFUSED("number_empty_signed_exponent", "[1e+]", 4, "bad number"),
    REFUSED("number_fraction_in_exponent", "[1e1.5]", 4, "expected ',' or ']'"),
    REFUSED("number_two_points", "[1.2.3]", 4, "expected ',' or ']'"),
    REFUSED("number_hexadecimal", "[0x1F]", 2, "expected ',' or ']'"),
    REFUSED("number_nan", "[NaN]", 1, "expected a value"),
    REFUSED("number_infinity", "[Infinity]", 1, "expected a value"),
    REFUSED("number_minus_infinity", "[-Infinity]", 2, "bad number"),
    REFUSED("number_full_width_digit", "[\xEF\xBC\x91]", 1, "expected a value"),
    REFUSED("number_letter_behind", "[1a]", 2, "expected ',' or ']'"),
    REFUSED("number_cut_at_exponent", "1e", 2, "bad number"),
    REFUSED("number_cut_at_minus", "-", 1, "bad number"),
    /* Words. */
    REFUSED("word_capital", "[True]", 1, "expected a value"),
    REFUSED("word_cut", "nul", 0, "unknown word"),
    REFUSED("word_longer", "nulll", 4, "text after the document"),
    REFUSED("word_undefined", "[undefined]", 1, "expected a value"),
    /* Strings. */
    REFUSED("string_unterminated", "[\"a", 3, "unterminated string"),
    REFUSED("string_cut_after_backslash", "\"\\", 2, "bad escape"),
    REFUSED("string_single_quote", "'a'", 0, "expected a value"),
    REFUSED("string_escaped_quote_only", "[\"\\\"]", 5, "unterminated string"),
    REFUSED("string_newline", "[\"a\nb\"]", 3, "control character in string"),
    REFUSED("string_tab", "[\"\t\"]", 2, "control character in string"),
    REFUSED("string_unit_separator", "[\"\x1F\"]", 2, "control character in string"),
    REFUSED("string_nul_byte", "[\"a\0b\"]", 3, "control character in string"),
    REFUSED("string_newline_in_name", "{\"a\n\":1}", 3, "control character in string"),
    REFUSED("string_bad_escape", "[\"\\x00\"]", 3, "bad escape"),
    REFUSED("string_escaped_single_quote", "[\"\\'\"]", 3, "bad escape"),
    REFUSED("string_escaped_nul_byte", "[\"\\\0\"]", 3, "bad escape"),
    REFUSED("string_capital_escape", "[\"\\U0041\"]", 3, "bad escape"),
    REFUSED("string_three_hex_digits", "[\"\\u00A\"]", 4, "bad \\u escape"),
    REFUSED("string_bad_hex_digit", "[\"\\u00G0\"]", 4, "bad \\u escape"),
    REFUSED("string_cut_in_escape", "\"\\u00", 3, "bad \\u escape"),
    REFUSED("string_signed_hex", "[\"\\u-123\"]", 4, "bad \\u escape"),
    REFUSED("string_escaped_u0000", "[\"a\\u0000b\"]", 5, "U+0000 in string"),
    REFUSED("name_escaped_u0000", "{\"\\u0000\":1}", 4, "U+0000 in string"),
    REFUSED("string_lone_low_surrogate", "[\"\\uDC00\"]", 4, "lone surrogate"),
    REFUSED("string_lone_high_surrogate", "[\"\\uD800\"]", 8, "lone surrogate"),
    REFUSED("string_high_surrogate_then_letter", "[\"\\uD800abcdefgh\"]", 8, "lone surrogate"),
    REFUSED("string_high_surrogate_then_newline", "[\"\\uD800\\nabcdefg\"]", 8, "lone surrogate"),
    REFUSED("string_two_high_surrogates", "[\"\\uD800\\uD800\"]", 8, "lone surrogate"),
    REFUSED("string_high_surrogate_cut", "\"\\uD800\\uDC0", 7, "lone surrogate"),
    REFUSED("string_pair_in_wrong_order", "[\"\\uDC00\\uD800\"]", 4, "lone surrogate"),
    /* Bytes. */
    REFUSED("utf8_lone_continuation", "[\"\x80\"]", 2, "not UTF-8"),
    REFUSED("utf8_overlong_slash", "[\"\xC0\xAF\"]", 2, "not UTF-8"),
    REFUSED("utf8_surrogate", "[\"\xED\xA0\x80\"]", 2, "not UTF-8"),
    REFUSED("utf8_above_10ffff", "[\"\xF4\x90\x80\x80\"]", 2, "not UTF-8"),
    REFUSED("utf8_cut", "[\"\xE2\x82\"]", 2, "not UTF-8"),
    REFUSED("utf8_latin1", "[\"\xE9\"]", 2, "not UTF-8"),
    REFUSED("utf16_little_endian", "[\0\"\0\xE9\0\"\0]\0", 4, "not UTF-8"),
    REFUSED("nul_byte_outside", "[1]\0", 3, "text after the document"),
    REFUSED("nul_byte_in_array", "[\0]", 1, "expected a value"),
    REFUSED("escaped_structure", "\\u005b1]", 0, "expected a value"),
    /* Limits. */
    REFUSED("depth_of_17", "[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]", 16, "nested too deeply"),
    REFUSED("depth_of_17_object", "[[[[[[[[[[[[[[[[{}]]]]]]]]]]]]]]]]", 16, "nested too deeply"),
};

static void test_accepted(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(accepted); i++) {
        cg_json_error error = {0};
        g_autoptr(cg_json) json = cg_json_parse(accepted[i].text, accepted[i].size, &error);
        if (!json)
            g_error("%s is refused at %zu: %s", accepted[i].name, error.offset, error.message);
    }
}

static void test_refused(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(refused); i++) {
        const document *bad = &refused[i].document;
        cg_json_error error = {0};
        g_autoptr(cg_json) json = cg_json_parse(bad->text, bad->size, &error);
        if (json)
            g_error("%s is accepted", bad->name);
        if (error.offset != refused[i].offset || strcmp(error.message, refused[i].message) != 0)
            g_error("%s: stopped at %zu with \"%s\"", bad->name, error.offset, error.message);
        g_assert_null(cg_json_parse(bad->text, bad->size, NULL));
    }
}

/* A document cut anywhere is refused, and nothing behind the cut is read (the sanitizers watch the exact copy). */
static void test_every_prefix_is_refused(void)
{
    static const char whole[] =
        "{\"a\":[1.5e+3,true,\"\\ud83d\\ude00\\n\",{}],\"\xC3\xA9\":{\"x\":null,\"y\":[[],-0]}}";
    for (size_t size = 0; size < sizeof whole - 1; size++) {
        g_autofree char *cut = g_memdup2(whole, size);
        g_assert_null(cg_json_parse(cut, size, NULL));
    }
    g_autoptr(cg_json) json = cg_json_parse(whole, sizeof whole - 1, NULL);
    g_assert_nonnull(json);
}

static cg_json *parse(const char *text)
{
    cg_json *json = cg_json_parse(text, strlen(text), NULL);
    g_assert_nonnull(json);
    return json;
}

static void test_lookup(void)
{
    g_autoptr(cg_json) json =
        parse("{\"type\":\"invite\",\"payload\":{\"sdp\":\"v=0\",\"\\u0074wilio\":{}},\"n\":[1,[2],3]}");
    const cg_json_value *root = cg_json_root(json);
    g_assert_cmpint(cg_json_type_of(root), ==, CG_JSON_OBJECT);
    g_assert_cmpuint(cg_json_size(root), ==, 3);
    g_assert_cmpstr(cg_json_string(cg_json_get(root, "type")), ==, "invite");
    g_assert_cmpstr(cg_json_string(cg_json_get(cg_json_get(root, "payload"), "sdp")), ==, "v=0");
    g_assert_cmpint(cg_json_type_of(cg_json_get(cg_json_get(root, "payload"), "twilio")), ==, CG_JSON_OBJECT);
    g_assert_null(cg_json_get(root, "sdp"));
    g_assert_null(cg_json_get(root, "typ"));
    g_assert_null(cg_json_get(cg_json_get(root, "n"), "0"));
}

static void test_order(void)
{
    g_autoptr(cg_json) json = parse(" {\"b\":[10, [20], 30],\"a\":null} ");
    const cg_json_value *b = cg_json_first(cg_json_root(json));
    g_assert_cmpstr(cg_json_name(b), ==, "b");
    g_assert_cmpstr(cg_json_name(cg_json_next(b)), ==, "a");
    g_assert_null(cg_json_next(cg_json_next(b)));

    g_assert_cmpuint(cg_json_size(b), ==, 3);
    static const int64_t expected[] = {10, 0, 30};
    const cg_json_value *element = cg_json_first(b);
    for (size_t i = 0; i < 3; i++, element = cg_json_next(element)) {
        int64_t number = 0;
        cg_json_integer(element, &number);
        g_assert_cmpint(number, ==, expected[i]);
        g_assert_null(cg_json_name(element));
    }
    g_assert_null(element);
}

static void test_absent_values(void)
{
    int64_t integer = 7;
    double number = 7;
    bool flag = true;
    size_t size = 7;
    g_assert_null(cg_json_root(NULL));
    g_assert_cmpint(cg_json_type_of(NULL), ==, CG_JSON_NULL);
    g_assert_null(cg_json_get(NULL, "a"));
    g_assert_cmpuint(cg_json_size(NULL), ==, 0);
    g_assert_null(cg_json_first(NULL));
    g_assert_null(cg_json_next(NULL));
    g_assert_null(cg_json_name(NULL));
    g_assert_null(cg_json_string(NULL));
    g_assert_false(cg_json_integer(NULL, &integer));
    g_assert_false(cg_json_number(NULL, &number));
    g_assert_false(cg_json_bool(NULL, &flag));
    g_assert_null(cg_json_raw(NULL, &size));
    g_assert_cmpuint(size, ==, 0);
    g_assert_true(integer == 7 && number == 7 && flag);
    cg_json_free(NULL);
}

static void test_values_of_another_type(void)
{
    g_autoptr(cg_json) json = parse("{\"s\":\"1\",\"n\":1,\"t\":true,\"z\":null,\"a\":[],\"o\":{}}");
    for (const cg_json_value *value = cg_json_first(cg_json_root(json)); value; value = cg_json_next(value)) {
        cg_json_type type = cg_json_type_of(value);
        int64_t integer;
        double number;
        bool flag;
        g_assert_true((cg_json_string(value) != NULL) == (type == CG_JSON_STRING));
        g_assert_true(cg_json_integer(value, &integer) == (type == CG_JSON_NUMBER));
        g_assert_true(cg_json_number(value, &number) == (type == CG_JSON_NUMBER));
        g_assert_true(cg_json_bool(value, &flag) == (type == CG_JSON_BOOL));
        g_assert_cmpuint(cg_json_size(value), ==, 0);
        g_assert_null(cg_json_first(value));
        g_assert_null(cg_json_get(value, "s"));
    }
}

static void test_strings(void)
{
    static const struct {
        const char *json, *expected;
    } cases[] = {
        {"\"\"", ""},
        {"\"plain\"", "plain"},
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t"},
        {"\"\\u0041\\u00e9\\u20AC\"", "A\xC3\xA9\xE2\x82\xAC"},
        /* RFC 8259 section 7: the G clef is "\uD834\uDD1E". */
        {"\"\\uD834\\uDD1E\"", "\xF0\x9D\x84\x9E"},
        {"\"\\uDBFF\\uDFFF\"", "\xF4\x8F\xBF\xBF"},
        {"\"\\\\u0041\"", "\\u0041"},
        {"\"\xC3\xA9\\u00e9\"", "\xC3\xA9\xC3\xA9"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(cg_json) json = parse(cases[i].json);
        g_assert_cmpstr(cg_json_string(cg_json_root(json)), ==, cases[i].expected);
    }
}

static void test_numbers(void)
{
    static const struct {
        const char *json;
        bool is_integer;
        int64_t integer;
        bool is_number;
        double number;
    } cases[] = {
        {"0", true, 0, true, 0},
        {"-0", true, 0, true, -0.0},
        {"42", true, 42, true, 42},
        {"9223372036854775807", true, INT64_MAX, true, 0x1p63},
        {"-9223372036854775808", true, INT64_MIN, true, -0x1p63},
        {"9223372036854775808", false, 0, true, 0x1p63},
        {"-9223372036854775809", false, 0, true, -0x1p63},
        {"99999999999999999999999999", false, 0, true, 99999999999999999999999999.0},
        {"1.5", false, 0, true, 1.5},
        {"2.0", true, 2, true, 2},
        {"1e3", true, 1000, true, 1000},
        {"-12.5e1", true, -125, true, -125},
        {"1e-3", false, 0, true, 0.001},
        {"9007199254740992.0", true, INT64_C(9007199254740992), true, 0x1p53},
        {"1e18", false, 0, true, 1e18}, /* beyond 2^53 a double need not be the number that was written */
        {"1e999", false, 0, false, 0},
        {"-1e999", false, 0, false, 0},
        {"1e-999", true, 0, true, 0},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(cg_json) json = parse(cases[i].json);
        int64_t integer = 0;
        double number = 0;
        g_test_message("%s", cases[i].json);
        g_assert_true(cg_json_integer(cg_json_root(json), &integer) == cases[i].is_integer);
        g_assert_cmpint(integer, ==, cases[i].integer);
        g_assert_true(cg_json_number(cg_json_root(json), &number) == cases[i].is_number);
        g_assert_cmpfloat(number, ==, cases[i].number);
    }
}

static void test_raw(void)
{
    static const char text[] = "{ \"o\": { \"x\" : [1, 2] } , \"s\":\"a\\u0062\", \"n\":1.50,\"t\":true}";
    static const char *const expected[] = {"{ \"x\" : [1, 2] }", "\"a\\u0062\"", "1.50", "true"};
    g_autoptr(cg_json) json = parse(text);
    const cg_json_value *value = cg_json_first(cg_json_root(json));
    for (size_t i = 0; i < G_N_ELEMENTS(expected); i++, value = cg_json_next(value)) {
        size_t size;
        const char *raw = cg_json_raw(value, &size);
        g_assert_cmpmem(raw, size, expected[i], strlen(expected[i]));
        g_assert_true(cg_json_raw(value, NULL) == raw);
    }
}

/* The document keeps nothing of the caller's buffer. */
static void test_text_may_go(void)
{
    g_autofree char *text = g_strdup("{\"a\":\"b\",\"n\":12}");
    g_autoptr(cg_json) json = parse(text);
    memset(text, 'X', strlen(text));
    int64_t number = 0;
    g_assert_cmpstr(cg_json_string(cg_json_get(cg_json_root(json), "a")), ==, "b");
    g_assert_true(cg_json_integer(cg_json_get(cg_json_root(json), "n"), &number));
    g_assert_cmpint(number, ==, 12);
}

/* The first and last of `count` elements; 4096 values with the array itself. */
static void test_value_limit(void)
{
    for (size_t count = CG_JSON_MAX_VALUES - 1; count <= CG_JSON_MAX_VALUES; count++) {
        g_autoptr(GString) text = g_string_new("[0");
        for (size_t i = 1; i < count; i++)
            g_string_append(text, ",0");
        g_string_append_c(text, ']');
        cg_json_error error = {0};
        g_autoptr(cg_json) json = cg_json_parse(text->str, text->len, &error);
        if (count < CG_JSON_MAX_VALUES)
            g_assert_cmpuint(cg_json_size(cg_json_root(json)), ==, count);
        else
            g_assert_cmpstr(error.message, ==, "too many values");
    }
}

/* Parses a document of `size` bytes made of repeated pieces, and fails if it takes longer than any honest document. */
static void check_bomb(const char *name, const char *head, const char *piece, const char *message)
{
    g_autoptr(GString) text = g_string_new(head);
    while (text->len < 4 * 1024 * 1024)
        g_string_append(text, piece);
    cg_json_error error = {0};
    int64_t start = cg_clock_monotonic_us();
    g_assert_null(cg_json_parse(text->str, text->len, &error));
    int64_t took_us = cg_clock_monotonic_us() - start;
    g_test_message("%s: %" G_GINT64_FORMAT " us", name, took_us);
    g_assert_cmpstr(error.message, ==, message);
    g_assert_cmpint(took_us, <, 2 * G_USEC_PER_SEC); /* some ms; quadratic would be minutes */
}

static void test_bombs(void)
{
    check_bomb("brackets", "", "[", "nested too deeply");
    check_bomb("objects", "", "{\"a\":", "nested too deeply");
    check_bomb("commas", "[", ",", "expected a value");
    check_bomb("zeros", "[0", ",0", "too many values");
    check_bomb("empty arrays", "[[]", ",[]", "too many values");
    check_bomb("string without end", "\"", "a", "unterminated string");
    check_bomb("backslashes without end", "\"", "\\\\", "unterminated string");
    check_bomb("quotes", "", "\"\"", "text after the document");
    check_bomb("white space", "", " \n\t\r", "unexpected end");
    check_bomb("digits", "[1", "0", "unexpected end");
    check_bomb("colons", "{\"a\"", ":", "expected a value");
}

/* The widest object there can be, of names that share a long prefix and, in the last round, one duplicate. */
static void test_wide_object(void)
{
    g_autofree char *prefix = g_strnfill(1000, 'a');
    for (int duplicate = 0; duplicate <= 1; duplicate++) {
        g_autoptr(GString) text = g_string_new("{\"last\":0");
        for (size_t i = 2; i < CG_JSON_MAX_VALUES; i++)
            g_string_append_printf(text, ",\"%s%zu\":%zu", prefix, duplicate && i == 4000 ? 2 : i, i);
        g_string_append_c(text, '}');
        cg_json_error error = {0};
        int64_t start = cg_clock_monotonic_us();
        g_autoptr(cg_json) json = cg_json_parse(text->str, text->len, &error);
        g_assert_cmpint(cg_clock_monotonic_us() - start, <, 2 * G_USEC_PER_SEC);
        if (duplicate)
            g_assert_cmpstr(error.message, ==, "duplicate name");
        else
            g_assert_cmpuint(cg_json_size(cg_json_root(json)), ==, CG_JSON_MAX_VALUES - 1);
    }
}

static void test_size_limit(void)
{
    g_autofree char *text = g_strnfill(CG_JSON_MAX_SIZE + 1, ' ');
    text[0] = '1';
    cg_json_error error = {0};
    g_autoptr(cg_json) json = cg_json_parse(text, CG_JSON_MAX_SIZE, NULL);
    g_assert_nonnull(json);
    g_assert_null(cg_json_parse(text, CG_JSON_MAX_SIZE + 1, &error));
    g_assert_cmpstr(error.message, ==, "too large");
}

int main(int argc, char **argv)
{
    setlocale(LC_ALL, "");
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/json/accepted", test_accepted);
    g_test_add_func("/json/refused", test_refused);
    g_test_add_func("/json/every-prefix-is-refused", test_every_prefix_is_refused);
    g_test_add_func("/json/lookup", test_lookup);
    g_test_add_func("/json/order", test_order);
    g_test_add_func("/json/absent-values", test_absent_values);
    g_test_add_func("/json/values-of-another-type", test_values_of_another_type);
    g_test_add_func("/json/strings", test_strings);
    g_test_add_func("/json/numbers", test_numbers);
    g_test_add_func("/json/raw", test_raw);
    g_test_add_func("/json/text-may-go", test_text_may_go);
    g_test_add_func("/json/value-limit", test_value_limit);
    g_test_add_func("/json/bombs", test_bombs);
    g_test_add_func("/json/wide-object", test_wide_object);
    g_test_add_func("/json/size-limit", test_size_limit);
    return g_test_run();
}
