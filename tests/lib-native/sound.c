/* Mouths and ears: libopus at 48 and 8 kHz, spandsp's G.722 and G.711. */
#include "tests/lib-native/sound.h"

#include <glib.h>
#include <math.h>
#include <opus.h>
#include <spandsp.h>
#include <string.h>

enum { PACKET_MS = 20, MAX_MS = 120, OPUS_RATE = 48000, G722_RATE = 16000, G722_BITS = 64000, AMPLITUDE = 8000 };

struct sound_mouth {
    cg_codec codec;
    double tone;       /* Hz */
    unsigned rate;     /* of its samples */
    uint64_t position; /* of the next one */
    OpusEncoder *opus;
    g722_encode_state_t *g722;
};

struct sound_ear {
    cg_codec codec;
    OpusDecoder *opus;
    g722_decode_state_t *g722;
    int16_t second[SOUND_RATE]; /* the last of it behind */
    size_t count;               /* of its samples that were heard */
};

static unsigned rate_of(cg_codec codec)
{
    return codec == CG_CODEC_OPUS ? OPUS_RATE : codec == CG_CODEC_G722 ? G722_RATE : SOUND_RATE;
}

sound_mouth *sound_mouth_new(cg_codec codec, double tone)
{
    sound_mouth *mouth = g_new0(sound_mouth, 1);
    *mouth = (sound_mouth){.codec = codec, .tone = tone, .rate = rate_of(codec)};
    if (codec == CG_CODEC_OPUS)
        mouth->opus = opus_encoder_create(OPUS_RATE, 1, OPUS_APPLICATION_VOIP, NULL);
    else if (codec == CG_CODEC_G722)
        mouth->g722 = g722_encode_init(NULL, G722_BITS, 0);
    return mouth;
}

void sound_mouth_free(sound_mouth *mouth)
{
    if (mouth == NULL)
        return;
    if (mouth->opus != NULL)
        opus_encoder_destroy(mouth->opus);
    if (mouth->g722 != NULL)
        g722_encode_free(mouth->g722);
    g_free(mouth);
}

static size_t encode(sound_mouth *mouth, const int16_t *pcm, unsigned count, uint8_t *ret_payload)
{
    if (mouth->opus != NULL)
        return (size_t) MAX(0, opus_encode(mouth->opus, pcm, (int) count, ret_payload, SOUND_MAX_PAYLOAD));
    if (mouth->g722 != NULL)
        return (size_t) g722_encode(mouth->g722, ret_payload, pcm, (int) count);
    for (unsigned i = 0; i < count; i++)
        ret_payload[i] = mouth->codec == CG_CODEC_PCMA ? linear_to_alaw(pcm[i]) : linear_to_ulaw(pcm[i]);
    return count;
}

size_t sound_mouth_say(sound_mouth *mouth, uint8_t ret_payload[static SOUND_MAX_PAYLOAD])
{
    int16_t pcm[OPUS_RATE / 1000 * PACKET_MS];
    unsigned count = mouth->rate / 1000 * PACKET_MS;
    for (unsigned i = 0; i < count; i++, mouth->position++)
        pcm[i] = (int16_t) lrint(AMPLITUDE * sin(2 * G_PI * mouth->tone * (double) mouth->position / mouth->rate));
    return encode(mouth, pcm, count, ret_payload);
}

sound_ear *sound_ear_new(cg_codec codec)
{
    sound_ear *ear = g_new0(sound_ear, 1);
    ear->codec = codec;
    if (codec == CG_CODEC_OPUS)
        ear->opus = opus_decoder_create(SOUND_RATE, 1, NULL);
    else if (codec == CG_CODEC_G722)
        ear->g722 = g722_decode_init(NULL, G722_BITS, 0);
    return ear;
}

void sound_ear_free(sound_ear *ear)
{
    if (ear == NULL)
        return;
    if (ear->opus != NULL)
        opus_decoder_destroy(ear->opus);
    if (ear->g722 != NULL)
        g722_decode_free(ear->g722);
    g_free(ear);
}

/* Two neighbours make one sample. */
static size_t halve(const int16_t *wide, size_t count, int16_t *ret_pcm)
{
    for (size_t i = 0; i < count / 2; i++)
        ret_pcm[i] = (int16_t) ((wide[2 * i] + wide[2 * i + 1]) / 2);
    return count / 2;
}

static size_t decode(sound_ear *ear, const uint8_t *payload, size_t size, int16_t *ret_pcm)
{
    int16_t wide[G722_RATE / 1000 * MAX_MS];
    if (ear->opus != NULL) {
        int count = opus_decode(ear->opus, payload, (int) size, ret_pcm, SOUND_RATE / 1000 * MAX_MS, 0);
        return (size_t) MAX(0, count);
    }
    if (size > SOUND_RATE / 1000 * MAX_MS)
        return 0;
    if (ear->g722 != NULL)
        return halve(wide, (size_t) g722_decode(ear->g722, wide, payload, (int) size), ret_pcm);
    for (size_t i = 0; i < size; i++)
        ret_pcm[i] = ear->codec == CG_CODEC_PCMA ? alaw_to_linear(payload[i]) : ulaw_to_linear(payload[i]);
    return size;
}

void sound_ear_hear(sound_ear *ear, const uint8_t *payload, size_t size)
{
    int16_t pcm[SOUND_RATE / 1000 * MAX_MS];
    size_t count = decode(ear, payload, size, pcm);
    memmove(ear->second, ear->second + count, (SOUND_RATE - count) * sizeof *pcm);
    memcpy(ear->second + SOUND_RATE - count, pcm, count * sizeof *pcm);
    ear->count = MIN(ear->count + count, SOUND_RATE);
}

const int16_t *sound_ear_last_second(const sound_ear *ear, size_t *ret_count)
{
    *ret_count = ear->count;
    return ear->second + SOUND_RATE - ear->count;
}
