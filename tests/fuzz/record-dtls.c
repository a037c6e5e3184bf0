/* Makes seeds for fuzz-dtls: shakes hands with OpenSSL, with the fuzz target's fixed randomness, and writes what the
 * server said. Usage: record-dtls DIRECTORY */
#include "bridge/dtls/dtls_handshake.h"

#include "dtls_server.h"
#include "fixed_random.h"

#include <glib.h>
#include <stdio.h>
#include <string.h>

typedef struct {
    dtls_server *server;
    cg_dtls_handshake *client;
    GByteArray *seed;
} recording;

static void to_server(const uint8_t *data, size_t size, void *user)
{
    dtls_server_receive(((recording *) user)->server, data, size);
}

static cg_dtls_state answer(recording *r, cg_dtls_state state)
{
    GBytes *datagram;
    while ((datagram = dtls_server_take(r->server))) {
        size_t size;
        const uint8_t *data = g_bytes_get_data(datagram, &size);
        g_byte_array_append(r->seed, (uint8_t[]){(uint8_t) (size >> 8), (uint8_t) size}, 2);
        g_byte_array_append(r->seed, data, (guint) size);
        state = cg_dtls_handshake_receive(r->client, 1, data, size);
        g_bytes_unref(datagram);
    }
    return state;
}

static void record(const char *directory, const char *name, const dtls_server_config *config)
{
    recording r = {.server = dtls_server_new(config), .seed = g_byte_array_new()};
    cg_dtls_certificate certificate;
    cg_dtls_identity identity;
    cg_fingerprint fingerprint;
    g_autofree char *path = g_build_filename(directory, name, NULL);
    fixed_random_reset();
    g_assert_true(cg_dtls_certificate_make(&certificate));
    g_assert_true(cg_dtls_identity_init(&identity, &certificate));
    dtls_server_fingerprint(r.server, CG_HASH_SHA256, &fingerprint);
    g_byte_array_append(r.seed, fingerprint.digest, 32);
    fixed_random_reset();
    r.client = cg_dtls_handshake_new(&(cg_dtls_handshake_config){.identity = &identity,
                                                                 .remote = &fingerprint,
                                                                 .now_us = 1,
                                                                 .deadline_us = 15 * 1000 * 1000,
                                                                 .send = to_server,
                                                                 .user = &r});
    cg_dtls_state state = answer(&r, cg_dtls_handshake_advance(r.client, 1));
    printf("%s: %u bytes, state %d %s\n", path, r.seed->len, (int) state, cg_dtls_handshake_detail(r.client));
    g_assert_true(g_file_set_contents(path, (const char *) r.seed->data, r.seed->len, NULL));
    cg_dtls_handshake_free(r.client);
    cg_dtls_identity_clear(&identity);
    dtls_server_free(r.server);
    g_byte_array_unref(r.seed);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        dtls_server_config config;
    } seeds[] = {
        {"ecdsa", {.srtp_profiles = "SRTP_AES128_CM_SHA1_80"}},
        {"chacha", {.srtp_profiles = "SRTP_AES128_CM_SHA1_80", .ciphers = "ECDHE-ECDSA-CHACHA20-POLY1305"}},
        {"fragments", {.srtp_profiles = "SRTP_AES128_CM_SHA1_32", .mtu = 300}},
        {"rsa", {.srtp_profiles = "SRTP_AES128_CM_SHA1_80", .key = DTLS_SERVER_RSA}},
        {"cookie", {.srtp_profiles = "SRTP_AES128_CM_SHA1_80", .cookie = true}},
        {"no-srtp", {0}},
        {"no-cipher", {.srtp_profiles = "SRTP_AES128_CM_SHA1_80", .ciphers = "AES128-SHA"}},
        {"refused", {.srtp_profiles = "SRTP_AES128_CM_SHA1_80", .reject_client = true}},
    };
    if (argc != 2) {
        fprintf(stderr, "usage: %s DIRECTORY\n", argv[0]);
        return 1;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(seeds); i++)
        record(argv[1], seeds[i].name, &seeds[i].config);
    return 0;
}
