/* Form lists from any bytes. What is accepted is UTF-8, and its written form reads back as the same list. */
#include <stdint.h>
#include <string.h>

#include "base/form.h"
#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(cg_form) form = cg_form_parse((const char *) data, size);
    if (!form)
        return 0;
    g_assert(cg_form_size(form) <= CG_FORM_MAX_FIELDS);
    g_autofree char *text = cg_form_format(form);
    g_autoptr(cg_form) again = cg_form_parse(text, strlen(text));
    g_assert(again && cg_form_size(again) == cg_form_size(form));
    for (size_t i = 0; i < cg_form_size(form); i++) {
        const char *name = cg_form_name_at(form, i), *value = cg_form_value_at(form, i);
        g_assert(cg_utf8_valid(name, strlen(name)) && cg_utf8_valid(value, strlen(value)));
        g_assert(strcmp(name, cg_form_name_at(again, i)) == 0 && strcmp(value, cg_form_value_at(again, i)) == 0);
    }
    cg_form_merge(again, form);
    for (size_t i = 0; i < cg_form_size(form); i++) {
        const char *name = cg_form_name_at(form, i);
        g_assert(strcmp(cg_form_get(again, name), cg_form_get(form, name)) == 0);
    }
    return 0;
}
