/* The mbedTLS side of a handshake. The thing to know: authority and validity of the peer's certificate count for
 * nothing (VERIFY_OPTIONAL), the fingerprint for everything, and it is judged in a callback of the handshake itself, so
 * that a wrong one ends it before we have proved anything to the peer. */
#include "bridge/dtls/dtls_context.h"

#include <glib.h>
#include <mbedtls/md.h>
#include <mbedtls/platform_util.h>
#include <string.h>

#define MTU 1200
/* Retransmission begins earlier than RFC 6347's second, as in browsers: somebody waits for the call. mbedTLS doubles
 * the interval up to its maximum and then gives up; MAX_INTERVAL_US caps it, the handshake's deadline ends it. */
#define FIRST_INTERVAL_MS 250
#define MAX_INTERVAL_US (1000 * 1000)
/* A handshake sends 3 datagrams, each some times over when packets are lost. More is provoked by somebody. */
#define MAX_SENT 256

static int send_datagram(void *user, const unsigned char *data, size_t size)
{
    cg_dtls_context *context = user;
    /* RFC 8122 section 6.2 wants bad_certificate; mbedTLS's own alert for our refusal is another. */
    if (!context->fingerprint_mismatched && context->sent_count < MAX_SENT) {
        context->sent_count++;
        context->send(data, size, context->user);
    }
    return (int) size;
}

static int read_record(void *user, unsigned char *data, size_t capacity)
{
    cg_dtls_context *context = user;
    size_t size = context->input_size;
    if (size == 0 || size > capacity)
        return MBEDTLS_ERR_SSL_WANT_READ;
    memcpy(data, context->input, size);
    context->input_size = 0;
    return (int) size;
}

static void set_timer(void *user, uint32_t intermediate_ms, uint32_t final_ms)
{
    cg_dtls_context *context = user;
    int64_t final_us = MIN((int64_t) final_ms * 1000, MAX_INTERVAL_US);
    context->timer_us = final_ms ? context->now_us + final_us : 0;
    context->timer_intermediate_us = context->now_us + MIN((int64_t) intermediate_ms * 1000, final_us);
}

static int get_timer(void *user)
{
    const cg_dtls_context *context = user;
    if (context->timer_us == 0)
        return -1;
    if (context->now_us >= context->timer_us)
        return 2;
    return context->now_us >= context->timer_intermediate_us ? 1 : 0;
}

static bool certificate_matches(const mbedtls_x509_crt *certificate, const cg_fingerprint *expected)
{
    static const mbedtls_md_type_t types[] = {[CG_HASH_SHA1] = MBEDTLS_MD_NONE,
                                              [CG_HASH_SHA256] = MBEDTLS_MD_SHA256,
                                              [CG_HASH_SHA384] = MBEDTLS_MD_SHA384,
                                              [CG_HASH_SHA512] = MBEDTLS_MD_SHA512};
    const mbedtls_md_info_t *hash = mbedtls_md_info_from_type(types[expected->hash]);
    uint8_t digest[MBEDTLS_MD_MAX_SIZE];
    return hash && expected->size == mbedtls_md_get_size(hash) &&
           mbedtls_md(hash, certificate->raw.p, certificate->raw.len, digest) == 0 &&
           memcmp(digest, expected->digest, expected->size) == 0;
}

/* Whether the chain leads to a known authority does not matter; the end entity's fingerprint does. */
static int verify(void *user, mbedtls_x509_crt *certificate, int depth, uint32_t *flags)
{
    cg_dtls_context *context = user;
    *flags = 0;
    if (depth != 0)
        return 0;
    context->fingerprint_matched = certificate_matches(certificate, &context->remote);
    context->fingerprint_mismatched = !context->fingerprint_matched;
    return context->fingerprint_matched ? 0 : MBEDTLS_ERR_X509_FATAL_ERROR;
}

static int export_keys(void *user, const unsigned char *master_secret, const unsigned char *key_block, size_t mac_size,
                       size_t key_size, size_t iv_size, const unsigned char client_random[CG_DTLS_RANDOM],
                       const unsigned char server_random[CG_DTLS_RANDOM], mbedtls_tls_prf_types prf)
{
    cg_dtls_context *context = user;
    memcpy(context->master_secret, master_secret, CG_DTLS_MASTER_SECRET);
    memcpy(context->randoms, client_random, CG_DTLS_RANDOM);
    memcpy(context->randoms + CG_DTLS_RANDOM, server_random, CG_DTLS_RANDOM);
    context->prf = prf;
    return 0;
}

static int configure(cg_dtls_context *context, cg_dtls_identity *identity)
{
    /* Forward secret and AEAD only; the peer authenticates itself with its certificate in all of them. */
    static const int ciphersuites[] = {MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
                                       MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
                                       MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
                                       MBEDTLS_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
                                       MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
                                       MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
                                       0};
    static const mbedtls_ecp_group_id curves[] = {MBEDTLS_ECP_DP_SECP256R1, MBEDTLS_ECP_DP_CURVE25519,
                                                  MBEDTLS_ECP_DP_SECP384R1, MBEDTLS_ECP_DP_NONE};
    static const int hashes[] = {MBEDTLS_MD_SHA256, MBEDTLS_MD_SHA384, MBEDTLS_MD_SHA512, MBEDTLS_MD_NONE};
    static const mbedtls_ssl_srtp_profile profiles[] = {
        MBEDTLS_TLS_SRTP_AES128_CM_HMAC_SHA1_80, MBEDTLS_TLS_SRTP_AES128_CM_HMAC_SHA1_32, MBEDTLS_TLS_SRTP_UNSET};
    mbedtls_ssl_config *conf = &context->conf;
    int error = mbedtls_ssl_config_defaults(conf, MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_DATAGRAM,
                                            MBEDTLS_SSL_PRESET_DEFAULT);
    if (error)
        return error;
    mbedtls_ssl_conf_min_version(conf, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
    mbedtls_ssl_conf_ciphersuites(conf, ciphersuites);
    mbedtls_ssl_conf_curves(conf, curves);
    mbedtls_ssl_conf_sig_hashes(conf, hashes);
    mbedtls_ssl_conf_renegotiation(conf, MBEDTLS_SSL_RENEGOTIATION_DISABLED);
    mbedtls_ssl_conf_session_tickets(conf, MBEDTLS_SSL_SESSION_TICKETS_DISABLED);
    mbedtls_ssl_conf_handshake_timeout(conf, FIRST_INTERVAL_MS, UINT32_MAX);
    mbedtls_ssl_conf_authmode(conf, MBEDTLS_SSL_VERIFY_OPTIONAL); /* no authority; `verify` decides */
    mbedtls_ssl_conf_rng(conf, cg_dtls_random, NULL);
    mbedtls_ssl_conf_export_keys_ext_cb(conf, export_keys, context);
    error = mbedtls_ssl_conf_dtls_srtp_protection_profiles(conf, profiles);
    return error ? error : mbedtls_ssl_conf_own_cert(conf, &identity->certificate, &identity->key);
}

static int setup(cg_dtls_context *context)
{
    mbedtls_ssl_context *ssl = &context->ssl;
    int error = mbedtls_ssl_setup(ssl, &context->conf);
    if (error)
        return error;
    mbedtls_ssl_set_mtu(ssl, MTU);
    mbedtls_ssl_set_bio(ssl, context, send_datagram, read_record, NULL);
    mbedtls_ssl_set_timer_cb(ssl, context, set_timer, get_timer);
    mbedtls_ssl_set_verify(ssl, verify, context);
    return mbedtls_ssl_set_hostname(ssl, NULL); /* from 2.28.10 on, not to say so is an error (CVE-2025-27809) */
}

bool cg_dtls_context_init(cg_dtls_context *context, const cg_dtls_handshake_config *config)
{
    *context = (cg_dtls_context){
        .remote = *config->remote, .send = config->send, .user = config->user, .now_us = config->now_us};
    mbedtls_ssl_config_init(&context->conf);
    mbedtls_ssl_init(&context->ssl);
    return configure(context, config->identity) == 0 && setup(context) == 0;
}

void cg_dtls_context_clear(cg_dtls_context *context)
{
    mbedtls_ssl_free(&context->ssl);
    mbedtls_ssl_config_free(&context->conf);
    mbedtls_platform_zeroize(context, sizeof *context);
}

void cg_dtls_context_refuse_certificate(cg_dtls_context *context)
{
    context->fingerprint_mismatched = false; /* lets the alert out */
    mbedtls_ssl_send_alert_message(&context->ssl, MBEDTLS_SSL_ALERT_LEVEL_FATAL, MBEDTLS_SSL_ALERT_MSG_BAD_CERT);
}

/* RFC 5764 section 4.2: 60 bytes of exported keying material are client key, server key, client salt, server salt. */
bool cg_dtls_context_derive_keys(cg_dtls_context *context, cg_srtp_keys *ret_keys)
{
    enum { KEY = 16, SALT = CG_SRTP_MASTER_SIZE - KEY };
    uint8_t material[2 * CG_SRTP_MASTER_SIZE];
    mbedtls_dtls_srtp_info info;
    mbedtls_ssl_get_dtls_srtp_negotiation_result(&context->ssl, &info);
    if (info.chosen_dtls_srtp_profile != MBEDTLS_TLS_SRTP_AES128_CM_HMAC_SHA1_80 &&
        info.chosen_dtls_srtp_profile != MBEDTLS_TLS_SRTP_AES128_CM_HMAC_SHA1_32)
        return false;
    if (mbedtls_ssl_tls_prf(context->prf, context->master_secret, CG_DTLS_MASTER_SECRET, "EXTRACTOR-dtls_srtp",
                            context->randoms, sizeof context->randoms, material, sizeof material) != 0)
        return false;
    ret_keys->profile = info.chosen_dtls_srtp_profile == MBEDTLS_TLS_SRTP_AES128_CM_HMAC_SHA1_80
                            ? CG_SRTP_AES128_CM_SHA1_80
                            : CG_SRTP_AES128_CM_SHA1_32;
    memcpy(ret_keys->local, material, KEY);
    memcpy(ret_keys->remote, material + KEY, KEY);
    memcpy(ret_keys->local + KEY, material + 2 * KEY, SALT);
    memcpy(ret_keys->remote + KEY, material + 2 * KEY + SALT, SALT);
    mbedtls_platform_zeroize(material, sizeof material);
    return true;
}
