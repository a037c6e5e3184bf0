/* Two of spandsp's oscillators. They count in samples of 8000 Hz; at twice the rate a tone is half as high to them. */
#include "bridge/dtmf/dtmf_speak.h"

#include "bridge/dtmf/dtmf_event.h"

#include <glib.h>
#include <spandsp.h>

enum { PACKETS_PER_SECOND = 50, OSCILLATOR_RATE = 8000 };
#define LEVEL (-10.0f) /* dBm0 of each tone, the higher one raised by ... */
#define TWIST 2.0f     /* ... which lines take from it */

/* Hz, of the rows and columns of a keypad. */
static const float low[] = {697, 770, 852, 941}, high[] = {1209, 1336, 1477, 1633};
static const char keypad[] = "123A456B789C*0#D";

struct cg_dtmf_speaker {
    cg_codec codec;
    uint32_t rate; /* Hz of the PCM */
    cg_encoder *encoder;
    cg_decoder *peer; /* hears what the peer hears; NULL: the codec has no memory */
    uint32_t phase[2];
};

cg_dtmf_speaker *cg_dtmf_speaker_new(cg_codec codec)
{
    cg_dtmf_speaker *speaker = g_new0(cg_dtmf_speaker, 1);
    uint32_t rate = cg_codec_pcm_rate(codec);
    speaker->codec = codec;
    speaker->rate = rate != 0 ? rate : OSCILLATOR_RATE;
    if (cg_codec_has_memory(codec))
        speaker->peer = cg_decoder_new(codec, speaker->rate);
    speaker->encoder = cg_encoder_new(codec, speaker->rate, &(cg_opus_wishes){.fec = true});
    return speaker;
}

void cg_dtmf_speaker_free(cg_dtmf_speaker *speaker)
{
    if (speaker == NULL)
        return;
    cg_encoder_free(speaker->encoder);
    cg_decoder_free(speaker->peer);
    g_free(speaker);
}

cg_codec cg_dtmf_speaker_codec(const cg_dtmf_speaker *speaker)
{
    return speaker->codec;
}

void cg_dtmf_speaker_follow(cg_dtmf_speaker *speaker, cg_codec codec, const uint8_t *payload, size_t size)
{
    int16_t pcm[CG_CODEC_MAX_SAMPLES];
    if (speaker->peer != NULL && codec == speaker->codec && cg_codec_duration(codec, payload, size) > 0)
        cg_decoder_decode(speaker->peer, payload, size, pcm);
}

static void add_tone(cg_dtmf_speaker *speaker, unsigned which, float frequency, float level, int16_t *pcm, size_t count)
{
    int32_t step = dds_phase_ratef(frequency * OSCILLATOR_RATE / (float) speaker->rate);
    float amplitude = dds_scaling_dbm0f(level);
    for (size_t i = 0; i < count; i++)
        pcm[i] = (int16_t) (pcm[i] + dds_modf(&speaker->phase[which], step, amplitude, 0));
}

size_t cg_dtmf_speak(cg_dtmf_speaker *speaker, char digit, uint8_t ret_payload[static CG_CODEC_MAX_PAYLOAD])
{
    int16_t pcm[CG_PCM_MAX_RATE / PACKETS_PER_SECOND] = {0};
    size_t count = speaker->rate / PACKETS_PER_SECOND;
    const char *key = digit != '\0' ? strchr(keypad, digit) : NULL;
    if (key != NULL) {
        add_tone(speaker, 0, low[(key - keypad) / 4], LEVEL, pcm, count);
        add_tone(speaker, 1, high[(key - keypad) % 4], LEVEL + TWIST, pcm, count);
    }
    if (speaker->peer != NULL)
        cg_encoder_follow(speaker->encoder, speaker->peer);
    size_t size = cg_encoder_encode(speaker->encoder, pcm, count, ret_payload);
    cg_dtmf_speaker_follow(speaker, speaker->codec, ret_payload, size);
    return size;
}
