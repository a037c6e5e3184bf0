/* The relay is a fork of this process that does nothing but its loop. */
#include "tests/bench/floor.h"

#include "base/clock.h"

#include <arpa/inet.h>
#include <glib.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_DATAGRAM = 2048, SOCKET_BUFFER = 1 << 20, IDLE_TICK_US = 100000 };

typedef struct {
    bench_source source;
    size_t size; /* of its datagrams */
    int64_t interval_us, next_send_us;
    unsigned left; /* packets until it is silent */
    uint64_t sent, received;
} sender;

struct floor_relay {
    bench_loop *loop;
    pid_t pid;
    unsigned count;
    sender *senders;
};

/* A socket on a free port of loopback. */
static int open_socket(struct sockaddr_in *ret_address)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), buffer = SOCKET_BUFFER;
    socklen_t size = sizeof *ret_address;
    *ret_address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    g_assert(fd >= 0 && bind(fd, (struct sockaddr *) ret_address, size) == 0);
    g_assert(getsockname(fd, (struct sockaddr *) ret_address, &size) == 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    return fd;
}

static void relay_forever(int fd, const struct sockaddr_in partners[static 65536])
{
    uint8_t data[MAX_DATAGRAM];
    for (;;) {
        struct sockaddr_in from;
        socklen_t size = sizeof from;
        ssize_t got = recvfrom(fd, data, sizeof data, 0, (struct sockaddr *) &from, &size);
        if (got < 0)
            poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, -1);
        else
            sendto(fd, data, (size_t) got, 0, (const struct sockaddr *) &partners[ntohs(from.sin_port)], size);
    }
}

static void readable(bench_source *source, int64_t now_us)
{
    sender *s = source->user;
    uint8_t data[MAX_DATAGRAM];
    while (recv(source->fd, data, sizeof data, 0) > 0)
        s->received++;
}

static int64_t tick(bench_source *source, int64_t now_us)
{
    static const uint8_t data[MAX_DATAGRAM];
    sender *s = source->user;
    if (s->left > 0 && s->next_send_us <= now_us) {
        s->sent += send(source->fd, data, s->size, 0) > 0;
        s->left--;
        s->next_send_us += (1 + (now_us - s->next_send_us) / s->interval_us) * s->interval_us;
    }
    return s->left > 0 ? s->next_send_us : now_us + IDLE_TICK_US;
}

static void add_sender(floor_relay *relay, unsigned index, size_t size, const struct sockaddr_in *to,
                       struct sockaddr_in *partners)
{
    struct sockaddr_in own;
    sender *s = &relay->senders[index];
    s->size = size;
    s->source = (bench_source){.fd = open_socket(&own), .readable = readable, .tick = tick, .user = s};
    g_assert(connect(s->source.fd, (const struct sockaddr *) to, sizeof *to) == 0);
    bench_loop_add(relay->loop, &s->source);
    if (index % 2 == 1) {
        struct sockaddr_in other;
        socklen_t other_size = sizeof other;
        g_assert(getsockname(s[-1].source.fd, (struct sockaddr *) &other, &other_size) == 0);
        partners[ntohs(own.sin_port)] = other;
        partners[ntohs(other.sin_port)] = own;
    }
}

floor_relay *floor_relay_new(bench_loop *loop, unsigned count, size_t size)
{
    struct sockaddr_in address;
    g_autofree struct sockaddr_in *partners = g_new0(struct sockaddr_in, 65536);
    floor_relay *relay = g_new0(floor_relay, 1);
    int fd = open_socket(&address);
    g_assert(count % 2 == 0 && size <= MAX_DATAGRAM);
    *relay = (floor_relay){.loop = loop, .count = count, .senders = g_new0(sender, count)};
    for (unsigned i = 0; i < count; i++)
        add_sender(relay, i, size, &address, partners);
    relay->pid = fork();
    g_assert(relay->pid >= 0);
    if (relay->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        relay_forever(fd, partners);
    }
    close(fd);
    return relay;
}

void floor_relay_free(floor_relay *relay)
{
    kill(relay->pid, SIGKILL);
    waitpid(relay->pid, NULL, 0);
    for (unsigned i = 0; i < relay->count; i++) {
        bench_loop_remove(relay->loop, &relay->senders[i].source);
        close(relay->senders[i].source.fd);
    }
    g_free(relay->senders);
    g_free(relay);
}

pid_t floor_relay_pid(const floor_relay *relay)
{
    return relay->pid;
}

void floor_relay_send(floor_relay *relay, unsigned packets, int64_t interval_us)
{
    int64_t start_us = cg_clock_monotonic_us();
    for (unsigned i = 0; i < relay->count; i++) {
        sender *s = &relay->senders[i];
        s->interval_us = interval_us;
        s->left = packets;
        s->next_send_us = start_us + interval_us * i / relay->count;
        s->source.next_us = s->next_send_us;
    }
}

bool floor_relay_is_silent(const floor_relay *relay)
{
    for (unsigned i = 0; i < relay->count; i++)
        if (relay->senders[i].left > 0)
            return false;
    return true;
}

void floor_relay_count(const floor_relay *relay, uint64_t *ret_sent, uint64_t *ret_received)
{
    *ret_sent = *ret_received = 0;
    for (unsigned i = 0; i < relay->count; i++) {
        *ret_sent += relay->senders[i].sent;
        *ret_received += relay->senders[i].received;
    }
}
