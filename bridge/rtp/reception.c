/* Reception statistics of one source. */
#include "bridge/rtp/reception.h"

enum { FIRST_CYCLE = 1 << 16, LOST_MAX = 0x7fffff, LOST_MIN = -0x800000 };

void cg_reception_start(cg_reception *reception, uint32_t ssrc)
{
    *reception = (cg_reception){.ssrc = ssrc};
}

uint32_t cg_reception_count(cg_reception *reception, uint16_t sequence)
{
    if (!reception->started) {
        reception->started = true;
        reception->base = reception->highest = FIRST_CYCLE + sequence;
    }
    int16_t ahead = (int16_t) (sequence - (uint16_t) reception->highest);
    uint32_t extended = reception->highest + (uint32_t) (int32_t) ahead;
    if (ahead > 0)
        reception->highest = extended;
    else if ((int32_t) (extended - reception->base) < 0)
        reception->base = extended; /* sent before the packet that came first: expected as well */
    reception->received++;
    return extended;
}

void cg_reception_time(cg_reception *reception, uint32_t timestamp, uint32_t clock_rate, int64_t arrival_us)
{
    /* Split so that the product cannot overflow however long the machine has been up. */
    uint64_t seconds = (uint64_t) arrival_us / 1000000, rest = (uint64_t) arrival_us % 1000000;
    uint32_t transit = (uint32_t) (seconds * clock_rate + rest * clock_rate / 1000000) - timestamp;
    if (reception->clock_rate != clock_rate) {
        reception->jitter_q4 = 0;
        reception->has_transit = false;
    }
    reception->clock_rate = clock_rate;
    if (reception->has_transit) {
        int32_t d = (int32_t) (transit - reception->transit);
        uint32_t magnitude = d < 0 ? 0u - (uint32_t) d : (uint32_t) d;
        reception->jitter_q4 += magnitude - ((reception->jitter_q4 + 8) >> 4);
    }
    reception->transit = transit;
    reception->has_transit = true;
}

static uint64_t expected(const cg_reception *reception)
{
    return reception->started ? (uint64_t) (reception->highest - reception->base) + 1 : 0;
}

int64_t cg_reception_lost(const cg_reception *reception)
{
    return (int64_t) expected(reception) - (int64_t) reception->received;
}

uint32_t cg_reception_jitter_us(const cg_reception *reception)
{
    if (reception->clock_rate == 0)
        return 0;
    return (uint32_t) ((uint64_t) (reception->jitter_q4 >> 4) * 1000000 / reception->clock_rate);
}

static uint8_t fraction_lost(cg_reception *reception)
{
    uint64_t expected_now = expected(reception);
    int64_t expected_interval = (int64_t) (expected_now - reception->expected_prior);
    int64_t received_interval = (int64_t) (reception->received - reception->received_prior);
    reception->expected_prior = expected_now;
    reception->received_prior = reception->received;
    int64_t lost_interval = expected_interval - received_interval;
    if (expected_interval <= 0 || lost_interval <= 0)
        return 0;
    int64_t fraction = (lost_interval << 8) / expected_interval;
    return (uint8_t) (fraction > 255 ? 255 : fraction);
}

cg_reception_report cg_reception_make_report(cg_reception *reception)
{
    int64_t lost = cg_reception_lost(reception);
    if (lost > LOST_MAX)
        lost = LOST_MAX;
    if (lost < LOST_MIN)
        lost = LOST_MIN;
    return (cg_reception_report){
        .fraction_lost = fraction_lost(reception),
        .cumulative_lost = (int32_t) lost,
        .highest = reception->highest - FIRST_CYCLE,
        .jitter = reception->jitter_q4 >> 4,
    };
}
