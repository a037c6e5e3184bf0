/* Synthetic speech (tests/unit/bridge/sound.h), encoded once. */
#include "tests/bench/recording.h"

#include "tests/unit/bridge/sound.h"

#include <glib.h>

recording *recording_new(cg_codec codec, uint32_t rate, unsigned seconds)
{
    recording *r = g_new0(recording, 1);
    uint32_t frame = rate / RECORDING_PER_S;
    g_autofree int16_t *pcm = g_new(int16_t, (size_t) seconds * rate);
    cg_encoder *encoder = cg_encoder_new(codec, rate, &(cg_opus_wishes){.fec = true});
    sound_speech(pcm, (size_t) seconds * rate, rate, 0);
    r->codec = codec;
    r->step = cg_codec_get_info(codec)->clock_rate / RECORDING_PER_S;
    r->count = seconds * RECORDING_PER_S;
    r->data = g_malloc_n(r->count, sizeof *r->data);
    r->sizes = g_new(size_t, r->count);
    for (unsigned i = 0; i < r->count; i++)
        r->sizes[i] = cg_encoder_encode(encoder, pcm + (size_t) i * frame, frame, r->data[i]);
    cg_encoder_free(encoder);
    return r;
}

void recording_free(recording *r)
{
    if (r == NULL)
        return;
    g_free(r->data);
    g_free(r->sizes);
    g_free(r);
}
