/* Telephone events in any order: eight octets a packet (timestamp, payload). There is at most one digit a packet, and
 * a doubled packet never makes one. */
#include "bridge/dtmf/dtmf_receive.h"
#include "bridge/dtmf/dtmf_send.h"
#include "bridge/transport/wire.h"

#include <stdlib.h>

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void press(cg_dtmf_sender *sender, char digit, int64_t now_us)
{
    cg_dtmf_packet packet;
    cg_dtmf_sender_push(sender, (char[]){digit, '\0'}, now_us);
    require(sender->count <= CG_DTMF_QUEUE);
    if (cg_dtmf_sender_step(sender, 8000, now_us, &packet))
        require(packet.event.duration > 0 && packet.event.duration <= 800);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cg_dtmf_receiver receiver = {0};
    cg_dtmf_sender sender = {0};
    cg_dtmf_event event;
    int64_t now_us = 0;
    for (; size >= 4; data += 8, size -= size < 8 ? size : 8) {
        uint32_t timestamp = cg_read_u32(data);
        if (!cg_dtmf_event_read(data + 4, size < 8 ? size - 4 : 4, &event))
            continue;
        now_us += data[3] * 1000;
        char digit = cg_dtmf_receive(&receiver, timestamp, &event, now_us);
        require(digit == '\0' || digit == cg_dtmf_digit(event.code));
        require(cg_dtmf_receive(&receiver, timestamp, &event, now_us) == '\0');
        press(&sender, digit, now_us);
    }
    return 0;
}
