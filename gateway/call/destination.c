/* Finding the kind of destination for an address by its scheme. */
#include "gateway/call/destination.h"

#include <string.h>

#include <glib.h>

static bool is_number(const char *address)
{
    return *address == '+' || g_ascii_isdigit(*address);
}

const cg_destination *cg_destination_find(const cg_destination *destinations, const char *address,
                                          const char **ret_rest)
{
    for (const cg_destination *d = destinations; d->scheme != NULL; d++) {
        size_t length = strlen(d->scheme);
        if (is_number(address) && strcmp(d->scheme, "tel") == 0) {
            *ret_rest = address;
            return d;
        }
        if (g_ascii_strncasecmp(address, d->scheme, length) == 0 && address[length] == ':') {
            *ret_rest = address + length + 1;
            return d;
        }
    }
    return NULL;
}
