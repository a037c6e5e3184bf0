/* What each codec implements, for codec.c alone. */
#pragma once

#include "bridge/audio/codec.h"

typedef struct {
    uint32_t rate; /* Hz of its PCM; 0: any */
    /* In the clock of timestamps; 0: malformed. */
    uint32_t (*duration)(const uint8_t *payload, size_t size);
    void *(*new_decoder)(uint32_t rate);
    void (*free_decoder)(void *state);
    size_t (*decode)(void *state, const uint8_t *payload, size_t size, int16_t *ret_pcm); /* 0: malformed */
    /* NULL: the codec knows no way of its own. */
    void (*conceal)(void *state, const uint8_t *next, size_t next_size, size_t count, int16_t *ret_pcm);
    /* Goes on as if the sound that was made up had come, `count` samples, an even number. NULL: no state to go on with,
     * or `conceal` does it. */
    void (*adopt)(void *state, const int16_t *pcm, size_t count);
    void *(*new_encoder)(uint32_t rate, const cg_opus_wishes *wishes);
    void (*free_encoder)(void *state);
    /* Goes on as if it had encoded what the decoder has heard. NULL: every payload stands for itself, or finds its way
     * back soon enough. */
    void (*follow)(void *encoder, const void *decoder);
    size_t (*encode)(void *state, const int16_t *pcm, size_t count, uint8_t *ret_payload);
} cg_codec_ops;

extern const cg_codec_ops cg_codec_opus, cg_codec_g722, cg_codec_pcmu, cg_codec_pcma;
