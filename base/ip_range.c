/* Comparing addresses by their first bits. */
#include "base/ip_range.h"

#include <arpa/inet.h>
#include <string.h>

#include <glib.h>

/* Whether the first `bits` of both are the same. */
static bool same_prefix(const uint8_t *a, const uint8_t *b, unsigned bits)
{
    unsigned whole = bits / 8, rest = bits % 8;
    if (memcmp(a, b, whole) != 0)
        return false;
    return rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0;
}

static bool rest_is_zero(const uint8_t *octets, unsigned size, unsigned bits)
{
    for (unsigned i = bits; i < size * 8; i++)
        if (octets[i / 8] & (0x80 >> i % 8))
            return false;
    return true;
}

bool cg_ip_range_parse(const char *text, cg_ip_range *ret_range)
{
    g_auto(GStrv) parts = g_strsplit(text, "/", 2);
    cg_ip_range range = {.ipv6 = strchr(text, ':') != NULL};
    unsigned size = range.ipv6 ? 16 : 4;
    guint64 bits = size * 8;
    if (parts[0] == NULL || inet_pton(range.ipv6 ? AF_INET6 : AF_INET, parts[0], range.octets) != 1)
        return false;
    if (parts[1] != NULL && !g_ascii_string_to_unsigned(parts[1], 10, 0, size * 8, &bits, NULL))
        return false;
    if (!rest_is_zero(range.octets, size, (unsigned) bits))
        return false;
    range.bits = (uint8_t) bits;
    *ret_range = range;
    return true;
}

bool cg_ip_range_of_address(const struct sockaddr_storage *address, cg_ip_range *ret_range)
{
    cg_ip_range range = {.ipv6 = address->ss_family == AF_INET6};
    if (address->ss_family != AF_INET && address->ss_family != AF_INET6)
        return false;
    range.bits = range.ipv6 ? 128 : 32;
    if (range.ipv6)
        memcpy(range.octets, &((const struct sockaddr_in6 *) address)->sin6_addr, 16);
    else
        memcpy(range.octets, &((const struct sockaddr_in *) address)->sin_addr, 4);
    *ret_range = range;
    return true;
}

bool cg_ip_range_contains(const cg_ip_range *range, const struct sockaddr_storage *address)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    if (address->ss_family == AF_INET)
        return !range->ipv6 && same_prefix((const uint8_t *) &((const struct sockaddr_in *) address)->sin_addr,
                                           range->octets, range->bits);
    if (address->ss_family != AF_INET6)
        return false;
    const uint8_t *octets = ((const struct sockaddr_in6 *) address)->sin6_addr.s6_addr;
    if (!range->ipv6)
        return memcmp(octets, mapped, sizeof mapped) == 0 && same_prefix(octets + 12, range->octets, range->bits);
    return same_prefix(octets, range->octets, range->bits);
}
