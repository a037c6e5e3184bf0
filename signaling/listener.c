/* Accepting connections on libuv. The one thing to know: out of descriptors we stop asking for a moment, since the
 * pending connection would wake the loop again at once and forever. */
#include "signaling/listener.h"

#include "base/ip_address.h"
#include "base/log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <glib.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ACCEPTS_PER_WAKE_UP 64 /* then other events get their turn */
#define PAUSE_MS 100           /* when out of descriptors */

struct cg_listener {
    int fd;
    uv_poll_t poll;
    uv_timer_t pause;
    unsigned open_handles;
    cg_listener_accepted accepted;
    void *user;
};

static void on_readable(uv_poll_t *poll, int status, int events);

static void on_pause_over(uv_timer_t *timer)
{
    cg_listener *listener = timer->data;

    uv_poll_start(&listener->poll, UV_READABLE, on_readable);
}

static void pause_accepting(cg_listener *listener, int reason)
{
    cg_log(CG_LOG_ERROR, "listener.paused", CG_LOG_TEXT("reason", g_strerror(reason)));
    uv_poll_stop(&listener->poll);
    uv_timer_start(&listener->pause, on_pause_over, PAUSE_MS, 0);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    cg_listener *listener = poll->data;

    for (int i = 0; i < ACCEPTS_PER_WAKE_UP; i++) {
        struct sockaddr_storage peer;
        socklen_t size = sizeof(peer);
        int fd = accept4(listener->fd, (struct sockaddr *) &peer, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM))
            pause_accepting(listener, errno);
        if (fd < 0)
            return; /* nothing more, or a connection that is gone already */
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
        listener->accepted(fd, (const struct sockaddr *) &peer, listener->user);
    }
}

static int open_socket(const char *address, uint16_t port)
{
    struct sockaddr_storage storage;
    bool known = cg_ip_address_parse(address, &storage);
    int fd = known ? socket(storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0) : -1;
    int only_v6 = strcmp(address, "::") != 0;

    if (!known)
        errno = EINVAL;
    if (fd < 0)
        return -1;
    cg_ip_address_set_port(&storage, port);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    if (storage.ss_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only_v6, sizeof(only_v6));
    if (bind(fd, (struct sockaddr *) &storage, sizeof storage) == 0 && listen(fd, SOMAXCONN) == 0)
        return fd;
    int reason = errno;
    close(fd);
    errno = reason;
    return -1;
}

cg_listener *cg_listener_new(uv_loop_t *loop, const char *address, uint16_t port, cg_listener_accepted accepted,
                             void *user, char **ret_error)
{
    int fd = open_socket(address, port);

    if (fd < 0) {
        const char *option = errno == EADDRNOTAVAIL || errno == EAFNOSUPPORT ? "server.listen" : "server.port";
        *ret_error = g_strdup_printf("%s: cannot listen on %s port %u: %s", option, address, port, g_strerror(errno));
        return NULL;
    }
    cg_listener *listener = g_new0(cg_listener, 1);
    *listener = (cg_listener){.fd = fd, .accepted = accepted, .user = user, .open_handles = 2};
    uv_timer_init(loop, &listener->pause);
    uv_poll_init(loop, &listener->poll, fd);
    listener->pause.data = listener;
    listener->poll.data = listener;
    uv_poll_start(&listener->poll, UV_READABLE, on_readable);
    return listener;
}

static void on_handle_closed(uv_handle_t *handle)
{
    cg_listener *listener = handle->data;

    if (--listener->open_handles > 0)
        return;
    close(listener->fd);
    g_free(listener);
}

void cg_listener_close(cg_listener *listener)
{
    if (!listener)
        return;
    uv_close((uv_handle_t *) &listener->poll, on_handle_closed);
    uv_close((uv_handle_t *) &listener->pause, on_handle_closed);
}

uint16_t cg_listener_port(const cg_listener *listener)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof(address);

    if (getsockname(listener->fd, (struct sockaddr *) &address, &size) != 0)
        return 0;
    return ntohs(address.ss_family == AF_INET ? ((struct sockaddr_in *) &address)->sin_port
                                              : ((struct sockaddr_in6 *) &address)->sin6_port);
}
