/* A worker has one port for both families, so that its candidates differ in address only. When any port will do, one
 * that is free for the first family may be taken in the other: then another is tried. */
#include "bridge/worker_sockets.h"

#include <errno.h>
#include <string.h>

enum { ANY_PORT_ATTEMPTS = 16 };

typedef enum { SOCKET_OPEN, SOCKET_ABSENT, SOCKET_FAILED } socket_result;

/* ABSENT: none of our addresses is of this family, or the host does not have the family (any more). */
static socket_result open_socket(const cg_worker *worker, int family, uint16_t port, cg_udp **ret_udp)
{
    struct sockaddr_storage address;
    if (!cg_addresses_bind_address(worker->config.addresses, family, port, &address))
        return SOCKET_ABSENT;
    *ret_udp = cg_udp_new(&address);
    if (*ret_udp != NULL)
        return SOCKET_OPEN;
    bool unavailable = errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL;
    return family == AF_INET6 && unavailable ? SOCKET_ABSENT : SOCKET_FAILED;
}

static bool open_both(cg_worker *worker)
{
    uint16_t port = worker->config.port;
    if (open_socket(worker, AF_INET, port, &worker->ipv4) == SOCKET_FAILED)
        return false;
    if (worker->ipv4 != NULL)
        port = cg_udp_port(worker->ipv4);
    if (open_socket(worker, AF_INET6, port, &worker->ipv6) != SOCKET_FAILED)
        return true;
    int error = errno;
    g_clear_pointer(&worker->ipv4, cg_udp_free);
    errno = error;
    return false;
}

bool cg_worker_open_sockets(cg_worker *worker, char **ret_error)
{
    unsigned attempts = worker->config.port == 0 ? ANY_PORT_ATTEMPTS : 1;
    for (unsigned i = 0; i < attempts; i++) {
        if (!open_both(worker))
            continue;
        if (worker->ipv4 != NULL || worker->ipv6 != NULL)
            return true;
        *ret_error = g_strdup("none of the media addresses can be bound on this host");
        return false;
    }
    const char *reason = g_strerror(errno);
    *ret_error = worker->config.port == 0 ? g_strdup_printf("cannot bind a UDP port: %s", reason)
                                          : g_strdup_printf("cannot bind UDP port %u: %s", worker->config.port, reason);
    return false;
}
