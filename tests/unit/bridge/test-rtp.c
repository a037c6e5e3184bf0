/* RTP headers (RFC 3550 section 5.1 and 5.3.1) and header extensions (RFC 8285). */
#include "bridge/rtp/rtp.h"
#include "bridge/rtp/rtp_extension.h"

#include <glib.h>
#include <string.h>

typedef struct {
    const char *name;
    uint8_t bytes[48];
    size_t size;
    bool valid;
    size_t payload_offset, payload_size, extension_size;
} rtp_case;

static const rtp_case cases[] = {
    {"empty", {0}, 0, false},
    {"one octet short", {0x80}, 11, false},
    {"header only", {0x80, 111}, 12, true, 12, 0, 0},
    {"version 1", {0x40, 111}, 12, false},
    {"version 3", {0xc0, 111}, 12, false},
    {"payload", {0x80, 111}, 20, true, 12, 8, 0},
    {"two CSRCs", {0x82, 111}, 24, true, 20, 4, 0},
    {"CSRCs beyond the end", {0x8f, 111}, 40, false},
    {"extension of no words", {0x90, 111}, 18, true, 16, 2, 4},
    {"extension of one word", {0x90, 111, [12] = 0xbe, 0xde, 0, 1}, 22, true, 20, 2, 8},
    {"extension header cut", {0x90, 111}, 15, false},
    {"extension beyond the end", {0x90, 111, [12] = 0xbe, 0xde, 0, 3}, 27, false},
    {"extension length 65535", {0x90, 111, [12] = 0xbe, 0xde, 0xff, 0xff}, 40, false},
    {"padding", {0xa0, 111, [19] = 3}, 20, true, 12, 5, 0},
    {"padding of everything", {0xa0, 111, [19] = 8}, 20, true, 12, 0, 0},
    {"padding over everything", {0xa0, 111, [19] = 9}, 20, false},
    {"padding of none", {0xa0, 111, [19] = 0}, 20, false},
    {"padding without payload", {0xa0, 111}, 12, false},
};

static void test_parse(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        const rtp_case *c = &cases[i];
        cg_rtp_header header = {0};
        g_test_message("%s", c->name);
        g_assert_cmpint(cg_rtp_parse(c->bytes, c->size, &header), ==, c->valid);
        g_assert_cmpuint(header.payload_offset, ==, c->payload_offset);
        g_assert_cmpuint(header.payload_size, ==, c->payload_size);
        g_assert_cmpuint(header.extension_size, ==, c->extension_size);
    }
}

static void test_fields(void)
{
    static const uint8_t packet[] = {0x80, 0xef, 0x12, 0x34, 0xde, 0xad, 0xbe, 0xef, 0xca, 0xfe, 0xba, 0xbe, 7};
    cg_rtp_header header;
    g_assert_true(cg_rtp_parse(packet, sizeof packet, &header));
    g_assert_true(header.marker);
    g_assert_cmpuint(header.payload_type, ==, 111);
    g_assert_cmphex(header.sequence, ==, 0x1234);
    g_assert_cmphex(header.timestamp, ==, 0xdeadbeef);
    g_assert_cmphex(header.ssrc, ==, 0xcafebabe);
}

static void test_rewrite(void)
{
    uint8_t packet[20] = {0xb1, 0x6f, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18};
    static const uint8_t expected[20] = {0xb1, 0xe0, 0xff, 0xfe, 1,  0,  0,  2,  0xff, 0,
                                         0,    3,    11,   12,   13, 14, 15, 16, 17,   18};
    cg_rtp_header header = {
        .marker = true, .payload_type = 96, .sequence = 0xfffe, .timestamp = 0x01000002, .ssrc = 0xff000003};
    cg_rtp_rewrite(packet, &header);
    g_assert_cmpmem(packet, sizeof packet, expected, sizeof expected);
}

typedef struct {
    const char *name;
    uint8_t before[32], after[32]; /* extension with its header */
    size_t size;                   /* whole words */
    bool taken_out;
} extension_case;

/* id 1 becomes 5, id 2 becomes 2, id 7 becomes 14; all others go. */
static const uint8_t map[CG_RTP_EXTENSION_IDS] = {[1] = 5, [2] = 2, [7] = 14};

static const extension_case extensions[] = {
    {"one byte", {0xbe, 0xde, 0, 1, 0x10, 0xaa, 0, 0}, {0xbe, 0xde, 0, 1, 0x50, 0xaa, 0, 0}, 8},
    {"two elements, padding between",
     {0xbe, 0xde, 0, 2, 0x10, 0xaa, 0, 0, 0x21, 1, 2, 0},
     {0xbe, 0xde, 0, 2, 0x50, 0xaa, 0, 0, 0x21, 1, 2, 0},
     12},
    {"unknown is blanked",
     {0xbe, 0xde, 0, 2, 0x32, 1, 2, 3, 0x10, 0xaa, 0, 0},
     {0xbe, 0xde, 0, 2, 0, 0, 0, 0, 0x50, 0xaa, 0, 0},
     12},
    {"only unknown", {0xbe, 0xde, 0, 1, 0x30, 0xaa, 0, 0}, {0}, 8, true},
    {"id 15 ends", {0xbe, 0xde, 0, 1, 0x10, 0xaa, 0xf0, 0x10}, {0xbe, 0xde, 0, 1, 0x50, 0xaa, 0, 0}, 8},
    {"element beyond the end", {0xbe, 0xde, 0, 1, 0x10, 0xaa, 0x2f, 1}, {0xbe, 0xde, 0, 1, 0x50, 0xaa, 0, 0}, 8},
    {"nothing but padding", {0xbe, 0xde, 0, 1}, {0}, 8, true},
    {"no words", {0xbe, 0xde, 0, 0}, {0}, 4, true},
    {"two bytes", {0x10, 0x00, 0, 2, 1, 1, 0xaa, 0, 7, 0, 99, 0}, {0x10, 0x00, 0, 2, 5, 1, 0xaa, 0, 14, 0, 0, 0}, 12},
    {"two bytes, application bits", {0x10, 0x07, 0, 1, 2, 2, 8, 9}, {0x10, 0x07, 0, 1, 2, 2, 8, 9}, 8},
    {"two bytes, high id", {0x10, 0x00, 0, 1, 200, 2, 8, 9}, {0}, 8, true},
    {"two bytes, beyond the end", {0x10, 0x00, 0, 1, 1, 9, 8, 9}, {0}, 8, true},
    {"two bytes, id without length", {0x10, 0x00, 0, 1, 2, 1, 8, 1}, {0x10, 0x00, 0, 1, 2, 1, 8, 0}, 8},
    {"another kind", {0x12, 0x34, 0, 1, 1, 1, 8, 9}, {0}, 8, true},
};

static void check_extension(const extension_case *c)
{
    uint8_t packet[64] = {0x91, 111, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 'c', 's', 'r', 'c'}, original[16];
    cg_rtp_header header;
    memcpy(original, packet, sizeof original);
    memcpy(packet + 16, c->before, c->size);
    memcpy(packet + 16 + c->size, "payload", 7);
    size_t size = 16 + c->size + 7;
    g_test_message("%s", c->name);
    g_assert_true(cg_rtp_parse(packet, size, &header));
    size_t shift = cg_rtp_extension_map(packet, &header, map);
    g_assert_cmpuint(shift, ==, c->taken_out ? c->size : 0);
    if (c->taken_out) {
        original[0] &= 0xef;
        g_assert_cmpmem(packet + shift, 16, original, 16);
        g_assert_cmpmem(packet + shift + 16, size - shift - 16, "payload", 7);
    } else {
        g_assert_cmpmem(packet, 16, original, 16);
        g_assert_cmpmem(packet + 16, c->size, c->after, c->size);
        g_assert_cmpmem(packet + 16 + c->size, 7, "payload", 7);
    }
}

static void test_extensions(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(extensions); i++)
        check_extension(&extensions[i]);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rtp/parse", test_parse);
    g_test_add_func("/rtp/fields", test_fields);
    g_test_add_func("/rtp/rewrite", test_rewrite);
    g_test_add_func("/rtp/extensions", test_extensions);
    return g_test_run();
}
