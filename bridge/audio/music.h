/* Sound from a file, read whole and at once, so that whoever plays it never waits for a disk. One channel, at the two
 * rates that codecs have; immutable, shared by reference between threads. WAV, FLAC, Ogg and whatever else libsndfile
 * reads. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CG_MUSIC_LEAST_S 1
#define CG_MUSIC_MOST_S 600 /* 29 MB */

typedef struct cg_music cg_music;

/* NULL and a message that says what to do (free with g_free) if it is no sound, too short or too long. Takes up to
 * seconds. */
cg_music *cg_music_load(const char *path, char **ret_error);
/* As far as can be told without reading it all. */
bool cg_music_check(const char *path, char **ret_error);

cg_music *cg_music_ref(cg_music *music);
void cg_music_unref(cg_music *music); /* may be NULL */

/* `count` samples of 8000 or 16000 Hz, a second of them at most, from the one with that number on; behind the last one
 * the first follows. */
void cg_music_read(const cg_music *music, uint32_t rate, uint64_t from, size_t count, int16_t *ret_pcm);
