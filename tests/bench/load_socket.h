/* One UDP socket that is thousands of clients, each with an address of its own. The kernel takes and gives the address
 * on our side with every datagram (IP_PKTINFO), so a system call moves those of many clients: a load that paid one per
 * packet would be the bottleneck it looks for. The addresses are LOAD_NETWORK's, which the namespace routes to itself.
 */
#pragma once

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

#define LOAD_NETWORK 0x0a4e0000u /* 10.78.0.0/16; client n has the n-th address */

enum { LOAD_MAX_CLIENTS = 65000, LOAD_MAX_DATAGRAM = 2048 };

typedef struct load_socket load_socket;
/* A datagram for `client`. `data` may be changed. `received_ns` is when the kernel got it off the network. */
typedef void load_on_datagram(unsigned client, const struct sockaddr_in *from, uint8_t *data, size_t size,
                              int64_t received_ns, void *user);

load_socket *load_socket_new(void);
void load_socket_free(load_socket *socket);

int load_socket_fd(const load_socket *socket);
struct sockaddr_in load_socket_address(const load_socket *socket, unsigned client);

/* Queues a copy; it goes out with the batch, at the latest with the flush. */
void load_socket_send(load_socket *socket, unsigned client, const struct sockaddr_in *to, const void *data,
                      size_t size);
void load_socket_flush(load_socket *socket);

/* Hands over what waits, a batch at most. */
void load_socket_receive(load_socket *socket, load_on_datagram *on_datagram, void *user);
/* Datagrams for which its buffer had no room: lost here, not at the server. */
uint64_t load_socket_dropped(const load_socket *socket);

int64_t load_clock_ns(void); /* the clock of `received_ns` */
