/* PCMU and PCMA: ITU-T G.711 by spandsp, an octet a sample. */
#include "bridge/audio/codec_ops.h"

#include <spandsp.h>

static uint32_t count_octets(const uint8_t *payload, size_t size)
{
    return (uint32_t) size;
}

/* There is no state; what is asked for one gets this. */
static void *no_state(uint32_t rate)
{
    return NULL;
}

static void *no_encoder(uint32_t rate, const cg_opus_wishes *wishes)
{
    return NULL;
}

static void free_nothing(void *state)
{
}

static size_t decode_ulaw(void *state, const uint8_t *payload, size_t size, int16_t *ret_pcm)
{
    for (size_t i = 0; i < size; i++)
        ret_pcm[i] = ulaw_to_linear(payload[i]);
    return size;
}

static size_t decode_alaw(void *state, const uint8_t *payload, size_t size, int16_t *ret_pcm)
{
    for (size_t i = 0; i < size; i++)
        ret_pcm[i] = alaw_to_linear(payload[i]);
    return size;
}

static size_t encode_ulaw(void *state, const int16_t *pcm, size_t count, uint8_t *ret_payload)
{
    for (size_t i = 0; i < count; i++)
        ret_payload[i] = linear_to_ulaw(pcm[i]);
    return count;
}

static size_t encode_alaw(void *state, const int16_t *pcm, size_t count, uint8_t *ret_payload)
{
    for (size_t i = 0; i < count; i++)
        ret_payload[i] = linear_to_alaw(pcm[i]);
    return count;
}

const cg_codec_ops cg_codec_pcmu = {
    .rate = 8000,
    .duration = count_octets,
    .new_decoder = no_state,
    .free_decoder = free_nothing,
    .decode = decode_ulaw,
    .new_encoder = no_encoder,
    .free_encoder = free_nothing,
    .encode = encode_ulaw,
};

const cg_codec_ops cg_codec_pcma = {
    .rate = 8000,
    .duration = count_octets,
    .new_decoder = no_state,
    .free_decoder = free_nothing,
    .decode = decode_alaw,
    .new_encoder = no_encoder,
    .free_encoder = free_nothing,
    .encode = encode_alaw,
};
