/* Keys between legs of every form, through real packets: one pressed is one heard, in the form that the partner takes,
 * and one told. */
#include "tests/unit/bridge/bridge_world.h"
#include "tests/unit/bridge/sound.h"

#include "bridge/audio/codec.h"
#include "bridge/dtmf/dtmf_event.h"
#include "bridge/dtmf/dtmf_listen.h"
#include "bridge/dtmf/dtmf_receive.h"
#include "bridge/dtmf/dtmf_send.h"
#include "bridge/dtmf/dtmf_speak.h"

#include <string.h>

enum { SILENT_PACKETS = 13 /* for what waits in jitter buffers, and keys that are still said */ };
enum { PACKET_MS = 20, PACKET_US = PACKET_MS * 1000, EVENTS = 101, RATE = 8000, PACKET = RATE / 50 };

static const char KEYS[] = "5507#A";

typedef enum { BY_EVENTS_8000, BY_EVENTS_48000, BY_TONES, BY_REQUESTS, FORM_COUNT } form;

static const char *const form_names[] = {"events", "events-at-48000", "tones", "requests"};

/* A party that says silence, or keys, in its codec and form. */
typedef struct {
    world *w;
    world_caller *caller;
    cg_codec codec;
    form form;
    bool both; /* says keys by requests as well */
    uint8_t payload_type;
    cg_dtmf_sender sender;
    cg_dtmf_speaker *speaker;
    uint16_t sequence;
    uint32_t timestamp, event_timestamp;
    unsigned lose; /* packets of a thousand */
    GRand *chance;
    int64_t next_us;
} party;

static party party_new(world *w, cg_codec codec, form how)
{
    static const uint8_t payload_types[] = {
        [CG_CODEC_OPUS] = 111, [CG_CODEC_G722] = 9, [CG_CODEC_PCMU] = 0, [CG_CODEC_PCMA] = 8};
    cg_codec events = how == BY_EVENTS_48000 ? CG_CODEC_TELEPHONE_EVENT_48000 : CG_CODEC_TELEPHONE_EVENT_8000;
    cg_format offered[] = {{.codec = codec, .payload_type = payload_types[codec]},
                           {.codec = events, .payload_type = EVENTS, .fmtp = "0-15"}};
    unsigned count = how == BY_EVENTS_8000 || how == BY_EVENTS_48000 ? 2 : 1;
    party made = {
        .w = w,
        .caller = world_connect(w, &(webrtc_peer_config){.formats = offered, .format_count = count}),
        .codec = codec,
        .form = how,
        .payload_type = payload_types[codec],
        .speaker = cg_dtmf_speaker_new(codec),
        .sequence = 65530,
        .timestamp = 0xfffff000,
        .chance = g_rand_new_with_seed(5),
    };
    cg_bridge_leg_set_keys(w->bridge, made.caller->leg, how == BY_REQUESTS ? CG_KEYS_SIGNALLED : CG_KEYS_AUTO);
    return made;
}

static void party_end(party *p)
{
    cg_dtmf_speaker_free(p->speaker);
    g_rand_free(p->chance);
}

static void send_packet(party *p, uint8_t payload_type, uint32_t timestamp, const uint8_t *payload, size_t size)
{
    webrtc_peer_packet packet = {.payload_type = payload_type,
                                 .sequence = p->sequence++,
                                 .timestamp = timestamp,
                                 .payload = payload,
                                 .payload_size = size};
    if ((unsigned) g_rand_int_range(p->chance, 0, 1000) >= p->lose)
        g_assert_true(webrtc_peer_send_rtp(p->caller->peer, &packet));
}

static void say_event(party *p, const cg_dtmf_packet *packet)
{
    uint8_t payload[CG_DTMF_EVENT_SIZE];
    if (packet->first)
        p->event_timestamp = p->timestamp;
    cg_dtmf_event_write(payload, &packet->event);
    send_packet(p, EVENTS, p->event_timestamp, payload, sizeof payload);
}

static void say_sound(party *p, char digit)
{
    uint8_t payload[CG_CODEC_MAX_PAYLOAD];
    size_t size = cg_dtmf_speak(p->speaker, digit, payload);
    send_packet(p, p->payload_type, p->timestamp, payload, size);
}

/* A packet's worth of time. */
static void say(party *p, int64_t now_us)
{
    cg_dtmf_packet packet;
    uint32_t clock_rate = p->form == BY_EVENTS_48000 ? 48000 : RATE;
    bool pressed = cg_dtmf_sender_step(&p->sender, clock_rate, now_us, &packet);
    char key[] = {pressed ? cg_dtmf_digit(packet.event.code) : '\0', '\0'};
    if (pressed && packet.first && (p->form == BY_REQUESTS || p->both))
        cg_bridge_leg_take_digits(p->w->bridge, p->caller->leg, key);
    if (pressed && (p->form == BY_EVENTS_8000 || p->form == BY_EVENTS_48000))
        say_event(p, &packet);
    else
        say_sound(p, pressed && !packet.repeated && p->form == BY_TONES ? key[0] : '\0');
    p->timestamp += cg_codec_get_info(p->codec)->clock_rate / 1000 * PACKET_MS;
}

/* Both talk at their pace for `packets`, and are silent for a moment. */
static void talk(party *a, party *b, unsigned packets)
{
    packets += SILENT_PACKETS;
    if (a->next_us == 0)
        a->next_us = b->next_us = g_get_monotonic_time();
    for (unsigned said = 0; said < 2 * packets;) {
        int64_t now_us = g_get_monotonic_time();
        for (party *p = a;; p = b) {
            for (; p->next_us <= now_us && said < 2 * packets; p->next_us += PACKET_US, said++)
                say(p, p->next_us);
            if (p == b)
                break;
        }
        world_step(a->w, 2);
    }
}

/* On, until what the keys of `a` came to has had the time that a slow machine takes for it. */
static void talk_until_told(party *a, party *b)
{
    for (unsigned i = 0; i < 30; i++) {
        g_autofree char *told = world_digits(a->w, a->caller);
        talk(a, b, 10);
        if (strlen(told) >= strlen(KEYS))
            return;
    }
}

/* The keys heard, as a phone would that takes both: events, between which there is silence, and tones. */
static char *keys_heard(const party *p)
{
    GString *keys = g_string_new(NULL);
    cg_dtmf_receiver receiver = {0};
    cg_dtmf_listener *listener = cg_dtmf_listener_new();
    cg_decoder *decoder = cg_decoder_new(p->codec, RATE);
    for (unsigned i = 0; i < p->caller->packets->len; i++) {
        const world_packet *packet = world_packet_at(p->caller, i);
        const uint8_t *payload = packet->data + packet->header.payload_offset;
        char found[CG_DTMF_HEARD + 1] = "";
        int16_t pcm[CG_CODEC_MAX_SAMPLES];
        cg_dtmf_event event;
        if (packet->header.payload_type != EVENTS) {
            size_t count = cg_decoder_decode(decoder, payload, packet->header.payload_size, pcm);
            cg_dtmf_listen(listener, pcm, count, cg_decoder_rate(decoder), found);
        } else {
            memset(pcm, 0, sizeof pcm);
            cg_dtmf_listen(listener, pcm, PACKET, RATE, found);
            g_assert_cmpstr(found, ==, "");
            g_assert_true(cg_dtmf_event_read(payload, packet->header.payload_size, &event));
            found[0] = cg_dtmf_receive(&receiver, packet->header.timestamp, &event, i);
        }
        g_string_append(keys, found);
    }
    cg_decoder_free(decoder);
    cg_dtmf_listener_free(listener);
    return g_string_free(keys, FALSE);
}

/* The stream's numbers go on without a gap, and its time with them, whatever was said by whom. */
static void assert_stream(const party *p)
{
    for (unsigned i = 1; i < p->caller->packets->len; i++) {
        const cg_rtp_header *header = &world_packet_at(p->caller, i)->header;
        const cg_rtp_header *before = &world_packet_at(p->caller, i - 1)->header;
        g_assert_cmphex(header->ssrc, ==, p->caller->local.ssrc);
        g_assert_cmpint((int32_t) (header->timestamp - before->timestamp), >=, 0);
    }
}

static void assert_told(const party *p, const char *expected)
{
    g_autofree char *told = world_digits(p->w, p->caller);
    g_assert_cmpstr(told, ==, expected);
}

typedef struct {
    cg_codec from, to;
    form says, takes;
    unsigned lose;
    bool both;
} key_case;

static void test_pair(gconstpointer data)
{
    const key_case *c = data;
    world *w = world_new(NULL);
    party a = party_new(w, c->from, c->says), b = party_new(w, c->to, c->takes);
    a.lose = c->lose;
    a.both = c->both;
    cg_bridge_link(w->bridge, a.caller->leg, b.caller->leg);
    talk(&a, &b, 10);
    cg_dtmf_sender_push(&a.sender, KEYS, g_get_monotonic_time());
    talk(&a, &b, 60);
    talk_until_told(&a, &b);
    assert_told(&a, KEYS);
    assert_told(&b, "");
    g_autofree char *heard = keys_heard(&b);
    g_assert_cmpstr(heard, ==, c->takes == BY_REQUESTS ? "" : KEYS);
    assert_stream(&b);
    g_assert_cmpuint(world_stats(w).dropped_not_negotiated, ==, 0);
    cg_bridge_leg_stats(w->bridge, b.caller->leg);
    WORLD_WAIT(w, world_count(w, b.caller, CG_LEG_EVENT_STATS) == 1);
    g_assert_cmpuint(world_event(w, b.caller, CG_LEG_EVENT_STATS)->stats.digits_dropped, ==, 0);
    party_end(&a);
    party_end(&b);
    world_free(w);
}

/* What the control thread sends is said in the form of the leg. */
static void test_pushed(void)
{
    world *w = world_new(NULL);
    party a = party_new(w, CG_CODEC_PCMU, BY_EVENTS_8000), b = party_new(w, CG_CODEC_PCMU, BY_TONES);
    cg_bridge_link(w->bridge, a.caller->leg, b.caller->leg);
    talk(&a, &b, 10);
    cg_bridge_leg_send_digits(w->bridge, b.caller->leg, KEYS);
    talk(&a, &b, 60);
    g_autofree char *heard = keys_heard(&b);
    g_assert_cmpstr(heard, ==, KEYS);
    assert_stream(&b);
    /* Without tones, as clients are: nobody hears them, and they are counted. */
    cg_bridge_leg_set_keys(w->bridge, b.caller->leg, CG_KEYS_EVENTS);
    world_forget_packets(b.caller);
    cg_bridge_leg_send_digits(w->bridge, b.caller->leg, "12");
    talk(&a, &b, 20);
    g_autofree char *deaf = keys_heard(&b);
    g_assert_cmpstr(deaf, ==, "");
    cg_bridge_leg_stats(w->bridge, b.caller->leg);
    WORLD_WAIT(w, world_count(w, b.caller, CG_LEG_EVENT_STATS) == 1);
    g_assert_cmpuint(world_event(w, b.caller, CG_LEG_EVENT_STATS)->stats.digits_dropped, ==, 2);
    party_end(&a);
    party_end(&b);
    world_free(w);
}

static void add(const key_case *c)
{
    g_autofree char *name = g_strdup_printf(
        "/bridge-keys/%s-of-%s-to-%s-of-%s%s%s", form_names[c->says], cg_codec_get_info(c->from)->name,
        form_names[c->takes], cg_codec_get_info(c->to)->name, c->both ? "-twice" : "", c->lose > 0 ? "-with-loss" : "");
    g_test_add_data_func_full(name, g_memdup2(c, sizeof *c), test_pair, g_free);
}

int main(int argc, char **argv)
{
    static const form narrow[] = {BY_EVENTS_8000, BY_TONES, BY_REQUESTS};
    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(narrow); i++)
        for (unsigned j = 0; j < G_N_ELEMENTS(narrow); j++)
            add(&(key_case){CG_CODEC_PCMU, CG_CODEC_PCMU, narrow[i], narrow[j], 50, false}); /* passed through */
    add(&(key_case){CG_CODEC_G722, CG_CODEC_G722, BY_EVENTS_8000, BY_TONES, 0, false});
    add(&(key_case){CG_CODEC_G722, CG_CODEC_G722, BY_TONES, BY_EVENTS_8000, 0, false});
    add(&(key_case){CG_CODEC_OPUS, CG_CODEC_OPUS, BY_TONES, BY_EVENTS_48000, 0, false});
    add(&(key_case){CG_CODEC_OPUS, CG_CODEC_PCMA, BY_EVENTS_48000, BY_TONES, 50, false}); /* translated */
    add(&(key_case){CG_CODEC_PCMA, CG_CODEC_OPUS, BY_TONES, BY_EVENTS_48000, 50, false});
    add(&(key_case){CG_CODEC_G722, CG_CODEC_OPUS, BY_TONES, BY_EVENTS_48000, 0, false});
    add(&(key_case){CG_CODEC_OPUS, CG_CODEC_PCMU, BY_TONES, BY_EVENTS_8000, 0, false});
    add(&(key_case){CG_CODEC_PCMU, CG_CODEC_PCMU, BY_EVENTS_8000, BY_EVENTS_8000, 0, true});
    add(&(key_case){CG_CODEC_PCMU, CG_CODEC_PCMU, BY_TONES, BY_EVENTS_8000, 0, true});
    g_test_add_func("/bridge-keys/pushed", test_pushed);
    return g_test_run();
}
