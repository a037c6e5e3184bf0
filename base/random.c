/* getrandom(2), which blocks until the kernel's generator is seeded once at boot and never after. */
#include "base/random.h"

#include <errno.h>
#include <sys/random.h>

#include <glib.h>

void cg_random_bytes(void *ret_bytes, size_t size)
{
    uint8_t *bytes = ret_bytes;
    while (size > 0) {
        ssize_t got = getrandom(bytes, size, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            g_error("the kernel gives no random bytes: %s", g_strerror(errno));
        bytes += got;
        size -= (size_t) got;
    }
}

uint32_t cg_random_u32(void)
{
    uint32_t value;
    cg_random_bytes(&value, sizeof value);
    return value;
}

void cg_random_text(char *ret_text, size_t length)
{
    static const char alphabet[62] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    size_t written = 0;
    while (written < length) {
        uint8_t bytes[64];
        cg_random_bytes(bytes, sizeof bytes);
        for (size_t i = 0; i < sizeof bytes && written < length; i++) {
            /* 248 is the largest multiple of 62 in a byte: what lies above would favour the first letters. */
            if (bytes[i] < 248)
                ret_text[written++] = alphabet[bytes[i] % 62];
        }
    }
    ret_text[length] = '\0';
}
