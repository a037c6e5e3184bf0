/* UTF-8 as RFC 3629 defines it: shortest form, no surrogates, nothing above U+10FFFF. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* True if all `size` bytes are valid UTF-8; NUL bytes are valid characters here. */
bool cg_utf8_valid(const char *text, size_t size);

/* How many bytes from the start are valid, whole characters: `size` if all are. */
size_t cg_utf8_valid_prefix(const char *text, size_t size);
