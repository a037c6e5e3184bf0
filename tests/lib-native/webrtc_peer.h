/* A minimal WebRTC client for tests and benchmarks: one UDP socket, or one TCP connection, a controlling ICE agent on
 * libnice's STUN functions (a full one: it checks one address, and answers checks from there), DTLS server on OpenSSL,
 * SRTP on libsrtp, one audio stream each way. Of the gateway it shares only what initialises libsrtp (there is one per
 * process) and the reading of RTP and RTCP headers.
 *
 * A peer has no thread: the caller polls webrtc_peer_fd of as many as it likes, calls webrtc_peer_receive for those
 * that are readable and webrtc_peer_tick for all every few milliseconds; callbacks come from inside these two.
 *
 *     peer = webrtc_peer_new(&config);
 *     text = webrtc_peer_write_sdp(peer, WEBRTC_PEER_OFFER);    ... to the gateway, its answer comes back ...
 *     webrtc_peer_read_sdp(peer, answer);                       ... poll, receive, tick until connected ...
 *     webrtc_peer_send_rtp(peer, &packet);
 *
 * Thousands of peers may share a socket of the caller's: `send` takes what they send, webrtc_peer_take gets theirs.
 * Tests that drive cg_bridge itself use webrtc_peer_description and webrtc_peer_set_remote instead of SDP. */
#pragma once

#include "base/media.h"
#include "bridge/rtp/rtcp.h"
#include "bridge/rtp/rtp.h"
#include "tests/lib-native/peer_dtls.h"

typedef struct webrtc_peer webrtc_peer;

typedef struct {
    const char *address; /* to bind, "127.0.0.1" or "::1"; NULL: no socket of its own, but `send` */
    void (*send)(webrtc_peer *peer, const struct sockaddr_storage *to, const void *data, size_t size, void *user);
    struct sockaddr_in candidate; /* told in its descriptions; without one it is found by its checks */
    peer_identity *identity;      /* stays the caller's */
    const cg_format *formats;     /* in order of preference; NULL: Opus 111 and telephone-event 110 */
    size_t format_count;
    bool tcp;           /* ICE-TCP, active side */
    bool nominate_once; /* USE-CANDIDATE until the first answer only, as Firefox does; else always, as Chromium */
    bool never_nominate;
    bool controlled;            /* nominates nothing: the other side, a full agent that has offered, does */
    bool mute_dtls;             /* answers checks only: its handshakes never finish */
    unsigned check_interval_ms; /* once connected; 0: 2500 */
    /* A packet that was authenticated. `packet` is the whole of it, decrypted. */
    void (*on_rtp)(webrtc_peer *peer, const cg_rtp_header *header, const uint8_t *packet, void *user);
    void (*on_rtcp)(webrtc_peer *peer, const cg_rtcp_report *report, void *user);
    void *user;
} webrtc_peer_config;

typedef struct {
    unsigned checks_answered, checks_failed;    /* failed: error or wrong integrity */
    uint64_t packets_received, packets_refused; /* SRTP and SRTCP */
    uint64_t datagrams_received;
} webrtc_peer_counts;

/* Once per process; the gateway in the same process may have done it too. */
void webrtc_peer_global_init(void);

webrtc_peer *webrtc_peer_new(const webrtc_peer_config *config);
void webrtc_peer_free(webrtc_peer *peer);

int webrtc_peer_fd(const webrtc_peer *peer);
void webrtc_peer_receive(webrtc_peer *peer, int64_t now_us);          /* everything that waits */
void webrtc_peer_take(webrtc_peer *peer, uint8_t *data, size_t size); /* a datagram; decrypted in place */
void webrtc_peer_tick(webrtc_peer *peer, int64_t now_us);

/* What this peer says of itself. May be changed (direction, formats) between negotiations. */
cg_media_description *webrtc_peer_description(webrtc_peer *peer);
/* What the other side said, and where its socket is. Checks begin. */
void webrtc_peer_set_remote(webrtc_peer *peer, const cg_media_description *remote,
                            const struct sockaddr_storage *address);

typedef enum { WEBRTC_PEER_OFFER, WEBRTC_PEER_ANSWER } webrtc_peer_sdp_kind;
char *webrtc_peer_write_sdp(webrtc_peer *peer, webrtc_peer_sdp_kind kind); /* g_free; an answer after read_sdp */
bool webrtc_peer_read_sdp(webrtc_peer *peer, const char *sdp);             /* the gateway's; false: unusable */

const struct sockaddr_storage *webrtc_peer_remote_address(const webrtc_peer *peer); /* once it is known */
bool webrtc_peer_is_connected(const webrtc_peer *peer); /* a check was answered, keys are there */
bool webrtc_peer_has_failed(const webrtc_peer *peer);   /* DTLS failed or the gateway's fingerprint is wrong */
const webrtc_peer_counts *webrtc_peer_get_counts(const webrtc_peer *peer);

typedef struct {
    uint8_t payload_type;
    bool marker;
    uint16_t sequence;
    uint32_t timestamp;
    uint32_t ssrc;            /* 0: the peer's own */
    const uint8_t *extension; /* whole words, its header included; NULL: none */
    size_t extension_size;
    const uint8_t *payload;
    size_t payload_size;
} webrtc_peer_packet;

/* Protected and sent; false before keys. Returns what was sent, for replays, if `ret_datagram` (2048 octets) is there.
 */
bool webrtc_peer_send_rtp(webrtc_peer *peer, const webrtc_peer_packet *packet);
size_t webrtc_peer_protect_rtp(webrtc_peer *peer, const webrtc_peer_packet *packet, uint8_t ret_datagram[static 2048]);
void webrtc_peer_send_rtcp(webrtc_peer *peer, const cg_rtcp_report *report);
/* Any bytes, from the peer's socket; over TCP as one frame. */
void webrtc_peer_send_raw(webrtc_peer *peer, const void *data, size_t size);
/* TCP: any octets in the stream. */
void webrtc_peer_send_octets(webrtc_peer *peer, const void *data, size_t size);
bool webrtc_peer_is_closed(const webrtc_peer *peer); /* TCP: by the gateway */

/* A new socket, as when the network changes; checks go on from there. The old one is closed. */
void webrtc_peer_move(webrtc_peer *peer);
/* New ICE credentials of its own (in the description); takes effect with the remote's in webrtc_peer_set_remote. */
void webrtc_peer_restart_ice(webrtc_peer *peer);
/* A check as it would send it now, valid until the credentials change, for whoever floods with them. Returns its size.
 */
size_t webrtc_peer_write_check(webrtc_peer *peer, bool nominate, uint8_t ret_datagram[static 512]);
/* Stops and starts connectivity checks, and answering them. */
void webrtc_peer_set_checks(webrtc_peer *peer, bool on);
