/* ITU-T G.722 at 64 kbit/s by spandsp: two samples at 16 kHz an octet. Its timestamps count octets (base/media.c). */
#include "bridge/codec_ops.h"

#include <glib.h>
#include <spandsp.h>
#include <spandsp/private/g722.h>
#include <string.h>

enum { RATE = 16000, BITS_PER_SECOND = 64000 };

static uint32_t count_octets(const uint8_t *payload, size_t size)
{
    return (uint32_t) size;
}

static void *new_decoder(uint32_t rate)
{
    g722_decode_state_t *state = g722_decode_init(NULL, BITS_PER_SECOND, 0);
    g_assert(state != NULL);
    return state;
}

static void free_decoder(void *state)
{
    g722_decode_free(state);
}

static size_t decode(void *state, const uint8_t *payload, size_t size, int16_t *ret_pcm)
{
    return (size_t) g722_decode(state, ret_pcm, payload, (int) size);
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
static void follow(void *encoder, const void *decoder)
{
    g722_encode_state_t *to = encoder;
    const g722_decode_state_t *from = decoder;
    memcpy(to->band, from->band, sizeof to->band);
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
    .encode = encode,
};
