/* RTCP compounds (RFC 3550 section 6.4 to 6.6) and the state between reports. */
#include "bridge/rtp/rtcp.h"
#include "bridge/rtp/rtcp_session.h"

#include <glib.h>
#include <string.h>

/* Section 6.4.1's sender report with one block, SDES with CNAME, BYE: octet for octet. */
static const uint8_t compound[] = {
    0x81, 200,  0,    12,   0x11, 0x22, 0x33, 0x44,                      /* SR, 13 words, our SSRC */
    0xe1, 0x02, 0x03, 0x04, 0x80, 0,    0,    0,                         /* NTP */
    0,    0,    0x10, 0,    0,    0,    0,    5,    0,    0,    1,    0, /* RTP time, packets, octets */
    0xaa, 0xbb, 0xcc, 0xdd, 64,   0xff, 0xff, 0xfe, 0,    1,    0,    2, /* block: SSRC, 1/4, -2, highest */
    0,    0,    0,    9,    0x03, 0x04, 0x80, 0,    0,    1,    0,    0, /* jitter, LSR, DLSR */
    0x81, 202,  0,    3,    0x11, 0x22, 0x33, 0x44, 1,    4,    'n',  'a',
    'm',  'e',  0,    0,    0x81, 203,  0,    1,    0x11, 0x22, 0x33, 0x44};

static const cg_rtcp_report expected = {.ssrc = 0x11223344,
                                        .has_sender_info = true,
                                        .ntp = 0xe102030480000000,
                                        .timestamp = 0x1000,
                                        .packets = 5,
                                        .octets = 256,
                                        .has_block = true,
                                        .block = {.ssrc = 0xaabbccdd,
                                                  .fraction_lost = 64,
                                                  .cumulative_lost = -2,
                                                  .highest = 0x10002,
                                                  .jitter = 9,
                                                  .last_sender_report = 0x03048000,
                                                  .delay = 65536},
                                        .bye = true};

static void test_write(void)
{
    uint8_t data[CG_RTCP_MAX_SIZE];
    size_t size = cg_rtcp_write(data, &expected, "name");
    g_assert_cmpmem(data, size, compound, sizeof compound);
}

static void test_write_longest(void)
{
    char cname[CG_RTCP_MAX_CNAME + 1];
    uint8_t data[CG_RTCP_MAX_SIZE];
    cg_rtcp_report report;
    for (unsigned length = 0; length <= CG_RTCP_MAX_CNAME; length++) {
        memset(cname, 'c', length);
        cname[length] = '\0';
        size_t size = cg_rtcp_write(data, &expected, cname);
        g_assert_cmpuint(size % 4, ==, 0);
        g_assert_true(cg_rtcp_parse(data, size, 0xaabbccdd, &report));
        g_assert_true(report.bye && report.has_block);
    }
}

static void test_read(void)
{
    cg_rtcp_report report;
    g_assert_true(cg_rtcp_parse(compound, sizeof compound, 0xaabbccdd, &report));
    g_assert_cmphex(report.ssrc, ==, expected.ssrc);
    g_assert_cmphex(report.ntp, ==, expected.ntp);
    g_assert_cmpuint(report.packets, ==, 5);
    g_assert_true(report.has_block && report.bye && report.has_sender_info);
    g_assert_cmpint(report.block.cumulative_lost, ==, -2);
    g_assert_cmpuint(report.block.fraction_lost, ==, 64);
    g_assert_cmpuint(report.block.highest, ==, 0x10002);
    g_assert_cmpuint(report.block.delay, ==, 65536);
    g_assert_true(cg_rtcp_parse(compound, sizeof compound, 1, &report));
    g_assert_false(report.has_block); /* it is about another's stream */
}

static void test_every_cut(void)
{
    cg_rtcp_report report;
    for (size_t size = 0; size < sizeof compound; size++) {
        g_autofree uint8_t *copy = g_memdup2(compound, size); /* so that reading beyond is seen by the sanitizer */
        bool whole = size == 52 || size == 68;                /* the ends of packets */
        g_assert_cmpint(cg_rtcp_parse(copy, size, 0xaabbccdd, &report), ==, whole);
    }
}

typedef struct {
    const char *name;
    uint8_t bytes[16];
    size_t size;
    bool valid;
} rtcp_case;

static const rtcp_case cases[] = {
    {"feedback alone (RFC 5506)", {0x81, 205, 0, 2}, 12, true},
    {"unknown type", {0x80, 210, 0, 1}, 8, true},
    {"RR without blocks", {0x80, 201, 0, 1}, 8, true},
    {"RR claims a block", {0x81, 201, 0, 1}, 8, false},
    {"SR without sender info", {0x80, 200, 0, 1}, 8, false},
    {"length beyond the end", {0x80, 201, 0, 2}, 8, false},
    {"version 1", {0x40, 201, 0, 1}, 8, false},
    {"padded last packet", {0xa0, 201, 0, 2, 0, 0, 0, 1, 0, 0, 0, 4}, 12, true},
    {"padding before the last", {0xa0, 201, 0, 1, 0, 0, 0, 1, 0x80, 210, 0, 0}, 12, false},
    {"BYE with too many", {0x82, 203, 0, 1}, 8, false},
    {"three octets behind", {0x80, 201, 0, 1}, 11, false},
};

static void test_table(void)
{
    cg_rtcp_report report;
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s", cases[i].name);
        g_assert_cmpint(cg_rtcp_parse(cases[i].bytes, cases[i].size, 1, &report), ==, cases[i].valid);
    }
}

/* RFC 5761 section 4: payload types 64 to 95 with the marker are RTCP. */
static void test_demultiplex(void)
{
    static const struct {
        uint8_t second;
        bool rtcp;
    } octets[] = {{0, false},  {111, false}, {0x80 | 111, false}, {191, false},
                  {192, true}, {200, true},  {223, true},         {224, false}};
    for (unsigned i = 0; i < G_N_ELEMENTS(octets); i++)
        g_assert_cmpint(cg_rtcp_is_rtcp((uint8_t[]){0x80, octets[i].second}, 2), ==, octets[i].rtcp);
    g_assert_false(cg_rtcp_is_rtcp((uint8_t[]){0x80}, 1));
}

static void test_ntp(void)
{
    /* 1.75 s after 1900 */
    g_assert_cmphex(cg_ntp_time(1000000, 750000), ==, 0x1c0000000);
}

/* The example of section 6.4.1, figure 2: A = 0xb7108000... here with our clock: the report went out at 10 s, was
 * answered after 5.25 s, the answer came at 16.375 s: 6.125 s of round trip less the delay is 1.125 s. */
static void test_round_trip(void)
{
    cg_rtcp_session session = {0};
    cg_rtcp_report report = {
        .has_block = true,
        .block = {.last_sender_report = 10 << 16, .delay = 5 << 16 | 0x4000, .jitter = 480, .cumulative_lost = 7}};
    cg_rtcp_session_receive(&session, &report, 48000, 0, 16375000);
    g_assert_cmpuint(session.round_trip_us, ==, 1125000);
    g_assert_cmpuint(session.jitter_remote_us, ==, 10000);
    g_assert_cmpint(session.lost_remote, ==, 7);
    report.block.delay = 20 << 16; /* answered before it was asked: no time has passed */
    cg_rtcp_session_receive(&session, &report, 48000, 0, 16375000);
    g_assert_cmpuint(session.round_trip_us, ==, 1);
    report.block = (cg_rtcp_block){.last_sender_report = 1}; /* hours: nonsense */
    cg_rtcp_session_receive(&session, &report, 48000, 0, INT64_C(20000) * 1000000);
    g_assert_cmpuint(session.round_trip_us, ==, 1);
}

static void test_report(void)
{
    cg_rtcp_session session = {0};
    cg_reception reception;
    cg_reception_start(&reception, 77);
    cg_rtcp_report report = cg_rtcp_session_report(&session, &reception, 5, 900, 0, 1000000);
    g_assert_false(report.has_sender_info || report.has_block);
    cg_reception_count(&reception, 4);
    cg_rtcp_session_sent(&session, 80);
    cg_rtcp_report theirs = {.has_sender_info = true, .ssrc = 77, .ntp = 0x0000000500000000};
    cg_rtcp_session_receive(&session, &theirs, 48000, 0, 2000000);
    report = cg_rtcp_session_report(&session, &reception, 5, 900, 0, 2500000);
    g_assert_true(report.has_sender_info && report.has_block);
    g_assert_cmpuint(report.packets, ==, 1);
    g_assert_cmpuint(report.octets, ==, 80);
    g_assert_cmphex(report.block.last_sender_report, ==, 0x50000);
    g_assert_cmphex(report.block.delay, ==, 0x8000);
    /* Section 6.4: a sender for two intervals after its last packet. */
    g_assert_true(cg_rtcp_session_report(&session, &reception, 5, 900, 0, 3000000).has_sender_info);
    g_assert_false(cg_rtcp_session_report(&session, &reception, 5, 900, 0, 3000000).has_sender_info);
    cg_reception_start(&reception, 78); /* the sender report was another source's */
    cg_reception_count(&reception, 4);
    g_assert_cmpuint(cg_rtcp_session_report(&session, &reception, 5, 900, 0, 3000000).block.last_sender_report, ==, 0);
}

static void test_schedule(void)
{
    cg_rtcp_session session = {0};
    cg_rtcp_session_schedule(&session, 0, 1000);
    g_assert_cmpint(session.next_us, ==, 1000 + 1250000);
    cg_rtcp_session_schedule(&session, 0, 2000);
    g_assert_cmpint(session.next_us, ==, 2000 + 2500000);
    cg_rtcp_session_schedule(&session, UINT32_MAX, 2000);
    g_assert_cmpint(session.next_us, <=, 2000 + 7500000);
    g_assert_cmpint(session.next_us, >, 2000 + 7499000);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rtcp/write", test_write);
    g_test_add_func("/rtcp/write-longest", test_write_longest);
    g_test_add_func("/rtcp/read", test_read);
    g_test_add_func("/rtcp/every-cut", test_every_cut);
    g_test_add_func("/rtcp/table", test_table);
    g_test_add_func("/rtcp/demultiplex", test_demultiplex);
    g_test_add_func("/rtcp/ntp", test_ntp);
    g_test_add_func("/rtcp/round-trip", test_round_trip);
    g_test_add_func("/rtcp/report", test_report);
    g_test_add_func("/rtcp/schedule", test_schedule);
    return g_test_run();
}
