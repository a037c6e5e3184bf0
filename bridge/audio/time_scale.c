/* Overlap and add at the lag that fits best. */
#include "bridge/audio/time_scale.h"

#include "bridge/audio/pitch.h"

#include <glib.h>
#include <string.h>

#define LIKE_ENOUGH 0.6F /* voiced sound is above 0.8, noise below 0.5 */

enum { MAX_WINDOW = 160 }; /* samples: 10 ms at 16 kHz */

/* The lag and the window to blend over; false if it would be heard. */
static bool find_lag(const int16_t *pcm, size_t count, uint32_t rate, bool urgent, size_t *ret_lag, size_t *ret_window)
{
    size_t least = rate / 400, most = MIN(rate / 100, count / 2);
    if (most < least)
        return false;
    *ret_window = MIN(most, (size_t) MAX_WINDOW);
    cg_pitch pitch = cg_pitch_find(pcm, *ret_window, least, most);
    *ret_lag = pitch.lag;
    return urgent || pitch.likeness >= LIKE_ENOUGH;
}

static int16_t blend(int16_t from, int16_t to, size_t at, size_t count)
{
    return (int16_t) (from + (to - from) * (int) at / (int) count);
}

size_t cg_time_scale_shorten(int16_t *pcm, size_t count, uint32_t rate, bool urgent)
{
    size_t lag, window;
    if (!find_lag(pcm, count, rate, urgent, &lag, &window))
        return count;
    for (size_t i = 0; i < window; i++)
        pcm[i] = blend(pcm[i], pcm[i + lag], i + 1, window);
    memmove(pcm + window, pcm + window + lag, (count - window - lag) * sizeof *pcm);
    return count - lag;
}

size_t cg_time_scale_lengthen(int16_t *pcm, size_t count, uint32_t rate, bool urgent)
{
    size_t lag, window;
    int16_t first[MAX_WINDOW];
    if (!find_lag(pcm, count, rate, urgent, &lag, &window))
        return count;
    memcpy(first, pcm, window * sizeof *pcm);
    memmove(pcm + lag + window, pcm + window, (count - window) * sizeof *pcm);
    /* Where the window overlaps the period that stays in front, later samples must still be read as they were. */
    int16_t later[MAX_WINDOW];
    for (size_t i = 0; i < window; i++)
        later[i] = lag + i < window ? first[lag + i] : pcm[lag + lag + i];
    for (size_t i = 0; i < window; i++)
        pcm[lag + i] = blend(later[i], first[i], i + 1, window);
    return count + lag;
}
