/* Comfort noise (RFC 3389): what a sender that is silent lets be heard. The level is its own; its spectrum, which is
 * optional, is not followed: white noise this soft is not told from other noise. */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint32_t random;    /* state of the generator */
    uint32_t amplitude; /* of samples, evenly spread up to it */
} cg_comfort_noise;

/* Takes the payload's level; an empty payload leaves it as it is. */
void cg_comfort_noise_set(cg_comfort_noise *noise, const uint8_t *payload, size_t size);
void cg_comfort_noise_fill(cg_comfort_noise *noise, int16_t *ret_pcm, size_t count);
