/* Windows of 32 ms, half of each overlapping the next, through an FFT. */
#include "tests/unit/bridge/likeness.h"

#include <complex.h>
#include <glib.h>
#include <math.h>

enum {
    WINDOW = LIKENESS_RATE * 32 / 1000,
    HOP = WINDOW / 2,
    STRETCH = LIKENESS_RATE, /* that is compared at one delay */
    COLUMNS = STRETCH / HOP - 1,
};

#define RANGE 45.0   /* dB: what is weaker by more than that is not heard beside the loudest band of its column */
#define SILENCE 35.0 /* dB below the loudest column nobody speaks */

/* Edges of the critical bands in Hz (Zwicker, "Subdivision of the audible frequency range into critical bands", Journal
 * of the Acoustical Society of America 33, 1961); below 100 Hz telephones are silent. */
static const double edges[] = {100,  200,  300,  400,  510,  630,  770,  920,  1080, 1270, 1480,
                               1720, 2000, 2320, 2700, 3150, 3700, 4400, 5300, 6400, 7700};

enum { MOST_BANDS = G_N_ELEMENTS(edges) - 1 };

typedef struct {
    unsigned bands;
    double level[COLUMNS][MOST_BANDS]; /* dB */
    double whole[COLUMNS];             /* of all bands */
} picture;

typedef struct {
    double complex roots[WINDOW]; /* of unity */
    double window[WINDOW];        /* Hann's */
} lens;

static void grind(lens *l)
{
    for (unsigned i = 0; i < WINDOW; i++) {
        l->roots[i] = cexp(-2 * M_PI * I * i / WINDOW);
        l->window[i] = 0.5 - 0.5 * creal(l->roots[i]);
    }
}

/* Cooley's and Tukey's FFT of every `step`th of the values: of WINDOW / step. */
static void transform(const lens *l, const double complex *in, double complex *ret_out, size_t step)
{
    size_t half = WINDOW / step / 2;
    if (half == 0) {
        *ret_out = *in;
        return;
    }
    transform(l, in, ret_out, 2 * step);
    transform(l, in + step, ret_out + half, 2 * step);
    for (size_t k = 0; k < half; k++) {
        double complex even = ret_out[k], odd = l->roots[k * step] * ret_out[half + k];
        ret_out[k] = even + odd;
        ret_out[half + k] = even - odd;
    }
}

static void draw_column(const lens *l, const int16_t *pcm, picture *p, unsigned column)
{
    double complex windowed[WINDOW], spectrum[WINDOW];
    double whole = 1;
    for (size_t i = 0; i < WINDOW; i++)
        windowed[i] = pcm[i] * l->window[i];
    transform(l, windowed, spectrum, 1);
    size_t k = 0;
    for (unsigned band = 0; band < p->bands; band++) {
        double energy = 1, step = (double) LIKENESS_RATE / WINDOW;
        for (; (double) k * step < edges[band + 1]; k++)
            energy += (double) k * step >= edges[band] ? pow(cabs(spectrum[k]), 2) : 0;
        whole += energy;
        p->level[column][band] = 10 * log10(energy);
    }
    p->whole[column] = 10 * log10(whole);
}

static void draw(const lens *l, const int16_t *pcm, double top, picture *ret_picture)
{
    ret_picture->bands = 0;
    while (ret_picture->bands < MOST_BANDS && edges[ret_picture->bands + 1] <= top)
        ret_picture->bands++;
    for (unsigned column = 0; column < COLUMNS; column++)
        draw_column(l, pcm + column * HOP, ret_picture, column);
}

/* What is not heard is made one level, 0; all others are above it. */
static void cut(picture *one, picture *other)
{
    for (unsigned column = 0; column < COLUMNS; column++) {
        double peak = 0;
        for (unsigned band = 0; band < one->bands; band++)
            peak = fmax(peak, fmax(one->level[column][band], other->level[column][band]));
        for (unsigned band = 0; band < one->bands; band++) {
            one->level[column][band] = fmax(one->level[column][band] - peak + RANGE, 0);
            other->level[column][band] = fmax(other->level[column][band] - peak + RANGE, 0);
        }
    }
}

typedef struct {
    double mean_one, mean_other, variance_one, variance_other, covariance;
} surroundings;

/* The nine levels around a point, weighted by a bell with a deviation of half a step. */
static surroundings look_around(const picture *one, const picture *other, unsigned column, unsigned band)
{
    static const double weights[3][3] = {{0.0113, 0.0838, 0.0113}, {0.0838, 0.6196, 0.0838}, {0.0113, 0.0838, 0.0113}};
    surroundings s = {0};
    for (unsigned i = 0; i < 9; i++) {
        double weight = weights[i / 3][i % 3];
        double a = one->level[column + i / 3 - 1][band + i % 3 - 1];
        double b = other->level[column + i / 3 - 1][band + i % 3 - 1];
        s.mean_one += weight * a;
        s.mean_other += weight * b;
        s.variance_one += weight * a * a;
        s.variance_other += weight * b * b;
        s.covariance += weight * a * b;
    }
    s.variance_one -= s.mean_one * s.mean_one;
    s.variance_other -= s.mean_other * s.mean_other;
    s.covariance -= s.mean_one * s.mean_other;
    return s;
}

/* NSIM at one point, with the constants that its authors give. */
static double compare_point(const picture *one, const picture *other, unsigned column, unsigned band)
{
    static const double c1 = 0.01 * RANGE, c3 = 0.03 * RANGE * 0.03 * RANGE / 2;
    surroundings s = look_around(one, other, column, band);
    double deviations = sqrt(fmax(s.variance_one, 0) * fmax(s.variance_other, 0));
    double level = (2 * s.mean_one * s.mean_other + c1) / (s.mean_one * s.mean_one + s.mean_other * s.mean_other + c1);
    return level * (s.covariance + c3) / (deviations + c3);
}

/* The delay at which the waveforms fit best; a quarter of the samples is enough to tell. */
static size_t find_delay(const int16_t *said, const int16_t *heard, size_t most)
{
    double best = -INFINITY;
    size_t best_delay = 0;
    for (size_t delay = 0; delay <= most; delay++) {
        double product = 0;
        for (size_t i = 0; i < STRETCH; i += 4)
            product += said[i] * heard[delay + i];
        if (product <= best)
            continue;
        best = product;
        best_delay = delay;
    }
    return best_delay;
}

static double find_loudest(const lens *l, const int16_t *said, size_t count, double top)
{
    g_autofree picture *p = g_new(picture, 1);
    double loudest = 0;
    for (size_t at = 0; at + STRETCH <= count; at += STRETCH) {
        draw(l, said + at, top, p);
        for (unsigned column = 0; column < COLUMNS; column++)
            loudest = fmax(loudest, p->whole[column]);
    }
    return loudest;
}

double likeness(const int16_t *said, const int16_t *heard, size_t count, size_t most_delay, double top)
{
    g_autofree picture *one = g_new(picture, 1), *other = g_new(picture, 1);
    g_autofree lens *l = g_new(lens, 1);
    double sum = 0;
    unsigned points = 0;
    grind(l);
    double loudest = find_loudest(l, said, count, top);
    for (size_t at = 0; at + STRETCH <= count; at += STRETCH) {
        draw(l, said + at, top, one);
        draw(l, heard + at + find_delay(said + at, heard + at, most_delay), top, other);
        cut(one, other);
        for (unsigned column = 1; column + 1 < COLUMNS; column++)
            for (unsigned band = 1; one->whole[column] >= loudest - SILENCE && band + 1 < one->bands; band++, points++)
                sum += compare_point(one, other, column, band);
    }
    return sum / points;
}
