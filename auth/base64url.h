/* base64url without padding (RFC 7515 section 2), read strictly: one text for one sequence of bytes. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decodes `size` characters into new memory of `*ret_size` bytes and a NUL after them; free with g_free. NULL if a
 * character is outside the alphabet (padding and white space are), the length is impossible, or bits that
 * no byte uses are set (RFC 4648 section 3.5). Nothing decodes to an empty text. */
uint8_t *cg_base64url_decode(const char *text, size_t size, size_t *ret_size);
