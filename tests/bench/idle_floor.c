/* The server is a fork of this process that does nothing but its loop; a request on a socket pair makes it tell all. */
#include "tests/bench/idle_floor.h"

#include "base/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <glib.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* A text frame of one octet, and the same masked: RFC 6455 section 5.2. */
enum { BEAT_SIZE = 3, ECHO_SIZE = 7, MAX_MESSAGE = 4096, MAX_EVENTS = 64, BACKLOG = 1024, PATIENCE_US = 30000000 };

typedef struct {
    unsigned messages;
    size_t size;
} request;

typedef struct {
    bench_source source;
    idle_floor *floor;
    size_t expected; /* octets of messages still to come; what comes beyond them are heartbeats */
} client;

struct idle_floor {
    bench_loop *loop;
    pid_t pid;
    int control;
    unsigned count;
    unsigned waiting; /* clients with something still to come */
    client *clients;
};

/* --- the server --- */

typedef struct {
    int epoll, control;
    unsigned count;
    int *clients;
    int64_t interval_us, started_us;
    uint64_t beats;
} server;

static void add_to_epoll(const server *s, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    g_assert(epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &event) == 0);
}

static void tell_all(const server *s)
{
    static const uint8_t data[MAX_MESSAGE];
    request asked;
    if (read(s->control, &asked, sizeof asked) != sizeof asked)
        _exit(0);
    for (unsigned i = 0; i < s->count; i++)
        for (unsigned n = 0; n < asked.messages; n++)
            g_assert(send(s->clients[i], data, asked.size, MSG_NOSIGNAL) == (ssize_t) asked.size);
}

/* Sends what is due; returns when the next one is. */
static int64_t beat(server *s)
{
    static const uint8_t data[BEAT_SIZE];
    for (;;) {
        int64_t due_us = s->started_us + (int64_t) (s->beats + 1) * s->interval_us / s->count;
        if (due_us > cg_clock_monotonic_us())
            return due_us;
        send(s->clients[s->beats++ % s->count], data, sizeof data, MSG_NOSIGNAL);
    }
}

static void serve(server *s)
{
    for (;;) {
        struct epoll_event events[MAX_EVENTS];
        uint8_t data[ECHO_SIZE];
        int64_t wait_us = MAX(beat(s) - cg_clock_monotonic_us(), 0);
        struct timespec wait = {.tv_sec = wait_us / 1000000, .tv_nsec = wait_us % 1000000 * 1000};
        int ready = epoll_pwait2(s->epoll, events, MAX_EVENTS, &wait, NULL);
        for (int i = 0; i < ready; i++) {
            if (events[i].data.fd == s->control)
                tell_all(s);
            else if (recv(events[i].data.fd, data, sizeof data, 0) <= 0)
                _exit(0);
        }
    }
}

static void run_server(int listener, int control, unsigned count, int64_t interval_us)
{
    server s = {.epoll = epoll_create1(EPOLL_CLOEXEC), .control = control, .count = count, .interval_us = interval_us};
    int on = 1;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    s.clients = g_new(int, count);
    for (unsigned i = 0; i < count; i++) {
        s.clients[i] = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        g_assert(s.clients[i] >= 0);
        setsockopt(s.clients[i], IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        add_to_epoll(&s, s.clients[i]);
    }
    add_to_epoll(&s, control);
    s.started_us = cg_clock_monotonic_us();
    g_assert(write(control, "r", 1) == 1);
    serve(&s);
}

/* --- its clients --- */

/* While a message is expected heartbeats count as parts of it: some octets in a hundred. */
static void readable(bench_source *source, int64_t now_us)
{
    static const uint8_t echo[ECHO_SIZE];
    client *c = source->user;
    uint8_t data[MAX_MESSAGE];
    ssize_t size = recv(source->fd, data, sizeof data, MSG_DONTWAIT);
    if (size <= 0)
        bench_fail("the floor's server closed a connection");
    if (c->expected == 0) {
        send(source->fd, echo, sizeof echo, MSG_NOSIGNAL);
        return;
    }
    c->expected -= MIN(c->expected, (size_t) size);
    c->floor->waiting -= c->expected == 0;
}

static int connect_to(const struct sockaddr_in *address)
{
    int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *) address, sizeof *address) != 0)
        bench_fail("no connection to the floor: %s", g_strerror(errno));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

static int listen_on_loopback(struct sockaddr_in *ret_address)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    socklen_t size = sizeof *ret_address;
    *ret_address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    g_assert(fd >= 0 && bind(fd, (struct sockaddr *) ret_address, size) == 0 && listen(fd, BACKLOG) == 0);
    g_assert(getsockname(fd, (struct sockaddr *) ret_address, &size) == 0);
    return fd;
}

idle_floor *idle_floor_new(bench_loop *loop, unsigned count, int64_t interval_us)
{
    struct sockaddr_in address;
    int pair[2], listener = listen_on_loopback(&address);
    char ready;
    idle_floor *floor = g_new0(idle_floor, 1);
    g_assert(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
    *floor = (idle_floor){.loop = loop, .count = count, .control = pair[0], .clients = g_new0(client, count)};
    floor->pid = fork();
    g_assert(floor->pid >= 0);
    if (floor->pid == 0)
        run_server(listener, pair[1], count, interval_us);
    close(listener);
    close(pair[1]);
    for (unsigned i = 0; i < count; i++) {
        client *c = &floor->clients[i];
        *c = (client){.source = {.fd = connect_to(&address), .readable = readable, .user = c}, .floor = floor};
        bench_loop_add(loop, &c->source);
    }
    if (read(floor->control, &ready, 1) != 1)
        bench_fail("the floor's server did not start");
    return floor;
}

void idle_floor_free(idle_floor *floor)
{
    kill(floor->pid, SIGKILL);
    waitpid(floor->pid, NULL, 0);
    for (unsigned i = 0; i < floor->count; i++) {
        bench_loop_remove(floor->loop, &floor->clients[i].source);
        close(floor->clients[i].source.fd);
    }
    close(floor->control);
    g_free(floor->clients);
    g_free(floor);
}

pid_t idle_floor_pid(const idle_floor *floor)
{
    return floor->pid;
}

static bool nobody_waits(void *user)
{
    return ((idle_floor *) user)->waiting == 0;
}

void idle_floor_tell_all(idle_floor *floor, unsigned messages, size_t size)
{
    request asked = {messages, size};
    g_assert(size <= MAX_MESSAGE);
    for (unsigned i = 0; i < floor->count; i++)
        floor->clients[i].expected = messages * size;
    floor->waiting = floor->count;
    g_assert(write(floor->control, &asked, sizeof asked) == sizeof asked);
    if (!bench_loop_until(floor->loop, nobody_waits, floor, PATIENCE_US))
        bench_fail("the floor did not tell all of its clients");
}
