/* A table of prefixes; the first that fits. */
#include "base/ip_scope.h"

#include "base/ip_range.h"

#include <glib.h>
#include <netinet/in.h>
#include <string.h>

static const struct {
    cg_ip_range range;
    cg_ip_scope scope;
} prefixes[] = {
    {{{0}, 8, false}, CG_IP_NOBODY}, /* RFC 1122 section 3.2.1.3, "this network" */
    {{{10}, 8, false}, CG_IP_PRIVATE},
    {{{100, 64}, 10, false}, CG_IP_PRIVATE},
    {{{127}, 8, false}, CG_IP_LOOPBACK},
    {{{169, 254}, 16, false}, CG_IP_LINK_LOCAL},
    {{{172, 16}, 12, false}, CG_IP_PRIVATE},
    {{{192, 168}, 16, false}, CG_IP_PRIVATE},
    {{{224}, 3, false}, CG_IP_NOBODY}, /* multicast, reserved, broadcast */
    {{{[15] = 1}, 128, true}, CG_IP_LOOPBACK},
    {{{0}, 128, true}, CG_IP_NOBODY},
    {{{0x00, 0x64, 0xff, 0x9b, 0x00, 0x01}, 48, true}, CG_IP_PRIVATE},
    {{{0x01, 0x00}, 64, true}, CG_IP_NOBODY}, /* RFC 6666, discarded */
    {{{0xfc}, 7, true}, CG_IP_PRIVATE},
    {{{0xfe, 0x80}, 10, true}, CG_IP_LINK_LOCAL},
    {{{0xfe, 0xc0}, 10, true}, CG_IP_PRIVATE}, /* RFC 3879, site-local as it was */
    {{{0xff}, 8, true}, CG_IP_NOBODY},
};

/* Where an IPv4 address lies within an IPv6 one. Mapped ones cg_ip_range_contains deals with. */
static const struct {
    cg_ip_range range;
    unsigned offset; /* octets */
} embeddings[] = {
    {{{0}, 96, true}, 12},
    {{{[10] = 0xff, [11] = 0xff}, 96, true}, 12},
    {{{0x00, 0x64, 0xff, 0x9b}, 96, true}, 12},
    {{{0x20, 0x02}, 16, true}, 2},
};

static bool find_embedded(const struct sockaddr_storage *address, struct sockaddr_storage *ret_ipv4)
{
    const uint8_t *octets = ((const struct sockaddr_in6 *) address)->sin6_addr.s6_addr;
    for (size_t i = 0; address->ss_family == AF_INET6 && i < G_N_ELEMENTS(embeddings); i++) {
        if (!cg_ip_range_contains(&embeddings[i].range, address))
            continue;
        *ret_ipv4 = (struct sockaddr_storage){.ss_family = AF_INET};
        memcpy(&((struct sockaddr_in *) ret_ipv4)->sin_addr, octets + embeddings[i].offset, 4);
        return true;
    }
    return false;
}

cg_ip_scope cg_ip_scope_of(const struct sockaddr_storage *address)
{
    struct sockaddr_storage ipv4;
    if (address->ss_family != AF_INET && address->ss_family != AF_INET6)
        return CG_IP_NOBODY;
    for (size_t i = 0; i < G_N_ELEMENTS(prefixes); i++)
        if (cg_ip_range_contains(&prefixes[i].range, address))
            return prefixes[i].scope;
    return find_embedded(address, &ipv4) ? cg_ip_scope_of(&ipv4) : CG_IP_PUBLIC;
}

const char *cg_ip_scope_name(cg_ip_scope scope)
{
    static const char *const names[] = {
        [CG_IP_PUBLIC] = "public",     [CG_IP_PRIVATE] = "private", [CG_IP_LINK_LOCAL] = "link_local",
        [CG_IP_LOOPBACK] = "loopback", [CG_IP_NOBODY] = "nobody",
    };
    return names[scope];
}
