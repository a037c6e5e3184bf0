/* Shorter and longer by whole periods: a tone stays that tone, at its level, without a click. */
#include "bridge/audio/time_scale.h"
#include "tests/unit/bridge/sound.h"

#include <glib.h>

enum { MAX_COUNT = 480 };

typedef size_t change_function(int16_t *pcm, size_t count, uint32_t rate, bool urgent);

/* Where a piece is left out or put in, the steps from sample to sample are no greater than the tone's own. */
static void assert_smooth(const int16_t *pcm, size_t count, uint32_t rate, double tone)
{
    double steepest = 16384 * 2 * G_PI * tone / rate * 1.2;
    for (size_t i = 1; i < count; i++)
        g_assert_cmpfloat(ABS(pcm[i] - pcm[i - 1]), <=, steepest);
}

static void test_tones(void)
{
    static change_function *const changes[] = {cg_time_scale_shorten, cg_time_scale_lengthen};
    static const double tones[] = {200, 440, 1000};
    for (unsigned i = 0; i < G_N_ELEMENTS(changes) * G_N_ELEMENTS(tones) * 2; i++) {
        uint32_t rate = i % 2 == 0 ? 8000 : 16000;
        double tone = tones[i / 2 % G_N_ELEMENTS(tones)];
        size_t count = rate / 50;
        int16_t pcm[MAX_COUNT + MAX_COUNT / 2];
        sound_tone(pcm, count, rate, tone, 3);
        size_t changed = changes[i / 2 / G_N_ELEMENTS(tones)](pcm, count, rate, false);
        size_t by = changed > count ? changed - count : count - changed;
        g_assert_cmpint(changed > count, ==, i / 2 / G_N_ELEMENTS(tones) == 1);
        g_assert_cmpuint(by, >=, rate / 400);
        g_assert_cmpuint(by, <=, rate / 100);
        g_assert_cmpfloat(sound_share(pcm, changed, rate, tone), >, 0.97);
        assert_smooth(pcm, changed, rate, tone);
    }
}

/* What has no period is left alone, unless it must be; silence always may. */
static void test_noise_and_silence(void)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(3);
    int16_t noise[MAX_COUNT], silence[MAX_COUNT] = {0};
    for (unsigned i = 0; i < 160; i++)
        noise[i] = (int16_t) g_rand_int_range(random, -8000, 8000);
    g_assert_cmpuint(cg_time_scale_shorten(noise, 160, 8000, false), ==, 160);
    g_assert_cmpuint(cg_time_scale_lengthen(noise, 160, 8000, false), ==, 160);
    g_assert_cmpuint(cg_time_scale_shorten(noise, 160, 8000, true), <, 160);
    g_assert_cmpuint(cg_time_scale_shorten(silence, 160, 8000, false), <, 160);
}

static void test_too_few(void)
{
    int16_t pcm[MAX_COUNT] = {0};
    for (size_t count = 0; count < 40; count++) {
        g_assert_cmpuint(cg_time_scale_shorten(pcm, count, 8000, true), ==, count);
        g_assert_cmpuint(cg_time_scale_lengthen(pcm, count, 8000, true), ==, count);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/time-scale/tones", test_tones);
    g_test_add_func("/time-scale/noise-and-silence", test_noise_and_silence);
    g_test_add_func("/time-scale/too-few", test_too_few);
    return g_test_run();
}
