/* Loading a key for `callgate token`. A line break at the end of a secret's file belongs to the editor that wrote it.
 */
#include "gateway/command/token_key.h"

#include "auth/pem.h"

#include <stdio.h>
#include <string.h>

#define MAX_KEY_SIZE 65536 /* bytes of a secret or PEM file */

static void wipe(char *text)
{
    if (text)
        explicit_bzero(text, strlen(text));
    g_free(text);
}

void cg_token_key_clear(cg_token_key *key)
{
    wipe(key->text);
    key->text = NULL;
}

void cg_token_key_options_clear(cg_token_key_options *options)
{
    g_free(options->secret_file);
    g_free(options->secret_env);
    g_free(options->pem_file);
    g_free(options->algorithm);
}

bool cg_token_key_named(const cg_token_key_options *options)
{
    return options->secret_file || options->secret_env || options->pem_file;
}

static char *read_file(const char *path, char **ret_error)
{
    char *text = g_malloc0(MAX_KEY_SIZE + 1);
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    size_t size = file ? fread(text, 1, MAX_KEY_SIZE + 1, file) : 0;
    const char *problem = NULL;
    if (!file || ferror(file))
        problem = "cannot be read";
    else if (size > MAX_KEY_SIZE || strlen(text) != size)
        problem = "is no key: too long, or contains NUL";
    if (file && file != stdin)
        fclose(file);
    if (!problem)
        return text;
    text[MAX_KEY_SIZE] = '\0';
    wipe(text);
    *ret_error = g_strdup_printf("%s %s", path, problem);
    return NULL;
}

static char *read_secret_file(const char *path, char **ret_error)
{
    char *secret = read_file(path, ret_error);
    if (!secret)
        return NULL;
    size_t size = strlen(secret);
    if (size > 0 && secret[size - 1] == '\n')
        secret[--size] = '\0';
    if (size > 0 && secret[size - 1] == '\r')
        secret[size - 1] = '\0';
    return secret;
}

static char *read_environment(const char *name, char **ret_error)
{
    const char *value = g_getenv(name);
    if (!value)
        *ret_error = g_strdup_printf("the environment has no %s", name);
    return g_strdup(value);
}

static char *read_key(const cg_token_key_options *options, char **ret_error)
{
    if (options->pem_file)
        return read_file(options->pem_file, ret_error);
    if (options->secret_env)
        return read_environment(options->secret_env, ret_error);
    return read_secret_file(options->secret_file, ret_error);
}

static bool pem_fits(const char *pem, bool private, cg_algorithm algorithm, const char **ret_error)
{
    return private ? cg_pem_check_private(pem, algorithm, ret_error) : cg_pem_check_public(pem, algorithm, ret_error);
}

/* The algorithm is the caller's or follows from the key; never from a token. */
static bool choose_algorithm(const cg_token_key_options *options, bool private, cg_token_key *key, char **ret_error)
{
    const char *error = NULL;
    bool pem = options->pem_file != NULL;
    key->algorithm = pem && !pem_fits(key->text, private, CG_ALGORITHM_RS256, &error) ? CG_ALGORITHM_ES256
                     : pem                                                            ? CG_ALGORITHM_RS256
                                                                                      : CG_ALGORITHM_HS256;
    if (options->algorithm && !cg_algorithm_parse(options->algorithm, &key->algorithm)) {
        *ret_error =
            g_strdup_printf("there is no algorithm \"%s\": HS256, HS384, HS512, ES256 or RS256", options->algorithm);
        return false;
    }
    if (cg_algorithm_is_symmetric(key->algorithm) == pem) {
        *ret_error = g_strdup_printf("%s does not go with %s", cg_algorithm_name(key->algorithm),
                                     pem ? "a PEM key" : "a secret");
        return false;
    }
    if (pem && !pem_fits(key->text, private, key->algorithm, &error)) {
        *ret_error = g_strdup_printf("%s: %s", options->pem_file, error);
        return false;
    }
    return true;
}

bool cg_token_key_load(const cg_token_key_options *options, bool private, cg_token_key *ret_key, char **ret_error)
{
    int sources = (options->secret_file != NULL) + (options->secret_env != NULL) + (options->pem_file != NULL);
    if (sources != 1) {
        *ret_error =
            g_strdup_printf("give one of --secret-file, --secret-env and --%s", private ? "private-key" : "public-key");
        return false;
    }
    cg_token_key key = {.text = read_key(options, ret_error)};
    if (!key.text)
        return false;
    if (!choose_algorithm(options, private, &key, ret_error)) {
        cg_token_key_clear(&key);
        return false;
    }
    *ret_key = key;
    return true;
}
