/* Binding and listening. */
#include "bridge/tcp/tcp_listeners.h"

#include "bridge/transport/dual_port.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 256 };

static unsigned index_of(int family)
{
    return family == AF_INET6;
}

static bool start_listening(int fd, const struct sockaddr_storage *address, uint16_t *ret_port)
{
    static const int on = 1;
    bool ipv6 = address->ss_family == AF_INET6;
    struct sockaddr_storage bound;
    socklen_t bound_size = sizeof bound, size = ipv6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        (ipv6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0) ||
        bind(fd, (const struct sockaddr *) address, size) != 0 || listen(fd, BACKLOG) != 0 ||
        getsockname(fd, (struct sockaddr *) &bound, &bound_size) != 0)
        return false;
    *ret_port = ntohs(ipv6 ? ((struct sockaddr_in6 *) &bound)->sin6_port : ((struct sockaddr_in *) &bound)->sin_port);
    return true;
}

static bool open_listener(const struct sockaddr_storage *address, void *user)
{
    cg_tcp_listeners *listeners = user;
    unsigned index = index_of(address->ss_family);
    int fd = socket(address->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    if (!start_listening(fd, address, &listeners->ports[index])) {
        int error = errno;
        close(fd);
        errno = error;
        return false;
    }
    listeners->fds[index] = fd;
    return true;
}

static uint16_t listener_port(int family, void *user)
{
    return ((const cg_tcp_listeners *) user)->ports[index_of(family)];
}

static void close_listeners(void *user)
{
    int error = errno;
    cg_tcp_listeners_close(user);
    errno = error;
}

bool cg_tcp_listeners_open(cg_tcp_listeners *listeners, const cg_addresses *addresses, uint16_t port, char **ret_error)
{
    static const cg_dual_port tcp = {"TCP", "media.tcp_port", open_listener, listener_port, close_listeners};
    *listeners = (cg_tcp_listeners){.fds = {-1, -1}};
    return cg_dual_port_open(&tcp, addresses, port, listeners, ret_error);
}

void cg_tcp_listeners_close(cg_tcp_listeners *listeners)
{
    for (unsigned i = 0; i < 2; i++)
        if (listeners->fds[i] >= 0)
            close(listeners->fds[i]);
    *listeners = (cg_tcp_listeners){.fds = {-1, -1}};
}
