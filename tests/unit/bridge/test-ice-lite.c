/* ICE-lite against requests written byte by byte here, with GLib's HMAC and a CRC of our own, so that libnice does not
 * vouch for libnice. Vectors: RFC 5769. */
#include "bridge/ice/ice_lite.h"

#include <arpa/inet.h>
#include <glib.h>
#include <string.h>

enum {
    ATTRIBUTE_USERNAME = 0x0006,
    ATTRIBUTE_INTEGRITY = 0x0008,
    ATTRIBUTE_ERROR = 0x0009,
    ATTRIBUTE_UNKNOWN = 0x000a,
    ATTRIBUTE_XOR_MAPPED = 0x0020,
    ATTRIBUTE_PRIORITY = 0x0024,
    ATTRIBUTE_USE_CANDIDATE = 0x0025,
    ATTRIBUTE_FINGERPRINT = 0x8028,
    ATTRIBUTE_CONTROLLED = 0x8029,
    ATTRIBUTE_CONTROLLING = 0x802a,
};

/* The transaction of RFC 5769's examples. */
static const uint8_t transaction[12] = {0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae};

typedef struct {
    uint8_t data[2048];
    size_t size;
} packet;

static void put16(packet *p, unsigned value)
{
    p->data[p->size++] = (uint8_t) (value >> 8);
    p->data[p->size++] = (uint8_t) value;
}

static void set_length(packet *p, size_t length)
{
    p->data[2] = (uint8_t) (length >> 8);
    p->data[3] = (uint8_t) length;
}

static void begin(packet *p, unsigned type)
{
    p->size = 0;
    put16(p, type);
    put16(p, 0);
    put16(p, 0x2112);
    put16(p, 0xa442);
    memcpy(p->data + p->size, transaction, sizeof transaction);
    p->size += sizeof transaction;
}

static void attribute(packet *p, unsigned type, const void *value, size_t size)
{
    put16(p, type);
    put16(p, (unsigned) size);
    if (size)
        memcpy(p->data + p->size, value, size);
    p->size += size;
    while (p->size % 4)
        p->data[p->size++] = ' ';
    set_length(p, p->size - 20);
}

static uint32_t crc32(const uint8_t *data, size_t size)
{
    uint32_t crc = 0xffffffff;
    for (size_t i = 0; i < size; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ (0xedb88320 & -(crc & 1));
    }
    return ~crc;
}

/* RFC 8489 section 14.5: over everything before, the length counting the attribute itself. */
static void compute_integrity(packet *p, size_t before, const char *pwd, uint8_t ret_mac[20])
{
    size_t length = 20;
    uint16_t kept;
    memcpy(&kept, p->data + 2, 2);
    set_length(p, before - 20 + 24);
    GHmac *hmac = g_hmac_new(G_CHECKSUM_SHA1, (const guchar *) pwd, strlen(pwd));
    g_hmac_update(hmac, p->data, (gssize) before);
    g_hmac_get_digest(hmac, ret_mac, &length);
    g_hmac_unref(hmac);
    memcpy(p->data + 2, &kept, 2);
}

static void sign(packet *p, const char *pwd)
{
    uint8_t mac[20];
    compute_integrity(p, p->size, pwd, mac);
    attribute(p, ATTRIBUTE_INTEGRITY, mac, sizeof mac);
}

static void fingerprint(packet *p)
{
    set_length(p, p->size - 20 + 8);
    uint32_t value = htonl(crc32(p->data, p->size) ^ 0x5354554e);
    attribute(p, ATTRIBUTE_FINGERPRINT, &value, 4);
}

static const uint8_t *find(const packet *p, unsigned type, size_t *ret_size)
{
    for (size_t at = 20; at + 4 <= p->size;) {
        unsigned found = (unsigned) (p->data[at] << 8 | p->data[at + 1]);
        size_t size = (size_t) (p->data[at + 2] << 8 | p->data[at + 3]);
        if (found == type) {
            *ret_size = size;
            return p->data + at + 4;
        }
        at += 4 + (size + 3) / 4 * 4;
    }
    return NULL;
}

static const cg_ice_credentials first = {"evtj", "VOkJxbRl1RmTxUk/WvJxBt"};
static const cg_ice_credentials second = {"Qz7w", "0123456789abcdefghijkl"};
static const cg_ice_credentials third = {"k3Xb", "zyxwvutsrqponmlkjihgfe"};

static void build_check(packet *p, const char *username, const char *pwd, bool nominate)
{
    static const uint8_t priority[4] = {0x6e, 0x00, 0x01, 0xff}, tie[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    begin(p, 0x0001);
    attribute(p, ATTRIBUTE_USERNAME, username, strlen(username));
    attribute(p, ATTRIBUTE_PRIORITY, priority, sizeof priority);
    attribute(p, ATTRIBUTE_CONTROLLING, tie, sizeof tie);
    if (nominate)
        attribute(p, ATTRIBUTE_USE_CANDIDATE, NULL, 0);
    sign(p, pwd);
    fingerprint(p);
}

static struct sockaddr_storage address(int family, const char *text, uint16_t port)
{
    struct sockaddr_storage storage = {.ss_family = (sa_family_t) family};
    if (family == AF_INET) {
        ((struct sockaddr_in *) &storage)->sin_port = htons(port);
        g_assert_cmpint(inet_pton(family, text, &((struct sockaddr_in *) &storage)->sin_addr), ==, 1);
    } else {
        ((struct sockaddr_in6 *) &storage)->sin6_port = htons(port);
        g_assert_cmpint(inet_pton(family, text, &((struct sockaddr_in6 *) &storage)->sin6_addr), ==, 1);
    }
    return storage;
}

static cg_ice_result receive_from(cg_ice_lite *ice, const packet *p, struct sockaddr_storage from, packet *out)
{
    /* An exact copy on the heap: AddressSanitizer sees any read past the datagram. */
    g_autofree uint8_t *exact = g_memdup2(p->data, p->size);
    return cg_ice_lite_receive(ice, exact, p->size, &from, out->data, &out->size);
}

static cg_ice_result receive(cg_ice_lite *ice, const packet *p, packet *out)
{
    return receive_from(ice, p, address(AF_INET, "192.0.2.1", 32853), out);
}

/* The reply's frame, integrity and fingerprint hold. */
static void assert_reply(packet *p, unsigned type, const char *pwd)
{
    size_t size;
    uint8_t mac[20];
    g_assert_cmpuint(p->size, >=, 20);
    g_assert_cmpuint((unsigned) (p->data[0] << 8 | p->data[1]), ==, type);
    g_assert_cmpuint((size_t) (p->data[2] << 8 | p->data[3]), ==, p->size - 20);
    g_assert_cmpmem(p->data + 8, 12, transaction, 12);
    const uint8_t *integrity = find(p, ATTRIBUTE_INTEGRITY, &size);
    g_assert_nonnull(integrity);
    compute_integrity(p, (size_t) (integrity - 4 - p->data), pwd, mac);
    g_assert_cmpmem(integrity, size, mac, 20);
    const uint8_t *crc = find(p, ATTRIBUTE_FINGERPRINT, &size);
    g_assert_nonnull(crc);
    uint32_t expected = htonl(crc32(p->data, (size_t) (crc - 4 - p->data)) ^ 0x5354554e);
    g_assert_cmpmem(crc, size, &expected, 4);
    g_assert_null(find(p, ATTRIBUTE_USERNAME, &size));
}

static void assert_error(packet *out, unsigned code, const char *pwd)
{
    size_t size;
    assert_reply(out, 0x0111, pwd);
    const uint8_t *error = find(out, ATTRIBUTE_ERROR, &size);
    g_assert_nonnull(error);
    g_assert_cmpuint(error[2] * 100u + error[3], ==, code);
}

static void test_is_message(void)
{
    packet p;
    build_check(&p, "evtj:h6vY", first.pwd, false);
    g_assert_true(cg_stun_is_message(p.data, p.size));
    g_assert_true(cg_stun_is_message(p.data, 20));
    g_assert_false(cg_stun_is_message(p.data, 19));
    g_assert_false(cg_stun_is_message(p.data, 0));
    p.data[0] = 22; /* DTLS handshake */
    g_assert_false(cg_stun_is_message(p.data, p.size));
    p.data[0] = 0x80; /* RTP */
    g_assert_false(cg_stun_is_message(p.data, p.size));
    build_check(&p, "evtj:h6vY", first.pwd, false);
    p.data[5] ^= 1;
    g_assert_false(cg_stun_is_message(p.data, p.size));
}

static void test_peek(void)
{
    static const struct {
        const char *username, *expected;
    } cases[] = {
        {"evtj:h6vY", "evtj"},
        {"evtj:", "evtj"},
        {"a:b:c", "a"},
        {"evtjh6vY", NULL},
        {":h6vY", NULL},
        {"", NULL},
        {"12345678901234567890123456789012:x", "12345678901234567890123456789012"},
        {"123456789012345678901234567890123:x", NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        char ufrag[CG_ICE_UFRAG_MAX + 1] = "untouched";
        packet p;
        build_check(&p, cases[i].username, "any", false);
        g_assert_cmpint(cg_stun_peek_ufrag(p.data, p.size, ufrag), ==, cases[i].expected != NULL);
        g_assert_cmpstr(ufrag, ==, cases[i].expected ? cases[i].expected : "untouched");
    }
}

/* RFC 5769 section 2.1. Its ICE-CONTROLLED makes it a role conflict here; that its integrity holds shows in the
 * answer being signed at all. */
static void test_rfc5769_request(void)
{
    static const uint8_t sample[] =
        "\x00\x01\x00\x58\x21\x12\xa4\x42\xb7\xe7\xa7\x01\xbc\x34\xd6\x86\xfa\x87\xdf\xae\x80\x22\x00\x10"
        "STUN test client\x00\x24\x00\x04\x6e\x00\x01\xff\x80\x29\x00\x08\x93\x2f\xf9\xb1\x51\x26\x3b\x36"
        "\x00\x06\x00\x09\x65\x76\x74\x6a\x3a\x68\x36\x76\x59\x20\x20\x20\x00\x08\x00\x14\x9a\xea\xa7\x0c"
        "\xbf\xd8\xcb\x56\x78\x1e\xf2\xb5\xb2\xd3\xf2\x49\xc1\xb5\x71\xa2\x80\x28\x00\x04\xe5\x7a\x3b\xcf";
    cg_ice_lite ice;
    packet out;
    packet p = {.size = sizeof sample - 1};
    char ufrag[CG_ICE_UFRAG_MAX + 1];
    memcpy(p.data, sample, p.size);
    g_assert_true(cg_stun_peek_ufrag(p.data, p.size, ufrag));
    g_assert_cmpstr(ufrag, ==, "evtj");
    cg_ice_lite_init(&ice, &first);
    cg_ice_lite_set_remote(&ice, "h6vY");
    g_assert_cmpint(receive(&ice, &p, &out), ==, CG_ICE_REJECTED);
    assert_error(&out, 487, first.pwd);
    for (size_t i = 20; i < p.size; i++) { /* every byte is covered by integrity or fingerprint */
        p.data[i] ^= 0x10;
        g_assert_cmpint(receive(&ice, &p, &out), ==, CG_ICE_REJECTED);
        g_assert_cmpuint(out.size, ==, 0);
        p.data[i] ^= 0x10;
    }
}

/* RFC 5769 sections 2.2 and 2.3: the attributes as they stand in the sample responses to the same transaction. */
static void test_mapped_address(void)
{
    static const struct {
        int family;
        const char *text;
        const char *attribute;
        size_t size;
    } cases[] = {
        {AF_INET, "192.0.2.1", "\x00\x01\xa1\x47\xe1\x12\xa6\x43", 8},
        {AF_INET6, "::ffff:192.0.2.1", "\x00\x01\xa1\x47\xe1\x12\xa6\x43", 8},
        {AF_INET6, "2001:db8:1234:5678:11:2233:4455:6677",
         "\x00\x02\xa1\x47\x01\x13\xa9\xfa\xa5\xd3\xf1\x79\xbc\x25\xf4\xb5\xbe\xd2\xb9\xd9", 20},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        cg_ice_lite ice;
        packet out;
        packet p;
        size_t size;
        cg_ice_lite_init(&ice, &first);
        build_check(&p, "evtj:h6vY", first.pwd, false);
        g_assert_cmpint(receive_from(&ice, &p, address(cases[i].family, cases[i].text, 32853), &out), ==,
                        CG_ICE_CHECKED);
        assert_reply(&out, 0x0101, first.pwd);
        const uint8_t *mapped = find(&out, ATTRIBUTE_XOR_MAPPED, &size);
        g_assert_nonnull(mapped);
        g_assert_cmpmem(mapped, size, cases[i].attribute, cases[i].size);
    }
}

static void test_checks(void)
{
    static const struct {
        const char *username, *pwd;
        bool remote_known, nominate;
        cg_ice_result expected;
    } cases[] = {
        {"evtj:h6vY", "VOkJxbRl1RmTxUk/WvJxBt", true, false, CG_ICE_CHECKED},
        {"evtj:h6vY", "VOkJxbRl1RmTxUk/WvJxBt", true, true, CG_ICE_NOMINATED},
        {"evtj:other", "VOkJxbRl1RmTxUk/WvJxBt", false, true, CG_ICE_NOMINATED},
        {"evtj:other", "VOkJxbRl1RmTxUk/WvJxBt", true, true, CG_ICE_REJECTED},
        {"evtj:h6v", "VOkJxbRl1RmTxUk/WvJxBt", true, true, CG_ICE_REJECTED},
        {"evtj:h6vY:", "VOkJxbRl1RmTxUk/WvJxBt", true, true, CG_ICE_REJECTED},
        {"evt:h6vY", "VOkJxbRl1RmTxUk/WvJxBt", true, true, CG_ICE_REJECTED},
        {"evtj1:h6vY", "VOkJxbRl1RmTxUk/WvJxBt", true, true, CG_ICE_REJECTED},
        {"evtj", "VOkJxbRl1RmTxUk/WvJxBt", true, true, CG_ICE_REJECTED},
        {"evtj:h6vY", "VOkJxbRl1RmTxUk/WvJxBx", true, true, CG_ICE_REJECTED},
        {"evtj:h6vY", "", true, true, CG_ICE_REJECTED},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        cg_ice_lite ice;
        packet out;
        packet p;
        cg_ice_lite_init(&ice, &first);
        if (cases[i].remote_known)
            cg_ice_lite_set_remote(&ice, "h6vY");
        build_check(&p, cases[i].username, cases[i].pwd, cases[i].nominate);
        g_assert_cmpint(receive(&ice, &p, &out), ==, cases[i].expected);
        if (cases[i].expected == CG_ICE_REJECTED)
            g_assert_cmpuint(out.size, ==, 0); /* no reply for who has proved nothing */
        else
            assert_reply(&out, 0x0101, first.pwd);
    }
}

static void test_malformed(void)
{
    cg_ice_lite ice;
    packet out;
    packet p, full;
    uint8_t zeros[20] = {0};
    cg_ice_lite_init(&ice, &first);
    build_check(&full, "evtj:h6vY", first.pwd, false);

    for (size_t size = 0; size < full.size; size++) { /* cut short */
        p = full;
        p.size = size;
        g_assert_cmpint(receive(&ice, &p, &out), ==, CG_ICE_REJECTED);
        g_assert_cmpuint(out.size, ==, 0);
    }

    begin(&p, 0x0001); /* no FINGERPRINT, RFC 8445 section 7.1 */
    attribute(&p, ATTRIBUTE_USERNAME, "evtj:h6vY", 9);
    sign(&p, first.pwd);
    g_assert_cmpint(receive(&ice, &p, &out), ==, CG_ICE_REJECTED);
    g_assert_cmpuint(out.size, ==, 0);

    begin(&p, 0x0001); /* no MESSAGE-INTEGRITY */
    attribute(&p, ATTRIBUTE_USERNAME, "evtj:h6vY", 9);
    fingerprint(&p);
    g_assert_cmpint(receive(&ice, &p, &out), ==, CG_ICE_REJECTED);
    g_assert_cmpuint(out.size, ==, 0);

    for (size_t size = 0; size <= 16; size += 4) { /* MESSAGE-INTEGRITY too short: nothing behind it may be read */
        begin(&p, 0x0001);
        attribute(&p, ATTRIBUTE_USERNAME, "evtj:h6vY", 9);
        attribute(&p, ATTRIBUTE_INTEGRITY, zeros, size);
        fingerprint(&p);
        g_assert_cmpint(receive(&ice, &p, &out), ==, CG_ICE_REJECTED);
        g_assert_cmpuint(out.size, ==, 0);
    }

    begin(&p, 0x0001); /* USERNAME behind MESSAGE-INTEGRITY does not count, RFC 8489 section 14.5 */
    sign(&p, first.pwd);
    attribute(&p, ATTRIBUTE_USERNAME, "evtj:h6vY", 9);
    fingerprint(&p);
    g_assert_cmpint(receive(&ice, &p, &out), ==, CG_ICE_REJECTED);

    static const unsigned types[] = {0x0011, 0x0101, 0x0111, 0x0003, 0x0004}; /* indication, responses, other methods */
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        begin(&p, types[i]);
        attribute(&p, ATTRIBUTE_USERNAME, "evtj:h6vY", 9);
        sign(&p, first.pwd);
        fingerprint(&p);
        g_assert_cmpint(receive(&ice, &p, &out), ==, CG_ICE_REJECTED);
        g_assert_cmpuint(out.size, ==, 0);
    }

    begin(&p, 0x0001); /* larger than any check */
    attribute(&p, ATTRIBUTE_USERNAME, "evtj:h6vY", 9);
    attribute(&p, 0x8022, memset(g_alloca(1300), 'x', 1300), 1300);
    sign(&p, first.pwd);
    fingerprint(&p);
    g_assert_cmpint(receive(&ice, &p, &out), ==, CG_ICE_REJECTED);
}

/* libnice takes an empty password for "no integrity wanted". */
static void test_empty_password(void)
{
    cg_ice_lite ice;
    packet out;
    packet p;
    cg_ice_lite_init(&ice, &(cg_ice_credentials){"evtj", ""});
    build_check(&p, "evtj:h6vY", "guess", true);
    g_assert_cmpint(receive(&ice, &p, &out), ==, CG_ICE_REJECTED);
    g_assert_cmpuint(out.size, ==, 0);
}

/* USE-CANDIDATE appended by somebody on the way, behind the integrity: the check holds, the nomination does not. */
static void test_unprotected_nomination(void)
{
    cg_ice_lite ice;
    packet out;
    packet p;
    cg_ice_lite_init(&ice, &first);
    begin(&p, 0x0001);
    attribute(&p, ATTRIBUTE_USERNAME, "evtj:h6vY", 9);
    sign(&p, first.pwd);
    attribute(&p, ATTRIBUTE_USE_CANDIDATE, NULL, 0);
    fingerprint(&p);
    g_assert_cmpint(receive(&ice, &p, &out), !=, CG_ICE_NOMINATED);
}

static void test_unknown_attribute(void)
{
    cg_ice_lite ice;
    packet out;
    packet p;
    size_t size;
    cg_ice_lite_init(&ice, &first);
    for (int signed_well = 0; signed_well <= 1; signed_well++) {
        begin(&p, 0x0001);
        attribute(&p, ATTRIBUTE_USERNAME, "evtj:h6vY", 9);
        attribute(&p, 0x7ff1, "abc", 3);
        attribute(&p, 0xc057, "abcd", 4); /* comprehension-optional */
        sign(&p, signed_well ? first.pwd : second.pwd);
        fingerprint(&p);
        g_assert_cmpint(receive(&ice, &p, &out), ==, CG_ICE_REJECTED);
        if (!signed_well)
            g_assert_cmpuint(out.size, ==, 0);
    }
    assert_error(&out, 420, first.pwd);
    const uint8_t *unknown = find(&out, ATTRIBUTE_UNKNOWN, &size);
    g_assert_cmpmem(unknown, size, "\x7f\xf1", 2);

    begin(&p, 0x0001); /* more of them than a reply can list */
    attribute(&p, ATTRIBUTE_USERNAME, "evtj:h6vY", 9);
    for (unsigned i = 0; i < 280; i++)
        attribute(&p, 0x7000 + i, NULL, 0);
    sign(&p, first.pwd);
    fingerprint(&p);
    g_assert_cmpint(receive(&ice, &p, &out), ==, CG_ICE_REJECTED);
    g_assert_cmpuint(out.size, <=, CG_STUN_MAX_REPLY);
}

/* RFC 8445 section 6.1.1: whatever the tie-breakers, the peer of a lite agent has to control. */
static void test_role_conflict(void)
{
    static const uint64_t ties[] = {0, 1, UINT64_MAX};
    for (size_t i = 0; i < G_N_ELEMENTS(ties); i++) {
        cg_ice_lite ice;
        packet out;
        packet p;
        cg_ice_lite_init(&ice, &first);
        begin(&p, 0x0001);
        attribute(&p, ATTRIBUTE_USERNAME, "evtj:h6vY", 9);
        attribute(&p, ATTRIBUTE_CONTROLLED, &ties[i], 8);
        attribute(&p, ATTRIBUTE_USE_CANDIDATE, NULL, 0);
        sign(&p, first.pwd);
        fingerprint(&p);
        g_assert_cmpint(receive(&ice, &p, &out), ==, CG_ICE_REJECTED);
        assert_error(&out, 487, first.pwd);
        g_assert_false(ice.nominated);
    }
}

static void expect(cg_ice_lite *ice, const char *username, const char *pwd, bool nominate, cg_ice_result expected)
{
    packet out;
    packet p;
    build_check(&p, username, pwd, nominate);
    g_assert_cmpint(receive(ice, &p, &out), ==, expected);
    if (expected != CG_ICE_REJECTED)
        assert_reply(&out, 0x0101, pwd);
}

static void test_restart(void)
{
    cg_ice_lite ice;
    cg_ice_lite_init(&ice, &first);
    cg_ice_lite_set_remote(&ice, "aaaa");
    expect(&ice, "evtj:aaaa", first.pwd, true, CG_ICE_NOMINATED);

    cg_ice_lite_restart(&ice, &second);
    expect(&ice, "evtj:aaaa", first.pwd, true, CG_ICE_NOMINATED); /* the old pair serves on */
    expect(&ice, "evtj:bbbb", first.pwd, false, CG_ICE_REJECTED);
    expect(&ice, "Qz7w:bbbb", second.pwd, false, CG_ICE_CHECKED); /* before the peer's answer */
    expect(&ice, "Qz7w:bbbb", first.pwd, false, CG_ICE_REJECTED);
    expect(&ice, "evtj:aaaa", second.pwd, false, CG_ICE_REJECTED);
    cg_ice_lite_set_remote(&ice, "bbbb");
    expect(&ice, "Qz7w:cccc", second.pwd, false, CG_ICE_REJECTED);
    expect(&ice, "evtj:aaaa", first.pwd, false, CG_ICE_CHECKED);

    expect(&ice, "Qz7w:bbbb", second.pwd, true, CG_ICE_NOMINATED);
    expect(&ice, "evtj:aaaa", first.pwd, false, CG_ICE_REJECTED); /* now they are history */
    expect(&ice, "Qz7w:bbbb", second.pwd, false, CG_ICE_CHECKED);
}

/* A second restart overtakes the first: the pair in use keeps being answered, the abandoned credentials do not. */
static void test_restart_twice(void)
{
    cg_ice_lite ice;
    cg_ice_lite_init(&ice, &first);
    cg_ice_lite_set_remote(&ice, "aaaa");
    expect(&ice, "evtj:aaaa", first.pwd, true, CG_ICE_NOMINATED);
    cg_ice_lite_restart(&ice, &second);
    cg_ice_lite_set_remote(&ice, "bbbb");
    cg_ice_lite_restart(&ice, &third);
    cg_ice_lite_set_remote(&ice, "cccc");
    expect(&ice, "evtj:aaaa", first.pwd, false, CG_ICE_CHECKED);
    expect(&ice, "Qz7w:bbbb", second.pwd, true, CG_ICE_REJECTED);
    expect(&ice, "k3Xb:cccc", third.pwd, true, CG_ICE_NOMINATED);
    expect(&ice, "evtj:aaaa", first.pwd, false, CG_ICE_REJECTED);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ice-lite/is-message", test_is_message);
    g_test_add_func("/ice-lite/peek", test_peek);
    g_test_add_func("/ice-lite/rfc5769-request", test_rfc5769_request);
    g_test_add_func("/ice-lite/mapped-address", test_mapped_address);
    g_test_add_func("/ice-lite/checks", test_checks);
    g_test_add_func("/ice-lite/malformed", test_malformed);
    g_test_add_func("/ice-lite/empty-password", test_empty_password);
    g_test_add_func("/ice-lite/unprotected-nomination", test_unprotected_nomination);
    g_test_add_func("/ice-lite/unknown-attribute", test_unknown_attribute);
    g_test_add_func("/ice-lite/role-conflict", test_role_conflict);
    g_test_add_func("/ice-lite/restart", test_restart);
    g_test_add_func("/ice-lite/restart-twice", test_restart_twice);
    return g_test_run();
}
