/* One direction of SRTP straight on libsrtp, as a peer has it: independent of the gateway's own sessions, so that it
 * can be their measure. webrtc_peer_global_init comes first. */
#pragma once

#include "tests/lib-native/peer_dtls.h"

#include <srtp2/srtp.h>

/* `master` is key and salt; `ssrcs` is ssrc_any_inbound or ssrc_any_outbound. Free with srtp_dealloc. */
srtp_t peer_srtp_new(const uint8_t master[static PEER_SRTP_MASTER_SIZE], bool short_tag, srtp_ssrc_type_t ssrcs);
