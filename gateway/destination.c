/* Finding the kind of destination for an address by its scheme. */
#include "gateway/destination.h"

#include <string.h>

const cg_destination *cg_destination_find(const cg_destination *destinations, const char *address,
                                          const char **ret_rest)
{
    for (const cg_destination *d = destinations; d->scheme != NULL; d++) {
        size_t length = strlen(d->scheme);
        if (g_ascii_strncasecmp(address, d->scheme, length) == 0 && address[length] == ':') {
            *ret_rest = address + length + 1;
            return d;
        }
    }
    return NULL;
}
