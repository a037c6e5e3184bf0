/* Codecs by number, and concealment for those that have none. */
#include "bridge/audio/codec.h"

#include "bridge/audio/codec_ops.h"
#include "bridge/audio/concealer.h"

#include <glib.h>

enum {
    DEFAULT_PACKET_MS = 20,
    MIN_PACKET_MS = 10,
};

struct cg_decoder {
    const cg_codec_ops *ops;
    uint32_t rate; /* Hz of the PCM */
    void *state;   /* the codec's own */
    cg_concealer concealer;
};

struct cg_encoder {
    const cg_codec_ops *ops;
    void *state;
};

static const cg_codec_ops *ops_of(cg_codec codec)
{
    switch (codec) {
    case CG_CODEC_OPUS:
        return &cg_codec_opus;
    case CG_CODEC_G722:
        return &cg_codec_g722;
    case CG_CODEC_PCMU:
        return &cg_codec_pcmu;
    case CG_CODEC_PCMA:
        return &cg_codec_pcma;
    default:
        g_assert_not_reached();
    }
}

uint32_t cg_codec_pcm_rate(cg_codec codec)
{
    return ops_of(codec)->rate;
}

uint32_t cg_codec_duration(cg_codec codec, const uint8_t *payload, size_t size)
{
    if (size == 0 || size > CG_CODEC_MAX_PAYLOAD)
        return 0;
    uint32_t duration = ops_of(codec)->duration(payload, size);
    return duration <= cg_codec_get_info(codec)->clock_rate / 1000 * CG_CODEC_MAX_MS ? duration : 0;
}

cg_decoder *cg_decoder_new(cg_codec codec, uint32_t rate)
{
    cg_decoder *decoder = g_new0(cg_decoder, 1);
    decoder->ops = ops_of(codec);
    decoder->rate = decoder->ops->rate != 0 ? decoder->ops->rate : rate;
    decoder->state = decoder->ops->new_decoder(decoder->rate);
    cg_concealer_init(&decoder->concealer, decoder->rate);
    return decoder;
}

void cg_decoder_free(cg_decoder *decoder)
{
    if (decoder == NULL)
        return;
    decoder->ops->free_decoder(decoder->state);
    g_free(decoder);
}

uint32_t cg_decoder_rate(const cg_decoder *decoder)
{
    return decoder->rate;
}

size_t cg_decoder_decode(cg_decoder *decoder, const uint8_t *payload, size_t size,
                         int16_t ret_pcm[static CG_CODEC_MAX_SAMPLES])
{
    size_t count = decoder->ops->decode(decoder->state, payload, size, ret_pcm);
    if (decoder->ops->conceal == NULL && count > 0)
        cg_concealer_hear(&decoder->concealer, ret_pcm, count);
    return count;
}

void cg_decoder_conceal(cg_decoder *decoder, const uint8_t *next, size_t next_size, size_t count,
                        int16_t ret_pcm[static CG_CODEC_MAX_SAMPLES])
{
    g_assert(count <= CG_CODEC_MAX_SAMPLES);
    if (decoder->ops->conceal != NULL)
        decoder->ops->conceal(decoder->state, next, next_size, count, ret_pcm);
    else
        cg_concealer_fill(&decoder->concealer, ret_pcm, count);
    if (decoder->ops->adopt != NULL)
        decoder->ops->adopt(decoder->state, ret_pcm, count / 2 * 2);
}

unsigned cg_codec_packet_ms(cg_codec codec, unsigned ptime_ms, unsigned max_ptime_ms)
{
    unsigned packet_ms = ptime_ms != 0 ? ptime_ms : DEFAULT_PACKET_MS;
    if (max_ptime_ms != 0)
        packet_ms = MIN(packet_ms, max_ptime_ms);
    packet_ms = CLAMP(packet_ms, MIN_PACKET_MS, CG_CODEC_PACKET_MAX_MS) / 10 * 10;
    bool odd = packet_ms == 30 || packet_ms == 50;
    return codec == CG_CODEC_OPUS && odd ? packet_ms - 10 : packet_ms;
}

cg_encoder *cg_encoder_new(cg_codec codec, uint32_t rate, const cg_opus_wishes *wishes)
{
    cg_encoder *encoder = g_new0(cg_encoder, 1);
    encoder->ops = ops_of(codec);
    encoder->state = encoder->ops->new_encoder(rate, wishes);
    return encoder;
}

void cg_encoder_free(cg_encoder *encoder)
{
    if (encoder == NULL)
        return;
    encoder->ops->free_encoder(encoder->state);
    g_free(encoder);
}

bool cg_codec_has_memory(cg_codec codec)
{
    return ops_of(codec)->follow != NULL;
}

void cg_encoder_follow(cg_encoder *encoder, const cg_decoder *decoder)
{
    g_assert(encoder->ops == decoder->ops);
    if (encoder->ops->follow != NULL)
        encoder->ops->follow(encoder->state, decoder->state);
}

size_t cg_encoder_encode(cg_encoder *encoder, const int16_t *pcm, size_t count,
                         uint8_t ret_payload[static CG_CODEC_MAX_PAYLOAD])
{
    return encoder->ops->encode(encoder->state, pcm, count, ret_payload);
}
