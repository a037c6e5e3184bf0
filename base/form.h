/* application/x-www-form-urlencoded lists ("a=1&b=two%20words"), as `params` of invites and tokens carry them.
 * Order is kept; a name may stand more than once when parsed, the first wins on lookup. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>

typedef struct cg_form cg_form;

#define CG_FORM_MAX_FIELDS 128

cg_form *cg_form_new(void);
void cg_form_free(cg_form *form);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(cg_form, cg_form_free)

/* Parses `size` bytes. NULL if an escape is broken, a decoded name or value is not UTF-8 or contains NUL,
 * or there are more than CG_FORM_MAX_FIELDS fields. An empty text is an empty form. */
cg_form *cg_form_parse(const char *text, size_t size);

/* The text form; every byte outside [A-Za-z0-9._~-] is %-escaped. Free with g_free. */
char *cg_form_format(const cg_form *form);

/* Copies name and value; replaces the value of a name that is there already. */
void cg_form_set(cg_form *form, const char *name, const char *value);

/* The value of `name`, valid until the form changes; NULL if there is none. */
const char *cg_form_get(const cg_form *form, const char *name);

size_t cg_form_size(const cg_form *form);
const char *cg_form_name_at(const cg_form *form, size_t index);
const char *cg_form_value_at(const cg_form *form, size_t index);

/* Sets every field of `overrides` in `form`: how fixed parameters of a token win over the client's. */
void cg_form_merge(cg_form *form, const cg_form *overrides);
