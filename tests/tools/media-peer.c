/* WebRTC peers for tests that are written in JavaScript: real ICE, DTLS and SRTP, and tones. One process has as many
 * peers as the test names, each with a socket of its own at 127.0.0.1. Lines of JSON in, one line of JSON back for
 * each:
 *
 *     {"do": "offer", "peer": "a"}                  a new peer; {"sdp": its offer}
 *     {"do": "answer", "peer": "b", "sdp": "..."}   a new peer, given an offer; {"sdp": its answer}
 *                                                   both: "narrow": true is one with PCMU in place of Opus; with
 *                                                   "tone": 440 it says that, in Hz, in place of octets of no sense
 *     {"do": "press", "peer": "a", "digit": 5}      one key as telephone-event (RFC 4733)
 *     {"do": "hear",  "peer": "a"}                  {"pcm": the last second that it heard: samples of 16 bits at
 *                                                   8000 Hz, base64}
 *     {"do": "accept", "peer": "a", "sdp": "..."}   what answers its offer
 *     {"do": "restart", "peer": "a"}                {"sdp": an offer with new ICE credentials}
 *     {"do": "count",  "peer": "a"}                 {"connected", "failed", "sent", "received", "lost", "refused",
 * "keys", "key"}
 *     {"do": "replay", "peer": "a", "times": 100}   sends its last packet again, as it was
 *     {"do": "remove", "peer": "a"}
 *
 * Once connected a peer sends a packet every 20 ms. The one thing to know: "received" and "lost" count packets that
 * were authenticated, "lost" by the gaps in their sequence numbers. A command that cannot be done ends the process. */
#include "base/clock.h"
#include "base/json.h"
#include "tests/lib-native/sound.h"
#include "tests/lib-native/webrtc_peer.h"

#include <errno.h>
#include <glib.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PACKET_INTERVAL_US = 20000, TICK_MS = 5, PAYLOAD_SIZE = 80, MAX_DATAGRAM = 2048 };

typedef struct {
    webrtc_peer *webrtc;
    int64_t next_send_us; /* 0: not connected yet */
    uint16_t sequence;
    uint64_t sent, received;
    bool narrow;            /* PCMU and telephone-event at 8000 Hz; else Opus and the latter at 48000 Hz */
    sound_mouth *mouth;     /* owned; NULL: it says nothing of sense */
    sound_ear *ear;         /* owned */
    unsigned keys;          /* telephone-events heard, each once */
    uint32_t key_timestamp; /* of the last one */
    uint8_t key;            /* its number */
    bool heard;
    uint16_t first, highest; /* sequence numbers */
    uint32_t cycles;
    uint8_t last[MAX_DATAGRAM]; /* as it was sent */
    size_t last_size;
} peer;

typedef struct {
    peer_identity *identity;
    GHashTable *peers; /* by name */
    GString *input;    /* what came of the next line */
} tool;

static G_GNUC_NORETURN void give_up(const char *what, const char *about)
{
    fprintf(stderr, "media-peer: %s: %s\n", what, about);
    exit(1);
}

/* --- media --- */

enum { NARROW_EVENTS = 101, EVENT_PACKETS = 6, NARROW_STEP = 160, WIDE_STEP = 960 };

static const cg_format narrow_formats[] = {
    {.codec = CG_CODEC_PCMU, .payload_type = 0},
    {.codec = CG_CODEC_TELEPHONE_EVENT_8000, .payload_type = NARROW_EVENTS, .fmtp = "0-15"},
};

static const cg_format *speech_of(const peer *p)
{
    return &webrtc_peer_description(p->webrtc)->formats[0];
}

static const cg_format *events_of(const peer *p)
{
    return &webrtc_peer_description(p->webrtc)->formats[1];
}

static unsigned step_of(const peer *p)
{
    return p->narrow ? NARROW_STEP : WIDE_STEP;
}

static void hear_key(peer *p, const cg_rtp_header *header, const uint8_t *packet)
{
    if (p->keys > 0 && header->timestamp == p->key_timestamp)
        return;
    p->keys++;
    p->key_timestamp = header->timestamp;
    p->key = packet[header->payload_offset];
}

static void on_rtp(webrtc_peer *webrtc, const cg_rtp_header *header, const uint8_t *packet, void *user)
{
    peer *p = user;
    if (header->payload_type == events_of(p)->payload_type && header->payload_size >= 4)
        hear_key(p, header, packet);
    else if (header->payload_type == speech_of(p)->payload_type)
        sound_ear_hear(p->ear, packet + header->payload_offset, header->payload_size);
    if (!p->heard)
        p->first = p->highest = header->sequence;
    p->heard = true;
    p->received++;
    if ((int16_t) (header->sequence - p->highest) > 0) {
        p->cycles += header->sequence < p->highest;
        p->highest = header->sequence;
    }
}

static int64_t lost(const peer *p)
{
    int64_t expected = (int64_t) p->cycles * 65536 + p->highest - p->first + 1;
    return p->heard ? expected - (int64_t) p->received : 0;
}

/* A key of 120 ms, its end said three times. */
static void press(peer *p, unsigned digit)
{
    uint32_t timestamp = p->sequence * (uint32_t) step_of(p);
    for (unsigned i = 1; i <= EVENT_PACKETS + 2; i++) {
        unsigned duration = MIN(i, EVENT_PACKETS) * step_of(p);
        uint8_t event[4] = {(uint8_t) digit, i >= EVENT_PACKETS ? 0x8a : 0x0a, (uint8_t) (duration >> 8),
                            (uint8_t) duration};
        webrtc_peer_packet packet = {.payload_type = events_of(p)->payload_type,
                                     .marker = i == 1,
                                     .sequence = p->sequence++,
                                     .timestamp = timestamp,
                                     .payload = event,
                                     .payload_size = sizeof event};
        webrtc_peer_send_rtp(p->webrtc, &packet);
    }
}

static void send_packet(peer *p)
{
    uint8_t payload[SOUND_MAX_PAYLOAD] = {0};
    size_t size = p->narrow ? NARROW_STEP : PAYLOAD_SIZE;
    if (p->mouth != NULL)
        size = sound_mouth_say(p->mouth, payload);
    webrtc_peer_packet packet = {
        .payload_type = speech_of(p)->payload_type,
        .marker = p->sequence == 0,
        .sequence = p->sequence,
        .timestamp = p->sequence * (uint32_t) step_of(p),
        .payload = payload,
        .payload_size = size,
    };
    p->sequence++;
    p->last_size = webrtc_peer_protect_rtp(p->webrtc, &packet, p->last);
    webrtc_peer_send_raw(p->webrtc, p->last, p->last_size);
    p->sent += p->last_size > 0;
}

static void tick(peer *p, int64_t now_us)
{
    webrtc_peer_tick(p->webrtc, now_us);
    if (!webrtc_peer_is_connected(p->webrtc))
        return;
    if (p->next_send_us == 0)
        p->next_send_us = now_us;
    for (; p->next_send_us <= now_us; p->next_send_us += PACKET_INTERVAL_US)
        send_packet(p);
}

static void free_peer(void *data)
{
    peer *p = data;
    webrtc_peer_free(p->webrtc);
    sound_mouth_free(p->mouth);
    sound_ear_free(p->ear);
    g_free(p);
}

static peer *add_peer(tool *t, const char *name, const cg_json_value *command)
{
    peer *p = g_new0(peer, 1);
    int64_t tone;
    webrtc_peer_config config = {.address = "127.0.0.1", .identity = t->identity, .on_rtp = on_rtp, .user = p};
    p->narrow = cg_json_get(command, "narrow") != NULL;
    if (p->narrow) {
        config.formats = narrow_formats;
        config.format_count = G_N_ELEMENTS(narrow_formats);
    }
    p->webrtc = webrtc_peer_new(&config);
    p->ear = sound_ear_new(speech_of(p)->codec);
    if (cg_json_integer(cg_json_get(command, "tone"), &tone))
        p->mouth = sound_mouth_new(speech_of(p)->codec, (double) tone);
    if (!g_hash_table_replace(t->peers, g_strdup(name), p))
        give_up("there is such a peer already", name);
    return p;
}

/* --- commands --- */

static void print_sdp(peer *p, webrtc_peer_sdp_kind kind)
{
    g_autofree char *sdp = webrtc_peer_write_sdp(p->webrtc, kind);
    g_autofree char *escaped = g_strescape(sdp, NULL); /* of ASCII without control characters but these: JSON as well */
    printf("{\"sdp\": \"%s\"}\n", escaped);
}

static void read_sdp(peer *p, const cg_json_value *command)
{
    const char *sdp = cg_json_string(cg_json_get(command, "sdp"));
    if (sdp == NULL || !webrtc_peer_read_sdp(p->webrtc, sdp))
        give_up("no usable description", sdp != NULL ? sdp : "none");
}

static void print_counts(const peer *p)
{
    printf("{\"connected\": %s, \"failed\": %s, \"sent\": %" G_GUINT64_FORMAT ", \"received\": %" G_GUINT64_FORMAT
           ", \"lost\": %" G_GINT64_FORMAT ", \"refused\": %" G_GUINT64_FORMAT ", \"keys\": %u, \"key\": %u}\n",
           webrtc_peer_is_connected(p->webrtc) ? "true" : "false", webrtc_peer_has_failed(p->webrtc) ? "true" : "false",
           p->sent, p->received, lost(p), webrtc_peer_get_counts(p->webrtc)->packets_refused, p->keys, p->key);
}

static void press_key(peer *p, const cg_json_value *command)
{
    int64_t digit = 0;
    if (!cg_json_integer(cg_json_get(command, "digit"), &digit))
        give_up("no key to press", "no \"digit\"");
    press(p, (unsigned) digit);
    puts("{}");
}

static void print_sound(const peer *p)
{
    size_t count;
    const int16_t *samples = sound_ear_last_second(p->ear, &count);
    g_autofree char *text = g_base64_encode((const guchar *) samples, count * sizeof *samples);
    printf("{\"pcm\": \"%s\"}\n", text);
}

static void replay(peer *p, const cg_json_value *command)
{
    int64_t times = 0;
    if (!cg_json_integer(cg_json_get(command, "times"), &times) || p->last_size == 0)
        give_up("nothing to replay", "no \"times\", or nothing sent");
    while (times-- > 0)
        webrtc_peer_send_raw(p->webrtc, p->last, p->last_size);
    puts("{}");
}

/* What needs a peer that is there. */
static void command_peer(tool *t, const char *what, const char *name, const cg_json_value *command)
{
    peer *p = g_hash_table_lookup(t->peers, name);
    if (p == NULL)
        give_up("there is no such peer", name);
    if (strcmp(what, "count") == 0) {
        print_counts(p);
    } else if (strcmp(what, "hear") == 0) {
        print_sound(p);
    } else if (strcmp(what, "replay") == 0) {
        replay(p, command);
    } else if (strcmp(what, "press") == 0) {
        press_key(p, command);
    } else if (strcmp(what, "accept") == 0) {
        read_sdp(p, command);
        puts("{}");
    } else if (strcmp(what, "restart") == 0) {
        webrtc_peer_restart_ice(p->webrtc);
        print_sdp(p, WEBRTC_PEER_OFFER);
    } else if (strcmp(what, "remove") == 0) {
        g_hash_table_remove(t->peers, name);
        puts("{}");
    } else {
        give_up("there is no such command", what);
    }
}

static void obey(tool *t, const char *line, size_t size)
{
    g_autoptr(cg_json) json = cg_json_parse(line, size, NULL);
    const cg_json_value *command = json != NULL ? cg_json_root(json) : NULL;
    const char *what = cg_json_string(cg_json_get(command, "do"));
    const char *name = cg_json_string(cg_json_get(command, "peer"));
    if (what == NULL || name == NULL)
        give_up("this is no command", line);
    if (strcmp(what, "offer") == 0) {
        print_sdp(add_peer(t, name, command), WEBRTC_PEER_OFFER);
    } else if (strcmp(what, "answer") == 0) {
        peer *p = add_peer(t, name, command);
        read_sdp(p, command);
        print_sdp(p, WEBRTC_PEER_ANSWER);
    } else {
        command_peer(t, what, name, command);
    }
    fflush(stdout);
}

/* False at the end of the input. */
static bool read_commands(tool *t)
{
    char bytes[16384];
    ssize_t size = read(STDIN_FILENO, bytes, sizeof bytes);
    if (size <= 0)
        return false;
    g_string_append_len(t->input, bytes, size);
    for (char *end; (end = memchr(t->input->str, '\n', t->input->len)) != NULL;) {
        size_t length = (size_t) (end - t->input->str);
        *end = '\0';
        obey(t, t->input->str, length);
        g_string_erase(t->input, 0, (gssize) length + 1);
    }
    return true;
}

/* --- the loop --- */

static void serve_peers(tool *t, const struct pollfd *polled)
{
    int64_t now_us = cg_clock_monotonic_us();
    GHashTableIter iter;
    void *value;
    g_hash_table_iter_init(&iter, t->peers);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        if (polled++->revents != 0)
            webrtc_peer_receive(((peer *) value)->webrtc, now_us);
        tick(value, now_us);
    }
}

static bool turn(tool *t)
{
    unsigned count = g_hash_table_size(t->peers);
    g_autofree struct pollfd *polled = g_new0(struct pollfd, count + 1);
    struct pollfd *next = polled;
    GHashTableIter iter;
    void *value;
    *next++ = (struct pollfd){.fd = STDIN_FILENO, .events = POLLIN};
    g_hash_table_iter_init(&iter, t->peers);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        *next++ = (struct pollfd){.fd = webrtc_peer_fd(((peer *) value)->webrtc), .events = POLLIN};
    if (poll(polled, count + 1, count > 0 ? TICK_MS : -1) < 0 && errno != EINTR)
        give_up("poll", g_strerror(errno));
    serve_peers(t, polled + 1);
    /* Last: it adds and removes peers. */
    return polled[0].revents == 0 || read_commands(t);
}

int main(void)
{
    webrtc_peer_global_init();
    tool t = {
        .identity = peer_identity_new(),
        .peers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_peer),
        .input = g_string_new(NULL),
    };
    while (turn(&t))
        ;
    g_hash_table_unref(t.peers);
    g_string_free(t.input, TRUE);
    peer_identity_free(t.identity);
    return 0;
}
