/* Choosing formats: answers to browsers' offers, offers made from a caller's formats, and what crosses between legs. */
#include "tests/unit/sdp/descriptions.h"

/* Set of codecs from their numbers; -1 ends. */
static void allow(bool allowed[CG_CODEC_COUNT], const int *codecs)
{
    memset(allowed, 0, CG_CODEC_COUNT * sizeof(*allowed));
    for (; *codecs >= 0; codecs++)
        allowed[*codecs] = true;
}

static void test_answer_all(void)
{
    static const struct {
        const char *file, *formats;
        unsigned audio_level;
    } rows[] = {
        {"chromium-offer",
         "opus/111 red/63 G722/9 PCMU/0 PCMA/8 CN/13 telephone-event/110@48000 telephone-event/126@8000", 1},
        {"firefox-offer", "opus/109 G722/9 PCMU/0 PCMA/8 telephone-event/101@8000", 1},
        {"chromium-offer-max-bundle",
         "opus/111 red/63 G722/9 PCMU/0 PCMA/8 CN/13 telephone-event/110@48000 telephone-event/126@8000", 14},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text = test_load(rows[i].file);
        g_autoptr(cg_sdp) offer = test_parse(text, CG_SDP_OFFER);
        cg_media_description local = {.ssrc = 5};
        cg_sdp_answer_media(cg_sdp_media(offer), NULL, CG_DIRECTION_SENDRECV, &local);
        g_autofree char *formats = test_formats(&local);
        g_assert_cmpstr(formats, ==, rows[i].formats);
        g_assert_cmpuint(local.extensions[CG_EXTENSION_AUDIO_LEVEL], ==, rows[i].audio_level);
        g_assert_cmpstr(cg_media_find_codec(&local, CG_CODEC_OPUS)->fmtp, ==, "minptime=10;useinbandfec=1");
        g_assert_cmpstr(cg_media_find_codec(&local, CG_CODEC_TELEPHONE_EVENT_8000)->fmtp, ==, "0-15");
        g_assert_cmpuint(local.ssrc, ==, 5); /* what is the caller's stays */
    }
}

/* Companions: RED and events at 48000 Hz go with Opus, CN with codecs at 8000 Hz. */
static void test_answer_allowed(void)
{
    static const struct {
        const char *file;
        int codecs[CG_CODEC_COUNT + 1];
        const char *formats;
    } rows[] = {
        {"chromium-offer", {CG_CODEC_OPUS, -1}, "opus/111"},
        {"chromium-offer", {CG_CODEC_OPUS, CG_CODEC_RED, CG_CODEC_CN, -1}, "opus/111 red/63"},
        {"chromium-offer", {CG_CODEC_PCMU, CG_CODEC_RED, CG_CODEC_CN, -1}, "PCMU/0 CN/13"},
        {"chromium-offer",
         {CG_CODEC_OPUS, CG_CODEC_TELEPHONE_EVENT_48000, CG_CODEC_TELEPHONE_EVENT_8000, -1},
         "opus/111 telephone-event/110@48000"},
        {"chromium-offer",
         {CG_CODEC_G722, CG_CODEC_TELEPHONE_EVENT_48000, CG_CODEC_TELEPHONE_EVENT_8000, -1},
         "G722/9 telephone-event/126@8000"},
        /* A callee that knows events at 8000 Hz only, as Firefox: they go with Opus rather than none. */
        {"chromium-offer", {CG_CODEC_OPUS, CG_CODEC_TELEPHONE_EVENT_8000, -1}, "opus/111 telephone-event/126@8000"},
        {"firefox-offer",
         {CG_CODEC_OPUS, CG_CODEC_TELEPHONE_EVENT_48000, CG_CODEC_TELEPHONE_EVENT_8000, -1},
         "opus/109 telephone-event/101@8000"},
        {"firefox-offer", {CG_CODEC_RED, CG_CODEC_CN, CG_CODEC_TELEPHONE_EVENT_8000, -1}, ""},
        {"firefox-offer", {-1}, ""},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        bool allowed[CG_CODEC_COUNT];
        g_autofree char *text = test_load(rows[i].file);
        g_autoptr(cg_sdp) offer = test_parse(text, CG_SDP_OFFER);
        cg_media_description local = {0};
        allow(allowed, rows[i].codecs);
        cg_sdp_answer_media(cg_sdp_media(offer), allowed, CG_DIRECTION_SENDRECV, &local);
        g_autofree char *formats = test_formats(&local);
        g_assert_cmpstr(formats, ==, rows[i].formats);
    }
}

/* RFC 3264 section 6.1, all sixteen. */
static void test_directions(void)
{
    static const cg_direction answers[4][4] = {
        /* wanted:                inactive               sendonly               recvonly               sendrecv */
        [CG_DIRECTION_INACTIVE] = {CG_DIRECTION_INACTIVE, CG_DIRECTION_INACTIVE, CG_DIRECTION_INACTIVE,
                                   CG_DIRECTION_INACTIVE},
        [CG_DIRECTION_SENDONLY] = {CG_DIRECTION_INACTIVE, CG_DIRECTION_INACTIVE, CG_DIRECTION_RECVONLY,
                                   CG_DIRECTION_RECVONLY},
        [CG_DIRECTION_RECVONLY] = {CG_DIRECTION_INACTIVE, CG_DIRECTION_SENDONLY, CG_DIRECTION_INACTIVE,
                                   CG_DIRECTION_SENDONLY},
        [CG_DIRECTION_SENDRECV] = {CG_DIRECTION_INACTIVE, CG_DIRECTION_SENDONLY, CG_DIRECTION_RECVONLY,
                                   CG_DIRECTION_SENDRECV},
    };
    g_autoptr(cg_sdp) sdp = test_parse(TEST_OFFER, CG_SDP_OFFER);
    for (cg_direction offered = 0; offered < 4; offered++) {
        for (cg_direction wanted = 0; wanted < 4; wanted++) {
            cg_media_description offer = *cg_sdp_media(sdp), local = {0};
            offer.direction = offered;
            cg_sdp_answer_media(&offer, NULL, wanted, &local);
            g_assert_cmpint(local.direction, ==, answers[offered][wanted]);
        }
    }
}

static void test_offer_default(void)
{
    cg_media_description local = {0};
    cg_sdp_offer_media(NULL, &local);
    g_autofree char *formats = test_formats(&local);
    g_assert_cmpstr(formats, ==,
                    "opus/111 red/63 G722/9 PCMU/0 PCMA/8 CN/13 telephone-event/110@48000 telephone-event/101@8000");
    g_assert_cmpint(local.direction, ==, CG_DIRECTION_SENDRECV);
    g_assert_cmpuint(local.extensions[CG_EXTENSION_AUDIO_LEVEL], ==, 1);
    g_assert_cmpstr(cg_media_find_codec(&local, CG_CODEC_RED)->fmtp, ==, "111/111");
    for (size_t i = 0; i < local.format_count; i++) {
        uint8_t payload_type = local.formats[i].payload_type;
        g_assert_true(payload_type < 64 || payload_type > 95); /* RFC 5761 section 4 */
        g_assert_true(cg_media_find_payload_type(&local, payload_type) == &local.formats[i]);
    }
}

/* What the callee is offered is what the caller can do, in the caller's order, with the caller's wishes. */
static void test_offer_to(void)
{
    g_autofree char *text = test_load("firefox-offer");
    g_autofree char *reordered = test_replace(text, "SAVPF 109 9 0 8 101", "SAVPF 8 109 101");
    g_autofree char *with_ptime = test_replace(reordered, "a=setup", "a=ptime:40\r\na=maxptime:60\r\na=setup");
    g_autoptr(cg_sdp) caller = test_parse(with_ptime, CG_SDP_OFFER);
    cg_media_description local = {.ptime_ms = 20, .max_ptime_ms = 20};
    cg_sdp_offer_media(cg_sdp_media(caller), &local);

    g_autofree char *formats = test_formats(&local);
    g_assert_cmpstr(formats, ==, "PCMA/8 opus/111 telephone-event/101@8000");
    g_assert_cmpstr(cg_media_find_codec(&local, CG_CODEC_OPUS)->fmtp, ==,
                    "maxplaybackrate=48000;stereo=1;useinbandfec=1");
    g_assert_cmpuint(local.ptime_ms, ==, 40);
    g_assert_cmpuint(local.max_ptime_ms, ==, 60);
}

/* A gateway that translates offers the rest behind what the caller can do, with events for clocks that are new. */
static void test_offer_more(void)
{
    static const struct {
        const char *caller, *formats;
    } rows[] = {
        {"109 9 0 8 101", "opus/111 G722/9 PCMU/0 PCMA/8 telephone-event/101@8000"},
        {"0 101", "PCMU/0 telephone-event/101@8000 opus/111 G722/9 PCMA/8 telephone-event/110@48000"},
        {"109 101", "opus/111 telephone-event/101@8000 G722/9 PCMU/0 PCMA/8"},
        {"8", "PCMA/8 telephone-event/101@8000 opus/111 G722/9 PCMU/0 telephone-event/110@48000"},
        {"109", "opus/111 telephone-event/110@48000 G722/9 PCMU/0 PCMA/8 telephone-event/101@8000"},
    };
    g_autofree char *text = test_load("firefox-offer");
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *list = g_strdup_printf("SAVPF %s", rows[i].caller);
        g_autofree char *reordered = test_replace(text, "SAVPF 109 9 0 8 101", list);
        g_autoptr(cg_sdp) caller = test_parse(reordered, CG_SDP_OFFER);
        cg_media_description local = {0};
        cg_sdp_offer_media(cg_sdp_media(caller), &local);
        cg_sdp_offer_more(&local);
        g_autofree char *formats = test_formats(&local);
        g_assert_cmpstr(formats, ==, rows[i].formats);
        bool theirs = cg_media_find_codec(cg_sdp_media(caller), CG_CODEC_OPUS) != NULL;
        g_assert_cmpstr(cg_media_find_codec(&local, CG_CODEC_OPUS)->fmtp, ==,
                        theirs ? "maxplaybackrate=48000;stereo=1;useinbandfec=1" : "minptime=10;useinbandfec=1");
    }
}

static void test_cross(void)
{
    g_autofree char *caller_text = test_load("chromium-offer");
    g_autofree char *callee_text = test_load("firefox-answer");
    g_autoptr(cg_sdp) caller = test_parse(caller_text, CG_SDP_OFFER);
    g_autoptr(cg_sdp) callee = test_parse(callee_text, CG_SDP_ANSWER);
    cg_media_description local = {0};

    cg_sdp_answer_media(cg_sdp_media(caller), NULL, CG_DIRECTION_SENDRECV, &local);
    cg_sdp_cross_media(cg_sdp_media(callee), &local);
    g_assert_cmpstr(cg_media_find_codec(&local, CG_CODEC_OPUS)->fmtp, ==,
                    "maxplaybackrate=48000;stereo=1;useinbandfec=1");
    /* Formats the callee does not have keep ours; RED's names our own payload type always. */
    g_assert_cmpstr(cg_media_find_codec(&local, CG_CODEC_TELEPHONE_EVENT_48000)->fmtp, ==, "0-15");
    g_assert_cmpstr(cg_media_find_codec(&local, CG_CODEC_RED)->fmtp, ==, "111/111");

    cg_media_description other = *cg_sdp_media(caller);
    other.formats[0].payload_type = 96;
    g_strlcpy(other.formats[1].fmtp, "96/96", sizeof(other.formats[1].fmtp));
    other.formats[0].fmtp[0] = '\0'; /* it said nothing, so nothing is said for it */
    cg_sdp_cross_media(&other, &local);
    g_assert_cmpstr(cg_media_find_codec(&local, CG_CODEC_OPUS)->fmtp, ==, "");
    g_assert_cmpstr(cg_media_find_codec(&local, CG_CODEC_RED)->fmtp, ==, "111/111");
}

/* A browser that numbers Opus its own way is answered with RED of that number. */
static void test_red_renumbered(void)
{
    g_autofree char *list = test_replace(TEST_OFFER, "SAVPF 111 63", "SAVPF 63 96");
    g_autofree char *map = test_replace(list, "a=rtpmap:111 ", "a=rtpmap:96 ");
    g_autofree char *text = test_replace(map, "a=fmtp:63 111/111", "a=fmtp:63 96/96/96");
    g_autoptr(cg_sdp) sdp = test_parse(text, CG_SDP_OFFER);
    cg_media_description local = {0};
    cg_sdp_answer_media(cg_sdp_media(sdp), NULL, CG_DIRECTION_SENDRECV, &local);
    g_assert_cmpstr(cg_media_find_codec(&local, CG_CODEC_RED)->fmtp, ==, "96/96");
    cg_sdp_offer_media(cg_sdp_media(sdp), &local);
    g_assert_cmpstr(cg_media_find_codec(&local, CG_CODEC_RED)->fmtp, ==, "111/111");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sdp/negotiate/answer-all", test_answer_all);
    g_test_add_func("/sdp/negotiate/answer-allowed", test_answer_allowed);
    g_test_add_func("/sdp/negotiate/directions", test_directions);
    g_test_add_func("/sdp/negotiate/offer-default", test_offer_default);
    g_test_add_func("/sdp/negotiate/offer-to", test_offer_to);
    g_test_add_func("/sdp/negotiate/offer-more", test_offer_more);
    g_test_add_func("/sdp/negotiate/cross", test_cross);
    g_test_add_func("/sdp/negotiate/red-renumbered", test_red_renumbered);
    return g_test_run();
}
