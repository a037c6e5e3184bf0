/* Where this host receives plain RTP: an address of IPv4, of IPv6, or of both, which peers are told, and a range of
 * ports. Belongs to the control thread. */
#pragma once

#include "bridge/transport/addresses.h"
#include "bridge/transport/rtp_ports.h"

#define CG_RTP_FAMILIES 2 /* IPv4 and IPv6 */

typedef struct {
    const cg_addresses *addresses;                 /* outlives it */
    struct sockaddr_storage told[CG_RTP_FAMILIES]; /* one of each family that is there, the preferred one first */
    size_t told_count;
    uint16_t port_min, port_max;
} cg_rtp_host;

/* `given`: what the operator says, NULL-terminated; empty or NULL: the first of the advertised and found addresses of
 * each family, IPv4 first, since few trunks have IPv6. False and a message (g_free) if a text is no address, a family
 * is there twice, or nothing can be bound of it. */
bool cg_rtp_host_init(cg_rtp_host *host, const char *const *given, const cg_addresses *addresses, char **ret_error);

bool cg_rtp_host_has(const cg_rtp_host *host, int family);

/* Opens a pair of ports of that family (AF_UNSPEC: the preferred one) and fills in what its peer is told. False if
 * there is no such family or no pair is free. */
bool cg_rtp_host_open(const cg_rtp_host *host, int family, cg_rtp_address *ret_address,
                      int ret_fds[static CG_RTP_PORT_COUNT]);

/* The same for a peer within this process: on loopback. */
bool cg_rtp_host_open_inside(const cg_rtp_host *host, cg_rtp_address *ret_address,
                             int ret_fds[static CG_RTP_PORT_COUNT]);

/* The address is this host's own, as far as is known here. Ports do not matter. */
bool cg_rtp_host_is_here(const cg_rtp_host *host, const struct sockaddr_storage *address);
/* ... and its port may be one that the bridge itself receives plain RTP at. */
bool cg_rtp_host_is_ours(const cg_rtp_host *host, const struct sockaddr_storage *address);
