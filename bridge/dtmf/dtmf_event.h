/* The four octets of a telephone-event (RFC 4733 section 2.3) and the sixteen events that are keys (section 3.2). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CG_DTMF_EVENT_SIZE 4

typedef struct {
    uint8_t code;
    bool end;
    uint8_t volume;    /* dBm0 without its sign, 0..63 */
    uint16_t duration; /* so far, in the clock of the event's payload type */
} cg_dtmf_event;

/* False if the payload is too short. */
bool cg_dtmf_event_read(const uint8_t *payload, size_t size, cg_dtmf_event *ret_event);
void cg_dtmf_event_write(uint8_t ret_payload[static CG_DTMF_EVENT_SIZE], const cg_dtmf_event *event);

/* '0'..'9', '*', '#', 'A'..'D' (lower case taken too); 0 for events that are no keys (flash, tones). */
char cg_dtmf_digit(uint8_t code);
/* False if the character is no key. */
bool cg_dtmf_code(char digit, uint8_t *ret_code);
/* How many keys are in a text. */
unsigned cg_dtmf_count(const char *digits);
