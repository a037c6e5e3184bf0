/* RFC 3389 section 3.1: the first octet is the level in -dBov, 0 to 127. */
#include "bridge/audio/comfort_noise.h"

#include <math.h>

enum { LEVEL_MASK = 0x7f, LOUDEST = 30 }; /* -dBov: louder is no comfort, whatever the sender says */
#define FULL_SCALE 32768.0F
#define SPREAD 1.7320508F /* of evenly spread samples over their mean level: the square root of 3 */

void cg_comfort_noise_set(cg_comfort_noise *noise, const uint8_t *payload, size_t size)
{
    if (size == 0)
        return;
    unsigned level = payload[0] & LEVEL_MASK;
    if (level < LOUDEST)
        level = LOUDEST;
    noise->amplitude = (uint32_t) (FULL_SCALE * SPREAD * powf(10, -(float) level / 20));
}

void cg_comfort_noise_fill(cg_comfort_noise *noise, int16_t *ret_pcm, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        noise->random = noise->random * 1664525 + 1013904223;
        uint32_t range = 2 * noise->amplitude + 1;
        ret_pcm[i] = (int16_t) ((int32_t) ((noise->random >> 16) * range >> 16) - (int32_t) noise->amplitude);
    }
}
