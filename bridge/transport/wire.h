/* Big-endian integers in packets. Pointers need no alignment. */
#pragma once

#include <stdint.h>

static inline uint16_t cg_read_u16(const uint8_t *data)
{
    return (uint16_t) (data[0] << 8 | data[1]);
}

static inline uint32_t cg_read_u32(const uint8_t *data)
{
    return (uint32_t) data[0] << 24 | (uint32_t) data[1] << 16 | (uint32_t) data[2] << 8 | data[3];
}

static inline void cg_write_u16(uint8_t *data, uint16_t value)
{
    data[0] = (uint8_t) (value >> 8);
    data[1] = (uint8_t) value;
}

static inline void cg_write_u32(uint8_t *data, uint32_t value)
{
    cg_write_u16(data, (uint16_t) (value >> 16));
    cg_write_u16(data + 2, (uint16_t) value);
}
