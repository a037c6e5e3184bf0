/* One stream of sound and the keys in it, by spandsp (ITU-T Q.23 and Q.24), with what is known of sound that was lost:
 * a tone goes on behind it as one tone, silence beside it has ended the key, and what is left between two losses is
 * looked at twice. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CG_DTMF_RATE 8000 /* Hz; no tone is above 1633 */
#define CG_DTMF_BLOCK 102 /* samples that spandsp judges at a time; it takes two alike for a key, or for its end */

typedef struct cg_dtmf_detector cg_dtmf_detector;

cg_dtmf_detector *cg_dtmf_detector_new(void);
void cg_dtmf_detector_free(cg_dtmf_detector *detector);

/* The next sound; writes at most `room` keys that began in it, without an end, and returns how many. */
size_t cg_dtmf_detector_hear(cg_dtmf_detector *detector, const int16_t *pcm, size_t count, char *ret_digits,
                             size_t room);
/* Some has been lost behind the last sound. The same of keys. `blurs`: the sound is of a codec with memory, which is
 * heard wrong for a while behind a loss: most of all one of the two tones is weaker than the other. */
size_t cg_dtmf_detector_miss(cg_dtmf_detector *detector, bool blurs, char *ret_digits, size_t room);

/* A key is sounding, or begins to: one block was like one, as hardly any of speech is. */
bool cg_dtmf_detector_hears(const cg_dtmf_detector *detector);
