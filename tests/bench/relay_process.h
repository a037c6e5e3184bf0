/* The floor of forwarding: a process that receives datagrams and sends each on to the partner of its sender, with
 * recvfrom and sendto. Plain, it does not look at what is inside: what it costs per packet is the kernel's part of any
 * gateway's. With keys it also takes SRTP off and puts it on again with libsrtp: the least a gateway of SRTP can do. */
#pragma once

#include "tests/lib-native/peer_dtls.h"

#include <netinet/in.h>
#include <sys/types.h>

/* A plain socket at a free port of `address` in `netns` (NULL: here), which does not block. */
int relay_open_socket(const char *netns, const char *address, struct sockaddr_in *ret_address);

typedef struct relay_process relay_process;

/* At a free port of `address` in `netns` (NULL: here). */
relay_process *relay_process_new(const char *netns, const char *address);
void relay_process_free(relay_process *relay);

const struct sockaddr_in *relay_process_address(const relay_process *relay);
/* Begins to relay between `ends` (even: 0 and 1, 2 and 3 ...); `srtp`: with relay_keys of each end. */
void relay_process_start(relay_process *relay, const struct sockaddr_in *ends, unsigned count, bool srtp);
pid_t relay_process_pid(const relay_process *relay);

/* The keys of an end as the client there has them. */
peer_dtls_keys relay_keys(unsigned end);
