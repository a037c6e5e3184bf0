/* libsndfile reads, speexdsp resamples; channels are mixed to their middle. */
#include "bridge/audio/music.h"

#include "bridge/audio/resampler.h"

#include <glib.h>
#include <math.h>
#include <sndfile.h>
#include <string.h>

enum {
    NARROW_RATE = 8000,
    WIDE_RATE = 16000,
    LEAST_RATE = 4000, /* Hz of a file */
    MOST_RATE = 192000,
    MOST_CHANNELS = 8,
    CHUNK = 1024, /* samples of each channel read at a time */
};

struct cg_music {
    gatomicrefcount references;
    GArray *narrow, *wide; /* (owned int16_t) a second or more */
};

static bool fail(const char *path, char **ret_error, const char *format, ...) G_GNUC_PRINTF(3, 4);

static bool fail(const char *path, char **ret_error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *why = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    *ret_error = g_strdup_printf("hold music %s: %s", path, why);
    return false;
}

static bool fits(const char *path, const SF_INFO *info, char **ret_error)
{
    if (info->samplerate < LEAST_RATE || info->samplerate > MOST_RATE)
        return fail(path, ret_error, "has %d samples per second; convert it to a rate from %d to %d", info->samplerate,
                    LEAST_RATE, MOST_RATE);
    if (info->channels > MOST_CHANNELS)
        return fail(path, ret_error, "has %d channels; mix it to one or two", info->channels);
    if (info->frames < (sf_count_t) info->samplerate * CG_MUSIC_LEAST_S)
        return fail(path, ret_error, "is too short: it must sound for a second or longer, and is repeated");
    if (info->frames > (sf_count_t) info->samplerate * CG_MUSIC_MOST_S)
        return fail(path, ret_error, "is too long: cut it to %d minutes or less, it is repeated", CG_MUSIC_MOST_S / 60);
    return true;
}

/* NULL and a message if it is none. */
static SNDFILE *open_sound(const char *path, SF_INFO *ret_info, char **ret_error)
{
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;
    *ret_info = (SF_INFO){0};
    if (g_file_test(path, G_FILE_TEST_EXISTS) && !g_file_test(path, G_FILE_TEST_IS_REGULAR)) {
        fail(path, ret_error, "is no regular file"); /* a pipe would be waited for */
        return NULL;
    }
    SNDFILE *file = sf_open(path, SFM_READ, ret_info);
    if (file == NULL) {
        fail(path, ret_error, "cannot be read (%s); name a sound file: WAV, FLAC or Ogg", sf_strerror(NULL));
        return NULL;
    }
    if (fits(path, ret_info, ret_error))
        return file;
    sf_close(file);
    return NULL;
}

bool cg_music_check(const char *path, char **ret_error)
{
    SF_INFO info;
    SNDFILE *file = open_sound(path, &info, ret_error);
    if (file == NULL)
        return false;
    sf_close(file);
    return true;
}

/* Files of floating point may have anything in them. */
static int16_t to_sample(float value)
{
    float bounded = value > -1 ? (value < 1 ? value : 1) : -1; /* no number is -1 */
    return (int16_t) lrintf(bounded * INT16_MAX);
}

static void mix(const float *interleaved, size_t count, int channels, int16_t *ret_pcm)
{
    for (size_t i = 0; i < count; i++) {
        float sum = 0;
        for (int channel = 0; channel < channels; channel++)
            sum += interleaved[i * (size_t) channels + (size_t) channel];
        ret_pcm[i] = to_sample(sum / (float) channels);
    }
}

static GArray *read_all(SNDFILE *file, const SF_INFO *info)
{
    float interleaved[CHUNK * MOST_CHANNELS];
    int16_t pcm[CHUNK];
    GArray *all = g_array_new(FALSE, FALSE, sizeof(int16_t));
    sf_count_t left = info->frames, count;
    while (left > 0 && (count = sf_readf_float(file, interleaved, MIN(left, CHUNK))) > 0) {
        mix(interleaved, (size_t) count, info->channels, pcm);
        g_array_append_vals(all, pcm, (guint) count);
        left -= count;
    }
    return all;
}

static void resample_some(cg_resampler *resampler, const int16_t *pcm, guint count, GArray *all)
{
    int16_t made[CHUNK * (WIDE_RATE / LEAST_RATE) + 1];
    g_array_append_vals(all, made, (guint) cg_resampler_run(resampler, pcm, count, made, G_N_ELEMENTS(made)));
}

/* What the resampler still holds at the end is pushed out by what will follow then, the beginning. */
static GArray *resample(const GArray *pcm, uint32_t from, uint32_t to)
{
    const int16_t *samples = (const int16_t *) (void *) pcm->data;
    cg_resampler *resampler = cg_resampler_new(from, to);
    cg_resampler_skip_delay(resampler);
    GArray *all = g_array_new(FALSE, FALSE, sizeof(int16_t));
    guint wanted = (guint) ((uint64_t) pcm->len * to / from);
    for (guint at = 0; at < pcm->len; at += CHUNK)
        resample_some(resampler, samples + at, MIN(pcm->len - at, CHUNK), all);
    resample_some(resampler, samples, CHUNK, all); /* there is a second of them at least */
    cg_resampler_free(resampler);
    g_array_set_size(all, wanted);
    return all;
}

cg_music *cg_music_load(const char *path, char **ret_error)
{
    SF_INFO info;
    SNDFILE *file = open_sound(path, &info, ret_error);
    if (file == NULL)
        return NULL;
    g_autoptr(GArray) pcm = read_all(file, &info);
    sf_close(file);
    info.frames = pcm->len; /* a file that was cut off has less than it says */
    if (!fits(path, &info, ret_error))
        return NULL;
    cg_music *music = g_new0(cg_music, 1);
    g_atomic_ref_count_init(&music->references);
    music->narrow = resample(pcm, (uint32_t) info.samplerate, NARROW_RATE);
    music->wide = resample(pcm, (uint32_t) info.samplerate, WIDE_RATE);
    return music;
}

cg_music *cg_music_ref(cg_music *music)
{
    g_atomic_ref_count_inc(&music->references);
    return music;
}

void cg_music_unref(cg_music *music)
{
    if (music == NULL || !g_atomic_ref_count_dec(&music->references))
        return;
    g_array_unref(music->narrow);
    g_array_unref(music->wide);
    g_free(music);
}

void cg_music_read(const cg_music *music, uint32_t rate, uint64_t from, size_t count, int16_t *ret_pcm)
{
    g_assert((rate == NARROW_RATE || rate == WIDE_RATE) && count <= rate);
    const GArray *all = rate == WIDE_RATE ? music->wide : music->narrow;
    const int16_t *pcm = (const int16_t *) (void *) all->data;
    size_t at = from % all->len, first = MIN(count, all->len - at);
    memcpy(ret_pcm, pcm + at, first * sizeof *pcm);
    memcpy(ret_pcm + first, pcm, (count - first) * sizeof *pcm);
}
