/* One direction of a translated call in a made-up world: sound is encoded, its packets come at the times that a
 * scenario says, the transcoder's go out at its own and are decoded. */
#pragma once

#include "bridge/audio/transcoder.h"

#include <glib.h>

typedef struct {
    cg_codec from, to;
    uint32_t rate_in, rate_out; /* Hz of the sound that is said and heard, for codecs that have any; 0: of the other */
    unsigned ptime_in_ms, ptime_out_ms;
    unsigned lose_one_in, swap_one_in;
    unsigned mute_one_in; /* packets in whose place silence is said: a fault */
    unsigned jitter_ms;   /* each comes up to so much later, by chance */
    int drift_ppm;        /* > 0: the sender's clock is fast */
} translation;

typedef struct {
    uint32_t rate;  /* Hz of `pcm` */
    GArray *pcm;    /* int16_t: what was decoded at the far end */
    unsigned count; /* packets */
} translation_heard;

uint32_t translation_rate_in(const translation *t);

cg_transcoder *translation_make(const translation *t);
/* All of it, and a moment more; `said` is of translation_rate_in() Hz. */
translation_heard translation_run(const translation *t, const int16_t *said, size_t count);
