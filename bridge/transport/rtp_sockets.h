/* The sockets of a worker's plain RTP legs. They are polled by an epoll descriptor of their own, which alone stands in
 * the worker's main context: GLib polls every descriptor that it knows, each time. All share the buffers they receive
 * into; what is sent leaves at once, since no two datagrams of a wake-up are likely to go to the same socket. */
#pragma once

#include "bridge/transport/rtp_ports.h"
#include "bridge/transport/udp.h"

typedef struct cg_rtp_sockets cg_rtp_sockets;

cg_rtp_sockets *cg_rtp_sockets_new(void);
void cg_rtp_sockets_free(cg_rtp_sockets *sockets);
int cg_rtp_sockets_fd(const cg_rtp_sockets *sockets);

/* Watches a leg's pair; closing a descriptor ends it. `key` comes back with what is received, its highest bit must be
 * 0. */
void cg_rtp_sockets_add(cg_rtp_sockets *sockets, const int fds[static CG_RTP_PORT_COUNT], uint64_t key);

typedef struct {
    uint64_t key;
    cg_rtp_port port;
    cg_datagram datagram; /* its path says by which descriptor */
} cg_rtp_datagram;

/* Receives what waits, up to CG_UDP_BATCH datagrams, without blocking; truncated ones are left out and counted in
 * `*ret_malformed`. `*ret_more`: more may wait. The buffers are used again by the next call. */
size_t cg_rtp_sockets_receive(cg_rtp_sockets *sockets, cg_rtp_datagram ret_datagrams[static CG_UDP_BATCH],
                              bool *ret_more, unsigned *ret_malformed);

/* A path of such a socket to `address`. */
cg_path cg_rtp_path(int fd, const struct sockaddr_storage *address);

/* False if the kernel refuses it. */
bool cg_rtp_send(const cg_path *path, const uint8_t *data, size_t size);

/* A buffer as that of cg_udp_buffer. */
uint8_t *cg_rtp_sockets_buffer(cg_rtp_sockets *sockets);
