/* Sound files for tests of what plays them. */
#pragma once

#include <stdint.h>

typedef struct {
    double tone;      /* Hz */
    uint32_t rate;    /* Hz */
    unsigned seconds; /* of it */
    int channels;     /* 0: one; the tone is in all of them */
    int format;       /* of libsndfile; 0: WAV with 16 bits */
} music_file;

/* Writes one into the temporary directory and returns its path (free with g_free, after g_unlink). */
char *music_file_write(const music_file *what);
