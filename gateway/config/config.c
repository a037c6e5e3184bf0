/* Reading the configuration: the key file, its scalar options by table (config_options.c), its accounts, keys and
 * applications here. Every unknown group or key is a mistake that is named, never a setting silently without effect. */
#include "gateway/config/config.h"

#include "gateway/call/hold_music.h"
#include "gateway/config/config_options.h"
#include "gateway/config/config_together.h"
#include "gateway/config/config_trunks.h"
#include "gateway/config/config_values.h"
#include "signaling/tls_certificate.h"

#include <string.h>

/* A text value without surrounding space; NULL if the key is absent. Free with g_free. */
static char *text_of(GKeyFile *file, const char *group, const char *key)
{
    char *text = g_key_file_get_string(file, group, key, NULL);
    return text != NULL ? g_strstrip(text) : NULL;
}

static bool sid_of(GKeyFile *file, const char *group, const char *key, const char *kind, cg_sid *ret_sid)
{
    g_autofree char *text = text_of(file, group, key);
    return cg_sid_parse(text, kind, ret_sid);
}

/* False and a message if `key` is there but not a whole number; untouched if it is absent. */
static bool number_of(GKeyFile *file, const char *group, const char *key, unsigned *ret, char **ret_why)
{
    g_autofree char *text = text_of(file, group, key);
    guint64 value;
    if (text == NULL)
        return true;
    if (!g_ascii_string_to_unsigned(text, 10, 0, G_MAXINT, &value, NULL)) {
        *ret_why = g_strdup_printf("%s must be a whole number, not \"%s\"", key, text);
        return false;
    }
    *ret = (unsigned) value;
    return true;
}

/* The account's music as an absolute path; NULL: it has none of its own. */
static char *music_of(cg_config *config, GKeyFile *file, const char *group, const char *directory_path)
{
    g_autofree char *text = text_of(file, group, "hold_music");
    if (text == NULL || *text == '\0')
        return NULL;
    char *path = g_canonicalize_filename(text, directory_path);
    g_ptr_array_add(config->account_music, path);
    return path;
}

static bool add_account(cg_config *config, GKeyFile *file, const char *group, const cg_sid *sid,
                        const char *directory_path, char **ret_why)
{
    g_autofree char *name = text_of(file, group, "name");
    g_autofree char *auth_token = text_of(file, group, "auth_token");
    cg_account account = {.sid = *sid,
                          .name = name,
                          .auth_token = auth_token,
                          .hold_music = music_of(config, file, group, directory_path)};
    return cg_config_read_switch(file, group, "suspended", &account.suspended, ret_why) &&
           number_of(file, group, "max_connections", &account.max_connections, ret_why) &&
           cg_directory_add_account(config->directory, &account, ret_why);
}

static bool read_public_key(const char *path, const char *directory_path, char **ret_pem, char **ret_why)
{
    g_autofree char *full = g_canonicalize_filename(path, directory_path);
    g_autoptr(GError) error = NULL;
    if (g_file_get_contents(full, ret_pem, NULL, &error))
        return true;
    *ret_why = g_strdup_printf("public_key_file: %s", error->message);
    return false;
}

static bool add_key(cg_config *config, GKeyFile *file, const char *group, const cg_sid *sid, const char *directory_path,
                    char **ret_why)
{
    g_autofree char *algorithm = text_of(file, group, "algorithm");
    g_autofree char *secret = text_of(file, group, "secret");
    g_autofree char *public_key_file = text_of(file, group, "public_key_file");
    g_autofree char *public_key = NULL;
    cg_key key = {.sid = *sid, .secret = secret};

    if (!sid_of(file, group, "account", "AC", &key.account)) {
        *ret_why = g_strdup("account must name the account (AC and 32 hex digits) this key belongs to");
        return false;
    }
    if (!cg_algorithm_parse(algorithm != NULL ? algorithm : "HS256", &key.algorithm)) {
        *ret_why = g_strdup("algorithm must be HS256, HS384, HS512, ES256 or RS256");
        return false;
    }
    if (public_key_file != NULL && !read_public_key(public_key_file, directory_path, &public_key, ret_why))
        return false;
    key.public_key = public_key;
    return cg_directory_add_key(config->directory, &key, ret_why);
}

static bool add_application(cg_config *config, GKeyFile *file, const char *group, const cg_sid *sid, char **ret_why)
{
    g_autofree char *name = text_of(file, group, "name");
    g_autofree char *mode = text_of(file, group, "mode");
    cg_application application = {.sid = *sid, .name = name, .mode = CG_APPLICATION_DIRECT, .transcode = true};

    if (!sid_of(file, group, "account", "AC", &application.account)) {
        *ret_why = g_strdup("account must name the account (AC and 32 hex digits) this application belongs to");
        return false;
    }
    if (mode != NULL && !g_str_equal(mode, "direct")) {
        *ret_why = g_strdup_printf("mode must be \"direct\", not \"%s\"", mode);
        return false;
    }
    return number_of(file, group, "ring_timeout_s", &application.ring_timeout_s, ret_why) &&
           cg_config_read_switch(file, group, "transcode", &application.transcode, ret_why) &&
           cg_directory_add_application(config->directory, &application, ret_why);
}

static const char *const account_keys[] = {"name", "auth_token", "suspended", "max_connections", "hold_music", NULL};
static const char *const key_keys[] = {"account", "algorithm", "secret", "public_key_file", NULL};
static const char *const application_keys[] = {"account", "name", "mode", "ring_timeout_s", "transcode", NULL};

static const char *const trunk_keys[] = {"account",
                                         "application",
                                         "hosts",
                                         "sources",
                                         "prefixes",
                                         "allowed_prefixes",
                                         "user",
                                         "password",
                                         "caller_id",
                                         "caller_ids",
                                         "asserted_identity",
                                         "strip",
                                         "add",
                                         "codecs",
                                         "max_calls",
                                         "transfers",
                                         "inbound",
                                         "srtp",
                                         "dtmf",
                                         "media_addresses",
                                         "media_family",
                                         "inbound_user",
                                         "inbound_password",
                                         "register",
                                         "register_expires_s",
                                         "register_retry_s",
                                         "domain",
                                         "keepalive_s",
                                         "max_calls_per_s",
                                         "progress_timeout_s",
                                         "session_expires_s",
                                         "headers",
                                         NULL};
static const char *const number_keys[] = {"account", "to", NULL};

typedef enum { ACCOUNTS, KEYS, APPLICATIONS, TRUNKS, NUMBERS, ENTITY_KINDS } entity_kind;

static const struct {
    const char *word;        /* the group's first word */
    const char *prefix;      /* of its id; NULL: it has a name of its own */
    const char *const *keys; /* NULL-terminated */
} entities[ENTITY_KINDS] = {
    [ACCOUNTS] = {"account", "AC", account_keys},
    [KEYS] = {"key", "SK", key_keys},
    [APPLICATIONS] = {"application", "AP", application_keys},
    [TRUNKS] = {"trunk", NULL, trunk_keys},
    [NUMBERS] = {"number", NULL, number_keys},
};

/* Which kind of entity a group like "account AC..." is; ENTITY_KINDS if none. `*ret_id` is what follows the word. */
static entity_kind entity_of(const char *group, const char **ret_id)
{
    for (entity_kind kind = 0; kind < ENTITY_KINDS; kind++) {
        size_t length = strlen(entities[kind].word);
        if (strncmp(group, entities[kind].word, length) == 0 && group[length] == ' ') {
            *ret_id = group + length + 1;
            return kind;
        }
    }
    return ENTITY_KINDS;
}

static bool check_entity_keys(GKeyFile *file, const char *group, entity_kind kind, char **ret_why)
{
    g_auto(GStrv) keys = g_key_file_get_keys(file, group, NULL, NULL);
    for (char **key = keys; *key != NULL; key++)
        if (!g_strv_contains(entities[kind].keys, *key)) {
            *ret_why = g_strdup_printf("unknown option \"%s\"", *key);
            return false;
        }
    return true;
}

static bool read_entity(cg_config *config, GKeyFile *file, const char *group, entity_kind kind, const char *id,
                        const char *directory_path, char **ret_why)
{
    cg_sid sid;
    if (entities[kind].prefix != NULL && !cg_sid_parse(id, entities[kind].prefix, &sid)) {
        *ret_why = g_strdup_printf("\"%s\" is not an id: it must be %s and 32 lower-case hex digits", id,
                                   entities[kind].prefix);
        return false;
    }
    if (!check_entity_keys(file, group, kind, ret_why))
        return false;
    switch (kind) {
    case ACCOUNTS:
        return add_account(config, file, group, &sid, directory_path, ret_why);
    case KEYS:
        return add_key(config, file, group, &sid, directory_path, ret_why);
    case APPLICATIONS:
        return add_application(config, file, group, &sid, ret_why);
    case TRUNKS:
        return cg_config_add_trunk(config, file, group, id, ret_why);
    default:
        return cg_config_add_number(config, file, group, id, ret_why);
    }
}

/* Accounts first, then applications, since others name them, wherever they stand in the file. */
static bool read_entities(cg_config *config, GKeyFile *file, const char *directory_path, const char *name,
                          char **ret_error)
{
    g_auto(GStrv) groups = g_key_file_get_groups(file, NULL);
    for (entity_kind wanted = 0; wanted < ENTITY_KINDS; wanted++)
        for (char **group = groups; *group != NULL; group++) {
            g_autofree char *why = NULL;
            const char *id;
            if (entity_of(*group, &id) == wanted &&
                !read_entity(config, file, *group, wanted, id, directory_path, &why))
                return cg_config_fail(ret_error, name, *group, NULL, why);
        }
    return true;
}

static bool read_options(cg_config *config, GKeyFile *file, const char *directory_path, const char *name,
                         char **ret_error)
{
    g_auto(GStrv) groups = g_key_file_get_groups(file, NULL);
    const char *id;

    for (char **group = groups; *group != NULL; group++) {
        if (entity_of(*group, &id) != ENTITY_KINDS)
            continue;
        if (!cg_config_options_have_group(*group))
            return cg_config_fail(ret_error, name, *group, NULL, "unknown group");
        g_auto(GStrv) keys = g_key_file_get_keys(file, *group, NULL, NULL);
        for (char **key = keys; *key != NULL; key++) {
            g_autofree char *why = NULL;
            g_autofree char *text = text_of(file, *group, *key);
            if (!cg_config_option_set(config, *group, *key, text != NULL ? text : "", directory_path, &why))
                return cg_config_fail(ret_error, name, *group, *key, why);
        }
    }
    return true;
}

cg_config *cg_config_parse(const char *text, const char *directory_path, const char *name, char **ret_error)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autoptr(GError) error = NULL;
    if (!g_key_file_load_from_data(file, text, strlen(text), G_KEY_FILE_NONE, &error)) {
        *ret_error = g_strdup_printf("%s: %s", name, error->message);
        return NULL;
    }
    g_autoptr(cg_config) config = g_new0(cg_config, 1);
    config->strings = g_ptr_array_new_with_free_func(g_free);
    config->account_music = g_ptr_array_new_with_free_func(g_free);
    config->directory = cg_directory_new();
    config->routes = cg_routes_new();
    cg_config_options_set_defaults(config);
    if (!read_options(config, file, directory_path, name, ret_error) ||
        !read_entities(config, file, directory_path, name, ret_error) ||
        !cg_config_check_together(config, name, ret_error))
        return NULL;
    return g_steal_pointer(&config);
}

cg_config *cg_config_load(const char *path, char **ret_error)
{
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;
    if (!g_file_get_contents(path, &text, NULL, &error)) {
        *ret_error = g_strdup(error->message);
        return NULL;
    }
    g_autofree char *directory_name = g_path_get_dirname(path);
    g_autofree char *directory_path = g_canonicalize_filename(directory_name, NULL); /* "." for a bare file name */
    return cg_config_parse(text, directory_path, path, ret_error);
}

static bool check_sip(const cg_sip_config *sip, char **ret_error)
{
    if (sip->tls_certificate == NULL)
        return true;
    cg_tls_certificate *certificate = cg_tls_certificate_load(sip->tls_certificate, sip->tls_key, ret_error);
    cg_tls_certificate_free(certificate);
    return certificate != NULL && cg_tls_ca_check(sip->tls_ca, ret_error);
}

bool cg_config_check(const cg_config *config, char **ret_error)
{
    return cg_server_check(&config->server, ret_error) && check_sip(&config->sip, ret_error) &&
           cg_bridge_check(&config->media, ret_error) &&
           cg_hold_music_check(config->hold_music, config->account_music, ret_error);
}

void cg_config_free(cg_config *config)
{
    if (config == NULL)
        return;
    cg_directory_unref(config->directory);
    cg_routes_unref(config->routes);
    g_ptr_array_unref(config->account_music);
    g_ptr_array_unref(config->strings);
    g_free(config);
}
