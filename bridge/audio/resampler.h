/* PCM from one rate to another, in a stream. Nothing is allocated after it is made. */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef struct cg_resampler cg_resampler;

cg_resampler *cg_resampler_new(uint32_t from_rate, uint32_t to_rate);
void cg_resampler_free(cg_resampler *resampler);

/* Of a new one: what comes out begins with what goes in, not with silence as long as the resampler's delay. What it
 * holds then is missing at the first. */
void cg_resampler_skip_delay(cg_resampler *resampler);

/* Takes all `count` samples; returns how many it wrote: as many as the rates say, give or take one. */
size_t cg_resampler_run(cg_resampler *resampler, const int16_t *pcm, size_t count, int16_t *ret_pcm, size_t room);
