/* UTF-8 from any bytes, against GLib's validator (which takes a NUL for the end, so it sees the stretches between). */
#include <stdint.h>
#include <string.h>

#include <glib.h>

#include "base/utf8.h"

static size_t valid_prefix_by_glib(const char *text, size_t size)
{
    const char *at = text, *end = text + size;
    while (at < end && !g_utf8_validate_len(at, (size_t) (end - at), &at) && *at == '\0')
        at++;
    return (size_t) (at - text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *) data;
    size_t valid = cg_utf8_valid_prefix(text, size);
    g_assert(valid == valid_prefix_by_glib(text, size));
    g_assert(cg_utf8_valid(text, size) == (valid == size));
    return 0;
}
