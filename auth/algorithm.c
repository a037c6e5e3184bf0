/* The signature algorithms of tokens, by their JWS names. `none` is not among them and never will be. */
#include "auth/directory.h"

#include <glib.h>
#include <string.h>

static const struct {
    const char *name;
    bool symmetric;
} algorithms[] = {
    [CG_ALGORITHM_HS256] = {"HS256", true},  [CG_ALGORITHM_HS384] = {"HS384", true},
    [CG_ALGORITHM_HS512] = {"HS512", true},  [CG_ALGORITHM_ES256] = {"ES256", false},
    [CG_ALGORITHM_RS256] = {"RS256", false},
};

bool cg_algorithm_parse(const char *name, cg_algorithm *ret_algorithm)
{
    /* RFC 7515 section 4.1.1: case-sensitive. */
    for (size_t i = 0; name && i < G_N_ELEMENTS(algorithms); i++) {
        if (strcmp(name, algorithms[i].name) == 0) {
            *ret_algorithm = (cg_algorithm) i;
            return true;
        }
    }
    return false;
}

const char *cg_algorithm_name(cg_algorithm algorithm)
{
    g_assert((size_t) algorithm < G_N_ELEMENTS(algorithms));
    return algorithms[algorithm].name;
}

bool cg_algorithm_is_symmetric(cg_algorithm algorithm)
{
    g_assert((size_t) algorithm < G_N_ELEMENTS(algorithms));
    return algorithms[algorithm].symmetric;
}
