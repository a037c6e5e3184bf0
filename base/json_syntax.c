/* Checks JSON against RFC 8259 before anything is built from it: one pass, no recursion, no allocation.
 * Nesting is an array of flags, so a bomb of brackets costs us nothing but its own length. */
#include "base/json_syntax.h"

#include <string.h>

#include <glib.h>

#include "base/utf8.h"

typedef enum {
    EXPECT_VALUE,            /* at the root, or after ':' or after ',' in an array */
    EXPECT_VALUE_OR_BRACKET, /* after '[' */
    EXPECT_NAME,             /* after ',' in an object */
    EXPECT_NAME_OR_BRACE,    /* after '{' */
    EXPECT_COLON,
    EXPECT_COMMA_OR_CLOSE,
    EXPECT_END,
} expectation;

typedef struct {
    const char *text;
    size_t size;
    size_t at;
    const char *message; /* NULL while the text is good */
    cg_json_counts counts;
    expectation expect;
    unsigned depth;
    bool in_object[CG_JSON_MAX_DEPTH]; /* by depth - 1: the open containers */
} scanner;

static bool fail(scanner *s, const char *message)
{
    s->message = message;
    return false;
}

/* The byte at the position, or -1 at the end. */
static int peek(const scanner *s)
{
    return s->at < s->size ? (unsigned char) s->text[s->at] : -1;
}

/* Reads the four digits of a \u escape; -1 if they are not there. */
static int read_hex4(const char *text, size_t size)
{
    if (size < 4)
        return -1;
    int code = 0;
    for (size_t i = 0; i < 4; i++) {
        if (!g_ascii_isxdigit(text[i]))
            return -1;
        code = code << 4 | g_ascii_xdigit_value(text[i]);
    }
    return code;
}

static bool is_high_surrogate(int code)
{
    return code >= 0xD800 && code <= 0xDBFF;
}

static bool is_low_surrogate(int code)
{
    return code >= 0xDC00 && code <= 0xDFFF;
}

/* From behind "\u" to behind the last digit, of both halves of a surrogate pair. */
static bool scan_unicode_escape(scanner *s)
{
    int code = read_hex4(s->text + s->at, s->size - s->at);
    if (code < 0)
        return fail(s, "bad \\u escape");
    if (code == 0)
        return fail(s, "U+0000 in string");
    if (is_low_surrogate(code))
        return fail(s, "lone surrogate");
    s->at += 4;
    if (!is_high_surrogate(code))
        return true;
    if (s->size - s->at < 6 || s->text[s->at] != '\\' || s->text[s->at + 1] != 'u' ||
        !is_low_surrogate(read_hex4(s->text + s->at + 2, 4)))
        return fail(s, "lone surrogate");
    s->at += 6;
    return true;
}

static bool scan_escape(scanner *s)
{
    s->at++;
    int kind = peek(s);
    if (kind == 'u') {
        s->at++;
        return scan_unicode_escape(s);
    }
    if (kind <= 0 || !strchr("\"\\/bfnrt", kind))
        return fail(s, "bad escape");
    s->at++;
    return true;
}

static bool scan_string(scanner *s)
{
    s->at++;
    for (;;) {
        int c = peek(s);
        if (c < 0)
            return fail(s, "unterminated string");
        if (c < 0x20)
            return fail(s, "control character in string");
        if (c == '\\') {
            if (!scan_escape(s))
                return false;
            continue;
        }
        s->at++;
        if (c == '"')
            return true;
    }
}

/* One or more digits. */
static bool scan_digits(scanner *s)
{
    size_t start = s->at;
    while (g_ascii_isdigit(peek(s)))
        s->at++;
    return s->at > start || fail(s, "bad number");
}

static bool scan_number(scanner *s)
{
    if (peek(s) == '-')
        s->at++;
    if (peek(s) == '0')
        s->at++; /* a digit behind it is an error that the next expectation finds */
    else if (!scan_digits(s))
        return false;
    if (peek(s) == '.') {
        s->at++;
        if (!scan_digits(s))
            return false;
    }
    if (peek(s) != 'e' && peek(s) != 'E')
        return true;
    s->at++;
    if (peek(s) == '+' || peek(s) == '-')
        s->at++;
    return scan_digits(s);
}

static bool scan_literal(scanner *s, const char *literal)
{
    size_t length = strlen(literal);
    if (s->size - s->at < length || memcmp(s->text + s->at, literal, length) != 0)
        return fail(s, "unknown word");
    s->at += length;
    return true;
}

static void end_of_value(scanner *s)
{
    s->expect = s->depth > 0 ? EXPECT_COMMA_OR_CLOSE : EXPECT_END;
}

static bool open_container(scanner *s, bool object)
{
    if (s->depth == CG_JSON_MAX_DEPTH)
        return fail(s, "nested too deeply");
    s->in_object[s->depth++] = object;
    s->expect = object ? EXPECT_NAME_OR_BRACE : EXPECT_VALUE_OR_BRACKET;
    s->at++;
    return true;
}

static bool close_container(scanner *s)
{
    s->depth--;
    s->at++;
    end_of_value(s);
    return true;
}

static bool scan_scalar(scanner *s, int first)
{
    if (first == '"')
        return scan_string(s);
    if (first == '-' || g_ascii_isdigit(first))
        return scan_number(s);
    if (first == 't')
        return scan_literal(s, "true");
    if (first == 'f')
        return scan_literal(s, "false");
    if (first == 'n')
        return scan_literal(s, "null");
    return fail(s, "expected a value");
}

static bool scan_value(scanner *s)
{
    int first = peek(s);
    if (first == ']' && s->expect == EXPECT_VALUE_OR_BRACKET)
        return close_container(s);
    if (s->counts.values == CG_JSON_MAX_VALUES)
        return fail(s, "too many values");
    s->counts.values++;
    if (first == '{' || first == '[')
        return open_container(s, first == '{');
    end_of_value(s);
    return scan_scalar(s, first);
}

static bool scan_name(scanner *s)
{
    if (peek(s) == '}' && s->expect == EXPECT_NAME_OR_BRACE)
        return close_container(s);
    if (peek(s) != '"')
        return fail(s, "expected a name");
    s->counts.names++;
    s->expect = EXPECT_COLON;
    return scan_string(s);
}

static bool scan_comma_or_close(scanner *s)
{
    bool object = s->in_object[s->depth - 1];
    if (peek(s) == (object ? '}' : ']'))
        return close_container(s);
    if (peek(s) != ',')
        return fail(s, object ? "expected ',' or '}'" : "expected ',' or ']'");
    s->at++;
    s->expect = object ? EXPECT_NAME : EXPECT_VALUE;
    return true;
}

static bool scan_colon(scanner *s)
{
    if (peek(s) != ':')
        return fail(s, "expected ':'");
    s->at++;
    s->expect = EXPECT_VALUE;
    return true;
}

/* Reads the next piece, which is there, and sets what may follow it. */
static bool scan_next(scanner *s)
{
    switch (s->expect) {
    case EXPECT_VALUE:
    case EXPECT_VALUE_OR_BRACKET:
        return scan_value(s);
    case EXPECT_NAME:
    case EXPECT_NAME_OR_BRACE:
        return scan_name(s);
    case EXPECT_COLON:
        return scan_colon(s);
    case EXPECT_COMMA_OR_CLOSE:
        return scan_comma_or_close(s);
    case EXPECT_END:
        return fail(s, "text after the document");
    }
    g_assert_not_reached();
}

static void skip_white_space(scanner *s)
{
    int c;
    while ((c = peek(s)) == ' ' || c == '\t' || c == '\n' || c == '\r')
        s->at++;
}

static bool scan_document(scanner *s)
{
    size_t valid = cg_utf8_valid_prefix(s->text, s->size);
    if (valid < s->size) {
        s->at = valid;
        return fail(s, "not UTF-8");
    }
    for (skip_white_space(s); s->at < s->size; skip_white_space(s)) {
        if (!scan_next(s))
            return false;
    }
    return s->expect == EXPECT_END || fail(s, "unexpected end");
}

bool cg_json_check_syntax(const char *text, size_t size, cg_json_counts *ret_counts, cg_json_error *ret_error)
{
    scanner s = {.text = text, .size = size, .expect = EXPECT_VALUE};
    if (!scan_document(&s)) {
        *ret_error = (cg_json_error){.offset = s.at, .message = s.message};
        return false;
    }
    *ret_counts = s.counts;
    return true;
}

/* The code point of the \u escape at `text`, and how many bytes it took; the text is known to be well formed. */
static gunichar read_unicode_escape(const char *text, size_t *ret_size)
{
    int code = read_hex4(text + 2, 4);
    *ret_size = 6;
    if (!is_high_surrogate(code))
        return (gunichar) code;
    int low = read_hex4(text + 8, 4);
    *ret_size = 12;
    return 0x10000 + ((gunichar) (code - 0xD800) << 10) + (gunichar) (low - 0xDC00);
}

static char unescape_letter(char letter)
{
    switch (letter) {
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    default:
        return letter; /* the quote, the backslash and the slash stand for themselves */
    }
}

size_t cg_json_unescape(const char *text, size_t size, char *ret_text)
{
    size_t length = 0;
    for (size_t at = 0; at < size;) {
        if (text[at] != '\\') {
            ret_text[length++] = text[at++];
        } else if (text[at + 1] != 'u') {
            ret_text[length++] = unescape_letter(text[at + 1]);
            at += 2;
        } else {
            size_t escape_size;
            length += (size_t) g_unichar_to_utf8(read_unicode_escape(text + at, &escape_size), ret_text + length);
            at += escape_size;
        }
    }
    ret_text[length] = '\0';
    return length;
}
