/* A floor or a peer may be in several sets. */
#include "tests/bench/target_sets.h"

#include <stdio.h>

static const struct {
    const target *target;
    target_set set;
} members[] = {
    {&target_floor, TARGETS_WEBRTC},
    {&target_srtp_floor, TARGETS_WEBRTC},
    {&target_callgate, TARGETS_WEBRTC},
    {&target_janus_echo, TARGETS_WEBRTC},
    {&target_janus_call, TARGETS_WEBRTC},
    {&target_janus_threads, TARGETS_WEBRTC},
    {&target_rtpengine, TARGETS_WEBRTC},
    {&target_rtpengine_plain, TARGETS_WEBRTC},
    {&target_floor, TARGETS_TRUNK},
    {&target_callgate_trunk, TARGETS_TRUNK},
    {&target_rtpengine_plain, TARGETS_TRUNK},
    {&target_callgate_translating, TARGETS_TRANSLATING},
    {&target_rtpengine_translating, TARGETS_TRANSLATING},
};

static bool is_known(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(members); i++)
        if (g_str_equal(members[i].target->key, name))
            return true;
    return false;
}

bool target_sets_know(const char *only)
{
    g_auto(GStrv) names = only != NULL ? g_strsplit(only, ",", -1) : NULL;
    for (char **name = names; name != NULL && *name != NULL; name++) {
        if (!is_known(*name)) {
            fprintf(stderr, "bench-compare: there is no target %s\n", *name);
            return false;
        }
    }
    return true;
}

GPtrArray *target_sets_choose(target_set set, const char *only)
{
    g_auto(GStrv) names = only != NULL ? g_strsplit(only, ",", -1) : NULL;
    GPtrArray *chosen = g_ptr_array_new();
    for (size_t i = 0; i < G_N_ELEMENTS(members); i++)
        if (members[i].set == set &&
            (names == NULL || g_strv_contains((const char *const *) names, members[i].target->key)))
            g_ptr_array_add(chosen, (void *) members[i].target);
    return chosen;
}
