/* STUN checks for one leg. The first byte says what is done with the rest: taken as a whole datagram, or as attributes
 * that are framed, signed and fingerprinted properly, so that what stands behind the integrity check is reached too. */
#include "bridge/ice/ice_lite.h"

#include <arpa/inet.h>
#include <glib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SIGNED = 1, PREVIOUS = 2, RESTART = 4, REMOTE_KNOWN = 8, IPV6 = 16 };

/* The first are those of RFC 5769, so that its sample is a seed. */
static const cg_ice_credentials first = {"evtj", "VOkJxbRl1RmTxUk/WvJxBt"}, second = {"Qz7w", "0123456789abcdefghijkl"};

static uint32_t crc32(const uint8_t *data, size_t size)
{
    uint32_t crc = 0xffffffff;
    for (size_t i = 0; i < size; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ (0xedb88320 & -(crc & 1));
    }
    return ~crc;
}

static void set_length(uint8_t *message, size_t length)
{
    message[2] = (uint8_t) (length >> 8);
    message[3] = (uint8_t) length;
}

static size_t sign(uint8_t *message, const uint8_t *attributes, size_t size, const char *pwd)
{
    static const uint8_t header[20] = {0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    size_t at = 20 + size / 4 * 4, mac_size = 20;
    memcpy(message, header, 20);
    memcpy(message + 20, attributes, at - 20);
    set_length(message, at - 20 + 24);
    memcpy(message + at, "\x00\x08\x00\x14", 4);
    GHmac *hmac = g_hmac_new(G_CHECKSUM_SHA1, (const guchar *) pwd, strlen(pwd));
    g_hmac_update(hmac, message, (gssize) at);
    g_hmac_get_digest(hmac, message + at + 4, &mac_size);
    g_hmac_unref(hmac);
    at += 24;
    set_length(message, at - 20 + 8);
    uint32_t crc = htonl(crc32(message, at) ^ 0x5354554e);
    memcpy(message + at, "\x80\x28\x00\x04", 4);
    memcpy(message + at + 4, &crc, 4);
    return at + 8;
}

static void receive(cg_ice_lite *ice, const uint8_t *data, size_t size, bool ipv6)
{
    uint8_t reply[CG_STUN_MAX_REPLY];
    size_t reply_size;
    struct sockaddr_storage from = {.ss_family = ipv6 ? AF_INET6 : AF_INET};
    cg_ice_result result = cg_ice_lite_receive(ice, data, size, &from, reply, &reply_size);
    g_assert_cmpuint(reply_size, <=, sizeof reply);
    if (result != CG_ICE_REJECTED)
        g_assert_true(reply_size > 0 && cg_stun_is_message(data, size) && cg_stun_is_message(reply, reply_size));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cg_ice_lite ice;
    char ufrag[CG_ICE_UFRAG_MAX + 1];
    if (size < 1 || size > 2000)
        return 0;
    uint8_t mode = *data++;
    size--;
    cg_ice_lite_init(&ice, &first);
    if (mode & REMOTE_KNOWN)
        cg_ice_lite_set_remote(&ice, "h6vY");
    if (mode & RESTART)
        cg_ice_lite_restart(&ice, &second);
    g_autofree uint8_t *message = g_malloc(size + 64);
    if (mode & SIGNED)
        size = sign(message, data, size, mode & PREVIOUS ? first.pwd : second.pwd);
    else
        memcpy(message, data, size);
    g_autofree uint8_t *exact = g_memdup2(message, size); /* reads behind the end are seen */
    cg_stun_is_message(exact, size);
    if (cg_stun_peek_ufrag(exact, size, ufrag))
        g_assert_true(strlen(ufrag) > 0 && !strchr(ufrag, ':'));
    receive(&ice, exact, size, mode & IPV6);
    return 0;
}
