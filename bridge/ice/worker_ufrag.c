/* The alphabet of ice-chars as numbers. */
#include "bridge/ice/worker_ufrag.h"

#include <glib.h>
#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

G_STATIC_ASSERT(sizeof alphabet - 1 == CG_MAX_WORKERS);

void cg_ufrag_set_worker(char *ufrag, unsigned worker)
{
    g_assert(worker < CG_MAX_WORKERS && ufrag[0] != '\0');
    ufrag[0] = alphabet[worker];
}

bool cg_ufrag_get_worker(const char *ufrag, unsigned *ret_worker)
{
    const char *at = ufrag[0] != '\0' ? strchr(alphabet, ufrag[0]) : NULL;
    if (at == NULL)
        return false;
    *ret_worker = (unsigned) (at - alphabet);
    return true;
}
