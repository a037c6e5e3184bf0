/* `callgate token inspect`: what a token says and, given the key, whether the gateway would take it. It knows no
 * configuration: account, key id and application are taken to be there as the token names them. */
#include "gateway/command/token_command.h"

#include "auth/claims.h"
#include "auth/grants.h"
#include "auth/jws.h"
#include "base/clock.h"
#include "base/json_writer.h"
#include "gateway/command/json_print.h"
#include "gateway/command/token_key.h"

#include <stdio.h>
#include <string.h>

#define MAX_INPUT_SIZE (1024 * 1024) /* bytes of standard input looked at */

typedef struct {
    cg_token_key_options key;
    cg_token_policy policy;
    gboolean json;
    char *token; /* "-": standard input */
} inspect_options;

static void clear_options(inspect_options *options)
{
    cg_token_key_options_clear(&options->key);
    g_free(options->token);
}

static GOptionContext *new_context(inspect_options *options)
{
    const GOptionEntry entries[] = {
        {"secret-file", 0, 0, G_OPTION_ARG_FILENAME, &options->key.secret_file,
         "verify with the secret in this file (a final line break is not part of it)", "FILE"},
        {"secret-env", 0, 0, G_OPTION_ARG_FILENAME, &options->key.secret_env,
         "verify with the secret in this environment variable", "NAME"},
        {"public-key", 0, 0, G_OPTION_ARG_FILENAME, &options->key.pem_file,
         "verify with the public key in this file (PEM)", "FILE"},
        {"algorithm", 0, 0, G_OPTION_ARG_FILENAME, &options->key.algorithm,
         "the only one accepted: HS256 (default), HS384, HS512; ES256 or RS256 follow from the public key", "NAME"},
        {"leeway", 0, 0, G_OPTION_ARG_INT64, &options->policy.leeway_s, "clock difference forgiven (default 0)", "N"},
        {"max-ttl", 0, 0, G_OPTION_ARG_INT64, &options->policy.max_ttl_s, "longest life accepted (default 86400)", "N"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &options->json, "print JSON", NULL},
        {NULL}};
    GOptionContext *context = g_option_context_new("[TOKEN] - show a token, and verify it if a key is given");
    g_option_context_add_main_entries(context, entries, NULL);
    g_option_context_set_description(
        context, "Without TOKEN it is read from standard input, where other users of the machine cannot see it.\n"
                 "Access tokens are verified with the key's secret or public key, capability tokens with the account's "
                 "auth\ntoken. Exit status: 0 shown and valid (or not verified), 1 refused, 2 wrong options.\n");
    return context;
}

static bool parse_options(int argc, char **argv, inspect_options *options, char **ret_error)
{
    GOptionContext *context = new_context(options);
    g_autoptr(GError) error = NULL;
    bool parsed = g_option_context_parse(context, &argc, &argv, &error);
    g_option_context_free(context);
    if (!parsed)
        *ret_error = g_strdup(error->message);
    else if (argc > 2)
        *ret_error = g_strdup("give one token");
    else if (options->policy.leeway_s < 0 || options->policy.max_ttl_s < 0 || options->policy.leeway_s > G_MAXINT32)
        *ret_error = g_strdup("--leeway and --max-ttl take seconds");
    else
        options->token = g_strdup(argc == 2 ? argv[1] : "-");
    if (options->token && g_strcmp0(options->key.secret_file, "-") == 0 && strcmp(options->token, "-") == 0) {
        *ret_error = g_strdup("token and secret cannot both come from standard input");
        return false;
    }
    return options->token != NULL;
}

static char *read_token(const char *argument)
{
    if (strcmp(argument, "-") != 0)
        return g_strdup(argument);
    char *text = g_malloc(MAX_INPUT_SIZE + 1);
    text[fread(text, 1, MAX_INPUT_SIZE, stdin)] = '\0';
    return g_strstrip(text);
}

/* Who the token says it is from, unverified. */
typedef struct {
    cg_account account;
    cg_key key;                 /* sid unset: a capability token */
    cg_application application; /* sid unset: no outgoing grant */
} parties;

static bool read_parties(const cg_json_value *set, parties *ret_parties)
{
    cg_claims claims = {0};
    g_autoptr(cg_grants) grants = g_new0(cg_grants, 1);
    grants->parameters = cg_form_new();
    if (cg_claims_read(set, &claims) != CG_TOKEN_OK)
        return false;
    bool access = cg_sid_parse(claims.issuer, "SK", &ret_parties->key.sid);
    if (!access && !cg_sid_parse(claims.issuer, "AC", &ret_parties->account.sid))
        return false;
    if (access && !cg_sid_parse(claims.subject, "AC", &ret_parties->account.sid))
        ret_parties->account.sid = cg_sid_new("AC"); /* the key is somebody's, but not the token's */
    if (access)
        cg_grants_read_access(set, grants);
    else
        cg_grants_read_capability(set, grants);
    ret_parties->application.sid = grants->application;
    ret_parties->application.account = ret_parties->key.account = ret_parties->account.sid;
    return true;
}

static void set_key(parties *who, const cg_token_key *key)
{
    who->key.algorithm = key->algorithm;
    if (!cg_algorithm_is_symmetric(key->algorithm))
        who->key.public_key = key->text;
    else if (cg_sid_is_set(&who->key.sid))
        who->key.secret = key->text;
    else if (key->algorithm == CG_ALGORITHM_HS256)
        who->account.auth_token = key->text; /* capability tokens know no other algorithm */
}

/* The parties that the token names, with the one key. If it names none, the directory is empty and the verifier says
 * what is wrong. NULL and a message if the key is of no use. */
static cg_directory *make_directory(const cg_jws *jws, const cg_token_key *key, char **ret_error)
{
    parties who = {0};
    g_autoptr(cg_directory) directory = cg_directory_new();
    if (!read_parties(cg_json_root(jws->claims), &who))
        return g_steal_pointer(&directory);
    set_key(&who, key);
    if (!cg_directory_add_account(directory, &who.account, ret_error))
        return NULL;
    if (cg_sid_is_set(&who.key.sid) && !cg_directory_add_key(directory, &who.key, ret_error))
        return NULL;
    if (cg_sid_is_set(&who.application.sid) && !cg_directory_add_application(directory, &who.application, ret_error))
        return NULL;
    return g_steal_pointer(&directory);
}

/* False and a message if the key is of no use. */
static bool verify(const inspect_options *options, const cg_jws *jws, cg_token_status *ret_status, char **ret_error)
{
    cg_token_key key = {0};
    g_autoptr(cg_grants) grants = NULL;
    if (!cg_token_key_load(&options->key, false, &key, ret_error))
        return false;
    g_autoptr(cg_directory) directory = make_directory(jws, &key, ret_error);
    cg_token_key_clear(&key);
    if (!directory)
        return false;
    *ret_status =
        cg_token_verify(directory, &options->policy, jws->text, strlen(jws->text), cg_clock_wall_ms() / 1000, &grants);
    return true;
}

static char *time_note(const char *name, const cg_json_value *value)
{
    double seconds = 0;
    char text[25];
    bool time = name && (strcmp(name, "exp") == 0 || strcmp(name, "nbf") == 0 || strcmp(name, "iat") == 0);
    if (!time || !cg_json_number(value, &seconds) || !(seconds >= 0 && seconds < 253402300800.0 /* year 10000 */))
        return NULL;
    int64_t ahead = (int64_t) seconds - cg_clock_wall_ms() / 1000;
    cg_clock_format((int64_t) (seconds * 1000), text);
    return g_strdup_printf("%s (%s%" G_GINT64_FORMAT " s%s)", text, ahead >= 0 ? "in " : "", ABS(ahead),
                           ahead >= 0 ? "" : " ago");
}

static void print_text(const cg_jws *jws, bool verified, cg_token_status status)
{
    puts("header");
    cg_json_print(stdout, cg_json_root(jws->header), 2, NULL);
    puts("claims");
    cg_json_print(stdout, cg_json_root(jws->claims), 2, time_note);
    printf("signature\n  %zu bytes\n", jws->signature_size);
    if (!verified)
        puts("not verified: give --secret-file, --secret-env or --public-key");
    else if (status == CG_TOKEN_OK)
        puts("valid");
    else
        printf("refused: %s (%d): %s\n", cg_token_status_name(status), cg_token_status_code(status),
               cg_token_status_text(status));
}

static void write_raw(cg_json_writer *writer, const char *name, const cg_json *json)
{
    size_t size = 0;
    const char *raw = cg_json_raw(cg_json_root(json), &size);
    cg_json_write_raw(writer, name, raw, size);
}

static void print_json(const cg_jws *jws, bool verified, cg_token_status status)
{
    g_autoptr(cg_json_writer) writer = cg_json_writer_new();
    cg_json_begin_object(writer, NULL);
    write_raw(writer, "header", jws->header);
    write_raw(writer, "claims", jws->claims);
    cg_json_write_bool(writer, "verified", verified);
    if (verified) {
        cg_json_write_string(writer, "status", cg_token_status_name(status));
        cg_json_write_integer(writer, "code", cg_token_status_code(status));
        cg_json_write_string(writer, "text", cg_token_status_text(status));
    }
    cg_json_end_object(writer);
    puts(cg_json_writer_text(writer, NULL));
}

static int inspect(const inspect_options *options)
{
    g_autofree char *token = read_token(options->token);
    g_autofree char *error = NULL;
    g_autoptr(cg_jws) jws = NULL;
    bool verified = cg_token_key_named(&options->key);
    cg_token_status status = cg_jws_parse(token, strlen(token), &jws);
    if (status != CG_TOKEN_OK) {
        fprintf(stderr, "refused: %s (%d): %s\n", cg_token_status_name(status), cg_token_status_code(status),
                cg_token_status_text(status));
        return 1;
    }
    if (verified && !verify(options, jws, &status, &error)) {
        fprintf(stderr, "callgate token inspect: %s\n", error);
        return 2;
    }
    if (options->json)
        print_json(jws, verified, status);
    else
        print_text(jws, verified, status);
    return status == CG_TOKEN_OK ? 0 : 1;
}

int cg_token_inspect_command(int argc, char **argv)
{
    inspect_options options = {.policy = {.leeway_s = 0, .max_ttl_s = 86400}};
    g_autofree char *error = NULL;
    int status = 2;
    g_set_prgname("callgate token inspect");
    if (parse_options(argc, argv, &options, &error))
        status = inspect(&options);
    else
        fprintf(stderr, "callgate token inspect: %s\n", error);
    clear_options(&options);
    return status;
}
