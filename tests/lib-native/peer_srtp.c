/* A libsrtp policy. */
#include "tests/lib-native/peer_srtp.h"

#include <glib.h>

enum { REPLAY_WINDOW = 1024 };

srtp_t peer_srtp_new(const uint8_t master[static PEER_SRTP_MASTER_SIZE], bool short_tag, srtp_ssrc_type_t ssrcs)
{
    srtp_t session;
    srtp_policy_t policy = {
        .ssrc = {.type = ssrcs}, .key = (uint8_t *) master, .window_size = REPLAY_WINDOW, .allow_repeat_tx = 1};
    if (short_tag)
        srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32(&policy.rtp);
    else
        srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtp);
    srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtcp);
    g_assert(srtp_create(&session, &policy) == srtp_err_status_ok);
    return session;
}
