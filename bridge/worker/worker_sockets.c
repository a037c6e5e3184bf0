/* A worker's UDP sockets. */
#include "bridge/worker/worker_sockets.h"

#include "bridge/transport/dual_port.h"

#include <errno.h>

static cg_udp **socket_of(cg_worker *worker, int family)
{
    return family == AF_INET6 ? &worker->ipv6 : &worker->ipv4;
}

static bool open_socket(const struct sockaddr_storage *address, void *user)
{
    cg_udp *udp = cg_udp_new(address);
    *socket_of(user, address->ss_family) = udp;
    return udp != NULL;
}

static uint16_t port_of(int family, void *user)
{
    const cg_udp *udp = *socket_of(user, family);
    return udp != NULL ? cg_udp_port(udp) : 0;
}

static void close_sockets(void *user)
{
    cg_worker *worker = user;
    int error = errno;
    g_clear_pointer(&worker->ipv4, cg_udp_free);
    g_clear_pointer(&worker->ipv6, cg_udp_free);
    errno = error;
}

bool cg_worker_open_sockets(cg_worker *worker, char **ret_error)
{
    static const cg_dual_port udp = {"UDP", "media.udp_port", open_socket, port_of, close_sockets};
    return cg_dual_port_open(&udp, worker->config.addresses, worker->config.port, worker, ret_error);
}
