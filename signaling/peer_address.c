/* Peer addresses. Pure. */
#include "signaling/peer_address.h"

#include <arpa/inet.h>
#include <glib.h>
#include <string.h>

static void read_ipv4(const struct in_addr *address, cg_peer_address *ret_peer)
{
    inet_ntop(AF_INET, address, ret_peer->text, sizeof(ret_peer->text));
    g_strlcpy(ret_peer->key, ret_peer->text, sizeof(ret_peer->key));
    ret_peer->is_loopback = (ntohl(address->s_addr) >> 24) == 127;
}

static void read_ipv6(const struct in6_addr *address, cg_peer_address *ret_peer)
{
    struct in6_addr network = *address;

    if (IN6_IS_ADDR_V4MAPPED(address)) {
        struct in_addr mapped;

        memcpy(&mapped, &address->s6_addr[12], sizeof(mapped));
        read_ipv4(&mapped, ret_peer);
        return;
    }
    memset(&network.s6_addr[8], 0, 8);
    inet_ntop(AF_INET6, address, ret_peer->text, sizeof(ret_peer->text));
    inet_ntop(AF_INET6, &network, ret_peer->key, sizeof(ret_peer->key));
    ret_peer->is_loopback = IN6_IS_ADDR_LOOPBACK(address);
}

void cg_peer_address_read(const struct sockaddr *address, cg_peer_address *ret_peer)
{
    *ret_peer = (cg_peer_address){.text = "?", .key = "?"};
    if (address->sa_family == AF_INET)
        read_ipv4(&((const struct sockaddr_in *) (const void *) address)->sin_addr, ret_peer);
    else if (address->sa_family == AF_INET6)
        read_ipv6(&((const struct sockaddr_in6 *) (const void *) address)->sin6_addr, ret_peer);
}
