/* A range of IP addresses: one address, or a prefix ("192.0.2.0/24", "2001:db8::/32"). */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

typedef struct {
    uint8_t octets[16]; /* IPv4: the first four */
    uint8_t bits;       /* that count */
    bool ipv6;
} cg_ip_range;

/* False, and `ret_range` untouched, if `text` is none. Bits behind the prefix must be zero. */
bool cg_ip_range_parse(const char *text, cg_ip_range *ret_range);

/* That one address; false, and `ret_range` untouched, if it is of neither family. */
bool cg_ip_range_of_address(const struct sockaddr_storage *address, cg_ip_range *ret_range);

/* IPv4 addresses mapped into IPv6 (RFC 4291 section 2.5.5.2) are what they map. */
bool cg_ip_range_contains(const cg_ip_range *range, const struct sockaddr_storage *address);
