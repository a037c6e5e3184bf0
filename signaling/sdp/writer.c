/* Writes our offers and answers as JSEP (RFC 8829 sections 5.2 and 5.3) lays them out. All text comes from ourselves or
 * was read as RFC 8866 tokens, so nothing needs escaping. The gateway is always the DTLS client: a=setup:active both
 * ways. */
#include "base/ip_address.h"
#include "signaling/sdp/description.h"

#include <glib.h>
#include <string.h>

static const char *address_text(const struct sockaddr_storage *address, char text[static INET6_ADDRSTRLEN],
                                uint16_t *ret_port)
{
    g_assert(address->ss_family == AF_INET || address->ss_family == AF_INET6);
    *ret_port = cg_ip_address_port(address);
    return cg_ip_address_write(address, text);
}

/* `mid` is the only one of the bundle; NULL: no bundle. */
static void write_session(GString *out, const cg_sdp_origin *origin, const char *mid, bool extmap_allow_mixed)
{
    /* RFC 8829 section 5.2.1: the session id fits a signed 64-bit integer; the address means nothing. */
    g_string_append_printf(out, "v=0\r\no=- %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " IN IP4 127.0.0.1\r\n",
                           origin->session_id & INT64_MAX, origin->session_version & INT64_MAX);
    g_string_append(out, "s=-\r\nt=0 0\r\n");
    if (mid)
        g_string_append_printf(out, "a=group:BUNDLE %s\r\n", mid);
    if (origin->ice_lite)
        g_string_append(out, "a=ice-lite\r\n"); /* RFC 8839 section 5.3: session level only */
    g_string_append(out, "a=ice-options:trickle\r\n");
    if (extmap_allow_mixed)
        g_string_append(out, "a=extmap-allow-mixed\r\n");
}

/* m=, c= and a=rtcp. The default candidate is the first; without any, port 9 (RFC 8840 section 4.1.3). With rtcp-mux
 * the RTCP port is the RTP port (RFC 8858 section 4.2). */
static void write_media_line(GString *out, const cg_sdp_origin *origin, const cg_media_description *local,
                             const char *protocol)
{
    char text[INET6_ADDRSTRLEN];
    const char *family = "IP4", *address = "0.0.0.0";
    uint16_t port = 9;

    if (origin->candidate_count > 0) {
        address = address_text(&origin->candidates[0].address, text, &port);
        family = origin->candidates[0].address.ss_family == AF_INET6 ? "IP6" : "IP4";
    }
    g_string_append_printf(out, "m=audio %u %s", port, protocol);
    for (size_t i = 0; i < local->format_count; i++)
        g_string_append_printf(out, " %u", local->formats[i].payload_type);
    g_string_append_printf(out, "\r\nc=IN %s %s\r\na=rtcp:%u IN %s %s\r\n", family, address, port, family, address);
}

/* RFC 8839 section 5.1: the related address has to be there and may be hidden so. RFC 6544 section 4.5: tcptype. */
char *cg_sdp_write_candidate(const cg_candidate *candidate)
{
    char text[INET6_ADDRSTRLEN];
    uint16_t port;
    const char *address = address_text(&candidate->address, text, &port);
    const char *hidden = candidate->address.ss_family == AF_INET6 ? "::" : "0.0.0.0";
    g_autofree char *related = g_strdup_printf(" raddr %s rport 0", hidden);
    return g_strdup_printf(
        "candidate:%s 1 %s %u %s %u typ %s%s%s", candidate->foundation[0] ? candidate->foundation : "1",
        candidate->tcp ? "tcp" : "udp", candidate->priority, address, port, cg_sdp_candidate_type_name(candidate->type),
        candidate->type == CG_CANDIDATE_HOST ? "" : related, candidate->tcp ? " tcptype passive" : "");
}

static void write_candidates(GString *out, const cg_sdp_origin *origin)
{
    for (size_t i = 0; i < origin->candidate_count; i++) {
        g_autofree char *candidate = cg_sdp_write_candidate(&origin->candidates[i]);
        g_string_append_printf(out, "a=%s\r\n", candidate);
    }
    if (origin->candidates_complete)
        g_string_append(out, "a=end-of-candidates\r\n");
}

static void write_fingerprint(GString *out, const cg_fingerprint *fingerprint)
{
    g_string_append_printf(out, "a=fingerprint:%s ", cg_sdp_hash_name(fingerprint->hash));
    for (size_t i = 0; i < fingerprint->size; i++)
        g_string_append_printf(out, "%s%02X", i > 0 ? ":" : "", fingerprint->digest[i]);
    g_string_append(out, "\r\n");
}

static void write_transport(GString *out, const cg_sdp_origin *origin, const cg_media_description *local)
{
    write_candidates(out, origin);
    g_string_append_printf(out, "a=ice-ufrag:%s\r\na=ice-pwd:%s\r\n", local->ice.ufrag, local->ice.pwd);
    if (!origin->ice_lite)
        g_string_append(out, "a=ice-options:trickle\r\n"); /* RFC 8840 section 4.1.2 */
    write_fingerprint(out, &local->fingerprint);
    g_string_append(out, "a=setup:active\r\n");
}

static void write_format(GString *out, const cg_format *format)
{
    const cg_codec_info *info = cg_codec_get_info(format->codec);
    g_string_append_printf(out, "a=rtpmap:%u %s/%u", format->payload_type, info->name, info->clock_rate);
    if (info->channels > 1)
        g_string_append_printf(out, "/%u", info->channels);
    g_string_append(out, "\r\n");
    if (format->fmtp[0])
        g_string_append_printf(out, "a=fmtp:%u %s\r\n", format->payload_type, format->fmtp);
}

static void write_packet_times(GString *out, const cg_media_description *local)
{
    if (local->ptime_ms > 0)
        g_string_append_printf(out, "a=ptime:%u\r\n", local->ptime_ms);
    if (local->max_ptime_ms > 0)
        g_string_append_printf(out, "a=maxptime:%u\r\n", local->max_ptime_ms);
}

static void write_media(GString *out, const cg_sdp_origin *origin, const cg_media_description *local)
{
    for (size_t i = 0; i < CG_EXTENSION_COUNT; i++)
        if (local->extensions[i] != 0)
            g_string_append_printf(out, "a=extmap:%u %s\r\n", local->extensions[i], cg_extension_uri(i));
    g_string_append_printf(out, "a=%s\r\n", cg_sdp_direction_word(local->direction));
    g_string_append(out,
                    "a=msid:callgate audio\r\n"); /* RFC 8830: one stream, one track, for as long as the leg lives */
    for (size_t i = 0; i < local->format_count; i++)
        write_format(out, &local->formats[i]);
    write_packet_times(out, local);
    if (local->ssrc != 0 && origin->cname)
        g_string_append_printf(out, "a=ssrc:%u cname:%s\r\n", local->ssrc, origin->cname);
}

static void write_mid(GString *out, const char *mid)
{
    if (mid[0])
        g_string_append_printf(out, "a=mid:%s\r\n", mid);
}

/* Descriptions are kept as long as their call: without the room they were written in. */
static char *finish(GString *out)
{
    char *text = g_strdup(out->str);
    explicit_bzero(out->str, out->len); /* there may be keys in it */
    g_string_free(out, TRUE);
    return text;
}

static bool is_rtp(const cg_media_description *local)
{
    return local->rtp.media.ss_family != AF_UNSPEC;
}

static void write_rtp_session(GString *out, const cg_sdp_origin *origin, const cg_media_description *local)
{
    char text[INET6_ADDRSTRLEN];
    uint16_t port;
    const char *address = address_text(&local->rtp.media, text, &port);
    const char *family = local->rtp.media.ss_family == AF_INET6 ? "IP6" : "IP4";
    g_string_append_printf(out,
                           "v=0\r\no=- %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " IN %s %s\r\ns=-\r\nc=IN %s %s\r\n"
                           "t=0 0\r\n",
                           origin->session_id & INT64_MAX, origin->session_version & INT64_MAX, family, address, family,
                           address);
}

/* Plain and short: what is said to phones is read by thirty years of software. Who names its sections has them named
 * (RFC 5888 section 9.1), though there is nothing to group. */
static void write_rtp_media(GString *out, const cg_media_description *local, const char *mid)
{
    char text[INET6_ADDRSTRLEN];
    uint16_t port, rtcp_port;
    address_text(&local->rtp.media, text, &port);
    address_text(&local->rtp.rtcp, text, &rtcp_port);
    g_string_append_printf(out, "m=audio %u RTP/%s", port, local->rtp.savp ? "SAVP" : "AVP");
    for (size_t i = 0; i < local->format_count; i++)
        g_string_append_printf(out, " %u", local->formats[i].payload_type);
    g_string_append(out, "\r\n");
    for (size_t i = 0; i < local->format_count; i++)
        write_format(out, &local->formats[i]);
    write_mid(out, mid);
    cg_sdp_write_crypto(out, local);
    write_packet_times(out, local);
    if (local->rtp.mux)
        g_string_append(out, "a=rtcp-mux\r\n");
    else if (rtcp_port != port + 1)
        g_string_append_printf(out, "a=rtcp:%u\r\n", rtcp_port);
    g_string_append_printf(out, "a=%s\r\n", cg_sdp_direction_word(local->direction));
}

/* RFC 3264 section 6: a refused section stays in its place with port 0, its protocol and one of its formats. */
static void write_rejected(GString *out, const cg_sdp_section *section)
{
    g_string_append_printf(out, "m=%s 0 %s %s\r\nc=IN IP4 0.0.0.0\r\n", section->media, section->protocol,
                           section->format);
    write_mid(out, section->mid);
    g_string_append(out, "a=inactive\r\n");
}

static void write_audio(GString *out, const cg_sdp_origin *origin, const cg_media_description *local,
                        const cg_sdp_section *section, cg_sdp_kind kind)
{
    if (is_rtp(local)) {
        write_rtp_media(out, local, section->mid);
        return;
    }
    write_media_line(out, origin, local, section->protocol);
    write_transport(out, origin, local);
    write_mid(out, section->mid);
    g_string_append(out, "a=rtcp-mux\r\n");
    if (kind == CG_SDP_OFFER) /* never in answers: RFC 8858 section 4.3 */
        g_string_append(out, "a=rtcp-mux-only\r\n");
    write_media(out, origin, local);
}

typedef struct {
    const cg_sdp_section *section;
    size_t count, audio;
} m_lines;

static char *write_description(const cg_sdp_origin *origin, const cg_media_description *local, const m_lines *lines,
                               cg_sdp_kind kind, bool extmap_allow_mixed)
{
    GString *out = g_string_sized_new(2048);
    const cg_sdp_section *audio = &lines->section[lines->audio];

    g_assert(local->format_count > 0);
    if (is_rtp(local))
        write_rtp_session(out, origin, local);
    else
        write_session(out, origin, audio->bundled ? audio->mid : NULL, extmap_allow_mixed);
    for (size_t i = 0; i < lines->count; i++) {
        if (i == lines->audio)
            write_audio(out, origin, local, audio, kind);
        else
            write_rejected(out, &lines->section[i]);
    }
    return finish(out);
}

char *cg_sdp_write_offer(const cg_sdp_origin *origin, const cg_media_description *local, const cg_sdp_layout *before)
{
    static const cg_sdp_section first = {.protocol = "UDP/TLS/RTP/SAVPF", .mid = "0", .bundled = true};
    static const cg_sdp_section first_rtp;
    m_lines lines = {.section = is_rtp(local) ? &first_rtp : &first, .count = 1};
    if (before != NULL)
        lines = (m_lines){.section = before->section, .count = before->count, .audio = before->audio};
    return write_description(origin, local, &lines, CG_SDP_OFFER, false);
}

char *cg_sdp_write_answer(const cg_sdp_origin *origin, const cg_media_description *local, const cg_sdp *offer)
{
    const m_lines lines = {.section = offer->section, .count = offer->section_count, .audio = offer->audio};
    return write_description(origin, local, &lines, CG_SDP_ANSWER, offer->extmap_allow_mixed);
}
