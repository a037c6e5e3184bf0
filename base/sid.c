/* Identifiers: 128 bits from the CSPRNG behind two letters; knowing some says nothing about others. */
#include "base/sid.h"

#include <stdint.h>
#include <string.h>

#include "base/random.h"

#define HEX_DIGITS "0123456789abcdef"

cg_sid cg_sid_new(const char kind[static 2])
{
    uint8_t bytes[(CG_SID_LENGTH - 2) / 2];
    cg_random_bytes(bytes, sizeof bytes);
    cg_sid sid = {.text = {kind[0], kind[1]}};
    for (size_t i = 0; i < sizeof bytes; i++) {
        sid.text[2 + 2 * i] = HEX_DIGITS[bytes[i] >> 4];
        sid.text[3 + 2 * i] = HEX_DIGITS[bytes[i] & 15];
    }
    return sid;
}

bool cg_sid_parse(const char *text, const char kind[static 2], cg_sid *ret_sid)
{
    if (!text || text[0] != kind[0] || text[1] != kind[1])
        return false;
    if (strspn(text + 2, HEX_DIGITS) != CG_SID_LENGTH - 2 || text[CG_SID_LENGTH] != '\0')
        return false;
    if (ret_sid)
        memcpy(ret_sid->text, text, CG_SID_LENGTH + 1);
    return true;
}

bool cg_sid_equal(const cg_sid *a, const cg_sid *b)
{
    return strcmp(a->text, b->text) == 0;
}

bool cg_sid_is_set(const cg_sid *sid)
{
    return sid->text[0] != '\0';
}
