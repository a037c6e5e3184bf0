/* sendmmsg(2), recvmmsg(2), ip(7), socket(7). */
#include "tests/bench/load_socket.h"

#include "tests/bench/bench_loop.h"

#include <errno.h>
#include <glib.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* Sending is in small batches: a packet says when it was made, and the batch before it would count as the server's. */
enum { OUT_BATCH = 16, IN_BATCH = 64, BUFFER = 16 << 20, CONTROL = 256 };

typedef struct {
    struct iovec bytes;
    struct sockaddr_in address;
    _Alignas(struct cmsghdr) uint8_t control[CONTROL];
    uint8_t data[LOAD_MAX_DATAGRAM];
} slot;

struct load_socket {
    int fd;
    uint16_t port; /* network order */
    unsigned queued;
    uint32_t dropped; /* as the kernel counts */
    slot out[OUT_BATCH], in[IN_BATCH];
    struct mmsghdr out_headers[OUT_BATCH], in_headers[IN_BATCH];
};

static void set(int fd, int level, int option, int value)
{
    if (setsockopt(fd, level, option, &value, sizeof value) != 0)
        bench_fail("socket option %d: %s", option, g_strerror(errno));
}

/* Beyond net.core.rmem_max where we may. */
static void set_buffers(int fd)
{
    int size = BUFFER;
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0)
        set(fd, SOL_SOCKET, SO_RCVBUF, size);
    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size) != 0)
        set(fd, SOL_SOCKET, SO_SNDBUF, size);
}

static void open_socket(load_socket *s)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    s->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    g_assert(s->fd >= 0 && bind(s->fd, (struct sockaddr *) &address, size) == 0);
    g_assert(getsockname(s->fd, (struct sockaddr *) &address, &size) == 0);
    s->port = address.sin_port;
    set_buffers(s->fd);
    set(s->fd, IPPROTO_IP, IP_PKTINFO, 1);
    set(s->fd, SOL_SOCKET, SO_TIMESTAMPNS, 1);
    set(s->fd, SOL_SOCKET, SO_RXQ_OVFL, 1);
}

static void prepare(slot *slots, struct mmsghdr *headers, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        slots[i].bytes = (struct iovec){.iov_base = slots[i].data, .iov_len = LOAD_MAX_DATAGRAM};
        headers[i].msg_hdr = (struct msghdr){.msg_name = &slots[i].address,
                                             .msg_namelen = sizeof slots[i].address,
                                             .msg_iov = &slots[i].bytes,
                                             .msg_iovlen = 1,
                                             .msg_control = slots[i].control,
                                             .msg_controllen = CONTROL};
    }
}

load_socket *load_socket_new(void)
{
    load_socket *s = g_new0(load_socket, 1);
    open_socket(s);
    prepare(s->out, s->out_headers, OUT_BATCH);
    prepare(s->in, s->in_headers, IN_BATCH);
    return s;
}

void load_socket_free(load_socket *s)
{
    close(s->fd);
    g_free(s);
}

int load_socket_fd(const load_socket *s)
{
    return s->fd;
}

uint64_t load_socket_dropped(const load_socket *s)
{
    return s->dropped;
}

struct sockaddr_in load_socket_address(const load_socket *s, unsigned client)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = s->port, .sin_addr.s_addr = htonl(LOAD_NETWORK + client)};
}

int64_t load_clock_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t) t.tv_sec * 1000000000 + t.tv_nsec;
}

/* --- sending --- */

static void set_source(struct msghdr *header, uint32_t address)
{
    struct in_pktinfo source = {.ipi_spec_dst.s_addr = htonl(address)};
    struct cmsghdr *control = header->msg_control;
    *control = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof source), .cmsg_level = IPPROTO_IP, .cmsg_type = IP_PKTINFO};
    memcpy(CMSG_DATA(control), &source, sizeof source);
    header->msg_controllen = CMSG_SPACE(sizeof source);
}

void load_socket_send(load_socket *s, unsigned client, const struct sockaddr_in *to, const void *data, size_t size)
{
    g_assert(size <= LOAD_MAX_DATAGRAM);
    if (s->queued == OUT_BATCH)
        load_socket_flush(s);
    slot *next = &s->out[s->queued];
    memcpy(next->data, data, size);
    next->bytes.iov_len = size;
    next->address = *to;
    set_source(&s->out_headers[s->queued].msg_hdr, LOAD_NETWORK + client);
    s->queued++;
}

void load_socket_flush(load_socket *s)
{
    unsigned done = 0;
    while (done < s->queued) {
        int sent = sendmmsg(s->fd, s->out_headers + done, s->queued - done, 0);
        if (sent > 0)
            done += (unsigned) sent;
        else if (errno == EAGAIN || errno == ENOBUFS)
            poll(&(struct pollfd){.fd = s->fd, .events = POLLOUT}, 1, 1);
        else
            bench_fail("the clients cannot send: %s", g_strerror(errno));
    }
    s->queued = 0;
}

/* --- receiving --- */

typedef struct {
    uint32_t address; /* on our side */
    int64_t received_ns;
} arrival;

static arrival read_control(load_socket *s, struct msghdr *header)
{
    arrival found = {0};
    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c != NULL; c = CMSG_NXTHDR(header, c)) {
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof info);
            found.address = ntohl(info.ipi_addr.s_addr);
        } else if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
            struct timespec t;
            memcpy(&t, CMSG_DATA(c), sizeof t);
            found.received_ns = (int64_t) t.tv_sec * 1000000000 + t.tv_nsec;
        } else if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_RXQ_OVFL) {
            memcpy(&s->dropped, CMSG_DATA(c), sizeof s->dropped);
        }
    }
    return found;
}

void load_socket_receive(load_socket *s, load_on_datagram *on_datagram, void *user)
{
    for (unsigned i = 0; i < IN_BATCH; i++) {
        s->in_headers[i].msg_hdr.msg_namelen = sizeof s->in[i].address;
        s->in_headers[i].msg_hdr.msg_controllen = CONTROL;
    }
    int count = recvmmsg(s->fd, s->in_headers, IN_BATCH, 0, NULL);
    for (int i = 0; i < count; i++) {
        arrival at = read_control(s, &s->in_headers[i].msg_hdr);
        if (s->in_headers[i].msg_len > 0)
            on_datagram(at.address - LOAD_NETWORK, &s->in[i].address, s->in[i].data, s->in_headers[i].msg_len,
                        at.received_ns, user);
    }
}
