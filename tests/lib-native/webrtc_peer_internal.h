/* The peer as its own files share it. */
#pragma once

#include "tests/lib-native/webrtc_peer.h"

#include <srtp2/srtp.h>
#include <stun/stunagent.h>

struct webrtc_peer {
    webrtc_peer_config config;
    int fd;
    cg_media_description local, remote;
    char mid[32]; /* of the gateway's offer, for our answer */
    struct sockaddr_storage gateway;
    bool has_remote, checks_on;
    bool remote_is_lite;
    bool controlled; /* RFC 8445 section 6.1.1: it answered a full agent */

    StunAgent stun;
    StunTransactionId transaction; /* of the check in flight */
    bool in_flight;
    bool answered; /* by the gateway, with the remote credentials of now */
    int64_t next_check_us;

    peer_dtls *dtls;
    int64_t next_dtls_us;
    bool connected, failed;
    srtp_t inbound, outbound;
    webrtc_peer_counts counts;
};
