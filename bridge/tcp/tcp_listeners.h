/* The listening sockets of ICE-TCP: both families on one port. */
#pragma once

#include "bridge/transport/addresses.h"

typedef struct {
    int fds[2];        /* IPv4, IPv6; owned; -1: not open */
    uint16_t ports[2]; /* 0: not open */
} cg_tcp_listeners;

/* False and a message (g_free) if the port (0: any free one) cannot be had. */
bool cg_tcp_listeners_open(cg_tcp_listeners *listeners, const cg_addresses *addresses, uint16_t port, char **ret_error);
void cg_tcp_listeners_close(cg_tcp_listeners *listeners);
