/* A response that is sent once, and of which nothing is kept (RFC 3261 sections 8.2.7 and 26.3.2.4): to datagrams of
 * those whom nobody knows. It goes to where the request came from, or to the port that its Via names there. */
#include "base/ip_address.h"
#include "signaling/sip/sip_auth.h"

#include <netinet/in.h>
#include <sofia-sip/msg.h>
#include <sofia-sip/msg_addr.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_parser.h>
#include <sofia-sip/sip_protos.h>
#include <sofia-sip/sip_status.h>
#include <stdlib.h>
#include <string.h>

/* RFC 3261 section 18.2.2, RFC 3581 section 4; never to another address, whatever Via says. */
static struct sockaddr_storage destination_of(const sip_t *request, const struct sockaddr_storage *source)
{
    struct sockaddr_storage to = *source;
    const sip_via_t *via = request->sip_via;
    unsigned long port = via->v_port != NULL ? strtoul(via->v_port, NULL, 10) : 5060;
    if (via->v_rport != NULL || port == 0 || port > 65535)
        return to;
    if (to.ss_family == AF_INET)
        ((struct sockaddr_in *) &to)->sin_port = htons((uint16_t) port);
    else
        ((struct sockaddr_in6 *) &to)->sin6_port = htons((uint16_t) port);
    return to;
}

/* A socket of IPv6 wants IPv4 mapped into it. */
static void fit(int socket, struct sockaddr_storage *to)
{
    int domain = AF_INET;
    socklen_t size = sizeof domain;
    const struct sockaddr_in ipv4 = *(const struct sockaddr_in *) to;
    if (getsockopt(socket, SOL_SOCKET, SO_DOMAIN, &domain, &size) != 0 || domain != AF_INET6 ||
        to->ss_family != AF_INET)
        return;
    struct sockaddr_in6 mapped = {.sin6_family = AF_INET6, .sin6_port = ipv4.sin_port};
    mapped.sin6_addr.s6_addr[10] = mapped.sin6_addr.s6_addr[11] = 0xff;
    memcpy(mapped.sin6_addr.s6_addr + 12, &ipv4.sin_addr, 4);
    memcpy(to, &mapped, sizeof mapped);
}

/* Where it was sent from, for those behind a NAT. */
static void tell_source(su_home_t *home, sip_via_t *via, const struct sockaddr_storage *source)
{
    char text[INET6_ADDRSTRLEN];
    msg_header_replace_param(home, via->v_common, su_sprintf(home, "received=%s", cg_ip_address_write(source, text)));
    if (via->v_rport != NULL)
        msg_header_replace_param(home, via->v_common, su_sprintf(home, "rport=%u", cg_ip_address_port(source)));
}

static bool add_challenges(const cg_sip *sip, msg_t *response, const char *peer)
{
    for (size_t i = 0;; i++) {
        g_autofree char *challenge = cg_sip_auth_challenge(sip->auth, i, peer, false);
        if (challenge == NULL)
            return true;
        if (sip_add_make(response, sip_object(response), sip_www_authenticate_class, challenge) < 0)
            return false;
    }
}

/* The same request gets the same tag: it may have been sent again. */
static int add_tag(msg_t *response, const sip_t *request)
{
    const char *branch = request->sip_via->v_branch != NULL ? request->sip_via->v_branch : "";
    g_autofree char *whole = g_strconcat(request->sip_call_id->i_id, branch, NULL);
    g_autofree char *tag = g_compute_checksum_for_string(G_CHECKSUM_SHA1, whole, -1);
    return request->sip_to->a_tag != NULL ? 0 : sip_to_tag(msg_home(response), sip_object(response)->sip_to, tag);
}

static bool write_response(const cg_sip *sip, msg_t *response, const sip_t *request, const char *peer,
                           const struct sockaddr_storage *source)
{
    sip_t *made = sip_object(response);
    su_home_t *home = msg_home(response);
    if (msg_header_insert(response, (msg_pub_t *) made,
                          (msg_header_t *) sip_status_create(home, SIP_401_UNAUTHORIZED, SIP_VERSION_CURRENT)) < 0 ||
        sip_add_dup(response, made, (const sip_header_t *) request->sip_via) < 0 ||
        sip_add_dup(response, made, (const sip_header_t *) request->sip_from) < 0 ||
        sip_add_dup(response, made, (const sip_header_t *) request->sip_to) < 0 ||
        sip_add_dup(response, made, (const sip_header_t *) request->sip_call_id) < 0 ||
        sip_add_dup(response, made, (const sip_header_t *) request->sip_cseq) < 0 ||
        !add_challenges(sip, response, peer) || add_tag(response, request) < 0 ||
        sip_add_make(response, made, sip_content_length_class, "0") < 0 ||
        sip_add_make(response, made, sip_separator_class, "") < 0)
        return false;
    tell_source(home, made->sip_via, source);
    return msg_serialize(response, (msg_pub_t *) made) >= 0 && msg_prepare(response) >= 0;
}

void cg_sip_challenge_once(const cg_sip *sip, const sip_t *request, const char *peer,
                           const struct sockaddr_storage *source)
{
    int socket = cg_sip_connections_datagrams(sip->connections, source->ss_family);
    msg_iovec_t pieces[64];
    if (socket < 0 || request->sip_via == NULL || request->sip_from == NULL || request->sip_to == NULL ||
        request->sip_call_id == NULL || request->sip_cseq == NULL)
        return;
    msg_t *response = msg_create(sip_default_mclass(), 0);
    if (write_response(sip, response, request, peer, source)) {
        struct sockaddr_storage to = destination_of(request, source);
        fit(socket, &to);
        isize_t count = msg_iovec(response, pieces, G_N_ELEMENTS(pieces));
        struct msghdr message = {
            .msg_name = &to,
            .msg_namelen = to.ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6),
            .msg_iov = (struct iovec *) pieces,
            .msg_iovlen = (size_t) count,
        };
        if (count <= (isize_t) G_N_ELEMENTS(pieces))
            sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL); /* one that is lost is asked for again */
    }
    msg_destroy(response);
}
