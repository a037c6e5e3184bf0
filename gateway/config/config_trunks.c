/* Trunks and numbers: each group is checked as a whole, and what is wrong with it is said in words. */
#include "gateway/config/config_trunks.h"

#include "auth/identity.h"
#include "gateway/client/client_destination.h"
#include "gateway/config/config_trunk_hosts.h"
#include "gateway/config/config_values.h"
#include "gateway/telephony/caller_id.h"
#include "gateway/telephony/sip_headers.h"
#include "signaling/sip/sip_peer.h"

#include <string.h>

static char *text_of(GKeyFile *file, const char *group, const char *key)
{
    char *text = g_key_file_get_string(file, group, key, NULL);
    if (text != NULL && *g_strstrip(text) == '\0')
        g_clear_pointer(&text, g_free);
    return text;
}

static bool fail(char **ret_why, const char *format, ...) G_GNUC_PRINTF(2, 3);

static bool fail(char **ret_why, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    *ret_why = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    return false;
}

/* Separated by commas or semicolons, without empty ones. */
static char **list_of(GKeyFile *file, const char *group, const char *key, const char *separators)
{
    g_autofree char *text = text_of(file, group, key);
    g_auto(GStrv) parts = g_strsplit_set(text != NULL ? text : "", separators, -1);
    GStrvBuilder *builder = g_strv_builder_new();
    for (char **part = parts; *part != NULL; part++)
        if (*g_strstrip(*part) != '\0')
            g_strv_builder_add(builder, *part);
    char **list = g_strv_builder_end(builder);
    g_strv_builder_unref(builder);
    return list;
}

/* "client:alice, client:bob" as the one address "client:alice,bob"; NULL if there is no such key. */
static bool clients_of(GKeyFile *file, const char *group, const char *key, char **ret, char **ret_why)
{
    g_autofree char *text = text_of(file, group, key);
    g_auto(GStrv) list = g_strsplit(text != NULL ? text : "", ",", -1);
    g_autoptr(GString) address = g_string_new("client:");
    for (char **client = list; *client != NULL; client++) {
        const char *scheme = strstr(g_strstrip(*client), "client:");
        if (scheme != *client || !cg_identity_valid(scheme + strlen("client:")))
            return fail(ret_why, "%s must be client:<identity>, or several with commas between, not \"%s\"", key, text);
        g_string_append_printf(address, "%s%s", client == list ? "" : ",", scheme + strlen("client:"));
    }
    if (g_strv_length(list) > CG_CLIENT_DESTINATION_MAX)
        return fail(ret_why, "%s is for %d clients at the most", key, CG_CLIENT_DESTINATION_MAX);
    if (text != NULL)
        *ret = g_string_free(g_steal_pointer(&address), FALSE);
    return true;
}

static bool number_of(GKeyFile *file, const char *group, const char *key, unsigned max, unsigned *ret, char **ret_why)
{
    g_autofree char *text = text_of(file, group, key);
    guint64 value = 0;
    if (text != NULL && !g_ascii_string_to_unsigned(text, 10, 0, max, &value, NULL))
        return fail(ret_why, "%s must be a whole number from 0 to %u, not \"%s\"", key, max, text);
    if (text != NULL)
        *ret = (unsigned) value;
    return true;
}

static bool account_of(const cg_config *config, GKeyFile *file, const char *group, cg_sid *ret_account, char **ret_why)
{
    g_autofree char *text = text_of(file, group, "account");
    if (!cg_sid_parse(text, "AC", ret_account))
        return fail(ret_why, "account must name the account (AC and 32 hex digits) this belongs to");
    if (cg_directory_find_account(config->directory, ret_account) == NULL)
        return fail(ret_why, "there is no [account %s]", ret_account->text);
    return true;
}

static bool application_of(const cg_config *config, GKeyFile *file, const char *group, cg_trunk *trunk, char **ret_why)
{
    g_autofree char *text = text_of(file, group, "application");
    if (text == NULL)
        return true;
    const cg_application *application = cg_sid_parse(text, "AP", &trunk->application)
                                            ? cg_directory_find_application(config->directory, &trunk->application)
                                            : NULL;
    if (application == NULL || !cg_sid_equal(&application->account, &trunk->account))
        return fail(ret_why, "application must name an application of the trunk's account, not \"%s\"", text);
    return true;
}

/* A host that is an address is a source too. */
static void add_host_source(const char *host, GArray *sources)
{
    cg_ip_range range;
    if (cg_config_host_address(host, &range))
        g_array_append_val(sources, range);
}

static bool is_proving(const cg_config *config, const char *user)
{
    for (guint i = 0; i < config->routes->trunks->len; i++)
        if (g_strcmp0(((const cg_trunk *) config->routes->trunks->pdata[i])->inbound_user, user) == 0)
            return true;
    return false;
}

/* How a trunk without addresses of its own is known. */
static bool read_proof(const cg_config *config, GKeyFile *file, const char *group, cg_trunk *trunk, char **ret_why)
{
    trunk->inbound_user = text_of(file, group, "inbound_user");
    trunk->inbound_password = text_of(file, group, "inbound_password");
    if ((trunk->inbound_user == NULL) != (trunk->inbound_password == NULL))
        return fail(ret_why, "inbound_user and inbound_password go together");
    if (trunk->inbound_user != NULL && strpbrk(trunk->inbound_user, ":\"") != NULL)
        return fail(ret_why, "inbound_user must have neither : nor \"");
    if (trunk->inbound_user != NULL && is_proving(config, trunk->inbound_user))
        return fail(ret_why, "inbound_user must be another one for each trunk: \"%s\" is there twice",
                    trunk->inbound_user);
    return true;
}

static bool read_hosts(GKeyFile *file, const char *group, cg_trunk *trunk, char **ret_why)
{
    g_auto(GStrv) sources = list_of(file, group, "sources", ",");
    g_autoptr(GArray) ranges = g_array_new(FALSE, FALSE, sizeof(cg_ip_range));
    trunk->hosts = list_of(file, group, "hosts", ",");
    guint count = g_strv_length(trunk->hosts);
    if ((count == 0 && trunk->inbound_user == NULL) || count > CG_SIP_MAX_HOSTS)
        return fail(ret_why, "hosts must name 1 to %u hosts", CG_SIP_MAX_HOSTS);
    for (size_t i = 0; i < count; i++) {
        if (!cg_config_take_host(trunk, i))
            return fail(ret_why,
                        "hosts: \"%s\" must be HOST[:PORT][;transport=udp|tcp|tls][;priority=0-65535][;weight=1-65535]",
                        trunk->hosts[i]);
        if (trunk->inbound_user == NULL)
            add_host_source(trunk->hosts[i], ranges);
    }
    for (char **source = sources; *source != NULL; source++) {
        cg_ip_range range;
        if (!cg_ip_range_parse(*source, &range))
            return fail(ret_why, "sources: \"%s\" must be an IP address or a range like 192.0.2.0/24", *source);
        g_array_append_val(ranges, range);
    }
    trunk->source_count = ranges->len;
    trunk->sources = (cg_ip_range *) g_array_free(g_steal_pointer(&ranges), FALSE);
    return true;
}

static bool read_prefixes(GKeyFile *file, const char *group, const char *key, char ***ret_list, char **ret_why)
{
    char number[CG_NUMBER_MAX + 1];
    *ret_list = list_of(file, group, key, ",;");
    for (char **prefix = *ret_list; *prefix != NULL; prefix++) {
        if (g_str_equal(*prefix, "*"))
            **prefix = '\0';
        else if (!g_str_equal(*prefix, "+") && (!cg_number_normalize(*prefix, number) || !g_str_equal(number, *prefix)))
            return fail(ret_why, "%s: \"%s\" must be the first digits of numbers, or * for all", key, *prefix);
    }
    return true;
}

static bool read_headers(GKeyFile *file, const char *group, cg_trunk *trunk, char **ret_why)
{
    trunk->headers = list_of(file, group, "headers", ",;");
    for (char **name = trunk->headers; *name != NULL; name++)
        if (!cg_sip_headers_is_pattern(*name))
            return fail(ret_why, "headers: \"%s\" must be X-NAME, or X-* or X-BEGINNING* for several", *name);
    return true;
}

static bool read_caller_ids(GKeyFile *file, const char *group, cg_trunk *trunk, char **ret_why)
{
    trunk->caller_id = text_of(file, group, "caller_id");
    trunk->caller_ids = list_of(file, group, "caller_ids", ",;");
    for (char **id = trunk->caller_ids; *id != NULL; id++)
        if (!cg_caller_id_is_pattern(*id))
            return fail(ret_why, "caller_ids: \"%s\" must be a number, its beginning with * behind it, or anonymous",
                        *id);
    return cg_config_read_switch(file, group, "asserted_identity", &trunk->asserts_identity, ret_why);
}

static const struct {
    const char *name;
    cg_codec codec;
} codec_names[] = {{"opus", CG_CODEC_OPUS}, {"g722", CG_CODEC_G722}, {"pcmu", CG_CODEC_PCMU}, {"pcma", CG_CODEC_PCMA}};

static cg_codec codec_named(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(codec_names); i++)
        if (g_ascii_strcasecmp(codec_names[i].name, name) == 0)
            return codec_names[i].codec;
    return CG_CODEC_COUNT;
}

static bool read_codecs(GKeyFile *file, const char *group, cg_trunk *trunk, char **ret_why)
{
    g_auto(GStrv) names = list_of(file, group, "codecs", ",;");
    size_t count = 0;
    for (char **name = names; *name != NULL; name++) {
        cg_codec codec = codec_named(*name);
        if (codec == CG_CODEC_COUNT || count == G_N_ELEMENTS(codec_names))
            return fail(ret_why, "codecs must be a list of opus, g722, pcmu and pcma, each once, not \"%s\"", *name);
        trunk->codecs[count++] = codec;
    }
    if (count == 0)
        for (; count < G_N_ELEMENTS(codec_names); count++)
            trunk->codecs[count] = codec_names[count].codec;
    trunk->codecs[count] = CG_CODEC_COUNT;
    return true;
}

/* One of `names`; without the key the first. */
static bool choice_of(GKeyFile *file, const char *group, const char *key, const char *const names[], unsigned *ret,
                      char **ret_why)
{
    g_autofree char *text = text_of(file, group, key);
    g_autofree char *known = g_strjoinv(", ", (char **) names);
    for (*ret = 0; text != NULL && names[*ret] != NULL; ++*ret)
        if (g_str_equal(text, names[*ret]))
            return true;
    return text == NULL || fail(ret_why, "%s must be one of %s, not \"%s\"", key, known, text);
}

/* The names are in the order of the enumerations. */
static bool read_choices(GKeyFile *file, const char *group, cg_trunk *trunk, char **ret_why)
{
    static const char *const srtp[] = {"off", "optional", "required", NULL};
    static const char *const dtmf[] = {"auto", "rtp", "info", "inband", NULL};
    static const char *const transfers[] = {"off", "clients", "any", NULL};
    unsigned chosen[3];
    if (!choice_of(file, group, "srtp", srtp, &chosen[0], ret_why) ||
        !choice_of(file, group, "dtmf", dtmf, &chosen[1], ret_why) ||
        !choice_of(file, group, "transfers", transfers, &chosen[2], ret_why))
        return false;
    trunk->srtp = (cg_srtp_policy) chosen[0];
    trunk->dtmf = (cg_trunk_dtmf) chosen[1];
    trunk->transfers = (cg_transfers) chosen[2];
    return true;
}

static bool read_media_addresses(GKeyFile *file, const char *group, cg_trunk *trunk, char **ret_why)
{
    g_auto(GStrv) words = list_of(file, group, "media_addresses", ",");
    const char *wrong;
    return cg_media_policy_parse(words, &trunk->media, &wrong) ||
           fail(ret_why, "media_addresses must be auto, public, any or a list of ranges, not \"%s\"", wrong);
}

/* Of the first host that is an address. */
static int family_of(char **hosts)
{
    for (; *hosts != NULL; hosts++) {
        cg_ip_range range;
        if (cg_config_host_address(*hosts, &range))
            return range.ipv6 ? AF_INET6 : AF_INET;
    }
    return AF_UNSPEC;
}

static bool read_media_family(GKeyFile *file, const char *group, cg_trunk *trunk, char **ret_why)
{
    static const char *const names[] = {"auto", "ipv4", "ipv6", NULL};
    const int families[] = {family_of(trunk->hosts), AF_INET, AF_INET6};
    unsigned chosen;
    if (!choice_of(file, group, "media_family", names, &chosen, ret_why))
        return false;
    trunk->media_family = families[chosen];
    return true;
}

static bool read_texts(GKeyFile *file, const char *group, cg_trunk *trunk, char **ret_why)
{
    trunk->user = text_of(file, group, "user");
    trunk->password = text_of(file, group, "password");
    trunk->add = text_of(file, group, "add");
    if ((trunk->user == NULL) != (trunk->password == NULL))
        return fail(ret_why, "user and password go together");
    if (trunk->user != NULL && strpbrk(trunk->user, ":\"") != NULL)
        return fail(ret_why, "user must have neither : nor \"");
    if (trunk->password != NULL && strchr(trunk->password, ':') != NULL) /* Sofia-SIP would take what is before it */
        return fail(ret_why, "password must have no :");
    return clients_of(file, group, "inbound", &trunk->inbound, ret_why);
}

static bool is_domain(const char *domain)
{
    return g_regex_match_simple("^[A-Za-z0-9.-]+$", domain, G_REGEX_DOLLAR_ENDONLY, 0);
}

static bool read_registration(GKeyFile *file, const char *group, cg_trunk *trunk, char **ret_why)
{
    trunk->register_expires_s = 3600;
    trunk->register_retry_s = 30;
    trunk->domain = text_of(file, group, "domain");
    if (!cg_config_read_switch(file, group, "register", &trunk->registers, ret_why) ||
        !number_of(file, group, "register_expires_s", 86400, &trunk->register_expires_s, ret_why) ||
        !number_of(file, group, "register_retry_s", 1800, &trunk->register_retry_s, ret_why))
        return false;
    if (trunk->register_expires_s < 2 || trunk->register_retry_s < 1)
        return fail(ret_why, "register_expires_s must be at least 2, register_retry_s at least 1");
    if (trunk->registers && trunk->user == NULL)
        return fail(ret_why, "register needs user and password");
    if (trunk->domain != NULL && !is_domain(trunk->domain))
        return fail(ret_why, "domain must be a name like sip.example.com, not \"%s\"", trunk->domain);
    return true;
}

static bool is_name(const char *name)
{
    for (const char *at = name; *at != '\0'; at++)
        if (!g_ascii_isalnum(*at) && strchr("-_.", *at) == NULL)
            return false;
    return *name != '\0' && strlen(name) <= 64;
}

static bool is_taken(const cg_config *config, const char *name)
{
    for (guint i = 0; i < config->routes->trunks->len; i++)
        if (g_str_equal(((const cg_trunk *) config->routes->trunks->pdata[i])->name, name))
            return true;
    return false;
}

bool cg_config_add_trunk(cg_config *config, GKeyFile *file, const char *group, const char *name, char **ret_why)
{
    g_autoptr(cg_trunk) trunk = g_new0(cg_trunk, 1);
    trunk->name = g_strdup(name);
    trunk->session_expires_s = 1800;
    trunk->progress_timeout_s = 20;
    if (!is_name(name) || is_taken(config, name))
        return fail(ret_why, "a trunk's name is of letters, digits, - _ and ., at most 64, and is there once");
    if (!account_of(config, file, group, &trunk->account, ret_why) ||
        !application_of(config, file, group, trunk, ret_why) || !read_proof(config, file, group, trunk, ret_why) ||
        !read_hosts(file, group, trunk, ret_why) ||
        !read_prefixes(file, group, "prefixes", &trunk->prefixes, ret_why) ||
        !read_prefixes(file, group, "allowed_prefixes", &trunk->allowed, ret_why) ||
        !read_headers(file, group, trunk, ret_why) || !read_caller_ids(file, group, trunk, ret_why) ||
        !read_codecs(file, group, trunk, ret_why) || !read_choices(file, group, trunk, ret_why) ||
        !read_media_addresses(file, group, trunk, ret_why) || !read_media_family(file, group, trunk, ret_why) ||
        !read_texts(file, group, trunk, ret_why) || !read_registration(file, group, trunk, ret_why) ||
        !number_of(file, group, "strip", CG_NUMBER_MAX, &trunk->strip, ret_why) ||
        !number_of(file, group, "keepalive_s", 3600, &trunk->keepalive_s, ret_why) ||
        !number_of(file, group, "progress_timeout_s", 180, &trunk->progress_timeout_s, ret_why) ||
        !number_of(file, group, "session_expires_s", 86400, &trunk->session_expires_s, ret_why) ||
        !number_of(file, group, "max_calls_per_s", 100000, &trunk->max_calls_per_s, ret_why) ||
        !number_of(file, group, "max_calls", 1000000, &trunk->max_calls, ret_why))
        return false;
    if (trunk->hosts[0] == NULL && trunk->prefixes[0] != NULL)
        return fail(ret_why, "prefixes need hosts to call");
    g_ptr_array_add(config->routes->trunks, g_steal_pointer(&trunk));
    return true;
}

bool cg_config_add_number(cg_config *config, GKeyFile *file, const char *group, const char *digits, char **ret_why)
{
    char normal[CG_NUMBER_MAX + 1];
    cg_sid account;
    g_autofree char *to = NULL;
    if (!cg_number_normalize(digits, normal))
        return fail(ret_why, "\"%s\" is not a number", digits);
    if (!account_of(config, file, group, &account, ret_why))
        return false;
    if (!clients_of(file, group, "to", &to, ret_why))
        return false;
    if (to == NULL)
        return fail(ret_why, "to must be there: client:<identity>, or several");
    cg_number *number = g_new0(cg_number, 1);
    *number = (cg_number){.digits = g_strdup(normal), .account = account, .to = g_steal_pointer(&to)};
    g_ptr_array_add(config->routes->numbers, number);
    return true;
}
