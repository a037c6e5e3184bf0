/* Keys between legs of every form, through real packets of which some are lost on their way to the bridge and from it:
 * one pressed is one heard, in the form that the partner takes, and one told. */
#include "tests/unit/bridge/bridge_world.h"
#include "tests/unit/bridge/sound.h"

#include "bridge/audio/codec.h"
#include "bridge/dtmf/dtmf_event.h"
#include "bridge/dtmf/dtmf_listen.h"
#include "bridge/dtmf/dtmf_send.h"
#include "bridge/dtmf/dtmf_speak.h"

#include <string.h>

typedef enum { BY_EVENTS_8000, BY_EVENTS_48000, BY_TONES, BY_REQUESTS, FORM_COUNT } form;

static const char *const form_names[] = {"events", "events-at-48000", "tones", "requests"};

enum { SILENT_PACKETS = 13 /* for what waits in jitter buffers, and keys that are still said */ };
enum { PACKET_MS = 20, PACKET_US = PACKET_MS * 1000, EVENTS = 101, RATE = 8000 };
enum { LOSS = 50 /* packets of a thousand, each way */, SEEDS = 3, MOST_CALLS = FORM_COUNT * FORM_COUNT };

static const char KEYS[] = "5507#A";

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
    unsigned lose; /* packets of a thousand: of those it says, and of those it is sent */
    unsigned seed;
    GRand *chance; /* of what it says */
    int64_t next_us;
} party;

static party party_new(world *w, cg_codec codec, form how, unsigned seed)
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
        .seed = seed,
        .chance = g_rand_new_with_seed(seed),
    };
    cg_bridge_leg_set_keys(w->bridge, made.caller->leg, how == BY_REQUESTS ? CG_KEYS_SIGNALLED : CG_KEYS_AUTO);
    return made;
}

static void party_end(party *p)
{
    cg_dtmf_speaker_free(p->speaker);
    g_rand_free(p->chance);
}

static bool is_lost(const party *p, GRand *chance)
{
    return (unsigned) g_rand_int_range(chance, 0, 1000) < p->lose;
}

static void send_packet(party *p, uint8_t payload_type, uint32_t timestamp, const uint8_t *payload, size_t size)
{
    webrtc_peer_packet packet = {.payload_type = payload_type,
                                 .sequence = p->sequence++,
                                 .timestamp = timestamp,
                                 .payload = payload,
                                 .payload_size = size};
    if (!is_lost(p, p->chance))
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

typedef struct {
    party a, b; /* a presses the keys */
} call;

static void say_what_is_due(party *p, int64_t until_us)
{
    for (; p->next_us <= until_us; p->next_us += PACKET_US)
        say(p, p->next_us);
}

/* All talk at their pace for `packets`, and are silent for a moment. */
static void talk(call *calls, unsigned count, unsigned packets)
{
    int64_t now_us = g_get_monotonic_time();
    for (unsigned i = 0; i < count && calls[i].a.next_us == 0; i++)
        calls[i].a.next_us = calls[i].b.next_us = now_us;
    int64_t end_us = calls->a.next_us + (packets + SILENT_PACKETS) * PACKET_US - 1;
    while (calls[count - 1].b.next_us <= end_us) {
        now_us = g_get_monotonic_time();
        for (unsigned i = 0; i < count; i++) {
            say_what_is_due(&calls[i].a, MIN(now_us, end_us));
            say_what_is_due(&calls[i].b, MIN(now_us, end_us));
        }
        world_step(calls->a.w, 2);
    }
}

/* A phone that takes events and tones. */
typedef struct {
    const party *p;
    cg_dtmf_listener *listener;
    cg_decoder *decoder;
    bool pressed; /* an event has been heard */
    uint32_t sequence, event_timestamp;
    GString *keys;
} ear;

/* RFC 4733 section 2.5.1.2: the packets of one event have one timestamp, so a new one is a new key, whether the end of
 * the one before was heard or not. Not what the bridge hears them with: that is on trial. */
static void hear_event(ear *e, const cg_rtp_header *header, const uint8_t *payload)
{
    uint8_t code = payload[0];
    g_assert_cmpuint(header->payload_size, ==, CG_DTMF_EVENT_SIZE);
    g_assert_cmpuint(code, <, 16);
    if (!e->pressed || (int32_t) (header->timestamp - e->event_timestamp) > 0)
        g_string_append_c(e->keys, "0123456789*#ABCD"[code]);
    e->pressed = true;
    e->event_timestamp = header->timestamp;
}

/* Who takes tones alone makes sure of those that losses have cut; who takes events has no need to, and would hear the
 * beginning of a tone, before the bridge knew what it was, as a key. */
static void hear_sound(ear *e, const uint8_t *payload, size_t size)
{
    char found[CG_DTMF_HEARD + 1];
    int16_t pcm[CG_CODEC_MAX_SAMPLES];
    if (e->p->form == BY_TONES) {
        cg_dtmf_listen_packet(e->listener, e->p->codec, e->sequence, payload, size, found);
    } else {
        size_t count = cg_decoder_decode(e->decoder, payload, size, pcm);
        cg_dtmf_listen(e->listener, pcm, count, cg_decoder_rate(e->decoder), found);
    }
    g_string_append(e->keys, found);
}

/* While an event sounds there is silence beside it. */
static void hear_packet(ear *e, const world_packet *packet)
{
    uint8_t silence[CG_CODEC_MAX_PAYLOAD];
    const uint8_t *payload = packet->data + packet->header.payload_offset;
    size_t size = packet->header.payload_size;
    e->sequence += (uint32_t) (int16_t) (packet->header.sequence - (uint16_t) e->sequence);
    if (packet->header.payload_type == EVENTS) {
        hear_event(e, &packet->header, payload);
        size = cg_dtmf_speak(e->p->speaker, '\0', silence);
        payload = silence;
    }
    hear_sound(e, payload, size);
}

/* The keys heard in what was not lost on the way from the bridge. */
static char *keys_heard(const party *p)
{
    ear e = {
        .p = p,
        .listener = cg_dtmf_listener_new(),
        .decoder = cg_decoder_new(p->codec, RATE),
        .sequence = 1 << 16,
        .keys = g_string_new(NULL),
    };
    g_autoptr(GRand) chance = g_rand_new_with_seed(p->seed);
    cg_dtmf_listener_expect(e.listener, p->codec);
    for (unsigned i = 0; i < p->caller->packets->len; i++)
        if (!is_lost(p, chance))
            hear_packet(&e, world_packet_at(p->caller, i));
    cg_dtmf_listener_free(e.listener);
    cg_decoder_free(e.decoder);
    return g_string_free(e.keys, FALSE);
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

static call call_new(world *w, const key_case *c, unsigned seed)
{
    call made = {.a = party_new(w, c->from, c->says, seed), .b = party_new(w, c->to, c->takes, seed + SEEDS)};
    made.a.lose = made.b.lose = c->lose;
    made.a.both = c->both;
    cg_bridge_link(w->bridge, made.a.caller->leg, made.b.caller->leg);
    return made;
}

static void call_end(call *c)
{
    party_end(&c->a);
    party_end(&c->b);
}

/* Tones that are passed on lose twice: one key of a thousand is not heard then (test-dtmf-loss: "pcmu-both-ways"). */
static unsigned may_miss(const call *c)
{
    return c->a.form == BY_TONES && c->b.form == BY_TONES;
}

/* All that can still come has come. */
static bool is_over(const call *c)
{
    g_autofree char *told = world_digits(c->a.w, c->a.caller), *heard = keys_heard(&c->b);
    size_t least = c->b.form == BY_REQUESTS ? 0 : strlen(KEYS) - may_miss(c);
    return strlen(told) >= strlen(KEYS) && strlen(heard) >= least;
}

/* On, until what was pressed has had the time that a slow machine takes for it. */
static void talk_until_over(call *calls, unsigned count)
{
    for (unsigned rounds = 0, over = 0; rounds < 20 && over < count; rounds++) {
        talk(calls, count, 10);
        for (over = 0; over < count && is_over(&calls[over]);)
            over++;
    }
}

static void assert_heard(const call *c, const char *heard)
{
    const char *rest = c->b.form == BY_REQUESTS ? "" : KEYS;
    for (; *heard != '\0' && *heard == *rest; heard++)
        rest++;
    if (may_miss(c) && *rest != '\0')
        rest += strlen(rest) - strlen(heard) == 1;
    g_assert_cmpstr(heard, ==, rest);
}

static void assert_keys(const call *c)
{
    world *w = c->a.w;
    g_autofree char *heard = keys_heard(&c->b), *told = world_digits(w, c->a.caller);
    g_test_message("%s of %s to %s of %s: %s told, %s heard", form_names[c->a.form],
                   cg_codec_get_info(c->a.codec)->name, form_names[c->b.form], cg_codec_get_info(c->b.codec)->name,
                   told, c->b.form == BY_REQUESTS ? "none to be" : heard);
    g_assert_cmpstr(told, ==, KEYS);
    assert_told(&c->b, "");
    assert_heard(c, heard);
    assert_stream(&c->b);
    cg_bridge_leg_stats(w->bridge, c->b.caller->leg);
    WORLD_WAIT(w, world_count(w, c->b.caller, CG_LEG_EVENT_STATS) == 1);
    g_assert_cmpuint(world_event(w, c->b.caller, CG_LEG_EVENT_STATS)->stats.digits_dropped, ==, 0);
}

/* Calls at the same time. */
static void try_cases(const key_case *cases, unsigned count, unsigned seed)
{
    call calls[MOST_CALLS];
    world *w = world_new(NULL);
    g_assert_cmpuint(count, <=, MOST_CALLS);
    for (unsigned i = 0; i < count; i++)
        calls[i] = call_new(w, &cases[i], seed * MOST_CALLS + i);
    talk(calls, count, 10);
    for (unsigned i = 0; i < count; i++)
        cg_dtmf_sender_push(&calls[i].a.sender, KEYS, calls[i].a.next_us);
    talk(calls, count, 60);
    talk_until_over(calls, count);
    for (unsigned i = 0; i < count; i++)
        assert_keys(&calls[i]);
    g_assert_cmpuint(world_stats(w).dropped_not_negotiated, ==, 0);
    for (unsigned i = 0; i < count; i++)
        call_end(&calls[i]);
    world_free(w);
}

/* Every form into every form, with losses both ways. Tones are those of G.711, of which with such losses none is wrong
 * in test-dtmf-loss either. */
static void test_matrix(gconstpointer data)
{
    key_case cases[MOST_CALLS];
    for (unsigned i = 0; i < MOST_CALLS; i++) {
        form says = i / FORM_COUNT, takes = i % FORM_COUNT;
        cases[i] = (key_case){.from = says == BY_EVENTS_48000 ? CG_CODEC_OPUS : CG_CODEC_PCMU,
                              .to = takes == BY_EVENTS_48000 ? CG_CODEC_OPUS : CG_CODEC_PCMU,
                              .says = says,
                              .takes = takes,
                              .lose = LOSS};
    }
    try_cases(cases, MOST_CALLS, GPOINTER_TO_UINT(data));
}

/* Other codecs, passed on and translated, and phones that say each key twice. */
static void test_codecs(void)
{
    static const key_case cases[] = {
        {CG_CODEC_G722, CG_CODEC_G722, BY_EVENTS_8000, BY_TONES, 0, false},
        {CG_CODEC_G722, CG_CODEC_G722, BY_TONES, BY_EVENTS_8000, 0, false},
        {CG_CODEC_OPUS, CG_CODEC_OPUS, BY_TONES, BY_EVENTS_48000, 0, false},
        {CG_CODEC_OPUS, CG_CODEC_PCMA, BY_EVENTS_48000, BY_TONES, LOSS, false},
        {CG_CODEC_PCMA, CG_CODEC_OPUS, BY_TONES, BY_EVENTS_48000, LOSS, false},
        {CG_CODEC_G722, CG_CODEC_OPUS, BY_TONES, BY_EVENTS_48000, 0, false},
        {CG_CODEC_OPUS, CG_CODEC_PCMU, BY_TONES, BY_EVENTS_8000, 0, false},
        {CG_CODEC_PCMU, CG_CODEC_PCMU, BY_EVENTS_8000, BY_EVENTS_8000, 0, true},
        {CG_CODEC_PCMU, CG_CODEC_PCMU, BY_TONES, BY_EVENTS_8000, 0, true},
    };
    try_cases(cases, G_N_ELEMENTS(cases), SEEDS);
}

/* What the control thread sends is said in the form of the leg, and comes through losses. */
static void test_pushed(void)
{
    static const key_case cases[] = {
        {CG_CODEC_PCMU, CG_CODEC_PCMU, BY_EVENTS_8000, BY_TONES, LOSS, false},
        {CG_CODEC_PCMU, CG_CODEC_PCMU, BY_TONES, BY_EVENTS_8000, LOSS, false},
        {CG_CODEC_OPUS, CG_CODEC_OPUS, BY_EVENTS_48000, BY_EVENTS_48000, LOSS, false},
        {CG_CODEC_OPUS, CG_CODEC_PCMA, BY_EVENTS_48000, BY_TONES, LOSS, false},
    };
    enum { CASES = G_N_ELEMENTS(cases), CALLS = CASES * SEEDS };
    call calls[CALLS];
    world *w = world_new(NULL);
    for (unsigned i = 0; i < CALLS; i++)
        calls[i] = call_new(w, &cases[i % CASES], i);
    talk(calls, CALLS, 10);
    for (unsigned i = 0; i < CALLS; i++)
        cg_bridge_leg_send_digits(w->bridge, calls[i].b.caller->leg, KEYS);
    talk(calls, CALLS, 60);
    for (unsigned i = 0; i < CALLS; i++) {
        g_autofree char *heard = keys_heard(&calls[i].b);
        g_assert_cmpstr(heard, ==, KEYS);
        assert_told(&calls[i].a, "");
        assert_stream(&calls[i].b);
        call_end(&calls[i]);
    }
    world_free(w);
}

/* Without tones, as clients are: nobody hears keys that are pushed, and they are counted. */
static void test_deaf(void)
{
    world *w = world_new(NULL);
    call c = call_new(w, &(key_case){CG_CODEC_PCMU, CG_CODEC_PCMU, BY_EVENTS_8000, BY_TONES, 0, false}, 0);
    cg_bridge_leg_set_keys(w->bridge, c.b.caller->leg, CG_KEYS_EVENTS);
    talk(&c, 1, 10);
    cg_bridge_leg_send_digits(w->bridge, c.b.caller->leg, "12");
    talk(&c, 1, 20);
    g_autofree char *heard = keys_heard(&c.b);
    g_assert_cmpstr(heard, ==, "");
    cg_bridge_leg_stats(w->bridge, c.b.caller->leg);
    WORLD_WAIT(w, world_count(w, c.b.caller, CG_LEG_EVENT_STATS) == 1);
    g_assert_cmpuint(world_event(w, c.b.caller, CG_LEG_EVENT_STATS)->stats.digits_dropped, ==, 2);
    call_end(&c);
    world_free(w);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (unsigned seed = 0; seed < SEEDS; seed++) {
        g_autofree char *matrix = g_strdup_printf("/bridge-keys/matrix/%u", seed);
        g_test_add_data_func(matrix, GUINT_TO_POINTER(seed), test_matrix);
    }
    g_test_add_func("/bridge-keys/pushed", test_pushed);
    g_test_add_func("/bridge-keys/codecs", test_codecs);
    g_test_add_func("/bridge-keys/deaf", test_deaf);
    return g_test_run();
}
