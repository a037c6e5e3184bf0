/* Plain sums; nothing here is fast. */
#include "tests/unit/bridge/sound.h"

#include <math.h>

#define AMPLITUDE 16384.0

void sound_tone(int16_t *ret_pcm, size_t count, uint32_t rate, double frequency, size_t at)
{
    for (size_t i = 0; i < count; i++)
        ret_pcm[i] = (int16_t) lrint(AMPLITUDE * sin(2 * M_PI * frequency * (double) (at + i) / rate));
}

/* Gain of three formants of a vowel that changes slowly. */
static double formants(double frequency, double time)
{
    double centres[] = {500 + 200 * sin(2.1 * time), 1500 + 500 * sin(1.3 * time), 2600};
    double gain = 0;
    for (unsigned i = 0; i < 3; i++)
        gain += exp(-pow((frequency - centres[i]) / 150, 2)) / (i + 1);
    return gain;
}

void sound_speech(int16_t *ret_pcm, size_t count, uint32_t rate, double shift)
{
    for (size_t i = 0; i < count; i++) {
        double time = ((double) i + shift) / rate, pitch = 145 + 35 * sin(2.7 * time);
        double phase = 2 * M_PI * (145 * time - 35 / 2.7 * cos(2.7 * time)); /* the integral, whatever the rate */
        double syllable = sin(2 * M_PI * 2 * time), value = 0;
        for (unsigned k = 1; k * pitch < 3400; k++)
            value += formants(k * pitch, time) * sin(k * phase);
        ret_pcm[i] = (int16_t) lrint(syllable > 0 ? 5000 * syllable * value / 3 : 0);
    }
}

double sound_level(const int16_t *pcm, size_t count)
{
    double energy = 0;
    for (size_t i = 0; i < count; i++)
        energy += (double) pcm[i] * pcm[i];
    return sqrt(energy / (double) count);
}

double sound_share(const int16_t *pcm, size_t count, uint32_t rate, double frequency)
{
    double re = 0, im = 0, energy = 0;
    for (size_t i = 0; i < count; i++) {
        double angle = 2 * M_PI * frequency * (double) i / rate;
        re += pcm[i] * cos(angle);
        im += pcm[i] * sin(angle);
        energy += (double) pcm[i] * pcm[i];
    }
    return energy > 0 ? 2 * (re * re + im * im) / ((double) count * energy) : 0;
}

/* Of the error that is left when `heard` is brought to the level of `said`. */
static double fidelity_at(const int16_t *said, const int16_t *heard, size_t count)
{
    double cross = 0, energy = 0, signal = 0, noise = 0;
    for (size_t i = 0; i < count; i++) {
        cross += (double) said[i] * heard[i];
        energy += (double) heard[i] * heard[i];
    }
    double gain = energy > 0 ? cross / energy : 0;
    for (size_t i = 0; i < count; i++) {
        signal += (double) said[i] * said[i];
        noise += pow(said[i] - gain * heard[i], 2);
    }
    return 10 * log10(signal / fmax(noise, 1));
}

double sound_fidelity(const int16_t *said, const int16_t *heard, size_t count, size_t most, size_t *ret_delay)
{
    double best = -INFINITY;
    for (size_t delay = 0; delay <= most; delay++) {
        double fidelity = fidelity_at(said, heard + delay, count - most);
        if (fidelity <= best)
            continue;
        best = fidelity;
        *ret_delay = delay;
    }
    return best;
}
