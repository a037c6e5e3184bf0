/* Connections by number, and the frames on them treated as datagrams. What a frame gives rise to may lie where the
 * frame does until it is sent, and grow there: each is copied out of the stream first, into one of as many buffers as
 * are sent at a time. */
#include "bridge/worker/worker_tcp.h"

#include "base/clock.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { EVENTS = 32 };

struct cg_worker_tcp {
    int epoll_fd;
    GPtrArray *connections; /* (cg_tcp_connection) by number; NULL: free */
    GArray *free_numbers;   /* uint32_t */
    unsigned taken;         /* of `datagrams`, since the worker sent last */
    uint8_t datagrams[CG_UDP_BATCH][CG_UDP_MAX_DATAGRAM + CG_UDP_HEADROOM];
    uint8_t own[CG_UDP_MAX_DATAGRAM + CG_UDP_HEADROOM]; /* the next of our own making */
};

cg_worker_tcp *cg_worker_tcp_new(void)
{
    cg_worker_tcp *tcp = g_new0(cg_worker_tcp, 1);
    tcp->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (tcp->epoll_fd < 0)
        g_error("no epoll for a worker: %s", g_strerror(errno));
    tcp->connections = g_ptr_array_new();
    tcp->free_numbers = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    return tcp;
}

void cg_worker_tcp_free(cg_worker_tcp *tcp)
{
    if (tcp == NULL)
        return;
    g_assert(tcp->free_numbers->len == tcp->connections->len);
    close(tcp->epoll_fd);
    g_ptr_array_unref(tcp->connections);
    g_array_unref(tcp->free_numbers);
    g_free(tcp);
}

int cg_worker_tcp_fd(const cg_worker_tcp *tcp)
{
    return tcp->epoll_fd;
}

/* --- numbers --- */

static cg_tcp_connection *connection_at(const cg_worker_tcp *tcp, uint32_t number)
{
    return tcp->connections->pdata[number];
}

static void give_number(cg_worker_tcp *tcp, cg_tcp_connection *connection)
{
    guint count = tcp->free_numbers->len;
    if (count > 0) {
        connection->path.scope = g_array_index(tcp->free_numbers, uint32_t, count - 1);
        g_array_set_size(tcp->free_numbers, count - 1);
        tcp->connections->pdata[connection->path.scope] = connection;
    } else {
        connection->path.scope = tcp->connections->len;
        g_ptr_array_add(tcp->connections, connection);
    }
}

static void take_number(cg_worker_tcp *tcp, uint32_t number)
{
    tcp->connections->pdata[number] = NULL;
    g_array_append_val(tcp->free_numbers, number);
}

static bool watch(const cg_worker_tcp *tcp, int operation, const cg_tcp_connection *connection)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = connection->path.scope};
    if (cg_tcp_connection_is_waiting(connection))
        event.events |= EPOLLOUT;
    return epoll_ctl(tcp->epoll_fd, operation, connection->fd, &event) == 0;
}

static void count_connections(cg_worker *worker)
{
    cg_counter_set(&worker->counters.tcp_connections, worker->tcp->connections->len - worker->tcp->free_numbers->len);
}

void cg_worker_tcp_close(cg_worker *worker, const cg_path *path)
{
    cg_tcp_connection *connection = connection_at(worker->tcp, path->scope);
    take_number(worker->tcp, path->scope);
    cg_tcp_connection_free(connection); /* takes it off the epoll descriptor too */
    count_connections(worker);
}

/* The connection is over; if a leg has it as a path, that path is. */
static void end_connection(cg_worker *worker, const cg_tcp_connection *connection)
{
    unsigned index;
    cg_path path = connection->path;
    cg_leg *leg = cg_leg_table_find_path(worker->legs, &path, &index);
    if (leg != NULL)
        cg_leg_drop_path(worker, leg, index); /* closes it */
    else
        cg_worker_tcp_close(worker, &path);
}

/* --- sending --- */

static void watch_if_changed(const cg_worker_tcp *tcp, const cg_tcp_connection *connection, bool was_waiting)
{
    if (cg_tcp_connection_is_waiting(connection) != was_waiting)
        watch(tcp, EPOLL_CTL_MOD, connection);
}

void cg_worker_tcp_send(cg_worker *worker, const cg_path *path, const uint8_t *data, size_t size)
{
    cg_tcp_connection *connection = connection_at(worker->tcp, path->scope);
    bool was_waiting = cg_tcp_connection_is_waiting(connection);
    if (!cg_tcp_connection_send(connection, data, size))
        cg_counter_add(&worker->counters.tcp_dropped, 1);
    watch_if_changed(worker->tcp, connection, was_waiting);
}

uint8_t *cg_worker_tcp_buffer(cg_worker *worker)
{
    return worker->tcp->own;
}

static void flush(cg_worker *worker)
{
    cg_worker_flush(worker);
    worker->tcp->taken = 0;
}

/* --- receiving --- */

static void receive_frame(cg_worker *worker, const cg_path *path, const uint8_t *frame, size_t size, int64_t now_us)
{
    cg_worker_tcp *tcp = worker->tcp;
    if (tcp->taken == G_N_ELEMENTS(tcp->datagrams))
        flush(worker);
    cg_datagram datagram = {.path = *path, .data = tcp->datagrams[tcp->taken++], .size = size};
    memcpy(datagram.data, frame, size);
    cg_worker_receive(worker, &datagram, now_us);
}

/* Each frame may end the connection, its own or another; none is taken meanwhile. */
static void receive_frames(cg_worker *worker, uint32_t number, int64_t now_us)
{
    cg_tcp_connection *connection;
    const uint8_t *frame;
    size_t size;
    while ((connection = connection_at(worker->tcp, number)) != NULL) {
        switch (cg_tcp_frames_next(&connection->frames, &frame, &size)) {
        case CG_TCP_FRAME:
            receive_frame(worker, &connection->path, frame, size, now_us);
            break;
        case CG_TCP_FRAME_PARTIAL:
            return;
        case CG_TCP_FRAME_TOO_LONG:
            cg_worker_drop(worker, CG_DROP_MALFORMED, &connection->path, now_us);
            end_connection(worker, connection);
            return;
        }
    }
}

static void serve(cg_worker *worker, uint32_t number, uint32_t events, int64_t now_us)
{
    cg_tcp_connection *connection = connection_at(worker->tcp, number);
    if (connection == NULL) /* ended by an event before this one */
        return;
    if (events & EPOLLOUT) {
        cg_tcp_connection_flush(connection);
        watch_if_changed(worker->tcp, connection, true);
    }
    if ((events & ~(uint32_t) EPOLLOUT) == 0)
        return;
    cg_tcp_read_status status = cg_tcp_connection_read(connection);
    if (status == CG_TCP_READ) {
        cg_worker_catch_up(worker); /* may end the connection */
        receive_frames(worker, number, now_us);
    } else if (status == CG_TCP_READ_END) {
        end_connection(worker, connection);
    }
}

void cg_worker_tcp_serve(cg_worker *worker)
{
    struct epoll_event events[EVENTS];
    int count = epoll_wait(worker->tcp->epoll_fd, events, EVENTS, 0);
    int64_t now_us = cg_clock_monotonic_us();
    for (int i = 0; i < count; i++)
        serve(worker, events[i].data.u32, events[i].events, now_us);
    flush(worker);
}

/* --- taking over --- */

typedef struct {
    cg_mail mail;
    cg_tcp_connection *connection; /* owned until taken */
    cg_tcp_acceptor *acceptor;
    unsigned place;
} connection_mail;

static void discard_connection(cg_mail *mail)
{
    cg_tcp_connection_free(((connection_mail *) mail)->connection);
    g_free(mail);
}

/* True if its first frame made the connection a path of a leg; else it has been ended. */
static bool adopt(cg_worker *worker, cg_tcp_connection *connection)
{
    unsigned index;
    give_number(worker->tcp, connection);
    count_connections(worker);
    cg_path path = connection->path;
    if (watch(worker->tcp, EPOLL_CTL_ADD, connection))
        receive_frames(worker, path.scope, cg_clock_monotonic_us());
    flush(worker);
    if (connection_at(worker->tcp, path.scope) == NULL)
        return false;
    if (cg_leg_table_find_path(worker->legs, &path, &index) != NULL)
        return true;
    cg_worker_tcp_close(worker, &path);
    return false;
}

static void deliver_connection(cg_mail *mail, void *owner)
{
    connection_mail *what = (connection_mail *) mail;
    cg_path path = what->connection->path;
    bool adopted = adopt(owner, g_steal_pointer(&what->connection));
    cg_tcp_acceptor_settle(what->acceptor, what->place, &path, !adopted);
    discard_connection(mail);
}

void cg_worker_post_connection(cg_worker *worker, cg_tcp_connection *connection, cg_tcp_acceptor *acceptor,
                               unsigned place)
{
    connection_mail *what = g_new(connection_mail, 1);
    *what = (connection_mail){.mail = {.deliver = deliver_connection, .discard = discard_connection},
                              .connection = connection,
                              .acceptor = acceptor,
                              .place = place};
    cg_mailbox_post(worker->mailbox, &what->mail);
}
