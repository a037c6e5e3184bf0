/* RTCP compounds from a peer: read, taken into a session, answered. What we write we can read. */
#include "bridge/rtp/rtcp.h"
#include "bridge/rtp/rtcp_session.h"

#include <stdlib.h>

static void require(bool condition)
{
    if (!condition)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { OUR_SSRC = 0x01020304 };
    cg_rtcp_report report, again;
    cg_rtcp_session session = {0};
    cg_reception reception;
    uint8_t answer[CG_RTCP_MAX_SIZE];
    if (!cg_rtcp_parse(data, size, OUR_SSRC, &report))
        return 0;
    require(!report.has_block || report.block.ssrc == OUR_SSRC);
    cg_rtcp_session_receive(&session, &report, 48000, 1000, INT64_C(5000000));
    cg_reception_start(&reception, report.ssrc);
    for (size_t i = 0; i + 1 < size; i += 2) {
        cg_reception_count(&reception, (uint16_t) (data[i] << 8 | data[i + 1]));
        cg_reception_time(&reception, data[i] * 16777259u, data[i + 1] & 1 ? 48000 : 8000, (int64_t) i * 1000);
    }
    report = cg_rtcp_session_report(&session, &reception, OUR_SSRC, 7, 1000, INT64_C(6000000));
    size_t written = cg_rtcp_write(answer, &report, "cname");
    require(cg_rtcp_parse(answer, written, report.block.ssrc, &again));
    require(again.ssrc == OUR_SSRC && again.has_block == report.has_block);
    require(!again.has_block || again.block.cumulative_lost == report.block.cumulative_lost);
    return 0;
}
