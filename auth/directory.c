/* The snapshot of accounts, keys and applications. Everything is checked when it is added, so that verifying a token
 * never meets a key that cannot verify: libjwt, given an empty key, verifies nothing and says yes. */
#include "auth/directory.h"

#include "auth/pem.h"

#include <glib.h>
#include <openssl/crypto.h>
#include <string.h>

#define SECRET_MIN_SIZE 16 /* bytes */

struct cg_directory {
    gatomicrefcount references;
    GHashTable *accounts;     /* sid text -> cg_account */
    GHashTable *keys;         /* sid text -> cg_key */
    GHashTable *applications; /* sid text -> cg_application */
};

static void wipe(char *secret)
{
    if (secret)
        OPENSSL_cleanse(secret, strlen(secret));
    g_free(secret);
}

static void free_account(void *data)
{
    cg_account *account = data;
    g_free(account->name);
    g_free(account->hold_music);
    wipe(account->auth_token);
    g_free(account);
}

static void free_key(void *data)
{
    cg_key *key = data;
    wipe(key->secret);
    g_free(key->public_key);
    g_free(key);
}

static void free_application(void *data)
{
    cg_application *application = data;
    g_free(application->name);
    g_free(application);
}

cg_directory *cg_directory_new(void)
{
    cg_directory *directory = g_new0(cg_directory, 1);
    g_atomic_ref_count_init(&directory->references);
    /* The key of each entry is the sid inside its value. */
    directory->accounts = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_account);
    directory->keys = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_key);
    directory->applications = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_application);
    return directory;
}

cg_directory *cg_directory_ref(cg_directory *directory)
{
    g_atomic_ref_count_inc(&directory->references);
    return directory;
}

void cg_directory_unref(cg_directory *directory)
{
    if (!directory || !g_atomic_ref_count_dec(&directory->references))
        return;
    g_hash_table_unref(directory->accounts);
    g_hash_table_unref(directory->keys);
    g_hash_table_unref(directory->applications);
    g_free(directory);
}

static bool G_GNUC_PRINTF(2, 3) fail(char **ret_error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    *ret_error = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    return false;
}

/* What every kind of entry has: an id of its kind, not there yet. */
static bool check_sid(GHashTable *entries, const cg_sid *sid, const char *kind, const char *what, char **ret_error)
{
    if (!cg_sid_parse(sid->text, kind, NULL))
        return fail(ret_error, "%s \"%s\": not %s and 32 lower-case hex digits", what, sid->text, kind);
    if (g_hash_table_contains(entries, sid->text))
        return fail(ret_error, "%s %s stands twice", what, sid->text);
    return true;
}

static bool check_account(const cg_directory *directory, const cg_sid *sid, const cg_sid *account, char **ret_error)
{
    if (cg_directory_find_account(directory, account))
        return true;
    return fail(ret_error, "%s: there is no account \"%s\"", sid->text, account->text);
}

static bool check_secret(const cg_sid *sid, const char *secret, const char *what, char **ret_error)
{
    if (!secret || strlen(secret) < SECRET_MIN_SIZE)
        return fail(ret_error, "%s: %s must have at least %d bytes", sid->text, what, SECRET_MIN_SIZE);
    /* A public key used as an HMAC secret would let everybody mint. */
    if (g_str_has_prefix(secret, "-----BEGIN "))
        return fail(ret_error, "%s: %s must not be a PEM", sid->text, what);
    return true;
}

static bool check_key(const cg_key *key, char **ret_error)
{
    const char *error = NULL;
    if ((key->secret != NULL) == (key->public_key != NULL))
        return fail(ret_error, "%s: a key has either a secret or a public key (public_key_file)", key->sid.text);
    if (cg_algorithm_is_symmetric(key->algorithm))
        return check_secret(&key->sid, key->secret, "the secret", ret_error);
    if (!key->public_key)
        return fail(ret_error, "%s: %s needs a public key", key->sid.text, cg_algorithm_name(key->algorithm));
    if (!cg_pem_check_public(key->public_key, key->algorithm, &error))
        return fail(ret_error, "%s: %s", key->sid.text, error);
    return true;
}

bool cg_directory_add_account(cg_directory *directory, const cg_account *account, char **ret_error)
{
    if (!check_sid(directory->accounts, &account->sid, "AC", "account", ret_error))
        return false;
    if (account->auth_token && !check_secret(&account->sid, account->auth_token, "the auth token", ret_error))
        return false;
    cg_account *copy = g_memdup2(account, sizeof *account);
    copy->name = g_strdup(account->name);
    copy->auth_token = g_strdup(account->auth_token);
    copy->hold_music = g_strdup(account->hold_music);
    g_hash_table_insert(directory->accounts, copy->sid.text, copy);
    return true;
}

bool cg_directory_add_key(cg_directory *directory, const cg_key *key, char **ret_error)
{
    if (!check_sid(directory->keys, &key->sid, "SK", "key", ret_error) ||
        !check_account(directory, &key->sid, &key->account, ret_error) || !check_key(key, ret_error))
        return false;
    cg_key *copy = g_memdup2(key, sizeof *key);
    copy->secret = g_strdup(key->secret);
    copy->public_key = g_strdup(key->public_key);
    g_hash_table_insert(directory->keys, copy->sid.text, copy);
    return true;
}

bool cg_directory_add_application(cg_directory *directory, const cg_application *application, char **ret_error)
{
    if (!check_sid(directory->applications, &application->sid, "AP", "application", ret_error) ||
        !check_account(directory, &application->sid, &application->account, ret_error))
        return false;
    cg_application *copy = g_memdup2(application, sizeof *application);
    copy->name = g_strdup(application->name);
    g_hash_table_insert(directory->applications, copy->sid.text, copy);
    return true;
}

const cg_account *cg_directory_find_account(const cg_directory *directory, const cg_sid *sid)
{
    return g_hash_table_lookup(directory->accounts, sid->text);
}

const cg_key *cg_directory_find_key(const cg_directory *directory, const cg_sid *sid)
{
    return g_hash_table_lookup(directory->keys, sid->text);
}

const cg_application *cg_directory_find_application(const cg_directory *directory, const cg_sid *sid)
{
    return g_hash_table_lookup(directory->applications, sid->text);
}
