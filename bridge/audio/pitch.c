/* The greatest normalised cross-correlation. */
#include "bridge/audio/pitch.h"

#include <math.h>

enum { SILENCE = 16 }; /* amplitude below which there is nothing to tell apart */

static int64_t correlate(const int16_t *a, const int16_t *b, size_t count)
{
    int64_t sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += a[i] * b[i];
    return sum;
}

cg_pitch cg_pitch_find(const int16_t *pcm, size_t window, size_t least, size_t most)
{
    cg_pitch best = {.lag = most, .likeness = 0};
    int64_t energy = correlate(pcm, pcm, window);
    int64_t quiet = (int64_t) window * SILENCE * SILENCE;
    for (size_t lag = least; lag <= most; lag++) {
        int64_t shifted = correlate(pcm + lag, pcm + lag, window);
        if (energy <= quiet && shifted <= quiet)
            return (cg_pitch){.lag = lag, .likeness = 1};
        if (energy == 0 || shifted == 0)
            continue;
        float likeness = (float) correlate(pcm, pcm + lag, window) / sqrtf((float) energy * (float) shifted);
        if (likeness > best.likeness)
            best = (cg_pitch){.lag = lag, .likeness = likeness};
    }
    return best;
}
