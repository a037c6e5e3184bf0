/* SRTP: the primitives against RFC 3711's and RFC 2202's vectors, sessions against each other, and against the libsrtp
 * whose primitives were not replaced (sessions made before the replacement keep what they were made with). */
#include "bridge/srtp/srtp_primitives.h"
#include "bridge/srtp/srtp_session.h"

#include <glib.h>
#include <srtp2/srtp.h>
#include <string.h>

#define MAX_PACKET (1500 + CG_SRTP_MAX_TRAILER)

typedef struct {
    srtp_t inbound[2], outbound[2]; /* by profile; unreplaced primitives */
} original;

typedef struct {
    uint8_t data[MAX_PACKET];
    size_t size;
} packet;

static cg_srtp_keys make_keys(cg_srtp_profile profile, bool swapped)
{
    cg_srtp_keys keys = {.profile = profile};
    for (unsigned i = 0; i < CG_SRTP_MASTER_SIZE; i++) {
        (swapped ? keys.remote : keys.local)[i] = (uint8_t) (i * 7 + 1);
        (swapped ? keys.local : keys.remote)[i] = (uint8_t) (i * 11 + 3);
    }
    return keys;
}

static packet make_rtp(uint32_t ssrc, uint16_t sequence, size_t payload_size)
{
    packet p = {.data = {0x80, 111, (uint8_t) (sequence >> 8), (uint8_t) sequence}, .size = 12 + payload_size};
    p.data[8] = (uint8_t) (ssrc >> 24);
    p.data[9] = (uint8_t) (ssrc >> 16);
    p.data[10] = (uint8_t) (ssrc >> 8);
    p.data[11] = (uint8_t) ssrc;
    for (size_t i = 0; i < payload_size; i++)
        p.data[12 + i] = (uint8_t) (i + sequence);
    return p;
}

static packet make_rtcp(uint32_t ssrc)
{
    packet p = {.data = {0x80, 200, 0, 6}, .size = 28}; /* a sender report without blocks */
    p.data[4] = (uint8_t) (ssrc >> 24);
    p.data[5] = (uint8_t) (ssrc >> 16);
    p.data[6] = (uint8_t) (ssrc >> 8);
    p.data[7] = (uint8_t) ssrc;
    for (unsigned i = 8; i < 28; i++)
        p.data[i] = (uint8_t) i;
    return p;
}

/* RFC 3711 appendix B.2: session key, salt; SSRC, ROC and SEQ are 0; blocks 0, 1, 2 and 0xff00 of the keystream. */
static void test_aes_cm(void)
{
    static const uint8_t key[] = "\x2b\x7e\x15\x16\x28\xae\xd2\xa6\xab\xf7\x15\x88\x09\xcf\x4f\x3c"
                                 "\xf0\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9\xfa\xfb\xfc\xfd";
    static const struct {
        unsigned block;
        const char *keystream;
    } vectors[] = {
        {0x0000, "\xe0\x3e\xad\x09\x35\xc9\x5e\x80\xe1\x66\xb1\x6d\xd9\x2b\x4e\xb4"},
        {0x0001, "\xd2\x35\x13\x16\x2b\x02\xd0\xf7\x2a\x43\xa2\xfe\x4a\x5f\x97\xab"},
        {0x0002, "\x41\xe9\x5b\x3b\xb0\xa2\xe8\xdd\x47\x79\x01\xe4\xfc\xa8\x94\xc0"},
        {0xfeff, "\xec\x8c\xdf\x73\x98\x60\x7c\xb0\xf2\xd2\x16\x75\xea\x9e\xa1\xe4"},
        {0xff00, "\x36\x2b\x7c\x3c\x67\x73\x51\x63\x18\xa0\x77\xd7\xfc\x50\x73\xae"},
        {0xff01, "\x6a\x2c\xc3\x78\x78\x89\x37\x4f\xbe\xb4\xc8\x1b\x17\xba\x6c\x44"},
    };
    const size_t size = 0xff02 * 16;
    g_autofree uint8_t *stream = g_malloc0(size);
    srtp_cipher_t *cipher;
    uint8_t iv[16] = {0};
    unsigned octets;
    g_assert_cmpint(cg_srtp_aes_icm_128.alloc(&cipher, 30, 0), ==, srtp_err_status_ok);
    g_assert_cmpint(cg_srtp_aes_icm_128.init(cipher->state, key), ==, srtp_err_status_ok);
    g_assert_cmpint(cg_srtp_aes_icm_128.set_iv(cipher->state, iv, srtp_direction_encrypt), ==, srtp_err_status_ok);
    for (size_t done = 0, step = 7; done < size; done += step) { /* in pieces: the keystream runs on */
        octets = (unsigned) (size - done < step ? size - done : step);
        g_assert_cmpint(cg_srtp_aes_icm_128.encrypt(cipher->state, stream + done, &octets), ==, srtp_err_status_ok);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(vectors); i++)
        g_assert_cmpmem(stream + vectors[i].block * 16, 16, vectors[i].keystream, 16);
    cg_srtp_aes_icm_128.dealloc(cipher);
    g_assert_cmpint(cg_srtp_aes_icm_128.alloc(&cipher, 46, 0), !=, srtp_err_status_ok);
}

/* RFC 2202 section 3, test cases 1 to 3 (RFC 3711's keys have 20 bytes). */
static void test_hmac(void)
{
    static const struct {
        uint8_t key_byte, data_byte;
        unsigned key_size, data_size;
        const char *text, *tag;
    } cases[] = {
        {0x0b, 0, 20, 8, "Hi There", "\xb6\x17\x31\x86\x55\x05\x72\x64\xe2\x8b\xc0\xb6\xfb\x37\x8c\x8e\xf1\x46\xbe"},
        {0xaa, 0xdd, 20, 50, NULL, "\x12\x5d\x73\x42\xb9\xac\x11\xcd\x91\xa3\x9a\xf4\x8a\xa1\x7b\x4f\x63\xf1\x75"},
        {0x0c, 0, 20, 20, "Test With Truncation", "\x4c\x1a\x03\x42\x4b\x55\xe0\x7f\xe7\xf2\x7b\xe1"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        uint8_t key[64], data[64], tag[20];
        int tag_size = (int) strlen(cases[i].tag); /* cut before the vectors' zero bytes */
        srtp_auth_t *auth;
        memset(key, cases[i].key_byte, sizeof key);
        memset(data, cases[i].data_byte, sizeof data);
        if (cases[i].text)
            memcpy(data, cases[i].text, cases[i].data_size);
        g_assert_cmpint(cg_srtp_hmac_sha1.alloc(&auth, (int) cases[i].key_size, tag_size), ==, srtp_err_status_ok);
        g_assert_cmpint(cg_srtp_hmac_sha1.init(auth->state, key, (int) cases[i].key_size), ==, srtp_err_status_ok);
        for (unsigned split = 0; split <= cases[i].data_size; split++) { /* whole, and in two pieces */
            cg_srtp_hmac_sha1.start(auth->state);
            cg_srtp_hmac_sha1.update(auth->state, data, (int) split);
            cg_srtp_hmac_sha1.compute(auth->state, data + split, (int) (cases[i].data_size - split), tag_size, tag);
            g_assert_cmpmem(tag, tag_size, cases[i].tag, tag_size);
        }
        cg_srtp_hmac_sha1.dealloc(auth);
    }
}

typedef struct {
    cg_srtp_session *a, *b;
} pair;

static pair pair_new(cg_srtp_profile profile)
{
    cg_srtp_keys keys = make_keys(profile, false), swapped = make_keys(profile, true);
    pair p = {cg_srtp_session_new(&keys), cg_srtp_session_new(&swapped)};
    g_assert_nonnull(p.a);
    g_assert_nonnull(p.b);
    return p;
}

static void pair_free(pair *p)
{
    cg_srtp_session_free(p->a);
    cg_srtp_session_free(p->b);
}

static void test_round_trip(void)
{
    static const struct {
        cg_srtp_profile profile;
        size_t rtp_growth; /* RFC 5764 section 4.1.2 */
    } cases[] = {{CG_SRTP_AES128_CM_SHA1_80, 10}, {CG_SRTP_AES128_CM_SHA1_32, 4}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        pair sessions = pair_new(cases[i].profile);
        for (unsigned n = 0; n < 300; n++) { /* across the wrap of the sequence number */
            packet plain = make_rtp(0x11223344, (uint16_t) (65400 + n), n % 200), p = plain;
            g_assert_cmpint(cg_srtp_protect_rtp(sessions.a, p.data, &p.size), ==, CG_SRTP_OK);
            g_assert_cmpuint(p.size, ==, plain.size + cases[i].rtp_growth);
            if (n % 200 > 16)
                g_assert_cmpint(memcmp(p.data + 12, plain.data + 12, plain.size - 12), !=, 0);
            g_assert_cmpint(cg_srtp_unprotect_rtp(sessions.b, p.data, &p.size), ==, CG_SRTP_OK);
            g_assert_cmpmem(p.data, p.size, plain.data, plain.size);
        }
        packet plain = make_rtcp(0x11223344), p = plain;
        g_assert_cmpint(cg_srtp_protect_rtcp(sessions.b, p.data, &p.size), ==, CG_SRTP_OK);
        g_assert_cmpuint(p.size, ==, plain.size + 14); /* index and the 80-bit tag in both profiles */
        g_assert_cmpint(cg_srtp_unprotect_rtcp(sessions.a, p.data, &p.size), ==, CG_SRTP_OK);
        g_assert_cmpmem(p.data, p.size, plain.data, plain.size);
        pair_free(&sessions);
    }
}

static void test_replay(void)
{
    pair sessions = pair_new(CG_SRTP_AES128_CM_SHA1_80);
    packet sent[300];
    for (unsigned n = 0; n < 300; n++) {
        sent[n] = make_rtp(7, (uint16_t) (1000 + n), 20);
        g_assert_cmpint(cg_srtp_protect_rtp(sessions.a, sent[n].data, &sent[n].size), ==, CG_SRTP_OK);
    }
    for (unsigned n = 0; n < 300; n += 2) { /* half of them arrive */
        packet p = sent[n];
        g_assert_cmpint(cg_srtp_unprotect_rtp(sessions.b, p.data, &p.size), ==, CG_SRTP_OK);
    }
    static const struct {
        unsigned index;
        cg_srtp_status expected;
    } cases[] = {{298, CG_SRTP_REPLAYED}, {297, CG_SRTP_OK},       {297, CG_SRTP_REPLAYED},
                 {199, CG_SRTP_OK},       {200, CG_SRTP_REPLAYED}, {101, CG_SRTP_REPLAYED}, /* older than the window */
                 {0, CG_SRTP_REPLAYED},   {299, CG_SRTP_OK}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        packet p = sent[cases[i].index];
        g_assert_cmpint(cg_srtp_unprotect_rtp(sessions.b, p.data, &p.size), ==, cases[i].expected);
    }
    packet report = make_rtcp(7), copy;
    g_assert_cmpint(cg_srtp_protect_rtcp(sessions.a, report.data, &report.size), ==, CG_SRTP_OK);
    copy = report;
    g_assert_cmpint(cg_srtp_unprotect_rtcp(sessions.b, report.data, &report.size), ==, CG_SRTP_OK);
    g_assert_cmpint(cg_srtp_unprotect_rtcp(sessions.b, copy.data, &copy.size), ==, CG_SRTP_REPLAYED);
    pair_free(&sessions);
}

static void test_tamper(void)
{
    for (cg_srtp_profile profile = CG_SRTP_AES128_CM_SHA1_80; profile <= CG_SRTP_AES128_CM_SHA1_32; profile++) {
        pair sessions = pair_new(profile);
        packet rtp = make_rtp(7, 1, 40), rtcp = make_rtcp(7);
        g_assert_cmpint(cg_srtp_protect_rtp(sessions.a, rtp.data, &rtp.size), ==, CG_SRTP_OK);
        g_assert_cmpint(cg_srtp_protect_rtcp(sessions.a, rtcp.data, &rtcp.size), ==, CG_SRTP_OK);
        for (size_t i = 0; i < rtp.size; i++) {
            packet p = rtp;
            p.data[i] ^= 0x01;
            g_assert_cmpint(cg_srtp_unprotect_rtp(sessions.b, p.data, &p.size), !=, CG_SRTP_OK);
            g_assert_cmpuint(p.size, ==, rtp.size);
            if (i >= 1) /* byte 0 makes it another header */
                g_assert_cmpint(cg_srtp_unprotect_rtp(sessions.b, p.data, &p.size), ==, CG_SRTP_UNAUTHENTICATED);
        }
        for (size_t i = 0; i < rtcp.size; i++) {
            packet p = rtcp;
            p.data[i] ^= 0x01;
            g_assert_cmpint(cg_srtp_unprotect_rtcp(sessions.b, p.data, &p.size), !=, CG_SRTP_OK);
        }
        for (size_t size = 0; size < rtp.size; size++) { /* exact copies: AddressSanitizer sees reads behind the end */
            size_t octets = size;
            g_autofree uint8_t *cut = g_memdup2(rtp.data, size), *cut_rtcp = g_memdup2(rtcp.data, size);
            g_assert_cmpint(cg_srtp_unprotect_rtp(sessions.b, cut, &octets), !=, CG_SRTP_OK);
            octets = MIN(size, rtcp.size - 1);
            g_assert_cmpint(cg_srtp_unprotect_rtcp(sessions.b, cut_rtcp, &octets), !=, CG_SRTP_OK);
        }
        g_assert_cmpint(cg_srtp_unprotect_rtp(sessions.b, rtp.data, &rtp.size), ==, CG_SRTP_OK); /* still good */
        g_assert_cmpint(cg_srtp_unprotect_rtcp(sessions.b, rtcp.data, &rtcp.size), ==, CG_SRTP_OK);
        pair_free(&sessions);
    }
}

static void test_wrong_keys(void)
{
    cg_srtp_keys keys = make_keys(CG_SRTP_AES128_CM_SHA1_80, false);
    cg_srtp_session *a = cg_srtp_session_new(&keys), *b = cg_srtp_session_new(&keys); /* not swapped */
    packet p = make_rtp(7, 1, 40);
    g_assert_cmpint(cg_srtp_protect_rtp(a, p.data, &p.size), ==, CG_SRTP_OK);
    g_assert_cmpint(cg_srtp_unprotect_rtp(b, p.data, &p.size), ==, CG_SRTP_UNAUTHENTICATED);
    cg_srtp_session_free(a);
    cg_srtp_session_free(b);
}

/* A direction whose key stays goes on, roll-over counter and replay window included; the other begins anew. */
static void test_rekey(void)
{
    pair sessions = pair_new(CG_SRTP_AES128_CM_SHA1_80);
    cg_srtp_keys a = make_keys(CG_SRTP_AES128_CM_SHA1_80, false), b = make_keys(CG_SRTP_AES128_CM_SHA1_80, true);
    cg_srtp_keys next_a = a, next_b = b;
    packet kept;
    for (unsigned n = 0; n < 300; n++) { /* the sequence number wraps */
        packet p = make_rtp(7, (uint16_t) (65400 + n), 20);
        g_assert_cmpint(cg_srtp_protect_rtp(sessions.b, p.data, &p.size), ==, CG_SRTP_OK);
        kept = p;
        g_assert_cmpint(cg_srtp_unprotect_rtp(sessions.a, p.data, &p.size), ==, CG_SRTP_OK);
    }
    next_a.local[3] ^= 0xff;
    next_b.remote[3] ^= 0xff;
    packet old = make_rtp(9, 1, 20), late = make_rtp(9, 2, 20), new = make_rtp(9, 3, 20), too_late = make_rtp(9, 4, 20);
    packet *under_old[] = {&old, &late, &too_late};
    for (size_t i = 0; i < G_N_ELEMENTS(under_old); i++)
        g_assert_cmpint(cg_srtp_protect_rtp(sessions.a, under_old[i]->data, &under_old[i]->size), ==, CG_SRTP_OK);
    g_assert_true(cg_srtp_session_rekey(sessions.a, &a, &next_a));
    g_assert_true(cg_srtp_session_rekey(sessions.b, &b, &next_b));
    g_assert_cmpint(cg_srtp_protect_rtp(sessions.a, new.data, &new.size), ==, CG_SRTP_OK);
    packet again = old, forged = late;
    forged.data[20] ^= 1;
    g_assert_cmpint(cg_srtp_unprotect_rtp(sessions.b, old.data, &old.size), ==, CG_SRTP_OK);
    g_assert_cmpint(cg_srtp_unprotect_rtp(sessions.b, again.data, &again.size), ==, CG_SRTP_REPLAYED);
    g_assert_cmpint(cg_srtp_unprotect_rtp(sessions.b, forged.data, &forged.size), ==, CG_SRTP_UNAUTHENTICATED);
    g_assert_cmpint(cg_srtp_unprotect_rtp(sessions.b, late.data, &late.size), ==, CG_SRTP_OK);
    g_assert_cmpint(cg_srtp_unprotect_rtp(sessions.b, new.data, &new.size), ==, CG_SRTP_OK);
    g_assert_cmpint(cg_srtp_unprotect_rtp(sessions.b, too_late.data, &too_late.size), ==, CG_SRTP_UNAUTHENTICATED);
    /* The direction that kept its key. */
    g_assert_cmpint(cg_srtp_unprotect_rtp(sessions.a, kept.data, &kept.size), ==, CG_SRTP_REPLAYED);
    packet on = make_rtp(7, (uint16_t) (65400 + 300), 20), plain = on;
    g_assert_cmpint(cg_srtp_protect_rtp(sessions.b, on.data, &on.size), ==, CG_SRTP_OK);
    g_assert_cmpint(cg_srtp_unprotect_rtp(sessions.a, on.data, &on.size), ==, CG_SRTP_OK);
    g_assert_cmpmem(on.data, on.size, plain.data, plain.size);
    pair_free(&sessions);
}

/* Who never uses the new key cannot use the old one for ever. */
static void test_rekey_bounded(void)
{
    pair sessions = pair_new(CG_SRTP_AES128_CM_SHA1_80);
    cg_srtp_keys b = make_keys(CG_SRTP_AES128_CM_SHA1_80, true), next = make_keys(CG_SRTP_AES128_CM_SHA1_32, true);
    unsigned taken = 0;
    g_assert_true(cg_srtp_session_rekey(sessions.b, &b, &next));
    for (uint32_t ssrc = 1; ssrc <= 1000; ssrc++) {
        packet p = make_rtp(ssrc, 1, 20);
        g_assert_cmpint(cg_srtp_protect_rtp(sessions.a, p.data, &p.size), ==, CG_SRTP_OK);
        taken += cg_srtp_unprotect_rtp(sessions.b, p.data, &p.size) == CG_SRTP_OK;
    }
    g_assert_cmpuint(taken, ==, 500);
    pair_free(&sessions);
}

static void test_malformed_outbound(void)
{
    pair sessions = pair_new(CG_SRTP_AES128_CM_SHA1_80);
    for (size_t size = 0; size < 12; size++) {
        packet p = make_rtp(7, 1, 0);
        p.size = size;
        g_assert_cmpint(cg_srtp_protect_rtp(sessions.a, p.data, &p.size), ==, CG_SRTP_MALFORMED);
    }
    g_autofree uint8_t *large = g_malloc0(70000);
    size_t size = 70000;
    g_assert_cmpint(cg_srtp_unprotect_rtp(sessions.a, large, &size), ==, CG_SRTP_MALFORMED);
    pair_free(&sessions);
}

/* Any remote SSRC is taken, and the peer cannot make the session grow by inventing more. */
static void test_many_ssrcs(void)
{
    pair sessions = pair_new(CG_SRTP_AES128_CM_SHA1_80);
    packet kept = {0}, forgotten = {0};
    for (uint32_t ssrc = 1; ssrc <= 1000; ssrc++) {
        packet p = make_rtp(ssrc, 5, 20);
        g_assert_cmpint(cg_srtp_protect_rtp(sessions.a, p.data, &p.size), ==, CG_SRTP_OK);
        if (ssrc == 1)
            forgotten = p;
        if (ssrc == 998)
            kept = p;
        g_assert_cmpint(cg_srtp_unprotect_rtp(sessions.b, p.data, &p.size), ==, CG_SRTP_OK);
        packet again = make_rtp(0xffff0000, (uint16_t) (ssrc + 1), 20); /* one that is in use all the while */
        g_assert_cmpint(cg_srtp_protect_rtp(sessions.a, again.data, &again.size), ==, CG_SRTP_OK);
        packet replay = again;
        g_assert_cmpint(cg_srtp_unprotect_rtp(sessions.b, again.data, &again.size), ==, CG_SRTP_OK);
        g_assert_cmpint(cg_srtp_unprotect_rtp(sessions.b, replay.data, &replay.size), ==, CG_SRTP_REPLAYED);
    }
    g_assert_cmpint(cg_srtp_unprotect_rtp(sessions.b, kept.data, &kept.size), ==, CG_SRTP_REPLAYED);
    /* That its replay passes shows that the stream was freed: only the peer who has the key can bring this about. */
    g_assert_cmpint(cg_srtp_unprotect_rtp(sessions.b, forgotten.data, &forgotten.size), ==, CG_SRTP_OK);
    pair_free(&sessions);
}

static srtp_t original_direction(cg_srtp_profile profile, uint8_t *master, srtp_ssrc_type_t ssrcs)
{
    srtp_t direction;
    srtp_policy_t policy = {.ssrc = {.type = ssrcs}, .key = master};
    srtp_profile_t id =
        profile == CG_SRTP_AES128_CM_SHA1_32 ? srtp_profile_aes128_cm_sha1_32 : srtp_profile_aes128_cm_sha1_80;
    g_assert_cmpint(srtp_crypto_policy_set_from_profile_for_rtp(&policy.rtp, id), ==, srtp_err_status_ok);
    g_assert_cmpint(srtp_crypto_policy_set_from_profile_for_rtcp(&policy.rtcp, id), ==, srtp_err_status_ok);
    g_assert_cmpint(srtp_create(&direction, &policy), ==, srtp_err_status_ok);
    return direction;
}

static void original_init(original *o)
{
    for (unsigned profile = 0; profile < 2; profile++) {
        cg_srtp_keys keys = make_keys(profile, true);
        o->inbound[profile] = original_direction(profile, keys.remote, ssrc_any_inbound);
        o->outbound[profile] = original_direction(profile, keys.local, ssrc_any_outbound);
    }
}

static void test_original(gconstpointer data)
{
    const original *o = data;
    for (unsigned profile = 0; profile < 2; profile++) {
        cg_srtp_keys keys = make_keys(profile, false);
        cg_srtp_session *session = cg_srtp_session_new(&keys);
        for (unsigned n = 0; n < 200; n++) {
            packet plain = make_rtp(9, (uint16_t) (65450 + n), n), p = plain;
            int size;
            g_assert_cmpint(cg_srtp_protect_rtp(session, p.data, &p.size), ==, CG_SRTP_OK);
            size = (int) p.size;
            g_assert_cmpint(srtp_unprotect(o->inbound[profile], p.data, &size), ==, srtp_err_status_ok);
            g_assert_cmpmem(p.data, size, plain.data, plain.size);

            g_assert_cmpint(srtp_protect(o->outbound[profile], p.data, &size), ==, srtp_err_status_ok);
            p.size = (size_t) size;
            g_assert_cmpint(cg_srtp_unprotect_rtp(session, p.data, &p.size), ==, CG_SRTP_OK);
            g_assert_cmpmem(p.data, p.size, plain.data, plain.size);
        }
        packet plain = make_rtcp(9), p = plain;
        int size;
        g_assert_cmpint(cg_srtp_protect_rtcp(session, p.data, &p.size), ==, CG_SRTP_OK);
        size = (int) p.size;
        g_assert_cmpint(srtp_unprotect_rtcp(o->inbound[profile], p.data, &size), ==, srtp_err_status_ok);
        g_assert_cmpmem(p.data, size, plain.data, plain.size);
        g_assert_cmpint(srtp_protect_rtcp(o->outbound[profile], p.data, &size), ==, srtp_err_status_ok);
        p.size = (size_t) size;
        g_assert_cmpint(cg_srtp_unprotect_rtcp(session, p.data, &p.size), ==, CG_SRTP_OK);
        g_assert_cmpmem(p.data, p.size, plain.data, plain.size);
        cg_srtp_session_free(session);
    }
}

int main(int argc, char **argv)
{
    original o;
    g_test_init(&argc, &argv, NULL);
    g_assert_cmpint(srtp_init(), ==, srtp_err_status_ok);
    original_init(&o);
    g_assert_true(cg_srtp_primitives_install());
    g_test_add_func("/srtp/aes-cm", test_aes_cm);
    g_test_add_func("/srtp/hmac", test_hmac);
    g_test_add_func("/srtp/round-trip", test_round_trip);
    g_test_add_func("/srtp/replay", test_replay);
    g_test_add_func("/srtp/tamper", test_tamper);
    g_test_add_func("/srtp/wrong-keys", test_wrong_keys);
    g_test_add_func("/srtp/rekey", test_rekey);
    g_test_add_func("/srtp/rekey-bounded", test_rekey_bounded);
    g_test_add_func("/srtp/malformed-outbound", test_malformed_outbound);
    g_test_add_func("/srtp/many-ssrcs", test_many_ssrcs);
    g_test_add_data_func("/srtp/original", &o, test_original);
    int result = g_test_run();
    for (unsigned profile = 0; profile < 2; profile++) {
        srtp_dealloc(o.inbound[profile]);
        srtp_dealloc(o.outbound[profile]);
    }
    srtp_shutdown();
    return result;
}
