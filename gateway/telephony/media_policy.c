/* An order of nearness, and lists. */
#include "gateway/telephony/media_policy.h"

#include "base/ip_scope.h"

#include <glib.h>

static const char *const words_of[] = {
    [CG_MEDIA_ADDRESSES_AUTO] = "auto",
    [CG_MEDIA_ADDRESSES_PUBLIC] = "public",
    [CG_MEDIA_ADDRESSES_ANY] = "any",
};

static bool parse_word(const char *word, cg_media_policy *policy)
{
    for (size_t i = 0; i < G_N_ELEMENTS(words_of); i++) {
        if (!g_str_equal(words_of[i], word))
            continue;
        *policy = (cg_media_policy){.addresses = (cg_media_addresses) i};
        return true;
    }
    return false;
}

bool cg_media_policy_parse(char **words, cg_media_policy *policy, const char **ret_wrong)
{
    g_autoptr(GArray) ranges = g_array_new(FALSE, FALSE, sizeof(cg_ip_range));
    guint count = g_strv_length(words);
    if (count <= 1 && parse_word(count == 0 ? "auto" : words[0], policy))
        return true;
    for (char **word = words; *word != NULL; word++) {
        cg_ip_range range;
        if (!cg_ip_range_parse(*word, &range)) {
            *ret_wrong = *word;
            return false;
        }
        g_array_append_val(ranges, range);
    }
    *policy = (cg_media_policy){.addresses = CG_MEDIA_ADDRESSES_LISTED, .range_count = ranges->len};
    policy->ranges = (cg_ip_range *) g_array_free(g_steal_pointer(&ranges), FALSE);
    return true;
}

void cg_media_policy_clear(cg_media_policy *policy)
{
    g_clear_pointer(&policy->ranges, g_free);
    policy->range_count = 0;
}

static bool is_listed(const cg_media_policy *policy, const struct sockaddr_storage *address)
{
    for (size_t i = 0; i < policy->range_count; i++)
        if (cg_ip_range_contains(&policy->ranges[i], address))
            return true;
    return false;
}

static cg_ip_scope nearness(const cg_rtp_host *host, const struct sockaddr_storage *address)
{
    cg_ip_scope scope = cg_ip_scope_of(address);
    return scope < CG_IP_LOOPBACK && cg_rtp_host_is_here(host, address) ? CG_IP_LOOPBACK : scope;
}

/* Signalling of nobody known is taken for the Internet's. */
static cg_ip_scope nearest_allowed(const cg_media_policy *policy, const cg_rtp_host *host,
                                   const struct sockaddr_storage *signalled)
{
    if (policy->addresses == CG_MEDIA_ADDRESSES_PUBLIC || cg_ip_scope_of(signalled) == CG_IP_NOBODY)
        return CG_IP_PUBLIC;
    return nearness(host, signalled);
}

static const char *forbids(const cg_media_policy *policy, const cg_rtp_host *host,
                           const struct sockaddr_storage *signalled, const struct sockaddr_storage *address)
{
    cg_ip_scope scope = cg_ip_scope_of(address);
    if (cg_rtp_ports_get(address) == 0)
        return NULL;
    if (scope == CG_IP_NOBODY)
        return cg_ip_scope_name(scope);
    if (policy->addresses == CG_MEDIA_ADDRESSES_ANY)
        return NULL;
    if (policy->addresses == CG_MEDIA_ADDRESSES_LISTED)
        return is_listed(policy, address) ? NULL : "not_listed";
    if (nearness(host, address) > nearest_allowed(policy, host, signalled))
        return nearness(host, address) != scope ? "own" : cg_ip_scope_name(scope);
    return cg_rtp_host_is_ours(host, address) ? "own" : NULL;
}

const char *cg_media_policy_forbids(const cg_media_policy *policy, const cg_rtp_host *host,
                                    const struct sockaddr_storage *signalled, const cg_rtp_address *wanted)
{
    if (wanted->media.ss_family == AF_UNSPEC)
        return NULL;
    const char *why = forbids(policy, host, signalled, &wanted->media);
    return why != NULL ? why : forbids(policy, host, signalled, &wanted->rtcp);
}
