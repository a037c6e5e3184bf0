/* libsndfile reads, speexdsp resamples at its best. */
#include "tests/unit/bridge/spoken.h"

#include <glib.h>
#include <sndfile.h>
#include <speex/speex_resampler.h>

#define FOLDER "/usr/share/sounds/alsa/"

static const char *const files[] = {"Front_Center", "Front_Left", "Front_Right", "Rear_Center",
                                    "Rear_Left",    "Rear_Right", "Side_Left",   "Side_Right"};

enum { FILE_RATE = 48000 };

static void append_file(const char *name, GArray *pcm)
{
    g_autofree char *path = g_strconcat(FOLDER, name, ".wav", NULL);
    SF_INFO info = {0};
    SNDFILE *file = sf_open(path, SFM_READ, &info);
    if (file == NULL)
        g_error("%s: %s; it is in the package alsa-utils", path, sf_strerror(NULL));
    g_assert_cmpint(info.samplerate, ==, FILE_RATE);
    g_assert_cmpint(info.channels, ==, 1);
    guint before = pcm->len;
    g_array_set_size(pcm, before + (guint) info.frames);
    g_assert_cmpint(sf_readf_short(file, &g_array_index(pcm, int16_t, before), info.frames), ==, info.frames);
    sf_close(file);
}

int16_t *spoken_words(uint32_t rate, size_t *ret_count)
{
    g_autoptr(GArray) pcm = g_array_new(FALSE, FALSE, sizeof(int16_t));
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++)
        append_file(files[i], pcm);
    return spoken_at_rate(&g_array_index(pcm, int16_t, 0), pcm->len, FILE_RATE, rate, ret_count);
}

int16_t *spoken_at_rate(const int16_t *pcm, size_t count, uint32_t from, uint32_t to, size_t *ret_count)
{
    int error;
    SpeexResamplerState *state = speex_resampler_init(1, from, to, SPEEX_RESAMPLER_QUALITY_MAX, &error);
    g_assert_nonnull(state);
    speex_resampler_skip_zeros(state);
    spx_uint32_t in = (spx_uint32_t) count, out = (spx_uint32_t) ((uint64_t) count * to / from + 1);
    int16_t *made = g_new0(int16_t, out);
    speex_resampler_process_int(state, 0, pcm, &in, made, &out);
    g_assert_cmpuint(in, ==, count);
    speex_resampler_destroy(state);
    *ret_count = out;
    return made;
}
