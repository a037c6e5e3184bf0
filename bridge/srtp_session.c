/* SRTP and SRTCP of one leg. The thing to know: libsrtp keeps a stream per SSRC for as long as the session lives, and
 * the peer chooses the SSRCs, so the least recently used ones are forgotten beyond MAX_REMOTE_SSRCS. Nothing is
 * allocated per packet, except for the first packet of an SSRC. */
#include "bridge/srtp_session.h"

#include "bridge/srtp_primitives.h"

#include <glib.h>
#include <limits.h>
#include <srtp2/srtp.h>
#include <string.h>

/* An audio peer sends one SSRC at a time, and a new one after it has replaced its track or restarted its encoder. */
#define MAX_REMOTE_SSRCS 8
#define REPLAY_WINDOW 128 /* packets; RFC 3711 section 3.3.2 asks for at least 64 */
#define RTP_SSRC_OFFSET 8
#define RTCP_SSRC_OFFSET 4

struct cg_srtp_session {
    srtp_t inbound, outbound;
    uint32_t remote_ssrcs[MAX_REMOTE_SSRCS]; /* in network order as libsrtp knows them, the latest used first */
    unsigned remote_ssrc_count;
};

bool cg_srtp_global_init(void)
{
    /* libsrtp is one per process: it refuses a second srtp_init. */
    static gsize outcome; /* 0: not tried */
    enum { WORKS = 1, FAILED };
    if (g_once_init_enter(&outcome)) {
        bool works = srtp_init() == srtp_err_status_ok && cg_srtp_primitives_install();
        g_once_init_leave(&outcome, works ? WORKS : FAILED);
    }
    return outcome == WORKS;
}

static srtp_t create_direction(cg_srtp_profile profile, const uint8_t master[static CG_SRTP_MASTER_SIZE],
                               srtp_ssrc_type_t ssrcs)
{
    srtp_t direction;
    srtp_policy_t policy = {.ssrc = {.type = ssrcs}, .key = (uint8_t *) master, .window_size = REPLAY_WINDOW};
    if (profile == CG_SRTP_AES128_CM_SHA1_32)
        srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32(&policy.rtp);
    else
        srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtp);
    /* RFC 5764 section 4.1.2: SRTCP has the 80-bit tag in both profiles. */
    srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtcp);
    return srtp_create(&direction, &policy) == srtp_err_status_ok ? direction : NULL;
}

cg_srtp_session *cg_srtp_session_new(const cg_srtp_keys *keys)
{
    cg_srtp_session *session = g_new0(cg_srtp_session, 1);
    session->inbound = create_direction(keys->profile, keys->remote, ssrc_any_inbound);
    session->outbound = create_direction(keys->profile, keys->local, ssrc_any_outbound);
    if (session->inbound && session->outbound)
        return session;
    cg_srtp_session_free(session);
    return NULL;
}

void cg_srtp_session_prefetch(const cg_srtp_session *session)
{
    __builtin_prefetch(session->inbound);
    __builtin_prefetch(session->outbound);
}

void cg_srtp_session_free(cg_srtp_session *session)
{
    if (!session)
        return;
    if (session->inbound)
        srtp_dealloc(session->inbound);
    if (session->outbound)
        srtp_dealloc(session->outbound);
    g_free(session);
}

static cg_srtp_status translate(srtp_err_status_t status)
{
    switch (status) {
    case srtp_err_status_ok:
        return CG_SRTP_OK;
    case srtp_err_status_auth_fail:
        return CG_SRTP_UNAUTHENTICATED;
    case srtp_err_status_replay_fail:
    case srtp_err_status_replay_old:
        return CG_SRTP_REPLAYED;
    default:
        return CG_SRTP_MALFORMED;
    }
}

/* Moves the SSRC of an authenticated packet to the front. */
static void remember_ssrc(cg_srtp_session *session, uint32_t ssrc)
{
    unsigned i = 0;
    while (i < session->remote_ssrc_count && session->remote_ssrcs[i] != ssrc)
        i++;
    if (i == session->remote_ssrc_count) {
        if (i == MAX_REMOTE_SSRCS)
            srtp_remove_stream(session->inbound, session->remote_ssrcs[--i]);
        else
            session->remote_ssrc_count++;
    }
    memmove(session->remote_ssrcs + 1, session->remote_ssrcs, i * sizeof session->remote_ssrcs[0]);
    session->remote_ssrcs[0] = ssrc;
}

typedef srtp_err_status_t transform(srtp_t direction, void *data, int *size);

static cg_srtp_status apply(transform *transform_, srtp_t direction, uint8_t *data, size_t *size)
{
    if (*size > UINT16_MAX)
        return CG_SRTP_MALFORMED;
    int octets = (int) *size;
    cg_srtp_status status = translate(transform_(direction, data, &octets));
    if (status == CG_SRTP_OK)
        *size = (size_t) octets;
    return status;
}

static cg_srtp_status unprotect(cg_srtp_session *session, transform *transform_, size_t ssrc_offset, uint8_t *data,
                                size_t *size)
{
    cg_srtp_status status = apply(transform_, session->inbound, data, size);
    if (status == CG_SRTP_OK) {
        uint32_t ssrc;
        memcpy(&ssrc, data + ssrc_offset, sizeof ssrc);
        remember_ssrc(session, ssrc);
    }
    return status;
}

cg_srtp_status cg_srtp_unprotect_rtp(cg_srtp_session *session, uint8_t *data, size_t *size)
{
    return unprotect(session, srtp_unprotect, RTP_SSRC_OFFSET, data, size);
}

cg_srtp_status cg_srtp_unprotect_rtcp(cg_srtp_session *session, uint8_t *data, size_t *size)
{
    return unprotect(session, srtp_unprotect_rtcp, RTCP_SSRC_OFFSET, data, size);
}

cg_srtp_status cg_srtp_protect_rtp(cg_srtp_session *session, uint8_t *data, size_t *size)
{
    return apply(srtp_protect, session->outbound, data, size);
}

cg_srtp_status cg_srtp_protect_rtcp(cg_srtp_session *session, uint8_t *data, size_t *size)
{
    return apply(srtp_protect_rtcp, session->outbound, data, size);
}
