/* Writing descriptions: the exact text of one offer and one answer, and that what is written is read back the same.
 * The one thing to know: that browsers take this text is proved by tests/browser/sdp.test.mjs, not here. */
#include "tests/unit/sdp/descriptions.h"

#include <arpa/inet.h>

static cg_candidate candidate_of(const char *address, uint16_t port, uint32_t priority, const char *foundation)
{
    cg_candidate candidate = {.priority = priority};
    struct sockaddr_in *in4 = (struct sockaddr_in *) &candidate.address;
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *) &candidate.address;

    if (inet_pton(AF_INET, address, &in4->sin_addr) == 1) {
        in4->sin_family = AF_INET;
        in4->sin_port = htons(port);
    } else {
        g_assert_cmpint(inet_pton(AF_INET6, address, &in6->sin6_addr), ==, 1);
        in6->sin6_family = AF_INET6;
        in6->sin6_port = htons(port);
    }
    g_strlcpy(candidate.foundation, foundation, sizeof(candidate.foundation));
    return candidate;
}

static cg_media_description local_of(void)
{
    cg_media_description local = {.ice = {.ufrag = "ufragufr", .pwd = "passwordpasswordpassword"}, .ssrc = 4000000000};
    local.fingerprint = (cg_fingerprint){.hash = CG_HASH_SHA256, .size = 32};
    for (size_t i = 0; i < 32; i++)
        local.fingerprint.digest[i] = (uint8_t) (0xe0 + i);
    return local;
}

#define OUR_TRANSPORT                                                                                            \
    "a=ice-ufrag:ufragufr\r\n"                                                                                   \
    "a=ice-pwd:passwordpasswordpassword\r\n"                                                                     \
    "a=fingerprint:sha-256 E0:E1:E2:E3:E4:E5:E6:E7:E8:E9:EA:EB:EC:ED:EE:EF:F0:F1:F2:F3:F4:F5:F6:F7:F8:F9:FA:FB:" \
    "FC:FD:FE:FF\r\n"                                                                                            \
    "a=setup:active\r\n"

static void test_offer(void)
{
    cg_candidate candidates[] = {candidate_of("192.0.2.1", 40000, 2130706431, "1"),
                                 candidate_of("2001:db8::1", 40000, 2130706175, "2"),
                                 candidate_of("192.0.2.1", 443, 1518280447, "t1")};
    candidates[2].tcp = true;
    const cg_sdp_origin origin = {.session_id = UINT64_MAX,
                                  .session_version = 3,
                                  .candidates = candidates,
                                  .candidate_count = 3,
                                  .candidates_complete = true,
                                  .ice_lite = true,
                                  .cname = "name"};
    cg_media_description local = local_of();
    cg_sdp_offer_media(NULL, &local);
    local.ptime_ms = 20;
    g_autofree char *text = cg_sdp_write_offer(&origin, &local, NULL);
    g_assert_cmpstr(text, ==,
                    "v=0\r\n"
                    "o=- 9223372036854775807 3 IN IP4 127.0.0.1\r\n"
                    "s=-\r\n"
                    "t=0 0\r\n"
                    "a=group:BUNDLE 0\r\n"
                    "a=ice-lite\r\n"
                    "a=ice-options:trickle\r\n"
                    "m=audio 40000 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 101\r\n"
                    "c=IN IP4 192.0.2.1\r\n"
                    "a=rtcp:40000 IN IP4 192.0.2.1\r\n"
                    "a=candidate:1 1 udp 2130706431 192.0.2.1 40000 typ host\r\n"
                    "a=candidate:2 1 udp 2130706175 2001:db8::1 40000 typ host\r\n"
                    "a=candidate:t1 1 tcp 1518280447 192.0.2.1 443 typ host tcptype passive\r\n"
                    "a=end-of-candidates\r\n" OUR_TRANSPORT "a=mid:0\r\n"
                    "a=rtcp-mux\r\n"
                    "a=rtcp-mux-only\r\n"
                    "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n"
                    "a=sendrecv\r\n"
                    "a=msid:callgate audio\r\n"
                    "a=rtpmap:111 opus/48000/2\r\n"
                    "a=fmtp:111 minptime=10;useinbandfec=1\r\n"
                    "a=rtpmap:63 red/48000/2\r\n"
                    "a=fmtp:63 111/111\r\n"
                    "a=rtpmap:9 G722/8000\r\n"
                    "a=rtpmap:0 PCMU/8000\r\n"
                    "a=rtpmap:8 PCMA/8000\r\n"
                    "a=rtpmap:13 CN/8000\r\n"
                    "a=rtpmap:110 telephone-event/48000\r\n"
                    "a=fmtp:110 0-15\r\n"
                    "a=rtpmap:101 telephone-event/8000\r\n"
                    "a=fmtp:101 0-15\r\n"
                    "a=ptime:20\r\n"
                    "a=ssrc:4000000000 cname:name\r\n");
}

/* Where a browser has offered before: its sections, mids and bundle, whichever are refused (RFC 8829 section 5.2.2). */
static void test_offer_again(void)
{
    const cg_sdp_origin origin = {.session_id = 7, .session_version = 9};
    g_autofree char *before = test_load("firefox-offer-max-bundle"); /* video 0, audio 1 bundle-only, data 2 */
    g_autoptr(cg_sdp) sdp = test_parse(before, CG_SDP_OFFER);
    g_autoptr(cg_sdp_layout) layout = cg_sdp_layout_of(sdp);
    cg_media_description local = local_of();
    cg_sdp_offer_media(cg_sdp_media(sdp), &local);
    g_autofree char *text = cg_sdp_write_offer(&origin, &local, layout);
    g_assert_nonnull(strstr(text, "t=0 0\r\na=group:BUNDLE 1\r\n"));
    g_assert_nonnull(strstr(text, "m=video 0 UDP/TLS/RTP/SAVPF 120\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=inactive\r\n"
                                  "m=audio 9 UDP/TLS/RTP/SAVPF 111 "));
    g_assert_nonnull(strstr(text, "a=setup:active\r\na=mid:1\r\na=rtcp-mux\r\na=rtcp-mux-only\r\n"));
    g_assert_true(g_str_has_suffix(text, "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\n"
                                         "a=mid:2\r\na=inactive\r\n"));
}

/* An agent that is not lite, has no candidate yet and no stream to name. */
static void test_bare_offer(void)
{
    const cg_sdp_origin origin = {.session_id = 1, .session_version = 1};
    cg_media_description local = local_of();
    local.ssrc = 0;
    cg_sdp_offer_media(NULL, &local);
    g_autofree char *text = cg_sdp_write_offer(&origin, &local, NULL);
    g_assert_nonnull(strstr(text, "m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 101\r\n"
                                  "c=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\na=ice-ufrag"));
    for (const char *const *word = (const char *const[]){"ice-lite", "candidate", "a=ssrc", "ptime:", NULL}; *word;
         word++)
        g_assert_null(strstr(text, *word));
}

/* What a full agent has found, the related address hidden; more may come. */
static void test_full(void)
{
    cg_candidate candidates[] = {candidate_of("192.0.2.1", 1, 3, "a"), candidate_of("2001:db8::1", 2, 2, "b"),
                                 candidate_of("192.0.2.2", 3, 1, "c")};
    candidates[1].type = CG_CANDIDATE_SERVER_REFLEXIVE;
    candidates[2].type = CG_CANDIDATE_RELAYED;
    cg_sdp_origin origin = {.candidates = candidates, .candidate_count = 3};
    cg_media_description local = local_of();
    cg_sdp_offer_media(NULL, &local);
    g_autofree char *some = cg_sdp_write_offer(&origin, &local, NULL);
    g_assert_nonnull(strstr(some, "a=candidate:a 1 udp 3 192.0.2.1 1 typ host\r\n"
                                  "a=candidate:b 1 udp 2 2001:db8::1 2 typ srflx raddr :: rport 0\r\n"
                                  "a=candidate:c 1 udp 1 192.0.2.2 3 typ relay raddr 0.0.0.0 rport 0\r\n"
                                  "a=ice-ufrag:ufragufr\r\na=ice-pwd:passwordpasswordpassword\r\n"
                                  "a=ice-options:trickle\r\n"));
    g_assert_null(strstr(some, "end-of-candidates"));
    origin.candidates_complete = true;
    g_autofree char *all = cg_sdp_write_offer(&origin, &local, NULL);
    g_assert_nonnull(strstr(all, "a=end-of-candidates\r\n"));
    g_autofree char *one = cg_sdp_write_candidate(&candidates[1]);
    cg_candidate read;
    g_assert_cmpint(cg_sdp_parse_candidate(one, &read), ==, CG_SDP_CANDIDATE_OK);
    g_assert_cmpint(read.type, ==, CG_CANDIDATE_SERVER_REFLEXIVE);
}

static void test_answer(void)
{
    const cg_candidate candidates[] = {candidate_of("2001:db8::1", 40000, 2130706175, "")};
    const cg_sdp_origin origin = {.session_id = 7,
                                  .session_version = 8,
                                  .candidates = candidates,
                                  .candidate_count = 1,
                                  .candidates_complete = true,
                                  .ice_lite = true,
                                  .cname = "name"};
    g_autofree char *offer_text = test_load("firefox-offer-max-bundle"); /* video 0, audio 1 bundle-only, data 2 */
    g_autofree char *only = test_replace(offer_text, "m=audio", "m=message 0 TCP/MSRP *\r\nm=audio");
    g_autofree char *hold = test_replace(strstr(only, "m=audio"), "a=sendrecv", "a=sendonly");
    g_autofree char *held = g_strdup_printf("%.*s%s", (int) (strstr(only, "m=audio") - only), only, hold);
    g_autoptr(cg_sdp) offer = test_parse(held, CG_SDP_OFFER);
    cg_media_description local = local_of();
    cg_sdp_answer_media(cg_sdp_media(offer), NULL, CG_DIRECTION_SENDRECV, &local);
    g_autofree char *text = cg_sdp_write_answer(&origin, &local, offer);
    g_assert_cmpstr(text, ==,
                    "v=0\r\n"
                    "o=- 7 8 IN IP4 127.0.0.1\r\n"
                    "s=-\r\n"
                    "t=0 0\r\n"
                    "a=group:BUNDLE 1\r\n"
                    "a=ice-lite\r\n"
                    "a=ice-options:trickle\r\n"
                    "a=extmap-allow-mixed\r\n"
                    "m=video 0 UDP/TLS/RTP/SAVPF 120\r\n"
                    "c=IN IP4 0.0.0.0\r\n"
                    "a=mid:0\r\n"
                    "a=inactive\r\n"
                    "m=message 0 TCP/MSRP *\r\n"
                    "c=IN IP4 0.0.0.0\r\n"
                    "a=inactive\r\n"
                    "m=audio 40000 UDP/TLS/RTP/SAVPF 109 9 0 8 101\r\n"
                    "c=IN IP6 2001:db8::1\r\n"
                    "a=rtcp:40000 IN IP6 2001:db8::1\r\n"
                    "a=candidate:1 1 udp 2130706175 2001:db8::1 40000 typ host\r\n"
                    "a=end-of-candidates\r\n" OUR_TRANSPORT "a=mid:1\r\n"
                    "a=rtcp-mux\r\n"
                    "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n"
                    "a=recvonly\r\n"
                    "a=msid:callgate audio\r\n"
                    "a=rtpmap:109 opus/48000/2\r\n"
                    "a=fmtp:109 minptime=10;useinbandfec=1\r\n"
                    "a=rtpmap:9 G722/8000\r\n"
                    "a=rtpmap:0 PCMU/8000\r\n"
                    "a=rtpmap:8 PCMA/8000\r\n"
                    "a=rtpmap:101 telephone-event/8000\r\n"
                    "a=fmtp:101 0-15\r\n"
                    "a=ssrc:4000000000 cname:name\r\n"
                    "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n"
                    "c=IN IP4 0.0.0.0\r\n"
                    "a=mid:2\r\n"
                    "a=inactive\r\n");
}

/* What an offer does not have, its answer must not have either. */
static void test_answer_echoes_only(void)
{
    const cg_sdp_origin origin = {.session_id = 1, .session_version = 1};
    static const struct {
        const char *find, *replacement, *absent;
    } rows[] = {
        {"a=group:BUNDLE a\r\n", "", "a=group"},
        {"a=group:BUNDLE a\r\n", "a=group:BUNDLE b\r\n", "a=group"},
        {"a=mid:a\r\n", "", "a=mid"},
        {"a=mid:a\r\n", "", "a=group"},
        {"a=extmap:1 ", "a=extmap:15 ", "a=extmap:"},
        {"a=sendrecv", "a=sendrecv", "extmap-allow-mixed"},
        {"a=rtcp-mux\r\n", "a=rtcp-mux\r\na=rtcp-mux-only\r\n", "rtcp-mux-only"}, /* RFC 8858 section 4.3 */
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *offer_text = test_replace(TEST_OFFER, rows[i].find, rows[i].replacement);
        g_autoptr(cg_sdp) offer = test_parse(offer_text, CG_SDP_OFFER);
        cg_media_description local = local_of();
        cg_sdp_answer_media(cg_sdp_media(offer), NULL, CG_DIRECTION_SENDRECV, &local);
        g_autofree char *text = cg_sdp_write_answer(&origin, &local, offer);
        g_assert_null(strstr(text, rows[i].absent));
    }
    g_autofree char *savp = test_replace(TEST_OFFER, "RTP/SAVPF", "RTP/SAVP");
    g_autoptr(cg_sdp) offer = test_parse(savp, CG_SDP_OFFER);
    cg_media_description local = local_of();
    cg_sdp_answer_media(cg_sdp_media(offer), NULL, CG_DIRECTION_SENDRECV, &local);
    g_autofree char *text = cg_sdp_write_answer(&origin, &local, offer);
    g_assert_nonnull(strstr(text, "UDP/TLS/RTP/SAVP 111"));
}

static void assert_same_media(const cg_media_description *read, const cg_media_description *written)
{
    g_autofree char *read_formats = test_formats(read);
    g_autofree char *written_formats = test_formats(written);
    g_assert_cmpstr(read_formats, ==, written_formats);
    for (size_t i = 0; i < read->format_count; i++)
        g_assert_cmpstr(read->formats[i].fmtp, ==, written->formats[i].fmtp);
    g_assert_cmpstr(read->ice.ufrag, ==, written->ice.ufrag);
    g_assert_cmpstr(read->ice.pwd, ==, written->ice.pwd);
    g_assert_cmpint(read->fingerprint.hash, ==, written->fingerprint.hash);
    g_assert_cmpmem(read->fingerprint.digest, read->fingerprint.size, written->fingerprint.digest,
                    written->fingerprint.size);
    g_assert_cmpint(read->direction, ==, written->direction);
    g_assert_cmpmem(read->extensions, sizeof(read->extensions), written->extensions, sizeof(written->extensions));
    g_assert_cmpuint(read->ssrc, ==, written->ssrc);
    g_assert_cmpuint(read->ptime_ms, ==, written->ptime_ms);
    g_assert_cmpuint(read->max_ptime_ms, ==, written->max_ptime_ms);
}

/* Our own offer read back, its DTLS role turned round: every field, every hash, every direction; its candidates are
 * what a reader takes for sound. */
static void test_round_trip(void)
{
    static const struct {
        cg_hash hash;
        uint8_t size;
    } hashes[] = {{CG_HASH_SHA256, 32}, {CG_HASH_SHA384, 48}, {CG_HASH_SHA512, 64}};
    cg_candidate candidates[32];
    for (unsigned i = 0; i < G_N_ELEMENTS(candidates); i++) {
        g_autofree char *address = g_strdup_printf(i % 2 ? "2001:db8::%x" : "192.0.2.%u", i + 1);
        candidates[i] = candidate_of(address, (uint16_t) (65535 - i), 1 + i, "abc+/9");
    }
    const cg_sdp_origin origin = {.candidates = candidates, .candidate_count = G_N_ELEMENTS(candidates), .cname = "c"};
    for (unsigned i = 0; i < 12; i++) {
        cg_media_description local = local_of();
        cg_sdp_offer_media(NULL, &local);
        local.direction = (cg_direction) (i % 4);
        local.fingerprint.hash = hashes[i / 4].hash;
        local.fingerprint.size = hashes[i / 4].size;
        local.ptime_ms = i * 10;
        local.max_ptime_ms = i * 20;
        g_autofree char *text = cg_sdp_write_offer(&origin, &local, NULL);
        g_autofree char *turned = test_replace(text, "a=setup:active", "a=setup:passive");
        g_autoptr(cg_sdp) sdp = test_parse(turned, i % 2 ? CG_SDP_OFFER : CG_SDP_ANSWER);
        assert_same_media(cg_sdp_media(sdp), &local);
    }
}

/* Every browser's offer, answered; the answer read back; the caller's formats offered on, and read back. */
static void test_round_trip_browsers(void)
{
    const char *const files[] = {"chromium-offer",
                                 "chromium-offer-audio-last",
                                 "chromium-offer-audio-video-data",
                                 "chromium-offer-hold-inactive",
                                 "chromium-offer-max-bundle",
                                 "chromium-offer-two-audio",
                                 "firefox-offer",
                                 "firefox-offer-audio-last",
                                 "firefox-offer-audio-video-data",
                                 "firefox-offer-hold-sendonly",
                                 "firefox-offer-max-bundle",
                                 "firefox-offer-two-audio"};
    const cg_sdp_origin origin = {.ice_lite = true, .cname = "c"};
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *text = test_load(files[i]);
        g_autoptr(cg_sdp) offer = test_parse(text, CG_SDP_OFFER);
        cg_media_description local = local_of(), onward = local_of();
        cg_sdp_answer_media(cg_sdp_media(offer), NULL, CG_DIRECTION_SENDRECV, &local);
        cg_sdp_offer_media(cg_sdp_media(offer), &onward);
        g_autofree char *answer = cg_sdp_write_answer(&origin, &local, offer);
        g_autofree char *onward_text = cg_sdp_write_offer(&origin, &onward, NULL);
        g_autofree char *answer_turned = test_replace(answer, "a=setup:active", "a=setup:passive");
        g_autofree char *onward_turned = test_replace(onward_text, "a=setup:active", "a=setup:actpass");
        g_autoptr(cg_sdp) answer_read = test_parse(answer_turned, CG_SDP_ANSWER);
        g_autoptr(cg_sdp) onward_read = test_parse(onward_turned, CG_SDP_OFFER);
        assert_same_media(cg_sdp_media(answer_read), &local);
        assert_same_media(cg_sdp_media(onward_read), &onward);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sdp/writer/offer", test_offer);
    g_test_add_func("/sdp/writer/offer-again", test_offer_again);
    g_test_add_func("/sdp/writer/bare-offer", test_bare_offer);
    g_test_add_func("/sdp/writer/full", test_full);
    g_test_add_func("/sdp/writer/answer", test_answer);
    g_test_add_func("/sdp/writer/answer-echoes-only", test_answer_echoes_only);
    g_test_add_func("/sdp/writer/round-trip", test_round_trip);
    g_test_add_func("/sdp/writer/round-trip-browsers", test_round_trip_browsers);
    return g_test_run();
}
