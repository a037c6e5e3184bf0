/* Stands in for base/random.c and time(): a handshake that is always the same, so that what a server once answered is
 * answered validly again. For the DTLS fuzz target and the recorder of its seeds only. */
#include "fixed_random.h"

#include "base/random.h"

#include <time.h>

static uint64_t state;

void fixed_random_reset(void)
{
    state = 0x9e3779b97f4a7c15;
}

static uint8_t next_byte(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint8_t) (state >> 32);
}

void cg_random_bytes(void *ret_bytes, size_t size)
{
    uint8_t *bytes = ret_bytes;
    while (size-- > 0)
        *bytes++ = next_byte();
}

uint32_t cg_random_u32(void)
{
    uint32_t value;
    cg_random_bytes(&value, sizeof value);
    return value;
}

void cg_random_text(char *ret_text, size_t length)
{
    while (length-- > 0)
        *ret_text++ = (char) ('a' + next_byte() % 26);
    *ret_text = '\0';
}

/* mbedTLS puts the time into its random. */
time_t time(time_t *ret_time)
{
    if (ret_time)
        *ret_time = 1600000000;
    return 1600000000;
}
