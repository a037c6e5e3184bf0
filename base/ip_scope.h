/* How far an IP address reaches, by the registries of special addresses (RFC 6890): whether it may be somebody else's
 * on the Internet, or is of the own network, link or host alone. */
#pragma once

#include <sys/socket.h>

/* The nearer, the greater. */
typedef enum {
    CG_IP_PUBLIC,
    CG_IP_PRIVATE,    /* RFC 1918, RFC 6598 (carriers' NAT), RFC 4193, local NAT64 prefixes (RFC 8215) */
    CG_IP_LINK_LOCAL, /* RFC 3927, RFC 4291 section 2.5.6 */
    CG_IP_LOOPBACK,
    CG_IP_NOBODY, /* no host's: unspecified, multicast, broadcast, reserved */
} cg_ip_scope;

/* IPv6 addresses that stand for an IPv4 one have its scope: mapped and compatible ones (RFC 4291 section 2.5.5), those
 * of NAT64 (RFC 6052 section 2.1) and 6to4 (RFC 3056). Ports do not matter; no IP address is NOBODY's. */
cg_ip_scope cg_ip_scope_of(const struct sockaddr_storage *address);

const char *cg_ip_scope_name(cg_ip_scope scope); /* "link_local", for logs */
