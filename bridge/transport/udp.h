/* One UDP socket of a worker: datagrams in and out in batches (recvmmsg, sendmmsg), each with both its addresses.
 *
 * Packets to be sent may lie in the receive buffers: a batch is handled, what it gave rise to is sent, then the buffers
 * are used again. */
#pragma once

#include "bridge/transport/path.h"

#include <stddef.h>

#define CG_UDP_BATCH 32
#define CG_UDP_MAX_DATAGRAM 1984 /* longer ones are dropped: none of ICE, DTLS or RTP sends beyond 1500 */
#define CG_UDP_HEADROOM 64       /* behind a received datagram, for what protecting adds */

typedef struct cg_udp cg_udp;

typedef struct {
    cg_path path;
    uint8_t *data; /* may be changed, and grow by CG_UDP_HEADROOM; valid until the next receive */
    size_t size;
} cg_datagram;

/* Opens and binds (`address` as sockaddr_in or sockaddr_in6 with port, 0: any free one). NULL, and errno, if it cannot
 * be had. */
cg_udp *cg_udp_new(const struct sockaddr_storage *address);
void cg_udp_free(cg_udp *udp);
int cg_udp_fd(const cg_udp *udp);
uint16_t cg_udp_port(const cg_udp *udp);

/* Receives up to CG_UDP_BATCH datagrams without blocking. Returns how many; truncated ones are left out and counted in
 * `*ret_malformed`. `*ret_more`: the batch was full, more may wait. */
size_t cg_udp_receive(cg_udp *udp, cg_datagram ret_datagrams[static CG_UDP_BATCH], bool *ret_more,
                      unsigned *ret_malformed);

/* Queues a datagram; `data` must stay until cg_udp_flush, which happens by itself when the queue is full. */
void cg_udp_send(cg_udp *udp, const cg_path *path, const uint8_t *data, size_t size);
/* The same for data that goes away: copied (at most CG_UDP_MAX_DATAGRAM octets). */
void cg_udp_send_copy(cg_udp *udp, const cg_path *path, const uint8_t *data, size_t size);
/* A buffer of CG_UDP_MAX_DATAGRAM + CG_UDP_HEADROOM octets for the next datagram of our own: filled, then handed to
 * cg_udp_send before anything else is sent here. */
uint8_t *cg_udp_buffer(cg_udp *udp);

/* Sends what is queued. What the kernel refuses (no route, no buffers, forbidden) is dropped, as a network would. */
void cg_udp_flush(cg_udp *udp);
uint64_t cg_udp_take_send_failures(cg_udp *udp); /* since last asked */
/* Datagrams that the kernel dropped because the receive buffer was full, since last asked; 0 if it does not tell. */
uint32_t cg_udp_take_receive_drops(cg_udp *udp);
