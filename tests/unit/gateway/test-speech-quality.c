/* The E-model against the figures that its Recommendation publishes. */
#include "gateway/call/speech_quality.h"

#include <glib.h>
#include <math.h>

/* G.107 annex B, table B.1: the lower limits of its classes, whose second digit is not always the nearest. */
static void test_opinion(void)
{
    static const struct {
        double rating, mos;
    } published[] = {{90, 4.34}, {80, 4.03}, {70, 3.60}, {60, 3.10}, {50, 2.58}, {93.2, 4.41}, {0, 1}, {100, 4.5}};
    for (size_t i = 0; i < G_N_ELEMENTS(published); i++)
        g_assert_cmpfloat_with_epsilon(cg_speech_mos(published[i].rating), published[i].mos, 0.0075);
    for (double rating = -5; rating < 105; rating += 0.25) {
        g_assert_cmpfloat(cg_speech_mos(rating), >=, 1);
        g_assert_cmpfloat(cg_speech_mos(rating), <=, 4.5);
    }
}

/* Clause 7.7: every parameter at its default. */
static void test_default(void)
{
    g_assert_cmpfloat_with_epsilon(cg_speech_rating(0, 0), 93.2, 1e-9);
    g_assert_cmpfloat_with_epsilon(cg_speech_rating(0, 100), 93.2, 1e-9);
}

/* Clause 7.4 where its formula is simple: X = 1 at 200 ms, 2 at 400 ms. */
static void test_delay(void)
{
    g_assert_cmpfloat_with_epsilon(93.2 - cg_speech_rating(0, 200),
                                   25 * (pow(2, 1.0 / 6) - 3 * pow(730.0 / 729, 1.0 / 6) + 2), 1e-9);
    g_assert_cmpfloat_with_epsilon(93.2 - cg_speech_rating(0, 200), 3.04, 0.01);
    g_assert_cmpfloat_with_epsilon(93.2 - cg_speech_rating(0, 400), 24.06, 0.02);
}

/* Clause 7.5: as many lost as the codec's robustness cost half of what is left. */
static void test_loss(void)
{
    g_assert_cmpfloat_with_epsilon(93.2 - cg_speech_rating(0.251, 0), 47.5, 1e-9);
    g_assert_cmpfloat_with_epsilon(93.2 - cg_speech_rating(0.02, 0), 95 * 2 / 27.1, 1e-9);
    g_assert_cmpfloat(cg_speech_rating(1, 2000), ==, 0);
    g_assert_cmpfloat(cg_speech_rating(2, 0), ==, cg_speech_rating(1, 0));
}

static void test_path(void)
{
    g_assert_cmpfloat_with_epsilon(cg_speech_delay_ms(0, 0), 40, 1e-9);
    g_assert_cmpfloat_with_epsilon(cg_speech_delay_ms(5000, 80000), 90, 1e-9);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/speech-quality/opinion", test_opinion);
    g_test_add_func("/speech-quality/default", test_default);
    g_test_add_func("/speech-quality/delay", test_delay);
    g_test_add_func("/speech-quality/loss", test_loss);
    g_test_add_func("/speech-quality/path", test_path);
    return g_test_run();
}
