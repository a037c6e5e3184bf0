/* Keys as tones, said in every codec and heard again: each once, and none in speech; under loss: test-dtmf-loss. */
#include "bridge/dtmf/dtmf_event.h"
#include "bridge/dtmf/dtmf_listen.h"
#include "bridge/dtmf/dtmf_match.h"
#include "bridge/dtmf/dtmf_send.h"
#include "bridge/dtmf/dtmf_speak.h"
#include "tests/unit/bridge/sound.h"

#include <glib.h>
#include <string.h>

enum { PACKET_US = 20000, RATE = 8000, PACKET = RATE / 50, SEQUENCE = 1 << 16 };

static const char ALL_KEYS[] = "0123456789*#ABCD5588";

/* What a leg sends of `digits`, packet by packet; heard as a leg of that codec would, in packets or as mere `sound`. */
static char *through(cg_codec codec, bool sound, const char *digits)
{
    cg_dtmf_speaker *speaker = cg_dtmf_speaker_new(codec);
    cg_dtmf_listener *listener = cg_dtmf_listener_new();
    cg_decoder *decoder = cg_decoder_new(codec, RATE);
    cg_dtmf_sender sender = {0};
    GString *heard = g_string_new(NULL);
    uint32_t sequence = SEQUENCE;
    cg_dtmf_listener_expect(listener, codec);
    cg_dtmf_sender_push(&sender, digits, 0);
    unsigned silence = 2 * CG_DTMF_PATIENCE; /* behind them */
    for (int64_t now_us = 0; silence > 0; now_us += PACKET_US) {
        cg_dtmf_packet packet;
        uint8_t payload[CG_CODEC_MAX_PAYLOAD];
        int16_t pcm[CG_CODEC_MAX_SAMPLES];
        char found[CG_DTMF_HEARD + 1] = "";
        char digit = '\0';
        silence -= cg_dtmf_sender_due(&sender) == INT64_MAX;
        if (cg_dtmf_sender_step(&sender, RATE, now_us, &packet) && !packet.repeated)
            digit = cg_dtmf_digit(packet.event.code);
        size_t size = cg_dtmf_speak(speaker, digit, payload);
        sequence++;
        if (sound)
            cg_dtmf_listen(listener, pcm, cg_decoder_decode(decoder, payload, size, pcm), cg_decoder_rate(decoder),
                           found);
        else
            cg_dtmf_listen_packet(listener, codec, sequence, payload, size, found);
        g_string_append(heard, found);
    }
    cg_decoder_free(decoder);
    cg_dtmf_listener_free(listener);
    cg_dtmf_speaker_free(speaker);
    return g_string_free(heard, FALSE);
}

static void test_codecs(void)
{
    static const cg_codec codecs[] = {CG_CODEC_PCMU, CG_CODEC_PCMA, CG_CODEC_G722, CG_CODEC_OPUS};
    for (unsigned i = 0; i < 2 * G_N_ELEMENTS(codecs); i++) {
        g_autofree char *heard = through(codecs[i / 2], i % 2, ALL_KEYS);
        g_test_message("%s%s", cg_codec_get_info(codecs[i / 2])->name, i % 2 ? ", as sound" : "");
        g_assert_cmpstr(heard, ==, ALL_KEYS);
    }
}

/* A phone hears somebody speak, and between it keys of ours, which another encoder than the speaker's has made: with
 * loud and soft sound before them, from digit to digit. */
static char *between_speech(cg_codec codec, const char *digits)
{
    enum { TONES = 5, SILENCES = 2, SPEECH = 37 };
    cg_dtmf_speaker *speaker = cg_dtmf_speaker_new(codec);
    cg_dtmf_listener *listener = cg_dtmf_listener_new();
    uint32_t rate = cg_codec_pcm_rate(codec);
    cg_decoder *decoder = cg_decoder_new(codec, rate);
    cg_encoder *mouth = cg_encoder_new(codec, rate, &(cg_opus_wishes){.fec = true});
    GString *heard = g_string_new(NULL);
    size_t count = rate / 50;
    double at = 0;
    for (; *digits != '\0'; digits++) {
        for (unsigned i = 0; i < SPEECH + TONES + SILENCES; i++) {
            uint8_t payload[CG_CODEC_MAX_PAYLOAD];
            int16_t pcm[CG_CODEC_MAX_SAMPLES];
            char found[CG_DTMF_HEARD + 1] = "";
            size_t size;
            sound_speech(pcm, count, rate, at);
            at += (double) count;
            if (i < SPEECH)
                size = cg_encoder_encode(mouth, pcm, count, payload);
            else
                size = cg_dtmf_speak(speaker, i < SPEECH + TONES ? *digits : '\0', payload);
            if (i < SPEECH)
                cg_dtmf_speaker_follow(speaker, codec, payload, size);
            cg_dtmf_listen(listener, pcm, cg_decoder_decode(decoder, payload, size, pcm), rate, found);
            g_string_append(heard, found);
        }
    }
    cg_encoder_free(mouth);
    cg_decoder_free(decoder);
    cg_dtmf_listener_free(listener);
    cg_dtmf_speaker_free(speaker);
    return g_string_free(heard, FALSE);
}

static void test_between_speech(void)
{
    static const cg_codec codecs[] = {CG_CODEC_PCMU, CG_CODEC_PCMA, CG_CODEC_G722};
    GString *keys = g_string_new(NULL);
    for (unsigned i = 0; i < 20; i++)
        g_string_append(keys, ALL_KEYS);
    for (unsigned i = 0; i < G_N_ELEMENTS(codecs); i++) {
        g_autofree char *heard = between_speech(codecs[i], keys->str);
        g_test_message("%s", cg_codec_get_info(codecs[i])->name);
        g_assert_cmpstr(heard, ==, keys->str);
    }
    g_string_free(keys, TRUE);
}

/* A packet of PCMU, as a leg's listener takes it. */
static void hear(cg_dtmf_listener *listener, uint32_t sequence, const int16_t *pcm, GString *heard)
{
    uint8_t payload[CG_CODEC_MAX_PAYLOAD];
    char found[CG_DTMF_HEARD + 1];
    cg_encoder *encoder = cg_encoder_new(CG_CODEC_PCMU, RATE, NULL);
    cg_encoder_encode(encoder, pcm, PACKET, payload);
    cg_encoder_free(encoder);
    cg_dtmf_listener_watch_packet(listener, CG_CODEC_PCMU, sequence, payload, PACKET);
    cg_dtmf_listen_packet(listener, CG_CODEC_PCMU, sequence, payload, PACKET, found);
    g_string_append(heard, found);
}

/* `ms` of two tones that are a key's when they are 770 and 1336 Hz. */
static void mix(int16_t *ret_pcm, size_t ms, double low, double high, double gain)
{
    size_t count = ms * RATE / 1000;
    g_autofree int16_t *other = g_new(int16_t, count);
    sound_tone(ret_pcm, count, RATE, low, 0);
    sound_tone(other, count, RATE, high, 0);
    for (size_t i = 0; i < count; i++)
        ret_pcm[i] = (int16_t) (gain * (ret_pcm[i] + other[i]) / 2);
}

typedef struct {
    const char *name, *digits;
    unsigned ms;       /* of tone, twice, with ... */
    unsigned pause_ms; /* ... between and behind */
    double low, high, gain;
} tone_case;

static const tone_case tone_cases[] = {
    {"a key", "55", 100, 100, 770, 1336, 1},
    {"quiet", "55", 100, 100, 770, 1336, 0.05},
    {"as short as phones may press", "55", 40, 40, 770, 1336, 1},
    {"held for long", "55", 3000, 100, 770, 1336, 1},
    {"too short", "", 15, 100, 770, 1336, 1},
    {"off by 1 %", "55", 100, 100, 777, 1323, 1},
    {"off by 4 %", "", 100, 100, 801, 1390, 1},
    {"two low tones", "", 100, 100, 697, 852, 1},
    {"dial tone", "", 1000, 100, 350, 440, 1},
    {"ringback", "", 1000, 100, 440, 480, 1},
};

static void test_tones(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(tone_cases); i++) {
        const tone_case *c = &tone_cases[i];
        size_t half = (c->ms + c->pause_ms) * RATE / 1000, all = (2 * half / PACKET + 1) * PACKET;
        g_autofree int16_t *pcm = g_new0(int16_t, all);
        g_autoptr(GString) heard = g_string_new(NULL);
        cg_dtmf_listener *listener = cg_dtmf_listener_new();
        mix(pcm, c->ms, c->low, c->high, c->gain);
        mix(pcm + half, c->ms, c->low, c->high, c->gain);
        for (size_t at = 0; at < all; at += PACKET)
            hear(listener, SEQUENCE + (uint32_t) (at / PACKET), pcm + at, heard);
        g_test_message("%s", c->name);
        g_assert_cmpstr(heard->str, ==, c->digits);
        g_assert_false(cg_dtmf_listener_hears(listener));
        cg_dtmf_listener_free(listener);
    }
}

/* Doubled packets and late ones change nothing; another source begins anew, whatever its numbers. */
static void test_order(void)
{
    static const int order[] = {0, 1, 1, 3, 2, 4, 5, 5, 6, 7, 9, 8};
    int16_t pcm[10 * PACKET] = {0};
    g_autoptr(GString) heard = g_string_new(NULL);
    cg_dtmf_listener *listener = cg_dtmf_listener_new();
    mix(pcm, 120, 770, 1336, 1);
    for (unsigned i = 0; i < G_N_ELEMENTS(order); i++) {
        hear(listener, SEQUENCE + (uint32_t) order[i], pcm + order[i] * PACKET, heard);
        g_assert_true(cg_dtmf_listener_hears(listener) || i == 0 || i >= 8);
    }
    g_assert_cmpstr(heard->str, ==, "5");
    g_assert_false(cg_dtmf_listener_hears(listener));
    cg_dtmf_listener_restart(listener);
    for (unsigned i = 0; i < 10; i++)
        hear(listener, i, pcm + i * PACKET, heard);
    g_assert_cmpstr(heard->str, ==, "55");
    cg_dtmf_listener_free(listener);
}

typedef struct {
    uint32_t sequence;
    int64_t at_us;
} arrival;

static int compare_arrivals(const void *a, const void *b)
{
    int64_t first = ((const arrival *) a)->at_us, second = ((const arrival *) b)->at_us;
    return first < second ? -1 : first > second;
}

/* When the packets of such a stream come, up to 50 ms late, one in twenty twice; returns how many. */
static unsigned shuffle(unsigned packets, arrival *ret_arrivals, GRand *chance)
{
    unsigned count = 0;
    for (unsigned i = 0; i < packets; i++)
        for (unsigned copies = g_rand_int_range(chance, 0, 20) == 0 ? 2 : 1; copies > 0; copies--)
            ret_arrivals[count++] =
                (arrival){.sequence = i, .at_us = (int64_t) i * PACKET_US + g_rand_int_range(chance, 0, 50000)};
    qsort(ret_arrivals, count, sizeof *ret_arrivals, compare_arrivals);
    return count;
}

/* 50 ms of jitter put every third packet out of its order. */
static void test_jitter(void)
{
    enum { KEYS = 400, PER_KEY = 10, PACKETS = KEYS * PER_KEY };
    g_autoptr(GRand) chance = g_rand_new_with_seed(11);
    g_autoptr(GString) heard = g_string_new(NULL), pressed = g_string_new(NULL);
    g_autofree arrival *arrivals = g_new(arrival, 2 * PACKETS);
    g_autofree uint8_t *payloads = g_malloc(PACKETS * PACKET);
    uint8_t payload[CG_CODEC_MAX_PAYLOAD];
    cg_dtmf_speaker *speaker = cg_dtmf_speaker_new(CG_CODEC_PCMU);
    cg_dtmf_listener *listener = cg_dtmf_listener_new();
    for (unsigned i = 0; i < PACKETS; i++) {
        char key = ALL_KEYS[i / PER_KEY % strlen(ALL_KEYS)];
        g_assert_cmpuint(cg_dtmf_speak(speaker, i % PER_KEY < 5 ? key : '\0', payload), ==, PACKET);
        memcpy(payloads + i * PACKET, payload, PACKET);
        if (i % PER_KEY == 0)
            g_string_append_c(pressed, key);
    }
    unsigned count = shuffle(PACKETS, arrivals, chance);
    for (unsigned i = 0; i < count; i++) {
        char found[CG_DTMF_HEARD + 1];
        cg_dtmf_listen_packet(listener, CG_CODEC_PCMU, SEQUENCE + arrivals[i].sequence,
                              payloads + arrivals[i].sequence * PACKET, PACKET, found);
        g_string_append(heard, found);
    }
    g_assert_cmpstr(heard->str, ==, pressed->str);
    cg_dtmf_listener_free(listener);
    cg_dtmf_speaker_free(speaker);
}

/* Ten minutes of something like speech, and noise under it: nobody pressed a key. */
static void test_speech(void)
{
    g_autoptr(GRand) chance = g_rand_new_with_seed(3);
    g_autoptr(GString) heard = g_string_new(NULL);
    cg_dtmf_listener *listener = cg_dtmf_listener_new();
    unsigned suspected = 0;
    for (uint32_t packet = 0; packet < 600 * 50; packet++) {
        int16_t pcm[PACKET];
        sound_speech(pcm, PACKET, RATE, (double) packet * PACKET);
        for (unsigned i = 0; i < PACKET; i++)
            pcm[i] = (int16_t) (pcm[i] + g_rand_int_range(chance, -300, 300));
        hear(listener, SEQUENCE + packet, pcm, heard);
        suspected += cg_dtmf_listener_hears(listener);
    }
    g_test_message("%u packets of 30000 taken for the beginning of a key", suspected);
    g_assert_cmpuint(suspected, <=, 30);
    g_assert_cmpstr(heard->str, ==, "");
    cg_dtmf_listener_free(listener);
}

typedef struct {
    const char *name;
    const char *said;  /* form (e, t, s), key, and tenths of a second since the one before */
    const char *taken; /* keys that were new */
} match_case;

static const match_case match_cases[] = {
    {"one form alone, fast", "e50 e51 e51 e51", "5555"},
    {"event and request", "e50 s51 e52 s51", "55"},
    {"request first", "s50 e51 s62 e61", "56"},
    {"tone and request, the requests late", "t10 t11 t21 s15 s11 s21", "112"},
    {"all three", "e70 t71 s71", "77"}, /* phones with events are not listened to for tones */
    {"much later", "e50 s5z", "55"},
    {"other keys", "e50 s61", "56"},
};

static void test_match(void)
{
    static const char form_names[] = "ets";
    for (unsigned i = 0; i < G_N_ELEMENTS(match_cases); i++) {
        cg_dtmf_match match = {0};
        g_autoptr(GString) taken = g_string_new(NULL);
        g_auto(GStrv) steps = g_strsplit(match_cases[i].said, " ", -1);
        int64_t now_us = 1000000;
        for (char **step = steps; *step != NULL; step++) {
            cg_key_form form = (cg_key_form) (strchr(form_names, (*step)[0]) - form_names);
            now_us += (*step)[2] == 'z' ? 3100000 : ((*step)[2] - '0') * 100000;
            if (cg_dtmf_is_new(&match, form, (*step)[1], now_us))
                g_string_append_c(taken, (*step)[1]);
        }
        g_test_message("%s", match_cases[i].name);
        g_assert_cmpstr(taken->str, ==, match_cases[i].taken);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/dtmf-tones/codecs", test_codecs);
    g_test_add_func("/dtmf-tones/between-speech", test_between_speech);
    g_test_add_func("/dtmf-tones/tones", test_tones);
    g_test_add_func("/dtmf-tones/order", test_order);
    g_test_add_func("/dtmf-tones/jitter", test_jitter);
    g_test_add_func("/dtmf-tones/speech", test_speech);
    g_test_add_func("/dtmf-tones/match", test_match);
    return g_test_run();
}
