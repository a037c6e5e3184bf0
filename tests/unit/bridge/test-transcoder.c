/* One direction of a translated call in a made-up world: packets of something like speech, or a tone, in at the times
 * the test says, packets out at the transcoder's own. */
#include "tests/unit/bridge/sound.h"
#include "tests/unit/bridge/translation.h"

#include <math.h>
#include <string.h>

enum { SECONDS = 1, LONGEST_DELAY = 160 };

static const cg_codec all[] = {CG_CODEC_OPUS, CG_CODEC_G722, CG_CODEC_PCMU, CG_CODEC_PCMA};

typedef struct {
    translation way;
    double tone; /* 0: speech */
    unsigned seconds;
} scenario;

static uint32_t rate_for(cg_codec one, cg_codec other)
{
    return translation_rate_in(&(translation){.from = one, .to = other});
}

/* The whole of a scenario; the sound is the caller's to free. */
static translation_heard run(const scenario *s)
{
    uint32_t rate = translation_rate_in(&s->way);
    size_t count = s->seconds * rate;
    g_autofree int16_t *said = g_new(int16_t, count);
    if (s->tone != 0)
        sound_tone(said, count, rate, s->tone, 0);
    else
        sound_speech(said, count, rate, 0);
    return translation_run(&s->way, said, count);
}

/* Filters delay by parts of a sample, which is no noise. */
static double find_fidelity(const int16_t *heard, uint32_t rate)
{
    size_t count = SECONDS * rate - rate / 10, delay;
    g_autofree int16_t *said = g_new(int16_t, count);
    double best = -INFINITY;
    for (unsigned part = 0; part < 16; part++) {
        sound_speech(said, count, rate, part / 16.0);
        best = fmax(best, sound_fidelity(said, heard, count, LONGEST_DELAY, &delay));
    }
    return best;
}

/* One encoding and decoding, in place, and nothing else. */
static void pass_codec(cg_codec codec, uint32_t rate, int16_t *pcm)
{
    cg_encoder *encoder = cg_encoder_new(codec, rate, &(cg_opus_wishes){.fec = true});
    cg_decoder *decoder = cg_decoder_new(codec, rate);
    size_t frame = rate / 50;
    uint8_t payload[CG_CODEC_MAX_PAYLOAD];
    int16_t decoded[CG_CODEC_MAX_SAMPLES];
    for (size_t at = 0; at < SECONDS * rate; at += frame) {
        size_t size = cg_encoder_encode(encoder, pcm + at, frame, payload);
        cg_decoder_decode(decoder, payload, size, decoded);
        memcpy(pcm + at, decoded, frame * sizeof *pcm);
    }
    cg_encoder_free(encoder);
    cg_decoder_free(decoder);
}

/* What two codecs one behind the other leave by nature; where their rates differ, their noises are added up instead. */
static double expect_fidelity(cg_codec from, cg_codec to)
{
    uint32_t rate = rate_for(from, to), other_rate = rate_for(to, from);
    g_autofree int16_t *pcm = g_new(int16_t, SECONDS * CG_PCM_MAX_RATE);
    sound_speech(pcm, SECONDS * rate, rate, 0);
    pass_codec(from, rate, pcm);
    if (rate == other_rate) {
        pass_codec(to, rate, pcm);
        return find_fidelity(pcm, rate);
    }
    double first = find_fidelity(pcm, rate);
    sound_speech(pcm, SECONDS * other_rate, other_rate, 0);
    pass_codec(to, other_rate, pcm);
    double second = find_fidelity(pcm, other_rate);
    return -10 * log10(pow(10, -first / 10) + pow(10, -second / 10));
}

/* No more than 5 % of that is lost on the way. */
static void test_speech(gconstpointer data)
{
    cg_codec from = GPOINTER_TO_UINT(data) / CG_CODEC_COUNT, to = GPOINTER_TO_UINT(data) % CG_CODEC_COUNT;
    scenario s = {.way = {.from = from, .to = to, .ptime_in_ms = 20, .ptime_out_ms = 20}, .seconds = SECONDS};
    translation_heard h = run(&s);
    double expected = expect_fidelity(from, to), heard = find_fidelity((const int16_t *) h.pcm->data, h.rate);
    g_array_free(h.pcm, TRUE);
    g_test_message("%.1f dB of %.1f", heard, expected);
    g_assert_cmpfloat(heard, >, 0.95 * expected);
}

/* While it is said, without the first and the last tenth of a second. */
static void assert_tone(const translation_heard *h, const scenario *s, double share, unsigned misses_allowed)
{
    const int16_t *heard = (const int16_t *) h->pcm->data;
    unsigned misses = 0, tenth = h->rate / 10;
    for (size_t at = tenth; at + tenth <= h->pcm->len && at < (s->seconds * 10 - 2) * tenth; at += tenth)
        misses += sound_share(heard + at, tenth, h->rate, s->tone) < share || sound_level(heard + at, tenth) < 5000;
    g_assert_cmpuint(misses, <=, misses_allowed);
}

static const scenario tones[] = {
    {{.from = CG_CODEC_PCMU, .to = CG_CODEC_OPUS, .ptime_in_ms = 10, .ptime_out_ms = 20}, .tone = 440, .seconds = 4},
    {{.from = CG_CODEC_PCMU, .to = CG_CODEC_OPUS, .ptime_in_ms = 60, .ptime_out_ms = 20}, .tone = 440, .seconds = 4},
    {{.from = CG_CODEC_OPUS, .to = CG_CODEC_PCMU, .ptime_in_ms = 40, .ptime_out_ms = 10}, .tone = 440, .seconds = 4},
    {{.from = CG_CODEC_OPUS, .to = CG_CODEC_PCMA, .ptime_in_ms = 60, .ptime_out_ms = 40}, .tone = 440, .seconds = 4},
    {{.from = CG_CODEC_G722, .to = CG_CODEC_OPUS, .ptime_in_ms = 20, .ptime_out_ms = 60}, .tone = 440, .seconds = 4},
    {{.from = CG_CODEC_PCMU, .to = CG_CODEC_OPUS, .ptime_in_ms = 30, .ptime_out_ms = 20}, .tone = 440, .seconds = 4},
    {{.from = CG_CODEC_G722, .to = CG_CODEC_OPUS, .ptime_in_ms = 30, .ptime_out_ms = 40}, .tone = 440, .seconds = 4},
    {{.from = CG_CODEC_OPUS, .to = CG_CODEC_PCMU, .ptime_in_ms = 20, .ptime_out_ms = 30}, .tone = 440, .seconds = 4},
    {{.from = CG_CODEC_OPUS, .to = CG_CODEC_G722, .ptime_in_ms = 20, .ptime_out_ms = 30}, .tone = 440, .seconds = 4},
    {{.from = CG_CODEC_PCMA, .to = CG_CODEC_G722, .ptime_in_ms = 50, .ptime_out_ms = 30}, .tone = 440, .seconds = 4},
    {{.from = CG_CODEC_G722, .to = CG_CODEC_PCMU, .ptime_in_ms = 30, .ptime_out_ms = 50}, .tone = 440, .seconds = 4},
    {{.from = CG_CODEC_OPUS, .to = CG_CODEC_PCMU, .ptime_in_ms = 20, .ptime_out_ms = 20, .lose_one_in = 20},
     .tone = 440,
     .seconds = 10},
    {{.from = CG_CODEC_PCMU, .to = CG_CODEC_OPUS, .ptime_in_ms = 20, .ptime_out_ms = 20, .lose_one_in = 20},
     .tone = 440,
     .seconds = 10},
    {{.from = CG_CODEC_G722, .to = CG_CODEC_PCMA, .ptime_in_ms = 20, .ptime_out_ms = 20, .lose_one_in = 20},
     .tone = 440,
     .seconds = 10},
    {{.from = CG_CODEC_PCMA, .to = CG_CODEC_OPUS, .ptime_in_ms = 20, .ptime_out_ms = 20, .swap_one_in = 10},
     .tone = 440,
     .seconds = 10},
    {{.from = CG_CODEC_PCMU, .to = CG_CODEC_OPUS, .ptime_in_ms = 20, .ptime_out_ms = 20, .drift_ppm = 500},
     .tone = 440,
     .seconds = 60},
    {{.from = CG_CODEC_OPUS, .to = CG_CODEC_PCMU, .ptime_in_ms = 20, .ptime_out_ms = 20, .drift_ppm = -500},
     .tone = 440,
     .seconds = 60},
};

/* Every packet time, losses, overtaking and drift: the tone is there all the time, and nothing but it in nearly all
 * tenths of a second. */
static void test_tone(gconstpointer data)
{
    const scenario *s = data;
    translation_heard h = run(s);
    unsigned tenths = s->seconds * 10;
    g_assert_cmpuint(h.count, >=, (s->seconds * 1000 - 100) / s->way.ptime_out_ms);
    assert_tone(&h, s, 0.5, 0);
    assert_tone(&h, s, 0.9, s->way.lose_one_in + s->way.swap_one_in > 0 ? tenths / 10 : tenths / 50);
    g_array_free(h.pcm, TRUE);
}

static void put(cg_transcoder *transcoder, cg_codec codec, uint32_t sequence, uint32_t timestamp, const void *payload,
                size_t size, int64_t now_us)
{
    cg_transcoder_packet packet = {
        .codec = codec, .ssrc = 9, .sequence = sequence, .timestamp = timestamp, .payload = payload, .size = size};
    cg_transcoder_put(transcoder, &packet, now_us);
}

/* How long a packet is, of what was wanted and is taken. */
static void test_packet_time(void)
{
    static const struct {
        cg_codec to;
        unsigned ptime_ms, max_ptime_ms, expected_ms;
    } rows[] = {
        {CG_CODEC_PCMU, 0, 0, 20},   {CG_CODEC_PCMU, 10, 0, 10},  {CG_CODEC_PCMU, 30, 0, 30},
        {CG_CODEC_G722, 30, 0, 30},  {CG_CODEC_PCMU, 50, 0, 50},  {CG_CODEC_PCMU, 60, 0, 60},
        {CG_CODEC_PCMU, 120, 0, 60}, {CG_CODEC_PCMU, 25, 0, 20},  {CG_CODEC_PCMU, 5, 0, 10},
        {CG_CODEC_OPUS, 30, 0, 20},  {CG_CODEC_OPUS, 40, 0, 40},  {CG_CODEC_OPUS, 50, 0, 40},
        {CG_CODEC_OPUS, 60, 0, 60},  {CG_CODEC_PCMU, 0, 10, 10},  {CG_CODEC_PCMU, 0, 150, 20},
        {CG_CODEC_PCMU, 40, 30, 30}, {CG_CODEC_PCMU, 40, 35, 30}, {CG_CODEC_OPUS, 40, 30, 20},
        {CG_CODEC_OPUS, 0, 12, 10},
    };
    static const uint8_t payload[160];
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        cg_codec from = rows[i].to == CG_CODEC_PCMU ? CG_CODEC_PCMA : CG_CODEC_PCMU;
        cg_transcoder_config config = {
            .to = rows[i].to, .ptime_ms = rows[i].ptime_ms, .max_ptime_ms = rows[i].max_ptime_ms};
        cg_transcoder_frame frame;
        config.from[from] = true;
        cg_transcoder *transcoder = cg_transcoder_new(&config, 1);
        put(transcoder, from, 1, 0, payload, sizeof payload, 0);
        g_assert_true(cg_transcoder_step(transcoder, cg_transcoder_due(transcoder), &frame));
        g_assert_cmpuint(cg_codec_duration(rows[i].to, frame.payload, frame.size), ==,
                         rows[i].expected_ms * cg_codec_get_info(rows[i].to)->clock_rate / 1000);
        cg_transcoder_free(transcoder);
    }
}

/* A second after the last packet it rests; the next one wakes it, with the time that passed in its timestamps. */
static void test_rest(void)
{
    translation s = {.from = CG_CODEC_PCMU, .to = CG_CODEC_PCMA};
    static const uint8_t payload[160];
    cg_transcoder *transcoder = translation_make(&s);
    cg_transcoder_frame frame, last = {0};
    unsigned sent = 0;
    g_assert_cmpint(cg_transcoder_due(transcoder), ==, INT64_MAX);
    put(transcoder, CG_CODEC_TELEPHONE_EVENT_8000, 0, 0, payload, 4, 999000);
    g_assert_cmpint(cg_transcoder_due(transcoder), ==, INT64_MAX);
    put(transcoder, CG_CODEC_PCMU, 1, 160, payload, 160, 1000000);
    int64_t first_us = cg_transcoder_due(transcoder);
    while (cg_transcoder_due(transcoder) != INT64_MAX && sent < 100)
        if (cg_transcoder_step(transcoder, cg_transcoder_due(transcoder), &last))
            sent++;
    g_assert_cmpuint(sent, >=, 49);
    g_assert_cmpuint(sent, <=, 51);
    put(transcoder, CG_CODEC_PCMU, 2, 80160, payload, 160, 11000000);
    g_assert_true(cg_transcoder_step(transcoder, cg_transcoder_due(transcoder), &frame));
    g_assert_true(frame.first);
    g_assert_cmpuint(frame.sequence, ==, last.sequence + 1);
    g_assert_cmpuint(frame.timestamp - (last.timestamp - (sent - 1) * 160), ==, 80000);
    g_assert_cmpint(first_us, <, 1050000);
    cg_transcoder_pause(transcoder);
    g_assert_cmpint(cg_transcoder_due(transcoder), ==, INT64_MAX);
    cg_transcoder_free(transcoder);
}

/* RFC 3389: noise of the level that was said, until somebody speaks again. */
static void test_comfort_noise(void)
{
    translation s = {.from = CG_CODEC_PCMU, .to = CG_CODEC_PCMA};
    static const uint8_t quiet[] = {50}; /* -50 dBov */
    uint8_t silence[160];
    cg_transcoder *transcoder = translation_make(&s);
    cg_decoder *decoder = cg_decoder_new(CG_CODEC_PCMA, 8000);
    cg_transcoder_frame frame;
    int16_t pcm[CG_CODEC_MAX_SAMPLES];
    memset(silence, 0xff, sizeof silence);
    put(transcoder, CG_CODEC_PCMU, 1, 0, silence, sizeof silence, 0);
    put(transcoder, CG_CODEC_CN, 2, 160, quiet, sizeof quiet, 20000);
    for (unsigned i = 0; i < 5; i++) {
        g_assert_true(cg_transcoder_step(transcoder, cg_transcoder_due(transcoder), &frame));
        cg_decoder_decode(decoder, frame.payload, frame.size, pcm);
    }
    g_assert_cmpfloat(sound_level(pcm, 160), >, 70); /* -50 dB of 32768 are 104 */
    g_assert_cmpfloat(sound_level(pcm, 160), <, 150);
    while (cg_transcoder_due(transcoder) < 5120000) /* however long nothing else is said */
        g_assert_true(cg_transcoder_step(transcoder, cg_transcoder_due(transcoder), &frame));
    cg_decoder_decode(decoder, frame.payload, frame.size, pcm);
    g_assert_cmpfloat(sound_level(pcm, 160), >, 70);
    put(transcoder, CG_CODEC_PCMU, 3, 40960, silence, sizeof silence, 5120000);
    for (unsigned i = 0; i < 4; i++)
        g_assert_true(cg_transcoder_step(transcoder, cg_transcoder_due(transcoder), &frame));
    cg_decoder_decode(decoder, frame.payload, frame.size, pcm);
    g_assert_cmpfloat(sound_level(pcm, 160), <, 20);
    g_assert_cmpuint(cg_transcoder_jitter_stats(transcoder)->lost, ==, 0);
    g_assert_cmpuint(cg_transcoder_jitter_stats(transcoder)->late, ==, 0);
    cg_decoder_free(decoder);
    cg_transcoder_free(transcoder);
}

/* What cannot be decoded is a loss, and a codec that was not negotiated is nothing. */
static void test_garbage(void)
{
    translation s = {.from = CG_CODEC_OPUS, .to = CG_CODEC_PCMU};
    static const uint8_t garbage[] = {0x0b, 0x00, 1, 2, 3};
    cg_transcoder *transcoder = translation_make(&s);
    cg_transcoder_frame frame;
    put(transcoder, CG_CODEC_G722, 1, 0, garbage, sizeof garbage, 0);
    g_assert_cmpint(cg_transcoder_due(transcoder), ==, INT64_MAX);
    for (unsigned i = 0; i < 10; i++)
        put(transcoder, CG_CODEC_OPUS, i, i * 960, garbage, sizeof garbage, i * 20000);
    while (cg_transcoder_due(transcoder) < 400000)
        if (cg_transcoder_step(transcoder, cg_transcoder_due(transcoder), &frame))
            g_assert_cmpuint(frame.size, ==, 160);
    cg_transcoder_free(transcoder);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(all); i++)
        for (unsigned j = 0; j < G_N_ELEMENTS(all); j++) {
            g_autofree char *name = g_strdup_printf("/transcoder/speech/%s-to-%s", cg_codec_get_info(all[i])->name,
                                                    cg_codec_get_info(all[j])->name);
            if (i != j)
                g_test_add_data_func(name, GUINT_TO_POINTER(all[i] * CG_CODEC_COUNT + all[j]), test_speech);
        }
    for (size_t i = 0; i < G_N_ELEMENTS(tones); i++) {
        g_autofree char *name = g_strdup_printf("/transcoder/tone/%zu", i);
        g_test_add_data_func(name, &tones[i], test_tone);
    }
    g_test_add_func("/transcoder/packet-time", test_packet_time);
    g_test_add_func("/transcoder/rest", test_rest);
    g_test_add_func("/transcoder/comfort-noise", test_comfort_noise);
    g_test_add_func("/transcoder/garbage", test_garbage);
    return g_test_run();
}
