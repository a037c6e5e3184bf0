/* Batched UDP. Both directions prepare their message headers once; per datagram only addresses and lengths change. */
#include "bridge/transport/udp.h"

#include <errno.h>
#include <glib.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <string.h>
#include <unistd.h>

enum {
    RECEIVE_BUFFER = 1 << 20, /* what the kernel may hold for us: 20 ms of some thousand streams; it caps as it likes */
    CONTROL_SIZE = 64,
    DSCP_EF = 46 << 2, /* RFC 8837 section 5: interactive audio */
};

typedef struct {
    struct mmsghdr messages[CG_UDP_BATCH];
    struct iovec vectors[CG_UDP_BATCH];
    struct sockaddr_storage names[CG_UDP_BATCH];
    union {
        struct cmsghdr align;
        uint8_t bytes[CONTROL_SIZE];
    } controls[CG_UDP_BATCH];
    uint8_t data[CG_UDP_BATCH][CG_UDP_MAX_DATAGRAM + CG_UDP_HEADROOM];
} udp_batch;

struct cg_udp {
    int fd; /* owned */
    bool ipv6;
    uint16_t port;
    unsigned queued; /* in `out` */
    uint64_t send_failures;
    uint32_t receive_drops; /* when last asked; the kernel counts in 32 bits */
    udp_batch in, out;      /* out.data: buffers for datagrams that do not lie in `in` */
};

G_STATIC_ASSERT(CMSG_SPACE(sizeof(struct in6_pktinfo)) <= CONTROL_SIZE);

static bool set_option(int fd, int level, int name, int value)
{
    return setsockopt(fd, level, name, &value, sizeof value) == 0;
}

static bool set_options(int fd, bool ipv6)
{
    set_option(fd, SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER);
    set_option(fd, SOL_SOCKET, SO_SNDBUF, RECEIVE_BUFFER);
    if (!ipv6) {
        set_option(fd, IPPROTO_IP, IP_TOS, DSCP_EF);
        /* Nothing of ours is ever to be fragmented, so the kernel need not draw an identification for each datagram. */
        set_option(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE);
        return set_option(fd, IPPROTO_IP, IP_PKTINFO, 1);
    }
    set_option(fd, IPPROTO_IPV6, IPV6_TCLASS, DSCP_EF);
    return set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) && set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
}

static bool open_socket(cg_udp *udp, const struct sockaddr_storage *address)
{
    struct sockaddr_storage bound;
    socklen_t size = udp->ipv6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
    udp->fd = socket(address->ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (udp->fd < 0 || !set_options(udp->fd, udp->ipv6) || bind(udp->fd, (const struct sockaddr *) address, size) != 0)
        return false;
    socklen_t bound_size = sizeof bound;
    if (getsockname(udp->fd, (struct sockaddr *) &bound, &bound_size) != 0)
        return false;
    udp->port =
        ntohs(udp->ipv6 ? ((struct sockaddr_in6 *) &bound)->sin6_port : ((struct sockaddr_in *) &bound)->sin_port);
    return true;
}

static void prepare(udp_batch *batch)
{
    for (unsigned i = 0; i < CG_UDP_BATCH; i++) {
        batch->vectors[i] = (struct iovec){.iov_base = batch->data[i], .iov_len = CG_UDP_MAX_DATAGRAM};
        batch->messages[i].msg_hdr = (struct msghdr){
            .msg_name = &batch->names[i],
            .msg_iov = &batch->vectors[i],
            .msg_iovlen = 1,
            .msg_control = &batch->controls[i],
        };
    }
}

cg_udp *cg_udp_new(const struct sockaddr_storage *address)
{
    cg_udp *udp = g_new0(cg_udp, 1);
    udp->ipv6 = address->ss_family == AF_INET6;
    if (!open_socket(udp, address)) {
        int error = errno;
        cg_udp_free(udp);
        errno = error;
        return NULL;
    }
    prepare(&udp->in);
    prepare(&udp->out);
    return udp;
}

void cg_udp_free(cg_udp *udp)
{
    if (udp == NULL)
        return;
    if (udp->fd >= 0)
        close(udp->fd);
    g_free(udp);
}

int cg_udp_fd(const cg_udp *udp)
{
    return udp->fd;
}

uint16_t cg_udp_port(const cg_udp *udp)
{
    return udp->port;
}

/* The address a datagram was sent to, from its packet information. */
static bool read_local(struct msghdr *message, cg_path *path)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof info);
            memcpy(path->local, &info.ipi_addr, 4);
            return true;
        }
        if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof info);
            memcpy(path->local, &info.ipi6_addr, 16);
            return true;
        }
    }
    return false;
}

static bool read_path(struct msghdr *message, bool ipv6, cg_path *ret_path)
{
    *ret_path = (cg_path){.ipv6 = ipv6};
    if (ipv6) {
        const struct sockaddr_in6 *name = message->msg_name;
        memcpy(ret_path->remote, &name->sin6_addr, 16);
        ret_path->port = ntohs(name->sin6_port);
        ret_path->scope = name->sin6_scope_id;
    } else {
        const struct sockaddr_in *name = message->msg_name;
        memcpy(ret_path->remote, &name->sin_addr, 4);
        ret_path->port = ntohs(name->sin_port);
    }
    return read_local(message, ret_path);
}

size_t cg_udp_receive(cg_udp *udp, cg_datagram ret_datagrams[static CG_UDP_BATCH], bool *ret_more,
                      unsigned *ret_malformed)
{
    for (unsigned i = 0; i < CG_UDP_BATCH; i++) {
        udp->in.messages[i].msg_hdr.msg_namelen = sizeof udp->in.names[i];
        udp->in.messages[i].msg_hdr.msg_controllen = CONTROL_SIZE;
    }
    int received = recvmmsg(udp->fd, udp->in.messages, CG_UDP_BATCH, MSG_DONTWAIT, NULL);
    *ret_more = received == CG_UDP_BATCH;
    *ret_malformed = 0;
    size_t count = 0;
    for (int i = 0; i < received; i++) {
        struct msghdr *message = &udp->in.messages[i].msg_hdr;
        cg_datagram *datagram = &ret_datagrams[count];
        if ((message->msg_flags & MSG_TRUNC) || !read_path(message, udp->ipv6, &datagram->path)) {
            ++*ret_malformed;
            continue;
        }
        datagram->data = udp->in.data[i];
        datagram->size = udp->in.messages[i].msg_len;
        count++;
    }
    return count;
}

/* Names the local address as source; the interface is left to routing unless the address is link-local. */
static void write_local(struct msghdr *message, const cg_path *path)
{
    struct cmsghdr *control = message->msg_control;
    if (path->ipv6) {
        struct in6_pktinfo info = {.ipi6_ifindex = path->scope};
        memcpy(&info.ipi6_addr, path->local, 16);
        *control =
            (struct cmsghdr){.cmsg_level = IPPROTO_IPV6, .cmsg_type = IPV6_PKTINFO, .cmsg_len = CMSG_LEN(sizeof info)};
        memcpy(CMSG_DATA(control), &info, sizeof info);
        message->msg_controllen = CMSG_SPACE(sizeof info);
    } else {
        struct in_pktinfo info = {0};
        memcpy(&info.ipi_spec_dst, path->local, 4);
        *control =
            (struct cmsghdr){.cmsg_level = IPPROTO_IP, .cmsg_type = IP_PKTINFO, .cmsg_len = CMSG_LEN(sizeof info)};
        memcpy(CMSG_DATA(control), &info, sizeof info);
        message->msg_controllen = CMSG_SPACE(sizeof info);
    }
}

uint8_t *cg_udp_buffer(cg_udp *udp)
{
    if (udp->queued == CG_UDP_BATCH)
        cg_udp_flush(udp);
    return udp->out.data[udp->queued];
}

void cg_udp_send(cg_udp *udp, const cg_path *path, const uint8_t *data, size_t size)
{
    if (udp->queued == CG_UDP_BATCH)
        cg_udp_flush(udp);
    unsigned i = udp->queued++;
    struct msghdr *message = &udp->out.messages[i].msg_hdr;
    cg_path_remote_address(path, &udp->out.names[i]);
    message->msg_namelen = path->ipv6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
    write_local(message, path);
    udp->out.vectors[i] = (struct iovec){.iov_base = (void *) data, .iov_len = size};
}

void cg_udp_send_copy(cg_udp *udp, const cg_path *path, const uint8_t *data, size_t size)
{
    g_assert(size <= CG_UDP_MAX_DATAGRAM);
    uint8_t *buffer = cg_udp_buffer(udp);
    memcpy(buffer, data, size);
    cg_udp_send(udp, path, buffer, size);
}

void cg_udp_flush(cg_udp *udp)
{
    unsigned sent = 0;
    while (sent < udp->queued) {
        int result = sendmmsg(udp->fd, udp->out.messages + sent, udp->queued - sent, MSG_DONTWAIT);
        if (result > 0) {
            sent += (unsigned) result;
        } else if (errno != EINTR) { /* the first of the rest could not be sent: go on with the one after */
            sent++;
            udp->send_failures++;
        }
    }
    udp->queued = 0;
}

uint64_t cg_udp_take_send_failures(cg_udp *udp)
{
    uint64_t failures = udp->send_failures;
    udp->send_failures = 0;
    return failures;
}

uint32_t cg_udp_take_receive_drops(cg_udp *udp)
{
    uint32_t memory[SK_MEMINFO_VARS];
    socklen_t size = sizeof memory;
    if (getsockopt(udp->fd, SOL_SOCKET, SO_MEMINFO, memory, &size) != 0 || size < sizeof memory)
        return 0;
    uint32_t drops = memory[SK_MEMINFO_DROPS] - udp->receive_drops;
    udp->receive_drops = memory[SK_MEMINFO_DROPS];
    return drops;
}
