/* How alike speech and what is heard of it sound, from 0 to 1: the Neurogram Similarity Index Measure (Hines and Harte,
 * "Speech intelligibility prediction using a Neurogram Similarity Index Measure", Speech Communication 54, 2012), which
 * ViSQOL makes its estimates of (Hines, Skoglund, Kokaram and Harte, EURASIP Journal on Audio, Speech, and Music
 * Processing 2015:13). Both sounds become pictures: a row for each critical band of hearing, a column for each 16 ms,
 * levels in dB. Around every point of the pictures, mean levels and the way they change are compared. Phase is not
 * heard, so a codec that keeps the sound and not its waveform loses nothing by that. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define LIKENESS_RATE 16000 /* Hz of both */

/* `heard` may begin up to `most_delay` samples later than `said`, and has that many samples more; each second is
 * compared at its own delay, as ITU-T P.862 does with utterances. Bands up to `top` Hz count, and only while somebody
 * speaks. */
double likeness(const int16_t *said, const int16_t *heard, size_t count, size_t most_delay, double top);
