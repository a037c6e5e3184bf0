/* Sound from a file, read whole and at once, so that whoever plays it never waits for a disk. One channel, at the two
 * rates that codecs have; immutable, shared by reference between threads. WAV, FLAC, Ogg and whatever else libsndfile
 * reads. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CG_MUSIC_LEAST_S 1
#define CG_MUSIC_MOST_S 600  /* 29 MB */
#define CG_MUSIC_FRAME_MS 20 /* what is played at a time */
#define CG_MUSIC_FRAMES_PER_S (1000 / CG_MUSIC_FRAME_MS)

typedef struct cg_music cg_music;

/* NULL and a message that says what to do (free with g_free) if it is no sound, too short or too long. Takes up to
 * seconds. */
cg_music *cg_music_load(const char *path, char **ret_error);
/* As far as can be told without reading it all. */
bool cg_music_check(const char *path, char **ret_error);

cg_music *cg_music_ref(cg_music *music);
void cg_music_unref(cg_music *music); /* may be NULL */

/* The frame with that number, of 8000 or 16000 Hz; behind the last one the first follows. */
const int16_t *cg_music_frame(const cg_music *music, uint32_t rate, uint64_t number);
