/* Codecs against the standards' own values, and against what they lose of speech by nature. */
#include "bridge/audio/codec.h"
#include "tests/unit/bridge/sound.h"

#include <glib.h>
#include <string.h>

enum { SECONDS = 2, MAX_COUNT = SECONDS * CG_PCM_MAX_RATE };

static const cg_codec all[] = {CG_CODEC_OPUS, CG_CODEC_G722, CG_CODEC_PCMU, CG_CODEC_PCMA};

static uint32_t rate_of(cg_codec codec, uint32_t wanted)
{
    return cg_codec_pcm_rate(codec) != 0 ? cg_codec_pcm_rate(codec) : wanted;
}

/* Packets of 20 ms; every `lose_one_in`th is lost and concealed (0: none), with what the next knows of it. */
static void pass(cg_codec codec, uint32_t rate, const int16_t *said, int16_t *ret_heard, size_t count,
                 unsigned lose_one_in)
{
    cg_encoder *encoder = cg_encoder_new(codec, rate, &(cg_opus_wishes){.fec = true});
    cg_decoder *decoder = cg_decoder_new(codec, rate);
    size_t frame = rate / 50, lost = 0, heard = 0;
    int16_t pcm[CG_CODEC_MAX_SAMPLES];
    for (size_t at = 0; at < count; at += frame) {
        uint8_t payload[CG_CODEC_MAX_PAYLOAD];
        size_t size = cg_encoder_encode(encoder, said + at, frame, payload);
        g_assert_cmpuint(cg_codec_duration(codec, payload, size), ==, cg_codec_get_info(codec)->clock_rate / 50);
        if (lose_one_in != 0 && (at / frame + 1) % lose_one_in == 0 && at + frame < count) {
            lost = frame;
            continue;
        }
        if (lost > 0)
            cg_decoder_conceal(decoder, payload, size, lost, pcm);
        memcpy(ret_heard + heard, pcm, lost * sizeof *pcm);
        g_assert_cmpuint(cg_decoder_decode(decoder, payload, size, pcm), ==, frame);
        memcpy(ret_heard + heard + lost, pcm, frame * sizeof *pcm);
        heard += lost + frame;
        lost = 0;
    }
    g_assert_cmpuint(heard, ==, count);
    cg_encoder_free(encoder);
    cg_decoder_free(decoder);
}

static void test_tones(void)
{
    static int16_t said[MAX_COUNT], heard[MAX_COUNT];
    static const double tones[] = {300, 1000, 3000};
    for (size_t i = 0; i < G_N_ELEMENTS(all) * G_N_ELEMENTS(tones); i++) {
        cg_codec codec = all[i / G_N_ELEMENTS(tones)];
        double tone = tones[i % G_N_ELEMENTS(tones)];
        for (uint32_t rate = 8000; rate <= 16000; rate *= 2) {
            if (rate_of(codec, rate) != rate)
                continue;
            sound_tone(said, SECONDS * rate, rate, tone, 0);
            pass(codec, rate, said, heard, SECONDS * rate, 0);
            g_assert_cmpfloat(sound_share(heard + rate, rate, rate, tone), >, 0.95);
            g_assert_cmpfloat(sound_level(heard + rate, rate), >, 0.7 * sound_level(said + rate, rate));
        }
    }
}

/* ITU-T G.711 tables 1a and 2a: the ends, the middle, and a few in between. */
static void test_g711_values(void)
{
    static const struct {
        cg_codec codec;
        uint8_t octet;
        int16_t value; /* of 16 bits: the tables' 14 and 13 shifted up */
    } rows[] = {
        {CG_CODEC_PCMU, 0x80, 32124},  {CG_CODEC_PCMU, 0x00, -32124}, {CG_CODEC_PCMU, 0xff, 0},
        {CG_CODEC_PCMU, 0x8f, 16764},  {CG_CODEC_PCMU, 0xfe, 8},      {CG_CODEC_PCMA, 0xaa, 32256},
        {CG_CODEC_PCMA, 0x2a, -32256}, {CG_CODEC_PCMA, 0xd5, 8},      {CG_CODEC_PCMA, 0x55, -8},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        int16_t pcm[CG_CODEC_MAX_SAMPLES];
        uint8_t payload[CG_CODEC_MAX_PAYLOAD];
        cg_decoder *decoder = cg_decoder_new(rows[i].codec, 8000);
        cg_encoder *encoder = cg_encoder_new(rows[i].codec, 8000, &(cg_opus_wishes){0});
        g_assert_cmpuint(cg_decoder_decode(decoder, &rows[i].octet, 1, pcm), ==, 1);
        g_assert_cmpint(pcm[0], ==, rows[i].value);
        g_assert_cmpuint(cg_encoder_encode(encoder, pcm, 1, payload), ==, 1);
        g_assert_cmphex(payload[0], ==, rows[i].octet);
        cg_decoder_free(decoder);
        cg_encoder_free(encoder);
    }
}

/* What a codec by nature makes of waveforms: G.711 and G.722 keep them, Opus only roughly. */
static void test_speech(void)
{
    static const struct {
        cg_codec codec;
        double least; /* dB */
    } rows[] = {{CG_CODEC_OPUS, 5}, {CG_CODEC_G722, 15}, {CG_CODEC_PCMU, 30}, {CG_CODEC_PCMA, 30}};
    static int16_t said[MAX_COUNT], heard[MAX_COUNT];
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        uint32_t rate = rate_of(rows[i].codec, 16000);
        size_t delay;
        sound_speech(said, SECONDS * rate, rate, 0);
        pass(rows[i].codec, rate, said, heard, SECONDS * rate, 0);
        double fidelity = sound_fidelity(said, heard, SECONDS * rate, 160, &delay);
        g_test_message("%s: %.1f dB", cg_codec_get_info(rows[i].codec)->name, fidelity);
        g_assert_cmpfloat(fidelity, >, rows[i].least);
    }
}

/* One packet in ten is lost: a tone goes on, at its level, without clicks that would spread its energy. Opus knows it
 * from the next packet; with what libopus makes up by itself its share is 0.877. */
static void test_losses(void)
{
    static const struct {
        cg_codec codec;
        double least; /* share of the energy that is the tone's */
    } rows[] = {{CG_CODEC_OPUS, 0.98}, {CG_CODEC_G722, 0.85}, {CG_CODEC_PCMU, 0.85}, {CG_CODEC_PCMA, 0.85}};
    static int16_t said[MAX_COUNT], heard[MAX_COUNT];
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        uint32_t rate = rate_of(rows[i].codec, 16000);
        sound_tone(said, SECONDS * rate, rate, 440, 0);
        pass(rows[i].codec, rate, said, heard, SECONDS * rate, 10);
        double share = sound_share(heard + rate, rate, rate, 440);
        g_test_message("%s: %.3f", cg_codec_get_info(rows[i].codec)->name, share);
        g_assert_cmpfloat(share, >, rows[i].least);
        g_assert_cmpfloat(sound_level(heard + rate, rate), >, 0.7 * sound_level(said + rate, rate));
    }
}

/* Says the next 20 ms of a tone; returns the level that is heard. */
static double say_more(cg_encoder *encoder, cg_decoder *decoder, uint32_t rate, unsigned *number)
{
    int16_t said[CG_PCM_MAX_RATE / 50], pcm[CG_CODEC_MAX_SAMPLES];
    uint8_t payload[CG_CODEC_MAX_PAYLOAD];
    size_t frame = rate / 50;
    sound_tone(said, frame, rate, 440, (*number)++ * frame);
    size_t size = cg_encoder_encode(encoder, said, frame, payload);
    g_assert_cmpuint(cg_decoder_decode(decoder, payload, size, pcm), ==, frame);
    return sound_level(pcm, frame);
}

/* A long loss fades into silence, and what comes after it is heard soon. */
static void test_long_loss(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
        uint32_t rate = rate_of(all[i], 8000);
        cg_encoder *encoder = cg_encoder_new(all[i], rate, &(cg_opus_wishes){0});
        cg_decoder *decoder = cg_decoder_new(all[i], rate);
        int16_t pcm[CG_CODEC_MAX_SAMPLES];
        size_t frame = rate / 50;
        unsigned number = 0;
        while (number < 20)
            say_more(encoder, decoder, rate, &number);
        cg_decoder_conceal(decoder, NULL, 0, frame, pcm);
        g_assert_cmpfloat(sound_level(pcm, frame), >, 5000);
        for (unsigned j = 0; j < 20; j++)
            cg_decoder_conceal(decoder, NULL, 0, frame, pcm);
        g_assert_cmpfloat(sound_level(pcm, frame), <, 1500);
        while (number < 24)
            say_more(encoder, decoder, rate, &number);
        g_assert_cmpfloat(say_more(encoder, decoder, rate, &number), >, 5000);
        cg_encoder_free(encoder);
        cg_decoder_free(decoder);
    }
}

static void test_malformed(void)
{
    static const uint8_t zeros[CG_CODEC_MAX_PAYLOAD + 1];
    /* RFC 6716 section 3.2.5: code 3 with a count of 0, and of 49 frames of 20 ms; section 3.2.2: code 1 of odd size */
    static const uint8_t no_frames[] = {0x0b, 0x00}, many_frames[] = {0x0b, 0x31}, odd[] = {0x09, 1, 2, 3};
    int16_t pcm[CG_CODEC_MAX_SAMPLES];
    cg_decoder *opus = cg_decoder_new(CG_CODEC_OPUS, 8000);
    g_assert_cmpuint(cg_codec_duration(CG_CODEC_PCMU, zeros, 0), ==, 0);
    g_assert_cmpuint(cg_codec_duration(CG_CODEC_PCMU, zeros, 960), ==, 960);
    g_assert_cmpuint(cg_codec_duration(CG_CODEC_PCMU, zeros, 961), ==, 0); /* more than 120 ms */
    g_assert_cmpuint(cg_codec_duration(CG_CODEC_OPUS, zeros, sizeof zeros), ==, 0);
    g_assert_cmpuint(cg_codec_duration(CG_CODEC_OPUS, no_frames, sizeof no_frames), ==, 0);
    g_assert_cmpuint(cg_codec_duration(CG_CODEC_OPUS, many_frames, sizeof many_frames), ==, 0);
    g_assert_cmpuint(cg_decoder_decode(opus, odd, sizeof odd, pcm), ==, 0);
    cg_decoder_free(opus);
}

static void test_wishes(void)
{
    static const struct {
        const char *fmtp;
        cg_opus_wishes wishes;
    } rows[] = {
        {"", {0}},
        {"minptime=10;useinbandfec=1", {.fec = true}},
        {"usedtx=1; useinbandfec=0;maxaveragebitrate=12000", {.dtx = true, .max_bitrate = 12000}},
        {"xuseinbandfec=1;useinbandfec", {0}},
        {"maxaveragebitrate=5", {0}},
        {"maxaveragebitrate=99999999999999999999;;;usedtx=1", {.dtx = true}},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        cg_opus_wishes wishes = cg_opus_read_wishes(rows[i].fmtp);
        g_assert_cmpint(wishes.fec, ==, rows[i].wishes.fec);
        g_assert_cmpint(wishes.dtx, ==, rows[i].wishes.dtx);
        g_assert_cmpuint(wishes.max_bitrate, ==, rows[i].wishes.max_bitrate);
    }
}

/* A receiver that wants DTX is sent hardly anything while nobody speaks. */
static void test_dtx(void)
{
    cg_encoder *encoder = cg_encoder_new(CG_CODEC_OPUS, 8000, &(cg_opus_wishes){.dtx = true});
    static const int16_t silence[160];
    uint8_t payload[CG_CODEC_MAX_PAYLOAD];
    unsigned sent = 0;
    for (unsigned i = 0; i < 200; i++)
        sent += cg_encoder_encode(encoder, silence, G_N_ELEMENTS(silence), payload) > 0;
    g_assert_cmpuint(sent, <, 50);
    cg_encoder_free(encoder);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/codec/tones", test_tones);
    g_test_add_func("/codec/g711-values", test_g711_values);
    g_test_add_func("/codec/speech", test_speech);
    g_test_add_func("/codec/losses", test_losses);
    g_test_add_func("/codec/long-loss", test_long_loss);
    g_test_add_func("/codec/malformed", test_malformed);
    g_test_add_func("/codec/wishes", test_wishes);
    g_test_add_func("/codec/dtx", test_dtx);
    return g_test_run();
}
