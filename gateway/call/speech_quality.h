/* How speech sounded that came over a network with loss and delay: the E-model (ITU-T G.107), simplified to what the
 * network does. Everything else has the Recommendation's default values: no echo, quiet rooms, good telephones. It is
 * the scale of narrow-band telephony: what a wide-band codec gains is not in it. */
#pragma once

#include <stdint.h>

/* The transmission rating R, 0 to 93.2 (G.107 clause 7.1: R = Ro - Is - Id - Ie,eff + A). `loss` is the share of
 * packets that were lost at random, 0 to 1; `delay_ms` what passes from mouth to ear. */
double cg_speech_rating(double loss, double delay_ms);

/* The mean opinion score that a rating stands for, 1 to 4.5 (G.107 annex B). */
double cg_speech_mos(double rating);

/* From mouth to ear over a path with that jitter (RFC 3550 section 6.4.1) and round trip: half of the trip, a buffer of
 * twice the jitter, and a packet's time at either end. */
double cg_speech_delay_ms(uint32_t jitter_us, uint32_t round_trip_us);
