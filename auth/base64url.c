/* Strict base64url. A lenient decoder would give one token several spellings, so that a deny list or a log search
 * misses it, and would read bytes that libjwt (libb64 skips what it does not know) reads differently. */
#include "auth/base64url.h"

#include <glib.h>

static int sextet(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '-')
        return 62;
    return c == '_' ? 63 : -1;
}

uint8_t *cg_base64url_decode(const char *text, size_t size, size_t *ret_size)
{
    if (size % 4 == 1)
        return NULL;
    g_autofree uint8_t *bytes = g_malloc(size / 4 * 3 + 3);
    size_t length = 0;
    uint32_t bits = 0;
    unsigned bit_count = 0;
    for (size_t i = 0; i < size; i++) {
        int value = sextet(text[i]);
        if (value < 0)
            return NULL;
        bits = (bits << 6 | (uint32_t) value) & 0xffff;
        bit_count += 6;
        if (bit_count < 8)
            continue;
        bit_count -= 8;
        bytes[length++] = (uint8_t) (bits >> bit_count);
    }
    if ((bits & ((1u << bit_count) - 1)) != 0)
        return NULL;
    bytes[length] = '\0';
    *ret_size = length;
    return g_steal_pointer(&bytes);
}
