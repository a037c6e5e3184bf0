/* Printing JSON of unknown origin: a control or bidirectional-override character in it would let a token rewrite what
 * the reader sees, so everything that is not plainly printable is written as an escape. */
#include "gateway/command/json_print.h"

#include <glib.h>

static void print_text(FILE *stream, const char *text)
{
    for (const char *c = text; *c; c = g_utf8_next_char(c)) {
        gunichar character = g_utf8_get_char(c);
        if (character == '"' || character == '\\')
            fprintf(stream, "\\%c", (char) character);
        else if (g_unichar_isprint(character))
            fprintf(stream, "%.*s", (int) (g_utf8_next_char(c) - c), c);
        else
            fprintf(stream, "\\u{%x}", character);
    }
}

static void print_scalar(FILE *stream, const cg_json_value *value)
{
    size_t size = 0;
    const char *raw = cg_json_raw(value, &size);
    if (cg_json_type_of(value) != CG_JSON_STRING) {
        fprintf(stream, "%.*s", (int) size, raw); /* ASCII by the grammar; "[]" or "{}" if empty */
        return;
    }
    fputc('"', stream);
    print_text(stream, cg_json_string(value));
    fputc('"', stream);
}

static void print_name(FILE *stream, const cg_json_value *member, unsigned indent)
{
    fprintf(stream, "%*s", (int) indent, "");
    if (cg_json_name(member)) {
        print_text(stream, cg_json_name(member));
        fputc(':', stream);
    } else {
        fputc('-', stream);
    }
}

/* Recursion ends at CG_JSON_MAX_DEPTH. */
void cg_json_print(FILE *stream, const cg_json_value *object, unsigned indent,
                   char *(*note)(const char *name, const cg_json_value *value))
{
    for (const cg_json_value *each = cg_json_first(object); each; each = cg_json_next(each)) {
        print_name(stream, each, indent);
        if (cg_json_size(each) > 0) {
            fputc('\n', stream);
            cg_json_print(stream, each, indent + 2, NULL);
            continue;
        }
        g_autofree char *remark = note ? note(cg_json_name(each), each) : NULL;
        fputc(' ', stream);
        print_scalar(stream, each);
        fprintf(stream, "%s%s\n", remark ? "  " : "", remark ? remark : "");
    }
}
