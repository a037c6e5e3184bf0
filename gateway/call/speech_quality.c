/* The formulas of G.107. The one thing to know: losses count as they do for G.711 with concealment, which all our
 * codecs have: G.113 has no figures for Opus, and those of G.722 are for a scale of their own. */
#include "gateway/call/speech_quality.h"

#include <glib.h>
#include <math.h>

/* G.107 clause 7.7: with every parameter at its default value R is 93.2. */
#define DEFAULT_RATING 93.2
/* G.113 appendix I: G.711 with the concealment of its appendix I. */
#define EQUIPMENT_IMPAIRMENT 0.0
#define LOSS_ROBUSTNESS 25.1 /* Bpl, percent */
#define PACKET_MS 20.0

/* Idd, clause 7.4: too long a delay, even without echo. */
static double delay_impairment(double delay_ms)
{
    if (delay_ms <= 100)
        return 0;
    double x = log2(delay_ms / 100);
    return 25 * (pow(1 + pow(x, 6), 1.0 / 6) - 3 * pow(1 + pow(x / 3, 6), 1.0 / 6) + 2);
}

/* Ie,eff, clause 7.5, for random loss (BurstR = 1). */
static double loss_impairment(double loss)
{
    double percent = 100 * CLAMP(loss, 0, 1);
    return EQUIPMENT_IMPAIRMENT + (95 - EQUIPMENT_IMPAIRMENT) * percent / (percent + LOSS_ROBUSTNESS);
}

double cg_speech_rating(double loss, double delay_ms)
{
    return MAX(DEFAULT_RATING - delay_impairment(delay_ms) - loss_impairment(loss), 0);
}

double cg_speech_mos(double rating)
{
    if (rating >= 100)
        return 4.5;
    /* The cubic dips below 1 between 0 and 6.5. */
    return rating <= 0 ? 1 : MAX(1 + 0.035 * rating + rating * (rating - 60) * (100 - rating) * 7e-6, 1);
}

double cg_speech_delay_ms(uint32_t jitter_us, uint32_t round_trip_us)
{
    return round_trip_us / 2000.0 + 2 * jitter_us / 1000.0 + 2 * PACKET_MS;
}
