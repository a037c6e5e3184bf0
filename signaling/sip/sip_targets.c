/* The order in Sofia-SIP's cache is the order in which it tries targets. */
#include "signaling/sip/sip_targets.h"

#include "signaling/sip/sip_peer.h"

#include <arpa/inet.h>
#include <sofia-resolv/sres_cache.h>
#include <sofia-resolv/sres_record.h>
#include <string.h>

enum {
    BEHIND_S = 30,      /* one that failed is tried behind the others, */
    MAX_BEHIND_S = 300, /* ... or for as long as it said, within this */
};

cg_sip_names *cg_sip_names_new(void)
{
    return sres_cache_new(0);
}

void cg_sip_names_free(cg_sip_names *names)
{
    sres_cache_unref(names);
}

static bool has_records(cg_sip_names *names, uint16_t type, const char *domain, sres_record_t ***ret_records)
{
    return sres_cache_get(names, type, domain, ret_records) > 0;
}

/* Names of SRV that the host may have been found by. */
static GPtrArray *services_of(cg_sip_names *names, const char *host)
{
    GPtrArray *services = g_ptr_array_new_with_free_func(g_free);
    size_t length = cg_sip_host_length(host);
    if (host[0] == '[' || host[length] == ':')
        return services;
    g_autofree char *domain = g_strdup_printf("%.*s.", (int) length, host);
    for (const char *const *label = (const char *const[]){"_sip._udp", "_sip._tcp", "_sips._tcp", NULL}; *label;
         label++)
        g_ptr_array_add(services, g_strdup_printf("%s.%s", *label, domain));
    sres_record_t **records;
    if (!has_records(names, sres_type_naptr, domain, &records))
        return services;
    for (size_t i = 0; records[i] != NULL; i++)
        if (records[i]->sr_record->r_status == 0 &&
            !g_ptr_array_find_with_equal_func(services, records[i]->sr_naptr->na_replace, (GEqualFunc) g_str_equal,
                                              NULL))
            g_ptr_array_add(services, g_strdup(records[i]->sr_naptr->na_replace));
    sres_cache_free_answers(names, records);
    return services;
}

static bool has_address(cg_sip_names *names, const char *target, const struct sockaddr_storage *address)
{
    bool ipv6 = address->ss_family == AF_INET6, found = false;
    sres_record_t **records;
    if (!has_records(names, ipv6 ? sres_type_aaaa : sres_type_a, target, &records))
        return false;
    for (size_t i = 0; records[i] != NULL && !found; i++)
        found = records[i]->sr_record->r_status == 0 &&
                (ipv6 ? memcmp(&records[i]->sr_aaaa->aaaa_addr, &((const struct sockaddr_in6 *) address)->sin6_addr,
                               sizeof(struct in6_addr)) == 0
                      : records[i]->sr_a->a_addr.s_addr == ((const struct sockaddr_in *) address)->sin_addr.s_addr);
    sres_cache_free_answers(names, records);
    return found;
}

static bool is_at(cg_sip_names *names, const sres_srv_record_t *target, const struct sockaddr_storage *address)
{
    in_port_t port = address->ss_family == AF_INET6 ? ((const struct sockaddr_in6 *) address)->sin6_port
                                                    : ((const struct sockaddr_in *) address)->sin_port;
    return target->srv_port == ntohs(port) && has_address(names, target->srv_target, address);
}

static bool was_tried(const sres_srv_record_t *target, GPtrArray *tried, bool add)
{
    g_autofree char *text = g_strdup_printf("%s:%u", target->srv_target, target->srv_port);
    bool found = g_ptr_array_find_with_equal_func(tried, text, (GEqualFunc) g_str_equal, NULL);
    if (!found && add)
        g_ptr_array_add(tried, g_steal_pointer(&text));
    return found;
}

/* Of one service's targets. */
static bool give_way(cg_sip_names *names, const char *service, const struct sockaddr_storage *address, unsigned seconds,
                     GPtrArray *tried)
{
    sres_record_t **records;
    unsigned last = 0;
    bool failed = false, again = false, others = false;
    if (!has_records(names, sres_type_srv, service, &records))
        return false;
    for (size_t i = 0; records[i] != NULL; i++)
        if (records[i]->sr_record->r_status == 0)
            last = MAX(last, records[i]->sr_srv->srv_priority);
    for (size_t i = 0; records[i] != NULL; i++) {
        const sres_srv_record_t *target = records[i]->sr_srv;
        if (records[i]->sr_record->r_status != 0 || !is_at(names, target, address))
            continue;
        failed = true;
        again |= was_tried(target, tried, true);
        sres_cache_set_srv_priority(names, service, target->srv_target, target->srv_port, seconds,
                                    (uint16_t) MIN(last + 1, UINT16_MAX));
    }
    for (size_t i = 0; records[i] != NULL; i++)
        others |= records[i]->sr_record->r_status == 0 && !was_tried(records[i]->sr_srv, tried, false);
    sres_cache_free_answers(names, records);
    return failed && !again && others;
}

bool cg_sip_targets_next(cg_sip *sip, const char *host, const sip_t *refusal, GPtrArray **tried)
{
    struct sockaddr_storage address;
    unsigned seconds = BEHIND_S;
    bool next = false;
    if (refusal == NULL || !cg_sip_read_source(sip->nua, &address))
        return false;
    if (refusal->sip_status->st_status == 503 && refusal->sip_retry_after != NULL)
        seconds = (unsigned) CLAMP(refusal->sip_retry_after->af_delta, 1, MAX_BEHIND_S);
    if (*tried == NULL)
        *tried = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) services = services_of(sip->names, host);
    for (guint i = 0; i < services->len; i++)
        next |= give_way(sip->names, services->pdata[i], &address, seconds, *tried);
    return next;
}
