/* The UDP sockets of legs without ICE: a pair of neighbouring ports each, RTP on the even one and RTCP behind it
 * (RFC 3550 section 11), out of the operator's range. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

typedef enum { CG_RTP_PORT_MEDIA, CG_RTP_PORT_RTCP, CG_RTP_PORT_COUNT } cg_rtp_port;

/* Opens and binds a pair at `address`, whose port is filled in with that of RTP. Where it begins to look is random: a
 * stranger shall not know where the next call's media will be. False if no pair is found in a bounded time, or the
 * process has no descriptors left. */
bool cg_rtp_ports_open(uint16_t min, uint16_t max, struct sockaddr_storage *address,
                       int ret_fds[static CG_RTP_PORT_COUNT]);
void cg_rtp_ports_close(const int fds[static CG_RTP_PORT_COUNT]);

uint16_t cg_rtp_ports_get(const struct sockaddr_storage *address);
void cg_rtp_ports_set(struct sockaddr_storage *address, uint16_t port);
