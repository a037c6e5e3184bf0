/* A path: the two transport addresses between which a datagram travelled, as one worker sees it (its port is fixed).
 * Answers leave from the address that was written to, which matters on a host with several. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#define CG_PATH_TEXT_SIZE 64

/* What carries a path's datagrams. */
typedef enum {
    CG_TRANSPORT_UDP,   /* the worker's UDP socket of the family */
    CG_TRANSPORT_TCP,   /* a connection that the peer made (RFC 6544) */
    CG_TRANSPORT_AGENT, /* the leg's ICE agent (ice_agent.h), whose matter the local address is */
    CG_TRANSPORT_RTP, /* a socket of the leg's own: `local` begins with its descriptor, which tells such paths apart */
} cg_transport;

/* Compared as bytes: every member is set, and there is no padding. */
typedef struct {
    uint8_t remote[16]; /* IPv4: first four octets, the rest zero */
    uint8_t local[16];  /* of an agent: the leg's id, which makes the path its own */
    uint32_t scope;     /* UDP: interface index of a link-local IPv6 peer, else 0; TCP: the worker's number for the
                           connection */
    uint16_t port;      /* of the peer, host order */
    bool ipv6;
    uint8_t transport; /* cg_transport */
} cg_path;

/* The path of the leg `leg` through its agent to `remote`, and whose path that is. */
cg_path cg_path_of_agent(uint64_t leg, const struct sockaddr_storage *remote);
uint64_t cg_path_agent_leg(const cg_path *path);

bool cg_path_equal(const cg_path *a, const cg_path *b);

/* `seed` is random per process: a peer that picks its ports cannot pick its place in our tables. */
uint32_t cg_path_hash(const cg_path *path, uint64_t seed);

void cg_path_remote_address(const cg_path *path, struct sockaddr_storage *ret_address);

/* "192.0.2.1:5004", "[2001:db8::1]:5004"; with "/tcp" behind it where the path is a connection */
void cg_path_format(const cg_path *path, char ret_text[static CG_PATH_TEXT_SIZE]);
