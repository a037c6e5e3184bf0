/* nua takes the address of one port for SIP and one for SIPS, and has one Contact for all peers: what makes two of each
 * are functions in front of its own. */
#include "signaling/sip/sip_dual_stack.h"

#include "signaling/sip/sip_internal.h"
#include "signaling/sip/sip_overrides.h"

#include <sofia-sip/hostdomain.h>
#include <sofia-sip/msg_header.h>
#include <sofia-sip/nta.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/tport.h>
#include <string.h>

static cg_sip **of_thread(void)
{
    static _Thread_local cg_sip *sip;
    return &sip;
}

void cg_sip_dual_stack_watch(cg_sip *sip)
{
    *of_thread() = sip;
}

/* A string need not be aligned as the union is that it may be taken for. */
static bool is_secure(const url_string_t *uri)
{
    if (uri == NULL)
        return false;
    return url_string_p(uri) ? g_str_has_prefix((const char *) uri, "sips:") : uri->us_url->url_type == url_sips;
}

int nta_agent_add_tport(nta_agent_t *agent, url_string_t const *uri, tag_type_t tag, tag_value_t value, ...)
{
    __typeof__(&nta_agent_add_tport) original = CG_SIP_ORIGINAL(nta_agent_add_tport);
    cg_sip *sip = *of_thread();
    va_list rest;
    va_start(rest, value);
    tagi_t *tags = tl_vlist2(tag, value, rest);
    va_end(rest);
    int result = original(agent, uri, TAG_NEXT(tags));
    if (sip != NULL)
        sip->agent = agent;
    for (size_t i = 1; sip != NULL && result == 0 && i < sip->listeners.count; i++) {
        bool secure = is_secure(uri);
        g_autofree char *url = cg_sip_listener_url(&sip->listeners.at[i], secure ? "sips" : "sip",
                                                   secure ? sip->config.tls_port : sip->config.port);
        result = original(agent, (const url_string_t *) url, TAG_NEXT(tags));
    }
    tl_vfree(tags);
    return result;
}

/* Which of the ports a message goes out at. Sofia does not see the family of an address that stands in brackets. */
tport_t *tport_primary_by_name(tport_t const *transport, tp_name_t const *name)
{
    tp_name_t bare = *name;
    g_autofree char *host = NULL;
    if (name->tpn_host != NULL && host_is_ip6_reference(name->tpn_host))
        bare.tpn_host = host = g_strndup(name->tpn_host + 1, strlen(name->tpn_host) - 2);
    return CG_SIP_ORIGINAL(tport_primary_by_name)(transport, &bare);
}

/* Before it is serialized. One that is sent again has the right one already. */
static void fit_contact(const cg_sip_listeners *listeners, msg_t *message, int family)
{
    const sip_t *sip = sip_object(message);
    url_t *url = sip != NULL && sip->sip_contact != NULL ? sip->sip_contact->m_url : NULL;
    const char *right = cg_sip_listeners_of_family(listeners, family);
    if (url == NULL || url->url_host == NULL || g_ascii_strcasecmp(url->url_host, right) == 0)
        return;
    for (size_t i = 0; i < listeners->count; i++)
        if (g_ascii_strcasecmp(url->url_host, listeners->at[i].host) == 0) {
            url->url_host = su_strdup(msg_home(message), right);
            msg_fragment_clear(sip->sip_contact->m_common);
            return;
        }
}

tport_t *tport_tsend(tport_t *transport, msg_t *message, tp_name_t const *to, tag_type_t tag, tag_value_t value, ...)
{
    const cg_sip *sip = *of_thread();
    int family = to != NULL && to->tpn_host != NULL ? cg_sip_family_of(to->tpn_host) : AF_UNSPEC;
    va_list rest;
    if (sip != NULL && sip->listeners.count > 1 && family != AF_UNSPEC)
        fit_contact(&sip->listeners, message, family);
    va_start(rest, value);
    tagi_t *tags = tl_vlist2(tag, value, rest);
    va_end(rest);
    tport_t *result = CG_SIP_ORIGINAL(tport_tsend)(transport, message, to, TAG_NEXT(tags));
    tl_vfree(tags);
    return result;
}
