/* A person's words through the translation of every codec into every other, jitter buffer included: they sound hardly
 * worse than what the worse of the two codecs alone makes of them. And faults that are to be heard are. */
#include "tests/unit/bridge/likeness.h"
#include "tests/unit/bridge/spoken.h"
#include "tests/unit/bridge/translation.h"

#include <string.h>

#define SHARE 0.95        /* of what the worse codec alone scores, at least */
#define NARROW_TOP 3700.0 /* Hz: of sound with 8000 samples a second, ... */
#define WIDE_TOP 6400.0   /* ... with 16000: edges of critical bands */

enum {
    WIDE = LIKENESS_RATE,
    NARROW = WIDE / 2,
    MOST_DELAY = WIDE / 10,
    PTIME_MS = 20,
    JITTER_MS = 30,
};

static const cg_codec all[] = {CG_CODEC_OPUS, CG_CODEC_G722, CG_CODEC_PCMU, CG_CODEC_PCMA};

typedef struct {
    int16_t *words, *narrow_words; /* owned; at WIDE and NARROW samples a second */
    size_t count, narrow_count;
    double alone[CG_CODEC_COUNT][2][2]; /* scores by codec, wide sound, wide comparison; 0: not known yet */
} study;

typedef struct {
    study *s;
    cg_codec from, to;
} pair;

static const int16_t *words_at(const study *s, uint32_t rate, size_t *ret_count)
{
    *ret_count = rate == WIDE ? s->count : s->narrow_count;
    return rate == WIDE ? s->words : s->narrow_words;
}

static bool is_wide(cg_codec codec)
{
    return cg_codec_pcm_rate(codec) != NARROW;
}

/* Takes the sound. */
static double score(const study *s, GArray *heard, uint32_t rate, bool wide)
{
    size_t room;
    g_autoptr(GArray) owned = heard;
    g_autofree int16_t *pcm = spoken_at_rate((const int16_t *) owned->data, owned->len, rate, WIDE, &room);
    g_autofree int16_t *padded = g_new0(int16_t, s->count + MOST_DELAY);
    memcpy(padded, pcm, MIN(room, s->count + MOST_DELAY) * sizeof *pcm);
    return likeness(s->words, padded, s->count, MOST_DELAY, wide ? WIDE_TOP : NARROW_TOP);
}

/* One encoding and decoding, and nothing else. */
static GArray *pass_codec(const study *s, cg_codec codec, uint32_t rate)
{
    size_t count, frame = rate / 1000 * PTIME_MS;
    const int16_t *said = words_at(s, rate, &count);
    cg_encoder *encoder = cg_encoder_new(codec, rate, &(cg_opus_wishes){.fec = true});
    cg_decoder *decoder = cg_decoder_new(codec, rate);
    GArray *heard = g_array_new(FALSE, FALSE, sizeof(int16_t));
    for (size_t at = 0; at + frame <= count; at += frame) {
        uint8_t payload[CG_CODEC_MAX_PAYLOAD];
        int16_t pcm[CG_CODEC_MAX_SAMPLES];
        size_t size = cg_encoder_encode(encoder, said + at, frame, payload);
        g_array_append_vals(heard, pcm, (guint) cg_decoder_decode(decoder, payload, size, pcm));
    }
    cg_encoder_free(encoder);
    cg_decoder_free(decoder);
    return heard;
}

/* What a codec by itself scores, of `wide` sound if it can have any, in the bands of the comparison. */
static double score_alone(study *s, cg_codec codec, bool wide, bool compare_wide)
{
    uint32_t rate = cg_codec_pcm_rate(codec) != 0 ? cg_codec_pcm_rate(codec) : wide ? WIDE : NARROW;
    double *known = &s->alone[codec][rate == WIDE][compare_wide];
    if (*known == 0)
        *known = score(s, pass_codec(s, codec, rate), rate, compare_wide);
    return *known;
}

/* Who speaks Opus speaks it wide, whoever hears it; what is made Opus of narrow sound is narrow. */
static double find_floor(const pair *p, bool wide)
{
    double first = score_alone(p->s, p->from, true, wide), second = score_alone(p->s, p->to, is_wide(p->from), wide);
    return SHARE * MIN(first, second);
}

static translation way_of(const pair *p)
{
    return (translation){
        .from = p->from,
        .to = p->to,
        .rate_in = WIDE,
        .rate_out = WIDE,
        .ptime_in_ms = PTIME_MS,
        .ptime_out_ms = PTIME_MS,
        .jitter_ms = JITTER_MS,
    };
}

static translation_heard translate(const study *s, const translation *way)
{
    size_t count;
    const int16_t *said = words_at(s, translation_rate_in(way), &count);
    return translation_run(way, said, count);
}

static void test_pair(gconstpointer data)
{
    const pair *p = data;
    bool wide = is_wide(p->from) && is_wide(p->to);
    translation way = way_of(p);
    translation_heard heard = translate(p->s, &way);
    double scored = score(p->s, heard.pcm, heard.rate, wide), floor = find_floor(p, wide);
    g_test_message("%s to %s: %.3f, at least %.3f (up to %.0f Hz, %s alone %.3f, %s alone %.3f)",
                   cg_codec_get_info(p->from)->name, cg_codec_get_info(p->to)->name, scored, floor,
                   wide ? WIDE_TOP : NARROW_TOP, cg_codec_get_info(p->from)->name,
                   score_alone(p->s, p->from, true, wide), cg_codec_get_info(p->to)->name,
                   score_alone(p->s, p->to, is_wide(p->from), wide));
    g_assert_cmpfloat(scored, >=, floor);
}

/* What is to be heard scores below the floor: silence instead of every tenth packet, half the amplitude, and a rate
 * that is wrong by a twentieth. */
static void test_faults(gconstpointer data)
{
    const pair *p = data;
    bool wide = is_wide(p->from) && is_wide(p->to);
    translation right = way_of(p), muted = way_of(p);
    muted.mute_one_in = 10;
    translation_heard gaps = translate(p->s, &muted), quiet = translate(p->s, &right), slow = translate(p->s, &right);
    for (guint i = 0; i < quiet.pcm->len; i++)
        g_array_index(quiet.pcm, int16_t, i) /= 2;
    double with_gaps = score(p->s, gaps.pcm, gaps.rate, wide), when_quiet = score(p->s, quiet.pcm, quiet.rate, wide);
    double when_slow = score(p->s, slow.pcm, slow.rate - slow.rate / 20, wide), floor = find_floor(p, wide);
    g_test_message("%s to %s: with gaps %.3f, quiet %.3f, slow %.3f; at least %.3f is asked",
                   cg_codec_get_info(p->from)->name, cg_codec_get_info(p->to)->name, with_gaps, when_quiet, when_slow,
                   floor);
    g_assert_cmpfloat(with_gaps, <, floor);
    g_assert_cmpfloat(when_quiet, <, floor);
    g_assert_cmpfloat(when_slow, <, floor);
}

/* The measure's own ends: the same is 1, also later; silence is next to nothing. */
static void test_measure(gconstpointer data)
{
    const study *s = data;
    g_autofree int16_t *later = g_new0(int16_t, s->count + MOST_DELAY), *silence = g_new0(int16_t, s->count);
    memcpy(later + MOST_DELAY / 2, s->words, s->count * sizeof *later);
    g_assert_cmpfloat_with_epsilon(likeness(s->words, later, s->count, MOST_DELAY, WIDE_TOP), 1, 1e-9);
    double nothing = likeness(s->words, silence, s->count, 0, WIDE_TOP);
    g_test_message("silence: %.3f", nothing);
    g_assert_cmpfloat(nothing, <, 0.2);
}

static void add(const char *what, study *s, cg_codec from, cg_codec to, GTestDataFunc test)
{
    pair p = {.s = s, .from = from, .to = to};
    g_autofree char *name = g_strdup_printf("/transcoder-speech/%s/%s-to-%s", what, cg_codec_get_info(from)->name,
                                            cg_codec_get_info(to)->name);
    g_test_add_data_func_full(name, g_memdup2(&p, sizeof p), test, g_free);
}

int main(int argc, char **argv)
{
    study s = {0};
    g_test_init(&argc, &argv, NULL);
    s.words = spoken_words(WIDE, &s.count);
    s.narrow_words = spoken_words(NARROW, &s.narrow_count);
    g_test_add_data_func("/transcoder-speech/measure", &s, test_measure);
    for (unsigned i = 0; i < G_N_ELEMENTS(all); i++)
        for (unsigned j = 0; j < G_N_ELEMENTS(all); j++)
            if (i != j)
                add("pair", &s, all[i], all[j], test_pair);
    add("faults", &s, CG_CODEC_OPUS, CG_CODEC_PCMU, test_faults);
    add("faults", &s, CG_CODEC_PCMA, CG_CODEC_OPUS, test_faults);
    add("faults", &s, CG_CODEC_G722, CG_CODEC_OPUS, test_faults);
    int failed = g_test_run();
    g_free(s.words);
    g_free(s.narrow_words);
    return failed;
}
