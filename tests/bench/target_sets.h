/* Which targets are compared with each other. */
#pragma once

#include "tests/bench/target.h"

#include <glib.h>

typedef enum {
    TARGETS_WEBRTC,      /* from browser to browser */
    TARGETS_TRUNK,       /* from a phone to a browser, what both have passes through */
    TARGETS_TRANSLATING, /* from a phone to a browser, translated */
} target_set;

/* Whether each of the names (comma between; NULL: none) is a target's key; complains if not. */
bool target_sets_know(const char *only);
/* A GPtrArray of target: those of the set that `only` (NULL: all) names. */
GPtrArray *target_sets_choose(target_set set, const char *only);
