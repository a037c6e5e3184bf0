/* Configuration of the doors: copied and checked. Pure. */
#include "signaling/settings.h"

#include "base/ip_address.h"
#include "signaling/peer_address.h"

#include <glib.h>

static bool address_is_loopback(const char *text, bool *ret_loopback)
{
    struct sockaddr_storage parsed;
    cg_peer_address address;

    if (!cg_ip_address_parse(text, &parsed))
        return false;
    cg_peer_address_read((const struct sockaddr *) &parsed, &address);
    *ret_loopback = address.is_loopback;
    return true;
}

static char *check_address(const cg_server_config *config, bool *ret_loopback)
{
    const char *address = config->listen_address ? config->listen_address : "";

    if (!address_is_loopback(address, ret_loopback))
        return g_strdup_printf("listen address \"%s\" is not an IPv4 or IPv6 address", address);
    if (!config->tls_certificate != !config->tls_key)
        return g_strdup("a TLS certificate needs its key and the other way round: set both tls_certificate and "
                        "tls_key, or neither");
    if (!config->tls_certificate && !*ret_loopback && !config->allow_plain)
        return g_strdup_printf("refusing to serve %s without TLS: tokens and call signalling would be readable on the "
                               "way; set tls_certificate and tls_key, listen on 127.0.0.1, or say allow_plain = true "
                               "if a proxy in front does TLS",
                               address);
    return NULL;
}

static char *check_limits(const cg_session_limits *limits)
{
    const struct {
        const char *name;
        uint64_t value;
    } must_be_set[] = {
        {"max_message_bytes", limits->max_message_bytes},
        {"messages_per_second", limits->messages_per_second},
        {"message_burst", limits->message_burst},
        {"connections_per_ip", limits->connections_per_ip},
        {"connections_per_account", limits->connections_per_account},
        {"heartbeat_interval_ms", limits->heartbeat_interval_ms},
        {"heartbeat_timeout_ms", limits->heartbeat_timeout_ms},
        {"listen_timeout_ms", limits->listen_timeout_ms},
        {"replay_bytes", limits->replay_bytes},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(must_be_set); i++)
        if (must_be_set[i].value == 0)
            return g_strdup_printf("limit %s must not be zero", must_be_set[i].name);
    if (limits->heartbeat_timeout_ms <= limits->heartbeat_interval_ms)
        return g_strdup("heartbeat_timeout_ms must be longer than heartbeat_interval_ms");
    return NULL;
}

static char **copy_list(const char *const *list)
{
    return list ? g_strdupv((char **) list) : g_new0(char *, 1);
}

bool cg_settings_init(cg_settings *ret_settings, const cg_server_config *config, char **ret_error)
{
    bool on_loopback = false;
    char *error = check_address(config, &on_loopback);

    if (!error)
        error = check_limits(&config->limits);
    if (error) {
        *ret_error = error;
        return false;
    }
    *ret_settings = (cg_settings){
        .listen_address = g_strdup(config->listen_address),
        .on_loopback = on_loopback,
        .port = config->port,
        .tls_certificate = g_strdup(config->tls_certificate),
        .tls_key = g_strdup(config->tls_key),
        .allow_plain = config->allow_plain,
        .allowed_origins = copy_list(config->allowed_origins),
        .web_root = g_strdup(config->web_root),
        .limits = config->limits,
        .region = g_strdup(config->region ? config->region : "local"),
        .turn_urls = copy_list(config->turn.urls),
        .turn_secret = g_strdup(config->turn.secret),
        .turn_ttl_s = config->turn.ttl_s,
    };
    return true;
}

void cg_settings_finish(cg_settings *settings)
{
    g_free(settings->listen_address);
    g_free(settings->tls_certificate);
    g_free(settings->tls_key);
    g_strfreev(settings->allowed_origins);
    g_free(settings->web_root);
    g_free(settings->region);
    g_strfreev(settings->turn_urls);
    g_free(settings->turn_secret);
    *settings = (cg_settings){0};
}

bool cg_settings_same_socket(const cg_settings *a, const cg_settings *b)
{
    return g_strcmp0(a->listen_address, b->listen_address) == 0 && a->port == b->port &&
           !a->tls_certificate == !b->tls_certificate;
}
