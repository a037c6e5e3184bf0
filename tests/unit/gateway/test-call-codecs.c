/* Which codecs two parties are brought together with, translated or not. */
#include "gateway/call/call_codecs.h"

#include <string.h>

/* In order of preference: o Opus, r RED, g G.722, u PCMU, a PCMA, n CN, W and N events at 48 and 8 kHz. */
static cg_media_description describe(const char *letters)
{
    static const char names[CG_CODEC_COUNT] = "oguarnWN";
    static const cg_codec codecs[CG_CODEC_COUNT] = {CG_CODEC_OPUS,
                                                    CG_CODEC_G722,
                                                    CG_CODEC_PCMU,
                                                    CG_CODEC_PCMA,
                                                    CG_CODEC_RED,
                                                    CG_CODEC_CN,
                                                    CG_CODEC_TELEPHONE_EVENT_48000,
                                                    CG_CODEC_TELEPHONE_EVENT_8000};
    cg_media_description media = {0};
    for (; *letters != '\0'; letters++)
        media.formats[media.format_count++].codec =
            codecs[(const char *) memchr(names, *letters, sizeof names) - names];
    return media;
}

static char *name(const bool allowed[CG_CODEC_COUNT])
{
    static const char letters[CG_CODEC_COUNT + 1] = "oguarnWN"; /* the order of cg_codec but for RED */
    GString *text = g_string_new(NULL);
    for (cg_codec codec = 0; codec < CG_CODEC_COUNT; codec++)
        if (allowed[codec])
            g_string_append_c(text, letters[codec]);
    return g_string_free(text, FALSE);
}

static void test_allow(void)
{
    static const struct {
        const char *offer, *far;
        bool transcode;
        const char *allowed;
    } rows[] = {
        {"orguanWN", "orguanWN", true, "oguarnWN"}, /* all that both have */
        {"guN", "ogW", true, "ogW"},                /* one in common is enough, whatever is preferred */
        {"uaN", "oW", true, "unWN"},                /* none: the offer's best, and what goes with it */
        {"orWN", "uN", true, "onWN"},               /* RED passes or is left out */
        {"uaN", "oW", false, "oW"},                 /* which is nothing that was offered */
        {"n", "oW", true, "nWN"},                   /* no speech is none */
        {"ouWN", "u", true, "uWN"},                 /* keys find another form */
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        cg_media_description offer = describe(rows[i].offer), far = describe(rows[i].far);
        cg_call call = {.transcode = rows[i].transcode};
        bool allowed[CG_CODEC_COUNT];
        cg_call_codecs_allow(&call, &offer, &far, allowed);
        g_autofree char *text = name(allowed);
        g_assert_cmpstr(text, ==, rows[i].allowed);
    }
}

static void test_spoken(void)
{
    static const struct {
        const char *caller, *callee; /* negotiated with each, in the party's order */
        cg_codec to_caller, to_callee;
        bool translated;
    } rows[] = {
        {"ogW", "oW", CG_CODEC_OPUS, CG_CODEC_OPUS, false},
        {"uN", "ouWN", CG_CODEC_PCMU, CG_CODEC_PCMU, false}, /* the callee's favourite is not the caller's */
        {"uN", "oW", CG_CODEC_PCMU, CG_CODEC_OPUS, true},
        {"gN", "aN", CG_CODEC_G722, CG_CODEC_PCMA, true},
        {"", "oW", CG_CODEC_COUNT, CG_CODEC_OPUS, false}, /* not answered */
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        cg_call_leg caller = {.local = describe(rows[i].caller), .remote = describe(rows[i].caller)};
        cg_call_leg callee = {.local = describe(rows[i].callee), .remote = describe(rows[i].callee)};
        cg_call call = {.caller = &caller, .callee = &callee};
        g_assert_cmpint(cg_call_codecs_spoken(&caller, &callee), ==, rows[i].to_caller);
        g_assert_cmpint(cg_call_codecs_spoken(&callee, &caller), ==, rows[i].to_callee);
        g_assert_cmpint(cg_call_is_translated(&call), ==, rows[i].translated);
        g_assert_cmpint(cg_call_was_translated(&call), ==, rows[i].translated);
        callee.stats.packets_translated = 1; /* it has sent something else */
        g_assert_true(cg_call_was_translated(&call));
    }
    g_assert_false(cg_call_is_translated(&(cg_call){.caller = &(cg_call_leg){.local = describe("u")}}));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/call-codecs/allow", test_allow);
    g_test_add_func("/call-codecs/spoken", test_spoken);
    return g_test_run();
}
