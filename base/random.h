/* Randomness from the kernel's CSPRNG. Aborts if the kernel has none: no identifier may ever be guessable. */
#pragma once

#include <stddef.h>
#include <stdint.h>

void cg_random_bytes(void *ret_bytes, size_t size);
uint32_t cg_random_u32(void);

/* Fills `ret_text` with `length` characters of the ice-char alphabet without '+' and '/'
 * ([A-Za-z0-9], RFC 8839 section 5.4) and a NUL: `ret_text` holds length + 1 bytes. */
void cg_random_text(char *ret_text, size_t length);
