/* What is told to people: a sentence for the client, a word for logs and metrics. */
#include "signaling/sdp/sdp.h"

#include <glib.h>

static const struct {
    const char *name, *text;
} statuses[CG_SDP_STATUS_COUNT] = {
    [CG_SDP_OK] = {"ok", "The session description is accepted."},
    [CG_SDP_MALFORMED] = {"malformed", "The session description is broken or over a limit."},
    [CG_SDP_NO_AUDIO] = {"no_audio", "The session description has no audio section, or only rejected ones."},
    [CG_SDP_PROTOCOL] = {"protocol",
                         "The audio section must use the protocol UDP/TLS/RTP/SAVPF (a phone's: RTP/AVP or RTP/SAVP)."},
    [CG_SDP_NO_ICE] = {"no_ice",
                       "The audio section needs an ice-ufrag of 4 to 32 and an ice-pwd of 22 to 128 characters."},
    [CG_SDP_NO_FINGERPRINT] = {"no_fingerprint", "The session description has no certificate fingerprint."},
    [CG_SDP_TWO_FINGERPRINTS] = {"two_fingerprints", "The audio section has more than one certificate fingerprint."},
    [CG_SDP_WEAK_FINGERPRINT] = {"weak_fingerprint", "The fingerprint's hash must be sha-256, sha-384 or sha-512."},
    [CG_SDP_SETUP] =
        {"setup",
         "The gateway is the DTLS client: a=setup must be actpass or passive in an offer, passive in an answer."},
    [CG_SDP_NO_RTCP_MUX] = {"no_rtcp_mux", "The audio section must have a=rtcp-mux."},
    [CG_SDP_NO_CRYPTO] = {"no_crypto", "The audio section is RTP/SAVP without an a=crypto that the gateway takes."},
    [CG_SDP_NO_CODEC] = {"no_codec", "The audio section offers none of Opus, G.722, PCMU and PCMA."},
};

const char *cg_sdp_status_text(cg_sdp_status status)
{
    g_assert(status < CG_SDP_STATUS_COUNT);
    return statuses[status].text;
}

const char *cg_sdp_status_name(cg_sdp_status status)
{
    g_assert(status < CG_SDP_STATUS_COUNT);
    return statuses[status].name;
}
