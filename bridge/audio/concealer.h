/* In place of sound that was lost: the last period of what was heard, repeated and faded out (the idea of ITU-T G.711
 * appendix I). For codecs that do not know how to do it themselves. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CG_CONCEALER_HISTORY 640 /* samples: 40 ms at 16 kHz */
#define CG_CONCEALER_PERIOD 240  /* 15 ms at 16 kHz: a voice of 66 Hz */

typedef struct {
    uint32_t rate;                         /* Hz */
    size_t depth;                          /* of the history, samples */
    int16_t history[CG_CONCEALER_HISTORY]; /* what was heard last, the newest at its end */
    int16_t period[CG_CONCEALER_PERIOD];   /* what is repeated */
    size_t lag;                            /* samples of it */
    size_t made;                           /* samples since the loss began; 0: nothing is being concealed */
} cg_concealer;

void cg_concealer_init(cg_concealer *concealer, uint32_t rate);

/* Sound that arrived. After a loss its beginning is changed, so that nothing clicks. */
void cg_concealer_hear(cg_concealer *concealer, int16_t *pcm, size_t count);

/* Makes the next `count` samples of a loss. */
void cg_concealer_fill(cg_concealer *concealer, int16_t *ret_pcm, size_t count);
