/* The period of a sound: by how much it has to be shifted to be most like itself. What is cut or repeated by whole
 * periods is not heard. */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef struct {
    size_t lag;     /* samples */
    float likeness; /* normalised correlation: 1 is the same, 0 is nothing in common; 1 for silence */
} cg_pitch;

/* Compares `window` samples from `pcm` on with those `lag` samples later, for every lag from `least` to `most`; all of
 * them must be there. */
cg_pitch cg_pitch_find(const int16_t *pcm, size_t window, size_t least, size_t most);
