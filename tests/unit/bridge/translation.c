/* What goes out is checked as it does: numbers and times of the stream go on without a gap. */
#include "tests/unit/bridge/translation.h"

#include <stdlib.h>

typedef struct {
    const translation *t;
    cg_transcoder *transcoder;
    cg_encoder *mouth;
    cg_decoder *ear;
    cg_transcoder_frame last; /* that went out */
    translation_heard heard;
} world;

typedef struct {
    uint32_t number;
    int64_t at_us;
    size_t size;
    uint8_t payload[CG_CODEC_MAX_PAYLOAD];
} arrival;

static uint32_t choose_rate(cg_codec codec, uint32_t wanted, cg_codec other)
{
    if (cg_codec_pcm_rate(codec) != 0)
        return cg_codec_pcm_rate(codec);
    uint32_t rate = wanted != 0 ? wanted : cg_codec_pcm_rate(other);
    return rate != 0 ? rate : CG_PCM_MAX_RATE;
}

uint32_t translation_rate_in(const translation *t)
{
    return choose_rate(t->from, t->rate_in, t->to);
}

cg_transcoder *translation_make(const translation *t)
{
    cg_transcoder_config config = {.to = t->to, .wishes = {.fec = true}, .ptime_ms = t->ptime_out_ms};
    config.from[t->from] = true;
    return cg_transcoder_new(&config, 1);
}

static void hear(world *w, const cg_transcoder_frame *frame)
{
    int16_t pcm[CG_CODEC_MAX_SAMPLES];
    uint32_t step = cg_codec_get_info(w->t->to)->clock_rate / 1000 * w->t->ptime_out_ms;
    if (w->heard.count > 0) {
        g_assert_cmpuint(frame->sequence, ==, w->last.sequence + 1);
        g_assert_cmpuint(frame->timestamp - w->last.timestamp, ==, step);
    }
    g_assert_cmpint(frame->first, ==, w->heard.count == 0);
    g_assert_cmpuint(cg_codec_duration(w->t->to, frame->payload, frame->size), ==, step);
    size_t count = cg_decoder_decode(w->ear, frame->payload, frame->size, pcm);
    g_array_append_vals(w->heard.pcm, pcm, (guint) count);
    w->last = *frame;
    w->heard.count++;
}

/* Every step at its time. */
static void let_step(world *w, int64_t until_us)
{
    cg_transcoder_frame frame;
    while (cg_transcoder_due(w->transcoder) <= until_us)
        if (cg_transcoder_step(w->transcoder, cg_transcoder_due(w->transcoder), &frame))
            hear(w, &frame);
}

static bool is_one_in(uint32_t number, unsigned many)
{
    return many > 0 && number % many == many - 1;
}

static arrival say(world *w, uint32_t number, const int16_t *pcm, size_t frame, GRand *chance)
{
    const translation *t = w->t;
    g_autofree int16_t *silence = g_new0(int16_t, frame);
    arrival a = {.number = number, .at_us = (int64_t) (number + 1) * t->ptime_in_ms * (1000000 - t->drift_ppm) / 1000};
    a.size = cg_encoder_encode(w->mouth, is_one_in(number, t->mute_one_in) ? silence : pcm, frame, a.payload);
    if (t->jitter_ms > 0)
        a.at_us += g_rand_int_range(chance, 0, (gint32) t->jitter_ms * 1000);
    if (is_one_in(number, t->swap_one_in)) /* the next one comes first */
        a.at_us += t->ptime_in_ms * 1000 + 1;
    return a;
}

static int compare_arrivals(const void *a, const void *b)
{
    int64_t first = ((const arrival *) a)->at_us, second = ((const arrival *) b)->at_us;
    return first < second ? -1 : first > second;
}

/* What comes, in the order in which it does. */
static GArray *say_all(world *w, const int16_t *said, size_t count)
{
    GArray *arrivals = g_array_new(FALSE, FALSE, sizeof(arrival));
    g_autoptr(GRand) chance = g_rand_new_with_seed(7);
    size_t frame = translation_rate_in(w->t) / 1000 * w->t->ptime_in_ms;
    for (uint32_t i = 0; (i + 1) * frame <= count; i++) {
        arrival a = say(w, i, said + i * frame, frame, chance);
        if (!is_one_in(i, w->t->lose_one_in))
            g_array_append_val(arrivals, a);
    }
    g_array_sort(arrivals, compare_arrivals);
    return arrivals;
}

static void carry(world *w, const GArray *arrivals)
{
    uint32_t step = cg_codec_get_info(w->t->from)->clock_rate / 1000 * w->t->ptime_in_ms;
    for (guint i = 0; i < arrivals->len; i++) {
        const arrival *a = &g_array_index(arrivals, arrival, i);
        cg_transcoder_packet packet = {.codec = w->t->from,
                                       .ssrc = 9,
                                       .sequence = a->number,
                                       .timestamp = a->number * step,
                                       .payload = a->payload,
                                       .size = a->size};
        let_step(w, a->at_us - 1);
        cg_transcoder_put(w->transcoder, &packet, a->at_us);
    }
}

translation_heard translation_run(const translation *t, const int16_t *said, size_t count)
{
    uint32_t rate_in = translation_rate_in(t), rate_out = choose_rate(t->to, t->rate_out, t->from);
    world w = {
        .t = t,
        .transcoder = translation_make(t),
        .mouth = cg_encoder_new(t->from, rate_in, &(cg_opus_wishes){.fec = true}),
        .ear = cg_decoder_new(t->to, rate_out),
        .heard = {.rate = rate_out, .pcm = g_array_new(FALSE, FALSE, sizeof(int16_t))},
    };
    g_autoptr(GArray) arrivals = say_all(&w, said, count);
    carry(&w, arrivals);
    let_step(&w, (int64_t) count * 1000000 / rate_in + 40000);
    cg_transcoder_free(w.transcoder);
    cg_encoder_free(w.mouth);
    cg_decoder_free(w.ear);
    return w.heard;
}
