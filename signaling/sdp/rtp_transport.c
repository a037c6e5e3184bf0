/* Where a phone wants its media: c= and the port of m= (RFC 8866), a=rtcp (RFC 3605), rtcp-mux (RFC 5761). Addresses
 * only: a host name would have to be resolved, which nobody does, and would block. */
#include "signaling/sdp/description.h"

#include <arpa/inet.h>
#include <string.h>

static const cg_sdp_line *find_connection(const cg_sdp_reading *reading)
{
    const size_t levels[] = {reading->audio, 0};
    for (size_t level = 0; level < 2; level++) {
        const cg_sdp_range *range = &reading->lines->section[levels[level]];
        for (size_t i = range->first; i < range->end; i++)
            if (reading->lines->line[i].type == 'c')
                return &reading->lines->line[i];
    }
    return NULL;
}

/* An IPv4 address mapped into IPv6 means nothing on the wire but that IPv4 address (RFC 4291 section 2.5.5.2). */
static void store_ipv6(const struct sockaddr_in6 *in6, struct sockaddr_storage *ret_address)
{
    struct sockaddr_in in4 = {.sin_family = AF_INET, .sin_port = in6->sin6_port};
    if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) {
        memcpy(&in4.sin_addr, in6->sin6_addr.s6_addr + 12, 4);
        memcpy(ret_address, &in4, sizeof(in4));
    } else {
        memcpy(ret_address, in6, sizeof(*in6));
    }
}

/* "IN IP4 192.0.2.1"; a multicast address' "/ttl" makes it none. */
static bool read_address(cg_slice value, uint16_t port, struct sockaddr_storage *ret_address)
{
    cg_slice network, family;
    char text[INET6_ADDRSTRLEN];
    struct sockaddr_in in4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};

    if (!cg_slice_take(&value, ' ', &network) || !cg_slice_is(network, "IN") || !cg_slice_take(&value, ' ', &family) ||
        !value.at || !cg_slice_copy(value, text, sizeof(text)))
        return false;
    memset(ret_address, 0, sizeof(*ret_address));
    if (cg_slice_is(family, "IP4") && inet_pton(AF_INET, text, &in4.sin_addr) == 1)
        memcpy(ret_address, &in4, sizeof(in4));
    else if (cg_slice_is(family, "IP6") && inet_pton(AF_INET6, text, &in6.sin6_addr) == 1)
        store_ipv6(&in6, ret_address);
    else
        return false;
    return true;
}

/* The old way to hold (RFC 3264 section 8.4), and what some make of it in IPv6. */
static bool is_nowhere(const struct sockaddr_storage *address)
{
    if (address->ss_family == AF_INET6)
        return IN6_IS_ADDR_UNSPECIFIED(&((const struct sockaddr_in6 *) address)->sin6_addr);
    return ((const struct sockaddr_in *) address)->sin_addr.s_addr == INADDR_ANY;
}

static void set_port(struct sockaddr_storage *address, uint16_t port)
{
    if (address->ss_family == AF_INET6)
        ((struct sockaddr_in6 *) address)->sin6_port = htons(port);
    else
        ((struct sockaddr_in *) address)->sin_port = htons(port);
}

/* a=rtcp:<port> [IN IP4 <address>]; without it RTCP goes to the port behind RTP's. */
static bool read_rtcp(const cg_sdp_reading *reading, uint16_t media_port, cg_rtp_address *rtp)
{
    cg_slice value, word;
    uint64_t port = media_port < UINT16_MAX ? media_port + 1u : 0;
    if (!cg_sdp_lines_value(reading->lines, reading->audio, "rtcp", &value))
        return false;
    rtp->rtcp = rtp->media;
    if (value.at && (!cg_slice_take(&value, ' ', &word) || !cg_slice_number(word, UINT16_MAX, &port)))
        return false;
    if (value.at && !read_address(value, 0, &rtp->rtcp))
        return false;
    if (rtp->rtcp.ss_family != rtp->media.ss_family)
        return false;
    set_port(&rtp->rtcp, (uint16_t) port);
    return true;
}

cg_sdp_status cg_sdp_read_rtp_transport(const cg_sdp_reading *reading)
{
    cg_media_description *media = &reading->sdp->media;
    uint16_t port = reading->sdp->section[reading->sdp->audio].port;
    const cg_sdp_line *connection = find_connection(reading);

    if (!connection || !read_address(connection->value, port, &media->rtp.media) ||
        !read_rtcp(reading, port, &media->rtp))
        return CG_SDP_MALFORMED;
    media->rtp.mux = cg_sdp_lines_has(reading->lines, reading->audio, "rtcp-mux");
    if (media->rtp.mux)
        media->rtp.rtcp = media->rtp.media;
    if (!is_nowhere(&media->rtp.media))
        return CG_SDP_OK;
    media->direction &= CG_DIRECTION_SENDONLY;
    set_port(&media->rtp.media, 0);
    set_port(&media->rtp.rtcp, 0);
    return CG_SDP_OK;
}
