/* The server's own copy of its configuration, checked. */
#pragma once

#include "signaling/server.h"

typedef struct {
    char *listen_address; /* numeric */
    bool on_loopback;     /* that address is */
    uint16_t port;        /* as configured: 0 stays 0 */
    char *tls_certificate;
    char *tls_key;
    bool allow_plain;
    char **allowed_origins; /* NULL-terminated, never NULL */
    char *web_root;
    cg_session_limits limits;
    char *region;
    char **turn_urls; /* NULL-terminated, never NULL */
    char *turn_secret;
    unsigned turn_ttl_s;
} cg_settings;

/* False and a message (free with g_free) for the operator if the configuration cannot work: half a TLS configuration,
 * plain on a public address, a limit of zero. On success `ret_settings` is to be finished. */
bool cg_settings_init(cg_settings *ret_settings, const cg_server_config *config, char **ret_error);
void cg_settings_finish(cg_settings *settings);

/* True if the listening socket of `a` serves `b` as well. */
bool cg_settings_same_socket(const cg_settings *a, const cg_settings *b);
