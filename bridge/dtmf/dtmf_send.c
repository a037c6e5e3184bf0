/* The clockwork: a key sounds 100 ms, told in packets 20 ms apart; the last is sent three times (RFC 4733 section
 * 2.5.1.4); then 70 ms of silence. These are the defaults of the browsers' own sender (W3C DTMF: 100 and 70 ms). */
#include "bridge/dtmf/dtmf_send.h"

enum {
    PACKET_US = 20000,
    TONE_PACKETS = 5, /* the fifth ends the event ... */
    END_PACKETS = 3,  /* ... and goes three times */
    ALL_PACKETS = TONE_PACKETS + END_PACKETS - 1,
    SILENCE_US = 70000, /* counted from the end of the tone, not from its last packet */
    GAP_US = SILENCE_US + PACKET_US * (TONE_PACKETS - (ALL_PACKETS - 1)),
    PAUSE_US = 500000,
    VOLUME = 10, /* -10 dBm0 */
};

unsigned cg_dtmf_sender_push(cg_dtmf_sender *sender, const char *digits, int64_t now_us)
{
    if (cg_dtmf_sender_due(sender) == INT64_MAX && sender->next_us < now_us)
        sender->next_us = now_us;
    unsigned dropped = 0;
    uint8_t code;
    for (; *digits != '\0'; digits++) {
        bool key = cg_dtmf_code(*digits, &code);
        if (!key && *digits != 'w' && *digits != 'W')
            continue;
        if (sender->count == CG_DTMF_QUEUE)
            dropped += key;
        else
            sender->queue[(sender->head + sender->count++) % CG_DTMF_QUEUE] = *digits;
    }
    return dropped;
}

int64_t cg_dtmf_sender_due(const cg_dtmf_sender *sender)
{
    return sender->sounding || sender->count > 0 ? sender->next_us : INT64_MAX;
}

/* Takes the next digit. False if it was a pause. */
static bool begin(cg_dtmf_sender *sender, int64_t now_us)
{
    char digit = sender->queue[sender->head];
    sender->head = (sender->head + 1) % CG_DTMF_QUEUE;
    sender->count--;
    if (!cg_dtmf_code(digit, &sender->code)) {
        sender->next_us = now_us + PAUSE_US;
        return false;
    }
    sender->sounding = true;
    sender->sent = 0;
    sender->next_us = now_us;
    return true;
}

bool cg_dtmf_sender_step(cg_dtmf_sender *sender, uint32_t clock_rate, int64_t now_us, cg_dtmf_packet *ret_packet)
{
    if (cg_dtmf_sender_due(sender) > now_us || (!sender->sounding && !begin(sender, now_us)))
        return false;
    sender->sent++;
    unsigned packets = sender->sent < TONE_PACKETS ? sender->sent : TONE_PACKETS;
    *ret_packet = (cg_dtmf_packet){
        .first = sender->sent == 1,
        .repeated = sender->sent > TONE_PACKETS,
        .event = {.code = sender->code,
                  .end = sender->sent >= TONE_PACKETS,
                  .volume = VOLUME,
                  .duration = (uint16_t) ((uint64_t) packets * PACKET_US * clock_rate / 1000000)},
    };
    sender->next_us += PACKET_US;
    if (sender->sent == ALL_PACKETS) {
        sender->sounding = false;
        sender->next_us = now_us + GAP_US;
    }
    return true;
}
