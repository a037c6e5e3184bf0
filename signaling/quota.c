/* Token buckets and counters. Pure: time is an argument. */
#include "signaling/quota.h"

#include <glib.h>

struct cg_counters {
    GHashTable *held; /* key (owned text) -> GUINT_TO_POINTER(count), never 0 */
};

void cg_bucket_init(cg_bucket *bucket, const cg_rate *rate, int64_t now_us)
{
    *bucket = (cg_bucket){.tokens = rate->burst, .refilled_us = now_us};
}

bool cg_bucket_take(cg_bucket *bucket, const cg_rate *rate, int64_t now_us)
{
    double earned = (double) MAX(now_us - bucket->refilled_us, 0) * rate->per_second / 1e6;

    bucket->tokens = MIN(bucket->tokens + earned, rate->burst);
    bucket->refilled_us = now_us;
    if (bucket->tokens < 1)
        return false;
    bucket->tokens -= 1;
    return true;
}

cg_counters *cg_counters_new(void)
{
    cg_counters *counters = g_new0(cg_counters, 1);

    counters->held = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return counters;
}

void cg_counters_free(cg_counters *counters)
{
    if (!counters)
        return;
    g_hash_table_unref(counters->held);
    g_free(counters);
}

unsigned cg_counters_get(const cg_counters *counters, const char *key)
{
    return GPOINTER_TO_UINT(g_hash_table_lookup(counters->held, key));
}

void cg_counters_enter(cg_counters *counters, const char *key)
{
    unsigned count = cg_counters_get(counters, key);

    g_hash_table_replace(counters->held, g_strdup(key), GUINT_TO_POINTER(count + 1));
}

void cg_counters_leave(cg_counters *counters, const char *key)
{
    unsigned count = cg_counters_get(counters, key);

    g_assert(count > 0);
    if (count == 1)
        g_hash_table_remove(counters->held, key);
    else
        g_hash_table_replace(counters->held, g_strdup(key), GUINT_TO_POINTER(count - 1));
}
