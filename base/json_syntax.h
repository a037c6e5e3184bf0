/* Inside base/json only: the grammar of RFC 8259 as one linear pass, and what escapes in strings stand for. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/json.h"

/* What a document turned out to hold; a tokenizer needs `values` + `names` tokens. */
typedef struct {
    size_t values; /* 1..CG_JSON_MAX_VALUES */
    size_t names;
} cg_json_counts;

/* True if `text` is one JSON document within our limits; all but duplicate names is checked. */
bool cg_json_check_syntax(const char *text, size_t size, cg_json_counts *ret_counts, cg_json_error *ret_error);

/* Unescapes what stands between the quotes of a checked string, and puts a NUL behind it.
 * `ret_text` has room for size + 1 bytes: escapes only ever get shorter. Returns the length. */
size_t cg_json_unescape(const char *text, size_t size, char *ret_text);
