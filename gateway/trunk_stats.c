/* Counting, and printing what was counted. Trunk names are checked when the configuration is read: none needs escaping
 * as a label. */
#include "gateway/trunk_stats.h"

static const char *const direction_names[CG_TRUNK_DIRECTIONS] = {[CG_TRUNK_OUT] = "out", [CG_TRUNK_IN] = "in"};

void cg_trunk_stats_init(cg_trunk_stats *stats)
{
    stats->by_name = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
}

void cg_trunk_stats_clear(cg_trunk_stats *stats)
{
    g_clear_pointer(&stats->by_name, g_hash_table_unref);
}

cg_trunk_counts *cg_trunk_stats_of(cg_trunk_stats *stats, const char *name)
{
    cg_trunk_counts *counts = g_hash_table_lookup(stats->by_name, name);
    if (counts == NULL) {
        counts = g_new0(cg_trunk_counts, 1);
        g_hash_table_insert(stats->by_name, g_strdup(name), counts);
    }
    return counts;
}

void cg_trunk_counts_failure(cg_trunk_counts *counts, cg_trunk_direction direction, unsigned status)
{
    counts->failures[direction][MIN(status, CG_TRUNK_STATUSES - 1)]++;
}

static void describe(GString *page, const char *prefix, const char *name, const char *type, const char *help)
{
    g_string_append_printf(page, "# HELP %s%s %s\n# TYPE %s%s %s\n", prefix, name, help, prefix, name, type);
}

static void print_failures(GString *page, const char *prefix, const char *trunk, const cg_trunk_counts *counts)
{
    for (cg_trunk_direction d = 0; d < CG_TRUNK_DIRECTIONS; d++)
        for (unsigned status = 0; status < CG_TRUNK_STATUSES; status++)
            if (counts->failures[d][status] > 0)
                g_string_append_printf(
                    page, "%strunk_failures_total{trunk=\"%s\",direction=\"%s\",status=\"%u\"} %" G_GUINT64_FORMAT "\n",
                    prefix, trunk, direction_names[d], status, counts->failures[d][status]);
}

static void print_by_direction(GString *page, const char *prefix, const char *name, const char *trunk,
                               const uint64_t values[static CG_TRUNK_DIRECTIONS])
{
    for (cg_trunk_direction d = 0; d < CG_TRUNK_DIRECTIONS; d++)
        g_string_append_printf(page, "%s%s{trunk=\"%s\",direction=\"%s\"} %" G_GUINT64_FORMAT "\n", prefix, name, trunk,
                               direction_names[d], values[d]);
}

void cg_trunk_stats_print(const cg_trunk_stats *stats, const char *prefix, GString *page)
{
    g_autoptr(GList) names = g_list_sort(g_hash_table_get_keys(stats->by_name), (GCompareFunc) g_strcmp0);
    describe(page, prefix, "trunk_calls", "gauge", "Calls on a trunk.");
    for (GList *at = names; at != NULL; at = at->next)
        g_string_append_printf(page, "%strunk_calls{trunk=\"%s\"} %u\n", prefix, (const char *) at->data,
                               ((cg_trunk_counts *) g_hash_table_lookup(stats->by_name, at->data))->calls);
    describe(page, prefix, "trunk_attempts_total", "counter", "Calls placed to (out) and by (in) a trunk.");
    for (GList *at = names; at != NULL; at = at->next)
        print_by_direction(page, prefix, "trunk_attempts_total", at->data,
                           ((cg_trunk_counts *) g_hash_table_lookup(stats->by_name, at->data))->attempts);
    describe(page, prefix, "trunk_answers_total", "counter", "Calls that were answered.");
    for (GList *at = names; at != NULL; at = at->next)
        print_by_direction(page, prefix, "trunk_answers_total", at->data,
                           ((cg_trunk_counts *) g_hash_table_lookup(stats->by_name, at->data))->answers);
    describe(page, prefix, "trunk_failures_total", "counter", "Calls that were not, by SIP status.");
    for (GList *at = names; at != NULL; at = at->next)
        print_failures(page, prefix, at->data, g_hash_table_lookup(stats->by_name, at->data));
}
