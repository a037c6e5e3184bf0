/* Making and loading the DTLS certificate. Small on purpose (under 350 bytes): flights should fit one datagram. */
#include "bridge/dtls/dtls_certificate.h"

#include "base/random.h"

#include <glib.h>
#include <mbedtls/aes.h>
#include <mbedtls/ecp.h>
#include <mbedtls/platform_util.h>
#include <mbedtls/sha256.h>
#include <mbedtls/ssl.h>
#include <string.h>

#define NAME_LENGTH 16
#define SERIAL_SIZE 8
#define NOT_BEFORE "20200101000000" /* peers judge the fingerprint, not the time, and clocks differ */
#define NOT_AFTER "99991231235959"  /* RFC 5280 section 4.1.2.5: no well-defined end */

int cg_dtls_random(void *unused, unsigned char *ret_bytes, size_t size)
{
    cg_random_bytes(ret_bytes, size);
    return 0;
}

static void fill_static_tables(void)
{
    static const unsigned char key[16];
    mbedtls_ssl_config conf;
    mbedtls_aes_context aes;
    mbedtls_ssl_config_init(&conf);
    mbedtls_ssl_config_defaults(&conf, MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_DATAGRAM,
                                MBEDTLS_SSL_PRESET_DEFAULT);
    mbedtls_ssl_config_free(&conf);
    mbedtls_aes_init(&aes);
    mbedtls_aes_setkey_enc(&aes, key, 128);
    mbedtls_aes_free(&aes);
}

/* mbedTLS writes DER at the end of the buffer; brings it to the front. */
static bool keep_der(int written, uint8_t *buffer, size_t capacity, size_t *ret_size)
{
    if (written <= 0 || (size_t) written > capacity)
        return false;
    memmove(buffer, buffer + capacity - (size_t) written, (size_t) written);
    *ret_size = (size_t) written;
    return true;
}

static bool set_fields(mbedtls_x509write_cert *writer, mbedtls_mpi *serial, mbedtls_pk_context *key)
{
    char name[3 + NAME_LENGTH + 1] = "CN=";
    cg_random_text(name + 3, NAME_LENGTH);
    mbedtls_x509write_crt_set_version(writer, MBEDTLS_X509_CRT_VERSION_3);
    mbedtls_x509write_crt_set_md_alg(writer, MBEDTLS_MD_SHA256);
    mbedtls_x509write_crt_set_subject_key(writer, key);
    mbedtls_x509write_crt_set_issuer_key(writer, key);
    return mbedtls_x509write_crt_set_subject_name(writer, name) == 0 &&
           mbedtls_x509write_crt_set_issuer_name(writer, name) == 0 &&
           mbedtls_mpi_fill_random(serial, SERIAL_SIZE, cg_dtls_random, NULL) == 0 &&
           mbedtls_mpi_set_bit(serial, 0, 1) == 0 && /* RFC 5280 section 4.1.2.2: not zero */
           mbedtls_x509write_crt_set_serial(writer, serial) == 0 &&
           mbedtls_x509write_crt_set_validity(writer, NOT_BEFORE, NOT_AFTER) == 0;
}

static bool sign(cg_dtls_certificate *certificate, mbedtls_pk_context *key)
{
    mbedtls_x509write_cert writer;
    mbedtls_mpi serial;
    mbedtls_x509write_crt_init(&writer);
    mbedtls_mpi_init(&serial);
    bool ok = set_fields(&writer, &serial, key) &&
              keep_der(mbedtls_x509write_crt_der(&writer, certificate->certificate, sizeof certificate->certificate,
                                                 cg_dtls_random, NULL),
                       certificate->certificate, sizeof certificate->certificate, &certificate->certificate_size);
    mbedtls_mpi_free(&serial);
    mbedtls_x509write_crt_free(&writer);
    return ok;
}

static bool make(cg_dtls_certificate *certificate, mbedtls_pk_context *key)
{
    if (mbedtls_pk_setup(key, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY)) != 0 ||
        mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(*key), cg_dtls_random, NULL) != 0 ||
        !keep_der(mbedtls_pk_write_key_der(key, certificate->key, sizeof certificate->key), certificate->key,
                  sizeof certificate->key, &certificate->key_size) ||
        !sign(certificate, key))
        return false;
    certificate->fingerprint = (cg_fingerprint){.hash = CG_HASH_SHA256, .size = 32};
    return mbedtls_sha256_ret(certificate->certificate, certificate->certificate_size, certificate->fingerprint.digest,
                              0) == 0;
}

bool cg_dtls_certificate_make(cg_dtls_certificate *ret_certificate)
{
    mbedtls_pk_context key;
    fill_static_tables();
    *ret_certificate = (cg_dtls_certificate){0};
    mbedtls_pk_init(&key);
    bool ok = make(ret_certificate, &key);
    mbedtls_pk_free(&key);
    return ok;
}

void cg_dtls_certificate_clear(cg_dtls_certificate *certificate)
{
    mbedtls_platform_zeroize(certificate, sizeof *certificate);
}

bool cg_dtls_identity_init(cg_dtls_identity *identity, const cg_dtls_certificate *certificate)
{
    mbedtls_x509_crt_init(&identity->certificate);
    mbedtls_pk_init(&identity->key);
    if (mbedtls_x509_crt_parse_der(&identity->certificate, certificate->certificate, certificate->certificate_size) ==
            0 &&
        mbedtls_pk_parse_key(&identity->key, certificate->key, certificate->key_size, NULL, 0) == 0)
        return true;
    cg_dtls_identity_clear(identity);
    return false;
}

void cg_dtls_identity_clear(cg_dtls_identity *identity)
{
    mbedtls_pk_free(&identity->key);
    mbedtls_x509_crt_free(&identity->certificate);
}
