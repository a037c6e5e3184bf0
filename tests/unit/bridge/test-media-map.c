/* Descriptions compiled into tables: whose numbers count where (RFC 3264 section 5.1), directions, links. */
#include "bridge/leg/media_map.h"
#include "bridge/rtp/red.h"

#include <glib.h>

static cg_media_description describe(cg_direction direction, const cg_format *formats, size_t count)
{
    cg_media_description media = {.direction = direction, .format_count = count};
    for (size_t i = 0; i < count; i++)
        media.formats[i] = formats[i];
    return media;
}

static const cg_format ours[] = {{CG_CODEC_OPUS, 111, ""},
                                 {CG_CODEC_PCMU, 0, ""},
                                 {CG_CODEC_TELEPHONE_EVENT_48000, 110, ""},
                                 {CG_CODEC_TELEPHONE_EVENT_8000, 126, ""}},
                       theirs[] = {
                           {CG_CODEC_TELEPHONE_EVENT_8000, 101, ""}, {CG_CODEC_OPUS, 96, ""}, {CG_CODEC_G722, 9, ""}};

static void test_numbers(void)
{
    cg_media_map map;
    cg_media_description local = describe(CG_DIRECTION_SENDRECV, ours, 4),
                         remote = describe(CG_DIRECTION_SENDRECV, theirs, 3);
    local.extensions[CG_EXTENSION_AUDIO_LEVEL] = 3;
    remote.extensions[CG_EXTENSION_AUDIO_LEVEL] = 4;
    cg_media_map_init(&map, &local, &remote);
    g_assert_cmpuint(map.codec_of[111], ==, CG_CODEC_OPUS); /* received under our number ... */
    g_assert_cmpuint(map.codec_of[96], ==, CG_CODEC_COUNT);
    g_assert_cmpuint(map.payload_type_of[CG_CODEC_OPUS], ==, 96); /* ... sent under theirs */
    g_assert_cmpuint(map.codec_of[0], ==, CG_CODEC_COUNT);        /* they have no PCMU, we no G.722 */
    g_assert_cmpuint(map.payload_type_of[CG_CODEC_PCMU], ==, CG_MEDIA_NO_PAYLOAD_TYPE);
    g_assert_cmpuint(map.payload_type_of[CG_CODEC_G722], ==, CG_MEDIA_NO_PAYLOAD_TYPE);
    g_assert_cmpuint(map.codec_of[126], ==, CG_CODEC_TELEPHONE_EVENT_8000);
    g_assert_cmpuint(map.speech, ==, CG_CODEC_OPUS);
    g_assert_cmpuint(map.events, ==, CG_CODEC_TELEPHONE_EVENT_8000); /* the only one both have */
    g_assert_cmpuint(map.extension_of[3], ==, CG_EXTENSION_AUDIO_LEVEL);
    g_assert_cmpuint(map.extension_id[CG_EXTENSION_AUDIO_LEVEL], ==, 4);
    remote.extensions[CG_EXTENSION_AUDIO_LEVEL] = 0;
    cg_media_map_init(&map, &local, &remote);
    g_assert_cmpuint(map.extension_of[3], ==, CG_EXTENSION_COUNT);
    cg_media_map_init(&map, &local, &local);
    g_assert_cmpuint(map.events, ==, CG_CODEC_TELEPHONE_EVENT_48000); /* at Opus's clock where there is a choice */
}

/* Of what a peer takes the first that its partner sends too, and events at that one's clock. */
static void test_choose(void)
{
    static const cg_format narrow[] = {{CG_CODEC_PCMU, 0, ""}, {CG_CODEC_TELEPHONE_EVENT_8000, 101, ""}};
    static const cg_format other[] = {{CG_CODEC_PCMA, 8, ""}};
    cg_media_map map, partner, stranger;
    cg_media_description all = describe(CG_DIRECTION_SENDRECV, ours, 4),
                         few = describe(CG_DIRECTION_SENDRECV, narrow, 2),
                         none = describe(CG_DIRECTION_SENDRECV, other, 1);
    cg_media_map_init(&map, &all, &all);
    cg_media_map_init(&partner, &few, &few);
    cg_media_map_init(&stranger, &none, &none);
    cg_media_map_choose(&map, &partner);
    g_assert_cmpuint(map.speech, ==, CG_CODEC_PCMU);
    g_assert_cmpuint(map.events, ==, CG_CODEC_TELEPHONE_EVENT_8000);
    g_assert_true(cg_media_map_share_speech(&partner, &map));
    cg_media_map_choose(&map, &stranger);
    g_assert_cmpuint(map.speech, ==, CG_CODEC_OPUS);
    g_assert_cmpuint(map.events, ==, CG_CODEC_TELEPHONE_EVENT_48000);
    g_assert_false(cg_media_map_share_speech(&stranger, &map));
}

static void test_directions(void)
{
    for (unsigned l = 0; l < 4; l++)
        for (unsigned r = 0; r < 4; r++) {
            cg_media_map map;
            cg_media_description local = describe((cg_direction) l, ours, 1),
                                 remote = describe((cg_direction) r, ours, 1);
            cg_media_map_init(&map, &local, &remote);
            bool we_send = l == CG_DIRECTION_SENDONLY || l == CG_DIRECTION_SENDRECV;
            bool we_receive = l == CG_DIRECTION_RECVONLY || l == CG_DIRECTION_SENDRECV;
            bool they_send = r == CG_DIRECTION_SENDONLY || r == CG_DIRECTION_SENDRECV;
            bool they_receive = r == CG_DIRECTION_RECVONLY || r == CG_DIRECTION_SENDRECV;
            g_assert_cmpint(map.may_send, ==, we_send && they_receive);
            g_assert_cmpint(map.may_receive, ==, we_receive && they_send);
        }
}

static void test_link(void)
{
    cg_media_map a, b;
    cg_media_link link;
    cg_media_description first = describe(CG_DIRECTION_SENDRECV, ours, 4),
                         second = describe(CG_DIRECTION_SENDRECV, theirs, 3);
    first.extensions[CG_EXTENSION_AUDIO_LEVEL] = 3;
    second.extensions[CG_EXTENSION_AUDIO_LEVEL] = 14;
    cg_media_map_init(&a, &first, &first);
    cg_media_map_init(&b, &second, &second);
    cg_media_link_init(&link, &a, &b);
    for (unsigned i = 0; i < 128; i++)
        g_assert_cmpuint(link.payload_type[i], ==, i == 111 ? 96 : i == 126 ? 101 : CG_RED_DROP);
    for (unsigned i = 0; i < CG_RTP_EXTENSION_IDS; i++)
        g_assert_cmpuint(link.extension[i], ==, i == 3 ? 14 : 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/media-map/numbers", test_numbers);
    g_test_add_func("/media-map/choose", test_choose);
    g_test_add_func("/media-map/directions", test_directions);
    g_test_add_func("/media-map/link", test_link);
    return g_test_run();
}
