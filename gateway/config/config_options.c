/* The table of scalar options and the few types they have. */
#include "gateway/config/config_options.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

typedef enum {
    TEXT,    /* const char *; empty text is NULL */
    PATH,    /* const char *, made absolute */
    LIST,    /* const char *const *, separated by commas or semicolons */
    NUMBER,  /* unsigned */
    PORT,    /* uint16_t */
    SIZE,    /* size_t */
    SECONDS, /* int64_t */
    SWITCH,  /* bool */
    LEVEL,   /* cg_log_level */
    FORMAT,  /* cg_log_format */
    ICE,     /* cg_ice_mode */
} option_type;

typedef enum {
    RELOAD,         /* a reload changes it */
    RESTART,        /* read at start only */
    RESTART_TO_SET, /* a reload changes it, but neither sets nor unsets it */
} option_scope;

typedef struct {
    const char *group, *key;
    option_type type;
    size_t offset;             /* in cg_config */
    const char *default_text;  /* NULL: unset */
    uint64_t minimum, maximum; /* of numbers */
    const char *help;
    option_scope scope;
} option;

#define AT(member) offsetof(cg_config, member)

static const option options[] = {
    {"server", "listen", TEXT, AT(server.listen_address), "127.0.0.1", 0, 0,
     "address to listen on; :: is every one, IPv4 and IPv6", RESTART},
    {"server", "port", PORT, AT(server.port), "8080", 0, 65535, "TCP port of HTTP and WebSocket; 0 takes any free one",
     RESTART},
    {"server", "tls_certificate", PATH, AT(server.tls_certificate), NULL, 0, 0,
     "certificate chain, PEM; with tls_key makes the port TLS only", RESTART_TO_SET},
    {"server", "tls_key", PATH, AT(server.tls_key), NULL, 0, 0, "private key, PEM", RESTART_TO_SET},
    {"server", "allow_plain", SWITCH, AT(server.allow_plain), "false", 0, 0,
     "serve without TLS on addresses that are not loopback", RESTART},
    {"server", "allowed_origins", LIST, AT(server.allowed_origins), NULL, 0, 0,
     "origins whose pages may connect beside the gateway's own; * is every one"},
    {"server", "web_root", PATH, AT(server.web_root), NULL, 0, 0,
     "directory of callgate.js and the softphone; default: the installed ones"},
    {"server", "region", TEXT, AT(server.region), "local", 0, 0, "region told to clients"},
    {"server", "drain_timeout_s", NUMBER, AT(drain_timeout_s), "300", 0, 86400,
     "how long running calls may go on after SIGTERM"},
    {"limits", "max_message_bytes", SIZE, AT(server.limits.max_message_bytes), "65536", 1024, 1048576,
     "largest client message"},
    {"limits", "messages_per_second", NUMBER, AT(server.limits.messages_per_second), "20", 1, 100000,
     "client messages, sustained"},
    {"limits", "message_burst", NUMBER, AT(server.limits.message_burst), "60", 1, 100000, "client messages at once"},
    {"limits", "connections_per_ip", NUMBER, AT(server.limits.connections_per_ip), "100", 1, 1000000,
     "sockets of one address"},
    {"limits", "connections_per_account", NUMBER, AT(server.limits.connections_per_account), "10000", 1, 1000000,
     "sessions of one account, unless it has max_connections"},
    {"limits", "devices_per_identity", NUMBER, AT(calls.devices_per_identity), "10", 1, 1000,
     "registered clients of one identity"},
    {"limits", "heartbeat_interval_ms", NUMBER, AT(server.limits.heartbeat_interval_ms), "5000", 10, 60000,
     "how often the gateway sends a heartbeat"},
    {"limits", "heartbeat_timeout_ms", NUMBER, AT(server.limits.heartbeat_timeout_ms), "25000", 50, 300000,
     "silence after which a socket is dead"},
    {"limits", "listen_timeout_ms", NUMBER, AT(server.limits.listen_timeout_ms), "10000", 50, 60000,
     "from connect to a valid token"},
    {"limits", "resume_window_s", NUMBER, AT(server.limits.resume_window_s), "60", 0, 3600,
     "how long a session outlives its socket"},
    {"limits", "replay_bytes", SIZE, AT(server.limits.replay_bytes), "262144", 4096, 67108864,
     "messages kept per session for a resume"},
    {"tokens", "leeway_s", SECONDS, AT(tokens.leeway_s), "5", 0, 300, "clock difference forgiven"},
    {"tokens", "max_ttl_s", SECONDS, AT(tokens.max_ttl_s), "86400", 60, 31536000, "longest life of a token"},
    {"media", "workers", NUMBER, AT(media.workers), "0", 0, 64, "media threads; 0 is one per core", RESTART},
    {"media", "udp_port", PORT, AT(media.udp_port), "40000", 0, 65535,
     "UDP port of the first worker, the next has the next; 0 takes free ones (ice = lite)", RESTART},
    {"media", "tcp_port", PORT, AT(media.tcp_port), "0", 0, 65535,
     "TCP port of media for clients that cannot send UDP; 0 is none (ice = lite)", RESTART},
    {"media", "addresses", LIST, AT(media.addresses), NULL, 0, 0,
     "addresses offered to clients; default: every address of this machine", RESTART},
    {"media", "advertise", LIST, AT(media.advertise), NULL, 0, 0,
     "public addresses that a 1:1 NAT maps to this machine (ice = lite)", RESTART},
    {"media", "ice", ICE, AT(media.ice), "lite", 0, 0,
     "lite, or full for a machine behind a NAT that has to ask a STUN or TURN server", RESTART},
    {"media", "stun_server", TEXT, AT(media.servers.stun_server), NULL, 0, 0,
     "ADDRESS:PORT of the server that tells our public address (ice = full)", RESTART},
    {"media", "turn_servers", LIST, AT(media.servers.turn_servers), NULL, 0, 0,
     "turn:ADDRESS:PORT?transport=udp or tcp, of servers that relay our media (ice = full)", RESTART},
    {"media", "turn_username", TEXT, AT(media.servers.turn_username), NULL, 0, 0, "for the TURN servers", RESTART},
    {"media", "turn_password", TEXT, AT(media.servers.turn_password), NULL, 0, 0, "for the TURN servers", RESTART},
    {"media", "turn_secret", TEXT, AT(media.servers.turn_secret), NULL, 0, 0,
     "instead of both: the secret that the TURN servers make passwords of (static-auth-secret)", RESTART},
    {"media", "agent_ports", TEXT, AT(media.servers.agent_ports), NULL, 0, 0,
     "FIRST-LAST of the UDP ports that calls take, one each per address (ice = full); default: any", RESTART},
    {"media", "gather_timeout_ms", NUMBER, AT(media.gather_timeout_ms), "1000", 10, 60000,
     "how long clients that do not trickle wait for the servers (ice = full)", RESTART},
    {"media", "handshake_threads", NUMBER, AT(media.handshake_threads), "1", 1, 64, "threads for DTLS handshakes",
     RESTART},
    {"media", "handshake_queue", NUMBER, AT(media.handshake_queue), "1024", 1, 65536,
     "handshakes that may wait; a call takes two until it is connected", RESTART},
    {"media", "max_legs", NUMBER, AT(media.max_legs), "4096", 2, 65536, "legs of one worker", RESTART},
    {"media", "load_limit", NUMBER, AT(media.load_limit_percent), "80", 0, 100,
     "percent of a core: a worker that is busier gets no more calls; 0 is no limit", RESTART},
    {"media", "setup_timeout_ms", NUMBER, AT(media.setup_timeout_ms), "15000", 100, 120000,
     "from answer to media connected", RESTART},
    {"media", "consent_warning_ms", NUMBER, AT(media.consent_warning_ms), "10000", 100, 300000,
     "silence after which media counts as interrupted", RESTART},
    {"media", "consent_timeout_ms", NUMBER, AT(media.consent_timeout_ms), "30000", 200, 600000,
     "silence that ends a call", RESTART},
    {"media", "rtp_port_min", PORT, AT(media.rtp_port_min), "20000", 1024, 65534,
     "UDP ports of trunks' media, two for each call: the first", RESTART},
    {"media", "rtp_port_max", PORT, AT(media.rtp_port_max), "29999", 1025, 65535, "the last", RESTART},
    {"media", "rtp_address", LIST, AT(media.rtp_addresses), NULL, 0, 0,
     "address that trunks send media to, or one of IPv4 and one of IPv6; default: the first of each in advertise or "
     "addresses, IPv4 preferred",
     RESTART},
    {"media", "rtp_timeout_ms", NUMBER, AT(media.rtp_timeout_ms), "60000", 200, 3600000,
     "silence of a trunk's media that ends a call", RESTART},
    {"media", "rtp_latch_window_ms", NUMBER, AT(media.rtp_latch_window_ms), "0", 0, 10000,
     "time in which media may come from elsewhere than signalled (phones behind NAT); 0: never", RESTART},
    {"media", "hold_music", PATH, AT(hold_music), NULL, 0, 0,
     "sound file (WAV, FLAC, Ogg) that is played to who is put on hold; without it they hear silence", RESTART},
    {"sip", "listen", LIST, AT(sip.addresses), NULL, 0, 0,
     "IP address for SIP, UDP and TCP, or one of IPv4 and one of IPv6; without it there is none", RESTART},
    {"sip", "port", PORT, AT(sip.port), "5060", 0, 65535, "port for SIP; 0 takes any free one", RESTART},
    {"sip", "tls_port", PORT, AT(sip.tls_port), "5061", 1, 65535, "port for SIP over TLS", RESTART},
    {"sip", "tls_certificate", PATH, AT(sip.tls_certificate), NULL, 0, 0,
     "certificate chain for it, PEM; without it there is no TLS", RESTART_TO_SET},
    {"sip", "tls_key", PATH, AT(sip.tls_key), NULL, 0, 0, "private key, PEM", RESTART_TO_SET},
    {"sip", "tls_ca", PATH, AT(sip.tls_ca), "/etc/ssl/certs/ca-certificates.crt", 0, 0,
     "who may sign the certificates of trunks, PEM", RESTART},
    {"sip", "advertise", LIST, AT(sip.advertise), NULL, 0, 0,
     "host that trunks know the gateway by, or an address for each family; default: listen", RESTART},
    {"sip", "timeout_ms", NUMBER, AT(sip.timeout_ms), "8000", 500, 32000,
     "without any answer, after which a host has failed", RESTART},
    {"sip", "max_dialogs", NUMBER, AT(sip.max_dialogs), "4096", 1, 65536,
     "calls over trunks at a time, ending ones included", RESTART},
    {"sip", "min_session_expires_s", NUMBER, AT(sip.min_session_s), "90", 2, 86400,
     "shortest time for which calls over trunks may go without being refreshed; RFC 4028 asks for 90 or more", RESTART},
    {"sip", "digest_algorithms", LIST, AT(sip.digest_algorithms), "sha-256, md5", 0, 0,
     "by which callers may prove themselves (inbound_user), in this order", RESTART},
    {"sip", "max_connections", NUMBER, AT(sip.connections.max), "1000", 1, 65536,
     "TCP connections from outside at a time", RESTART},
    {"sip", "connections_per_ip", NUMBER, AT(sip.connections.max_per_address), "100", 1, 65536,
     "of these, from one address", RESTART},
    {"sip", "message_timeout_ms", NUMBER, AT(sip.connections.message_timeout_ms), "10000", 100, 300000,
     "from connecting, or the first line of a message, to its end; then the connection is closed", RESTART},
    {"calls", "ring_timeout_s", NUMBER, AT(calls.ring_timeout_s), "30", 1, 600, "how long a destination rings"},
    {"calls", "reconnect_window_s", NUMBER, AT(calls.reconnect_window_s), "60", 1, 3600,
     "how long a call goes on without its client's WebSocket"},
    {"calls", "calls_per_client", NUMBER, AT(calls.calls_per_client), "8", 1, 1000,
     "calls of one client at a time, ringing ones included"},
    {"calls", "calls_per_account", NUMBER, AT(calls.calls_per_account), "0", 0, 1000000,
     "calls of one account at a time; 0 is no limit"},
    {"turn", "urls", LIST, AT(server.turn.urls), NULL, 0, 0,
     "TURN servers told to clients, like turn:turn.example.com:3478"},
    {"turn", "secret", TEXT, AT(server.turn.secret), NULL, 0, 0,
     "what the servers have as static-auth-secret; clients get short-lived credentials made with it"},
    {"turn", "ttl_s", NUMBER, AT(server.turn.ttl_s), "3600", 60, 86400,
     "how long credentials are good, if not as long as the client's token"},
    {"log", "level", LEVEL, AT(log_level), "info", 0, 0, "debug, info, warning or error"},
    {"log", "format", FORMAT, AT(log_format), "text", 0, 0, "text or json"},
    {"demo", "enabled", SWITCH, AT(demo), "false", 0, 0,
     "give tokens to whoever asks at /demo/token; never on a public address"},
    {"demo", "key", TEXT, AT(demo_key), NULL, 0, 0, "key (SK..., HS256) that signs demo tokens"},
    {"demo", "application", TEXT, AT(demo_application), NULL, 0, 0,
     "application (AP...) that demo tokens call through"},
    {"demo", "dial", LIST, AT(demo_dial), NULL, 0, 0,
     "what the softphone offers to call: ADDRESS and a few words on it, separated by commas"},
};

/* Keeps `text` as long as the configuration. Takes it. */
static char *keep(cg_config *config, char *text)
{
    g_ptr_array_add(config->strings, text);
    return text;
}

static const char *const *split_list(cg_config *config, const char *text)
{
    g_auto(GStrv) parts = g_strsplit_set(text, ",;", -1);
    const char **list = g_new0(const char *, g_strv_length(parts) + 1);
    size_t count = 0;
    keep(config, (char *) list);
    for (char **part = parts; *part != NULL; part++)
        if (*g_strstrip(*part) != '\0')
            list[count++] = keep(config, g_strdup(*part));
    return list;
}

static bool set_number(void *member, const option *o, const char *text, char **ret_why)
{
    guint64 value;
    if (!g_ascii_string_to_unsigned(text, 10, o->minimum, o->maximum, &value, NULL)) {
        *ret_why =
            g_strdup_printf("must be a whole number from %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT ", not \"%s\"",
                            o->minimum, o->maximum, text);
        return false;
    }
    switch (o->type) {
    case PORT:
        *(uint16_t *) member = (uint16_t) value;
        break;
    case SIZE:
        *(size_t *) member = value;
        break;
    case SECONDS:
        *(int64_t *) member = (int64_t) value;
        break;
    default:
        *(unsigned *) member = (unsigned) value;
        break;
    }
    return true;
}

static bool set_word(void *member, const option *o, const char *text, char **ret_why)
{
    if (o->type == SWITCH && (g_str_equal(text, "true") || g_str_equal(text, "false"))) {
        *(bool *) member = g_str_equal(text, "true");
        return true;
    }
    if (o->type == LEVEL && cg_log_level_parse(text, member))
        return true;
    if (o->type == FORMAT && (g_str_equal(text, "text") || g_str_equal(text, "json"))) {
        *(cg_log_format *) member = g_str_equal(text, "json") ? CG_LOG_FORMAT_JSON : CG_LOG_FORMAT_TEXT;
        return true;
    }
    if (o->type == ICE && (g_str_equal(text, "lite") || g_str_equal(text, "full"))) {
        *(cg_ice_mode *) member = g_str_equal(text, "full") ? CG_ICE_FULL : CG_ICE_LITE;
        return true;
    }
    *ret_why = g_strdup_printf("must be %s, not \"%s\"",
                               o->type == SWITCH  ? "true or false"
                               : o->type == LEVEL ? "debug, info, warning or error"
                               : o->type == ICE   ? "lite or full"
                                                  : "text or json",
                               text);
    return false;
}

static bool set(cg_config *config, const option *o, const char *text, const char *directory_path, char **ret_why)
{
    void *member = (char *) config + o->offset;
    switch (o->type) {
    case TEXT:
        *(const char **) member = *text != '\0' ? keep(config, g_strdup(text)) : NULL;
        return true;
    case PATH:
        *(const char **) member = *text != '\0' ? keep(config, g_canonicalize_filename(text, directory_path)) : NULL;
        return true;
    case LIST:
        *(const char *const **) member = split_list(config, text);
        return true;
    case NUMBER:
    case PORT:
    case SIZE:
    case SECONDS:
        return set_number(member, o, text, ret_why);
    default:
        return set_word(member, o, text, ret_why);
    }
}

static const char *const *copy_list(cg_config *config, const char *const *list)
{
    g_autofree char *text = g_strjoinv(",", (char **) list);
    return split_list(config, text);
}

void cg_config_options_set_defaults(cg_config *config)
{
    for (size_t i = 0; i < G_N_ELEMENTS(options); i++) {
        g_autofree char *why = NULL;
        const char *text = options[i].default_text;
        if (text == NULL && options[i].type != LIST)
            continue;
        bool fits = set(config, &options[i], text != NULL ? text : "", "/", &why);
        g_assert(fits);
    }
}

bool cg_config_options_have_group(const char *group)
{
    for (size_t i = 0; i < G_N_ELEMENTS(options); i++)
        if (g_str_equal(options[i].group, group))
            return true;
    return false;
}

bool cg_config_option_set(cg_config *config, const char *group, const char *key, const char *text,
                          const char *directory_path, char **ret_why)
{
    for (size_t i = 0; i < G_N_ELEMENTS(options); i++)
        if (g_str_equal(options[i].group, group) && g_str_equal(options[i].key, key))
            return set(config, &options[i], text, directory_path, ret_why);
    *ret_why = g_strdup("unknown option");
    return false;
}

/* Whether a restart is needed to get from one value to the other. */
static bool same_since_start(const option *o, const void *a, const void *b)
{
    const char *text_a, *text_b;
    switch (o->type) {
    case TEXT:
    case PATH:
        text_a = *(const char *const *) a;
        text_b = *(const char *const *) b;
        return o->scope == RESTART_TO_SET ? !text_a == !text_b : g_strcmp0(text_a, text_b) == 0;
    case LIST:
        return g_strv_equal(*(const char *const *const *) a, *(const char *const *const *) b);
    case PORT:
        return *(const uint16_t *) a == *(const uint16_t *) b;
    case SWITCH:
        return *(const bool *) a == *(const bool *) b;
    case ICE:
        return *(const cg_ice_mode *) a == *(const cg_ice_mode *) b;
    default:
        g_assert(o->type == NUMBER);
        return *(const unsigned *) a == *(const unsigned *) b;
    }
}

/* Copies a value of another configuration, which may be freed afterwards. */
static void copy_value(cg_config *config, const option *o, const cg_config *from)
{
    void *to = (char *) config + o->offset;
    const void *value = (const char *) from + o->offset;
    switch (o->type) {
    case TEXT:
    case PATH:
        *(const char **) to = keep(config, g_strdup(*(const char *const *) value));
        break;
    case LIST:
        *(const char *const **) to = copy_list(config, *(const char *const *const *) value);
        break;
    case PORT:
        *(uint16_t *) to = *(const uint16_t *) value;
        break;
    case SWITCH:
        *(bool *) to = *(const bool *) value;
        break;
    case ICE:
        *(cg_ice_mode *) to = *(const cg_ice_mode *) value;
        break;
    default:
        *(unsigned *) to = *(const unsigned *) value;
        break;
    }
}

char *cg_config_keep_started(cg_config *config, const cg_config *in_force)
{
    GString *names = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(options); i++) {
        const option *o = &options[i];
        const char *wanted = (const char *) config + o->offset, *running = (const char *) in_force + o->offset;
        if (o->scope == RELOAD || same_since_start(o, wanted, running))
            continue;
        g_string_append_printf(names, "%s%s.%s", names->len > 0 ? ", " : "", o->group, o->key);
        copy_value(config, o, in_force);
    }
    return g_string_free(names, names->len == 0);
}

void cg_config_print_options(void)
{
    const char *group = "";
    for (size_t i = 0; i < G_N_ELEMENTS(options); i++) {
        if (!g_str_equal(group, options[i].group))
            printf("%s[%s]\n", *group != '\0' ? "\n" : "", options[i].group);
        group = options[i].group;
        printf("# %s\n#%s = %s\n", options[i].help, options[i].key,
               options[i].default_text != NULL ? options[i].default_text : "");
    }
}
