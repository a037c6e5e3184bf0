/* Writes JSON into one growing text. The writer knows at every depth whether it is in an object and whether a comma is
 * due; what does not fit there is our own bug and aborts. */
#include "base/json_writer.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/utf8.h"

struct cg_json_writer {
    GString *text;
    unsigned depth;
    struct {
        bool object;
        bool filled; /* a comma is due before what comes next */
    } levels[CG_JSON_WRITER_MAX_DEPTH];
};

cg_json_writer *cg_json_writer_new(void)
{
    cg_json_writer *writer = g_new0(cg_json_writer, 1);
    writer->text = g_string_new(NULL);
    return writer;
}

void cg_json_writer_free(cg_json_writer *writer)
{
    if (!writer)
        return;
    g_string_free(writer->text, TRUE);
    g_free(writer);
}

/* RFC 8259 section 7: the quote, the backslash and what lies below U+0020 must be escaped. */
static void append_escaped_byte(GString *text, char c)
{
    static const char letters[] = "\b\f\n\r\t", escapes[] = "bfnrt";
    const char *letter = c ? strchr(letters, c) : NULL;
    if (c == '"' || c == '\\')
        g_string_append_printf(text, "\\%c", c);
    else if (letter)
        g_string_append_printf(text, "\\%c", escapes[letter - letters]);
    else
        g_string_append_printf(text, "\\u%04x", (unsigned char) c);
}

static void append_escaped(GString *text, const char *value, size_t size)
{
    size_t start = 0;
    for (size_t i = 0; i < size; i++) {
        if ((unsigned char) value[i] >= 0x20 && value[i] != '"' && value[i] != '\\')
            continue;
        g_string_append_len(text, value + start, (gssize) (i - start));
        append_escaped_byte(text, value[i]);
        start = i + 1;
    }
    g_string_append_len(text, value + start, (gssize) (size - start));
}

static void append_string(GString *text, const char *value)
{
    size_t size = strlen(value);
    g_string_append_c(text, '"');
    while (size > 0) {
        size_t valid = cg_utf8_valid_prefix(value, size);
        append_escaped(text, value, valid);
        value += valid;
        size -= valid;
        if (size > 0) {
            g_string_append(text, "\xEF\xBF\xBD"); /* U+FFFD for one byte that is not UTF-8 */
            value++;
            size--;
        }
    }
    g_string_append_c(text, '"');
}

/* Puts the comma and the name that come before a value. */
static void begin_value(cg_json_writer *writer, const char *name)
{
    if (writer->depth == 0) {
        g_assert(!name && writer->text->len == 0); /* one root, without a name */
        return;
    }
    bool object = writer->levels[writer->depth - 1].object;
    g_assert(object == (name != NULL)); /* members have names, elements have none */
    if (writer->levels[writer->depth - 1].filled)
        g_string_append_c(writer->text, ',');
    writer->levels[writer->depth - 1].filled = true;
    if (name) {
        append_string(writer->text, name);
        g_string_append_c(writer->text, ':');
    }
}

static void begin_container(cg_json_writer *writer, const char *name, bool object)
{
    begin_value(writer, name);
    g_assert(writer->depth < CG_JSON_WRITER_MAX_DEPTH);
    writer->levels[writer->depth].object = object;
    writer->levels[writer->depth].filled = false;
    writer->depth++;
    g_string_append_c(writer->text, object ? '{' : '[');
}

static void end_container(cg_json_writer *writer, bool object)
{
    g_assert(writer->depth > 0 && writer->levels[writer->depth - 1].object == object);
    writer->depth--;
    g_string_append_c(writer->text, object ? '}' : ']');
}

void cg_json_begin_object(cg_json_writer *writer, const char *name)
{
    begin_container(writer, name, true);
}

void cg_json_end_object(cg_json_writer *writer)
{
    end_container(writer, true);
}

void cg_json_begin_array(cg_json_writer *writer, const char *name)
{
    begin_container(writer, name, false);
}

void cg_json_end_array(cg_json_writer *writer)
{
    end_container(writer, false);
}

void cg_json_write_string(cg_json_writer *writer, const char *name, const char *value)
{
    begin_value(writer, name);
    if (value)
        append_string(writer->text, value);
    else
        g_string_append(writer->text, "null");
}

void cg_json_write_integer(cg_json_writer *writer, const char *name, int64_t value)
{
    begin_value(writer, name);
    g_string_append_printf(writer->text, "%" PRId64, value);
}

/* The shortest of 15 to 17 digits that reads back as the same number: 0.1, not 0.10000000000000001. */
static void append_double(GString *text, double value)
{
    static const char *const formats[] = {"%.15g", "%.16g", "%.17g"};
    char digits[G_ASCII_DTOSTR_BUF_SIZE];
    for (size_t i = 0; i < G_N_ELEMENTS(formats); i++) {
        g_ascii_formatd(digits, sizeof digits, formats[i], value);
        if (g_ascii_strtod(digits, NULL) == value)
            break;
    }
    g_string_append(text, digits);
}

void cg_json_write_double(cg_json_writer *writer, const char *name, double value)
{
    begin_value(writer, name);
    if (isfinite(value))
        append_double(writer->text, value);
    else
        g_string_append(writer->text, "null");
}

void cg_json_write_bool(cg_json_writer *writer, const char *name, bool value)
{
    begin_value(writer, name);
    g_string_append(writer->text, value ? "true" : "false");
}

void cg_json_write_null(cg_json_writer *writer, const char *name)
{
    begin_value(writer, name);
    g_string_append(writer->text, "null");
}

void cg_json_write_raw(cg_json_writer *writer, const char *name, const char *json, size_t size)
{
    g_assert(size > 0);
    begin_value(writer, name);
    g_string_append_len(writer->text, json, (gssize) size);
}

const char *cg_json_writer_text(cg_json_writer *writer, size_t *ret_size)
{
    g_assert(writer->depth == 0 && writer->text->len > 0);
    if (ret_size)
        *ret_size = writer->text->len;
    return writer->text->str;
}

char *cg_json_writer_steal(cg_json_writer *writer, size_t *ret_size)
{
    cg_json_writer_text(writer, ret_size);
    char *text = g_string_free(writer->text, FALSE);
    writer->text = g_string_new(NULL);
    return text;
}
