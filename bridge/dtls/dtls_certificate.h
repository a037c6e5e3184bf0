/* The gateway's DTLS certificate: made at start, self-signed, judged by its fingerprint alone (RFC 8122). */
#pragma once

#include "base/media.h"

#include <mbedtls/pk.h>
#include <mbedtls/x509_crt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint8_t certificate[512], key[256]; /* DER */
    size_t certificate_size, key_size;
    cg_fingerprint fingerprint; /* sha-256 */
} cg_dtls_certificate;

/* A fresh ECDSA P-256 key and certificate. Call it once before threads use mbedTLS: it also fills the static tables
 * that mbedTLS fills on first use without a lock. False if mbedTLS refuses. */
bool cg_dtls_certificate_make(cg_dtls_certificate *ret_certificate);

/* Wipes the key. */
void cg_dtls_certificate_clear(cg_dtls_certificate *certificate);

/* What mbedTLS signs with. One per thread: signing writes tables into the key. */
typedef struct {
    mbedtls_x509_crt certificate;
    mbedtls_pk_context key;
} cg_dtls_identity;

bool cg_dtls_identity_init(cg_dtls_identity *identity, const cg_dtls_certificate *certificate);
void cg_dtls_identity_clear(cg_dtls_identity *identity);

/* mbedTLS's f_rng: straight from the kernel, so there is no generator state to seed, share or fork. */
int cg_dtls_random(void *unused, unsigned char *ret_bytes, size_t size);
