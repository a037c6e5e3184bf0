/* The period is searched once per loss, in the history; its seam is blended so that it can be repeated. */
#include "bridge/audio/concealer.h"

#include "bridge/audio/pitch.h"

#include <glib.h>
#include <string.h>

enum {
    HISTORY_MS = 40,
    WINDOW_MS = 10, /* of the history, that are compared */
    BLEND_MS = 5,   /* from what was made to what arrived */
    LOUD_MS = 10,   /* at full level, ... */
    FADE_MS = 60,   /* ... then down to silence in so much */
};

void cg_concealer_init(cg_concealer *concealer, uint32_t rate)
{
    *concealer = (cg_concealer){.rate = rate, .depth = rate / 1000 * HISTORY_MS};
    g_assert(concealer->depth <= CG_CONCEALER_HISTORY);
}

static void remember(cg_concealer *concealer, const int16_t *pcm, size_t count)
{
    int16_t *history = concealer->history;
    if (count >= concealer->depth) {
        memcpy(history, pcm + count - concealer->depth, concealer->depth * sizeof *pcm);
        return;
    }
    memmove(history, history + count, (concealer->depth - count) * sizeof *pcm);
    memcpy(history + concealer->depth - count, pcm, count * sizeof *pcm);
}

static int16_t blend(int16_t from, int16_t to, size_t at, size_t count)
{
    return (int16_t) (from + (to - from) * (int) at / (int) count);
}

/* pitch.h looks forward in time; here the end of the history is what counts, so it is turned round. */
static cg_pitch find_period(const cg_concealer *concealer)
{
    int16_t reversed[CG_CONCEALER_HISTORY];
    size_t per_ms = concealer->rate / 1000;
    for (size_t i = 0; i < concealer->depth; i++)
        reversed[i] = concealer->history[concealer->depth - 1 - i];
    return cg_pitch_find(reversed, WINDOW_MS * per_ms, per_ms * 5 / 2, per_ms * 15);
}

/* The last quarter of the period goes over into what came before the period, after which its beginning follows. */
static void begin_loss(cg_concealer *concealer)
{
    const int16_t *end = concealer->history + concealer->depth;
    concealer->lag = find_period(concealer).lag;
    memcpy(concealer->period, end - concealer->lag, concealer->lag * sizeof *end);
    size_t quarter = concealer->lag / 4, from = concealer->lag - quarter;
    for (size_t i = 0; i < quarter; i++)
        concealer->period[from + i] =
            blend(concealer->period[from + i], *(end - concealer->lag - quarter + i), i + 1, quarter);
}

static int16_t make_sample(cg_concealer *concealer)
{
    size_t per_ms = concealer->rate / 1000, at = concealer->made++;
    size_t loud = LOUD_MS * per_ms, silent = loud + FADE_MS * per_ms;
    if (at >= silent)
        return 0;
    int16_t sample = concealer->period[at % concealer->lag];
    return at < loud ? sample : blend(sample, 0, at - loud, silent - loud);
}

void cg_concealer_fill(cg_concealer *concealer, int16_t *ret_pcm, size_t count)
{
    if (concealer->made == 0)
        begin_loss(concealer);
    for (size_t i = 0; i < count; i++)
        ret_pcm[i] = make_sample(concealer);
    remember(concealer, ret_pcm, count);
}

void cg_concealer_hear(cg_concealer *concealer, int16_t *pcm, size_t count)
{
    size_t overlap = MIN(concealer->rate / 1000 * BLEND_MS, count);
    if (concealer->made > 0)
        for (size_t i = 0; i < overlap; i++)
            pcm[i] = blend(make_sample(concealer), pcm[i], i + 1, overlap);
    concealer->made = 0;
    remember(concealer, pcm, count);
}
