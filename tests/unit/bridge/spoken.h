/* Words that a person speaks: the recordings of Debian's package alsa-utils, one behind the other. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* About eleven seconds, of `rate` Hz; the caller's to g_free. The test fails if they are not there. */
int16_t *spoken_words(uint32_t rate, size_t *ret_count);

/* The same sound at another rate, as well as it can be done and without delay; the caller's to g_free. */
int16_t *spoken_at_rate(const int16_t *pcm, size_t count, uint32_t from, uint32_t to, size_t *ret_count);
