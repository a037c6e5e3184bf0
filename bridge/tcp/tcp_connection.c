/* Reading and writing one connection. A frame that was begun must be finished, else the stream is lost: what the kernel
 * takes of a frame decides that the rest of it is kept. */
#include "bridge/tcp/tcp_connection.h"

#include "bridge/transport/udp.h"
#include "bridge/transport/wire.h"

#include <errno.h>
#include <glib.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
    SEND_BUFFER = 32768, /* what the kernel may hold: media that waits longer is of no use */
    DSCP_EF = 46 << 2,   /* RFC 8837 section 5: interactive audio */
};

G_STATIC_ASSERT(CG_TCP_QUEUE_SIZE >= CG_TCP_FRAME_HEADER + CG_UDP_MAX_DATAGRAM + CG_UDP_HEADROOM);

static void read_address(const struct sockaddr_storage *address, uint8_t ret_octets[static 16], uint16_t *ret_port)
{
    if (address->ss_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *) address;
        memcpy(ret_octets, &in6->sin6_addr, 16);
        *ret_port = ntohs(in6->sin6_port);
    } else {
        const struct sockaddr_in *in = (const struct sockaddr_in *) address;
        memcpy(ret_octets, &in->sin_addr, 4);
        *ret_port = ntohs(in->sin_port);
    }
}

static bool read_path(int fd, const struct sockaddr_storage *remote, cg_path *ret_path)
{
    struct sockaddr_storage local;
    socklen_t size = sizeof local;
    uint16_t our_port;
    if (getsockname(fd, (struct sockaddr *) &local, &size) != 0)
        return false;
    *ret_path = (cg_path){.ipv6 = remote->ss_family == AF_INET6, .transport = CG_TRANSPORT_TCP};
    read_address(remote, ret_path->remote, &ret_path->port);
    read_address(&local, ret_path->local, &our_port);
    return true;
}

static void set_options(int fd, bool ipv6)
{
    static const int on = 1, send_buffer = SEND_BUFFER, dscp = DSCP_EF;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof send_buffer);
    if (ipv6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_TCLASS, &dscp, sizeof dscp);
    else
        setsockopt(fd, IPPROTO_IP, IP_TOS, &dscp, sizeof dscp);
}

cg_tcp_connection *cg_tcp_connection_accept(int listening_fd)
{
    struct sockaddr_storage remote;
    socklen_t size = sizeof remote;
    cg_path path;
    int fd = accept4(listening_fd, (struct sockaddr *) &remote, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return NULL;
    if (!read_path(fd, &remote, &path)) {
        close(fd);
        errno = ECONNABORTED;
        return NULL;
    }
    set_options(fd, path.ipv6);
    cg_tcp_connection *connection = g_new0(cg_tcp_connection, 1);
    connection->fd = fd;
    connection->path = path;
    return connection;
}

void cg_tcp_connection_free(cg_tcp_connection *connection)
{
    if (connection == NULL)
        return;
    close(connection->fd);
    g_free(connection);
}

cg_tcp_read_status cg_tcp_connection_read(cg_tcp_connection *connection)
{
    size_t room;
    uint8_t *to = cg_tcp_frames_room(&connection->frames, &room);
    ssize_t size = recv(connection->fd, to, room, MSG_DONTWAIT);
    if (size > 0) {
        cg_tcp_frames_add(&connection->frames, (size_t) size);
        return CG_TCP_READ;
    }
    return size < 0 && (errno == EAGAIN || errno == EINTR) ? CG_TCP_READ_LATER : CG_TCP_READ_END;
}

bool cg_tcp_connection_is_waiting(const cg_tcp_connection *connection)
{
    return connection->queue_start < connection->queue_end;
}

/* All of it is kept, or nothing. */
static bool keep(cg_tcp_connection *connection, const struct iovec parts[static 2], size_t skip)
{
    size_t waiting = connection->queue_end - connection->queue_start;
    if (parts[0].iov_len + parts[1].iov_len - skip > sizeof connection->queue - waiting)
        return false;
    memmove(connection->queue, connection->queue + connection->queue_start, waiting);
    for (unsigned i = 0; i < 2; i++) {
        size_t passed = MIN(skip, parts[i].iov_len), size = parts[i].iov_len - passed;
        memcpy(connection->queue + waiting, (const uint8_t *) parts[i].iov_base + passed, size);
        waiting += size;
        skip -= passed;
    }
    connection->queue_start = 0;
    connection->queue_end = waiting;
    return true;
}

bool cg_tcp_connection_send(cg_tcp_connection *connection, const uint8_t *data, size_t size)
{
    uint8_t header[CG_TCP_FRAME_HEADER];
    struct iovec parts[] = {{header, sizeof header}, {(void *) data, size}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = G_N_ELEMENTS(parts)};
    cg_write_u16(header, (uint16_t) size);
    if (cg_tcp_connection_is_waiting(connection))
        return keep(connection, parts, 0);
    ssize_t sent = sendmsg(connection->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0)
        return errno == EAGAIN && keep(connection, parts, 0);
    return (size_t) sent == sizeof header + size || keep(connection, parts, (size_t) sent);
}

void cg_tcp_connection_flush(cg_tcp_connection *connection)
{
    ssize_t sent = send(connection->fd, connection->queue + connection->queue_start,
                        connection->queue_end - connection->queue_start, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent > 0)
        connection->queue_start += (size_t) sent;
}
