/* A piece of somebody else's text: pointer and length, never NUL-terminated. The one way SDP values are taken apart;
 * nothing here copies except cg_slice_copy. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    const char *at; /* NULL: there is no such thing, unlike an empty one */
    size_t size;
} cg_slice;

cg_slice cg_slice_from(const char *text); /* of a C string */

bool cg_slice_equal(cg_slice a, cg_slice b);
bool cg_slice_is(cg_slice slice, const char *word);
bool cg_slice_is_nocase(cg_slice slice, const char *word); /* ASCII case only */

/* Takes what stands before the next `separator` off `rest`, or all of it. False when `rest` is used up; an empty piece
 * between two separators is a piece. */
bool cg_slice_take(cg_slice *rest, char separator, cg_slice *ret_piece);

cg_slice cg_slice_trim(cg_slice slice); /* without spaces at both ends */

/* Decimal digits only, without sign or spaces, at most `max`. False, `ret` untouched, for anything else. */
bool cg_slice_number(cg_slice slice, uint64_t max, uint64_t *ret);

bool cg_slice_is_token(cg_slice slice);    /* RFC 8866 section 9, token: 1*token-char */
bool cg_slice_is_ice_text(cg_slice slice); /* RFC 8839 section 5.1, 1*ice-char */

/* Copies to `ret_text` with a NUL. False, untouched, if it does not fit `capacity` bytes. */
bool cg_slice_copy(cg_slice slice, char *ret_text, size_t capacity);
