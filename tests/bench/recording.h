/* Something like speech in a codec, a packet for every 20 ms. */
#pragma once

#include "bridge/audio/codec.h"

enum { RECORDING_PACKET_US = 20000, RECORDING_PER_S = 50 };

typedef struct {
    cg_codec codec;
    uint32_t step; /* of the codec's clock, between two packets */
    unsigned count;
    uint8_t (*data)[CG_CODEC_MAX_PAYLOAD];
    size_t *sizes;
} recording;

/* `rate`: Hz of the sound (cg_encoder_new). Free with recording_free. */
recording *recording_new(cg_codec codec, uint32_t rate, unsigned seconds);
void recording_free(recording *r);
