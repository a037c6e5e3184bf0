/* The configuration file (a GLib key file, docs/configuration.md) as one checked struct. Read whole before any of it is
 * used: a file with one mistake changes nothing. A snapshot is immutable; a reload makes a new one. */
#pragma once

#include "base/log.h"
#include "bridge/bridge.h"
#include "gateway/call/call_policy.h"
#include "gateway/telephony/routes.h"
#include "signaling/server.h"

#include <glib.h>

typedef struct {
    cg_server_config server;
    cg_token_policy tokens;
    cg_bridge_config media; /* read at start only */
    cg_call_policy calls;
    cg_sip_config sip; /* read at start only; no address: no SIP */
    cg_log_level log_level;
    cg_log_format log_format;
    unsigned drain_timeout_s;     /* how long calls may go on after the first SIGTERM */
    bool demo;                    /* the demo token endpoint exists */
    const char *demo_key;         /* SK that signs its tokens */
    const char *demo_application; /* AP that its tokens call through */
    const char *const *demo_dial; /* what the softphone offers: "ADDRESS a word on it"; NULL: nothing */
    cg_directory *directory;      /* accounts, keys, applications */
    cg_routes *routes;            /* trunks, numbers */
    const char *hold_music;       /* path of what is played to who is held; read at start only; NULL: silence */
    GPtrArray *account_music;     /* (char *) those that accounts have */
    GPtrArray *strings;           /* (owned) what the members above point to */
} cg_config;

/* NULL and a message with file, group and key in `ret_error` (free with g_free) if it is not usable. */
cg_config *cg_config_load(const char *path, char **ret_error);

/* The same from text; `directory_path` is where relative file names start, `name` stands in messages. */
cg_config *cg_config_parse(const char *text, const char *directory_path, const char *name, char **ret_error);

/* What `serve` checks at start beside the text: files, certificate, addresses. False and a message (free with g_free).
 */
bool cg_config_check(const cg_config *config, char **ret_error);

/* Options that are read at start only keep what they have in `in_force`. Returns the names of those that `config` had
 * otherwise, like "server.port, media.workers" (free with g_free), or NULL if there is none. */
char *cg_config_keep_started(cg_config *config, const cg_config *in_force);

void cg_config_free(cg_config *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(cg_config, cg_config_free)

/* Prints every option with its default, limits and meaning: `callgate check-config --list`. */
void cg_config_print_options(void);
