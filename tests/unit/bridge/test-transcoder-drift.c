/* A sender whose clock is not ours, translated for ten minutes: nothing is heard of the difference, and the delay stays
 * within bounds. The sender's tone changes every ten seconds; by that the delay is seen. */
#include "bridge/audio/transcoder.h"
#include "tests/unit/bridge/sound.h"

#include <glib.h>

enum {
    RATE = 8000,
    PACKET = RATE / 50, /* samples, and octets of PCMU */
    PACKET_US = 20000,
    STRETCH = 10, /* seconds of one tone */
    TENTH = RATE / 10,
};

static const double tones[] = {440, 660};

typedef struct {
    const char *name;
    int drift_ppm;            /* > 0: the sender's clock is fast */
    unsigned jitter_ms, lose; /* delays are spread between 0 and the former; of a thousand packets */
    unsigned seconds;
    int most_delay_ms; /* from when a packet is sent, the packet that is made of it included */
} scenario;

typedef struct {
    const scenario *s;
    cg_transcoder *transcoder;
    GArray *heard; /* samples that were decoded at the far end */
    int64_t began_us;
} world;

static void let_step(world *w, int64_t until_us)
{
    while (cg_transcoder_due(w->transcoder) <= until_us) {
        int16_t pcm[CG_CODEC_MAX_SAMPLES];
        cg_transcoder_frame frame;
        int64_t due_us = cg_transcoder_due(w->transcoder);
        if (!cg_transcoder_step(w->transcoder, due_us, &frame))
            continue;
        g_assert_cmpuint(frame.size, ==, PACKET);
        if (w->heard->len == 0)
            w->began_us = due_us;
        cg_decoder *ear = cg_decoder_new(CG_CODEC_PCMA, RATE);
        cg_decoder_decode(ear, frame.payload, frame.size, pcm);
        cg_decoder_free(ear);
        g_array_append_vals(w->heard, pcm, PACKET);
    }
}

static double tone_at(int64_t sample)
{
    return tones[sample / (STRETCH * RATE) % G_N_ELEMENTS(tones)];
}

static void say(world *w, cg_encoder *mouth, uint32_t packet, int64_t at_us)
{
    int16_t pcm[PACKET];
    uint8_t payload[CG_CODEC_MAX_PAYLOAD];
    int64_t first = (int64_t) packet * PACKET;
    sound_tone(pcm, PACKET, RATE, tone_at(first), (size_t) first);
    cg_encoder_encode(mouth, pcm, PACKET, payload);
    cg_transcoder_packet said = {.codec = CG_CODEC_PCMU,
                                 .ssrc = 9,
                                 .sequence = packet,
                                 .timestamp = packet * PACKET,
                                 .payload = payload,
                                 .size = PACKET};
    let_step(w, at_us - 1);
    cg_transcoder_put(w->transcoder, &said, at_us);
}

/* When the packet's last sample is there to be sent. */
static int64_t sent_us(const scenario *s, uint32_t packet)
{
    return (int64_t) (packet + 1) * PACKET_US * (1000000 - s->drift_ppm) / 1000000;
}

static void run(world *w)
{
    const scenario *s = w->s;
    g_autoptr(GRand) chance = g_rand_new_with_seed(17);
    cg_encoder *mouth = cg_encoder_new(CG_CODEC_PCMU, RATE, NULL);
    int64_t at_us = 0;
    for (uint32_t i = 0; i < s->seconds * RATE / PACKET; i++) {
        int64_t late_us = s->jitter_ms > 0 ? g_rand_int_range(chance, 0, (gint32) s->jitter_ms * 1000) : 0;
        at_us = MAX(at_us + 1, sent_us(s, i) + late_us); /* in their order */
        if ((unsigned) g_rand_int_range(chance, 0, 1000) >= s->lose)
            say(w, mouth, i, at_us);
    }
    let_step(w, at_us);
    cg_encoder_free(mouth);
}

/* How long after it was sent the first of a stretch is heard; the best fit of the change in steps of a millisecond. */
static int64_t delay_of(const world *w, unsigned stretch)
{
    int64_t sent = sent_us(w->s, stretch * STRETCH * RATE / PACKET - 1);
    size_t at = (size_t) ((sent - w->began_us) * RATE / 1000000);
    const int16_t *pcm = (const int16_t *) (const void *) w->heard->data;
    for (unsigned ms = 0; ms < 500; ms++) {
        const int16_t *from = pcm + at + (size_t) ms * RATE / 1000;
        if (sound_share(from, RATE / 50, RATE, tone_at((int64_t) stretch * STRETCH * RATE)) > 0.9)
            return ms * 1000;
    }
    return INT64_MAX;
}

/* Of tenths of a second: one tone goes over into the other. */
static bool changes(const world *w, size_t at)
{
    int64_t at_us = w->began_us + (int64_t) at * 1000000 / RATE;
    int64_t stretch_us = sent_us(w->s, STRETCH * RATE / PACKET - 1);
    return at_us % stretch_us < 300000 || stretch_us - at_us % stretch_us < 100000;
}

static unsigned count_rough(const world *w)
{
    unsigned rough = 0;
    const int16_t *pcm = (const int16_t *) (const void *) w->heard->data;
    for (size_t at = 0; at + TENTH <= w->heard->len; at += TENTH) {
        double share = 0;
        if (changes(w, at))
            continue;
        for (size_t i = 0; i < G_N_ELEMENTS(tones); i++)
            share += sound_share(pcm + at, TENTH, RATE, tones[i]);
        rough += share < 0.9 || sound_level(pcm + at, TENTH) < 10000;
    }
    return rough;
}

static void test_drift(gconstpointer data)
{
    world w = {.s = data, .heard = g_array_new(FALSE, FALSE, sizeof(int16_t))};
    cg_transcoder_config config = {.to = CG_CODEC_PCMA};
    config.from[CG_CODEC_PCMU] = true;
    w.transcoder = cg_transcoder_new(&config, 1);
    run(&w);
    int64_t least_us = INT64_MAX, most_us = 0;
    unsigned stretches = (unsigned) (w.s->seconds / STRETCH);
    for (unsigned i = 1; i < stretches; i++) {
        int64_t delay_us = delay_of(&w, i);
        least_us = MIN(least_us, delay_us);
        most_us = MAX(most_us, delay_us);
    }
    unsigned rough = count_rough(&w);
    const cg_jitter_stats *stats = cg_transcoder_jitter_stats(w.transcoder);
    g_test_message("delay %d to %d ms, %u tenths rough, %u late", (int) least_us / 1000, (int) (most_us / 1000), rough,
                   (unsigned) stats->late);
    g_assert_cmpint(most_us, <=, 1000 * (int64_t) w.s->most_delay_ms);
    g_assert_cmpuint(rough, ==, 0);
    cg_transcoder_free(w.transcoder);
    g_array_unref(w.heard);
}

static const scenario scenarios[] = {
    {"none", .seconds = 60, .most_delay_ms = 60},
    {"fast", .drift_ppm = 500, .seconds = 600, .most_delay_ms = 80},
    {"slow", .drift_ppm = -500, .seconds = 600, .most_delay_ms = 80},
    {"fast-with-jitter", .drift_ppm = 500, .jitter_ms = 40, .seconds = 600, .most_delay_ms = 120},
    {"slow-with-jitter", .drift_ppm = -500, .jitter_ms = 40, .seconds = 600, .most_delay_ms = 120},
    {"slow-with-loss", .drift_ppm = -500, .jitter_ms = 20, .lose = 10, .seconds = 600, .most_delay_ms = 120},
    /* Nobody's clock is so wrong. What is waited for is what the drift makes of the packets of four seconds. */
    {"far-too-slow", .drift_ppm = -25000, .seconds = 120, .most_delay_ms = 180},
    {"far-too-fast", .drift_ppm = 25000, .seconds = 120, .most_delay_ms = 180},
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(scenarios); i++) {
        g_autofree char *name = g_strdup_printf("/transcoder-drift/%s", scenarios[i].name);
        g_test_add_data_func(name, &scenarios[i], test_drift);
    }
    return g_test_run();
}
