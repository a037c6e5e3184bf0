/* Helpers of the SDP tests. Whatever fails here fails the test that called. */
#include "tests/unit/sdp/descriptions.h"

char *test_replace(const char *text, const char *find, const char *replacement)
{
    const char *place = strstr(text, find);
    g_assert_nonnull(place);
    return g_strdup_printf("%.*s%s%s", (int) (place - text), text, replacement, place + strlen(find));
}

char *test_load(const char *name)
{
    g_autofree char *file = g_strconcat(name, ".sdp", NULL);
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "..", "fuzz", "corpus", "sdp", file, NULL);
    g_autoptr(GError) error = NULL;
    char *text = NULL;
    g_file_get_contents(path, &text, NULL, &error);
    g_assert_no_error(error);
    return text;
}

cg_sdp *test_parse(const char *text, cg_sdp_kind kind)
{
    cg_sdp *sdp = NULL;
    g_assert_cmpstr(cg_sdp_status_name(cg_sdp_parse(text, strlen(text), kind, &sdp)), ==, "ok");
    g_assert_nonnull(sdp);
    return sdp;
}

char *test_formats(const cg_media_description *media)
{
    GString *out = g_string_new(NULL);
    for (size_t i = 0; i < media->format_count; i++) {
        const cg_codec_info *info = cg_codec_get_info(media->formats[i].codec);
        g_string_append_printf(out, "%s%s/%u", i > 0 ? " " : "", info->name, media->formats[i].payload_type);
        if (strcmp(info->name, "telephone-event") == 0)
            g_string_append_printf(out, "@%u", info->clock_rate);
    }
    return g_string_free(out, FALSE);
}
