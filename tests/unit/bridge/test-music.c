/* Sound files of all sorts, and what is said of those that cannot be played. */
#include "tests/unit/bridge/music_file.h"
#include "tests/unit/bridge/sound.h"

#include "bridge/audio/music.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <sndfile.h>
#include <string.h>
#include <unistd.h>

#define TONE 440.0
#define LEVEL (16384 / 1.4142) /* of sound_tone */

static cg_music *load(const char *path)
{
    g_autofree char *error = NULL;
    cg_music *music = cg_music_load(path, &error);
    if (music == NULL)
        g_error("%s", error);
    g_assert_true(cg_music_check(path, &error));
    return music;
}

/* The first second at that rate: the tone at its level, also where pieces meet. */
static void assert_sounds(const cg_music *music, uint32_t rate)
{
    static int16_t pcm[16000];
    for (size_t at = 0, piece = rate / 50; at < rate; at += piece)
        cg_music_read(music, rate, at, piece, pcm + at);
    g_assert_cmpfloat(sound_share(pcm, rate, rate, TONE), >, 0.99);
    g_assert_cmpfloat_with_epsilon(sound_level(pcm, rate), LEVEL, LEVEL / 20);
}

static void test_formats(void)
{
    static const music_file files[] = {
        {.rate = 8000},
        {.rate = 11025},
        {.rate = 16000},
        {.rate = 44100, .channels = 2},
        {.rate = 48000, .channels = 6},
        {.rate = 192000},
        {.rate = 48000, .format = SF_FORMAT_WAV | SF_FORMAT_FLOAT},
        {.rate = 8000, .format = SF_FORMAT_WAV | SF_FORMAT_ULAW},
        {.rate = 44100, .channels = 2, .format = SF_FORMAT_FLAC | SF_FORMAT_PCM_16},
        {.rate = 44100, .channels = 2, .format = SF_FORMAT_OGG | SF_FORMAT_VORBIS},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(files); i++) {
        music_file what = files[i];
        what.tone = TONE;
        what.seconds = 2;
        g_autofree char *path = music_file_write(&what);
        cg_music *music = load(path);
        assert_sounds(music, 8000);
        assert_sounds(music, 16000);
        cg_music_unref(music);
        g_unlink(path);
    }
}

static void test_repeated(void)
{
    g_autofree char *path = music_file_write(&(music_file){.tone = TONE, .rate = 8000, .seconds = 2});
    cg_music *music = load(path), *again = cg_music_ref(music);
    cg_music_unref(music);
    int16_t pcm[100], beginning[50], end[50];
    cg_music_read(again, 8000, 0, 50, beginning);
    cg_music_read(again, 8000, 15950, 50, end);
    cg_music_read(again, 8000, 16000 * UINT64_C(50000000) + 15950, 100, pcm);
    g_assert_cmpmem(pcm, sizeof end, end, sizeof end);
    g_assert_cmpmem(pcm + 50, sizeof beginning, beginning, sizeof beginning);
    g_assert_true(memcmp(beginning, end, sizeof end) != 0);
    cg_music_unref(again);
    g_unlink(path);
}

/* Refused by both, in words that name the file and say what to do. */
static void assert_refused(const char *path, const char *words)
{
    g_autofree char *error = NULL, *checked = NULL;
    g_assert_null(cg_music_load(path, &error));
    g_assert_nonnull(strstr(error, path));
    g_assert_nonnull(strstr(error, words));
    g_assert_false(cg_music_check(path, &checked));
    g_assert_cmpstr(error, ==, checked);
}

static void test_unusable(void)
{
    static const struct {
        music_file what;
        const char *words;
    } cases[] = {
        {{.rate = 8000, .seconds = 0}, "too short: it must sound for a second"},
        {{.rate = 8000, .seconds = 601}, "too long: cut it to 10 minutes"},
        {{.rate = 2000, .seconds = 2}, "2000 samples per second"},
        {{.rate = 8000, .seconds = 2, .channels = 9}, "9 channels"},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = music_file_write(&cases[i].what);
        assert_refused(path, cases[i].words);
        g_unlink(path);
    }
    assert_refused("/nonexistent/music.wav", "name a sound file: WAV, FLAC or Ogg");
    assert_refused("/", "no regular file");
}

static void test_no_sound(void)
{
    g_autofree char *path = music_file_write(&(music_file){.tone = TONE, .rate = 8000, .seconds = 2});
    g_assert_true(g_file_set_contents(path, "this is a letter, not a song", -1, NULL));
    assert_refused(path, "name a sound file: WAV, FLAC or Ogg");
    g_unlink(path);
}

/* What a copy that was cut off still has is played, if it is long enough. */
static void test_cut_off(void)
{
    g_autofree char *path = music_file_write(
        &(music_file){.tone = TONE, .rate = 16000, .seconds = 4, .format = SF_FORMAT_FLAC | SF_FORMAT_PCM_16});
    GStatBuf about;
    g_autofree char *error = NULL;
    g_assert_cmpint(g_stat(path, &about), ==, 0);
    g_assert_cmpint(truncate(path, about.st_size / 2), ==, 0);
    cg_music *music = load(path);
    assert_sounds(music, 16000);
    cg_music_unref(music);
    g_assert_cmpint(truncate(path, about.st_size / 10), ==, 0);
    g_assert_null(cg_music_load(path, &error));
    g_assert_nonnull(strstr(error, "too short"));
    g_unlink(path);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/music/formats", test_formats);
    g_test_add_func("/music/repeated", test_repeated);
    g_test_add_func("/music/unusable", test_unusable);
    g_test_add_func("/music/no-sound", test_no_sound);
    g_test_add_func("/music/cut-off", test_cut_off);
    return g_test_run();
}
