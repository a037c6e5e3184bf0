/* The address of a peer: as text for logs, and as the key under which its connections are counted. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>

typedef struct {
    char text[INET6_ADDRSTRLEN]; /* "192.0.2.1"; IPv4-mapped IPv6 as IPv4 */
    char key[INET6_ADDRSTRLEN];  /* the address; of IPv6 the /64, because one host has all of it */
    bool is_loopback;
} cg_peer_address;

/* Anything but AF_INET and AF_INET6 is the address "?". */
void cg_peer_address_read(const struct sockaddr *address, cg_peer_address *ret_peer);
