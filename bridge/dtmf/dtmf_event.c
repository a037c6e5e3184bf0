/* Telephone-event payloads and the names of their keys. */
#include "bridge/dtmf/dtmf_event.h"

#include "bridge/transport/wire.h"

#include <string.h>

static const char KEYS[] = "0123456789*#ABCD"; /* in the order of their codes, 0 to 15 */

enum { END = 0x80, VOLUME = 0x3f };

bool cg_dtmf_event_read(const uint8_t *payload, size_t size, cg_dtmf_event *ret_event)
{
    if (size < CG_DTMF_EVENT_SIZE)
        return false;
    *ret_event = (cg_dtmf_event){
        .code = payload[0],
        .end = payload[1] & END,
        .volume = payload[1] & VOLUME,
        .duration = cg_read_u16(payload + 2),
    };
    return true;
}

void cg_dtmf_event_write(uint8_t ret_payload[static CG_DTMF_EVENT_SIZE], const cg_dtmf_event *event)
{
    ret_payload[0] = event->code;
    ret_payload[1] = (uint8_t) ((event->end ? END : 0) | (event->volume & VOLUME));
    cg_write_u16(ret_payload + 2, event->duration);
}

char cg_dtmf_digit(uint8_t code)
{
    return code < sizeof KEYS - 1 ? KEYS[code] : '\0';
}

bool cg_dtmf_code(char digit, uint8_t *ret_code)
{
    if (digit >= 'a' && digit <= 'd')
        digit = (char) (digit - 'a' + 'A');
    const char *key = digit == '\0' ? NULL : strchr(KEYS, digit);
    if (key == NULL)
        return false;
    *ret_code = (uint8_t) (key - KEYS);
    return true;
}

unsigned cg_dtmf_count(const char *digits)
{
    unsigned count = 0;
    uint8_t code;
    for (; *digits != '\0'; digits++)
        count += cg_dtmf_code(*digits, &code);
    return count;
}
