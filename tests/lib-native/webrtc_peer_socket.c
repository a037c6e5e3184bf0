/* The peer's socket: datagrams, or for ICE-TCP (RFC 6544, active side) frames of RFC 4571 on a connection that it makes
 * when it knows where to. */
#include "tests/lib-native/webrtc_peer_internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static socklen_t size_of(const struct sockaddr_storage *address)
{
    return address->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
}

static int open_socket(const webrtc_peer_config *config)
{
    static const int on = 1;
    struct sockaddr_storage address = {0};
    if (inet_pton(AF_INET, config->address, &((struct sockaddr_in *) &address)->sin_addr) == 1) {
        address.ss_family = AF_INET;
    } else {
        g_assert(inet_pton(AF_INET6, config->address, &((struct sockaddr_in6 *) &address)->sin6_addr) == 1);
        address.ss_family = AF_INET6;
    }
    int fd = socket(address.ss_family, (config->tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    g_assert(fd >= 0 && bind(fd, (struct sockaddr *) &address, size_of(&address)) == 0);
    if (config->tcp)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

void webrtc_peer_socket_open(webrtc_peer *peer)
{
    peer->fd = open_socket(&peer->config);
}

static void connect_to_gateway(webrtc_peer *peer)
{
    int result = connect(peer->fd, (struct sockaddr *) &peer->gateway, size_of(&peer->gateway));
    g_assert(result == 0 || errno == EINPROGRESS);
    peer->connecting = true;
}

void webrtc_peer_socket_aim(webrtc_peer *peer)
{
    if (peer->config.tcp && !peer->connecting)
        connect_to_gateway(peer);
}

void webrtc_peer_socket_replace(webrtc_peer *peer)
{
    int fd = open_socket(&peer->config);
    g_assert(dup3(fd, peer->fd, O_CLOEXEC) == peer->fd); /* the number stays: it is in the caller's poll set */
    close(fd);
    peer->stream_size = 0;
    peer->closed = false;
    if (peer->config.tcp)
        connect_to_gateway(peer);
}

/* What a full socket does not take is dropped; half a frame would break the stream, which no test does by chance. */
static void send_frame(webrtc_peer *peer, const void *data, size_t size)
{
    uint8_t frame[2 + UINT16_MAX] = {(uint8_t) (size >> 8), (uint8_t) size};
    g_assert(size <= UINT16_MAX);
    memcpy(frame + 2, data, size);
    ssize_t sent = send(peer->fd, frame, size + 2, MSG_DONTWAIT | MSG_NOSIGNAL);
    g_assert(sent < 0 || (size_t) sent == size + 2);
}

void webrtc_peer_send_raw(webrtc_peer *peer, const void *data, size_t size)
{
    if (peer->fd < 0)
        peer->config.send(peer, &peer->gateway, data, size, peer->config.user);
    else if (peer->config.tcp)
        send_frame(peer, data, size);
    else
        sendto(peer->fd, data, size, MSG_DONTWAIT, (struct sockaddr *) &peer->gateway, size_of(&peer->gateway));
}

void webrtc_peer_send_octets(webrtc_peer *peer, const void *data, size_t size)
{
    g_assert(peer->config.tcp && send(peer->fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t) size);
}

/* Takes a packet out of the stream, reading more of it if there is none: 0 if there is none yet. */
static size_t receive_frame(webrtc_peer *peer, uint8_t ret_data[static WEBRTC_PEER_MAX_DATAGRAM])
{
    for (;;) {
        size_t length = peer->stream_size < 2 ? 0 : (size_t) (peer->stream[0] << 8 | peer->stream[1]);
        g_assert(length <= WEBRTC_PEER_MAX_DATAGRAM);
        if (peer->stream_size >= 2 && peer->stream_size >= 2 + length) {
            memcpy(ret_data, peer->stream + 2, length);
            peer->stream_size -= 2 + length;
            memmove(peer->stream, peer->stream + 2 + length, peer->stream_size);
            return length;
        }
        ssize_t size =
            recv(peer->fd, peer->stream + peer->stream_size, sizeof peer->stream - peer->stream_size, MSG_DONTWAIT);
        peer->closed = peer->closed || size == 0 || (size < 0 && errno == ECONNRESET);
        if (size <= 0)
            return 0;
        peer->stream_size += (size_t) size;
    }
}

size_t webrtc_peer_socket_receive(webrtc_peer *peer, uint8_t ret_data[static WEBRTC_PEER_MAX_DATAGRAM])
{
    if (peer->config.tcp)
        return peer->connecting ? receive_frame(peer, ret_data) : 0;
    ssize_t size = recv(peer->fd, ret_data, WEBRTC_PEER_MAX_DATAGRAM, MSG_DONTWAIT);
    return size > 0 ? (size_t) size : 0;
}

bool webrtc_peer_is_closed(const webrtc_peer *peer)
{
    return peer->closed;
}
