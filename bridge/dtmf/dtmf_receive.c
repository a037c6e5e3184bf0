/* An event is known by its timestamp: all its packets carry the same (RFC 4733 section 2.5.1.2). A digit is told with
 * the first packet of a timestamp, so it does not matter which of the others are lost. */
#include "bridge/dtmf/dtmf_receive.h"

enum {
    SEGMENT_DURATION = 0xffff, /* the longest a duration field can say */
    FORGET_US = 10000000,      /* older than any reordering: what comes now is new whatever its timestamp */
};

/* Section 2.5.1.3: a key held longer than the duration field can say goes on as a new segment, which begins where the
 * field ended, at that timestamp. At 48 kHz this takes but 1.4 s. */
static bool continues(const cg_dtmf_receiver *receiver, uint32_t timestamp, const cg_dtmf_event *event)
{
    return !receiver->ended && event->code == receiver->code && timestamp - receiver->timestamp == SEGMENT_DURATION;
}

static bool is_recent(const cg_dtmf_receiver *receiver, int64_t now_us)
{
    return receiver->known && now_us - receiver->arrived_us < FORGET_US;
}

char cg_dtmf_receive(cg_dtmf_receiver *receiver, uint32_t timestamp, const cg_dtmf_event *event, int64_t now_us)
{
    bool same = false, segment = false;
    if (is_recent(receiver, now_us)) {
        if ((int32_t) (timestamp - receiver->timestamp) < 0)
            return '\0'; /* a late packet of an earlier key */
        same = timestamp == receiver->timestamp;
        segment = continues(receiver, timestamp, event);
    }
    if (!same)
        *receiver = (cg_dtmf_receiver){.known = true, .timestamp = timestamp, .code = event->code};
    receiver->ended = receiver->ended || event->end;
    receiver->arrived_us = now_us;
    return same || segment ? '\0' : cg_dtmf_digit(event->code);
}
