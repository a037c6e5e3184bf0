/* The peer's session descriptions, as a browser writes them, and as much reading as the gateway's need. Checking the
 * gateway's SDP is not the task here: others do that. */
#include "tests/lib-native/webrtc_peer_internal.h"

#include <arpa/inet.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void append_fingerprint(GString *sdp, const cg_fingerprint *fingerprint)
{
    g_string_append(sdp, "a=fingerprint:sha-256 ");
    for (unsigned i = 0; i < fingerprint->size; i++)
        g_string_append_printf(sdp, "%s%02X", i > 0 ? ":" : "", fingerprint->digest[i]);
    g_string_append(sdp, "\r\n");
}

static void append_formats(GString *sdp, const cg_media_description *local)
{
    g_string_append(sdp, "m=audio 9 UDP/TLS/RTP/SAVPF");
    for (size_t i = 0; i < local->format_count; i++)
        g_string_append_printf(sdp, " %u", local->formats[i].payload_type);
    g_string_append(sdp, "\r\nc=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\n");
    for (size_t i = 0; i < local->format_count; i++) {
        const cg_format *format = &local->formats[i];
        const cg_codec_info *info = cg_codec_get_info(format->codec);
        g_string_append_printf(sdp, "a=rtpmap:%u %s/%u", format->payload_type, info->name, info->clock_rate);
        g_string_append(sdp, info->channels > 1 ? "/2\r\n" : "\r\n");
        if (format->fmtp[0] != '\0')
            g_string_append_printf(sdp, "a=fmtp:%u %s\r\n", format->payload_type, format->fmtp);
    }
}

/* RFC 8839 section 5.1; with all there are, the end of them (RFC 8840 section 8.2). */
static void append_candidate(GString *sdp, const struct sockaddr_in *candidate)
{
    char address[INET_ADDRSTRLEN];
    if (candidate->sin_family != AF_INET)
        return;
    inet_ntop(AF_INET, &candidate->sin_addr, address, sizeof address);
    g_string_append_printf(sdp, "a=candidate:1 1 udp 2130706431 %s %u typ host\r\na=end-of-candidates\r\n", address,
                           ntohs(candidate->sin_port));
}

char *webrtc_peer_write_sdp(webrtc_peer *peer, webrtc_peer_sdp_kind kind)
{
    static const char *const directions[] = {"inactive", "sendonly", "recvonly", "sendrecv"};
    const cg_media_description *local = &peer->local;
    peer->controlled = kind == WEBRTC_PEER_ANSWER && !peer->remote_is_lite;
    GString *sdp = g_string_new("v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n");
    g_string_append_printf(sdp, "a=group:BUNDLE %s\r\na=msid-semantic: WMS\r\n", peer->mid);
    append_formats(sdp, local);
    g_string_append_printf(sdp, "a=ice-ufrag:%s\r\na=ice-pwd:%s\r\na=ice-options:trickle\r\n", local->ice.ufrag,
                           local->ice.pwd);
    append_candidate(sdp, &peer->config.candidate);
    append_fingerprint(sdp, &local->fingerprint);
    g_string_append_printf(sdp, "a=setup:%s\r\na=mid:%s\r\na=%s\r\na=rtcp-mux\r\na=ssrc:%u cname:peer\r\n",
                           kind == WEBRTC_PEER_OFFER ? "actpass" : "passive", peer->mid, directions[local->direction],
                           local->ssrc);
    return g_string_free(sdp, FALSE);
}

static void read_fingerprint(const char *value, cg_fingerprint *fingerprint)
{
    const char *at = strchr(value, ' ');
    *fingerprint = (cg_fingerprint){.hash = CG_HASH_SHA256};
    while (at != NULL && *at != '\0' && fingerprint->size < 32) {
        fingerprint->digest[fingerprint->size++] = (uint8_t) strtoul(at + 1, NULL, 16);
        at = strchr(at + 1, ':');
    }
}

/* "candidate:F C udp P ADDRESS PORT typ host": the first of our socket's family and transport. */
static void read_candidate(webrtc_peer *peer, const char *value, struct sockaddr_storage *address)
{
    g_auto(GStrv) words = g_strsplit(value, " ", -1);
    bool ipv6 = peer->config.address != NULL && strchr(peer->config.address, ':') != NULL;
    if (g_strv_length(words) < 6 || address->ss_family != 0 || (strchr(words[4], ':') != NULL) != ipv6 ||
        g_ascii_strcasecmp(words[2], peer->config.tcp ? "tcp" : "udp") != 0)
        return;
    uint16_t port = htons((uint16_t) strtoul(words[5], NULL, 10));
    if (ipv6) {
        struct sockaddr_in6 *in6 = (struct sockaddr_in6 *) address;
        *in6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = port};
        inet_pton(AF_INET6, words[4], &in6->sin6_addr);
    } else {
        struct sockaddr_in *in = (struct sockaddr_in *) address;
        *in = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = port};
        inet_pton(AF_INET, words[4], &in->sin_addr);
    }
}

static void read_format(const char *value, cg_media_description *remote)
{
    char name[32];
    unsigned payload_type, clock_rate, channels = 1;
    if (sscanf(value, "%u %31[^/]/%u/%u", &payload_type, name, &clock_rate, &channels) < 3)
        return;
    cg_codec codec = cg_codec_find(name, clock_rate, channels);
    if (codec != CG_CODEC_COUNT && remote->format_count < CG_MAX_FORMATS)
        remote->formats[remote->format_count++] = (cg_format){.codec = codec, .payload_type = (uint8_t) payload_type};
}

static void read_line(webrtc_peer *peer, const char *line, cg_media_description *remote,
                      struct sockaddr_storage *address)
{
    if (g_str_has_prefix(line, "a=ice-ufrag:"))
        g_strlcpy(remote->ice.ufrag, line + 12, sizeof remote->ice.ufrag);
    else if (g_str_has_prefix(line, "a=ice-pwd:"))
        g_strlcpy(remote->ice.pwd, line + 10, sizeof remote->ice.pwd);
    else if (g_str_has_prefix(line, "a=fingerprint:"))
        read_fingerprint(line + 14, &remote->fingerprint);
    else if (g_str_has_prefix(line, "a=candidate:"))
        read_candidate(peer, line + 12, address);
    else if (g_str_has_prefix(line, "a=rtpmap:"))
        read_format(line + 9, remote);
    else if (g_str_has_prefix(line, "a=mid:"))
        g_strlcpy(peer->mid, line + 6, sizeof peer->mid);
    else if (g_str_has_prefix(line, "a=ssrc:") && remote->ssrc == 0)
        remote->ssrc = (uint32_t) strtoul(line + 7, NULL, 10);
}

bool webrtc_peer_read_sdp(webrtc_peer *peer, const char *sdp)
{
    cg_media_description remote = {.direction = CG_DIRECTION_SENDRECV};
    struct sockaddr_storage address = {0};
    g_auto(GStrv) lines = g_strsplit_set(sdp, "\r\n", -1);
    peer->remote_is_lite = g_strv_contains((const char *const *) lines, "a=ice-lite");
    for (char **line = lines; *line != NULL; line++)
        read_line(peer, *line, &remote, &address);
    if (remote.ice.ufrag[0] == '\0' || remote.ice.pwd[0] == '\0' || remote.fingerprint.size != 32 ||
        remote.format_count == 0 || address.ss_family == 0)
        return false;
    webrtc_peer_set_remote(peer, &remote, &address);
    return true;
}
