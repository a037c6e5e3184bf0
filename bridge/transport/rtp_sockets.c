/* Receiving from and sending on many sockets with few packets each. */
#include "bridge/transport/rtp_sockets.h"

#include <errno.h>
#include <glib.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define RTCP_BIT (UINT64_C(1) << 63) /* of a key: which of the pair */

enum { PER_SOCKET = 4 }; /* datagrams of one socket before the others have their turn */

struct cg_rtp_sockets {
    int epoll;    /* owned */
    GArray *keys; /* (uint64_t) by descriptor */
    struct mmsghdr messages[CG_UDP_BATCH];
    struct iovec vectors[CG_UDP_BATCH];
    struct sockaddr_storage names[CG_UDP_BATCH];
    uint8_t data[CG_UDP_BATCH][CG_UDP_MAX_DATAGRAM + CG_UDP_HEADROOM];
    uint8_t out[CG_UDP_MAX_DATAGRAM + CG_UDP_HEADROOM];
};

cg_rtp_sockets *cg_rtp_sockets_new(void)
{
    cg_rtp_sockets *sockets = g_new0(cg_rtp_sockets, 1);
    sockets->keys = g_array_new(FALSE, TRUE, sizeof(uint64_t));
    sockets->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (sockets->epoll < 0)
        g_error("no epoll descriptor for a worker: %s", g_strerror(errno));
    for (unsigned i = 0; i < CG_UDP_BATCH; i++) {
        sockets->vectors[i] = (struct iovec){.iov_base = sockets->data[i], .iov_len = CG_UDP_MAX_DATAGRAM};
        sockets->messages[i].msg_hdr =
            (struct msghdr){.msg_name = &sockets->names[i], .msg_iov = &sockets->vectors[i], .msg_iovlen = 1};
    }
    return sockets;
}

void cg_rtp_sockets_free(cg_rtp_sockets *sockets)
{
    if (sockets == NULL)
        return;
    close(sockets->epoll);
    g_array_unref(sockets->keys);
    g_free(sockets);
}

int cg_rtp_sockets_fd(const cg_rtp_sockets *sockets)
{
    return sockets->epoll;
}

void cg_rtp_sockets_add(cg_rtp_sockets *sockets, const int fds[static CG_RTP_PORT_COUNT], uint64_t key)
{
    for (unsigned i = 0; i < CG_RTP_PORT_COUNT; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.fd = fds[i]};
        if ((guint) fds[i] >= sockets->keys->len)
            g_array_set_size(sockets->keys, (guint) fds[i] + 1);
        g_array_index(sockets->keys, uint64_t, fds[i]) = key | (i == CG_RTP_PORT_RTCP ? RTCP_BIT : 0);
        if (epoll_ctl(sockets->epoll, EPOLL_CTL_ADD, fds[i], &event) != 0)
            g_error("epoll takes no more sockets: %s", g_strerror(errno));
    }
}

cg_path cg_rtp_path(int fd, const struct sockaddr_storage *address)
{
    cg_path path = {.transport = CG_TRANSPORT_RTP, .ipv6 = address->ss_family == AF_INET6};
    memcpy(path.local, &fd, sizeof fd);
    if (path.ipv6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *) address;
        memcpy(path.remote, &in6->sin6_addr, 16);
        path.port = ntohs(in6->sin6_port);
        path.scope = in6->sin6_scope_id;
    } else if (address->ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *) address;
        memcpy(path.remote, &in->sin_addr, 4);
        path.port = ntohs(in->sin_port);
    }
    return path;
}

static int descriptor_of(const cg_path *path)
{
    int fd;
    memcpy(&fd, path->local, sizeof fd);
    return fd;
}

bool cg_rtp_send(const cg_path *path, const uint8_t *data, size_t size)
{
    struct sockaddr_storage address;
    cg_path_remote_address(path, &address);
    socklen_t length = path->ipv6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
    return sendto(descriptor_of(path), data, size, MSG_DONTWAIT, (const struct sockaddr *) &address, length) ==
           (ssize_t) size;
}

uint8_t *cg_rtp_sockets_buffer(cg_rtp_sockets *sockets)
{
    return sockets->out;
}

/* From one socket into the buffers from `first` on; returns how many it filled. */
static unsigned receive_some(cg_rtp_sockets *sockets, int fd, unsigned first)
{
    unsigned limit = MIN(PER_SOCKET, CG_UDP_BATCH - first);
    for (unsigned i = first; i < first + limit; i++)
        sockets->messages[i].msg_hdr.msg_namelen = sizeof sockets->names[i];
    int received = recvmmsg(fd, sockets->messages + first, limit, MSG_DONTWAIT, NULL);
    return received > 0 ? (unsigned) received : 0;
}

static void hand_out(const cg_rtp_sockets *sockets, int fd, unsigned index, cg_rtp_datagram *ret)
{
    uint64_t key = g_array_index(sockets->keys, uint64_t, fd);
    ret->key = key & ~RTCP_BIT;
    ret->port = key & RTCP_BIT ? CG_RTP_PORT_RTCP : CG_RTP_PORT_MEDIA;
    ret->datagram.path = cg_rtp_path(fd, &sockets->names[index]);
    ret->datagram.data = (uint8_t *) sockets->data[index];
    ret->datagram.size = sockets->messages[index].msg_len;
}

size_t cg_rtp_sockets_receive(cg_rtp_sockets *sockets, cg_rtp_datagram ret_datagrams[static CG_UDP_BATCH],
                              bool *ret_more, unsigned *ret_malformed)
{
    struct epoll_event ready[CG_UDP_BATCH];
    int ready_count = epoll_wait(sockets->epoll, ready, CG_UDP_BATCH, 0);
    unsigned filled = 0;
    size_t count = 0;
    *ret_malformed = 0;
    for (int i = 0; i < ready_count && filled < CG_UDP_BATCH; i++) {
        unsigned end = filled + receive_some(sockets, ready[i].data.fd, filled);
        for (; filled < end; filled++) {
            if (sockets->messages[filled].msg_hdr.msg_flags & MSG_TRUNC)
                ++*ret_malformed;
            else
                hand_out(sockets, ready[i].data.fd, filled, &ret_datagrams[count++]);
        }
    }
    *ret_more = filled == CG_UDP_BATCH;
    return count;
}
