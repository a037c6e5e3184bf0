/* The media vocabulary: the codec table against its RFCs, lookups, fresh ICE credentials. */
#include <string.h>

#include <glib.h>

#include "base/media.h"

static void test_codec_find(void)
{
    static const struct {
        const char *name;
        uint32_t clock_rate;
        unsigned channels;
        cg_codec codec;
    } cases[] = {
        {"opus", 48000, 2, CG_CODEC_OPUS},
        {"OPUS", 48000, 2, CG_CODEC_OPUS}, /* RFC 4855 section 3: names in any case */
        {"G722", 8000, 1, CG_CODEC_G722},
        {"g722", 8000, 1, CG_CODEC_G722},
        {"PCMU", 8000, 1, CG_CODEC_PCMU},
        {"PCMA", 8000, 1, CG_CODEC_PCMA},
        {"red", 48000, 2, CG_CODEC_RED},
        {"CN", 8000, 1, CG_CODEC_CN},
        {"telephone-event", 48000, 1, CG_CODEC_TELEPHONE_EVENT_48000},
        {"telephone-event", 8000, 1, CG_CODEC_TELEPHONE_EVENT_8000},
        {"opus", 48000, 1, CG_CODEC_COUNT}, /* RFC 7587 section 7: always 48000/2 */
        {"opus", 8000, 2, CG_CODEC_COUNT},
        {"G722", 16000, 1, CG_CODEC_COUNT},
        {"red", 8000, 1, CG_CODEC_COUNT},
        {"CN", 32000, 1, CG_CODEC_COUNT},
        {"telephone-event", 16000, 1, CG_CODEC_COUNT},
        {"PCMU", 8000, 2, CG_CODEC_COUNT},
        {"PCM", 8000, 1, CG_CODEC_COUNT},
        {"ISAC", 16000, 1, CG_CODEC_COUNT},
        {"", 8000, 1, CG_CODEC_COUNT},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s/%u/%u", cases[i].name, cases[i].clock_rate, cases[i].channels);
        g_assert_cmpint(cg_codec_find(cases[i].name, cases[i].clock_rate, cases[i].channels), ==, cases[i].codec);
    }
}

static void test_codec_info(void)
{
    static const int static_payload_types[CG_CODEC_COUNT] = {
        /* RFC 3551 table 4; -1 where the table has none. */
        [CG_CODEC_OPUS] = -1,
        [CG_CODEC_G722] = 9,
        [CG_CODEC_PCMU] = 0,
        [CG_CODEC_PCMA] = 8,
        [CG_CODEC_RED] = -1,
        [CG_CODEC_CN] = 13,
        [CG_CODEC_TELEPHONE_EVENT_48000] = -1,
        [CG_CODEC_TELEPHONE_EVENT_8000] = -1,
    };
    for (cg_codec codec = 0; codec < CG_CODEC_COUNT; codec++) {
        const cg_codec_info *info = cg_codec_get_info(codec);
        g_assert_cmpint(info->static_payload_type, ==, static_payload_types[codec]);
        g_assert_true(info->speech == (codec <= CG_CODEC_PCMA));
        g_assert_cmpint(cg_codec_find(info->name, info->clock_rate, info->channels), ==, codec);
    }
    g_assert_cmpstr(cg_extension_uri(CG_EXTENSION_AUDIO_LEVEL), ==, "urn:ietf:params:rtp-hdrext:ssrc-audio-level");
}

static void test_credentials(void)
{
    cg_ice_credentials a = cg_ice_credentials_new(), b = cg_ice_credentials_new();
    g_assert_cmpuint(strlen(a.ufrag), ==, 8);
    g_assert_cmpuint(strlen(a.pwd), ==, 24);
    g_assert_cmpstr(a.ufrag, !=, b.ufrag);
    g_assert_cmpstr(a.pwd, !=, b.pwd);
}

static void test_fingerprint_equal(void)
{
    const cg_fingerprint one = {.hash = CG_HASH_SHA256, .size = 32, .digest = {[0] = 1, [31] = 2, [32] = 3}};
    cg_fingerprint other = one;
    other.digest[32] = 4; /* beyond its size: nobody's */
    g_assert_true(cg_fingerprint_equal(&one, &other));
    other.digest[31] ^= 0x80;
    g_assert_false(cg_fingerprint_equal(&one, &other));
    other = one;
    other.digest[0] = 0;
    g_assert_false(cg_fingerprint_equal(&one, &other));
    other = one;
    other.size = 33;
    g_assert_false(cg_fingerprint_equal(&one, &other));
    other = one;
    other.hash = CG_HASH_SHA384;
    g_assert_false(cg_fingerprint_equal(&one, &other));
}

static void test_find_format(void)
{
    cg_media_description media = {
        .formats = {{.codec = CG_CODEC_OPUS, .payload_type = 111},
                    {.codec = CG_CODEC_PCMU, .payload_type = 0},
                    {.codec = CG_CODEC_OPUS, .payload_type = 112}},
        .format_count = 2,
    };
    g_assert_true(cg_media_find_codec(&media, CG_CODEC_OPUS) == &media.formats[0]);
    g_assert_true(cg_media_find_payload_type(&media, 0) == &media.formats[1]);
    g_assert_null(cg_media_find_codec(&media, CG_CODEC_PCMA));
    g_assert_null(cg_media_find_payload_type(&media, 112)); /* beyond format_count */
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/media/codec-find", test_codec_find);
    g_test_add_func("/media/codec-info", test_codec_info);
    g_test_add_func("/media/credentials", test_credentials);
    g_test_add_func("/media/fingerprint-equal", test_fingerprint_equal);
    g_test_add_func("/media/find-format", test_find_format);
    return g_test_run();
}
