/* speexdsp's resampler. */
#include "bridge/audio/resampler.h"

#include <glib.h>
#include <speex/speex_resampler.h>

enum { QUALITY = 4 }; /* of 10: aliases below G.711's own noise, at a third of the cost of the best */

struct cg_resampler {
    SpeexResamplerState *state;
};

cg_resampler *cg_resampler_new(uint32_t from_rate, uint32_t to_rate)
{
    int error;
    cg_resampler *resampler = g_new0(cg_resampler, 1);
    resampler->state = speex_resampler_init(1, from_rate, to_rate, QUALITY, &error);
    g_assert(resampler->state != NULL);
    return resampler;
}

void cg_resampler_free(cg_resampler *resampler)
{
    if (resampler == NULL)
        return;
    speex_resampler_destroy(resampler->state);
    g_free(resampler);
}

void cg_resampler_skip_delay(cg_resampler *resampler)
{
    speex_resampler_skip_zeros(resampler->state);
}

size_t cg_resampler_run(cg_resampler *resampler, const int16_t *pcm, size_t count, int16_t *ret_pcm, size_t room)
{
    spx_uint32_t in = (spx_uint32_t) count, out = (spx_uint32_t) room;
    speex_resampler_process_int(resampler->state, 0, pcm, &in, ret_pcm, &out);
    g_assert(in == count);
    return out;
}
