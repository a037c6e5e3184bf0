/* Clients wait in one line, ordered by when they send next: all have the same interval, so who has sent goes to its
 * end. No timer per client, no search. */
#include "tests/bench/load_internal.h"

#include "base/clock.h"
#include "tests/bench/samples.h"

#include <limits.h>

enum { SETUP_TICK_US = 5000, IDLE_US = 100000, DRAIN_US = 300000 };

/* --- the line --- */

static void line_up(load *l, load_client *client)
{
    client->next = NULL;
    if (l->first == NULL)
        l->first = client;
    else
        l->last->next = client;
    l->last = client;
}

/* Evenly over an interval, as calls that know nothing of each other are. */
static void spread(load *l, int64_t now_us)
{
    unsigned count = 0, at = 0;
    for (load_client *c = l->first; c != NULL; c = c->next)
        count += c->index < l->speakers;
    for (load_client *c = l->first; c != NULL; c = c->next) {
        c->next_us = now_us + (int64_t) LOAD_INTERVAL_US * at / MAX(count, 1);
        at += c->index < l->speakers;
    }
}

static void take_turn(load_client *client, int64_t now_us)
{
    if (client->peer != NULL)
        webrtc_peer_tick(client->peer, now_us);
    if (client->index < client->load->speakers)
        load_client_send(client);
}

void load_start_talking(load *l, load_client *client)
{
    client->talks = true;
    load_client_send(client);
    client->next_us = cg_clock_monotonic_us() + LOAD_INTERVAL_US;
    line_up(l, client);
    l->source.next_us = 0;
}

static void take(unsigned index, const struct sockaddr_in *from, uint8_t *data, size_t size, int64_t received_ns,
                 void *user)
{
    load *l = user;
    load_client *client = index < l->clients->len ? l->clients->pdata[index] : NULL;
    l->received_ns = received_ns;
    if (client != NULL) /* not for one that is gone */
        load_client_take(client, from, data, size);
}

static void readable(bench_source *source, int64_t now_us)
{
    load *l = source->user;
    load_socket_receive(l->socket, take, l);
    load_socket_flush(l->socket); /* answers to handshakes and checks */
}

/* --- time --- */

static void tick_connecting(load *l, int64_t now_us)
{
    for (guint i = 0; i < l->connecting->len; i++)
        webrtc_peer_tick(((load_client *) l->connecting->pdata[i])->peer, now_us);
    l->setup_us = now_us + SETUP_TICK_US;
}

static int64_t tick(bench_source *source, int64_t now_us)
{
    load *l = source->user;
    if (l->connecting->len > 0 && now_us >= l->setup_us)
        tick_connecting(l, now_us);
    if (l->first != NULL && now_us - l->first->next_us > LOAD_INTERVAL_US) {
        l->counts.stalls++;
        spread(l, now_us); /* callers do not stall and burst together */
    }
    while (l->first != NULL && l->first->next_us <= now_us) {
        load_client *client = l->first;
        l->first = client->next;
        take_turn(client, now_us);
        client->next_us += LOAD_INTERVAL_US;
        line_up(l, client);
    }
    load_socket_flush(l->socket);
    int64_t next_us = l->first != NULL ? l->first->next_us : now_us + IDLE_US;
    return l->connecting->len > 0 ? MIN(next_us, l->setup_us) : next_us;
}

/* --- life --- */

load *load_new(bench_loop *loop)
{
    load *l = g_new0(load, 1);
    l->loop = loop;
    l->speakers = UINT_MAX;
    l->socket = load_socket_new();
    l->clients = g_ptr_array_new_with_free_func(load_client_free);
    l->connecting = g_ptr_array_new();
    l->counts.latency_us = samples_new();
    l->source = (bench_source){.fd = load_socket_fd(l->socket), .readable = readable, .tick = tick, .user = l};
    bench_loop_add(loop, &l->source);
    return l;
}

void load_free(load *l)
{
    bench_loop_remove(l->loop, &l->source);
    load_socket_free(l->socket);
    g_ptr_array_unref(l->connecting);
    g_ptr_array_unref(l->clients);
    g_array_unref(l->counts.latency_us);
    g_free(l);
}

void load_set_speakers(load *l, unsigned count)
{
    l->speakers = count;
    spread(l, cg_clock_monotonic_us());
    l->source.next_us = 0;
}

void load_remove_clients(load *l)
{
    l->speakers = UINT_MAX;
    l->first = l->last = NULL;
    g_ptr_array_set_size(l->connecting, 0);
    g_ptr_array_set_size(l->clients, 0);
}

struct load_socket *load_get_socket(load *l)
{
    return l->socket;
}

/* --- counting --- */

void load_begin(load *l)
{
    GArray *latency_us = l->counts.latency_us;
    g_array_set_size(latency_us, 0);
    l->counts = (load_counts){.latency_us = latency_us};
    for (guint i = 0; i < l->clients->len; i++)
        ((load_client *) l->clients->pdata[i])->highest = 0;
    l->dropped_before = load_socket_dropped(l->socket);
    spread(l, cg_clock_monotonic_us());
    l->source.next_us = 0;
    l->window = ++l->windows;
}

const load_counts *load_end(load *l)
{
    l->window = 0;
    bench_loop_run(l->loop, DRAIN_US);
    l->counts.dropped = load_socket_dropped(l->socket) - l->dropped_before;
    return &l->counts;
}
