/* OpenSSL's DTLS over a BIO of our own: OpenSSL's memory BIO would run the records of a flight together, and datagrams
 * have to stay apart. */
#include "tests/lib-native/peer_dtls.h"

#include <glib.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <string.h>

enum { MTU = 1200, KEYING_SIZE = 60, KEY_SIZE = 16, SALT_SIZE = 14 };

struct peer_identity {
    SSL_CTX *context;
    BIO_METHOD *method;
    cg_fingerprint fingerprint;
};

struct peer_dtls {
    SSL *ssl;
    peer_dtls_send *send;
    void *user;
    const uint8_t *datagram; /* being received, NULL if it has been read */
    size_t datagram_size;
    peer_dtls_state state;
    peer_dtls_keys keys;
};

static int bio_write(BIO *bio, const char *data, int size)
{
    peer_dtls *dtls = BIO_get_data(bio);
    dtls->send((const uint8_t *) data, (size_t) size, dtls->user);
    return size;
}

static int bio_read(BIO *bio, char *data, int size)
{
    peer_dtls *dtls = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (dtls->datagram == NULL) {
        BIO_set_retry_read(bio);
        return -1;
    }
    int count = MIN(size, (int) dtls->datagram_size);
    memcpy(data, dtls->datagram, (size_t) count);
    dtls->datagram = NULL;
    return count;
}

static long bio_control(BIO *bio, int command, long number, void *pointer)
{
    switch (command) {
    case BIO_CTRL_FLUSH:
        return 1;
    case BIO_CTRL_DGRAM_QUERY_MTU:
    case BIO_CTRL_DGRAM_GET_FALLBACK_MTU:
        return MTU;
    default:
        return 0;
    }
}

static EVP_PKEY *make_key(void)
{
    return EVP_EC_gen("P-256");
}

static X509 *make_certificate(EVP_PKEY *key)
{
    X509 *certificate = X509_new();
    X509_NAME *name = X509_get_subject_name(certificate);
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), g_random_int_range(1, G_MAXINT32));
    X509_gmtime_adj(X509_getm_notBefore(certificate), -86400);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 30 * 86400);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *) "WebRTC", -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    X509_set_pubkey(certificate, key);
    g_assert(X509_sign(certificate, key, EVP_sha256()) > 0);
    return certificate;
}

static cg_fingerprint fingerprint_of(const X509 *certificate)
{
    cg_fingerprint fingerprint = {.hash = CG_HASH_SHA256};
    unsigned size = sizeof fingerprint.digest;
    g_assert(X509_digest(certificate, EVP_sha256(), fingerprint.digest, &size) == 1);
    fingerprint.size = (uint8_t) size;
    return fingerprint;
}

static int accept_any(int ok, X509_STORE_CTX *store)
{
    return 1; /* the fingerprint is what counts */
}

peer_identity *peer_identity_new(void)
{
    peer_identity *identity = g_new0(peer_identity, 1);
    EVP_PKEY *key = make_key();
    X509 *certificate = make_certificate(key);
    identity->fingerprint = fingerprint_of(certificate);
    identity->context = SSL_CTX_new(DTLS_server_method());
    g_assert(SSL_CTX_use_certificate(identity->context, certificate) == 1);
    g_assert(SSL_CTX_use_PrivateKey(identity->context, key) == 1);
    /* Returns 0 on success, as no other function there does. */
    g_assert(SSL_CTX_set_tlsext_use_srtp(identity->context, "SRTP_AES128_CM_SHA1_80:SRTP_AES128_CM_SHA1_32") == 0);
    SSL_CTX_set_verify(identity->context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, accept_any);
    identity->method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "datagram");
    BIO_meth_set_write(identity->method, bio_write);
    BIO_meth_set_read(identity->method, bio_read);
    BIO_meth_set_ctrl(identity->method, bio_control);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return identity;
}

void peer_identity_free(peer_identity *identity)
{
    SSL_CTX_free(identity->context);
    BIO_meth_free(identity->method);
    g_free(identity);
}

const cg_fingerprint *peer_identity_fingerprint(const peer_identity *identity)
{
    return &identity->fingerprint;
}

peer_dtls *peer_dtls_new(peer_identity *identity, peer_dtls_send *send, void *user)
{
    peer_dtls *dtls = g_new0(peer_dtls, 1);
    dtls->send = send;
    dtls->user = user;
    BIO *bio = BIO_new(identity->method);
    BIO_set_data(bio, dtls);
    BIO_set_init(bio, 1);
    dtls->ssl = SSL_new(identity->context);
    SSL_set_bio(dtls->ssl, bio, bio);
    SSL_set_options(dtls->ssl, SSL_OP_NO_QUERY_MTU);
    SSL_set_mtu(dtls->ssl, MTU);
    SSL_set_accept_state(dtls->ssl);
    return dtls;
}

void peer_dtls_free(peer_dtls *dtls)
{
    if (dtls == NULL)
        return;
    SSL_free(dtls->ssl);
    g_free(dtls);
}

/* RFC 5764 section 4.2: client key, server key, client salt, server salt. */
static void export_keys(peer_dtls *dtls)
{
    uint8_t keying[KEYING_SIZE];
    static const char label[] = "EXTRACTOR-dtls_srtp";
    SRTP_PROTECTION_PROFILE *profile = SSL_get_selected_srtp_profile(dtls->ssl);
    X509 *client = SSL_get1_peer_certificate(dtls->ssl);
    if (profile == NULL || client == NULL ||
        SSL_export_keying_material(dtls->ssl, keying, sizeof keying, label, strlen(label), NULL, 0, 0) != 1) {
        dtls->state = PEER_DTLS_FAILED;
        X509_free(client);
        return;
    }
    dtls->keys.short_tag = profile->id == SRTP_AES128_CM_SHA1_32;
    dtls->keys.client = fingerprint_of(client);
    memcpy(dtls->keys.remote, keying, KEY_SIZE);
    memcpy(dtls->keys.local, keying + KEY_SIZE, KEY_SIZE);
    memcpy(dtls->keys.remote + KEY_SIZE, keying + 2 * KEY_SIZE, SALT_SIZE);
    memcpy(dtls->keys.local + KEY_SIZE, keying + 2 * KEY_SIZE + SALT_SIZE, SALT_SIZE);
    X509_free(client);
}

peer_dtls_state peer_dtls_receive(peer_dtls *dtls, const uint8_t *data, size_t size)
{
    dtls->datagram = data;
    dtls->datagram_size = size;
    if (dtls->state == PEER_DTLS_DONE) {
        uint8_t ignored[2048];
        SSL_read(dtls->ssl, ignored, sizeof ignored); /* a repeated flight of the client gets its answer again */
    } else if (dtls->state == PEER_DTLS_PENDING) {
        int result = SSL_do_handshake(dtls->ssl);
        int error = SSL_get_error(dtls->ssl, result);
        if (result == 1) {
            dtls->state = PEER_DTLS_DONE;
            export_keys(dtls);
        } else if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
            dtls->state = PEER_DTLS_FAILED;
        }
    }
    dtls->datagram = NULL;
    return dtls->state;
}

void peer_dtls_tick(peer_dtls *dtls)
{
    if (dtls->state == PEER_DTLS_PENDING)
        DTLSv1_handle_timeout(dtls->ssl);
}

const peer_dtls_keys *peer_dtls_get_keys(const peer_dtls *dtls)
{
    g_assert(dtls->state == PEER_DTLS_DONE);
    return &dtls->keys;
}
