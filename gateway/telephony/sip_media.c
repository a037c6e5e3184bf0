/* Checks and their log line. */
#include "gateway/telephony/sip_media.h"

#include "base/ip_address.h"
#include "base/log.h"

static void log_refusal(const cg_trunk *trunk, const char *call, const struct sockaddr_storage *address,
                        const char *why)
{
    char text[INET6_ADDRSTRLEN];
    cg_log(CG_LOG_INFO, "sip.media_refused", CG_LOG_TEXT("account", trunk->account.text), CG_LOG_TEXT("call", call),
           CG_LOG_TEXT("trunk", trunk->name), CG_LOG_TEXT("address", cg_ip_address_write(address, text)),
           CG_LOG_TEXT("reason", why));
}

cg_call_end cg_sip_media_check(const cg_telephony *telephony, const cg_trunk *trunk, const char *call,
                               const struct sockaddr_storage *signalled, int family, const cg_rtp_address *wanted)
{
    const cg_rtp_host *host = cg_bridge_rtp_host(telephony->calls->bridge);
    const char *why = cg_media_policy_forbids(&trunk->media, host, signalled, wanted);
    if (why != NULL) {
        log_refusal(trunk, call, &wanted->media, why);
        return CG_CALL_END_MEDIA_ADDRESS;
    }
    int theirs = wanted->media.ss_family;
    if (cg_rtp_address_is_nowhere(wanted) || (family == AF_UNSPEC ? cg_rtp_host_has(host, theirs) : family == theirs))
        return CG_CALL_END_NONE;
    log_refusal(trunk, call, &wanted->media, "family");
    return CG_CALL_END_MEDIA_FAMILY;
}

int cg_sip_media_family(const cg_rtp_address *wanted)
{
    return cg_rtp_address_is_nowhere(wanted) ? AF_UNSPEC : wanted->media.ss_family;
}

int cg_sip_media_family_towards(const cg_telephony *telephony, const cg_trunk *trunk)
{
    bool there = cg_rtp_host_has(cg_bridge_rtp_host(telephony->calls->bridge), trunk->media_family);
    return there ? trunk->media_family : AF_UNSPEC;
}
