/* Keys in descriptions: which lines are taken, passed over and refused, and what is offered and answered. */
#include "tests/unit/sdp/descriptions.h"

#define HEAD "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\n"
#define AVP HEAD "m=audio 4000 RTP/AVP 0\r\n"
#define SAVP HEAD "m=audio 4000 RTP/SAVP 0\r\n"
#define KEY "PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR" /* of RFC 4568 section 9.3's example */
#define OTHER "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz"
#define LINE80 "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" KEY "\r\n"
#define LINE32 "a=crypto:2 AES_CM_128_HMAC_SHA1_32 inline:" OTHER "\r\n"

static cg_sdp_status parse(const char *text, cg_sdp_kind kind, cg_sdp **ret_sdp)
{
    return cg_sdp_parse_rtp(text, strlen(text), kind, ret_sdp);
}

static cg_media_description read_media(const char *text, cg_sdp_kind kind)
{
    g_autoptr(cg_sdp) sdp = NULL;
    g_assert_cmpstr(cg_sdp_status_name(parse(text, kind, &sdp)), ==, "ok");
    return *cg_sdp_media(sdp);
}

static void test_read(void)
{
    cg_media_description media = read_media(SAVP LINE80 LINE32, CG_SDP_OFFER);
    static const char master[] = "=-n@%^x!Bjufr9)?,#5h\\`=&]{qiPQ";
    g_assert_true(media.rtp.savp);
    g_assert_cmpuint(media.crypto_count, ==, 2);
    g_assert_cmpuint(media.crypto[0].tag, ==, 1);
    g_assert_cmpint(media.crypto[0].profile, ==, CG_SRTP_AES128_CM_SHA1_80);
    g_assert_cmpmem(media.crypto[0].master, CG_SRTP_MASTER_SIZE, master, strlen(master));
    g_assert_cmpint(media.crypto[1].profile, ==, CG_SRTP_AES128_CM_SHA1_32);
    media = read_media(AVP LINE80, CG_SDP_OFFER);
    g_assert_false(media.rtp.savp);
    g_assert_cmpuint(media.crypto_count, ==, 1);
}

#define LINE(rest) SAVP "a=crypto:" rest "\r\n"

static void test_lines(void)
{
    static const struct {
        const char *text;
        cg_sdp_status status;
    } rows[] = {
        {LINE("1 AES_CM_128_HMAC_SHA1_80 inline:" KEY), CG_SDP_OK},
        {LINE("999999999 aes_cm_128_hmac_sha1_32 INLINE:" KEY), CG_SDP_OK},
        {LINE("0 AES_CM_128_HMAC_SHA1_80 inline:" KEY "|2^48"), CG_SDP_OK},
        {LINE("1 AES_CM_128_HMAC_SHA1_80 inline:" KEY "|2^31"), CG_SDP_OK},
        {LINE("1 AES_CM_128_HMAC_SHA1_80 inline:" KEY "|2147483648 WSH=64 -future=1"), CG_SDP_OK},
        /* sound, but more than we do */
        {LINE("1 AES_CM_128_HMAC_SHA1_80 inline:" KEY "|2^20"), CG_SDP_NO_CRYPTO},
        {LINE("1 AES_CM_128_HMAC_SHA1_80 inline:" KEY "|1000"), CG_SDP_NO_CRYPTO},
        {LINE("1 AES_CM_128_HMAC_SHA1_80 inline:" KEY "|1:4"), CG_SDP_NO_CRYPTO},
        {LINE("1 AES_CM_128_HMAC_SHA1_80 inline:" KEY "|2^31|1:4"), CG_SDP_NO_CRYPTO},
        {LINE("1 AES_CM_128_HMAC_SHA1_80 inline:" KEY "|2^31|1:4;inline:" OTHER "|2^31|2:4"), CG_SDP_NO_CRYPTO},
        {LINE("1 AES_CM_128_HMAC_SHA1_80 inline:" KEY " UNENCRYPTED_SRTP"), CG_SDP_NO_CRYPTO},
        {LINE("1 AES_CM_128_HMAC_SHA1_80 inline:" KEY " UNAUTHENTICATED_SRTP"), CG_SDP_NO_CRYPTO},
        {LINE("1 AES_CM_128_HMAC_SHA1_80 inline:" KEY " KDR=1"), CG_SDP_NO_CRYPTO},
        {LINE("1 AES_CM_128_HMAC_SHA1_80 inline:" KEY " FEC_ORDER=FEC_SRTP"), CG_SDP_NO_CRYPTO},
        {LINE("1 AES_CM_128_HMAC_SHA1_80 mikey:" KEY), CG_SDP_NO_CRYPTO},
        {LINE("1 F8_128_HMAC_SHA1_80 inline:" KEY), CG_SDP_NO_CRYPTO},
        {LINE("1 AEAD_AES_128_GCM inline:bm8gc3VjaCBrZXk"), CG_SDP_NO_CRYPTO},
        {SAVP, CG_SDP_NO_CRYPTO},
        {HEAD "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" KEY "\r\nm=audio 4000 RTP/SAVP 0\r\n", CG_SDP_NO_CRYPTO},
        /* broken */
        {LINE("1"), CG_SDP_MALFORMED},
        {LINE("1 AES_CM_128_HMAC_SHA1_80"), CG_SDP_MALFORMED},
        {LINE("1 AES_CM_128_HMAC_SHA1_80 "), CG_SDP_MALFORMED},
        {LINE("1 AES_CM_128_HMAC_SHA1_80 inline"), CG_SDP_MALFORMED},
        {LINE("1 AES_CM_128_HMAC_SHA1_80 inline:"), CG_SDP_MALFORMED},
        {LINE("1 AES_CM_128_HMAC_SHA1_80 inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVB"), CG_SDP_MALFORMED},
        {LINE("1 AES_CM_128_HMAC_SHA1_80 inline:" KEY "A"), CG_SDP_MALFORMED},
        {LINE("1 AES_CM_128_HMAC_SHA1_80 inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaV_-"), CG_SDP_MALFORMED},
        {LINE("1 AES_CM_128_HMAC_SHA1_80 inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVB="), CG_SDP_MALFORMED},
        {LINE("1 AES_CM_128_HMAC_SHA1_80 inline:" KEY "|"), CG_SDP_MALFORMED},
        {LINE("1 AES_CM_128_HMAC_SHA1_80 inline:" KEY "|2^49"), CG_SDP_MALFORMED},
        {LINE("1 AES_CM_128_HMAC_SHA1_80 inline:" KEY "|0"), CG_SDP_MALFORMED},
        {LINE("1 AES_CM_128_HMAC_SHA1_80 inline:" KEY "|1:4|2^31"), CG_SDP_MALFORMED},
        {LINE("1 AES_CM_128_HMAC_SHA1_80 inline:" KEY "|2^31|1:"), CG_SDP_MALFORMED},
        {LINE("1 AES_CM_128_HMAC_SHA1_80 inline:" KEY "|2^31|1:129"), CG_SDP_MALFORMED},
        {LINE("1 AES_CM_128_HMAC_SHA1_80 inline:" KEY "  WSH=64"), CG_SDP_MALFORMED},
        {LINE("01 AES_CM_128_HMAC_SHA1_80 inline:" KEY), CG_SDP_MALFORMED},
        {LINE("-1 AES_CM_128_HMAC_SHA1_80 inline:" KEY), CG_SDP_MALFORMED},
        {LINE("1000000000 AES_CM_128_HMAC_SHA1_80 inline:" KEY), CG_SDP_MALFORMED},
        {SAVP LINE80 LINE80, CG_SDP_MALFORMED}, /* a tag twice */
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(cg_sdp) sdp = NULL;
        g_test_message("%s", rows[i].text);
        g_assert_cmpstr(cg_sdp_status_name(parse(rows[i].text, CG_SDP_OFFER, &sdp)), ==,
                        cg_sdp_status_name(rows[i].status));
    }
    g_autoptr(cg_sdp) none = NULL;
    g_assert_cmpint(parse(SAVP LINE80 LINE32, CG_SDP_ANSWER, &none), ==, CG_SDP_MALFORMED); /* an answer has one */
}

/* The line that is passed over does not spoil the next. */
static void test_passed_over(void)
{
    cg_media_description media =
        read_media(SAVP "a=crypto:1 AES_256_CM_HMAC_SHA1_80 inline:x\r\n" LINE32, CG_SDP_OFFER);
    g_assert_cmpuint(media.crypto_count, ==, 1);
    g_assert_cmpuint(media.crypto[0].tag, ==, 2);
    GString *many = g_string_new(SAVP);
    for (unsigned i = 1; i <= 2 * CG_MAX_CRYPTO; i++)
        g_string_append_printf(many, "a=crypto:%u AES_CM_128_HMAC_SHA1_80 inline:" KEY "\r\n", i);
    media = read_media(many->str, CG_SDP_OFFER);
    g_assert_cmpuint(media.crypto_count, ==, CG_MAX_CRYPTO);
    g_string_free(many, TRUE);
}

static void test_policy(void)
{
    static const struct {
        cg_srtp_policy policy;
        const char *offer;
        bool answered, secure;
    } rows[] = {
        {CG_SRTP_OFF, AVP, true, false},
        {CG_SRTP_OFF, AVP LINE80, true, false},
        {CG_SRTP_OFF, SAVP LINE80, false},
        {CG_SRTP_OPTIONAL, AVP, true, false},
        {CG_SRTP_OPTIONAL, AVP LINE80, true, true},
        {CG_SRTP_OPTIONAL, SAVP LINE80, true, true},
        {CG_SRTP_REQUIRED, AVP, false},
        {CG_SRTP_REQUIRED, AVP LINE80, false},
        {CG_SRTP_REQUIRED, SAVP LINE32, true, true},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        cg_media_description offer = read_media(rows[i].offer, CG_SDP_OFFER), local = {0};
        g_test_message("%d %s", rows[i].policy, rows[i].offer);
        g_assert_cmpint(cg_sdp_answer_crypto(rows[i].policy, &offer, &local), ==, rows[i].answered);
        if (!rows[i].answered)
            continue;
        g_assert_cmpint(local.rtp.savp, ==, offer.rtp.savp);
        g_assert_cmpuint(local.crypto_count, ==, rows[i].secure);
        g_assert_cmpuint(offer.crypto_count, ==, rows[i].secure);
        g_assert_cmpuint(local.crypto[0].tag, ==, offer.crypto[0].tag);
        g_assert_cmpint(local.crypto[0].profile, ==, offer.crypto[0].profile);
        if (rows[i].secure)
            g_assert_cmpint(memcmp(local.crypto[0].master, offer.crypto[0].master, CG_SRTP_MASTER_SIZE), !=, 0);
    }
}

/* Our key lives as long as the suite, whatever the phone does with its own. */
static void test_again(void)
{
    cg_media_description offer = read_media(SAVP LINE80, CG_SDP_OFFER), local = {0};
    g_assert_true(cg_sdp_answer_crypto(CG_SRTP_REQUIRED, &offer, &local));
    cg_crypto first = local.crypto[0];
    offer = read_media(SAVP "a=crypto:7 AES_CM_128_HMAC_SHA1_80 inline:" OTHER "\r\n", CG_SDP_OFFER);
    g_assert_true(cg_sdp_answer_crypto(CG_SRTP_REQUIRED, &offer, &local));
    g_assert_cmpuint(local.crypto[0].tag, ==, 7);
    g_assert_cmpmem(local.crypto[0].master, CG_SRTP_MASTER_SIZE, first.master, CG_SRTP_MASTER_SIZE);
    offer = read_media(SAVP LINE32, CG_SDP_OFFER);
    g_assert_true(cg_sdp_answer_crypto(CG_SRTP_REQUIRED, &offer, &local));
    g_assert_cmpint(memcmp(local.crypto[0].master, first.master, CG_SRTP_MASTER_SIZE), !=, 0);
}

static void test_answer_taken(void)
{
    static const struct {
        cg_srtp_policy policy;
        const char *answer;
        bool taken, secure;
    } rows[] = {
        {CG_SRTP_OFF, AVP, true, false},
        {CG_SRTP_OFF, SAVP LINE80, false},
        {CG_SRTP_OPTIONAL, AVP, true, false},
        {CG_SRTP_OPTIONAL, AVP LINE32, true, true},
        {CG_SRTP_REQUIRED, SAVP LINE80, true, true},
        {CG_SRTP_REQUIRED, SAVP LINE32, true, true},
        {CG_SRTP_REQUIRED, AVP, false},
        {CG_SRTP_REQUIRED, AVP LINE80, false},
        /* a tag that was not offered, and one with another suite */
        {CG_SRTP_REQUIRED, LINE("3 AES_CM_128_HMAC_SHA1_80 inline:" KEY), false},
        {CG_SRTP_REQUIRED, LINE("2 AES_CM_128_HMAC_SHA1_80 inline:" KEY), false},
        {CG_SRTP_OPTIONAL, AVP "a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:" KEY "\r\n", false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        cg_media_description answer = read_media(rows[i].answer, CG_SDP_ANSWER), local = {0};
        g_test_message("%d %s", rows[i].policy, rows[i].answer);
        cg_sdp_offer_crypto(rows[i].policy, &local);
        g_assert_cmpint(cg_sdp_narrow_crypto(rows[i].policy, &answer, &local), ==, rows[i].taken);
        if (!rows[i].taken)
            continue;
        g_assert_cmpuint(local.crypto_count, ==, rows[i].secure);
        g_assert_cmpint(local.crypto[0].profile, ==, answer.crypto[0].profile);
    }
}

/* What we write reads back. */
static void test_write(void)
{
    const cg_sdp_origin origin = {.session_id = 5, .session_version = 1};
    cg_media_description local = read_media(AVP, CG_SDP_OFFER), back;
    for (cg_srtp_policy policy = CG_SRTP_OFF; policy <= CG_SRTP_REQUIRED; policy++) {
        cg_sdp_offer_crypto(policy, &local);
        g_autofree char *offer = cg_sdp_write_offer(&origin, &local, NULL);
        g_assert_cmpint(strstr(offer, "RTP/SAVP") != NULL, ==, policy == CG_SRTP_REQUIRED);
        g_assert_cmpint(strstr(offer, "a=crypto") != NULL, ==, policy != CG_SRTP_OFF);
        back = read_media(offer, CG_SDP_OFFER);
        g_assert_cmpmem(back.crypto, sizeof back.crypto, local.crypto, sizeof local.crypto);
    }
    g_assert_cmpint(memcmp(local.crypto[0].master, local.crypto[1].master, CG_SRTP_MASTER_SIZE), !=, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sdp/crypto/read", test_read);
    g_test_add_func("/sdp/crypto/lines", test_lines);
    g_test_add_func("/sdp/crypto/passed-over", test_passed_over);
    g_test_add_func("/sdp/crypto/policy", test_policy);
    g_test_add_func("/sdp/crypto/again", test_again);
    g_test_add_func("/sdp/crypto/answer-taken", test_answer_taken);
    g_test_add_func("/sdp/crypto/write", test_write);
    return g_test_run();
}
