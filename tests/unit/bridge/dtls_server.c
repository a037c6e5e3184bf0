/* OpenSSL's DTLS behind a BIO that keeps datagrams apart (a memory BIO would join them). */
#include "dtls_server.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <string.h>

struct dtls_server {
    SSL_CTX *context;
    SSL *ssl;
    BIO_METHOD *method;
    EVP_PKEY *key;
    X509 *certificate;
    const uint8_t *input; /* the datagram OpenSSL is to read */
    size_t input_size;
    GQueue output;     /* of GBytes */
    GPtrArray *flight; /* of GBytes: what the last datagram that got an answer got */
    bool flight_begun; /* by the datagram being received */
    bool failed;
    cg_fingerprint client;
    bool reject_client;
    int alert;
};

static int bio_write(BIO *bio, const char *data, int size)
{
    dtls_server *server = BIO_get_data(bio);
    if (!server->flight_begun)
        g_ptr_array_set_size(server->flight, 0);
    server->flight_begun = true;
    g_ptr_array_add(server->flight, g_bytes_new(data, (gsize) size));
    g_queue_push_tail(&server->output, g_bytes_new(data, (gsize) size));
    return size;
}

static int bio_read(BIO *bio, char *data, int capacity)
{
    dtls_server *server = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (!server->input) {
        BIO_set_retry_read(bio);
        return -1;
    }
    int size = (int) MIN(server->input_size, (size_t) capacity);
    memcpy(data, server->input, (size_t) size);
    server->input = NULL;
    return size;
}

static long bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

static int bio_create(BIO *bio)
{
    BIO_set_init(bio, 1);
    return 1;
}

static int verify_client(int ok, X509_STORE_CTX *store)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    dtls_server *server = SSL_get_app_data(ssl);
    unsigned size = 0;
    server->client.hash = CG_HASH_SHA256;
    X509_digest(X509_STORE_CTX_get_current_cert(store), EVP_sha256(), server->client.digest, &size);
    server->client.size = (uint8_t) size;
    return !server->reject_client;
}

static int make_cookie(SSL *ssl, unsigned char *cookie, unsigned *size)
{
    memset(cookie, 0x5a, 20);
    *size = 20;
    return 1;
}

static int check_cookie(SSL *ssl, const unsigned char *cookie, unsigned size)
{
    return size == 20 && cookie[0] == 0x5a;
}

static void on_info(const SSL *ssl, int where, int value)
{
    dtls_server *server = SSL_get_app_data(ssl);
    if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT && value >> 8 == SSL3_AL_FATAL)
        server->alert = value & 0xff;
}

/* OpenSSL reads the real clock; dtls_server_time_passes repeats in its stead. */
static unsigned retransmit_never(SSL *ssl, unsigned previous_us)
{
    return 3600u * 1000 * 1000;
}

static void make_certificate(dtls_server *server, dtls_server_key key)
{
    server->key = key == DTLS_SERVER_RSA ? EVP_RSA_gen(2048) : EVP_EC_gen(key == DTLS_SERVER_P384 ? "P-384" : "P-256");
    X509 *certificate = server->certificate = X509_new();
    X509_NAME *name = X509_get_subject_name(certificate);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *) "WebRTC", -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    X509_set_pubkey(certificate, server->key);
    g_assert_cmpint(X509_sign(certificate, server->key, EVP_sha256()), >, 0);
}

static void make_context(dtls_server *server, const dtls_server_config *config)
{
    SSL_CTX *context = server->context = SSL_CTX_new(DTLS_server_method());
    SSL_CTX_set_security_level(context, 0);
    g_assert_cmpint(SSL_CTX_use_certificate(context, server->certificate), ==, 1);
    g_assert_cmpint(SSL_CTX_use_PrivateKey(context, server->key), ==, 1);
    SSL_CTX_set_options(context, SSL_OP_NO_QUERY_MTU | (config->cookie ? SSL_OP_COOKIE_EXCHANGE : 0));
    SSL_CTX_set_cookie_generate_cb(context, make_cookie);
    SSL_CTX_set_cookie_verify_cb(context, check_cookie);
    SSL_CTX_set_info_callback(context, on_info);
    if (!config->anonymous_client)
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, verify_client);
    if (config->srtp_profiles)
        g_assert_cmpint(SSL_CTX_set_tlsext_use_srtp(context, config->srtp_profiles), ==, 0);
    if (config->ciphers)
        g_assert_cmpint(SSL_CTX_set_cipher_list(context, config->ciphers), ==, 1);
    if (config->max_version)
        g_assert_cmpint(SSL_CTX_set_max_proto_version(context, config->max_version), ==, 1);
}

dtls_server *dtls_server_new(const dtls_server_config *config)
{
    dtls_server *server = g_new0(dtls_server, 1);
    server->alert = -1;
    server->flight = g_ptr_array_new_with_free_func((GDestroyNotify) g_bytes_unref);
    server->reject_client = config->reject_client;
    make_certificate(server, config->key);
    make_context(server, config);
    server->method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "datagrams");
    BIO_meth_set_write(server->method, bio_write);
    BIO_meth_set_read(server->method, bio_read);
    BIO_meth_set_ctrl(server->method, bio_ctrl);
    BIO_meth_set_create(server->method, bio_create);
    BIO *bio = BIO_new(server->method);
    BIO_set_data(bio, server);
    server->ssl = SSL_new(server->context);
    SSL_set_app_data(server->ssl, server);
    SSL_set_bio(server->ssl, bio, bio);
    SSL_set_mtu(server->ssl, config->mtu ? config->mtu : 1200);
    DTLS_set_timer_cb(server->ssl, retransmit_never);
    SSL_set_accept_state(server->ssl);
    return server;
}

void dtls_server_free(dtls_server *server)
{
    if (!server)
        return;
    SSL_free(server->ssl);
    SSL_CTX_free(server->context);
    BIO_meth_free(server->method);
    X509_free(server->certificate);
    EVP_PKEY_free(server->key);
    g_queue_clear_full(&server->output, (GDestroyNotify) g_bytes_unref);
    g_ptr_array_unref(server->flight);
    g_free(server);
}

void dtls_server_receive(dtls_server *server, const uint8_t *data, size_t size)
{
    char byte;
    int result;
    server->input = data;
    server->input_size = size;
    server->flight_begun = false;
    if (SSL_is_init_finished(server->ssl))
        result = SSL_read(server->ssl, &byte, 1); /* a repeated Finished, an alert */
    else
        result = SSL_do_handshake(server->ssl);
    if (result <= 0 && SSL_get_error(server->ssl, result) != SSL_ERROR_WANT_READ)
        server->failed = true;
    server->input = NULL;
    ERR_clear_error();
}

void dtls_server_time_passes(dtls_server *server)
{
    if (server->failed || dtls_server_done(server))
        return;
    for (unsigned i = 0; i < server->flight->len; i++)
        g_queue_push_tail(&server->output, g_bytes_ref(server->flight->pdata[i]));
}

GBytes *dtls_server_take(dtls_server *server)
{
    return g_queue_pop_head(&server->output);
}

bool dtls_server_done(const dtls_server *server)
{
    return SSL_is_init_finished(server->ssl);
}

void dtls_server_fingerprint(const dtls_server *server, cg_hash hash, cg_fingerprint *ret_fingerprint)
{
    unsigned size = 0;
    const EVP_MD *digest = hash == CG_HASH_SHA256   ? EVP_sha256()
                           : hash == CG_HASH_SHA384 ? EVP_sha384()
                           : hash == CG_HASH_SHA512 ? EVP_sha512()
                                                    : EVP_sha1();
    ret_fingerprint->hash = hash;
    X509_digest(server->certificate, digest, ret_fingerprint->digest, &size);
    ret_fingerprint->size = (uint8_t) size;
}

cg_fingerprint dtls_server_client_fingerprint(const dtls_server *server)
{
    return server->client;
}

/* RFC 5764 section 4.2. */
cg_srtp_keys dtls_server_expected_keys(const dtls_server *server)
{
    uint8_t material[60];
    cg_srtp_keys keys = {0};
    const SRTP_PROTECTION_PROFILE *profile = SSL_get_selected_srtp_profile(server->ssl);
    g_assert_nonnull(profile);
    keys.profile = profile->id == SRTP_AES128_CM_SHA1_32 ? CG_SRTP_AES128_CM_SHA1_32 : CG_SRTP_AES128_CM_SHA1_80;
    g_assert_cmpint(
        SSL_export_keying_material(server->ssl, material, sizeof material, "EXTRACTOR-dtls_srtp", 19, NULL, 0, 0), ==,
        1);
    memcpy(keys.local, material, 16);
    memcpy(keys.remote, material + 16, 16);
    memcpy(keys.local + 16, material + 32, 14);
    memcpy(keys.remote + 16, material + 46, 14);
    return keys;
}

int dtls_server_alert(const dtls_server *server)
{
    return server->alert;
}
