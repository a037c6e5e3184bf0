/* SRTP and SRTCP of one leg. The first byte says what is done with the rest: unprotected as it came, or protected by
 * the peer first, damaged by the second and third byte if the mode says so, and then unprotected. */
#include "bridge/srtp/srtp_session.h"

#include <glib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

enum { RTCP = 1, PROTECT = 2, DAMAGE = 4, SHORT_TAG = 8, TWICE = 16 };

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    g_assert_true(cg_srtp_global_init());
    return 0;
}

static cg_srtp_session *session(uint8_t mode, bool peer)
{
    cg_srtp_keys keys = {.profile = mode & SHORT_TAG ? CG_SRTP_AES128_CM_SHA1_32 : CG_SRTP_AES128_CM_SHA1_80};
    memset(peer ? keys.local : keys.remote, 0x55, CG_SRTP_MASTER_SIZE);
    memset(peer ? keys.remote : keys.local, 0xaa, CG_SRTP_MASTER_SIZE);
    return cg_srtp_session_new(&keys);
}

static void round_trip(uint8_t mode, const uint8_t *data, size_t size)
{
    cg_srtp_session *peer = session(mode, true), *ours = session(mode, false);
    g_autofree uint8_t *packet = g_malloc(size + CG_SRTP_MAX_TRAILER);
    size_t octets = size;
    memcpy(packet, data, size);
    if ((mode & RTCP ? cg_srtp_protect_rtcp : cg_srtp_protect_rtp)(peer, packet, &octets) == CG_SRTP_OK) {
        g_assert_cmpuint(octets, <=, size + CG_SRTP_MAX_TRAILER);
        if (mode & DAMAGE)
            packet[(data[0] << 8 | data[1]) % octets] ^= (uint8_t) (data[2] | 1);
        cg_srtp_status status = (mode & RTCP ? cg_srtp_unprotect_rtcp : cg_srtp_unprotect_rtp)(ours, packet, &octets);
        if (mode & DAMAGE)
            g_assert_cmpint(status, !=, CG_SRTP_OK);
        else
            g_assert_true(status == CG_SRTP_OK && octets == size && memcmp(packet, data, size) == 0);
    }
    cg_srtp_session_free(peer);
    cg_srtp_session_free(ours);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 4 || size > 1500)
        return 0;
    uint8_t mode = *data++;
    size--;
    if (mode & PROTECT) {
        round_trip(mode, data, size);
        return 0;
    }
    cg_srtp_session *ours = session(mode, false);
    for (int i = 0; i <= !!(mode & TWICE); i++) {
        g_autofree uint8_t *packet = g_memdup2(data, size); /* reads behind the end are seen */
        size_t octets = size;
        (mode & RTCP ? cg_srtp_unprotect_rtcp : cg_srtp_unprotect_rtp)(ours, packet, &octets);
        g_assert_cmpuint(octets, <=, size);
    }
    cg_srtp_session_free(ours);
    return 0;
}
