/* JSON from outside (RFC 8259), strictly: one root, no duplicate names, valid UTF-8, bounded depth and size.
 * jsmn tokenizes; this module checks the grammar jsmn lets through. A document is immutable once parsed;
 * every accessor takes NULL and values of another type and answers "not there", so that
 * lookups can be chained: cg_json_string(cg_json_get(cg_json_get(root, "payload"), "sdp")). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

typedef struct cg_json cg_json;             /* a document; owns all its values */
typedef struct cg_json_value cg_json_value; /* valid as long as its document */

typedef enum {
    CG_JSON_NULL,
    CG_JSON_BOOL,
    CG_JSON_NUMBER,
    CG_JSON_STRING,
    CG_JSON_ARRAY,
    CG_JSON_OBJECT,
} cg_json_type;

typedef struct {
    size_t offset;       /* byte at which reading stopped */
    const char *message; /* static text, e.g. "duplicate name" */
} cg_json_error;

#define CG_JSON_MAX_DEPTH 16                /* nested arrays and objects */
#define CG_JSON_MAX_VALUES 4096             /* values in one document */
#define CG_JSON_MAX_SIZE (16 * 1024 * 1024) /* bytes of one document; callers set tighter limits of their own */

/* Parses `size` bytes. NULL and `ret_error` (unless NULL) if they are not one valid document. A string that
 * contains U+0000 is refused: every string handed out is a C string. */
cg_json *cg_json_parse(const char *text, size_t size, cg_json_error *ret_error);
void cg_json_free(cg_json *json);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(cg_json, cg_json_free)

const cg_json_value *cg_json_root(const cg_json *json);
cg_json_type cg_json_type_of(const cg_json_value *value); /* CG_JSON_NULL for NULL */

/* The member `name` of an object. */
const cg_json_value *cg_json_get(const cg_json_value *object, const char *name);

/* Members or elements: how many, the first, the one after; a member's name (NULL for elements). */
size_t cg_json_size(const cg_json_value *container);
const cg_json_value *cg_json_first(const cg_json_value *container);
const cg_json_value *cg_json_next(const cg_json_value *value);
const char *cg_json_name(const cg_json_value *member);

/* The unescaped string, or NULL if the value is not a string. */
const char *cg_json_string(const cg_json_value *value);

/* False, and `ret` untouched, if the value is of another type or (for integers) not a whole number in range. */
bool cg_json_integer(const cg_json_value *value, int64_t *ret);
bool cg_json_number(const cg_json_value *value, double *ret);
bool cg_json_bool(const cg_json_value *value, bool *ret);

/* The value exactly as it stood in the text, not NUL-terminated; for handing a value on unchanged. */
const char *cg_json_raw(const cg_json_value *value, size_t *ret_size);
