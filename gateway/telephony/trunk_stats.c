/* Counting, and printing what was counted. Trunk names are checked when the configuration is read: none needs escaping
 * as a label. */
#include "gateway/telephony/trunk_stats.h"

#include "gateway/http/metric.h"

static const char *const direction_names[CG_TRUNK_DIRECTIONS] = {[CG_TRUNK_OUT] = "out", [CG_TRUNK_IN] = "in"};

static const cg_histogram_shape post_dial_delay_shape = {
    .count = 9,
    .bounds =
        {{0.1, "0.1"}, {0.25, "0.25"}, {0.5, "0.5"}, {1, "1"}, {2, "2"}, {3, "3"}, {5, "5"}, {8, "8"}, {15, "15"}},
};
static const cg_histogram_shape jitter_shape = {
    .count = 6,
    .bounds = {{0.002, "0.002"}, {0.005, "0.005"}, {0.01, "0.01"}, {0.02, "0.02"}, {0.05, "0.05"}, {0.1, "0.1"}},
};
/* The limits are those of the classes of users' satisfaction in G.107 annex B. */
static const cg_histogram_shape mos_shape = {
    .count = 5,
    .bounds = {{2.58, "2.58"}, {3.1, "3.1"}, {3.6, "3.6"}, {4.03, "4.03"}, {4.34, "4.34"}},
};

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

void cg_trunk_counts_dialled(cg_trunk_counts *counts, int64_t post_dial_delay_us)
{
    cg_histogram_add(&counts->post_dial_delay, &post_dial_delay_shape, (double) post_dial_delay_us / 1e6);
}

void cg_trunk_counts_ended(cg_trunk_counts *counts, const cg_trunk_call *call)
{
    for (cg_codec codec = 0; codec < CG_CODEC_COUNT; codec++)
        counts->codecs[codec] += g_str_equal(cg_codec_get_info(codec)->name, call->codec);
    counts->translated += call->translated;
    counts->packets += call->packets;
    counts->lost += call->lost;
    if (call->mos == 0)
        return;
    cg_histogram_add(&counts->jitter, &jitter_shape, call->jitter_us / 1e6);
    cg_histogram_add(&counts->mos, &mos_shape, call->mos);
}

/* --- printing --- */

typedef struct {
    GString *page;
    const char *name;  /* of the metric, its prefix included */
    const char *trunk; /* whose counts they are */
} printer;

static void print_value(const printer *to, uint64_t value)
{
    g_string_append_printf(to->page, "%s{trunk=\"%s\"} %" G_GUINT64_FORMAT "\n", to->name, to->trunk, value);
}

static void print_by_direction(const printer *to, const uint64_t values[static CG_TRUNK_DIRECTIONS])
{
    for (cg_trunk_direction d = 0; d < CG_TRUNK_DIRECTIONS; d++)
        g_string_append_printf(to->page, "%s{trunk=\"%s\",direction=\"%s\"} %" G_GUINT64_FORMAT "\n", to->name,
                               to->trunk, direction_names[d], values[d]);
}

static void print_histogram(const printer *to, const cg_histogram *histogram, const cg_histogram_shape *shape)
{
    g_autofree char *label = g_strdup_printf("trunk=\"%s\"", to->trunk);
    cg_histogram_print(histogram, shape, to->name, label, to->page);
}

static void print_calls(const printer *to, const cg_trunk_counts *counts)
{
    print_value(to, counts->calls);
}

static void print_attempts(const printer *to, const cg_trunk_counts *counts)
{
    print_by_direction(to, counts->attempts);
}

static void print_answers(const printer *to, const cg_trunk_counts *counts)
{
    print_by_direction(to, counts->answers);
}

static void print_failures(const printer *to, const cg_trunk_counts *counts)
{
    for (cg_trunk_direction d = 0; d < CG_TRUNK_DIRECTIONS; d++)
        for (unsigned status = 0; status < CG_TRUNK_STATUSES; status++)
            if (counts->failures[d][status] > 0)
                g_string_append_printf(to->page,
                                       "%s{trunk=\"%s\",direction=\"%s\",status=\"%u\"} %" G_GUINT64_FORMAT "\n",
                                       to->name, to->trunk, direction_names[d], status, counts->failures[d][status]);
}

static void print_post_dial_delay(const printer *to, const cg_trunk_counts *counts)
{
    print_histogram(to, &counts->post_dial_delay, &post_dial_delay_shape);
}

static void print_codecs(const printer *to, const cg_trunk_counts *counts)
{
    for (cg_codec codec = 0; codec < CG_CODEC_COUNT; codec++)
        if (cg_codec_get_info(codec)->speech)
            g_string_append_printf(to->page, "%s{trunk=\"%s\",codec=\"%s\"} %" G_GUINT64_FORMAT "\n", to->name,
                                   to->trunk, cg_codec_get_info(codec)->name, counts->codecs[codec]);
}

static void print_translated(const printer *to, const cg_trunk_counts *counts)
{
    print_value(to, counts->translated);
}

static void print_packets(const printer *to, const cg_trunk_counts *counts)
{
    print_value(to, counts->packets);
}

static void print_lost(const printer *to, const cg_trunk_counts *counts)
{
    print_value(to, counts->lost);
}

static void print_jitter(const printer *to, const cg_trunk_counts *counts)
{
    print_histogram(to, &counts->jitter, &jitter_shape);
}

static void print_mos(const printer *to, const cg_trunk_counts *counts)
{
    print_histogram(to, &counts->mos, &mos_shape);
}

static const struct {
    const char *name, *type, *help;
    void (*print)(const printer *to, const cg_trunk_counts *counts);
} metrics[] = {
    {"trunk_calls", "gauge", "Calls on a trunk.", print_calls},
    {"trunk_attempts_total", "counter", "Calls placed to (out) and by (in) a trunk.", print_attempts},
    {"trunk_answers_total", "counter", "Calls that were answered.", print_answers},
    {"trunk_failures_total", "counter", "Calls that were not, by SIP status.", print_failures},
    {"trunk_post_dial_delay_seconds", "histogram", "From the INVITE to the first 18x or 200 of a called phone.",
     print_post_dial_delay},
    {"trunk_codec_calls_total", "counter", "Answered calls that ended, by the codec spoken with the trunk.",
     print_codecs},
    {"trunk_translated_calls_total", "counter", "Those of them that were translated.", print_translated},
    {"trunk_packets_received_total", "counter", "RTP packets that came over a trunk in calls that ended.",
     print_packets},
    {"trunk_packets_lost_total", "counter", "And those that were sent but did not come.", print_lost},
    {"trunk_jitter_seconds", "histogram", "Interarrival jitter of a trunk's RTP when the call ended.", print_jitter},
    {"trunk_mos", "histogram", "Estimated opinion (MOS, E-model) of the speech that came over a trunk.", print_mos},
};

void cg_trunk_stats_print(const cg_trunk_stats *stats, const char *prefix, GString *page)
{
    g_autoptr(GList) names = g_list_sort(g_hash_table_get_keys(stats->by_name), (GCompareFunc) g_strcmp0);
    for (size_t i = 0; i < G_N_ELEMENTS(metrics); i++) {
        g_autofree char *name = g_strconcat(prefix, metrics[i].name, NULL);
        cg_metric_describe(page, name, metrics[i].type, metrics[i].help);
        for (GList *at = names; at != NULL; at = at->next)
            metrics[i].print(&(printer){.page = page, .name = name, .trunk = at->data},
                             g_hash_table_lookup(stats->by_name, at->data));
    }
}
