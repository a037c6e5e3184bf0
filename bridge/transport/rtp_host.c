/* Chosen once, at start; ports are found for each leg. */
#include "bridge/transport/rtp_host.h"

#include "base/ip_scope.h"

#include <glib.h>
#include <netinet/in.h>

static const struct sockaddr_storage *find(const cg_rtp_host *host, int family)
{
    for (size_t i = 0; i < host->told_count; i++)
        if (family == AF_UNSPEC || host->told[i].ss_family == family)
            return &host->told[i];
    return NULL;
}

static bool take_given(cg_rtp_host *host, const char *const *given, char **ret_error)
{
    cg_addresses read;
    if (!cg_addresses_read(given, NULL, &read, ret_error)) {
        g_autofree char *why = *ret_error;
        *ret_error = g_strdup_printf("rtp_address: %s", why);
        return false;
    }
    for (size_t i = 0; i < read.found_count; i++) {
        if (cg_rtp_host_has(host, read.found[i].ss_family)) {
            *ret_error = g_strdup("rtp_address: one address of IPv4 and one of IPv6 at the most");
            return false;
        }
        host->told[host->told_count++] = read.found[i];
    }
    return true;
}

static void take_first(cg_rtp_host *host, int family)
{
    cg_candidate candidates[2 * CG_MAX_ADDRESSES];
    size_t count = cg_addresses_candidates(host->addresses, false, 1, 1, candidates);
    for (size_t i = 0; i < count; i++) {
        if (candidates[i].address.ss_family != family || cg_rtp_host_has(host, family))
            continue;
        host->told[host->told_count] = candidates[i].address;
        cg_rtp_ports_set(&host->told[host->told_count++], 0);
    }
}

/* An advertised address may be of a family that no address here is of. */
static bool is_bindable(const cg_rtp_host *host, const struct sockaddr_storage *told)
{
    struct sockaddr_storage bound;
    return cg_addresses_bind_address(host->addresses, told->ss_family, 0, &bound);
}

bool cg_rtp_host_init(cg_rtp_host *host, const char *const *given, const cg_addresses *addresses, char **ret_error)
{
    host->addresses = addresses;
    host->told_count = 0;
    if (given == NULL || *given == NULL) {
        take_first(host, AF_INET);
        take_first(host, AF_INET6);
        for (size_t i = host->told_count; i-- > 0;)
            if (!is_bindable(host, &host->told[i]))
                host->told[i] = host->told[--host->told_count];
        return true;
    }
    if (!take_given(host, given, ret_error))
        return false;
    for (size_t i = 0; i < host->told_count; i++)
        if (!is_bindable(host, &host->told[i])) {
            *ret_error = g_strdup_printf("rtp_address: none of the addresses is of %s",
                                         host->told[i].ss_family == AF_INET6 ? "IPv6" : "IPv4");
            return false;
        }
    return true;
}

bool cg_rtp_host_has(const cg_rtp_host *host, int family)
{
    return find(host, family) != NULL;
}

bool cg_rtp_host_open(const cg_rtp_host *host, int family, cg_rtp_address *ret_address,
                      int ret_fds[static CG_RTP_PORT_COUNT])
{
    const struct sockaddr_storage *told = find(host, family);
    struct sockaddr_storage bound;
    if (told == NULL || !cg_addresses_bind_address(host->addresses, told->ss_family, 0, &bound) ||
        !cg_rtp_ports_open(host->port_min, host->port_max, &bound, ret_fds))
        return false;
    uint16_t port = cg_rtp_ports_get(&bound);
    *ret_address = (cg_rtp_address){.media = *told, .rtcp = *told};
    cg_rtp_ports_set(&ret_address->media, port);
    cg_rtp_ports_set(&ret_address->rtcp, (uint16_t) (port + 1));
    return true;
}

bool cg_rtp_host_open_inside(const cg_rtp_host *host, cg_rtp_address *ret_address,
                             int ret_fds[static CG_RTP_PORT_COUNT])
{
    struct sockaddr_storage bound = {0};
    struct sockaddr_in *loopback = (struct sockaddr_in *) &bound;
    *loopback = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (!cg_rtp_ports_open(host->port_min, host->port_max, &bound, ret_fds))
        return false;
    *ret_address = (cg_rtp_address){.media = bound, .rtcp = bound};
    cg_rtp_ports_set(&ret_address->rtcp, (uint16_t) (cg_rtp_ports_get(&bound) + 1));
    return true;
}

bool cg_rtp_host_is_here(const cg_rtp_host *host, const struct sockaddr_storage *address)
{
    const cg_addresses *addresses = host->addresses;
    bool here = cg_ip_scope_of(address) == CG_IP_LOOPBACK;
    for (size_t i = 0; i < host->told_count; i++)
        here = here || cg_addresses_equal(&host->told[i], address);
    for (size_t i = 0; i < addresses->found_count; i++)
        here = here || cg_addresses_equal(&addresses->found[i], address);
    for (size_t i = 0; i < addresses->advertised_count; i++)
        here = here || cg_addresses_equal(&addresses->advertised[i], address);
    return here;
}

bool cg_rtp_host_is_ours(const cg_rtp_host *host, const struct sockaddr_storage *address)
{
    uint16_t port = cg_rtp_ports_get(address);
    return port >= host->port_min && port <= host->port_max && cg_rtp_host_is_here(host, address);
}
