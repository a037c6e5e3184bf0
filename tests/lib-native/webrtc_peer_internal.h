/* The peer as its own files share it. */
#pragma once

#include "tests/lib-native/webrtc_peer.h"

#include <srtp2/srtp.h>
#include <stun/stunagent.h>

#define WEBRTC_PEER_MAX_DATAGRAM 2048

struct webrtc_peer {
    webrtc_peer_config config;
    int fd;
    bool connecting, closed;                      /* TCP: connect was called; the gateway has closed */
    uint8_t stream[2 * WEBRTC_PEER_MAX_DATAGRAM]; /* TCP: received, no whole frame yet */
    size_t stream_size;
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

/* webrtc_peer_socket.c */
void webrtc_peer_socket_open(webrtc_peer *peer);
void webrtc_peer_socket_aim(webrtc_peer *peer);     /* the gateway's address is known */
void webrtc_peer_socket_replace(webrtc_peer *peer); /* by a new one under the same number */
/* The next packet that waits; 0: none. */
size_t webrtc_peer_socket_receive(webrtc_peer *peer, uint8_t ret_data[static WEBRTC_PEER_MAX_DATAGRAM]);
