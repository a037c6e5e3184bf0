/* Keys out of telephone-event packets (RFC 4733): one digit per key, however many of its packets came, were lost,
 * doubled or overtook each other. */
#pragma once

#include "bridge/dtmf/dtmf_event.h"

typedef struct {
    bool known; /* an event has been seen */
    uint32_t timestamp;
    uint8_t code;
    bool ended;         /* a packet with the E bit came */
    int64_t arrived_us; /* its last packet */
} cg_dtmf_receiver;

/* Takes one event packet; returns the key that it is the first sign of, or 0. */
char cg_dtmf_receive(cg_dtmf_receiver *receiver, uint32_t timestamp, const cg_dtmf_event *event, int64_t now_us);
