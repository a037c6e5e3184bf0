/* Addresses: from configuration or getifaddrs, to sockets and candidates. Runs at start only. */
#include "bridge/transport/addresses.h"

#include "base/ip_address.h"

#include <arpa/inet.h>
#include <glib.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <string.h>

bool cg_addresses_equal(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
    size_t size_a, size_b;
    const uint8_t *octets_a = cg_ip_address_octets(a, &size_a), *octets_b = cg_ip_address_octets(b, &size_b);
    return size_a == size_b && memcmp(octets_a, octets_b, size_a) == 0;
}

static void add(struct sockaddr_storage *list, size_t *count, const struct sockaddr_storage *address)
{
    for (size_t i = 0; i < *count; i++)
        if (cg_addresses_equal(&list[i], address))
            return;
    if (*count < CG_MAX_ADDRESSES)
        list[(*count)++] = *address;
}

static bool parse_list(const char *option, const char *const *texts, struct sockaddr_storage *list, size_t *count,
                       char **ret_error)
{
    for (; texts != NULL && *texts != NULL; texts++) {
        struct sockaddr_storage address;
        if (!cg_ip_address_parse(*texts, &address)) {
            *ret_error = g_strdup_printf("%s: \"%s\" is not an IP address", option, *texts);
            return false;
        }
        add(list, count, &address);
    }
    return true;
}

static bool is_link_local(const struct sockaddr_storage *address)
{
    size_t size;
    const uint8_t *octets = cg_ip_address_octets(address, &size);
    return size == 4 ? octets[0] == 169 && octets[1] == 254 : octets[0] == 0xfe && (octets[1] & 0xc0) == 0x80;
}

/* A copy without port, scope and flow, as the lists hold them. */
static bool copy_address(const struct sockaddr *from, struct sockaddr_storage *ret_address)
{
    struct sockaddr_storage address = {0};
    if (from == NULL)
        return false;
    address.ss_family = from->sa_family;
    if (from->sa_family == AF_INET)
        ((struct sockaddr_in *) &address)->sin_addr = ((const struct sockaddr_in *) from)->sin_addr;
    else if (from->sa_family == AF_INET6)
        ((struct sockaddr_in6 *) &address)->sin6_addr = ((const struct sockaddr_in6 *) from)->sin6_addr;
    else
        return false;
    *ret_address = address;
    return true;
}

static void find(cg_addresses *addresses, bool loopback)
{
    struct ifaddrs *interfaces = NULL;
    if (getifaddrs(&interfaces) != 0)
        return;
    for (const struct ifaddrs *i = interfaces; i != NULL; i = i->ifa_next) {
        struct sockaddr_storage address;
        bool wanted = (i->ifa_flags & IFF_UP) && loopback == !!(i->ifa_flags & IFF_LOOPBACK);
        if (wanted && copy_address(i->ifa_addr, &address) && !is_link_local(&address))
            add(addresses->found, &addresses->found_count, &address);
    }
    freeifaddrs(interfaces);
}

bool cg_addresses_read(const char *const *addresses, const char *const *advertise, cg_addresses *ret_addresses,
                       char **ret_error)
{
    cg_addresses read = {.given = addresses != NULL && *addresses != NULL};
    if (!parse_list("addresses", addresses, read.found, &read.found_count, ret_error) ||
        !parse_list("advertise", advertise, read.advertised, &read.advertised_count, ret_error))
        return false;
    if (!read.given)
        find(&read, false);
    if (read.found_count == 0)
        find(&read, true);
    if (read.found_count == 0) {
        *ret_error = g_strdup("this host has no IP address");
        return false;
    }
    *ret_addresses = read;
    return true;
}

bool cg_addresses_bind_address(const cg_addresses *addresses, int family, uint16_t port,
                               struct sockaddr_storage *ret_address)
{
    const struct sockaddr_storage *only = NULL;
    size_t count = 0;
    for (size_t i = 0; i < addresses->found_count; i++)
        if (addresses->found[i].ss_family == family)
            only = &addresses->found[i], count++;
    if (count == 0)
        return false;
    *ret_address = (struct sockaddr_storage){.ss_family = (sa_family_t) family};
    if (addresses->given && count == 1)
        *ret_address = *only;
    cg_ip_address_set_port(ret_address, port);
    return true;
}

bool cg_addresses_contain(const cg_addresses *addresses, int family, const uint8_t *octets)
{
    if (!addresses->given)
        return true;
    for (size_t i = 0; i < addresses->found_count; i++) {
        size_t size;
        const uint8_t *ours = cg_ip_address_octets(&addresses->found[i], &size);
        if (addresses->found[i].ss_family == family && memcmp(ours, octets, size) == 0)
            return true;
    }
    return false;
}

/* RFC 8445 section 5.1.2.2: type preference of host candidates. Media had better go over UDP, so TCP's is lower, but
 * above relayed ones; local preference with the direction in it would not do (RFC 6544 section 4.2: passive is 4). */
enum { HOST_PREFERENCE = 126, TCP_HOST_PREFERENCE = 90, PASSIVE_PREFERENCE = 4 << 13 };

/* Higher is better; also the coarse part of the candidate's local preference. */
static unsigned preference(const struct sockaddr_storage *address, bool advertised)
{
    size_t size;
    const uint8_t *octets = cg_ip_address_octets(address, &size);
    if (advertised)
        return 3;
    if (size == 4)
        return 1;
    return (octets[0] & 0xfe) == 0xfc ? 0 : 2; /* fc00::/7 */
}

static void add_candidate(cg_candidate *candidates, size_t *count, const struct sockaddr_storage *address, bool tcp,
                          uint16_t port, bool advertised)
{
    if (port == 0)
        return;
    /* RFC 8445 section 5.1.2.1: type preference, local preference, component 1. */
    uint32_t type_preference = tcp ? TCP_HOST_PREFERENCE : HOST_PREFERENCE;
    uint32_t local_preference = (preference(address, advertised) << 8 | 0xff) - (uint32_t) *count;
    if (tcp)
        local_preference += PASSIVE_PREFERENCE;
    cg_candidate *candidate = &candidates[(*count)++];
    *candidate = (cg_candidate){
        .address = *address,
        .priority = type_preference << 24 | local_preference << 8 | 255u,
        .tcp = tcp,
    };
    cg_ip_address_set_port(&candidate->address, port);
    g_snprintf(candidate->foundation, sizeof candidate->foundation, tcp ? "t%zu" : "%zu", *count);
}

static int compare_priority(const void *a, const void *b)
{
    uint32_t first = ((const cg_candidate *) a)->priority, second = ((const cg_candidate *) b)->priority;
    return first < second ? 1 : first > second ? -1 : 0;
}

size_t cg_addresses_candidates(const cg_addresses *addresses, bool tcp, uint16_t ipv4_port, uint16_t ipv6_port,
                               cg_candidate ret_candidates[static 2 * CG_MAX_ADDRESSES])
{
    size_t count = 0;
    for (size_t i = 0; i < addresses->advertised_count; i++) {
        const struct sockaddr_storage *address = &addresses->advertised[i];
        uint16_t port = address->ss_family == AF_INET6 ? ipv6_port : ipv4_port;
        add_candidate(ret_candidates, &count, address, tcp, port, true);
    }
    for (size_t i = 0; i < addresses->found_count; i++) {
        const struct sockaddr_storage *address = &addresses->found[i];
        uint16_t port = address->ss_family == AF_INET6 ? ipv6_port : ipv4_port;
        add_candidate(ret_candidates, &count, address, tcp, port, false);
    }
    qsort(ret_candidates, count, sizeof *ret_candidates, compare_priority);
    return count;
}
