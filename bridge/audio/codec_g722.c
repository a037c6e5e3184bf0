/* ITU-T G.722 at 64 kbit/s by spandsp: two samples at 16 kHz an octet. Its timestamps count octets (base/media.c). */
#include "bridge/audio/codec_ops.h"

#include <glib.h>
#include <spandsp.h>
#include <spandsp/private/g722.h>
#include <string.h>

enum { RATE = 16000, BITS_PER_SECOND = 64000 };

static uint32_t count_octets(const uint8_t *payload, size_t size)
{
    return (uint32_t) size;
}

typedef struct {
    g722_decode_state_t *decoding;
    g722_encode_state_t *encoding; /* of sound that was made up in place of what was lost */
} decoder;

static void *new_decoder(uint32_t rate)
{
    decoder *d = g_new0(decoder, 1);
    d->decoding = g722_decode_init(NULL, BITS_PER_SECOND, 0);
    d->encoding = g722_encode_init(NULL, BITS_PER_SECOND, 0);
    g_assert(d->decoding != NULL && d->encoding != NULL);
    return d;
}

static void free_decoder(void *state)
{
    decoder *d = state;
    g722_decode_free(d->decoding);
    g722_encode_free(d->encoding);
    g_free(d);
}

static size_t decode(void *state, const uint8_t *payload, size_t size, int16_t *ret_pcm)
{
    return (size_t) g722_decode(((decoder *) state)->decoding, ret_pcm, payload, (int) size);
}

static void *new_encoder(uint32_t rate, const cg_opus_wishes *wishes)
{
    g722_encode_state_t *state = g722_encode_init(NULL, BITS_PER_SECOND, 0);
    g_assert(state != NULL);
    return state;
}

static void free_encoder(void *state)
{
    g722_encode_free(state);
}

/* Encoder and decoder adapt in step (G.722 clause 3 and 4 have the same predictors): of a stream that another encoder
 * takes over, what both have come to is in its decoder. A fresh one would be heard wrong for a tenth of a second. */
static void follow(void *encoder, const void *state)
{
    g722_encode_state_t *to = encoder;
    const decoder *from = state;
    memcpy(to->band, from->decoding->band, sizeof to->band);
}

/* Predictors that stood still while the sender's went on make what follows a loss wrong for as long as they need to
 * find back. What was made up is encoded and decoded, so they go on about as the sender's did. */
static void adopt(void *state, const int16_t *pcm, size_t count)
{
    decoder *d = state;
    uint8_t payload[CG_CODEC_MAX_SAMPLES / 2];
    int16_t unused[CG_CODEC_MAX_SAMPLES];
    follow(d->encoding, d);
    decode(d, payload, (size_t) g722_encode(d->encoding, payload, pcm, (int) count), unused);
}

static size_t encode(void *state, const int16_t *pcm, size_t count, uint8_t *ret_payload)
{
    return (size_t) g722_encode(state, ret_payload, pcm, (int) count);
}

const cg_codec_ops cg_codec_g722 = {
    .rate = RATE,
    .duration = count_octets,
    .new_decoder = new_decoder,
    .free_decoder = free_decoder,
    .decode = decode,
    .new_encoder = new_encoder,
    .free_encoder = free_encoder,
    .follow = follow,
    .adopt = adopt,
    .encode = encode,
};
