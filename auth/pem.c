/* PEM keys, checked with OpenSSL at configuration time. libjwt parses the same text again for every signature and looks
 * only at "RSA or EC": curve and strength must be settled here. */
#include "auth/pem.h"

#include <glib.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <string.h>

#define RSA_MIN_BITS 2048 /* RFC 7518 section 3.3 */
#define RSA_MAX_BITS 8192 /* a verification of 16384 bits would hold up the control thread */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BIO, BIO_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY, EVP_PKEY_free)

/* Without a callback of ours OpenSSL prompts on the controlling terminal. */
static int refuse_passphrase(char *buffer, int size, int writing, void *user)
{
    return -1;
}

static const char *check_elliptic(const EVP_PKEY *key)
{
    char group[32];
    if (EVP_PKEY_get_base_id(key) != EVP_PKEY_EC)
        return "the key is not an elliptic-curve key";
    if (EVP_PKEY_get_group_name(key, group, sizeof group, NULL) != 1 || strcmp(group, "prime256v1") != 0)
        return "the key is not on the curve P-256";
    return NULL;
}

static const char *check_rsa(const EVP_PKEY *key)
{
    /* EVP_PKEY_RSA_PSS has another id: such keys cannot make RS256 signatures. */
    if (EVP_PKEY_get_id(key) != EVP_PKEY_RSA)
        return "the key is not an RSA key";
    if (EVP_PKEY_get_bits(key) < RSA_MIN_BITS || EVP_PKEY_get_bits(key) > RSA_MAX_BITS)
        return "an RSA key must have 2048 to 8192 bits";
    return NULL;
}

static const char *check_key(const EVP_PKEY *key, cg_algorithm algorithm, const char *unreadable)
{
    if (!key)
        return unreadable;
    return algorithm == CG_ALGORITHM_ES256 ? check_elliptic(key) : check_rsa(key);
}

bool cg_pem_check_public(const char *pem, cg_algorithm algorithm, const char **ret_error)
{
    g_assert(!cg_algorithm_is_symmetric(algorithm));
    ERR_set_mark();
    g_autoptr(BIO) bio = BIO_new_mem_buf(pem, -1);
    g_autoptr(EVP_PKEY) key = PEM_read_bio_PUBKEY(bio, NULL, refuse_passphrase, NULL);
    const char *error = check_key(key, algorithm, "not a public key in PEM (BEGIN PUBLIC KEY)");
    ERR_pop_to_mark();
    if (error)
        *ret_error = error;
    return !error;
}

bool cg_pem_check_private(const char *pem, cg_algorithm algorithm, const char **ret_error)
{
    g_assert(!cg_algorithm_is_symmetric(algorithm));
    ERR_set_mark();
    g_autoptr(BIO) bio = BIO_new_mem_buf(pem, -1);
    g_autoptr(EVP_PKEY) key = PEM_read_bio_PrivateKey(bio, NULL, refuse_passphrase, NULL);
    const char *error = check_key(key, algorithm, "not a private key in PEM without passphrase");
    ERR_pop_to_mark();
    if (error)
        *ret_error = error;
    return !error;
}
