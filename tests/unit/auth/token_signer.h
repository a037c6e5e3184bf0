/* A JWS signer that is not libjwt, so that what the verifier accepts is judged by an independent hand: OpenSSL,
 * directly. */
#pragma once

#include <glib.h>
#include <openssl/bio.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdbool.h>
#include <string.h>

static inline char *fixture_pem(EVP_PKEY *key, bool private)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *data = NULL;
    if (private)
        g_assert_cmpint(PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL), ==, 1);
    else
        g_assert_cmpint(PEM_write_bio_PUBKEY(bio, key), ==, 1);
    long size = BIO_get_mem_data(bio, &data);
    char *pem = g_strndup(data, (size_t) size);
    BIO_free(bio);
    return pem;
}

static inline char *fixture_base64url(const void *bytes, size_t size)
{
    char *text = g_base64_encode(bytes, size);
    g_strdelimit(text, "+", '-');
    g_strdelimit(text, "/", '_');
    text[strcspn(text, "=")] = '\0';
    return text;
}

/* header and claims as JSON texts -> "<header>.<claims>" */
static inline char *fixture_signing_input(const char *header, const char *claims)
{
    g_autofree char *head = fixture_base64url(header, strlen(header));
    g_autofree char *body = fixture_base64url(claims, strlen(claims));
    return g_strconcat(head, ".", body, NULL);
}

static inline char *fixture_join(const char *input, const void *signature, size_t size)
{
    g_autofree char *tail = fixture_base64url(signature, size);
    return g_strconcat(input, ".", tail, NULL);
}

static inline char *fixture_hmac_text(const char *input, const EVP_MD *hash, const void *key, size_t key_size)
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    g_assert_nonnull(HMAC(hash, key, (int) key_size, (const unsigned char *) input, strlen(input), mac, &size));
    return fixture_join(input, mac, size);
}

static inline char *fixture_hmac(const char *header, const char *claims, const EVP_MD *hash, const char *key)
{
    g_autofree char *input = fixture_signing_input(header, claims);
    return fixture_hmac_text(input, hash, key, strlen(key));
}

/* A signature as OpenSSL makes it: DER for EC keys. Free with g_free. */
static inline unsigned char *fixture_evp_sign(EVP_PKEY *key, bool pss, const char *input, size_t *ret_size)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *parameters = NULL;
    g_assert_cmpint(EVP_DigestSignInit(context, &parameters, EVP_sha256(), NULL, key), ==, 1);
    if (pss)
        g_assert_cmpint(EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING), ==, 1);
    size_t size = 0;
    g_assert_cmpint(EVP_DigestSign(context, NULL, &size, (const unsigned char *) input, strlen(input)), ==, 1);
    unsigned char *signature = g_malloc(size);
    g_assert_cmpint(EVP_DigestSign(context, signature, &size, (const unsigned char *) input, strlen(input)), ==, 1);
    EVP_MD_CTX_free(context);
    *ret_size = size;
    return signature;
}

/* RFC 7518 section 3.4: R and S, 32 bytes each, big-endian. */
static inline void fixture_es256_raw(EVP_PKEY *key, const char *input, unsigned char ret_raw[static 64])
{
    size_t size = 0;
    g_autofree unsigned char *der = fixture_evp_sign(key, false, input, &size);
    const unsigned char *at = der;
    ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &at, (long) size);
    g_assert_cmpint(BN_bn2binpad(ECDSA_SIG_get0_r(signature), ret_raw, 32), ==, 32);
    g_assert_cmpint(BN_bn2binpad(ECDSA_SIG_get0_s(signature), ret_raw + 32, 32), ==, 32);
    ECDSA_SIG_free(signature);
}

static inline char *fixture_es256(EVP_PKEY *key, const char *claims)
{
    unsigned char raw[64];
    g_autofree char *input = fixture_signing_input("{\"alg\":\"ES256\",\"typ\":\"JWT\"}", claims);
    fixture_es256_raw(key, input, raw);
    return fixture_join(input, raw, sizeof raw);
}

static inline char *fixture_rs256(EVP_PKEY *key, const char *claims)
{
    size_t size = 0;
    g_autofree char *input = fixture_signing_input("{\"alg\":\"RS256\",\"typ\":\"JWT\"}", claims);
    g_autofree unsigned char *signature = fixture_evp_sign(key, false, input, &size);
    return fixture_join(input, signature, size);
}
