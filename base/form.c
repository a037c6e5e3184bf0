/* Form lists. '+' reads as a space (WHATWG URL section 5.1), and is never written: %20 means the same to everyone.
 * Forms hold a few fields, so lookups walk the list. */
#include "base/form.h"

#include <string.h>

#include "base/utf8.h"

typedef struct {
    char *name;
    char *value;
} field;

struct cg_form {
    GArray *fields; /* of field */
};

static void clear_field(gpointer data)
{
    field *gone = data;
    g_free(gone->name);
    g_free(gone->value);
}

cg_form *cg_form_new(void)
{
    cg_form *form = g_new0(cg_form, 1);
    form->fields = g_array_new(FALSE, FALSE, sizeof(field));
    g_array_set_clear_func(form->fields, clear_field);
    return form;
}

void cg_form_free(cg_form *form)
{
    if (!form)
        return;
    g_array_unref(form->fields);
    g_free(form);
}

static field *field_at(const cg_form *form, size_t index)
{
    g_assert(index < form->fields->len);
    return &g_array_index(form->fields, field, index);
}

/* Takes both strings. */
static void append_field(cg_form *form, char *name, char *value)
{
    field new_field = {.name = name, .value = value};
    g_array_append_val(form->fields, new_field);
}

/* Decodes the escape at `text`, which is a '%'; -1 if it is broken. */
static int decode_escape(const char *text, size_t size)
{
    if (size < 3 || !g_ascii_isxdigit(text[1]) || !g_ascii_isxdigit(text[2]))
        return -1;
    return g_ascii_xdigit_value(text[1]) << 4 | g_ascii_xdigit_value(text[2]);
}

/* The decoded text, or NULL if an escape is broken or the result is no C string of UTF-8. */
static char *decode(const char *text, size_t size)
{
    g_autofree char *decoded = g_malloc(size + 1);
    size_t length = 0;
    for (size_t i = 0; i < size; i++) {
        int byte = text[i] == '+' ? ' ' : (unsigned char) text[i];
        if (text[i] == '%') {
            byte = decode_escape(text + i, size - i);
            i += 2;
        }
        if (byte <= 0)
            return NULL;
        decoded[length++] = (char) byte;
    }
    decoded[length] = '\0';
    return cg_utf8_valid(decoded, length) ? g_steal_pointer(&decoded) : NULL;
}

/* Parses one "name=value"; a field without '=' is a name with an empty value. */
static bool parse_field(cg_form *form, const char *text, size_t size)
{
    const char *equals = memchr(text, '=', size);
    size_t name_size = equals ? (size_t) (equals - text) : size;
    size_t value_at = equals ? name_size + 1 : size;
    g_autofree char *name = decode(text, name_size);
    g_autofree char *value = decode(text + value_at, size - value_at);
    if (!name || !value || form->fields->len == CG_FORM_MAX_FIELDS)
        return false;
    append_field(form, g_steal_pointer(&name), g_steal_pointer(&value));
    return true;
}

cg_form *cg_form_parse(const char *text, size_t size)
{
    g_autoptr(cg_form) form = cg_form_new();
    for (size_t at = 0; at < size;) {
        const char *ampersand = memchr(text + at, '&', size - at);
        size_t field_size = ampersand ? (size_t) (ampersand - text) - at : size - at;
        /* "a=1&&b=2" has two fields, not three: WHATWG URL section 5.1. */
        if (field_size > 0 && !parse_field(form, text + at, field_size))
            return NULL;
        at += field_size + 1;
    }
    return g_steal_pointer(&form);
}

static void append_escaped(GString *text, const char *plain)
{
    for (const char *c = plain; *c; c++) {
        if (g_ascii_isalnum(*c) || strchr("._~-", *c))
            g_string_append_c(text, *c);
        else
            g_string_append_printf(text, "%%%02X", (unsigned char) *c);
    }
}

char *cg_form_format(const cg_form *form)
{
    GString *text = g_string_new(NULL);
    for (size_t i = 0; i < cg_form_size(form); i++) {
        if (i > 0)
            g_string_append_c(text, '&');
        append_escaped(text, cg_form_name_at(form, i));
        g_string_append_c(text, '=');
        append_escaped(text, cg_form_value_at(form, i));
    }
    return g_string_free(text, FALSE);
}

/* The index of the first field from `from` on with that name; the size of the form if there is none. */
static size_t find_field(const cg_form *form, const char *name, size_t from)
{
    size_t index = from;
    while (index < form->fields->len && strcmp(field_at(form, index)->name, name) != 0)
        index++;
    return index;
}

void cg_form_set(cg_form *form, const char *name, const char *value)
{
    size_t index = find_field(form, name, 0);
    if (index == form->fields->len) {
        append_field(form, g_strdup(name), g_strdup(value));
        return;
    }
    char *old_value = field_at(form, index)->value;
    field_at(form, index)->value = g_strdup(value);
    g_free(old_value); /* last: `value` may be the old value itself */

    /* A second field of that name would be what readers that let the last one win see. */
    size_t repeated;
    while ((repeated = find_field(form, name, index + 1)) < form->fields->len)
        g_array_remove_index(form->fields, (guint) repeated);
}

const char *cg_form_get(const cg_form *form, const char *name)
{
    size_t index = find_field(form, name, 0);
    return index < form->fields->len ? field_at(form, index)->value : NULL;
}

size_t cg_form_size(const cg_form *form)
{
    return form->fields->len;
}

const char *cg_form_name_at(const cg_form *form, size_t index)
{
    return field_at(form, index)->name;
}

const char *cg_form_value_at(const cg_form *form, size_t index)
{
    return field_at(form, index)->value;
}

void cg_form_merge(cg_form *form, const cg_form *overrides)
{
    /* Backwards, so that of a name that stands twice in `overrides` the first wins here as on lookup. */
    for (size_t i = cg_form_size(overrides); i > 0; i--)
        cg_form_set(form, cg_form_name_at(overrides, i - 1), cg_form_value_at(overrides, i - 1));
}
