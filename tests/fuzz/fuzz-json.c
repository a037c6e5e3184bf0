/* JSON from any bytes. What is accepted must also be what it claims: its raw text parses again, its strings are UTF-8,
 * and written by our writer and read again it is the same document. */
#include <stdint.h>
#include <string.h>

#include "base/json.h"
#include "base/json_writer.h"
#include "base/utf8.h"

static void write_scalar(cg_json_writer *writer, const cg_json_value *value)
{
    const char *name = cg_json_name(value), *string = cg_json_string(value);
    size_t raw_size;
    const char *raw = cg_json_raw(value, &raw_size);
    int64_t integer;
    bool flag;
    g_assert(!name || cg_utf8_valid(name, strlen(name)));
    g_assert(!string || cg_utf8_valid(string, strlen(string)));
    if (string)
        cg_json_write_string(writer, name, string);
    else if (cg_json_bool(value, &flag))
        cg_json_write_bool(writer, name, flag);
    else if (cg_json_integer(value, &integer))
        cg_json_write_integer(writer, name, integer);
    else
        cg_json_write_raw(writer, name, raw, raw_size);
}

/* Recursion is bounded by CG_JSON_MAX_DEPTH. */
static void write_value(cg_json_writer *writer, const cg_json_value *value)
{
    cg_json_type type = cg_json_type_of(value);
    if (type != CG_JSON_OBJECT && type != CG_JSON_ARRAY) {
        write_scalar(writer, value);
        return;
    }
    if (type == CG_JSON_OBJECT)
        cg_json_begin_object(writer, cg_json_name(value));
    else
        cg_json_begin_array(writer, cg_json_name(value));
    size_t count = 0;
    for (const cg_json_value *child = cg_json_first(value); child; child = cg_json_next(child), count++)
        write_value(writer, child);
    g_assert(count == cg_json_size(value));
    if (type == CG_JSON_OBJECT)
        cg_json_end_object(writer);
    else
        cg_json_end_array(writer);
}

static char *write_document(const cg_json *json, size_t *ret_size)
{
    g_autoptr(cg_json_writer) writer = cg_json_writer_new();
    write_value(writer, cg_json_root(json));
    return cg_json_writer_steal(writer, ret_size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cg_json_error error = {0};
    g_autoptr(cg_json) json = cg_json_parse((const char *) data, size, &error);
    if (!json) {
        g_assert(error.message && error.offset <= size);
        return 0;
    }
    size_t first_size, second_size;
    g_autofree char *first = write_document(json, &first_size);
    g_autoptr(cg_json) again = cg_json_parse(first, first_size, NULL);
    g_assert(again);
    g_autofree char *second = write_document(again, &second_size);
    g_assert(first_size == second_size && memcmp(first, second, first_size) == 0);
    return 0;
}
