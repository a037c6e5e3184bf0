/* Keys as tones over networks that lose, delay and double packets: one pressed is one heard. Hundreds of made-up calls
 * of each kind, by chance of fixed seeds; how many keys went wrong is printed. */
#include "bridge/audio/codec.h"
#include "bridge/dtmf/dtmf_listen.h"
#include "tests/unit/bridge/sound.h"

#include <glib.h>
#include <math.h>
#include <string.h>

enum {
    CALLS = 200,
    KEYS = 16,
    PACKET_US = 20000,
    PACKETS_PER_SECOND = 50,
    LEAD_PACKETS = 5,   /* of silence, before the keys ... */
    TRAIL_PACKETS = 20, /* ... and behind them */
    LATE_US = 50000,    /* a packet that is overtaken */
    SEQUENCE = 1 << 16,
    MOST_PACKETS = 40 * KEYS,
};

static const double low[] = {697, 770, 852, 941}, high[] = {1209, 1336, 1477, 1633};
static const char keypad[] = "123A456B789C*0#D";

typedef struct {
    const char *name;
    cg_codec codec;
    unsigned tone_ms, pause_ms;
    unsigned lose, overtaken, doubled; /* of a thousand packets */
    unsigned jitter_ms;
    unsigned calls;      /* 0: CALLS */
    unsigned most_wrong; /* of as many times KEYS keys */
} scenario;

typedef struct {
    uint32_t packet;
    int64_t at_us;
} arrival;

typedef struct {
    const scenario *s;
    GRand *chance;
    uint32_t rate;
    char pressed[KEYS + 1];
    unsigned packets;
    uint8_t payloads[MOST_PACKETS][CG_CODEC_MAX_PAYLOAD];
    size_t sizes[MOST_PACKETS];
    arrival arrivals[2 * MOST_PACKETS];
    unsigned arrived;
} call;

static bool happens(call *c, unsigned of_thousand)
{
    return (unsigned) g_rand_int_range(c->chance, 0, 1000) < of_thousand;
}

static void add_key(const call *c, char key, int16_t *pcm, size_t count)
{
    size_t at = (size_t) (strchr(keypad, key) - keypad);
    for (size_t i = 0; i < count; i++) {
        double time = 2 * M_PI * (double) i / c->rate;
        pcm[i] = (int16_t) lrint(3500 * sin(time * low[at / 4]) + 4500 * sin(time * high[at % 4]));
    }
}

/* Keys at any time, not that of packets; every fourth is the one before once more. */
static size_t press(call *c, int16_t *pcm)
{
    size_t at = LEAD_PACKETS * c->rate / PACKETS_PER_SECOND;
    for (unsigned i = 0; i < KEYS; i++) {
        bool again = i > 0 && happens(c, 250);
        c->pressed[i] = again ? c->pressed[i - 1] : keypad[g_rand_int_range(c->chance, 0, 16)];
        size_t more = (size_t) g_rand_int_range(c->chance, 0, (gint32) c->rate / PACKETS_PER_SECOND);
        add_key(c, c->pressed[i], pcm + at + more, c->s->tone_ms * c->rate / 1000);
        at += more + (c->s->tone_ms + c->s->pause_ms) * c->rate / 1000;
    }
    return at + TRAIL_PACKETS * c->rate / PACKETS_PER_SECOND;
}

static void say(call *c)
{
    size_t step = c->rate / PACKETS_PER_SECOND;
    g_autofree int16_t *pcm = g_new0(int16_t, MOST_PACKETS * step);
    c->packets = (unsigned) (press(c, pcm) / step);
    g_assert_cmpuint(c->packets, <=, MOST_PACKETS);
    cg_encoder *mouth = cg_encoder_new(c->s->codec, c->rate, &(cg_opus_wishes){.fec = true});
    for (unsigned i = 0; i < c->packets; i++)
        c->sizes[i] = cg_encoder_encode(mouth, pcm + i * step, step, c->payloads[i]);
    cg_encoder_free(mouth);
}

static int compare_arrivals(const void *a, const void *b)
{
    int64_t first = ((const arrival *) a)->at_us, second = ((const arrival *) b)->at_us;
    return first < second ? -1 : first > second;
}

static void carry(call *c)
{
    for (unsigned i = 0; i < c->packets; i++) {
        if (happens(c, c->s->lose))
            continue;
        for (unsigned copies = happens(c, c->s->doubled) ? 2 : 1; copies > 0; copies--) {
            int64_t late_us = c->s->jitter_ms > 0 ? g_rand_int_range(c->chance, 0, (gint32) c->s->jitter_ms * 1000) : 0;
            late_us += happens(c, c->s->overtaken) ? LATE_US : 0;
            c->arrivals[c->arrived++] = (arrival){.packet = i, .at_us = (int64_t) i * PACKET_US + late_us};
        }
    }
    qsort(c->arrivals, c->arrived, sizeof *c->arrivals, compare_arrivals);
}

static char *hear(const call *c)
{
    GString *heard = g_string_new(NULL);
    cg_dtmf_listener *listener = cg_dtmf_listener_new();
    cg_dtmf_listener_expect(listener, c->s->codec);
    for (unsigned i = 0; i < c->arrived; i++) {
        unsigned packet = c->arrivals[i].packet;
        char found[CG_DTMF_HEARD + 1];
        cg_dtmf_listen_packet(listener, c->s->codec, SEQUENCE + packet, c->payloads[packet], c->sizes[packet], found);
        g_string_append(heard, found);
    }
    cg_dtmf_listener_free(listener);
    return g_string_free(heard, FALSE);
}

/* Keys that have to be left out, put in or changed to come from one to the other. */
static unsigned distance(const char *pressed, const char *heard)
{
    unsigned row[4 * KEYS + 1], columns = (unsigned) MIN(strlen(heard), 4 * KEYS);
    for (unsigned j = 0; j <= columns; j++)
        row[j] = j;
    for (unsigned i = 1; pressed[i - 1] != '\0'; i++) {
        unsigned diagonal = row[0];
        row[0] = i;
        for (unsigned j = 1; j <= columns; j++) {
            unsigned above = row[j];
            row[j] = MIN(MIN(row[j] + 1, row[j - 1] + 1), diagonal + (pressed[i - 1] != heard[j - 1]));
            diagonal = above;
        }
    }
    return row[columns];
}

static void test_scenario(gconstpointer data)
{
    const scenario *s = data;
    unsigned wrong = 0, more = 0, fewer = 0, calls = s->calls > 0 ? s->calls : CALLS;
    for (unsigned seed = 0; seed < calls; seed++) {
        g_autofree call *c = g_new0(call, 1);
        c->s = s;
        c->chance = g_rand_new_with_seed(seed);
        c->rate = cg_codec_pcm_rate(s->codec) != 0 ? cg_codec_pcm_rate(s->codec) : 16000;
        say(c);
        carry(c);
        g_autofree char *heard = hear(c);
        size_t length = strlen(heard);
        wrong += distance(c->pressed, heard);
        more += length > KEYS ? (unsigned) length - KEYS : 0;
        fewer += length < KEYS ? KEYS - (unsigned) length : 0;
        g_rand_free(c->chance);
    }
    g_test_message("%u keys of %u wrong: %u too few, %u too many", wrong, calls * KEYS, fewer, more);
    g_assert_cmpuint(wrong, <=, s->most_wrong);
}

/* What losses make of speech is no key. */
static void test_speech(gconstpointer data)
{
    cg_codec codec = GPOINTER_TO_UINT(data);
    uint32_t rate = cg_codec_pcm_rate(codec), step = rate / PACKETS_PER_SECOND;
    g_autoptr(GRand) chance = g_rand_new_with_seed(3);
    cg_dtmf_listener *listener = cg_dtmf_listener_new();
    cg_encoder *mouth = cg_encoder_new(codec, rate, NULL);
    cg_dtmf_listener_expect(listener, codec);
    for (uint32_t i = 0; i < 60 * PACKETS_PER_SECOND; i++) {
        int16_t pcm[CG_CODEC_MAX_SAMPLES];
        uint8_t payload[CG_CODEC_MAX_PAYLOAD];
        char found[CG_DTMF_HEARD + 1] = "";
        sound_speech(pcm, step, rate, (double) i * step);
        for (unsigned k = 0; k < step; k++)
            pcm[k] = (int16_t) (pcm[k] + g_rand_int_range(chance, -300, 300));
        size_t size = cg_encoder_encode(mouth, pcm, step, payload);
        if (g_rand_int_range(chance, 0, 1000) >= 50)
            cg_dtmf_listen_packet(listener, codec, SEQUENCE + i, payload, size, found);
        g_assert_cmpstr(found, ==, "");
    }
    cg_encoder_free(mouth);
    cg_dtmf_listener_free(listener);
}

/* In sound of G.711 every key is heard. Codecs with memory are heard wrong for a while behind a loss: few are not; of
 * keys of 60 ms that is so, too, of which now and then all but 20 ms are lost. Before losses were told of to decoder
 * and detector, 2 keys were wrong of "pcmu", 269 of "g722", 112 in as many calls of "opus", 267 of "rough-g722". */
static const scenario scenarios[] = {
    {"clean", CG_CODEC_PCMU, 100, 70},
    {"pcmu", CG_CODEC_PCMU, 100, 70, .lose = 50},
    {"pcma", CG_CODEC_PCMA, 100, 70, .lose = 50},
    {"pcmu-both-ways", CG_CODEC_PCMU, 100, 70, .lose = 98, .most_wrong = 3}, /* passed on, and lost again */
    {"g722", CG_CODEC_G722, 100, 70, .lose = 50, .most_wrong = 20},
    {"opus", CG_CODEC_OPUS, 100, 70, .lose = 50, .calls = CALLS / 5, .most_wrong = 4},
    {"hand", CG_CODEC_PCMU, 250, 150, .lose = 50},
    {"fast", CG_CODEC_PCMU, 60, 60, .lose = 10, .most_wrong = 5},
    {"rough-pcmu", CG_CODEC_PCMU, 100, 100, .lose = 50, .jitter_ms = 50, .overtaken = 50, .doubled = 50},
    {"rough-g722", CG_CODEC_G722, 100, 100, .lose = 50, .jitter_ms = 50, .overtaken = 50, .doubled = 50,
     .most_wrong = 20},
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(scenarios); i++) {
        g_autofree char *name = g_strdup_printf("/dtmf-loss/%s", scenarios[i].name);
        g_test_add_data_func(name, &scenarios[i], test_scenario);
    }
    g_test_add_data_func("/dtmf-loss/speech-in-pcmu", GUINT_TO_POINTER(CG_CODEC_PCMU), test_speech);
    g_test_add_data_func("/dtmf-loss/speech-in-g722", GUINT_TO_POINTER(CG_CODEC_G722), test_speech);
    return g_test_run();
}
