/* Datagrams of a DTLS server, given to one handshake: pairs of a big-endian 16-bit size and as many bytes; size 0 lets
 * the time pass to what is due next. Randomness is fixed, so that recorded answers (record-dtls.c) are valid and
 * mutations reach every message of the handshake, up to its end. */
#include "bridge/dtls/dtls_handshake.h"

#include "fixed_random.h"

#include <glib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

#define MAX_STEPS 64

static cg_dtls_identity identity;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    cg_dtls_certificate certificate;
    fixed_random_reset();
    g_assert_true(cg_dtls_certificate_make(&certificate));
    g_assert_true(cg_dtls_identity_init(&identity, &certificate));
    return 0;
}

static void count(const uint8_t *data, size_t size, void *user)
{
    unsigned *sent = user;
    g_assert_cmpuint(size, <=, 1200);
    g_assert_cmpuint(++*sent, <=, 256);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* The first 32 bytes are the fingerprint expected, as the recorder wrote it. */
    unsigned sent = 0;
    cg_fingerprint remote = {.hash = CG_HASH_SHA256, .size = 32};
    int64_t now = 1;
    if (size < 32)
        return 0;
    memcpy(remote.digest, data, 32);
    data += 32;
    size -= 32;
    fixed_random_reset();
    cg_dtls_handshake *handshake = cg_dtls_handshake_new(&(cg_dtls_handshake_config){.identity = &identity,
                                                                                     .remote = &remote,
                                                                                     .now_us = now,
                                                                                     .deadline_us = 15 * 1000 * 1000,
                                                                                     .send = count,
                                                                                     .user = &sent});
    cg_dtls_state state = cg_dtls_handshake_advance(handshake, now);
    for (unsigned step = 0; size >= 2 && step < MAX_STEPS; step++) {
        size_t datagram_size = MIN((size_t) (data[0] << 8 | data[1]), size - 2);
        data += 2;
        size -= 2;
        if (datagram_size == 0) {
            now = MAX(now, cg_dtls_handshake_next(handshake));
            state = cg_dtls_handshake_advance(handshake, now);
            continue;
        }
        g_autofree uint8_t *exact = g_memdup2(data, datagram_size); /* reads behind the end are seen */
        state = cg_dtls_handshake_receive(handshake, now, exact, datagram_size);
        data += datagram_size;
        size -= datagram_size;
    }
    if (state == CG_DTLS_ENDED_DONE)
        g_assert_nonnull(cg_dtls_handshake_keys(handshake));
    cg_dtls_handshake_free(handshake);
    return 0;
}
