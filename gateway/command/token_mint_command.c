/* `callgate token mint`: one token on standard output, and nothing else there. */
#include "gateway/command/token_command.h"

#include "auth/mint.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "gateway/command/token_key.h"

#include <stdio.h>
#include <string.h>

typedef struct {
    cg_token_key_options key;
    char *account;
    char *key_sid;
    char *identity;
    char *application;
    char **parameters; /* NAME=VALUE */
    gboolean incoming;
    int64_t ttl_s;
} mint_options;

static void clear_options(mint_options *options)
{
    cg_token_key_options_clear(&options->key);
    g_free(options->account);
    g_free(options->key_sid);
    g_free(options->identity);
    g_free(options->application);
    g_strfreev(options->parameters);
}

static bool fail(char **ret_error, const char *message)
{
    *ret_error = g_strdup(message);
    return false;
}

static bool parse_options(int argc, char **argv, mint_options *options, char **ret_error)
{
    /* Texts are FILENAME so that they arrive as typed in every locale. */
    const GOptionEntry entries[] = {
        {"account", 0, 0, G_OPTION_ARG_FILENAME, &options->account, "account that the token belongs to", "AC..."},
        {"key", 0, 0, G_OPTION_ARG_FILENAME, &options->key_sid, "key that signs it", "SK..."},
        {"secret-file", 0, 0, G_OPTION_ARG_FILENAME, &options->key.secret_file,
         "file with the key's secret (a final line break is not part of it); - is standard input", "FILE"},
        {"secret-env", 0, 0, G_OPTION_ARG_FILENAME, &options->key.secret_env,
         "environment variable with the key's secret", "NAME"},
        {"private-key", 0, 0, G_OPTION_ARG_FILENAME, &options->key.pem_file,
         "file with the private key (PEM, P-256 or RSA) instead of a secret", "FILE"},
        {"algorithm", 0, 0, G_OPTION_ARG_FILENAME, &options->key.algorithm,
         "HS256 (default), HS384, HS512; ES256 or RS256 follow from the private key", "NAME"},
        {"identity", 0, 0, G_OPTION_ARG_FILENAME, &options->identity, "name of the client", "NAME"},
        {"incoming", 0, 0, G_OPTION_ARG_NONE, &options->incoming, "the client may be called", NULL},
        {"application", 0, 0, G_OPTION_ARG_FILENAME, &options->application,
         "the client may call, through this application", "AP..."},
        {"param", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options->parameters,
         "fixed parameter of every call, which the client cannot change; may be repeated", "NAME=VALUE"},
        {"ttl", 0, 0, G_OPTION_ARG_INT64, &options->ttl_s, "seconds until the token expires (default 3600)", "N"},
        {NULL}};
    GOptionContext *context = g_option_context_new("- make an access token and print it");
    g_autoptr(GError) error = NULL;
    g_option_context_add_main_entries(context, entries, NULL);
    g_option_context_set_description(
        context, "Example: callgate token mint --account AC... --key SK... --secret-file secret --identity alice \\\n"
                 "           --incoming --application AP... --param campaign=spring\n");
    bool parsed = g_option_context_parse(context, &argc, &argv, &error);
    g_option_context_free(context);
    if (!parsed)
        return fail(ret_error, error->message);
    return argc == 1 || fail(ret_error, "there are words that belong to no option");
}

static bool read_sid(const char *text, const char *kind, const char *message, cg_sid *ret_sid, char **ret_error)
{
    return cg_sid_parse(text, kind, ret_sid) || fail(ret_error, message);
}

static bool read_parameters(char **parameters, cg_form *form, char **ret_error)
{
    for (char **each = parameters; each && *each; each++) {
        const char *equals = strchr(*each, '=');
        if (!equals || equals == *each || !cg_utf8_valid(*each, strlen(*each)))
            return fail(ret_error, "--param takes NAME=VALUE in UTF-8");
        g_autofree char *name = g_strndup(*each, (size_t) (equals - *each));
        cg_form_set(form, name, equals + 1);
    }
    return cg_form_size(form) <= CG_FORM_MAX_FIELDS || fail(ret_error, "there are too many parameters");
}

static bool fill_request(const mint_options *options, cg_form *form, cg_mint_request *request, char **ret_error)
{
    if (!read_sid(options->account, "AC", "--account takes AC and 32 hex digits", &request->account, ret_error) ||
        !read_sid(options->key_sid, "SK", "--key takes SK and 32 hex digits", &request->key, ret_error))
        return false;
    if (options->application && !read_sid(options->application, "AP", "--application takes AP and 32 hex digits",
                                          &request->application, ret_error))
        return false;
    if (options->parameters && !options->application)
        return fail(ret_error, "--param needs --application: parameters belong to outgoing calls");
    if (!read_parameters(options->parameters, form, ret_error))
        return false;
    request->identity = options->identity;
    request->incoming = options->incoming;
    request->parameters = form;
    request->issued_at = cg_clock_wall_ms() / 1000;
    request->ttl_s = options->ttl_s;
    return true;
}

/* It is made all the same: the gateway takes it, and whoever has it may see that they are connected. */
static void warn_of_no_grant(const cg_mint_request *request)
{
    if (!request->incoming && !cg_sid_is_set(&request->application))
        fputs("callgate token mint: warning: this token can neither call nor be called: --application AP... lets the "
              "client call, --incoming lets it be called\n",
              stderr);
}

static int mint(cg_mint_request *request, const cg_token_key *key)
{
    g_autofree char *error = NULL;
    request->algorithm = key->algorithm;
    request->secret = key->text;
    g_autofree char *token = cg_token_mint(request, &error);
    if (!token) {
        fprintf(stderr, "callgate token mint: %s\n", error);
        return 1;
    }
    warn_of_no_grant(request);
    puts(token);
    return 0;
}

int cg_token_mint_command(int argc, char **argv)
{
    mint_options options = {.ttl_s = 3600};
    cg_mint_request request = {0};
    cg_token_key key = {0};
    g_autoptr(cg_form) form = cg_form_new();
    g_autofree char *error = NULL;
    int status = 2;
    g_set_prgname("callgate token mint");
    if (parse_options(argc, argv, &options, &error) && fill_request(&options, form, &request, &error) &&
        cg_token_key_load(&options.key, true, &key, &error))
        status = mint(&request, &key);
    else
        fprintf(stderr, "callgate token mint: %s\n", error);
    cg_token_key_clear(&key);
    clear_options(&options);
    return status;
}
