/* Pairs of ports. Which are free only the kernel knows for sure, so they are found by binding. */
#include "bridge/transport/rtp_ports.h"

#include "base/random.h"

#include <glib.h>
#include <netinet/in.h>
#include <unistd.h>

enum {
    MAX_ATTEMPTS = 200, /* pairs tried for one leg: the control thread must not search for long */
    DSCP_EF = 46 << 2,  /* RFC 4594 section 4.1: telephony */
};

uint16_t cg_rtp_ports_get(const struct sockaddr_storage *address)
{
    return ntohs(address->ss_family == AF_INET6 ? ((const struct sockaddr_in6 *) address)->sin6_port
                                                : ((const struct sockaddr_in *) address)->sin_port);
}

void cg_rtp_ports_set(struct sockaddr_storage *address, uint16_t port)
{
    if (address->ss_family == AF_INET6)
        ((struct sockaddr_in6 *) address)->sin6_port = htons(port);
    else
        ((struct sockaddr_in *) address)->sin_port = htons(port);
}

static int open_one(struct sockaddr_storage address, uint16_t port)
{
    bool ipv6 = address.ss_family == AF_INET6;
    int fd = socket(address.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    cg_rtp_ports_set(&address, port);
    setsockopt(fd, ipv6 ? IPPROTO_IPV6 : IPPROTO_IP, ipv6 ? IPV6_TCLASS : IP_TOS, &(int){DSCP_EF}, sizeof(int));
    if (ipv6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &(int){1}, sizeof(int));
    socklen_t size = ipv6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
    if (bind(fd, (const struct sockaddr *) &address, size) == 0)
        return fd;
    close(fd);
    return -1;
}

static bool open_pair(const struct sockaddr_storage *address, uint16_t port, int ret_fds[static CG_RTP_PORT_COUNT])
{
    int media = open_one(*address, port);
    if (media < 0)
        return false;
    int rtcp = open_one(*address, port + 1);
    if (rtcp < 0) {
        close(media);
        return false;
    }
    ret_fds[CG_RTP_PORT_MEDIA] = media;
    ret_fds[CG_RTP_PORT_RTCP] = rtcp;
    return true;
}

bool cg_rtp_ports_open(uint16_t min, uint16_t max, struct sockaddr_storage *address,
                       int ret_fds[static CG_RTP_PORT_COUNT])
{
    unsigned first = (min + 1u) & ~1u;
    unsigned pairs = max > first ? (max - first + 1u) / 2 : 0;
    if (pairs == 0)
        return false;
    unsigned start = cg_random_u32() % pairs;
    for (unsigned i = 0; i < MIN(pairs, MAX_ATTEMPTS); i++) {
        uint16_t port = (uint16_t) (first + 2 * ((start + i) % pairs));
        if (!open_pair(address, port, ret_fds))
            continue;
        cg_rtp_ports_set(address, port);
        return true;
    }
    return false;
}

void cg_rtp_ports_close(const int fds[static CG_RTP_PORT_COUNT])
{
    for (unsigned i = 0; i < CG_RTP_PORT_COUNT; i++)
        close(fds[i]);
}
