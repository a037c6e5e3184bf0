/* What an ICE agent asks for its candidates: a STUN server, TURN servers, and the ports it may take. Read from the
 * configuration once, before any thread runs. Addresses are literals: a name would have to be looked up while calls
 * run. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CG_MAX_TURN_SERVERS 8 /* libnice's own limit */
#define CG_TURN_MAX_TEXT 255  /* of user name, password and secret */

typedef struct {
    char address[INET6_ADDRSTRLEN];
    uint16_t port; /* 0: there is none */
    bool tcp;      /* how a TURN server is spoken to; what it relays is UDP always */
} cg_ice_server;

typedef struct {
    cg_ice_server stun;
    cg_ice_server turn[CG_MAX_TURN_SERVERS];
    size_t turn_count;
    char username[CG_TURN_MAX_TEXT + 1]; /* static credentials, or empty */
    char password[CG_TURN_MAX_TEXT + 1];
    char secret[CG_TURN_MAX_TEXT + 1]; /* shared with the servers, which then take passwords made of it; or empty */
    uint16_t min_port, max_port;       /* 0: any */
} cg_ice_servers;

typedef struct {
    const char *stun_server;         /* "192.0.2.1:3478", "[2001:db8::1]"; NULL: none */
    const char *const *turn_servers; /* "turn:192.0.2.1:3478?transport=tcp" (RFC 7065), NULL-terminated; may be NULL */
    const char *turn_username, *turn_password, *turn_secret; /* NULL: none */
    const char *agent_ports;                                 /* "50000-59999"; NULL: any */
} cg_ice_servers_config;

/* False and a message (g_free) that names the option if a text is wrong. */
bool cg_ice_servers_read(const cg_ice_servers_config *config, cg_ice_servers *ret_servers, char **ret_error);
