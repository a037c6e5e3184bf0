/* The senders; the relay does the rest. */
#include "tests/bench/floor.h"

#include "base/clock.h"
#include "tests/bench/relay_process.h"

#include <glib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_DATAGRAM = 2048, IDLE_TICK_US = 100000 };

typedef struct {
    bench_source source;
    size_t size; /* of its datagrams */
    int64_t interval_us, next_send_us;
    unsigned left; /* packets until it is silent */
    uint64_t sent, received;
} sender;

struct floor_relay {
    bench_loop *loop;
    relay_process *process;
    unsigned count;
    sender *senders;
};

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

static void add_sender(floor_relay *relay, unsigned index, size_t size, struct sockaddr_in *ret_end)
{
    const struct sockaddr_in *to = relay_process_address(relay->process);
    sender *s = &relay->senders[index];
    s->size = size;
    s->source = (bench_source){
        .fd = relay_open_socket(NULL, "127.0.0.1", ret_end), .readable = readable, .tick = tick, .user = s};
    g_assert(connect(s->source.fd, (const struct sockaddr *) to, sizeof *to) == 0);
    bench_loop_add(relay->loop, &s->source);
}

floor_relay *floor_relay_new(bench_loop *loop, unsigned count, size_t size)
{
    g_autofree struct sockaddr_in *ends = g_new0(struct sockaddr_in, count);
    floor_relay *relay = g_new0(floor_relay, 1);
    g_assert(size <= MAX_DATAGRAM);
    *relay = (floor_relay){.loop = loop,
                           .process = relay_process_new(NULL, "127.0.0.1"),
                           .count = count,
                           .senders = g_new0(sender, count)};
    for (unsigned i = 0; i < count; i++)
        add_sender(relay, i, size, &ends[i]);
    relay_process_start(relay->process, ends, count, false);
    return relay;
}

void floor_relay_free(floor_relay *relay)
{
    relay_process_free(relay->process);
    for (unsigned i = 0; i < relay->count; i++) {
        bench_loop_remove(relay->loop, &relay->senders[i].source);
        close(relay->senders[i].source.fd);
    }
    g_free(relay->senders);
    g_free(relay);
}

pid_t floor_relay_pid(const floor_relay *relay)
{
    return relay_process_pid(relay->process);
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
