/* Certificates through OpenSSL, which libwebsockets uses underneath. */
#include "signaling/tls_certificate.h"

#include <glib.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#define MAX_CHAIN 8

struct cg_tls_certificate {
    X509 *leaf;
    STACK_OF(X509) * chain; /* without the leaf */
    EVP_PKEY *key;
};

/* Without this OpenSSL would ask on the terminal and block the thread. */
static int refuse_passphrase(char *buffer, int size, int writing, void *user)
{
    return -1;
}

static char *describe(const char *file, const char *what)
{
    unsigned long code = ERR_peek_last_error();
    const char *reason = ERR_reason_error_string(code);
    char *text = g_strdup_printf("%s: %s%s%s", file, what, reason ? ": " : "", reason ? reason : "");

    ERR_clear_error();
    return text;
}

static bool read_chain(cg_tls_certificate *certificate, BIO *bio)
{
    X509 *next;

    certificate->leaf = PEM_read_bio_X509_AUX(bio, NULL, refuse_passphrase, NULL);
    if (!certificate->leaf)
        return false;
    certificate->chain = sk_X509_new_null();
    while (sk_X509_num(certificate->chain) < MAX_CHAIN &&
           (next = PEM_read_bio_X509(bio, NULL, refuse_passphrase, NULL)))
        sk_X509_push(certificate->chain, next);
    ERR_clear_error(); /* the end of the file is reported as an error */
    return true;
}

static char *load(cg_tls_certificate *certificate, BIO *chain, const char *chain_file, BIO *key, const char *key_file)
{
    if (!chain || !read_chain(certificate, chain))
        return describe(chain_file, "no certificate");
    certificate->key = key ? PEM_read_bio_PrivateKey(key, NULL, refuse_passphrase, NULL) : NULL;
    if (!certificate->key)
        return describe(key_file, "no private key without a passphrase");
    if (X509_check_private_key(certificate->leaf, certificate->key) != 1)
        return describe(key_file, "not the key of the certificate");
    return NULL;
}

cg_tls_certificate *cg_tls_certificate_load(const char *chain_file, const char *key_file, char **ret_error)
{
    cg_tls_certificate *certificate = g_new0(cg_tls_certificate, 1);
    BIO *chain = BIO_new_file(chain_file, "r"), *key = BIO_new_file(key_file, "r");
    char *error = load(certificate, chain, chain_file, key, key_file);

    BIO_free(chain);
    BIO_free(key);
    if (!error)
        return certificate;
    *ret_error = error;
    cg_tls_certificate_free(certificate);
    return NULL;
}

void cg_tls_certificate_free(cg_tls_certificate *certificate)
{
    if (!certificate)
        return;
    X509_free(certificate->leaf);
    sk_X509_pop_free(certificate->chain, X509_free);
    EVP_PKEY_free(certificate->key);
    g_free(certificate);
}

bool cg_tls_certificate_use(const cg_tls_certificate *certificate, SSL *connection)
{
    SSL_certs_clear(connection); /* it may have inherited one of another kind of key, which would win over ours */
    return SSL_use_cert_and_key(connection, certificate->leaf, certificate->key, certificate->chain, 1) == 1;
}

bool cg_tls_ca_check(const char *file, char **ret_error)
{
    X509_STORE *store = X509_STORE_new();
    bool fits = store != NULL && X509_STORE_load_file(store, file) == 1;
    X509_STORE_free(store);
    ERR_clear_error();
    if (!fits)
        *ret_error = g_strdup_printf("%s: no certificates can be read from it", file);
    return fits;
}
