/* A second of the tone at a time; whole periods where it is a whole number of Hz. */
#include "tests/unit/bridge/music_file.h"

#include "tests/unit/bridge/sound.h"

#include <glib.h>
#include <sndfile.h>
#include <unistd.h>

char *music_file_write(const music_file *what)
{
    g_autoptr(GError) error = NULL;
    char *path;
    int fd = g_file_open_tmp("callgate-music-XXXXXX", &path, &error);
    g_assert_no_error(error);
    int channels = MAX(what->channels, 1);
    SF_INFO info = {.samplerate = (int) what->rate,
                    .channels = channels,
                    .format = what->format != 0 ? what->format : SF_FORMAT_WAV | SF_FORMAT_PCM_16};
    SNDFILE *file = sf_open_fd(fd, SFM_WRITE, &info, 1);
    g_assert_nonnull(file);
    g_autofree int16_t *pcm = g_new(int16_t, what->rate);
    g_autofree float *frames = g_new(float, what->rate *(unsigned) channels);
    sound_tone(pcm, what->rate, what->rate, what->tone, 0);
    for (unsigned i = 0; i < what->rate * (unsigned) channels; i++)
        frames[i] = pcm[i / (unsigned) channels] / 32768.0f;
    for (unsigned i = 0; i < what->seconds; i++)
        g_assert_cmpint(sf_writef_float(file, frames, what->rate), ==, what->rate);
    g_assert_cmpint(sf_close(file), ==, 0);
    return path;
}
