/* Sounds for tests of codecs and what is built on them: tones, something like speech, and how much of one is in
 * another. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* A tone at half of full scale; `at` is the number of its first sample. */
void sound_tone(int16_t *ret_pcm, size_t count, uint32_t rate, double frequency, size_t at);
/* Syllables: harmonics of a gliding pitch between 110 and 180 Hz under formants, with pauses. The same every
 * time, sampled `shift` of a sample's time later. */
void sound_speech(int16_t *ret_pcm, size_t count, uint32_t rate, double shift);

/* How much of the energy is at that frequency, 0 to 1; whatever phase it has. */
double sound_share(const int16_t *pcm, size_t count, uint32_t rate, double frequency);
/* Root mean square, of 32768. */
double sound_level(const int16_t *pcm, size_t count);
/* Signal to noise in dB of `heard` against `said`, at the delay (up to `most` samples) and gain that fit best. */
double sound_fidelity(const int16_t *said, const int16_t *heard, size_t count, size_t most, size_t *ret_delay);
