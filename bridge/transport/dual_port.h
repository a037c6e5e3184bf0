/* Opening a socket of each family, IPv4 and IPv6, on one port, so that our candidates differ in address only. When any
 * port will do, one that is free for the first family may be taken in the other: then another is tried. */
#pragma once

#include "bridge/transport/addresses.h"

typedef struct {
    const char *protocol; /* for messages: "UDP" */
    const char *option;   /* and who chose the port: "media.udp_port" */
    /* Opens and binds; false, and errno, if it cannot be had. */
    bool (*open)(const struct sockaddr_storage *address, void *user);
    uint16_t (*port)(int family, void *user); /* 0: none of this family is open */
    void (*close)(void *user);                /* those that are open; leaves errno alone */
} cg_dual_port;

/* False and a message (g_free) if the port (0: any free one) cannot be had. IPv6 that the host does not have is left
 * out. */
bool cg_dual_port_open(const cg_dual_port *how, const cg_addresses *addresses, uint16_t port, void *user,
                       char **ret_error);
