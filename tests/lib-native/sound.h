/* Tones in payloads of the telephone's codecs, and what is heard in such: so that tests judge real sound. It is the
 * codecs' own libraries that speak here, not what the gateway makes of them. All packets are of 20 ms. */
#pragma once

#include "base/media.h"

#include <stddef.h>
#include <stdint.h>

#define SOUND_MAX_PAYLOAD 1275 /* octets */
#define SOUND_RATE 8000        /* Hz, of what an ear has heard */

typedef struct sound_mouth sound_mouth;
typedef struct sound_ear sound_ear;

/* Opus, G722, PCMU or PCMA; `tone` in Hz, 0: silence. */
sound_mouth *sound_mouth_new(cg_codec codec, double tone);
void sound_mouth_free(sound_mouth *mouth);
/* The next packet; returns its octets. */
size_t sound_mouth_say(sound_mouth *mouth, uint8_t ret_payload[static SOUND_MAX_PAYLOAD]);

sound_ear *sound_ear_new(cg_codec codec);
void sound_ear_free(sound_ear *ear);
/* A payload of up to 120 ms; one that is none of its codec is passed over. */
void sound_ear_hear(sound_ear *ear, const uint8_t *payload, size_t size);
/* The last second of what it heard; `*ret_count` samples, which are the ear's. */
const int16_t *sound_ear_last_second(const sound_ear *ear, size_t *ret_count);
