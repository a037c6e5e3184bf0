/* One client: what it says, what it hears. What it says by itself is a stamp, which tells whoever hears it all about
 * the way; a translation needs sound. */
#include "tests/bench/load_internal.h"

#include "base/clock.h"
#include "tests/bench/samples.h"

#include <string.h>

enum { OPUS = 111, OPUS_STEP = 960 };

/* At the front of a payload that tells of itself. */
typedef struct {
    uint32_t window; /* the count it belongs to; 0: none */
    uint64_t number; /* of that client's packets */
    int64_t sent_ns;
} stamp;

/* --- sending --- */

static uint8_t payload_type(const load_client *client)
{
    return client->peer != NULL ? webrtc_peer_description(client->peer)->formats[0].payload_type : client->payload_type;
}

static webrtc_peer_packet next_packet(const load_client *client, const uint8_t *payload, size_t size)
{
    uint32_t step = client->voice != NULL ? client->voice->step : OPUS_STEP;
    return (webrtc_peer_packet){.payload_type = payload_type(client),
                                .sequence = (uint16_t) client->number,
                                .timestamp = (uint32_t) client->number * step,
                                .payload = payload,
                                .payload_size = size};
}

static void send_plain(load_client *client, const webrtc_peer_packet *packet)
{
    uint8_t data[LOAD_MAX_DATAGRAM];
    int size = CG_RTP_HEADER_SIZE + (int) packet->payload_size;
    cg_rtp_header header = {.payload_type = packet->payload_type,
                            .sequence = packet->sequence,
                            .timestamp = packet->timestamp,
                            .ssrc = client->ssrc};
    cg_rtp_write(data, &header);
    memcpy(data + CG_RTP_HEADER_SIZE, packet->payload, packet->payload_size);
    if (client->outbound == NULL || srtp_protect(client->outbound, data, &size) == srtp_err_status_ok)
        load_socket_send(client->load->socket, client->index, &client->to, data, (size_t) size);
}

static void say(load_client *client, const uint8_t *payload, size_t size)
{
    webrtc_peer_packet packet = next_packet(client, payload, size);
    if (client->peer != NULL)
        webrtc_peer_send_rtp(client->peer, &packet);
    else
        send_plain(client, &packet);
    client->number++;
}

static void say_stamp(load_client *client, uint32_t window)
{
    uint8_t payload[LOAD_PAYLOAD] = {0};
    stamp mark = {.window = window, .number = client->number, .sent_ns = load_clock_ns()};
    memcpy(payload, &mark, sizeof mark);
    say(client, payload, sizeof payload);
}

void load_client_send(load_client *client)
{
    const recording *voice = client->voice;
    load *l = client->load;
    uint32_t window = client->index < l->speakers ? l->window : 0;
    if (voice == NULL)
        say_stamp(client, window);
    else
        say(client, voice->data[client->number % voice->count], voice->sizes[client->number % voice->count]);
    l->counts.sent += window != 0;
}

size_t load_client_record(load_client *client, uint8_t ret_datagram[static LOAD_MAX_DATAGRAM])
{
    static const uint8_t payload[LOAD_PAYLOAD]; /* of no count */
    webrtc_peer_packet packet = next_packet(client, payload, sizeof payload);
    size_t size = webrtc_peer_protect_rtp(client->peer, &packet, ret_datagram);
    webrtc_peer_send_raw(client->peer, ret_datagram, size);
    client->number++;
    return size;
}

/* --- receiving --- */

static void hear_stamp(load_client *client, const uint8_t *payload, size_t size)
{
    stamp mark;
    load *l = client->load;
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

/* What was translated tells nothing of the packet it was made of. */
static void hear_voice(load_client *client, uint8_t type)
{
    load *l = client->load;
    if (type != payload_type(client))
        bench_fail("what was to be translated came with payload type %u", type);
    l->counts.received += l->window != 0;
}

static void hear(load_client *client, const cg_rtp_header *header, const uint8_t *packet)
{
    if (client->heard_us == 0)
        client->heard_us = cg_clock_monotonic_us();
    if (client->voice != NULL)
        hear_voice(client, header->payload_type);
    else
        hear_stamp(client, packet + header->payload_offset, header->payload_size);
}

static void on_rtp(webrtc_peer *peer, const cg_rtp_header *header, const uint8_t *packet, void *user)
{
    hear(user, header, packet);
}

static void take_plain(load_client *client, const struct sockaddr_in *from, uint8_t *data, size_t size)
{
    int octets = (int) size;
    cg_rtp_header header;
    if (client->inbound != NULL && srtp_unprotect(client->inbound, data, &octets) != srtp_err_status_ok)
        return;
    if (cg_rtcp_is_rtcp(data, (size_t) octets) || !cg_rtp_parse(data, (size_t) octets, &header))
        return;
    if (client->to.sin_port == 0)
        load_client_send_to(client, from);
    hear(client, &header, data);
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
        load_start_talking(l, client);
    }
}

void load_client_take(load_client *client, const struct sockaddr_in *from, uint8_t *data, size_t size)
{
    if (client->peer == NULL)
        take_plain(client, from, data, size);
    else
        take_webrtc(client, data, size);
}

/* --- life --- */

static void on_peer_send(webrtc_peer *peer, const struct sockaddr_storage *to, const void *data, size_t size,
                         void *user)
{
    load_client *client = user;
    load_socket_send(client->load->socket, client->index, (const struct sockaddr_in *) to, data, size);
}

static load_client *add(load *l)
{
    load_client *client = g_new0(load_client, 1);
    if (l->clients->len >= LOAD_MAX_CLIENTS)
        bench_fail("more than %d clients", LOAD_MAX_CLIENTS);
    *client = (load_client){.load = l, .index = l->clients->len, .payload_type = OPUS, .ssrc = g_random_int() | 1};
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

void load_client_free(void *data)
{
    load_client *client = data;
    webrtc_peer_free(client->peer);
    if (client->inbound != NULL)
        srtp_dealloc(client->inbound);
    if (client->outbound != NULL)
        srtp_dealloc(client->outbound);
    g_free(client);
}

void load_client_send_to(load_client *client, const struct sockaddr_in *to)
{
    client->to = *to;
    if (!client->talks)
        load_start_talking(client->load, client);
    client->load->source.next_us = 0;
}

void load_client_speak(load_client *client, const recording *voice, uint8_t type)
{
    client->voice = voice;
    client->payload_type = type;
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

unsigned load_client_index(const load_client *client)
{
    return client->index;
}
