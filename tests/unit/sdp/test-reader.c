/* Reading descriptions: what Chromium 156 and Firefox 153 really send, every way it can be broken, every limit.
 * The one thing to know: a row of `mutations` is one change of TEST_OFFER, so nothing else can be the reason. */
#include "tests/unit/sdp/descriptions.h"

#include <arpa/inet.h>

#define CHROMIUM_FORMATS "opus/111 red/63 G722/9 PCMU/0 PCMA/8 CN/13 telephone-event/110@48000 telephone-event/126@8000"
#define FIREFOX_FORMATS "opus/109 G722/9 PCMU/0 PCMA/8 telephone-event/101@8000"

static const struct {
    const char *file;
    cg_sdp_kind kind;
    cg_sdp_status status;
    const char *formats;
    cg_direction direction;
} browsers[] = {
    {"chromium-offer", CG_SDP_OFFER, CG_SDP_OK, CHROMIUM_FORMATS, CG_DIRECTION_SENDRECV},
    {"chromium-offer-bare", CG_SDP_OFFER, CG_SDP_OK, CHROMIUM_FORMATS, CG_DIRECTION_SENDRECV},
    {"chromium-offer-audio-last", CG_SDP_OFFER, CG_SDP_OK, CHROMIUM_FORMATS, CG_DIRECTION_SENDRECV},
    {"chromium-offer-audio-video-data", CG_SDP_OFFER, CG_SDP_OK, CHROMIUM_FORMATS, CG_DIRECTION_SENDRECV},
    {"chromium-offer-hold-inactive", CG_SDP_OFFER, CG_SDP_OK, CHROMIUM_FORMATS, CG_DIRECTION_INACTIVE},
    {"chromium-offer-hold-sendonly", CG_SDP_OFFER, CG_SDP_OK, CHROMIUM_FORMATS, CG_DIRECTION_SENDONLY},
    {"chromium-offer-recvonly", CG_SDP_OFFER, CG_SDP_OK, CHROMIUM_FORMATS, CG_DIRECTION_RECVONLY},
    {"chromium-offer-max-bundle", CG_SDP_OFFER, CG_SDP_OK, CHROMIUM_FORMATS, CG_DIRECTION_SENDRECV},
    {"chromium-offer-restart", CG_SDP_OFFER, CG_SDP_OK, CHROMIUM_FORMATS, CG_DIRECTION_SENDRECV},
    {"chromium-offer-two-audio", CG_SDP_OFFER, CG_SDP_OK, CHROMIUM_FORMATS, CG_DIRECTION_SENDRECV},
    {"chromium-offer-no-audio", CG_SDP_OFFER, CG_SDP_NO_AUDIO, NULL, 0},
    {"chromium-offer-stopped", CG_SDP_OFFER, CG_SDP_NO_AUDIO, NULL, 0},
    {"chromium-answer", CG_SDP_ANSWER, CG_SDP_OK,
     "opus/111 red/63 G722/9 PCMU/0 PCMA/8 CN/13 telephone-event/110@48000 telephone-event/101@8000",
     CG_DIRECTION_SENDRECV},
    {"chromium-answer-active", CG_SDP_ANSWER, CG_SDP_SETUP, NULL, 0},
    {"firefox-offer", CG_SDP_OFFER, CG_SDP_OK, FIREFOX_FORMATS, CG_DIRECTION_SENDRECV},
    {"firefox-offer-bare", CG_SDP_OFFER, CG_SDP_OK, FIREFOX_FORMATS, CG_DIRECTION_SENDRECV},
    {"firefox-offer-audio-last", CG_SDP_OFFER, CG_SDP_OK, FIREFOX_FORMATS, CG_DIRECTION_SENDRECV},
    {"firefox-offer-audio-video-data", CG_SDP_OFFER, CG_SDP_OK, FIREFOX_FORMATS, CG_DIRECTION_SENDRECV},
    {"firefox-offer-hold-inactive", CG_SDP_OFFER, CG_SDP_OK, FIREFOX_FORMATS, CG_DIRECTION_INACTIVE},
    {"firefox-offer-hold-sendonly", CG_SDP_OFFER, CG_SDP_OK, FIREFOX_FORMATS, CG_DIRECTION_SENDONLY},
    {"firefox-offer-recvonly", CG_SDP_OFFER, CG_SDP_OK, FIREFOX_FORMATS, CG_DIRECTION_RECVONLY},
    {"firefox-offer-max-bundle", CG_SDP_OFFER, CG_SDP_OK, FIREFOX_FORMATS, CG_DIRECTION_SENDRECV},
    {"firefox-offer-restart", CG_SDP_OFFER, CG_SDP_OK, FIREFOX_FORMATS, CG_DIRECTION_SENDRECV},
    {"firefox-offer-two-audio", CG_SDP_OFFER, CG_SDP_OK, FIREFOX_FORMATS, CG_DIRECTION_SENDRECV},
    {"firefox-offer-no-audio", CG_SDP_OFFER, CG_SDP_NO_AUDIO, NULL, 0},
    {"firefox-offer-stopped", CG_SDP_OFFER, CG_SDP_NO_AUDIO, NULL, 0},
    {"firefox-answer", CG_SDP_ANSWER, CG_SDP_OK, "opus/111 G722/9 PCMU/0 PCMA/8 telephone-event/101@8000",
     CG_DIRECTION_SENDRECV},
    {"firefox-answer-active", CG_SDP_ANSWER, CG_SDP_SETUP, NULL, 0},
};

static void test_browsers(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(browsers); i++) {
        g_autofree char *text = test_load(browsers[i].file);
        g_autoptr(cg_sdp) sdp = NULL;
        g_test_message("%s", browsers[i].file);
        cg_sdp_status status = cg_sdp_parse(text, strlen(text), browsers[i].kind, &sdp);
        g_assert_cmpstr(cg_sdp_status_name(status), ==, cg_sdp_status_name(browsers[i].status));
        if (status != CG_SDP_OK) {
            g_assert_null(sdp);
            continue;
        }
        const cg_media_description *media = cg_sdp_media(sdp);
        g_autofree char *formats = test_formats(media);
        g_assert_cmpstr(formats, ==, browsers[i].formats);
        g_assert_cmpint(media->direction, ==, browsers[i].direction);
        g_assert_cmpuint(media->fingerprint.size, ==, 32);
        g_assert_cmpuint(strlen(media->ice.ufrag), >=, 4);
        g_assert_cmpuint(media->extensions[CG_EXTENSION_AUDIO_LEVEL], !=, 0);
    }
}

#define VIDEO "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:v\r\n"
#define SHA1 "a=fingerprint:sha-1 00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13\r\n"
#define LONG_40 "0123456789012345678901234567890123456789"

static const struct {
    const char *find, *replacement;
    cg_sdp_status status;
} mutations[] = {
    {"s=-", "s=-", CG_SDP_OK},

    /* The outer grammar. */
    {"v=0\r\n", "", CG_SDP_MALFORMED},
    {"v=0", "v=1", CG_SDP_MALFORMED},
    {"v=0\r\n", "v=0\r\nv=0\r\n", CG_SDP_MALFORMED},
    {"o=- 1 2 IN IP4 127.0.0.1\r\n", "", CG_SDP_MALFORMED},
    {"s=-\r\n", "", CG_SDP_MALFORMED},
    {"t=0 0\r\n", "", CG_SDP_MALFORMED},
    {"s=-\r\nt=0 0", "t=0 0\r\ns=-", CG_SDP_MALFORMED},
    {"s=-\r\n", "s=-\r\nx=what\r\n", CG_SDP_MALFORMED},
    {"s=-\r\n", "s=-\r\n\r\n", CG_SDP_MALFORMED},
    {"s=-\r\n", "s=-\n", CG_SDP_OK},
    {"s=-\r\n", "s=-\r", CG_SDP_MALFORMED},
    {"s=-", "s=\x01", CG_SDP_MALFORMED},
    {"s=-", "s=\xff", CG_SDP_MALFORMED},
    {"s=-", "s=\xc3\xa9", CG_SDP_OK},
    {"s=-", "s", CG_SDP_MALFORMED},
    {"s=-", "s=", CG_SDP_MALFORMED},
    {"t=0 0\r\n", "t=0 0\r\nr=1 2 3\r\nt=1 1\r\n", CG_SDP_OK},
    {"s=-\r\n", "s=-\r\ni=a\r\nu=b\r\ne=c\r\np=d\r\nc=IN IP4 0.0.0.0\r\nb=AS:100\r\nb=TIAS:9\r\n", CG_SDP_OK},
    {"s=-\r\n", "s=-\r\nb=AS:100\r\nc=IN IP4 0.0.0.0\r\n", CG_SDP_MALFORMED},
    {"c=IN IP4 0.0.0.0\r\n", "c=IN IP4 0.0.0.0\r\nb=AS:64\r\n", CG_SDP_OK},
    {"a=sendrecv\r\n", "a=sendrecv\r\nc=IN IP4 0.0.0.0\r\n", CG_SDP_MALFORMED},
    {"a=sendrecv\r\n", "a=sendrecv\r\na=\r\n", CG_SDP_MALFORMED},
    {"a=sendrecv\r\n", "a=sendrecv\r\na=what is this:1\r\n", CG_SDP_MALFORMED},
    {"a=sendrecv\r\n", "a=sendrecv\r\na=x-unknown:\"<anything>\" \xc3\xa9\r\n", CG_SDP_OK},

    /* The m-line and which section is ours. */
    {"m=audio 9 ", "m=audio 70000 ", CG_SDP_MALFORMED},
    {"m=audio 9 ", "m=audio -1 ", CG_SDP_MALFORMED},
    {"m=audio 9 ", "m=audio 9/2 ", CG_SDP_MALFORMED},
    {"m=audio 9 ", "m=audio  9 ", CG_SDP_MALFORMED},
    {"SAVPF 111 63 0 110", "SAVPF", CG_SDP_MALFORMED},
    {"SAVPF 111 ", "SAVPF  111 ", CG_SDP_MALFORMED},
    {"UDP/TLS/RTP/SAVPF", "UDP//SAVPF", CG_SDP_MALFORMED},
    {"UDP/TLS/RTP/SAVPF", LONG_40 LONG_40, CG_SDP_MALFORMED},
    {"m=audio", "m=video", CG_SDP_NO_AUDIO},
    {"m=audio", "m=Audio", CG_SDP_NO_AUDIO},
    {"m=audio 9 ", "m=audio 0 ", CG_SDP_NO_AUDIO},
    {TEST_MEDIA, "", CG_SDP_NO_AUDIO},
    {"UDP/TLS/RTP/SAVPF", "UDP/TLS/RTP/SAVP", CG_SDP_OK},
    {"UDP/TLS/RTP/SAVPF", "RTP/SAVPF", CG_SDP_PROTOCOL},
    {"UDP/TLS/RTP/SAVPF", "RTP/AVP", CG_SDP_PROTOCOL},
    {"UDP/TLS/RTP/SAVPF", "TCP/TLS/RTP/SAVPF", CG_SDP_PROTOCOL},
    {"a=mid:a\r\n", "", CG_SDP_OK},
    {"a=mid:a\r\n", "a=mid:\r\n", CG_SDP_MALFORMED},
    {"a=mid:a\r\n", "a=mid:a b\r\n", CG_SDP_MALFORMED},
    {"a=mid:a\r\n", "a=mid:a\r\na=mid:b\r\n", CG_SDP_MALFORMED},
    {"a=mid:a\r\n", "a=mid:" LONG_40 LONG_40 "\r\n", CG_SDP_MALFORMED},
    {TEST_MEDIA, "m=audio 0 UDP/TLS/RTP/SAVPF 0\r\n" TEST_MEDIA, CG_SDP_OK},
    {TEST_MEDIA, VIDEO TEST_MEDIA VIDEO, CG_SDP_MALFORMED}, /* the mid v twice */
    {TEST_MEDIA, VIDEO TEST_MEDIA, CG_SDP_OK},
    {"a=group:BUNDLE a", "a=group:BUNDLE b a c", CG_SDP_OK},
    {"a=group:BUNDLE a", "a=group:BUNDLE", CG_SDP_OK},

    /* ICE. */
    {"a=ice-ufrag:abcd\r\n", "", CG_SDP_NO_ICE},
    {"a=ice-pwd:0123456789+/0123456789ab\r\n", "", CG_SDP_NO_ICE},
    {"a=ice-ufrag:abcd", "a=ice-ufrag:abc", CG_SDP_NO_ICE},
    {"a=ice-ufrag:abcd", "a=ice-ufrag:", CG_SDP_NO_ICE},
    {"a=ice-ufrag:abcd", "a=ice-ufrag:ab:d", CG_SDP_NO_ICE},
    {"a=ice-ufrag:abcd", "a=ice-ufrag:abcdabcdabcdabcdabcdabcdabcdabcd", CG_SDP_OK},
    {"a=ice-ufrag:abcd", "a=ice-ufrag:abcdabcdabcdabcdabcdabcdabcdabcde", CG_SDP_NO_ICE},
    {"a=ice-ufrag:abcd", "a=ice-ufrag:abcd\r\na=ice-ufrag:abcd", CG_SDP_OK},
    {"a=ice-ufrag:abcd", "a=ice-ufrag:abcd\r\na=ice-ufrag:efgh", CG_SDP_MALFORMED},
    {"a=ice-pwd:0123456789+/0123456789ab", "a=ice-pwd:012345678901234567890", CG_SDP_NO_ICE},
    {"a=ice-pwd:0123456789+/0123456789ab", "a=ice-pwd:" LONG_40 LONG_40 LONG_40 "01234567", CG_SDP_OK},
    {"a=ice-pwd:0123456789+/0123456789ab", "a=ice-pwd:" LONG_40 LONG_40 LONG_40 "012345678", CG_SDP_NO_ICE},

    /* Fingerprints: one certificate, named once. */
    {TEST_FINGERPRINT "\r\n", "", CG_SDP_NO_FINGERPRINT},
    {TEST_FINGERPRINT, TEST_FINGERPRINT "\r\n" TEST_FINGERPRINT, CG_SDP_OK},
    {"sha-256 00:01", "SHA-256 00:01", CG_SDP_OK},
    {"0A:0B:0C", "0a:0B:0c", CG_SDP_OK},
    {"a=setup", SHA1 "a=setup", CG_SDP_TWO_FINGERPRINTS},
    {"a=setup",
     "a=fingerprint:sha-256 FF:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13:14:15:16:17:18:19:1A:1B:1C:1D:"
     "1E:1F\r\na=setup",
     CG_SDP_TWO_FINGERPRINTS},
    {TEST_FINGERPRINT "\r\n", SHA1, CG_SDP_WEAK_FINGERPRINT},
    {"sha-256 00:01", "md5 00:01", CG_SDP_WEAK_FINGERPRINT},
    {"sha-256 00:01", "sha-224 00:01", CG_SDP_WEAK_FINGERPRINT},
    {"sha-256 00:01", "sha-384 00:01", CG_SDP_MALFORMED}, /* the size of another */
    {"sha-256 00:01", "sha-256 01", CG_SDP_MALFORMED},
    {"sha-256 00:01", "sha-256 00-01", CG_SDP_MALFORMED},
    {"sha-256 00:01", "sha-256 0G:01", CG_SDP_MALFORMED},
    {"sha-256 00:01", "sha-256  00:01", CG_SDP_MALFORMED},
    {"1E:1F", "1E:1F:20", CG_SDP_MALFORMED},
    {TEST_FINGERPRINT, "a=fingerprint:sha-256", CG_SDP_MALFORMED},
    {TEST_FINGERPRINT, "a=fingerprint", CG_SDP_MALFORMED},

    /* DTLS role and rtcp-mux. */
    {"a=setup:actpass", "a=setup:passive", CG_SDP_OK},
    {"a=setup:actpass", "a=setup:active", CG_SDP_SETUP},
    {"a=setup:actpass", "a=setup:holdconn", CG_SDP_SETUP},
    {"a=setup:actpass\r\n", "", CG_SDP_SETUP},
    {"a=setup:actpass\r\n", "a=setup:actpass\r\na=setup:active\r\n", CG_SDP_MALFORMED},
    {"a=rtcp-mux\r\n", "", CG_SDP_NO_RTCP_MUX},
    {"a=rtcp-mux\r\n", "a=rtcp-mux\r\na=rtcp-mux-only\r\n", CG_SDP_OK},

    /* Formats. */
    {"SAVPF 111 63 0 110", "SAVPF 111 63 0 128", CG_SDP_MALFORMED},
    {"SAVPF 111 63 0 110", "SAVPF 111 63 0 x", CG_SDP_MALFORMED},
    {"SAVPF 111 63 0 110", "SAVPF 111 63 0 111", CG_SDP_MALFORMED},
    {"SAVPF 111 63 0 110", "SAVPF 110", CG_SDP_NO_CODEC}, /* events alone are no speech */
    {"SAVPF 111 63 0 110", "SAVPF 63 13 110", CG_SDP_NO_CODEC},
    {"SAVPF 111 63 0 110", "SAVPF 96 97 98", CG_SDP_NO_CODEC},
    {"a=rtpmap:111 ", "a=rtpmap:200 ", CG_SDP_MALFORMED},
    {"a=rtpmap:111 opus/48000/2", "a=rtpmap:111", CG_SDP_MALFORMED},
    {"a=rtpmap:111 opus/48000/2", "a=rtpmap:111 opus/48000/2\r\na=rtpmap:111 opus/48000/2", CG_SDP_OK},
    {"a=rtpmap:111 opus/48000/2", "a=rtpmap:111 opus/48000/2\r\na=rtpmap:111 opus/48000", CG_SDP_MALFORMED},
    {"a=rtpmap:111 opus/48000/2", "a=rtpmap:111 opus/48000/2\r\na=rtpmap:99 VP8/90000", CG_SDP_OK},
    {"a=fmtp:63 111/111", "a=fmtp:63 111/111\r\na=fmtp:63 0/0", CG_SDP_MALFORMED},
    {"a=fmtp:63 111/111", "a=fmtp:x 111/111", CG_SDP_MALFORMED},

    /* Attributes. */
    {"a=sendrecv", "a=sendrecv\r\na=sendonly", CG_SDP_MALFORMED},
    {"a=sendrecv", "a=sendrecv\r\na=sendrecv", CG_SDP_OK},
    {"a=ptime:20", "a=ptime:0", CG_SDP_MALFORMED},
    {"a=ptime:20", "a=ptime:1001", CG_SDP_MALFORMED},
    {"a=ptime:20", "a=ptime:20\r\na=ptime:30", CG_SDP_MALFORMED},
    {"a=ssrc:4294967295", "a=ssrc:4294967296", CG_SDP_MALFORMED},
    {"a=ssrc:4294967295 cname:x", "a=ssrc:", CG_SDP_MALFORMED},
    {"a=extmap:1 urn", "a=extmap:0 urn", CG_SDP_MALFORMED},
    {"a=extmap:1 urn", "a=extmap:x urn", CG_SDP_MALFORMED},
    {"a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level", "a=extmap:1", CG_SDP_MALFORMED},
    {"a=extmap:1 urn", "a=extmap:1 urn:other\r\na=extmap:1 urn", CG_SDP_MALFORMED},
    {"a=extmap:1 urn", "a=extmap:4096 urn:other\r\na=extmap:1 urn", CG_SDP_OK},

    /* Candidates: broken ones refuse, useless ones do not (test_candidates). */
    {"candidate:1 1 udp", "candidate:1 0 udp", CG_SDP_MALFORMED},
    {"candidate:1 1 udp", "candidate:1 257 udp", CG_SDP_MALFORMED},
    {"candidate:1 1 udp", "candidate: 1 udp", CG_SDP_MALFORMED},
    {"candidate:1 1 udp", "candidate:: 1 udp", CG_SDP_MALFORMED},
    {"candidate:1 1 udp", "candidate:" LONG_40 " 1 udp", CG_SDP_MALFORMED},
    {"2122260223", "0", CG_SDP_MALFORMED},
    {"2122260223", "2147483648", CG_SDP_MALFORMED},
    {"2122260223", "18446744073709551617", CG_SDP_MALFORMED},
    {"50000 typ host", "65536 typ host", CG_SDP_MALFORMED},
    {"50000 typ host", "50000 host typ", CG_SDP_MALFORMED},
    {"50000 typ host generation 0", "50000 typ", CG_SDP_MALFORMED},
};

static void test_mutations(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(mutations); i++) {
        g_autofree char *text = test_replace(TEST_OFFER, mutations[i].find, mutations[i].replacement);
        g_autoptr(cg_sdp) sdp = NULL;
        cg_sdp_status status = cg_sdp_parse(text, strlen(text), CG_SDP_OFFER, &sdp);
        g_autofree char *change = g_strescape(mutations[i].replacement, NULL);
        g_test_message("%zu: %s", i, change);
        g_assert_cmpstr(cg_sdp_status_name(status), ==, cg_sdp_status_name(mutations[i].status));
        g_assert_true((sdp != NULL) == (status == CG_SDP_OK));
    }
}

static void test_statuses(void)
{
    for (cg_sdp_status status = 0; status < CG_SDP_STATUS_COUNT; status++) {
        bool hit = status == CG_SDP_NO_CRYPTO; /* phones' only: test-crypto.c */
        for (size_t i = 0; i < G_N_ELEMENTS(mutations); i++)
            hit = hit || mutations[i].status == status;
        g_assert_true(hit);
        g_assert_cmpuint(strlen(cg_sdp_status_text(status)), >, 10);
        for (cg_sdp_status other = 0; other < status; other++)
            g_assert_cmpstr(cg_sdp_status_name(status), !=, cg_sdp_status_name(other));
    }
}

static void test_roles_in_answers(void)
{
    static const struct {
        const char *setup;
        cg_sdp_status status;
    } rows[] = {
        {"a=setup:passive", CG_SDP_OK},
        {"a=setup:actpass", CG_SDP_SETUP}, /* no answer at all: RFC 4145 section 4.1 */
        {"a=setup:active", CG_SDP_SETUP},
        {"a=setup:holdconn", CG_SDP_SETUP},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text = test_replace(TEST_OFFER, "a=setup:actpass", rows[i].setup);
        g_autoptr(cg_sdp) sdp = NULL;
        g_assert_cmpint(cg_sdp_parse(text, strlen(text), CG_SDP_ANSWER, &sdp), ==, rows[i].status);
    }
}

static void test_everything_read(void)
{
    g_autoptr(cg_sdp) sdp = test_parse(TEST_OFFER, CG_SDP_OFFER);
    const cg_media_description *media = cg_sdp_media(sdp);
    g_autofree char *formats = test_formats(media);

    g_assert_cmpstr(formats, ==, "opus/111 red/63 PCMU/0 telephone-event/110@48000");
    g_assert_cmpstr(media->formats[0].fmtp, ==, "minptime=10;useinbandfec=1");
    g_assert_cmpstr(media->formats[1].fmtp, ==, "111/111");
    g_assert_cmpstr(media->ice.ufrag, ==, "abcd");
    g_assert_cmpstr(media->ice.pwd, ==, "0123456789+/0123456789ab");
    g_assert_cmpint(media->fingerprint.hash, ==, CG_HASH_SHA256);
    for (size_t i = 0; i < media->fingerprint.size; i++)
        g_assert_cmpuint(media->fingerprint.digest[i], ==, i);
    g_assert_cmpuint(media->ssrc, ==, UINT32_MAX);
    g_assert_cmpuint(media->ptime_ms, ==, 20);
    g_assert_cmpuint(media->extensions[CG_EXTENSION_AUDIO_LEVEL], ==, 1);
}

/* What stands once for the whole session, and what a bundled section leaves to the tagged one. */
static void test_inheritance(void)
{
    g_autofree char *no_fingerprint = test_replace(TEST_OFFER, TEST_FINGERPRINT "\r\n", "");
    g_autofree char *moved = test_replace(no_fingerprint, "a=group", TEST_FINGERPRINT "\r\na=inactive\r\na=group");
    g_autofree char *session = test_replace(moved, "a=sendrecv\r\n", "");
    g_autoptr(cg_sdp) first = test_parse(session, CG_SDP_OFFER);
    g_assert_cmpuint(cg_sdp_media(first)->fingerprint.digest[31], ==, 31);
    g_assert_cmpint(cg_sdp_media(first)->direction, ==, CG_DIRECTION_INACTIVE);

    /* The audio section's own word wins over the session's: RFC 8122 section 5. */
    g_autofree char *both = test_replace(TEST_OFFER, "a=group", SHA1 "a=group");
    g_autoptr(cg_sdp) second = test_parse(both, CG_SDP_OFFER);
    g_assert_cmpint(cg_sdp_media(second)->fingerprint.hash, ==, CG_HASH_SHA256);

    /* rtcp-mux is a media attribute (RFC 5761 section 5.1.1): the session cannot say it. */
    cg_sdp *none = NULL;
    g_autofree char *no_mux = test_replace(TEST_OFFER, "a=rtcp-mux\r\n", "");
    g_autofree char *session_mux = test_replace(no_mux, "a=group", "a=rtcp-mux\r\na=group");
    g_assert_cmpint(cg_sdp_parse(session_mux, strlen(session_mux), CG_SDP_OFFER, &none), ==, CG_SDP_NO_RTCP_MUX);

    /* RFC 9143 section 7.1.3: port 0 with bundle-only is not rejected, and all transport is the tagged section's. */
    static const char bundled[] =
        TEST_SESSION "a=group:BUNDLE v b\r\n"
                     "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n"
                     "a=candidate:1 1 udp 1 192.0.2.7 5 typ host\r\n"
                     "a=ice-ufrag:wxyz\r\na=ice-pwd:0123456789012345678901\r\n" TEST_FINGERPRINT
                     "\r\na=setup:actpass\r\na=rtcp-mux\r\na=mid:v\r\n"
                     "m=audio 0 UDP/TLS/RTP/SAVPF 0\r\na=bundle-only\r\na=mid:b\r\n";
    g_autoptr(cg_sdp) third = test_parse(bundled, CG_SDP_OFFER);
    g_assert_cmpstr(cg_sdp_media(third)->ice.ufrag, ==, "wxyz");
    /* Its candidates are too, so they are the ones that are checked. */
    g_autofree char *broken = test_replace(bundled, "1 udp 1 192", "1 udp 0 192");
    g_assert_cmpint(cg_sdp_parse(broken, strlen(broken), CG_SDP_OFFER, &none), ==, CG_SDP_MALFORMED);

    g_autofree char *unbundled = test_replace(bundled, "a=group:BUNDLE v b\r\n", "");
    g_assert_cmpint(cg_sdp_parse(unbundled, strlen(unbundled), CG_SDP_OFFER, &none), ==, CG_SDP_NO_AUDIO);
    g_autofree char *passive = test_replace(bundled, "actpass", "passive");
    g_assert_cmpint(cg_sdp_parse(passive, strlen(passive), CG_SDP_ANSWER, &none), ==, CG_SDP_NO_AUDIO);
    g_autofree char *apart = test_replace(bundled, "m=audio 0", "m=audio 9");
    g_autofree char *alone = test_replace(apart, "a=group:BUNDLE v b\r\n", "");
    g_assert_cmpint(cg_sdp_parse(alone, strlen(alone), CG_SDP_OFFER, &none), ==, CG_SDP_NO_ICE);
    g_assert_null(none);
}

static void test_formats_taken(void)
{
    static const struct {
        const char *list, *lines, *formats;
    } rows[] = {
        {"0 8 9 13", "", "PCMU/0 PCMA/8 G722/9 CN/13"},                                          /* RFC 3551 table 4 */
        {"96 97", "a=rtpmap:96 OPUS/48000/2\r\na=rtpmap:97 pcmu/8000/1\r\n", "opus/96 PCMU/97"}, /* case, channels */
        {"96 97 0", "a=rtpmap:96 opus/48000/2\r\na=rtpmap:97 opus/48000/2\r\n", "opus/96 PCMU/0"}, /* first counts */
        {"96 0", "a=rtpmap:96 opus/48000\r\n", "PCMU/0"},   /* RFC 7587: always two */
        {"72 0", "a=rtpmap:72 opus/48000/2\r\n", "PCMU/0"}, /* would pass for RTCP */
        {"3 0", "a=rtpmap:3 opus/48000/2\r\n", "PCMU/0"},   /* 3 is GSM */
        {"8 0", "a=rtpmap:8 PCMU/8000\r\n", "PCMU/0"},      /* 8 is PCMA */
        {"63 96 0", "a=rtpmap:96 opus/48000/2\r\na=rtpmap:63 red/48000/2\r\n", "opus/96 PCMU/0"}, /* of what? */
        {"63 96", "a=rtpmap:96 opus/48000/2\r\na=rtpmap:63 red/48000/2\r\na=fmtp:63 96/96/96\r\n", "red/63 opus/96"},
        {"63 96", "a=rtpmap:96 opus/48000/2\r\na=rtpmap:63 red/48000/2\r\na=fmtp:63 96/0\r\n", "opus/96"},
        {"96 97 0", "a=rtpmap:96 /8000\r\na=rtpmap:97 telephone-event/8000/1\r\n", "telephone-event/97@8000 PCMU/0"},
        {"96 97 0", "a=rtpmap:96 PCMU/8000/x\r\na=rtpmap:97 PCMU\r\n", "PCMU/0"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        static const char old[] = "a=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1\r\n"
                                  "a=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111\r\n";
        g_autofree char *list = test_replace(TEST_OFFER, "111 63 0 110", rows[i].list);
        g_autofree char *text = test_replace(list, old, rows[i].lines);
        g_autoptr(cg_sdp) sdp = test_parse(text, CG_SDP_OFFER);
        g_autofree char *formats = test_formats(cg_sdp_media(sdp));
        g_assert_cmpstr(formats, ==, rows[i].formats);
    }
}

static void test_fmtp_cleaned(void)
{
    static const struct {
        const char *codec, *fmtp, *cleaned;
    } rows[] = {
        {"opus/48000/2", "minptime=10;useinbandfec=1", "minptime=10;useinbandfec=1"},
        {"opus/48000/2", " stereo=1 ; USEDTX=0;; x-evil=<b>", "stereo=1;usedtx=0"},
        {"opus/48000/2", "stereo=2;maxaveragebitrate=510001;maxplaybackrate=7999;minptime=2", ""},
        {"opus/48000/2", "stereo=1;stereo=0", "stereo=1"},
        {"opus/48000/2", "stereo;=1;cbr=;cbr=+1;useinbandfec=01", "useinbandfec=1"},
        {"opus/48000/2",
         "maxplaybackrate=48000;sprop-maxcapturerate=48000;maxptime=120;ptime=120;minptime=120;maxaveragebitrate="
         "510000;"
         "stereo=1;sprop-stereo=1;cbr=1;useinbandfec=1;usedtx=1",
         "maxplaybackrate=48000;sprop-maxcapturerate=48000;maxptime=120;ptime=120;minptime=120;maxaveragebitrate="
         "510000;"
         "stereo=1;sprop-stereo=1;cbr=1;useinbandfec=1;usedtx=1"},
        {"telephone-event/48000", "0-15", "0-15"},
        {"telephone-event/48000", "0-15,16,66-70", "0-16"},
        {"telephone-event/48000", "0-9, 11,15-255", "0-9,11,15-16"},
        {"telephone-event/48000", "0-256", ""},
        {"telephone-event/48000", "0-", ""},
        {"telephone-event/48000", "15-0", ""},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *lines = g_strdup_printf("a=rtpmap:111 %s\r\na=fmtp:111 %s\r\n", rows[i].codec, rows[i].fmtp);
        static const char old[] = "a=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1\r\n";
        g_autofree char *text = test_replace(TEST_OFFER, old, lines);
        g_autoptr(cg_sdp) sdp = test_parse(text, CG_SDP_OFFER);
        g_assert_cmpstr(cg_media_find_payload_type(cg_sdp_media(sdp), 111)->fmtp, ==, rows[i].cleaned);
    }
}

static void test_extensions(void)
{
    static const struct {
        const char *key;
        unsigned id;
    } rows[] = {{"14", 14},        {"1/sendrecv", 1}, {"1/sendonly", 0}, {"1/recvonly", 0},
                {"1/inactive", 0}, {"15", 0},         {"4096", 0}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *line = g_strdup_printf("a=extmap:%s ", rows[i].key);
        g_autofree char *text = test_replace(TEST_OFFER, "a=extmap:1 ", line);
        g_autoptr(cg_sdp) sdp = test_parse(text, CG_SDP_OFFER);
        g_assert_cmpuint(cg_sdp_media(sdp)->extensions[CG_EXTENSION_AUDIO_LEVEL], ==, rows[i].id);
    }
}

static GString *offer_without_candidates(void)
{
    g_autofree char *bare =
        test_replace(TEST_OFFER, "a=candidate:1 1 udp 2122260223 192.0.2.7 50000 typ host generation 0\r\n", "");
    return g_string_new(bare);
}

/* Candidates that are of use, and what is kept of them. */
static const struct {
    const char *text;
    const char *address; /* and port */
    cg_candidate_type type;
    uint32_t priority;
    const char *foundation, *ufrag;
} useful[] = {
    {"1 1 udp 1 192.0.2.7 50000 typ srflx raddr 0.0.0.0 rport 0", "192.0.2.7:50000", CG_CANDIDATE_SERVER_REFLEXIVE, 1,
     "1", ""},
    {"+/aZ 1 UDP 2147483647 2001:db8::7 1 typ relay", "2001:db8::7:1", CG_CANDIDATE_RELAYED, INT32_MAX, "+/aZ", ""},
    {"1 1 udp 7 127.0.0.1 65535 typ host generation 0 ufrag aBcD network-id 1", "127.0.0.1:65535", CG_CANDIDATE_HOST, 7,
     "1", "aBcD"},
    {"1 1 udp 7 ::1 9 typ prflx raddr ufrag rport 9 ufrag", "::1:9", CG_CANDIDATE_PEER_REFLEXIVE, 7, "1", ""},
};

static void assert_candidate(const cg_candidate *candidate, size_t row)
{
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *) &candidate->address;
    const struct sockaddr_in *in4 = (const struct sockaddr_in *) &candidate->address;
    bool is4 = candidate->address.ss_family == AF_INET;
    char text[INET6_ADDRSTRLEN];
    g_assert_nonnull(inet_ntop(candidate->address.ss_family,
                               is4 ? (const void *) &in4->sin_addr : (const void *) &in6->sin6_addr, text,
                               sizeof text));
    g_autofree char *address = g_strdup_printf("%s:%u", text, ntohs(is4 ? in4->sin_port : in6->sin6_port));
    g_assert_cmpstr(address, ==, useful[row].address);
    g_assert_cmpint(candidate->type, ==, useful[row].type);
    g_assert_cmpuint(candidate->priority, ==, useful[row].priority);
    g_assert_cmpstr(candidate->foundation, ==, useful[row].foundation);
    g_assert_cmpstr(candidate->ufrag, ==, useful[row].ufrag);
}

static void test_useful_candidates(void)
{
    g_autoptr(GString) text = offer_without_candidates();
    size_t count;
    for (size_t i = 0; i < G_N_ELEMENTS(useful); i++)
        g_string_append_printf(text, "a=candidate:%s\r\n", useful[i].text);
    g_autoptr(cg_sdp) few = test_parse(text->str, CG_SDP_OFFER);
    const cg_candidate *candidates = cg_sdp_candidates(few, &count);
    g_assert_cmpuint(count, ==, G_N_ELEMENTS(useful));
    for (size_t i = 0; i < count; i++)
        assert_candidate(&candidates[i], i);
    for (size_t i = 0; i < CG_SDP_MAX_CANDIDATES; i++)
        g_string_append(text, "a=candidate:1 1 udp 1 192.0.2.7 5 typ host\r\n");
    g_autoptr(cg_sdp) many = test_parse(text->str, CG_SDP_OFFER);
    cg_sdp_candidates(many, &count);
    g_assert_cmpuint(count, ==, CG_SDP_MAX_CANDIDATES);
}

/* The same alone, as they are trickled; and what is no candidate at all. */
static void test_trickled_candidates(void)
{
    static const char *const wrong[] = {"",
                                        "candidate",
                                        "candidate:",
                                        "a=candidate:1 1 udp 1 192.0.2.7 5 typ host",
                                        "candidate:1 1 udp 1 192.0.2.7 5 host",
                                        "candidate:1 1 udp 1 192.0.2.7 typ host",
                                        "candidate:1  1 udp 1 192.0.2.7 5 typ host",
                                        "candidate:1 1 udp 0 192.0.2.7 5 typ host",
                                        "candidate:1 1 u\ndp 1 192.0.2.7 5 typ host"};
    cg_candidate candidate;
    for (size_t i = 0; i < G_N_ELEMENTS(useful); i++) {
        g_autofree char *text = g_strconcat("candidate:", useful[i].text, NULL);
        g_assert_cmpint(cg_sdp_parse_candidate(text, &candidate), ==, CG_SDP_CANDIDATE_OK);
        assert_candidate(&candidate, i);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++)
        g_assert_cmpint(cg_sdp_parse_candidate(wrong[i], &candidate), ==, CG_SDP_CANDIDATE_MALFORMED);
    g_autofree char *tail = g_strnfill(CG_SDP_MAX_CANDIDATE_SIZE, 'a');
    g_autofree char *long_text = g_strconcat("candidate:1 1 udp 1 192.0.2.7 5 typ host x ", tail, NULL);
    g_assert_cmpint(cg_sdp_parse_candidate(long_text, &candidate), ==, CG_SDP_CANDIDATE_MALFORMED);
    g_assert_cmpint(cg_sdp_parse_candidate("candidate:1 1 udp 1 a.local 5 typ host", &candidate), ==,
                    CG_SDP_CANDIDATE_USELESS);
}

/* Candidates that are of no use to us, and may be to others: TCP, names (mDNS among them), addresses nobody has, RTCP's
 * component, kinds and generations unheard of. None is a reason to refuse. */
static void test_candidates(void)
{
    static const char *const candidates[] = {
        "1 1 udp 1 192.0.2.7 50000 typ moon",
        ("1 1 udp 1 192.0.2.7 50000 typ host ufrag " LONG_40),
        "1 1 udp 1 0.0.0.0 50000 typ host",
        "1 1 udp 1 224.0.0.1 50000 typ host",
        "1 1 udp 1 ff02::1 50000 typ host",
        "1 1 udp 1 :: 50000 typ host",
        "1 2 udp 1 192.0.2.7 50001 typ host",
        "1 1 tcp 1 192.0.2.7 9 typ host tcptype active",
        "1 1 ssltcp 1 192.0.2.7 443 typ relay",
        "1 1 udp 1 9af1726d-9dfc-4b1b-a3a7-f67694a6fc43.local 50000 typ host",
        "1 1 udp 1 example.com 50000 typ host",
        "1 1 udp 1 192.0.2.7 0 typ host",
        "1 1 udp 1 255.255.255.255 50000 typ host",
        "1 1 udp 1 fe80::1%lo 50000 typ host",
        "abcdefghijklmnopqrstuvwxyz+/0123 256 udp 1 192.0.2.7 65535 typ host",
    };
    size_t count;
    g_autoptr(GString) text = offer_without_candidates();
    for (size_t i = 0; i < G_N_ELEMENTS(candidates) * 10; i++)
        g_string_append_printf(text, "a=candidate:%s\r\n", candidates[i % G_N_ELEMENTS(candidates)]);
    g_autoptr(cg_sdp) sdp = test_parse(text->str, CG_SDP_OFFER);
    cg_sdp_candidates(sdp, &count);
    g_assert_cmpuint(count, ==, 0);
    g_string_append(text, "a=candidate:1 1 udp 1 192.0.2.7 65536 typ host\r\n"); /* the last one is looked at, too */
    cg_sdp *none = NULL;
    g_assert_cmpint(cg_sdp_parse(text->str, text->len, CG_SDP_OFFER, &none), ==, CG_SDP_MALFORMED);
}

/* TEST_OFFER with `count` copies of `line` behind it. */
static char *offer_with(const char *line, size_t count)
{
    GString *text = g_string_new(TEST_OFFER);
    for (size_t i = 0; i < count; i++)
        g_string_append(text, line);
    return g_string_free(text, FALSE);
}

static cg_sdp_status parse_only(const char *text, size_t size)
{
    g_autoptr(cg_sdp) sdp = NULL;
    return cg_sdp_parse(text, size, CG_SDP_OFFER, &sdp);
}

static void test_limits(void)
{
    size_t lines = 0;
    for (const char *at = TEST_OFFER; (at = strchr(at, '\n')); at++)
        lines++;

    g_autofree char *most_lines = offer_with("a=x\n", CG_SDP_MAX_LINES - lines);
    g_autofree char *more_lines = offer_with("a=x\n", CG_SDP_MAX_LINES - lines + 1);
    g_assert_cmpint(parse_only(most_lines, strlen(most_lines)), ==, CG_SDP_OK);
    g_assert_cmpint(parse_only(more_lines, strlen(more_lines)), ==, CG_SDP_MALFORMED);

    g_autofree char *most_sections = offer_with("m=video 0 RTP/AVP 99\n", CG_SDP_MAX_SECTIONS - 1);
    g_autofree char *more_sections = offer_with("m=video 0 RTP/AVP 99\n", CG_SDP_MAX_SECTIONS);
    g_assert_cmpint(parse_only(most_sections, strlen(most_sections)), ==, CG_SDP_OK);
    g_assert_cmpint(parse_only(more_sections, strlen(more_sections)), ==, CG_SDP_MALFORMED);

    /* Empty lines at the end make it as long as one likes without making it wrong. */
    g_autofree char *size = offer_with("\n", CG_SDP_MAX_SIZE + 1 - strlen(TEST_OFFER));
    g_assert_cmpint(parse_only(size, CG_SDP_MAX_SIZE), ==, CG_SDP_OK);
    g_assert_cmpint(parse_only(size, CG_SDP_MAX_SIZE + 1), ==, CG_SDP_MALFORMED);
    g_assert_cmpint(parse_only("", 0), ==, CG_SDP_MALFORMED);
    g_assert_cmpint(parse_only("v=0\0", 4), ==, CG_SDP_MALFORMED);
    g_assert_cmpint(parse_only("\r\n\r\n", 4), ==, CG_SDP_MALFORMED);
}

/* Every prefix of a real description ends somewhere: none may read beyond itself (run under ASan). */
static void test_truncation(void)
{
    g_autofree char *text = test_load("firefox-offer-max-bundle");
    size_t size = strlen(text);
    for (size_t i = 0; i < size; i++) {
        g_autofree char *prefix = g_memdup2(text, i);
        parse_only(prefix, i);
    }
    g_assert_cmpint(parse_only(text, size), ==, CG_SDP_OK);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sdp/reader/browsers", test_browsers);
    g_test_add_func("/sdp/reader/mutations", test_mutations);
    g_test_add_func("/sdp/reader/statuses", test_statuses);
    g_test_add_func("/sdp/reader/roles-in-answers", test_roles_in_answers);
    g_test_add_func("/sdp/reader/everything-read", test_everything_read);
    g_test_add_func("/sdp/reader/inheritance", test_inheritance);
    g_test_add_func("/sdp/reader/formats", test_formats_taken);
    g_test_add_func("/sdp/reader/fmtp", test_fmtp_cleaned);
    g_test_add_func("/sdp/reader/extensions", test_extensions);
    g_test_add_func("/sdp/reader/candidates", test_candidates);
    g_test_add_func("/sdp/reader/useful-candidates", test_useful_candidates);
    g_test_add_func("/sdp/reader/trickled-candidates", test_trickled_candidates);
    g_test_add_func("/sdp/reader/limits", test_limits);
    g_test_add_func("/sdp/reader/truncation", test_truncation);
    return g_test_run();
}
