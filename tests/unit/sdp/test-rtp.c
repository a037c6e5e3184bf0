/* Descriptions of phones: what is read of them, what is answered and offered, what is refused. */
#include "tests/unit/sdp/descriptions.h"

#include <arpa/inet.h>

#define SESSION "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\n"
#define PHONE                                                                                                   \
    SESSION                                                                                                     \
    "c=IN IP4 192.0.2.7\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8 0 9 101 18\r\na=rtpmap:101 telephone-event/8000\r\n" \
    "a=fmtp:101 0-16\r\na=ptime:30\r\n"

static cg_sdp_status parse(const char *text, cg_sdp_kind kind, cg_sdp **ret_sdp)
{
    return cg_sdp_parse_rtp(text, strlen(text), kind, ret_sdp);
}

static void assert_address(const struct sockaddr_storage *address, const char *expected, unsigned port)
{
    char text[INET6_ADDRSTRLEN];
    const struct sockaddr_in *in = (const struct sockaddr_in *) address;
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *) address;
    bool is6 = address->ss_family == AF_INET6;
    inet_ntop(address->ss_family, is6 ? (const void *) &in6->sin6_addr : (const void *) &in->sin_addr, text,
              sizeof text);
    g_assert_cmpstr(text, ==, expected);
    g_assert_cmpuint(ntohs(is6 ? in6->sin6_port : in->sin_port), ==, port);
}

static void test_addresses(void)
{
    static const struct {
        const char *text, *address;
        unsigned port;
        const char *rtcp_address;
        unsigned rtcp_port;
        cg_direction direction;
        bool mux;
    } rows[] = {
        {PHONE, "192.0.2.7", 4000, "192.0.2.7", 4001, CG_DIRECTION_SENDRECV, false},
        {SESSION "t=0 0\r\nm=audio 4000 RTP/AVP 0\r\nc=IN IP4 192.0.2.8\r\na=rtcp:5000\r\na=sendonly\r\n", "192.0.2.8",
         4000, "192.0.2.8", 5000, CG_DIRECTION_SENDONLY, false},
        {SESSION "c=IN IP4 192.0.2.7\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\na=rtcp:5000 IN IP4 192.0.2.3\r\n",
         "192.0.2.7", 4000, "192.0.2.3", 5000, CG_DIRECTION_SENDRECV, false},
        {SESSION "c=IN IP4 192.0.2.7\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\na=rtcp-mux\r\n", "192.0.2.7", 4000,
         "192.0.2.7", 4000, CG_DIRECTION_SENDRECV, true},
        {SESSION "c=IN IP6 2001:db8::7\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n", "2001:db8::7", 4000, "2001:db8::7",
         4001, CG_DIRECTION_SENDRECV, false},
        {SESSION "c=IN IP6 2001:db8::7\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\nc=IN IP6 ::ffff:192.0.2.7\r\n",
         "192.0.2.7", 4000, "192.0.2.7", 4001, CG_DIRECTION_SENDRECV, false},
        {SESSION "c=IN IP6 ::\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n", "::", 0, "::", 0, CG_DIRECTION_SENDONLY, false},
        {SESSION "c=IN IP6 ::ffff:0.0.0.0\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n", "0.0.0.0", 0, "0.0.0.0", 0,
         CG_DIRECTION_SENDONLY, false},
        /* RFC 5118 section 4.8: no name of the session, and a second address */
        {"v=0\r\no=bob 1 1 IN IP4 host.example.com\r\ns=\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"
         "c=IN IP4 192.0.2.1\r\nm=video 6024 RTP/AVP 107\r\nc=IN IP6 2001:db8::1\r\n",
         "192.0.2.1", 4000, "192.0.2.1", 4001, CG_DIRECTION_SENDRECV, false},
        /* RFC 2543's hold */
        {SESSION "c=IN IP4 0.0.0.0\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n", "0.0.0.0", 0, "0.0.0.0", 0,
         CG_DIRECTION_SENDONLY, false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(cg_sdp) sdp = NULL;
        g_test_message("%s", rows[i].text);
        g_assert_cmpint(parse(rows[i].text, CG_SDP_OFFER, &sdp), ==, CG_SDP_OK);
        const cg_media_description *media = cg_sdp_media(sdp);
        assert_address(&media->rtp.media, rows[i].address, rows[i].port);
        assert_address(&media->rtp.rtcp, rows[i].rtcp_address, rows[i].rtcp_port);
        g_assert_cmpint(media->direction, ==, rows[i].direction);
        g_assert_cmpint(media->rtp.mux, ==, rows[i].mux);
    }
}

static void test_refused(void)
{
    static const struct {
        const char *text;
        cg_sdp_status status;
    } rows[] = {
        {SESSION "t=0 0\r\nm=audio 4000 RTP/AVP 0\r\n", CG_SDP_MALFORMED}, /* no c= */
        {SESSION "c=IN IP4 phone.example.com\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n", CG_SDP_MALFORMED},
        {SESSION "c=IN IP4 224.2.1.1/127\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n", CG_SDP_MALFORMED},
        {SESSION "c=IN IP6 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n", CG_SDP_MALFORMED},
        {SESSION "c=IN IP4 192.0.2.7\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\na=rtcp:70000\r\n", CG_SDP_MALFORMED},
        {SESSION "c=IN IP4 192.0.2.7\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\na=rtcp:1 IN IP6 ::1\r\n", CG_SDP_MALFORMED},
        {SESSION "c=IN IP4 192.0.2.7\r\nt=0 0\r\nm=audio 4000 RTP/SAVPF 0\r\n", CG_SDP_PROTOCOL},
        {SESSION "c=IN IP4 192.0.2.7\r\nt=0 0\r\nm=audio 4000 RTP/AVP 18 3\r\n", CG_SDP_NO_CODEC},
        {SESSION "c=IN IP4 192.0.2.7\r\nt=0 0\r\nm=audio 0 RTP/AVP 0\r\n", CG_SDP_NO_AUDIO},
        {SESSION "c=IN IP4 192.0.2.7\r\nt=0 0\r\nm=image 4000 udptl t38\r\n", CG_SDP_NO_AUDIO},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(cg_sdp) sdp = NULL;
        g_test_message("%s", rows[i].text);
        g_assert_cmpstr(cg_sdp_status_name(parse(rows[i].text, CG_SDP_OFFER, &sdp)), ==,
                        cg_sdp_status_name(rows[i].status));
        g_assert_null(sdp);
    }
}

/* RFC 8866 section 6.4: a whole number of milliseconds, or not. */
static void test_packet_times(void)
{
    static const struct {
        const char *text;
        unsigned max_ptime_ms;
        cg_sdp_status status;
        unsigned ptime_ms;
    } rows[] = {
        {"a=ptime:30", 0, CG_SDP_OK, 30},
        {"a=ptime:20.0", 0, CG_SDP_OK, 20},
        {"a=ptime:20.4999", 0, CG_SDP_OK, 20},
        {"a=ptime:20.5", 0, CG_SDP_OK, 21},
        {"a=ptime:0.1", 0, CG_SDP_OK, 1},
        {"a=ptime:0", 0, CG_SDP_MALFORMED},
        {"a=ptime:0.00", 0, CG_SDP_MALFORMED},
        {"a=ptime:-20", 0, CG_SDP_MALFORMED},
        {"a=ptime:-0.5", 0, CG_SDP_MALFORMED},
        {"a=ptime:20,5", 0, CG_SDP_MALFORMED},
        {"a=ptime:.5", 0, CG_SDP_MALFORMED},
        {"a=ptime:20.", 0, CG_SDP_MALFORMED},
        {"a=ptime:2001", 0, CG_SDP_MALFORMED},
        {"a=maxptime:40", 40, CG_SDP_OK},
        {"a=maxptime:37.5", 37, CG_SDP_OK},
        {"a=maxptime:4294967296", 1000, CG_SDP_OK},
        {"a=maxptime:30\r\na=ptime:20\r\na=maxptime:30", 30, CG_SDP_OK, 20},
        {"a=maxptime:", 0, CG_SDP_MALFORMED},
        {"a=maxptime:x", 0, CG_SDP_MALFORMED},
        {"a=maxptime:20.", 0, CG_SDP_MALFORMED},
        {"a=maxptime:20.5.5", 0, CG_SDP_MALFORMED},
        {"a=maxptime:20\r\na=maxptime:30", 0, CG_SDP_MALFORMED},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text = test_replace(PHONE, "a=ptime:30", rows[i].text);
        g_autoptr(cg_sdp) sdp = NULL;
        g_test_message("%s", rows[i].text);
        g_assert_cmpint(parse(text, CG_SDP_OFFER, &sdp), ==, rows[i].status);
        if (sdp == NULL)
            continue;
        g_assert_cmpuint(cg_sdp_media(sdp)->ptime_ms, ==, rows[i].ptime_ms);
        g_assert_cmpuint(cg_sdp_media(sdp)->max_ptime_ms, ==, rows[i].max_ptime_ms);
    }
}

static cg_media_description local_at(const char *address, uint16_t port)
{
    cg_media_description local = {.ssrc = 1, .direction = CG_DIRECTION_SENDRECV};
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
    inet_pton(AF_INET, address, &in.sin_addr);
    memcpy(&local.rtp.media, &in, sizeof in);
    in.sin_port = htons((uint16_t) (port + 1));
    memcpy(&local.rtp.rtcp, &in, sizeof in);
    return local;
}

/* The answer has the phone's formats and sections, in the phone's order, and says where we are. */
static void test_answer(void)
{
    const char offer_text[] = PHONE "m=video 4002 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n";
    const cg_sdp_origin origin = {.session_id = 5, .session_version = 2};
    g_autoptr(cg_sdp) offer = NULL;
    g_assert_cmpint(parse(offer_text, CG_SDP_OFFER, &offer), ==, CG_SDP_OK);
    cg_media_description local = local_at("192.0.2.1", 20000);
    cg_sdp_answer_media(cg_sdp_media(offer), NULL, CG_DIRECTION_SENDRECV, &local);
    g_autofree char *answer = cg_sdp_write_answer(&origin, &local, offer);
    g_assert_cmpstr(answer, ==,
                    "v=0\r\no=- 5 2 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
                    "m=audio 20000 RTP/AVP 8 0 9 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n"
                    "a=rtpmap:9 G722/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=sendrecv\r\n"
                    "m=video 0 RTP/AVP 96\r\nc=IN IP4 0.0.0.0\r\na=inactive\r\n");
}

static char *offer_behind(const char *text, const cg_media_description *local)
{
    const cg_sdp_origin origin = {.session_id = 5, .session_version = 3};
    g_autoptr(cg_sdp) sdp = NULL;
    g_assert_cmpint(parse(text, CG_SDP_OFFER, &sdp), ==, CG_SDP_OK);
    g_autoptr(cg_sdp_layout) layout = cg_sdp_layout_of(sdp);
    return cg_sdp_write_offer(&origin, local, layout);
}

/* RFC 3264 section 8: what was an m-line stays one, in its place; RFC 5888 section 9.1: and has its name. */
static void test_offer_again(void)
{
    cg_media_description local = local_at("192.0.2.1", 20000);
    local.formats[local.format_count++] = (cg_format){.codec = CG_CODEC_PCMU, .payload_type = 0};
    g_autofree char *alone = offer_behind(PHONE, &local);
    g_assert_nonnull(strstr(alone, "t=0 0\r\nm=audio 20000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=sendrecv\r\n"));
    g_autofree char *among = offer_behind(SESSION "c=IN IP4 192.0.2.7\r\nt=0 0\r\na=group:BUNDLE v a\r\n"
                                                  "m=video 4002 RTP/AVP 96 97\r\na=mid:v\r\n"
                                                  "m=audio 0 RTP/SAVP 8\r\n"
                                                  "m=audio 4000 RTP/AVP 0\r\na=mid:a\r\n"
                                                  "m=application 4006 TCP/BFCP *\r\n",
                                          &local);
    g_assert_cmpstr(among, ==,
                    "v=0\r\no=- 5 3 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
                    "m=video 0 RTP/AVP 96\r\nc=IN IP4 0.0.0.0\r\na=mid:v\r\na=inactive\r\n"
                    "m=audio 0 RTP/SAVP 8\r\nc=IN IP4 0.0.0.0\r\na=inactive\r\n"
                    "m=audio 20000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=mid:a\r\na=sendrecv\r\n"
                    "m=application 0 TCP/BFCP *\r\nc=IN IP4 0.0.0.0\r\na=inactive\r\n");
}

/* A phone that names its sections reads the names in the answer, but no group. */
static void test_answer_named(void)
{
    const cg_sdp_origin origin = {.session_id = 5, .session_version = 2};
    g_autoptr(cg_sdp) offer = NULL;
    g_assert_cmpint(parse(SESSION "c=IN IP4 192.0.2.7\r\nt=0 0\r\na=group:BUNDLE a v\r\n"
                                  "m=audio 4000 RTP/AVP 0\r\na=mid:a\r\nm=video 4002 RTP/AVP 96\r\na=mid:v\r\n",
                          CG_SDP_OFFER, &offer),
                    ==, CG_SDP_OK);
    cg_media_description local = local_at("192.0.2.1", 20000);
    cg_sdp_answer_media(cg_sdp_media(offer), NULL, CG_DIRECTION_SENDRECV, &local);
    g_autofree char *answer = cg_sdp_write_answer(&origin, &local, offer);
    g_assert_null(strstr(answer, "a=group"));
    g_assert_nonnull(strstr(answer, "PCMU/8000\r\na=mid:a\r\n"));
    g_assert_nonnull(strstr(answer, "c=IN IP4 0.0.0.0\r\na=mid:v\r\n"));
}

/* A browser's codecs, as a trunk is offered them: its own choice and order, no RED, no header extensions. */
static void test_offer(void)
{
    g_autofree char *text = test_load("chromium-offer");
    const cg_codec allowed[] = {CG_CODEC_PCMA, CG_CODEC_OPUS, CG_CODEC_COUNT};
    const cg_sdp_origin origin = {.session_id = 5, .session_version = 1};
    g_autoptr(cg_sdp) browser = NULL, back = NULL;
    g_assert_cmpint(cg_sdp_parse(text, strlen(text), CG_SDP_OFFER, &browser), ==, CG_SDP_OK);
    cg_media_description local = local_at("192.0.2.1", 20000);
    cg_sdp_offer_media(cg_sdp_media(browser), &local);
    cg_sdp_prefer_codecs(allowed, true, &local);
    g_autofree char *offer = cg_sdp_write_offer(&origin, &local, NULL);
    g_assert_nonnull(strstr(offer, "m=audio 20000 RTP/AVP 8 111 13 110 101\r\n"));
    g_assert_null(strstr(offer, "extmap"));
    g_assert_null(strstr(offer, "ice-"));
    g_assert_cmpint(parse(offer, CG_SDP_OFFER, &back), ==, CG_SDP_OK);
    assert_address(&cg_sdp_media(back)->rtp.rtcp, "192.0.2.1", 20001);

    /* What the phone takes of it is what is left. */
    const char answer_text[] = SESSION "c=IN IP4 192.0.2.7\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8 97\r\n"
                                       "a=rtpmap:97 telephone-event/8000\r\n";
    g_autoptr(cg_sdp) answer = NULL;
    g_assert_cmpint(parse(answer_text, CG_SDP_ANSWER, &answer), ==, CG_SDP_OK);
    g_assert_true(cg_sdp_narrow_media(cg_sdp_media(answer), &local));
    g_assert_cmpuint(local.format_count, ==, 2);
    g_assert_cmpint(local.formats[0].codec, ==, CG_CODEC_PCMA);
    g_assert_cmpuint(local.formats[1].payload_type, ==, 101);

    const char other_text[] = SESSION "c=IN IP4 192.0.2.7\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n";
    g_autoptr(cg_sdp) other = NULL;
    g_assert_cmpint(parse(other_text, CG_SDP_ANSWER, &other), ==, CG_SDP_OK);
    g_assert_false(cg_sdp_narrow_media(cg_sdp_media(other), &local));
    g_assert_cmpuint(local.format_count, ==, 2);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sdp/rtp/addresses", test_addresses);
    g_test_add_func("/sdp/rtp/refused", test_refused);
    g_test_add_func("/sdp/rtp/packet-times", test_packet_times);
    g_test_add_func("/sdp/rtp/answer", test_answer);
    g_test_add_func("/sdp/rtp/answer-named", test_answer_named);
    g_test_add_func("/sdp/rtp/offer", test_offer);
    g_test_add_func("/sdp/rtp/offer-again", test_offer_again);
    return g_test_run();
}
