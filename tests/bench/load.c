/* Clients wait in one line, ordered by when they send next: all have the same interval, so who has sent goes to its
 * end. No timer per client, no search. */
#include "tests/bench/load.h"

#include "base/clock.h"
#include "tests/bench/load_socket.h"
#include "tests/bench/samples.h"
#include "tests/lib-native/peer_srtp.h"

#include <limits.h>
#include <string.h>

enum { SETUP_TICK_US = 5000, IDLE_US = 100000, DRAIN_US = 300000, OPUS = 111, OPUS_STEP = 960 };

typedef struct {
    uint32_t window; /* the count it belongs to; 0: none */
    uint64_t number; /* of that client's packets */
    int64_t sent_ns;
} stamp;

struct load_client {
    load *load;
    unsigned index;
    webrtc_peer *peer; /* NULL: plain */
    struct sockaddr_in to;
    srtp_t inbound, outbound; /* of a plain client with keys */
    uint64_t number;          /* of its next packet */
    uint64_t highest;         /* number heard, plus one */
    uint32_t ssrc;
    bool talks;
    int64_t heard_us, next_us;
    load_client *next; /* in the line */
};

struct load {
    bench_loop *loop;
    load_socket *socket;
    bench_source source;
    GPtrArray *clients;        /* by index */
    GPtrArray *connecting;     /* WebRTC ones that are not yet; not owned */
    load_client *first, *last; /* the line of those that send */
    int64_t setup_us;          /* when `connecting` are looked at */
    unsigned speakers;         /* clients with a lower index speak */
    uint32_t window;           /* that counts; 0: none */
    uint32_t windows;          /* so far */
    int64_t received_ns;       /* of the datagram being taken */
    uint64_t dropped_before;
    load_counts counts;
};

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

/* --- sending --- */

static void send_plain(load_client *client, const uint8_t *payload)
{
    uint8_t data[LOAD_MAX_DATAGRAM];
    int size = CG_RTP_HEADER_SIZE + LOAD_PAYLOAD;
    cg_rtp_header header = {.payload_type = OPUS,
                            .sequence = (uint16_t) client->number,
                            .timestamp = (uint32_t) client->number * OPUS_STEP,
                            .ssrc = client->ssrc};
    cg_rtp_write(data, &header);
    memcpy(data + CG_RTP_HEADER_SIZE, payload, LOAD_PAYLOAD);
    if (client->outbound == NULL || srtp_protect(client->outbound, data, &size) == srtp_err_status_ok)
        load_socket_send(client->load->socket, client->index, &client->to, data, (size_t) size);
}

static webrtc_peer_packet describe(load_client *client, const uint8_t *payload)
{
    return (webrtc_peer_packet){.payload_type = webrtc_peer_description(client->peer)->formats[0].payload_type,
                                .sequence = (uint16_t) client->number,
                                .timestamp = (uint32_t) client->number * OPUS_STEP,
                                .payload = payload,
                                .payload_size = LOAD_PAYLOAD};
}

static void send_webrtc(load_client *client, const uint8_t *payload)
{
    webrtc_peer_packet packet = describe(client, payload);
    webrtc_peer_send_rtp(client->peer, &packet);
}

static void send_packet(load_client *client)
{
    uint8_t payload[LOAD_PAYLOAD] = {0};
    load *l = client->load;
    uint32_t window = client->index < l->speakers ? l->window : 0;
    stamp mark = {.window = window, .number = client->number, .sent_ns = load_clock_ns()};
    memcpy(payload, &mark, sizeof mark);
    if (client->peer != NULL)
        send_webrtc(client, payload);
    else
        send_plain(client, payload);
    client->number++;
    l->counts.sent += window != 0;
}

static void take_turn(load_client *client, int64_t now_us)
{
    if (client->peer != NULL)
        webrtc_peer_tick(client->peer, now_us);
    if (client->index < client->load->speakers)
        send_packet(client);
}

static void start_talking(load_client *client, int64_t now_us)
{
    client->talks = true;
    send_packet(client);
    client->next_us = now_us + LOAD_INTERVAL_US;
    line_up(client->load, client);
}

static void on_peer_send(webrtc_peer *peer, const struct sockaddr_storage *to, const void *data, size_t size,
                         void *user)
{
    load_client *client = user;
    load_socket_send(client->load->socket, client->index, (const struct sockaddr_in *) to, data, size);
}

/* --- receiving --- */

static void hear(load_client *client, const uint8_t *payload, size_t size)
{
    stamp mark;
    load *l = client->load;
    if (client->heard_us == 0)
        client->heard_us = cg_clock_monotonic_us();
    if (size < sizeof mark)
        return;
    memcpy(&mark, payload, sizeof mark);
    if (mark.window == 0 || mark.window != l->windows)
        return;
    l->counts.received++;
    l->counts.repeated += mark.number + 1 == client->highest;
    l->counts.reordered += mark.number + 1 < client->highest;
    client->highest = MAX(client->highest, mark.number + 1);
    samples_add(l->counts.latency_us, (double) (l->received_ns - mark.sent_ns) / 1000);
}

static void on_rtp(webrtc_peer *peer, const cg_rtp_header *header, const uint8_t *packet, void *user)
{
    hear(user, packet + header->payload_offset, header->payload_size);
}

static void hear_plain(load_client *client, uint8_t *data, size_t size)
{
    int octets = (int) size;
    cg_rtp_header header;
    if (client->inbound != NULL && srtp_unprotect(client->inbound, data, &octets) != srtp_err_status_ok)
        return;
    if (!cg_rtcp_is_rtcp(data, (size_t) octets) && cg_rtp_parse(data, (size_t) octets, &header))
        hear(client, data + header.payload_offset, header.payload_size);
}

static void take_webrtc(load_client *client, uint8_t *data, size_t size)
{
    load *l = client->load;
    webrtc_peer_take(client->peer, data, size);
    if (client->talks)
        return;
    if (webrtc_peer_has_failed(client->peer))
        bench_fail("a DTLS handshake failed");
    if (webrtc_peer_is_connected(client->peer)) {
        g_ptr_array_remove_fast(l->connecting, client);
        start_talking(client, cg_clock_monotonic_us());
        l->source.next_us = 0;
    }
}

static void take(unsigned index, const struct sockaddr_in *from, uint8_t *data, size_t size, int64_t received_ns,
                 void *user)
{
    load *l = user;
    load_client *client = index < l->clients->len ? l->clients->pdata[index] : NULL;
    l->received_ns = received_ns;
    if (client == NULL)
        return; /* for a client that is gone */
    if (client->peer == NULL)
        hear_plain(client, data, size);
    else
        take_webrtc(client, data, size);
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

static void client_free(void *data)
{
    load_client *client = data;
    webrtc_peer_free(client->peer);
    if (client->inbound != NULL)
        srtp_dealloc(client->inbound);
    if (client->outbound != NULL)
        srtp_dealloc(client->outbound);
    g_free(client);
}

load *load_new(bench_loop *loop)
{
    load *l = g_new0(load, 1);
    l->loop = loop;
    l->speakers = UINT_MAX;
    l->socket = load_socket_new();
    l->clients = g_ptr_array_new_with_free_func(client_free);
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

static load_client *add(load *l)
{
    load_client *client = g_new0(load_client, 1);
    if (l->clients->len >= LOAD_MAX_CLIENTS)
        bench_fail("more than %d clients", LOAD_MAX_CLIENTS);
    *client = (load_client){.load = l, .index = l->clients->len, .ssrc = g_random_int() | 1};
    g_ptr_array_add(l->clients, client);
    return client;
}

load_client *load_add_webrtc(load *l, peer_identity *identity)
{
    load_client *client = add(l);
    webrtc_peer_config config = {.identity = identity,
                                 .send = on_peer_send,
                                 .candidate = load_client_address(client),
                                 .on_rtp = on_rtp,
                                 .user = client};
    client->peer = webrtc_peer_new(&config);
    g_ptr_array_add(l->connecting, client);
    l->source.next_us = l->setup_us = 0;
    return client;
}

load_client *load_add_rtp(load *l, const struct sockaddr_in *to, const peer_dtls_keys *keys)
{
    load_client *client = add(l);
    if (keys != NULL) {
        client->inbound = peer_srtp_new(keys->remote, keys->short_tag, ssrc_any_inbound);
        client->outbound = peer_srtp_new(keys->local, keys->short_tag, ssrc_any_outbound);
    }
    if (to != NULL)
        load_client_send_to(client, to);
    return client;
}

void load_client_send_to(load_client *client, const struct sockaddr_in *to)
{
    client->to = *to;
    if (!client->talks)
        start_talking(client, cg_clock_monotonic_us());
    client->load->source.next_us = 0;
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

webrtc_peer *load_client_peer(load_client *client)
{
    return client->peer;
}

struct sockaddr_in load_client_address(const load_client *client)
{
    return load_socket_address(client->load->socket, client->index);
}

int64_t load_client_heard_us(const load_client *client)
{
    return client->heard_us;
}

struct load_socket *load_get_socket(load *l)
{
    return l->socket;
}

unsigned load_client_index(const load_client *client)
{
    return client->index;
}

size_t load_client_record(load_client *client, uint8_t ret_datagram[static LOAD_MAX_DATAGRAM])
{
    static const uint8_t payload[LOAD_PAYLOAD]; /* of no count */
    webrtc_peer_packet packet = describe(client, payload);
    size_t size = webrtc_peer_protect_rtp(client->peer, &packet, ret_datagram);
    webrtc_peer_send_raw(client->peer, ret_datagram, size);
    client->number++;
    return size;
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
