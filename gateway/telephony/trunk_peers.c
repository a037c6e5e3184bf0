/* Telling the SIP stack of trunks, and keeping what it tells of them. */
#include "gateway/telephony/trunk_peers.h"

#include "base/clock.h"
#include "base/log.h"
#include "gateway/http/metric.h"
#include "signaling/quota.h"

enum {
    MAX_AWAY_S = 300, /* a host is believed that it wants to be left alone for so long */
};

typedef struct {
    bool registers;
    uint64_t failures; /* registrations that a host refused, lost or never answered */
    GHashTable *hosts; /* of those asked by OPTIONS: host -> whether it is up; keys are owned */
    GHashTable *away;  /* of those that wanted to be left alone: host -> (owned int64_t) until then, monotonic, us */
    cg_rate rate;      /* of calls; per_second 0: no limit */
    cg_bucket calls;   /* that it takes now */
    uint64_t too_many; /* calls that it did not take */
} peer_state;

static void free_state(void *data)
{
    peer_state *state = data;
    g_hash_table_unref(state->hosts);
    g_hash_table_unref(state->away);
    g_free(state);
}

void cg_trunk_peers_init(cg_trunk_peers *peers)
{
    peers->by_name = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_state);
    peers->registrars = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
}

void cg_trunk_peers_clear(cg_trunk_peers *peers)
{
    g_clear_pointer(&peers->by_name, g_hash_table_unref);
    g_clear_pointer(&peers->registrars, g_hash_table_unref);
}

/* --- the configuration --- */

static cg_sip_peer peer_of(const cg_trunk *trunk)
{
    cg_sip_peer peer = {
        .name = trunk->name,
        .domain = trunk->domain,
        .user = trunk->user,
        .password = trunk->password,
        .register_expires_s = trunk->registers ? trunk->register_expires_s : 0,
        .register_retry_s = trunk->register_retry_s,
        .keepalive_s = trunk->keepalive_s,
    };
    for (char **host = trunk->hosts; *host != NULL; host++)
        peer.hosts[peer.host_count++] = *host;
    return peer;
}

static const cg_trunk *find_trunk(const cg_routes *routes, const char *name)
{
    for (guint i = 0; i < routes->trunks->len; i++)
        if (g_str_equal(((const cg_trunk *) routes->trunks->pdata[i])->name, name))
            return routes->trunks->pdata[i];
    return NULL;
}

static gboolean is_gone(gpointer name, gpointer value, gpointer routes)
{
    return find_trunk(routes, name) == NULL;
}

static bool has_host(const cg_trunk *trunk, const char *host)
{
    return g_strv_contains((const char *const *) trunk->hosts, host);
}

static gboolean is_no_host(gpointer host, gpointer value, gpointer trunk)
{
    return !has_host(trunk, host);
}

static gboolean is_not_asked(gpointer host, gpointer value, gpointer trunk)
{
    return ((const cg_trunk *) trunk)->keepalive_s == 0 || !has_host(trunk, host);
}

static void set_trunk(cg_trunk_peers *peers, const cg_trunk *trunk)
{
    peer_state *state = g_hash_table_lookup(peers->by_name, trunk->name);
    cg_rate rate = {trunk->max_calls_per_s, trunk->max_calls_per_s};
    if (state == NULL) {
        state = g_new0(peer_state, 1);
        state->hosts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        state->away = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        g_hash_table_insert(peers->by_name, g_strdup(trunk->name), state);
    }
    if (state->rate.per_second != rate.per_second)
        cg_bucket_init(&state->calls, &rate, cg_clock_monotonic_us());
    state->rate = rate;
    state->registers = trunk->registers;
    if (!trunk->registers)
        g_hash_table_remove(peers->registrars, trunk->name);
    g_hash_table_foreach_remove(state->hosts, is_not_asked, (gpointer) trunk);
    g_hash_table_foreach_remove(state->away, is_no_host, (gpointer) trunk);
}

void cg_trunk_peers_set_routes(cg_trunk_peers *peers, cg_sip *sip, const cg_routes *routes)
{
    g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(cg_sip_peer));
    g_hash_table_foreach_remove(peers->by_name, is_gone, (gpointer) routes);
    g_hash_table_foreach_remove(peers->registrars, is_gone, (gpointer) routes);
    for (guint i = 0; i < routes->trunks->len; i++) {
        cg_sip_peer peer = peer_of(routes->trunks->pdata[i]);
        set_trunk(peers, routes->trunks->pdata[i]);
        g_array_append_val(list, peer);
    }
    cg_sip_set_peers(sip, (const cg_sip_peer *) list->data, list->len);
}

/* --- what the stack tells --- */

static void keep_registration(cg_trunk_peers *peers, const cg_trunk *trunk, const cg_sip_event *event)
{
    if (event->kind == CG_SIP_REGISTERED) {
        g_hash_table_replace(peers->registrars, g_strdup(trunk->name),
                             g_memdup2(&event->registrar, sizeof event->registrar));
        return;
    }
    g_hash_table_remove(peers->registrars, trunk->name);
    ((peer_state *) g_hash_table_lookup(peers->by_name, trunk->name))->failures++;
}

static void keep_host(cg_trunk_peers *peers, const cg_trunk *trunk, const cg_sip_event *event)
{
    peer_state *state = g_hash_table_lookup(peers->by_name, trunk->name);
    g_hash_table_replace(state->hosts, g_strdup(event->peer_host), GINT_TO_POINTER(event->kind == CG_SIP_HOST_UP));
}

static bool is_away(const peer_state *state, const char *host, int64_t now_us)
{
    const int64_t *until_us = g_hash_table_lookup(state->away, host);
    return until_us != NULL && *until_us > now_us;
}

void cg_trunk_peers_away(cg_trunk_peers *peers, const cg_trunk *trunk, const char *host, unsigned seconds)
{
    peer_state *state = g_hash_table_lookup(peers->by_name, trunk->name);
    int64_t now_us = cg_clock_monotonic_us(), until_us = now_us + MIN(seconds, MAX_AWAY_S) * G_USEC_PER_SEC;
    if (state == NULL) /* of a configuration before this */
        return;
    if (!is_away(state, host, now_us))
        cg_log(CG_LOG_WARNING, "sip.host_away", CG_LOG_TEXT("account", trunk->account.text),
               CG_LOG_TEXT("trunk", trunk->name), CG_LOG_TEXT("host", host), CG_LOG_NUMBER("retry_after_s", seconds));
    g_hash_table_replace(state->away, g_strdup(host), g_memdup2(&until_us, sizeof until_us));
}

static const struct {
    const char *name;
    cg_log_level level;
} events[] = {
    [CG_SIP_REGISTERED] = {"sip.registered", CG_LOG_INFO},
    [CG_SIP_REGISTRATION_FAILED] = {"sip.registration_failed", CG_LOG_WARNING},
    [CG_SIP_HOST_UP] = {"sip.host_up", CG_LOG_INFO},
    [CG_SIP_HOST_DOWN] = {"sip.host_down", CG_LOG_WARNING},
};

/* It may be of a configuration before this. */
static bool is_of_today(const cg_trunk *trunk, const cg_sip_event *event)
{
    if (trunk == NULL || !has_host(trunk, event->peer_host))
        return false;
    switch (event->kind) {
    case CG_SIP_REGISTERED:
    case CG_SIP_REGISTRATION_FAILED:
        return trunk->registers;
    case CG_SIP_HOST_AWAY:
        return true;
    default:
        return trunk->keepalive_s > 0;
    }
}

void cg_trunk_peers_event(cg_trunk_peers *peers, const cg_routes *routes, const cg_sip_event *event)
{
    const cg_trunk *trunk = find_trunk(routes, event->peer);
    if (!is_of_today(trunk, event))
        return;
    if (event->kind == CG_SIP_HOST_AWAY) {
        cg_trunk_peers_away(peers, trunk, event->peer_host, event->retry_after_s);
        return;
    }
    if (event->kind == CG_SIP_REGISTERED || event->kind == CG_SIP_REGISTRATION_FAILED)
        keep_registration(peers, trunk, event);
    else
        keep_host(peers, trunk, event);
    cg_log(events[event->kind].level, events[event->kind].name, CG_LOG_TEXT("account", trunk->account.text),
           CG_LOG_TEXT("trunk", trunk->name), CG_LOG_TEXT("host", event->peer_host),
           CG_LOG_NUMBER("status", event->status));
}

/* --- what calls ask --- */

void cg_trunk_peers_down(const cg_trunk_peers *peers, const cg_trunk *trunk, bool ret_down[static CG_SIP_MAX_HOSTS])
{
    const peer_state *state = g_hash_table_lookup(peers->by_name, trunk->name);
    int64_t now_us = cg_clock_monotonic_us();
    gpointer up;
    for (size_t i = 0; trunk->hosts[i] != NULL; i++) {
        const char *host = trunk->hosts[i];
        bool silent = state != NULL && g_hash_table_lookup_extended(state->hosts, host, NULL, &up) && up == NULL;
        ret_down[i] = silent || (state != NULL && is_away(state, host, now_us));
    }
}

bool cg_trunk_peers_admit(cg_trunk_peers *peers, const cg_trunk *trunk, int64_t now_us)
{
    peer_state *state = g_hash_table_lookup(peers->by_name, trunk->name);
    if (state->rate.per_second == 0 || cg_bucket_take(&state->calls, &state->rate, now_us))
        return true;
    state->too_many++;
    return false;
}

/* --- metrics --- */

static void print_registered(GString *page, const char *name, const char *trunk, const peer_state *state,
                             const cg_trunk_peers *peers)
{
    if (state->registers)
        g_string_append_printf(page, "%s{trunk=\"%s\"} %d\n", name, trunk,
                               g_hash_table_contains(peers->registrars, trunk));
}

static void print_failures(GString *page, const char *name, const char *trunk, const peer_state *state,
                           const cg_trunk_peers *peers)
{
    if (state->registers)
        g_string_append_printf(page, "%s{trunk=\"%s\"} %" G_GUINT64_FORMAT "\n", name, trunk, state->failures);
}

static void print_hosts(GString *page, const char *name, const char *trunk, const peer_state *state,
                        const cg_trunk_peers *peers)
{
    g_autoptr(GList) hosts = g_list_sort(g_hash_table_get_keys(state->hosts), (GCompareFunc) g_strcmp0);
    for (GList *at = hosts; at != NULL; at = at->next)
        g_string_append_printf(page, "%s{trunk=\"%s\",host=\"%s\"} %d\n", name, trunk, (const char *) at->data,
                               g_hash_table_lookup(state->hosts, at->data) != NULL);
}

static void print_away(GString *page, const char *name, const char *trunk, const peer_state *state,
                       const cg_trunk_peers *peers)
{
    g_autoptr(GList) hosts = g_list_sort(g_hash_table_get_keys(state->away), (GCompareFunc) g_strcmp0);
    int64_t now_us = cg_clock_monotonic_us();
    for (GList *at = hosts; at != NULL; at = at->next)
        g_string_append_printf(page, "%s{trunk=\"%s\",host=\"%s\"} %d\n", name, trunk, (const char *) at->data,
                               is_away(state, at->data, now_us));
}

static void print_too_many(GString *page, const char *name, const char *trunk, const peer_state *state,
                           const cg_trunk_peers *peers)
{
    if (state->rate.per_second > 0)
        g_string_append_printf(page, "%s{trunk=\"%s\"} %" G_GUINT64_FORMAT "\n", name, trunk, state->too_many);
}

static const struct {
    const char *name, *type, *help;
    void (*print)(GString *page, const char *name, const char *trunk, const peer_state *state,
                  const cg_trunk_peers *peers);
} metrics[] = {
    {"trunk_registered", "gauge", "1 while the registrar has us registered.", print_registered},
    {"trunk_registration_failures_total", "counter", "Registrations that a host refused, lost or never answered.",
     print_failures},
    {"trunk_host_up", "gauge", "1 while the host answers OPTIONS.", print_hosts},
    {"trunk_host_away", "gauge", "1 while the host wants to be left alone (503 with Retry-After).", print_away},
    {"trunk_rate_refusals_total", "counter", "Calls over max_calls_per_s.", print_too_many},
};

void cg_trunk_peers_print(const cg_trunk_peers *peers, const char *prefix, GString *page)
{
    g_autoptr(GList) trunks = g_list_sort(g_hash_table_get_keys(peers->by_name), (GCompareFunc) g_strcmp0);
    for (size_t i = 0; i < G_N_ELEMENTS(metrics); i++) {
        g_autofree char *name = g_strconcat(prefix, metrics[i].name, NULL);
        cg_metric_describe(page, name, metrics[i].type, metrics[i].help);
        for (GList *at = trunks; at != NULL; at = at->next)
            metrics[i].print(page, name, at->data, g_hash_table_lookup(peers->by_name, at->data), peers);
    }
}
