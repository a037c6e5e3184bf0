/* The ABNF of RFC 3629 section 4, read byte by byte; the only subtle part is the second byte, whose range
 * excludes overlong forms (E0, F0), surrogates (ED) and what lies above U+10FFFF (F4). */
#include "base/utf8.h"

#include <stdint.h>
#include <string.h>

/* The length of the sequence that `lead` starts, 0 if none; and the range of its second byte. */
static size_t sequence_length(uint8_t lead, uint8_t *ret_low, uint8_t *ret_high)
{
    *ret_low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    *ret_high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (lead < 0x80)
        return 1;
    if (lead >= 0xC2 && lead <= 0xDF)
        return 2;
    if (lead >= 0xE0 && lead <= 0xEF)
        return 3;
    if (lead >= 0xF0 && lead <= 0xF4)
        return 4;
    return 0;
}

/* The length of the character at `text`, 0 if there is no whole valid one. */
static size_t character_length(const uint8_t *text, size_t size)
{
    uint8_t low, high;
    size_t length = sequence_length(text[0], &low, &high);
    if (length <= 1)
        return length;
    if (length > size || text[1] < low || text[1] > high)
        return 0;
    for (size_t i = 2; i < length; i++) {
        if ((text[i] & 0xC0) != 0x80)
            return 0;
    }
    return length;
}

/* How many bytes from the start are ASCII, in steps of eight. */
static size_t skip_ascii(const uint8_t *text, size_t size)
{
    size_t at = 0;
    for (uint64_t word; size - at >= sizeof word; at += sizeof word) {
        memcpy(&word, text + at, sizeof word);
        if (word & UINT64_C(0x8080808080808080))
            break;
    }
    return at;
}

size_t cg_utf8_valid_prefix(const char *text, size_t size)
{
    const uint8_t *bytes = (const uint8_t *) text;
    size_t at = 0;
    while (at < size) {
        at += skip_ascii(bytes + at, size - at);
        if (at == size)
            break;
        size_t length = character_length(bytes + at, size - at);
        if (length == 0)
            break;
        at += length;
    }
    return at;
}

bool cg_utf8_valid(const char *text, size_t size)
{
    return cg_utf8_valid_prefix(text, size) == size;
}
