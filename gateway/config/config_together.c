/* One function for each group whose options depend on each other, or on what else the file has. */
#include "gateway/config/config_together.h"

#include "gateway/config/config_trunk_hosts.h"
#include "gateway/config/config_values.h"

#include <string.h>

static bool check_demo_key(const cg_config *config, const cg_key **ret_key, char **ret_why)
{
    cg_sid sid;
    if (!cg_sid_parse(config->demo_key, "SK", &sid)) {
        *ret_why = g_strdup("must name a key (SK and 32 hex digits) of this file: the demo is enabled");
        return false;
    }
    const cg_key *key = cg_directory_find_key(config->directory, &sid);
    if (key == NULL || key->algorithm == CG_ALGORITHM_ES256 || key->algorithm == CG_ALGORITHM_RS256) {
        *ret_why = g_strdup_printf(key == NULL ? "there is no [key %s]"
                                               : "[key %s] cannot sign: it must be one of HS256, HS384 or HS512",
                                   sid.text);
        return false;
    }
    *ret_key = key;
    return true;
}

static bool check_demo_application(const cg_config *config, const cg_key *key, char **ret_why)
{
    cg_sid sid;
    if (!cg_sid_parse(config->demo_application, "AP", &sid)) {
        *ret_why = g_strdup("must name an application (AP and 32 hex digits) of this file: the demo is enabled");
        return false;
    }
    const cg_application *application = cg_directory_find_application(config->directory, &sid);
    if (application == NULL || !cg_sid_equal(&application->account, &key->account)) {
        *ret_why = g_strdup_printf(application == NULL ? "there is no [application %s]"
                                                       : "[application %s] belongs to another account than the key",
                                   sid.text);
        return false;
    }
    return true;
}

static bool check_turn(const cg_turn_config *turn, const char *name, char **ret_error)
{
    if (g_strv_length((char **) turn->urls) > CG_TURN_MAX_URLS)
        return cg_config_fail(ret_error, name, "turn", "urls",
                              "there may be " G_STRINGIFY(CG_TURN_MAX_URLS) " at the most");
    for (const char *const *url = turn->urls; *url != NULL; url++) {
        if (cg_turn_url_is_valid(*url))
            continue;
        g_autofree char *why = g_strdup_printf(
            "\"%s\" is not the URL of a TURN server, like turn:turn.example.com:3478?transport=tcp", *url);
        return cg_config_fail(ret_error, name, "turn", "urls", why);
    }
    if (turn->urls[0] != NULL && turn->secret == NULL)
        return cg_config_fail(ret_error, name, "turn", "secret", "is needed with urls");
    return turn->urls[0] != NULL || turn->secret == NULL ||
           cg_config_fail(ret_error, name, "turn", "urls", "is needed with secret");
}

/* The option that is set and of no effect with the ICE there is; NULL: none. */
static const char *find_idle_ice_option(const cg_bridge_config *media)
{
    const cg_ice_servers_config *servers = &media->servers;
    if (media->ice == CG_ICE_FULL)
        return *media->advertise != NULL ? "advertise" : media->tcp_port != 0 ? "tcp_port" : NULL;
    return servers->stun_server != NULL     ? "stun_server"
           : *servers->turn_servers != NULL ? "turn_servers"
           : servers->turn_username != NULL ? "turn_username"
           : servers->turn_password != NULL ? "turn_password"
           : servers->turn_secret != NULL   ? "turn_secret"
           : servers->agent_ports != NULL   ? "agent_ports"
                                            : NULL;
}

static bool is_digest_list(const char *const *names)
{
    size_t count = 0;
    for (; names[count] != NULL; count++)
        if (cg_sip_digest_algorithm_named(names[count]) == CG_SIP_DIGEST_ALGORITHMS)
            return false;
    return count == 1 || (count == 2 && g_ascii_strcasecmp(names[0], names[1]) != 0);
}

static bool is_ipv6(const char *address)
{
    return strchr(address, ':') != NULL;
}

static bool is_listening_list(const char *const *addresses)
{
    size_t of_family[2] = {0};
    for (; *addresses != NULL; addresses++)
        if (!g_hostname_is_ip_address(*addresses) || ++of_family[is_ipv6(*addresses)] > 1)
            return false;
    return true;
}

static bool listens_in(bool ipv6, const char *const *addresses)
{
    for (; *addresses != NULL; addresses++)
        if (is_ipv6(*addresses) == ipv6)
            return true;
    return false;
}

static bool is_advertising_list(const char *const *hosts, const char *const *addresses)
{
    size_t names = 0, of_family[2] = {0};
    for (; *hosts != NULL; hosts++) {
        bool fits = g_hostname_is_ip_address(*hosts)
                        ? listens_in(is_ipv6(*hosts), addresses) && ++of_family[is_ipv6(*hosts)] == 1
                        : ++names == 1;
        if (!fits)
            return false;
    }
    return true;
}

/* A host in a family that we do not speak is never reached: `::` is no address of IPv4. */
static bool check_families(const cg_config *config, const char *name, char **ret_error)
{
    for (guint i = 0; i < config->routes->trunks->len; i++) {
        const cg_trunk *trunk = config->routes->trunks->pdata[i];
        for (char **host = trunk->hosts; *host != NULL; host++) {
            cg_ip_range address;
            if (!cg_config_host_address(*host, &address) || listens_in(address.ipv6, config->sip.addresses))
                continue;
            g_autofree char *why = g_strdup_printf("must have an %s address, too: [trunk %s] has the host \"%s\"",
                                                   address.ipv6 ? "IPv6" : "IPv4", trunk->name, *host);
            return cg_config_fail(ret_error, name, "sip", "listen", why);
        }
    }
    return true;
}

static bool check_sip_together(const cg_config *config, const char *name, char **ret_error)
{
    const cg_sip_config *sip = &config->sip;
    if (!is_listening_list(sip->addresses))
        return cg_config_fail(ret_error, name, "sip", "listen", "must be an IPv4 or IPv6 address, or one of each");
    if (!is_advertising_list(sip->advertise, sip->addresses))
        return cg_config_fail(ret_error, name, "sip", "advertise",
                              "must be a name, or an address for each family that listen has");
    if (sip->port == 0 && sip->addresses[0] != NULL && sip->addresses[1] != NULL)
        return cg_config_fail(ret_error, name, "sip", "port", "must be set: there are two addresses");
    if (!is_digest_list(sip->digest_algorithms))
        return cg_config_fail(ret_error, name, "sip", "digest_algorithms", "must be sha-256 or md5, or both");
    if (sip->addresses[0] == NULL && config->routes->trunks->len > 0)
        return cg_config_fail(ret_error, name, "sip", "listen", "must be set: there are trunks");
    if (!check_families(config, name, ret_error))
        return false;
    if ((sip->tls_certificate == NULL) != (sip->tls_key == NULL))
        return cg_config_fail(ret_error, name, "sip", "tls_key", "goes together with tls_certificate");
    if (sip->tls_certificate == NULL && cg_routes_need_tls(config->routes))
        return cg_config_fail(ret_error, name, "sip", "tls_certificate",
                              "must be set: there are trunks with transport=tls");
    if (sip->port == 0 && cg_routes_register(config->routes))
        return cg_config_fail(ret_error, name, "sip", "port", "must be set: there are trunks that register");
    return true;
}

bool cg_config_check_together(const cg_config *config, const char *name, char **ret_error)
{
    g_autofree char *why = NULL;
    const cg_key *key = NULL;
    const char *idle = find_idle_ice_option(&config->media);
    if (idle != NULL)
        return cg_config_fail(ret_error, name, "media", idle,
                              config->media.ice == CG_ICE_FULL ? "is for ice = lite" : "is for ice = full");
    if (config->media.consent_warning_ms >= config->media.consent_timeout_ms)
        return cg_config_fail(ret_error, name, "media", "consent_warning_ms", "must be less than consent_timeout_ms");
    if (!check_turn(&config->server.turn, name, ret_error))
        return false;
    if (config->media.rtp_port_min >= config->media.rtp_port_max)
        return cg_config_fail(ret_error, name, "media", "rtp_port_min", "must be less than rtp_port_max");
    if (!check_sip_together(config, name, ret_error))
        return false;
    if (!config->demo)
        return true;
    if (!check_demo_key(config, &key, &why))
        return cg_config_fail(ret_error, name, "demo", "key", why);
    if (!check_demo_application(config, key, &why))
        return cg_config_fail(ret_error, name, "demo", "application", why);
    return true;
}
