/* The relay is a fork of this process that does nothing but its loop. */
#include "tests/bench/relay_process.h"

#include "tests/bench/bench_loop.h"
#include "tests/bench/child_process.h"
#include "tests/lib-native/peer_srtp.h"

#include <arpa/inet.h>
#include <glib.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_DATAGRAM = 2048, SOCKET_BUFFER = 1 << 20, TABLE_SIZE = 1 << 18 };

typedef struct {
    struct sockaddr_in from, to;
    srtp_t inbound, outbound; /* from `from`, to `to`; NULL: as it is */
} route;

struct relay_process {
    int fd;
    pid_t pid;
    struct sockaddr_in address;
    route *routes; /* open addressing by `from`; an empty place has family 0 */
};

int relay_open_socket(const char *netns, const char *address, struct sockaddr_in *ret_address)
{
    int fd = netns_socket(netns, SOCK_DGRAM | SOCK_NONBLOCK), buffer = SOCKET_BUFFER;
    socklen_t size = sizeof *ret_address;
    *ret_address = (struct sockaddr_in){.sin_family = AF_INET};
    g_assert(inet_pton(AF_INET, address, &ret_address->sin_addr) == 1);
    g_assert(bind(fd, (struct sockaddr *) ret_address, size) == 0);
    g_assert(getsockname(fd, (struct sockaddr *) ret_address, &size) == 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    return fd;
}

relay_process *relay_process_new(const char *netns, const char *address)
{
    relay_process *relay = g_new0(relay_process, 1);
    relay->fd = relay_open_socket(netns, address, &relay->address);
    relay->routes = g_new0(route, TABLE_SIZE);
    return relay;
}

void relay_process_free(relay_process *relay)
{
    kill(relay->pid, SIGKILL);
    waitpid(relay->pid, NULL, 0);
    g_free(relay->routes);
    g_free(relay);
}

const struct sockaddr_in *relay_process_address(const relay_process *relay)
{
    return &relay->address;
}

pid_t relay_process_pid(const relay_process *relay)
{
    return relay->pid;
}

peer_dtls_keys relay_keys(unsigned end)
{
    peer_dtls_keys keys = {0};
    memcpy(keys.local, &end, sizeof end);
    memcpy(keys.remote, &end, sizeof end);
    keys.remote[PEER_SRTP_MASTER_SIZE - 1] = 1; /* no key goes both ways */
    return keys;
}

/* The route from `from`, or the place for it. */
static route *find_route(route *routes, const struct sockaddr_in *from)
{
    uint32_t hash = (from->sin_addr.s_addr ^ (uint32_t) from->sin_port << 16) * 2654435761u;
    uint32_t at = hash >> 14;
    while (routes[at].from.sin_family != 0 &&
           (routes[at].from.sin_addr.s_addr != from->sin_addr.s_addr || routes[at].from.sin_port != from->sin_port))
        at = (at + 1) % TABLE_SIZE;
    return &routes[at];
}

static void forward(int fd, const route *way, uint8_t *data, int size)
{
    if (way->inbound != NULL && (srtp_unprotect(way->inbound, data, &size) != srtp_err_status_ok ||
                                 srtp_protect(way->outbound, data, &size) != srtp_err_status_ok))
        return;
    sendto(fd, data, (size_t) size, 0, (const struct sockaddr *) &way->to, sizeof way->to);
}

static void relay_forever(int fd, route *routes)
{
    uint8_t data[MAX_DATAGRAM];
    for (;;) {
        struct sockaddr_in from;
        socklen_t size = sizeof from;
        ssize_t got = recvfrom(fd, data, sizeof data, 0, (struct sockaddr *) &from, &size);
        if (got < 0)
            poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, -1);
        else
            forward(fd, find_route(routes, &from), data, (int) got);
    }
}

static void add_route(route *routes, const struct sockaddr_in *ends, unsigned from, bool srtp)
{
    unsigned to = from ^ 1;
    route *way = find_route(routes, &ends[from]);
    way->from = ends[from];
    way->to = ends[to];
    if (srtp) {
        peer_dtls_keys in = relay_keys(from), out = relay_keys(to);
        way->inbound = peer_srtp_new(in.local, in.short_tag, ssrc_any_inbound);
        way->outbound = peer_srtp_new(out.remote, out.short_tag, ssrc_any_outbound);
    }
}

void relay_process_start(relay_process *relay, const struct sockaddr_in *ends, unsigned count, bool srtp)
{
    g_assert(count % 2 == 0 && count < TABLE_SIZE / 2);
    relay->pid = fork();
    g_assert(relay->pid >= 0);
    if (relay->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (unsigned i = 0; i < count; i++)
            add_route(relay->routes, ends, i, srtp);
        relay_forever(relay->fd, relay->routes);
    }
    close(relay->fd);
}
