/* Opus (RFC 6716, RTP: RFC 7587) by libopus, one channel: a stereo stream is decoded as its middle. */
#include "bridge/audio/codec_ops.h"

#include <glib.h>
#include <opus.h>
#include <stdlib.h>
#include <string.h>

enum {
    CLOCK_RATE = 48000,
    NARROW_BITRATE = 20000, /* bits per second of speech up to 4 kHz, ... */
    WIDE_BITRATE = 32000,   /* ... up to 8 kHz: what RFC 7587 section 3.1.1 recommends, and some for FEC */
    COMPLEXITY = 5,         /* of 10: on speech hardly to be told from 10, at half the cost */
    EXPECTED_LOSS = 5,      /* percent; without any, the encoder spends nothing on FEC */
    SILENCE = 2,            /* octets of a packet that RFC 6716 section 2.1.9 lets a sender leave out, at most */
};

typedef struct {
    OpusDecoder *opus;
    uint32_t rate;
} decoder;

typedef struct {
    OpusEncoder *opus;
    bool dtx;
} encoder;

static uint32_t read_duration(const uint8_t *payload, size_t size)
{
    int samples = opus_packet_get_nb_samples(payload, (opus_int32) size, CLOCK_RATE);
    return samples > 0 ? (uint32_t) samples : 0;
}

static void *new_decoder(uint32_t rate)
{
    int error;
    decoder *d = g_new0(decoder, 1);
    d->opus = opus_decoder_create((opus_int32) rate, 1, &error);
    d->rate = rate;
    g_assert(d->opus != NULL);
    return d;
}

static void free_decoder(void *state)
{
    opus_decoder_destroy(((decoder *) state)->opus);
    g_free(state);
}

static size_t decode(void *state, const uint8_t *payload, size_t size, int16_t *ret_pcm)
{
    int count =
        opus_decode(((decoder *) state)->opus, payload, (opus_int32) size, ret_pcm, CG_CODEC_MAX_SAMPLES, false);
    return count > 0 ? (size_t) count : 0;
}

/* libopus conceals in steps of 2.5 ms; what is wanted beyond the last whole one is made and not used. */
static void conceal(void *state, const uint8_t *next, size_t next_size, size_t count, int16_t *ret_pcm)
{
    decoder *d = state;
    int16_t made[CG_CODEC_MAX_SAMPLES];
    size_t step = d->rate / 400;
    int whole = (int) ((count + step - 1) / step * step);
    bool fec = next != NULL && opus_packet_get_nb_samples(next, (opus_int32) next_size, (opus_int32) d->rate) > 0;
    int got = opus_decode(d->opus, fec ? next : NULL, fec ? (opus_int32) next_size : 0, made, whole, fec);
    size_t usable = got > 0 ? MIN((size_t) got, count) : 0;
    memcpy(ret_pcm, made, usable * sizeof *made);
    memset(ret_pcm + usable, 0, (count - usable) * sizeof *made);
}

static void *new_encoder(uint32_t rate, const cg_opus_wishes *wishes)
{
    int error;
    encoder *e = g_new0(encoder, 1);
    OpusEncoder *opus = e->opus = opus_encoder_create((opus_int32) rate, 1, OPUS_APPLICATION_VOIP, &error);
    e->dtx = wishes->dtx;
    opus_int32 bitrate = rate > 8000 ? WIDE_BITRATE : NARROW_BITRATE;
    g_assert(opus != NULL);
    if (wishes->max_bitrate != 0)
        bitrate = MIN(bitrate, (opus_int32) wishes->max_bitrate);
    opus_encoder_ctl(opus, OPUS_SET_BITRATE(bitrate));
    opus_encoder_ctl(opus, OPUS_SET_COMPLEXITY(COMPLEXITY));
    opus_encoder_ctl(opus, OPUS_SET_SIGNAL(OPUS_SIGNAL_VOICE));
    opus_encoder_ctl(opus, OPUS_SET_INBAND_FEC(wishes->fec));
    opus_encoder_ctl(opus, OPUS_SET_PACKET_LOSS_PERC(wishes->fec ? EXPECTED_LOSS : 0));
    opus_encoder_ctl(opus, OPUS_SET_DTX(wishes->dtx));
    return e;
}

static void free_encoder(void *state)
{
    opus_encoder_destroy(((encoder *) state)->opus);
    g_free(state);
}

static size_t encode(void *state, const int16_t *pcm, size_t count, uint8_t *ret_payload)
{
    encoder *e = state;
    opus_int32 size = opus_encode(e->opus, pcm, (int) count, ret_payload, CG_CODEC_MAX_PAYLOAD);
    return size > (e->dtx ? SILENCE : 0) ? (size_t) size : 0;
}

/* The value of a parameter; 0 if it is not there. */
static unsigned long read_parameter(const char *fmtp, const char *name)
{
    size_t length = strlen(name);
    while (*fmtp != '\0') {
        fmtp += strspn(fmtp, "; ");
        if (strncmp(fmtp, name, length) == 0 && fmtp[length] == '=')
            return strtoul(fmtp + length + 1, NULL, 10);
        fmtp += strcspn(fmtp, ";");
    }
    return 0;
}

cg_opus_wishes cg_opus_read_wishes(const char *fmtp)
{
    unsigned long bitrate = read_parameter(fmtp, "maxaveragebitrate");
    return (cg_opus_wishes){
        .fec = read_parameter(fmtp, "useinbandfec") == 1,
        .dtx = read_parameter(fmtp, "usedtx") == 1,
        .max_bitrate = bitrate >= 6000 && bitrate <= 510000 ? (uint32_t) bitrate : 0,
    };
}

const cg_codec_ops cg_codec_opus = {
    .duration = read_duration,
    .new_decoder = new_decoder,
    .free_decoder = free_decoder,
    .decode = decode,
    .conceal = conceal,
    .new_encoder = new_encoder,
    .free_encoder = free_encoder,
    .encode = encode,
};
