/* RTCP reading and writing. Reading visits the packets of a compound by their length fields and never beyond the
 * datagram (RFC 3550 appendix A.2). */
#include "bridge/rtp/rtcp.h"

#include "bridge/transport/wire.h"

#include <glib.h>
#include <string.h>

enum { SENDER_REPORT = 200, RECEIVER_REPORT = 201, SDES = 202, BYE = 203 };
enum { HEADER_SIZE = 4, SENDER_INFO_SIZE = 20, BLOCK_SIZE = 24, SDES_CNAME = 1 };
enum { FIRST_TYPE = 192, LAST_TYPE = 223, VERSION_2 = 0x80, PADDING = 0x20, COUNT = 0x1f };

bool cg_rtcp_is_rtcp(const uint8_t *data, size_t size)
{
    return size >= 2 && data[1] >= FIRST_TYPE && data[1] <= LAST_TYPE;
}

bool cg_rtcp_peek_ssrc(const uint8_t *data, size_t size, uint32_t *ret_ssrc)
{
    if (size < 8 || (data[0] & 0xc0) != VERSION_2)
        return false;
    *ret_ssrc = cg_read_u32(data + 4);
    return true;
}

/* 24 bits, two's complement (section 6.4.1). */
static int32_t read_cumulative(const uint8_t *data)
{
    int32_t value = data[0] << 16 | data[1] << 8 | data[2];
    return value & 0x800000 ? value - 0x1000000 : value;
}

static void read_blocks(const uint8_t *data, unsigned count, uint32_t our_ssrc, cg_rtcp_report *report)
{
    for (unsigned i = 0; i < count; i++, data += BLOCK_SIZE) {
        if (cg_read_u32(data) != our_ssrc)
            continue;
        report->has_block = true;
        report->block = (cg_rtcp_block){
            .ssrc = our_ssrc,
            .fraction_lost = data[4],
            .cumulative_lost = read_cumulative(data + 5),
            .highest = cg_read_u32(data + 8),
            .jitter = cg_read_u32(data + 12),
            .last_sender_report = cg_read_u32(data + 16),
            .delay = cg_read_u32(data + 20),
        };
    }
}

/* `data` is one whole SR or RR of `size` octets with its header. */
static bool read_report(const uint8_t *data, size_t size, uint32_t our_ssrc, cg_rtcp_report *report)
{
    bool sender = data[1] == SENDER_REPORT;
    unsigned count = data[0] & COUNT;
    size_t blocks = HEADER_SIZE + 4 + (sender ? SENDER_INFO_SIZE : 0);
    if (size < blocks + count * BLOCK_SIZE)
        return false;
    report->ssrc = cg_read_u32(data + 4);
    if (sender) {
        report->has_sender_info = true;
        report->ntp = (uint64_t) cg_read_u32(data + 8) << 32 | cg_read_u32(data + 12);
        report->timestamp = cg_read_u32(data + 16);
        report->packets = cg_read_u32(data + 20);
        report->octets = cg_read_u32(data + 24);
    }
    read_blocks(data + blocks, count, our_ssrc, report);
    return true;
}

static bool read_packet(const uint8_t *data, size_t size, uint32_t our_ssrc, cg_rtcp_report *report)
{
    switch (data[1]) {
    case SENDER_REPORT:
    case RECEIVER_REPORT:
        return read_report(data, size, our_ssrc, report);
    case BYE:
        report->bye = true;
        return size >= HEADER_SIZE + 4 * (size_t) (data[0] & COUNT);
    default:
        return true;
    }
}

bool cg_rtcp_parse(const uint8_t *data, size_t size, uint32_t our_ssrc, cg_rtcp_report *ret_report)
{
    cg_rtcp_report report = {0};
    if (!cg_rtcp_peek_ssrc(data, size, &report.ssrc))
        return false;
    while (size > 0) {
        if (size < HEADER_SIZE || (data[0] & 0xc0) != VERSION_2)
            return false;
        size_t packet = 4 * ((size_t) cg_read_u16(data + 2) + 1);
        if (packet > size || ((data[0] & PADDING) && packet != size)) /* padding is for the last packet only */
            return false;
        if (!read_packet(data, packet, our_ssrc, &report))
            return false;
        data += packet;
        size -= packet;
    }
    *ret_report = report;
    return true;
}

static size_t write_header(uint8_t *data, unsigned count, uint8_t type, size_t size)
{
    data[0] = (uint8_t) (VERSION_2 | count);
    data[1] = type;
    cg_write_u16(data + 2, (uint16_t) (size / 4 - 1));
    return size;
}

static size_t write_block(uint8_t *data, const cg_rtcp_block *block)
{
    cg_write_u32(data, block->ssrc);
    cg_write_u32(data + 4, (uint32_t) block->cumulative_lost & 0xffffff);
    data[4] = block->fraction_lost;
    cg_write_u32(data + 8, block->highest);
    cg_write_u32(data + 12, block->jitter);
    cg_write_u32(data + 16, block->last_sender_report);
    cg_write_u32(data + 20, block->delay);
    return BLOCK_SIZE;
}

static size_t write_report(uint8_t *data, const cg_rtcp_report *report)
{
    size_t size = HEADER_SIZE + 4;
    cg_write_u32(data + HEADER_SIZE, report->ssrc);
    if (report->has_sender_info) {
        cg_write_u32(data + 8, (uint32_t) (report->ntp >> 32));
        cg_write_u32(data + 12, (uint32_t) report->ntp);
        cg_write_u32(data + 16, report->timestamp);
        cg_write_u32(data + 20, report->packets);
        cg_write_u32(data + 24, report->octets);
        size += SENDER_INFO_SIZE;
    }
    if (report->has_block)
        size += write_block(data + size, &report->block);
    return write_header(data, report->has_block, report->has_sender_info ? SENDER_REPORT : RECEIVER_REPORT, size);
}

/* Section 6.5: one chunk, one item, ended and padded by at least one null octet. */
static size_t write_sdes(uint8_t *data, uint32_t ssrc, const char *cname)
{
    size_t length = strlen(cname);
    g_assert(length <= CG_RTCP_MAX_CNAME);
    size_t size = (HEADER_SIZE + 4 + 2 + length + 1 + 3) / 4 * 4;
    memset(data, 0, size);
    cg_write_u32(data + HEADER_SIZE, ssrc);
    data[8] = SDES_CNAME;
    data[9] = (uint8_t) length;
    memcpy(data + 10, cname, length);
    return write_header(data, 1, SDES, size);
}

static size_t write_bye(uint8_t *data, uint32_t ssrc)
{
    cg_write_u32(data + HEADER_SIZE, ssrc);
    return write_header(data, 1, BYE, HEADER_SIZE + 4);
}

size_t cg_rtcp_write(uint8_t ret_data[static CG_RTCP_MAX_SIZE], const cg_rtcp_report *report, const char *cname)
{
    size_t size = write_report(ret_data, report);
    size += write_sdes(ret_data + size, report->ssrc, cname);
    if (report->bye)
        size += write_bye(ret_data + size, report->ssrc);
    return size;
}
