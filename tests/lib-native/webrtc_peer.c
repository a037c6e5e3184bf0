/* The peer's socket, checks, handshake and packets. Written for clarity: a benchmark's peers cost what they cost. */
#include "tests/lib-native/webrtc_peer_internal.h"

#include "base/random.h"
#include "bridge/srtp/srtp_session.h"
#include "tests/lib-native/peer_srtp.h"

#include <glib.h>
#include <string.h>
#include <stun/usages/ice.h>
#include <unistd.h>

enum {
    FIRST_CHECKS_US = 20000,
    DTLS_TICK_US = 50000,
    DEFAULT_CHECK_MS = 2500,
    MAX_CHECK = 512,
};

static const cg_format default_formats[] = {
    {.codec = CG_CODEC_OPUS, .payload_type = 111, .fmtp = "minptime=10;useinbandfec=1"},
    {.codec = CG_CODEC_TELEPHONE_EVENT_48000, .payload_type = 110, .fmtp = "0-15"},
};

static const uint16_t known_attributes[] = {
    STUN_ATTRIBUTE_USERNAME,           STUN_ATTRIBUTE_MESSAGE_INTEGRITY, STUN_ATTRIBUTE_ERROR_CODE,
    STUN_ATTRIBUTE_XOR_MAPPED_ADDRESS, STUN_ATTRIBUTE_PRIORITY,          STUN_ATTRIBUTE_USE_CANDIDATE,
    STUN_ATTRIBUTE_ICE_CONTROLLED,     STUN_ATTRIBUTE_ICE_CONTROLLING,   0};

void webrtc_peer_global_init(void)
{
    g_assert(cg_srtp_global_init());
}

static void start_stun(webrtc_peer *peer)
{
    stun_agent_init(&peer->stun, known_attributes, STUN_COMPATIBILITY_RFC5389,
                    STUN_AGENT_USAGE_SHORT_TERM_CREDENTIALS | STUN_AGENT_USAGE_USE_FINGERPRINT);
    peer->in_flight = false;
    peer->answered = false;
    peer->next_check_us = 0;
}

static void send_dtls(const uint8_t *data, size_t size, void *user)
{
    webrtc_peer_send_raw(user, data, size);
}

webrtc_peer *webrtc_peer_new(const webrtc_peer_config *config)
{
    webrtc_peer *peer = g_new0(webrtc_peer, 1);
    peer->config = *config;
    if (config->formats == NULL) {
        peer->config.formats = default_formats;
        peer->config.format_count = G_N_ELEMENTS(default_formats);
    }
    if (peer->config.address != NULL)
        webrtc_peer_socket_open(peer);
    else
        peer->fd = -1;
    peer->controlled = peer->config.controlled;
    peer->checks_on = true;
    peer->local = (cg_media_description){
        .ice = cg_ice_credentials_new(),
        .fingerprint = *peer_identity_fingerprint(config->identity),
        .direction = CG_DIRECTION_SENDRECV,
        .format_count = peer->config.format_count,
        .ssrc = cg_random_u32() | 1,
    };
    memcpy(peer->local.formats, peer->config.formats, peer->config.format_count * sizeof(cg_format));
    g_strlcpy(peer->mid, "0", sizeof peer->mid);
    start_stun(peer);
    peer->dtls = peer_dtls_new(config->identity, send_dtls, peer);
    return peer;
}

void webrtc_peer_free(webrtc_peer *peer)
{
    if (peer == NULL)
        return;
    if (peer->fd >= 0)
        close(peer->fd);
    peer_dtls_free(peer->dtls);
    if (peer->inbound != NULL)
        srtp_dealloc(peer->inbound);
    if (peer->outbound != NULL)
        srtp_dealloc(peer->outbound);
    g_free(peer);
}

int webrtc_peer_fd(const webrtc_peer *peer)
{
    return peer->fd;
}

cg_media_description *webrtc_peer_description(webrtc_peer *peer)
{
    return &peer->local;
}

void webrtc_peer_set_remote(webrtc_peer *peer, const cg_media_description *remote,
                            const struct sockaddr_storage *address)
{
    bool restarted = peer->has_remote && strcmp(peer->remote.ice.ufrag, remote->ice.ufrag) != 0;
    peer->remote = *remote;
    peer->gateway = *address;
    peer->has_remote = true;
    webrtc_peer_socket_aim(peer);
    if (restarted)
        start_stun(peer);
}

const struct sockaddr_storage *webrtc_peer_remote_address(const webrtc_peer *peer)
{
    g_assert(peer->has_remote);
    return &peer->gateway;
}

bool webrtc_peer_is_connected(const webrtc_peer *peer)
{
    return peer->connected && peer->answered;
}

bool webrtc_peer_has_failed(const webrtc_peer *peer)
{
    return peer->failed;
}

const webrtc_peer_counts *webrtc_peer_get_counts(const webrtc_peer *peer)
{
    return &peer->counts;
}

void webrtc_peer_set_checks(webrtc_peer *peer, bool on)
{
    peer->checks_on = on;
}

void webrtc_peer_move(webrtc_peer *peer)
{
    webrtc_peer_socket_replace(peer);
    start_stun(peer);
}

void webrtc_peer_restart_ice(webrtc_peer *peer)
{
    peer->local.ice = cg_ice_credentials_new();
}

/* RFC 8445 section 7.2.2: USERNAME is theirs, a colon, ours; the key is their password. */
size_t webrtc_peer_write_check(webrtc_peer *peer, bool nominate, uint8_t ret_datagram[static 512])
{
    StunMessage message;
    g_autofree char *username = g_strdup_printf("%s:%s", peer->remote.ice.ufrag, peer->local.ice.ufrag);
    if (peer->in_flight)
        stun_agent_forget_transaction(&peer->stun, peer->transaction);
    size_t size = stun_usage_ice_conncheck_create(
        &peer->stun, &message, ret_datagram, MAX_CHECK, (const uint8_t *) username, strlen(username),
        (const uint8_t *) peer->remote.ice.pwd, strlen(peer->remote.ice.pwd), nominate, !peer->controlled,
        110u << 24 | 0xffffff, 1, NULL, STUN_USAGE_ICE_COMPATIBILITY_RFC5245);
    g_assert(size > 0);
    stun_message_id(&message, peer->transaction);
    peer->in_flight = true;
    return size;
}

static void send_check(webrtc_peer *peer)
{
    uint8_t buffer[MAX_CHECK];
    bool nominate =
        !peer->controlled && !peer->config.never_nominate && !(peer->config.nominate_once && peer->answered);
    webrtc_peer_send_raw(peer, buffer, webrtc_peer_write_check(peer, nominate, buffer));
}

/* Our own password, for the checks of a full agent. */
static bool find_password(StunAgent *agent, StunMessage *message, uint8_t *username, uint16_t username_size,
                          uint8_t **ret_password, size_t *ret_size, void *user)
{
    webrtc_peer *peer = user;
    *ret_password = (uint8_t *) peer->local.ice.pwd;
    *ret_size = strlen(peer->local.ice.pwd);
    return true;
}

static void answer_check(webrtc_peer *peer, StunMessage *request)
{
    uint8_t reply[512];
    StunMessage message;
    size_t size = sizeof reply;
    bool controlling = !peer->controlled;
    socklen_t address_size =
        peer->gateway.ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
    if (!peer->checks_on)
        return;
    StunUsageIceReturn result = stun_usage_ice_conncheck_create_reply(&peer->stun, request, &message, reply, &size,
                                                                      &peer->gateway, address_size, &controlling,
                                                                      UINT64_MAX, STUN_USAGE_ICE_COMPATIBILITY_RFC5245);
    /* With this tie-breaker a conflict of roles is the other side's to mend: RFC 8445 section 7.3.1.1. */
    if (result == STUN_USAGE_ICE_RETURN_SUCCESS || result == STUN_USAGE_ICE_RETURN_ROLE_CONFLICT)
        webrtc_peer_send_raw(peer, reply, size);
}

static void receive_stun(webrtc_peer *peer, const uint8_t *data, size_t size)
{
    StunMessage message;
    StunValidationStatus status = stun_agent_validate(&peer->stun, &message, data, size, find_password, peer);
    if (status == STUN_VALIDATION_SUCCESS && stun_message_get_class(&message) == STUN_REQUEST) {
        answer_check(peer, &message);
        return;
    }
    if (status != STUN_VALIDATION_SUCCESS || stun_message_get_class(&message) != STUN_RESPONSE) {
        peer->counts.checks_failed++;
        return;
    }
    peer->in_flight = false;
    peer->answered = true;
    peer->counts.checks_answered++;
}

static void receive_dtls(webrtc_peer *peer, const uint8_t *data, size_t size)
{
    peer_dtls_state state = peer_dtls_receive(peer->dtls, data, size);
    peer->failed = peer->failed || state == PEER_DTLS_FAILED;
    if (state != PEER_DTLS_DONE || peer->connected)
        return;
    const peer_dtls_keys *keys = peer_dtls_get_keys(peer->dtls);
    const cg_fingerprint *expected = &peer->remote.fingerprint;
    if (expected->size != keys->client.size || memcmp(expected->digest, keys->client.digest, expected->size) != 0) {
        peer->failed = true;
        return;
    }
    peer->inbound = peer_srtp_new(keys->remote, keys->short_tag, ssrc_any_inbound);
    peer->outbound = peer_srtp_new(keys->local, keys->short_tag, ssrc_any_outbound);
    peer->connected = true;
}

static void receive_media(webrtc_peer *peer, uint8_t *data, size_t size)
{
    int octets = (int) size;
    cg_rtp_header header;
    cg_rtcp_report report;
    bool rtcp = cg_rtcp_is_rtcp(data, size);
    if (!peer->connected || (rtcp ? srtp_unprotect_rtcp(peer->inbound, data, &octets)
                                  : srtp_unprotect(peer->inbound, data, &octets)) != srtp_err_status_ok) {
        peer->counts.packets_refused++;
        return;
    }
    peer->counts.packets_received++;
    if (rtcp) {
        g_assert(cg_rtcp_parse(data, (size_t) octets, peer->local.ssrc, &report));
        if (peer->config.on_rtcp != NULL)
            peer->config.on_rtcp(peer, &report, peer->config.user);
    } else {
        g_assert(cg_rtp_parse(data, (size_t) octets, &header));
        if (peer->config.on_rtp != NULL)
            peer->config.on_rtp(peer, &header, data, peer->config.user);
    }
}

/* RFC 7983 section 7. */
void webrtc_peer_take(webrtc_peer *peer, uint8_t *data, size_t size)
{
    bool dtls = data[0] >= 20 && data[0] <= 63;
    peer->counts.datagrams_received++;
    if (data[0] <= 3)
        receive_stun(peer, data, size);
    else if (dtls && !peer->config.mute_dtls)
        receive_dtls(peer, data, size);
    else if (!dtls)
        receive_media(peer, data, size);
}

void webrtc_peer_receive(webrtc_peer *peer, int64_t now_us)
{
    uint8_t data[WEBRTC_PEER_MAX_DATAGRAM];
    size_t size;
    while ((size = webrtc_peer_socket_receive(peer, data)) > 0)
        webrtc_peer_take(peer, data, size);
}

void webrtc_peer_tick(webrtc_peer *peer, int64_t now_us)
{
    if (!peer->has_remote)
        return;
    if (peer->checks_on && now_us >= peer->next_check_us) {
        send_check(peer);
        unsigned interval = peer->config.check_interval_ms != 0 ? peer->config.check_interval_ms : DEFAULT_CHECK_MS;
        peer->next_check_us = now_us + (webrtc_peer_is_connected(peer) ? interval * INT64_C(1000) : FIRST_CHECKS_US);
    }
    if (now_us >= peer->next_dtls_us) {
        peer_dtls_tick(peer->dtls);
        peer->next_dtls_us = now_us + DTLS_TICK_US;
    }
}

static size_t write_rtp(const webrtc_peer *peer, const webrtc_peer_packet *packet, uint8_t ret_data[static 2048])
{
    cg_rtp_header header = {
        .marker = packet->marker,
        .payload_type = packet->payload_type,
        .sequence = packet->sequence,
        .timestamp = packet->timestamp,
        .ssrc = packet->ssrc != 0 ? packet->ssrc : peer->local.ssrc,
    };
    size_t size = CG_RTP_HEADER_SIZE;
    cg_rtp_write(ret_data, &header);
    if (packet->extension != NULL) {
        ret_data[0] |= 0x10;
        memcpy(ret_data + size, packet->extension, packet->extension_size);
        size += packet->extension_size;
    }
    if (packet->payload_size > 0)
        memcpy(ret_data + size, packet->payload, packet->payload_size);
    return size + packet->payload_size;
}

size_t webrtc_peer_protect_rtp(webrtc_peer *peer, const webrtc_peer_packet *packet, uint8_t ret_datagram[static 2048])
{
    int octets = (int) write_rtp(peer, packet, ret_datagram);
    if (!peer->connected || srtp_protect(peer->outbound, ret_datagram, &octets) != srtp_err_status_ok)
        return 0;
    return (size_t) octets;
}

bool webrtc_peer_send_rtp(webrtc_peer *peer, const webrtc_peer_packet *packet)
{
    uint8_t datagram[WEBRTC_PEER_MAX_DATAGRAM];
    size_t size = webrtc_peer_protect_rtp(peer, packet, datagram);
    if (size > 0)
        webrtc_peer_send_raw(peer, datagram, size);
    return size > 0;
}

void webrtc_peer_send_rtcp(webrtc_peer *peer, const cg_rtcp_report *report)
{
    uint8_t data[WEBRTC_PEER_MAX_DATAGRAM];
    int octets = (int) cg_rtcp_write(data, report, "peer");
    if (peer->connected && srtp_protect_rtcp(peer->outbound, data, &octets) == srtp_err_status_ok)
        webrtc_peer_send_raw(peer, data, (size_t) octets);
}
