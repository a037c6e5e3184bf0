/* SRTP and SRTCP of one leg. The thing to know: libsrtp keeps a stream per SSRC for as long as the session lives, and
 * the peer chooses the SSRCs, so the least recently used ones are forgotten beyond MAX_REMOTE_SSRCS. Nothing is
 * allocated per packet, except for the first packet of an SSRC. */
#include "bridge/srtp/srtp_session.h"

#include "bridge/srtp/srtp_primitives.h"

#include <glib.h>
#include <limits.h>
#include <srtp2/srtp.h>
#include <string.h>

/* An audio peer sends one SSRC at a time, and a new one after it has replaced its track or restarted its encoder. */
#define MAX_REMOTE_SSRCS 8
#define REPLAY_WINDOW 128 /* packets; RFC 3711 section 3.3.2 asks for at least 64 */
/* Packets under the old key after a rekey: some seconds. More would let a peer fill its streams with SSRCs. */
#define PREVIOUS_PACKETS 500
#define RTP_SSRC_OFFSET 8
#define RTCP_SSRC_OFFSET 4

struct cg_srtp_session {
    srtp_t inbound, outbound;
    srtp_t previous;        /* inbound of before a rekey, until a packet comes under the new key; NULL: none */
    unsigned previous_left; /* packets it still takes */
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

static void drop_previous(cg_srtp_session *session)
{
    if (session->previous)
        srtp_dealloc(session->previous);
    session->previous = NULL;
}

static void use_inbound(cg_srtp_session *session, srtp_t inbound)
{
    drop_previous(session);
    session->previous = session->inbound;
    session->previous_left = PREVIOUS_PACKETS;
    session->inbound = inbound;
    session->remote_ssrc_count = 0; /* it has no stream yet */
}

static void use_outbound(cg_srtp_session *session, srtp_t outbound)
{
    srtp_dealloc(session->outbound);
    session->outbound = outbound;
}

bool cg_srtp_session_rekey(cg_srtp_session *session, const cg_srtp_keys *before, const cg_srtp_keys *after)
{
    bool other = before->profile != after->profile;
    bool in = other || memcmp(before->remote, after->remote, sizeof after->remote) != 0;
    bool out = other || memcmp(before->local, after->local, sizeof after->local) != 0;
    srtp_t inbound = in ? create_direction(after->profile, after->remote, ssrc_any_inbound) : NULL;
    srtp_t outbound = out ? create_direction(after->profile, after->local, ssrc_any_outbound) : NULL;
    if ((in && !inbound) || (out && !outbound)) {
        g_clear_pointer(&inbound, srtp_dealloc);
        g_clear_pointer(&outbound, srtp_dealloc);
        return false;
    }
    if (in)
        use_inbound(session, inbound);
    if (out)
        use_outbound(session, outbound);
    return true;
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
    drop_previous(session);
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

static cg_srtp_status unprotect_previous(cg_srtp_session *session, transform *transform_, uint8_t *data, size_t *size)
{
    cg_srtp_status status = apply(transform_, session->previous, data, size);
    if (status == CG_SRTP_OK && --session->previous_left == 0)
        drop_previous(session);
    return status;
}

static cg_srtp_status unprotect(cg_srtp_session *session, transform *transform_, size_t ssrc_offset, uint8_t *data,
                                size_t *size)
{
    cg_srtp_status status = apply(transform_, session->inbound, data, size);
    /* libsrtp authenticates before it changes anything, so the packet is still what came. */
    if (status == CG_SRTP_UNAUTHENTICATED && session->previous)
        return unprotect_previous(session, transform_, data, size);
    if (status == CG_SRTP_OK) {
        drop_previous(session);
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
